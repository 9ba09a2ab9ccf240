//! `cacc get`, `partner account get` and `get`: ids in, accounts out.
//!
//! One id: its account, or its failure as the result of the whole call. Several: results and failures as they come, in the
//! order of the ids. One failure stops nothing, but for what would fail alike for every further id ([`Watch`]).

mod delivery;
mod input;
mod results;
mod source;
mod tally;
pub mod watch;

use std::cell::RefCell;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Instant;

use delivery::Delivery;
use input::Input;
use results::Results;
use source::{Asked, Source};
use watch::Watch;

use crate::account::{Id, Resource, Selection};
use crate::batch::{self, Turn, Weigh};
use crate::client::{Found, Limits, Pace, Trace};
use crate::commands::clients::{Clients, Endpoints, about, at_once};
use crate::commands::drifts::{self, Drifts, Strays};
use crate::commands::{Context, Ending};
use crate::config::{Settings, parse_jobs, parse_rate, parse_skip};
use crate::error::{Error, Result};
use crate::flags::{LOOK_UP, Takes};
use crate::output::{Piece, Printer, Renderer};

/// From this size on, in bytes, an account is [`Answer::Large`].
const LARGE: usize = 64 * 1024;

/// So many ids are looked up before anybody asks how far it has come.
const FEW: usize = 20;

/// `<ID|->...`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The ids to look up; - reads more of them from standard input, one a line
    #[arg(required = true, value_name = "ID")]
    ids: Vec<OsString>,
    /// How many look-ups are under way at once: 1 to 256
    #[arg(long, value_name = "N", default_value = "8", value_parser = parse_jobs, allow_hyphen_values = true)]
    jobs: usize,
    /// At most so many requests a second: 10/s, 0.5/s
    #[arg(long, value_name = "N/s", value_parser = parse_rate, allow_hyphen_values = true)]
    rate: Option<f64>,
    /// Go on behind that line of standard input, and what was given before it
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true, value_parser = parse_skip, allow_hyphen_values = true)]
    skip: usize,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

/// What comes of an id that is one.
enum Answer {
    Found(Piece, Strays),
    /// It is so large that it is rendered where it is written, one at a time: what several workers take for that, they keep
    /// (glibc).
    Large(Box<Found>, Strays),
    /// It was not asked for any more.
    Untried,
}

impl Weigh for Answer {
    fn weight(&self) -> usize {
        match self {
            Answer::Found(piece, _) => piece.size(),
            Answer::Large(found, _) => found.account.document.size(),
            Answer::Untried => 0,
        }
    }
}

