//! The look-up of several ids: results and failures in the order of the ids. One failure stops nothing, but for one that every further
//! id would share ([`CircuitBreaker`]).

use std::ffi::OsString;
use std::iter;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use super::breaker::{CircuitBreaker, Stop};
use super::get::Args;
use super::input::Input;
use super::results::{Ending, Results};
use super::session::{Clients, Session, Target};
use super::summary::{Summary, ids};
use super::violations::{self, Violations, Warnings};
use super::{CommandStatus, Context};
use crate::account::redact::{Redactor, hide_credentials};
use crate::account::{Id, Resource};
use crate::batch;
use crate::client::{Client, Throttle};
use crate::config;
use crate::error::{Error, Kind, Result};
use crate::output::{Piece, Printer, Renderer};
use crate::process;
use crate::text::grouped;

/// Up to this number of ids, no progress is shown.
const FEW: usize = 20;

/// Looks up the ids; `parse` knows to which resource each belongs.
pub fn run(
    args: &Args,
    resources: &[&'static Resource],
    parse: fn(&str) -> Result<Id>,
    context: &Context<'_>,
) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown, .. } = context;
    let started = Instant::now();
    let mut input = Input::new(&args.ids, &args.batch)?;
    let total = input.count();
    let session = Session::open(context, &flags.for_config())?;
    let renderer = session.renderer(resources, true)?.by_ids(resources);
    let results = Results::new(ui, Printer::new(&renderer), shutdown, Ending::Stopped);
    let written = results.clone();
    let arguments = total.map(|_| args.ids.clone());
    shutdown.explain(move |kind| Some(interrupted(&written.summary(), kind, arguments.as_deref())));
    if input.is_typed() {
        ui.note("reading ids from the terminal, one a line; Ctrl-D ends them");
    } else if total.is_none_or(|count| count > FEW) {
        ui.begin_progress(env);
    }

    // A job may need two sockets: for each API, or for the sandbox's end. Some files are needed for everything else.
    let fitting = (process::raise_file_limit().saturating_sub(16) / 2).max(1);
    let jobs = args.batch.jobs.min(fitting).min(total.unwrap_or(usize::MAX));
    let throttle = Throttle::shared(args.batch.rate);
    let breaker = CircuitBreaker::new(&throttle, resources.len() == 1);
    let clients = Clients::new(&session, &throttle);
    let worker = Worker {
        throttle: &throttle,
        breaker: &breaker,
        renderer: &renderer,
        redactor: session.redactor(),
        strict: flags.strict,
    };
    let mut delivery = Delivery { results: &results, warnings: Warnings::new(ui, true), untried: 0 };
    let redactor = LazyLock::new(|| config::redactor(&flags.for_config(), env));
    let source = iter::from_fn(|| {
        let is_over = || throttle.is_stopped() || shutdown.is_requested();
        let entry = input.next(&is_over).inspect_err(|e| breaker.stop_run(e)).ok()??;
        let started = Instant::now();
        let id = entry.text.and_then(|text| parse(&text).map_err(|error| redactor.withhold(error)));
        let target = id.and_then(|id| {
            let client = clients.of(&id, started).inspect_err(|e| breaker.record_failure(e))?;
            Ok((id, client))
        });
        Some(Job { line: entry.line, spent: started.elapsed(), target })
    });
    batch::run(
        jobs,
        source,
        |job| worker.look_up(job),
        |answer| answer.as_ref().map_or(0, |(piece, _)| piece.size()),
        |next| {
            let written = match next {
                Some((job, answer)) => delivery.deliver(&job, answer),
                None => results.flush(),
            };
            if let Err(error) = written {
                ui.end_progress();
                shutdown.abort(error);
            }
            ui.progress(|| {
                let (done, failed) = (results.count(), results.summary().failures());
                let rate = done as u128 * 1000 / started.elapsed().as_millis().max(1);
                format!("{} done, {} failed, {rate}/s", grouped(done), grouped(failed))
            });
        },
    );

    if shutdown.is_requested() {
        // After a signal, or once the output cannot be written, nothing more is said here.
        return Ok(CommandStatus::Done);
    }
    let is_incomplete = delivery.untried > 0 || input.may_have_more();
    let stop = breaker.stopped().filter(|stop| stop.is_fatal || is_incomplete);
    if let Some(Stop { error, is_fatal: true, .. }) = &stop
        && results.count() == 0
    {
        results.finish(Ending::Stopped)?;
        return Err(error.clone());
    }
    results.finish(Ending::Whole)?;
    delivery.warnings.sum_up();
    if !session.settings.output.value.has_json_errors() {
        ui.note(&results.summary().text(started.elapsed()));
    }
    results.summary().status(total, stop)
}

