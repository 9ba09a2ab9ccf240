//! `cacc get`, `partner account get` and `get`: ids in, accounts out.
//!
//! One id: its account, or its failure as the result of the whole call. Several: results and failures as they come, in the
//! order of the ids. One failure stops nothing, but for what would fail alike for every further id ([`Watch`]).

mod clients;
mod drifts;
mod endpoints;
mod input;
mod results;
mod tally;
mod watch;

use std::ffi::OsString;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clients::Clients;
use drifts::{Drifts, Strays};
use endpoints::Endpoints;
use input::Input;
use results::Results;
use watch::Watch;

use crate::account::{Id, Resource, Selection};
use crate::batch::{self, Turn, Weigh};
use crate::client::{Client, Limits, Pace, Trace};
use crate::commands::{Context, Ending};
use crate::config::{Settings, parse_jobs, parse_rate, parse_skip};
use crate::error::{Error, Kind, Result};
use crate::flags::{LOOK_UP, Takes};
use crate::output::{Piece, Printer, Renderer};

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

/// An id that is looked up, or why it cannot be.
struct Asked<'a> {
    line: Option<usize>,
    /// What the token has taken of the time that the look-up has.
    spent: Duration,
    id: Result<(Id, Arc<Client<'a>>)>,
}

/// What comes of an id that is one.
enum Answer {
    Found(Piece, Strays),
    /// It was not asked for any more.
    Untried,
}

impl Weigh for Answer {
    fn weight(&self) -> usize {
        match self {
            Answer::Found(piece, _) => piece.size(),
            Answer::Untried => 0,
        }
    }
}

/// Looks up `args` among `resources`, with `parse` to tell whose id each is.
pub fn run(
    args: &Args,
    resources: &[&'static Resource],
    parse: impl Fn(&str) -> Result<Id> + Sync,
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
    let selection = match &flags.fields {
        Some(names) => Some(Selection::new(names, resources, flags.reveal)?),
        None => None,
    };
    let endpoints = Endpoints::new(&settings)?;

    let known = input.known();
    let many = known != Some(1);
    let pace = if many {
        Pace::shared(*rate)
    } else {
        Pace::alone()
    };
    let renderer = Renderer::new(
        settings.output.value,
        many,
        resources,
        selection,
        flags.reveal,
        ui.screen(),
    );
    let printer = Printer::new(&renderer);
    let arguments = known.map(|_| ids.clone());
    let results = Arc::new(Results::new((*ui).clone(), many, arguments, printer));
    interrupt.leave(results.last_words());
    if input.is_typed() {
        ui.note("reading ids from the terminal, one a line; Ctrl-D ends them");
    }

    let trace = |trace: &Trace<'_>| {
        if results.output(interrupt).is_some() {
            ui.trace(trace);
        }
    };
    let mut clients = Clients {
        endpoints: &endpoints,
        env,
        interrupt,
        limits: Limits {
            timeout: settings.timeout.value,
            retries: settings.retries.value,
        },
        pace: &pace,
        trace: &trace,
        known: Vec::new(),
    };
    let watch = Watch::new(&pace, resources.len() == 1);
    let is_over = || pace.is_stopped() || interrupt.is_over();
    let source = iter::from_fn(|| {
        let given = match input.next(&is_over) {
            Ok(given) => given?,
            Err(error) => {
                watch.stop(&error);
                return None;
            }
        };
        let began = Instant::now();
        let id = parse(&given.text).and_then(|id| {
            let client = clients.of(&id).inspect_err(|error| watch.failed(error))?;
            if !many {
                results.begin(&id, client.profile());
            }
            // A token helper is asked by one look-up, not by all that begin together.
            client
                .prepare(&id, began)
                .inspect_err(|error| watch.failed(error))?;
            Ok((id, client))
        });
        Some(Asked {
            line: given.line,
            spent: began.elapsed(),
            id,
        })
    });
    let look_up = |asked: &Asked<'_>, turn: &Turn<'_>| {
        let (id, client) = asked.id.as_ref().map_err(Clone::clone)?;
        if !pace.admits() {
            return Ok(Answer::Untried);
        }
        let now = Instant::now();
        let began = now.checked_sub(asked.spent).unwrap_or(now);
        let account = client
            .fetch(id, began, &|bytes| turn.claim(bytes))
            .inspect_err(|error| watch.failed(error))?;
        watch.found();
        let strays = drifts::strays(&account);
        if flags.strict && !strays.is_empty() {
            return Err(drifts::refusal(&strays, id, client.profile()));
        }
        let piece = renderer.render(&account);
        let piece = piece.map_err(|error| about(error, id, client.profile()))?;
        Ok(Answer::Found(piece, strays))
    };

    let mut drifts = Drifts::new(ui, many);
    let mut untried = 0;
    let mut alone = None;
    let deliver = |asked: Asked<'_>, answer: Result<Answer>| {
        let Some(mut output) = results.output(interrupt) else {
            // A signal has ended it, and nobody waits for this.
            return;
        };
        let line = asked.line;
        let written = match answer {
            // What comes behind an id that is untried will be looked up with it.
            _ if untried > 0 => {
                untried += 1;
                Ok(())
            }
            Ok(Answer::Untried) => {
                untried += 1;
                Ok(())
            }
            Ok(Answer::Found(piece, strays)) => {
                if let Ok((id, client)) = &asked.id
                    && !strays.is_empty()
                {
                    let written = results.flush(&mut output);
                    drifts.warn(strays, id, client.profile());
                    written.and_then(|()| results.found(&mut output, piece, line))
                } else {
                    results.found(&mut output, piece, line)
                }
            }
            Err(error) if !many => {
                alone = Some(error);
                Ok(())
            }
            Err(error) => {
                let error = about_line(error, &asked);
                results.failed(&mut output, &error, line)
            }
        };
        if let Err(error) = written {
            interrupt.give_up(error);
        }
    };
    let rest = || {
        if let Some(mut output) = results.output(interrupt)
            && let Err(error) = results.flush(&mut output)
        {
            interrupt.give_up(error);
        }
    };
    let jobs = known.map_or(*jobs, |known| known.min(*jobs));
    batch::run(jobs, source, look_up, deliver, rest);

    if let Some(error) = alone {
        return Err(error);
    }
    if let Some(mut output) = results.output(interrupt) {
        results.finish(&mut output)?;
        drifts.sum_up();
        if many && !settings.output.value.is_lines() {
            results.sum_up();
        }
    }
    let left = input.left().map(|left| left + untried);
    results.tally().ending(watch.why(), left)
}

/// Adds to a failure which line it is about, and if nothing else is known, which id.
fn about_line(error: Error, asked: &Asked<'_>) -> Error {
    error.with(|facts| {
        facts.line = asked.line.or(facts.line);
        if let (None, Ok((id, _))) = (&facts.id, &asked.id) {
            facts.id = Some(id.as_str().to_owned());
        }
    })
}

/// Adds what a failure outside the client's own look-up is about.
fn about(error: Error, id: &Id, profile: Option<&str>) -> Error {
    // What is wrong with the environment does not tell whose look-up it stopped.
    let aside = match profile {
        _ if error.kind() != Kind::Proxy => String::new(),
        Some(profile) => format!(" ({}, profile {profile})", id.as_str()),
        None => format!(" ({})", id.as_str()),
    };
    error.adding(&aside).with(|facts| {
        facts.id = Some(id.as_str().to_owned());
        facts.api = Some(id.resource().api);
        facts.profile = profile.map(str::to_owned);
    })
}