/// Looks up `args` among `resources`, with `parse` to tell whose id each is.
pub fn run(
    args: &Args,
    resources: &[&'static Resource],
    parse: impl Fn(&str) -> Result<Id> + Send,
    context: &Context<'_>,
) -> Result<Ending> {
    let Args {
        ids,
        jobs,
        rate,
        skip,
    } = args;
    let Context {
        flags,
        env,
        ui,
        interrupt,
        ..
    } = context;
    let mut input = Input::new(ids, *skip)?;
    let settings = Settings::load(&flags.for_config(), env)?;
    let selection = flags
        .fields
        .as_ref()
        .map(|names| Selection::new(names, resources, flags.reveal))
        .transpose()?;
    let endpoints = Endpoints::new(&settings)?;

    let format = settings.output.value;
    let known = input.known();
    let (many, pace, jobs) = match known {
        Some(1) => (false, Pace::alone(), 1),
        known => (true, Pace::shared(*rate), known.unwrap_or(*jobs).min(*jobs)),
    };
    let renderer = Renderer::new(
        format,
        many,
        resources,
        selection,
        flags.reveal,
        ui.screen(),
    );
    let (arguments, printer) = (known.map(|_| ids.clone()), Printer::new(&renderer));
    let results = Arc::new(Results::new((*ui).clone(), many, arguments, printer));
    interrupt.leave(results.last_words());
    if input.is_typed() {
        ui.note("reading ids from the terminal, one a line; Ctrl-D ends them");
    } else if known.is_none_or(|known| known > FEW) {
        ui.begin_progress(env);
    }

    let trace = |trace: &Trace<'_>| {
        // Whoever is not to tell anything does not wait for who writes, either.
        if ui.traces() && results.output(interrupt).is_some() {
            ui.trace(trace);
        }
    };
    let watch = Watch::new(&pace, resources.len() == 1);
    let source = Source {
        input: &mut input,
        parse,
        clients: Clients {
            endpoints: &endpoints,
            env,
            interrupt,
            limits: limits(&settings),
            pace: &pace,
            trace: &trace,
            known: Vec::new(),
        },
        results: &results,
        watch: &watch,
    };
    let delivery = RefCell::new(Delivery {
        results: &results,
        renderer: &renderer,
        interrupt,
        drifts: Drifts::new(ui, many, "shown"),
        alone: None,
        untried: 0,
    });
    batch::run(
        at_once(jobs, resources.len() * endpoints.sockets(), ui),
        source,
        |asked, turn| look_up(asked, turn, &pace, &watch, &renderer, flags.strict),
        |asked, answer| delivery.borrow_mut().deliver(&asked, answer),
        || delivery.borrow().rest(),
    );

    let delivery = delivery.into_inner();
    if let Some(error) = delivery.alone {
        return Err(error);
    }
    let why = watch.why();
    if let Some(mut output) = results.output(interrupt) {
        if let Some(error) = why.as_ref().and_then(|stop| stop.input.as_ref())
            && results.tally().done() == 0
        {
            results.cut_short(&mut output)?;
            return Err(error.clone());
        }
        results.finish(&mut output)?;
        delivery.drifts.sum_up();
        if many && !format.has_json_errors() {
            results.sum_up();
        }
    }
    let left = input.left().map(|left| left + delivery.untried);
    results.tally().ending(why, left)
}

/// What bounds each look-up.
fn limits(settings: &Settings) -> Limits {
    Limits {
        timeout: settings.timeout.value,
        retries: settings.retries.value,
    }
}

/// Looks up one id.
fn look_up(
    asked: &Asked<'_>,
    turn: &Turn<'_>,
    pace: &Pace,
    watch: &Watch<'_>,
    renderer: &Renderer,
    strict: bool,
) -> Result<Answer> {
    let (id, client) = asked.id.as_ref().map_err(Clone::clone)?;
    if !pace.admits() {
        return Ok(Answer::Untried);
    }
    let now = Instant::now();
    let began = now.checked_sub(asked.spent).unwrap_or(now);
    let found = client
        .fetch(id, began, &|bytes| turn.claim(bytes))
        .inspect_err(|error| watch.failed(error))?;
    watch.found();
    let strays = drifts::strays(&found.account);
    if strict && !strays.is_empty() {
        let error = drifts::refusal(&strays, id);
        return Err(of_answer(error, asked, &found));
    }
    if found.account.document.size() > LARGE {
        return Ok(Answer::Large(Box::new(found), strays));
    }
    let piece = render(renderer, asked, &found)?;
    Ok(Answer::Found(piece, strays))
}

/// Renders the account that was found.
fn render(renderer: &Renderer, asked: &Asked<'_>, found: &Found) -> Result<Piece> {
    let piece = renderer.render(&found.account);
    piece.map_err(|error| of_answer(error, asked, found))
}

/// Adds what a failure to show an answer is about.
fn of_answer(error: Error, asked: &Asked<'_>, found: &Found) -> Error {
    let Ok((id, client)) = &asked.id else {
        return error;
    };
    about(error, id, client.profile()).with(|facts| {
        facts.attempts = Some(found.attempts);
        facts.elapsed = Some(found.elapsed);
    })
}