/// An id that is looked up, or why it cannot be.
struct Job<'a> {
    line: Option<usize>,
    /// What the token took of the look-up's time; a pause before it takes nothing.
    spent: Duration,
    target: Result<(Id, Arc<Client<'a>>)>,
}

/// An account as it is written, and its violations; `None` for an id that was not tried any more.
type Answer = Option<(Piece, Violations)>;

/// What the workers share.
struct Worker<'a> {
    throttle: &'a Throttle,
    breaker: &'a CircuitBreaker<'a>,
    renderer: &'a Renderer,
    redactor: &'a Redactor,
    strict: bool,
}

impl Worker<'_> {
    fn look_up(&self, job: &Job<'_>) -> Result<Answer> {
        let (id, client) = job.target.as_ref().map_err(Clone::clone)?;
        if !self.throttle.acquire_id() {
            return Ok(None);
        }
        let now = Instant::now();
        let started = now.checked_sub(job.spent).unwrap_or(now);
        let found = client.look_up(id, started, None).inspect_err(|error| self.breaker.record_failure(error))?;
        self.breaker.record_success();
        let target = Target::account(id, client.profile());
        let violations = violations::check(&found, self.strict, target)?;
        match self.renderer.render(&found.account, self.redactor) {
            Ok(piece) => Ok(Some((self.renderer.identified(piece, id), violations))),
            // The first answer does not have what `--fields` names.
            Err(error) => {
                self.breaker.stop_run(&error);
                Ok(None)
            }
        }
    }
}

/// Writes the answers in the order of the ids.
struct Delivery<'a> {
    results: &'a Results,
    warnings: Warnings<'a>,
    /// How many ids were not tried any more, and what came after them: `--skip` looks it up again.
    untried: usize,
}

impl Delivery<'_> {
    fn deliver(&mut self, job: &Job<'_>, answer: Result<Answer>) -> Result<()> {
        match answer {
            Ok(Some((piece, violations))) if self.untried == 0 => {
                if let Ok((id, client)) = &job.target {
                    self.warnings.warn(violations, Target::account(id, client.profile()), false);
                }
                self.results.add(piece, job.line)
            }
            Err(error) if self.untried == 0 => self.results.add_failure(&describe(error, job), job.line),
            _ => {
                self.untried += 1;
                Ok(())
            }
        }
    }
}

/// Adds to a failure which line of the input it is about, and which id.
fn describe(error: Error, job: &Job<'_>) -> Error {
    let is_usage = error.kind() == Kind::Usage;
    error.with_context(|context| {
        if job.line.is_some() {
            (context.file, context.line) = (None, job.line);
        }
        // The id of a usage error may be a secret: such an error names it itself, if at all.
        if let (None, Ok((id, _)), false) = (&context.id, &job.target, is_usage) {
            context.id = Some(id.as_str().to_owned());
        }
    })
}

/// The error that says how far the run has come; `arguments` are its ids, if none were read.
fn interrupted(summary: &Summary, kind: Kind, arguments: Option<&[OsString]>) -> Error {
    let done = summary.done();
    let (upto, mut again) = summary.resume("run it again", " if you still want it");
    if let Some(next) = arguments.and_then(|ids| ids.get(done)) {
        let next = hide_credentials(&next.to_string_lossy());
        again = format!("run it again with the ids from {next} on");
    }
    let message = if done == 0 {
        format!("{} before anything was looked up", kind.code())
    } else {
        let (found, failed) = (grouped(summary.found), grouped(summary.failures()));
        let ids = ids(done, arguments.map(<[_]>::len));
        format!("{} after {ids} ({found} found, {failed} failed){upto}", kind.code())
    };
    Error::new(kind, message).hint(again).with_context(|context| context.line = summary.line)
}
