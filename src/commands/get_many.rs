//! The look-up of several ids: results and failures as they come, in the order of the ids.
//!
//! One failure stops nothing, but for one that every further id would share ([`CircuitBreaker`]).

use std::ffi::OsString;
use std::fmt::Write as _;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::breaker::CircuitBreaker;
use super::get::Args;
use super::input::Input;
use super::results::{Output, Progress, Results};
use super::session::{Session, Target};
use super::summary::{Summary, ids};
use super::violations::{self, Violations, Warnings};
use super::{CommandStatus, Context};
use crate::account::redact::{Redactor, Tokens, hide_credentials};
use crate::account::{Id, Resource};
use crate::batch::{self, Sink};
use crate::client::{Client, Throttle, Trace};
use crate::error::{Error, Kind, Result};
use crate::output::{Piece, Printer, Renderer};
use crate::process;
use crate::signals::hint;
use crate::text::{grouped, span};

/// Accounts above this size, in bytes, are rendered one at a time: the allocator keeps for each thread what it once took.
const LARGE: usize = 64 * 1024;

/// Up to this number of ids, no progress is shown.
const FEW: usize = 20;

/// Looks up the ids; `parse` tells to which resource each belongs.
/// Err: what ended the run, or kept it from beginning.
pub fn run(
    args: &Args,
    resources: &[&'static Resource],
    parse: fn(&str) -> Result<Id>,
    context: &Context<'_>,
) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown } = context;
    let mut input = Input::new(&args.ids, args.skip)?;
    let total = input.count();
    let session = Session::open(context, &flags.for_config(), Tokens::default())?;
    let renderer = session.renderer(resources, true)?;
    let results = Results::new(ui, Printer::new(&renderer), progress);
    let arguments = total.map(|_| args.ids.clone());
    results.end_on_signal(shutdown, Results::cut_short, move |summary, kind| {
        interrupted(summary, kind, arguments.as_deref())
    });
    if input.is_typed() {
        ui.note("reading ids from the terminal, one a line; Ctrl-D ends them");
    } else if total.is_none_or(|count| count > FEW) {
        ui.begin_progress(env);
    }

    let trace = |trace: &Trace<'_>| results.trace(shutdown, trace);
    // A job may need two sockets: for each API, or for the sandbox's end. Some files are needed for everything else.
    let fitting = (process::raise_file_limit().saturating_sub(16) / 2).max(1);
    let jobs = args.jobs.min(fitting).min(total.unwrap_or(usize::MAX));
    let throttle = Throttle::shared(args.rate);
    let breaker = CircuitBreaker::new(&throttle, resources.len() == 1);
    let clients = session.clients(&throttle, &trace);
    let lookups = Lookups {
        throttle: &throttle,
        breaker: &breaker,
        renderer: &renderer,
        redactor: session.redactor(),
        strict: flags.strict,
        has_rendered: AtomicBool::new(false),
        rendering: Mutex::default(),
    };
    let mut delivery =
        Delivery { results: &results, context, warnings: Warnings::new(ui, true), untried: 0 };
    let source = iter::from_fn(|| {
        let is_over = || throttle.is_stopped() || shutdown.is_requested();
        let entry = input.next(&is_over).inspect_err(|e| breaker.fail(e)).ok()??;
        results.set_total(total.or(input.estimate()).unwrap_or(0));
        let started = Instant::now();
        let target = parse(&entry.text).and_then(|id| {
            let client = clients.prepared(&id, started).inspect_err(|e| breaker.failed(e))?;
            Ok((id, client))
        });
        Some(Job { line: entry.line, spent: started.elapsed(), target })
    });
    batch::run(
        jobs,
        source,
        |job| lookups.look_up(job),
        |answer| answer.as_ref().map_or(0, |(piece, _)| piece.size()),
        &mut delivery,
    );

    let is_incomplete = delivery.untried > 0 || input.may_have_more();
    let stop = breaker.stopped().filter(|stop| stop.is_fatal || is_incomplete);
    if let Some(mut output) = results.output(shutdown) {
        if let Some(stop) = stop.as_ref().filter(|stop| stop.is_fatal)
            && results.summary().done() == 0
        {
            results.cut_short(&mut output)?;
            return Err(stop.error.clone());
        }
        results.finish(&mut output)?;
        delivery.warnings.sum_up();
        if !session.settings.output.value.has_json_errors() {
            ui.note(&results.summary().text(results.elapsed()));
        }
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
struct Lookups<'a> {
    throttle: &'a Throttle,
    breaker: &'a CircuitBreaker<'a>,
    renderer: &'a Renderer,
    redactor: &'a Redactor,
    strict: bool,
    /// An account has been rendered, so `--fields` makes sense.
    has_rendered: AtomicBool,
    /// Held while a large account is rendered.
    rendering: Mutex<()>,
}

impl Lookups<'_> {
    fn look_up(&self, job: &Job<'_>) -> Result<Answer> {
        let (id, client) = job.target.as_ref().map_err(Clone::clone)?;
        if !self.throttle.acquire_id() {
            return Ok(None);
        }
        let now = Instant::now();
        let started = now.checked_sub(job.spent).unwrap_or(now);
        let found =
            client.look_up(id, started, None).inspect_err(|error| self.breaker.failed(error))?;
        self.breaker.found();
        let target = Target::account(id, client.profile());
        let violations = violations::check(&found, self.strict, target)?;
        let is_large = found.account.document.text().len() > LARGE;
        let _rendering = is_large.then(|| self.rendering.lock());
        match self.renderer.render(&found.account, self.redactor) {
            Ok(piece) => {
                self.has_rendered.store(true, Ordering::Relaxed);
                Ok(Some((piece.shrunk(), violations)))
            }
            Err(error) if self.has_rendered.load(Ordering::Relaxed) => Err(target.describe(error)),
            Err(error) => {
                self.breaker.fail(&error);
                Ok(None)
            }
        }
    }
}

/// Writes the answers in the order of the ids.
struct Delivery<'a> {
    results: &'a Results,
    context: &'a Context<'a>,
    warnings: Warnings<'a>,
    /// How many ids were not tried any more, and what came after them: `--skip` looks it up again.
    untried: usize,
}

impl Sink<Job<'_>, Answer> for Delivery<'_> {
    fn deliver(&mut self, job: Job<'_>, answer: Result<Answer>) {
        // After a signal the answer is ignored.
        let Some(mut output) = self.results.output(self.context.shutdown) else {
            return;
        };
        let written = match answer {
            Ok(Some((piece, violations))) if self.untried == 0 => {
                self.show(&mut output, &job, piece, violations)
            }
            Err(error) if self.untried == 0 => {
                self.results.failed(&mut output, &describe(error, &job), job.line)
            }
            _ => {
                self.untried += 1;
                return;
            }
        };
        drop(output);
        self.abort_unless(written);
    }

    fn idle(&mut self) {
        if let Some(mut output) = self.results.output(self.context.shutdown) {
            let written = self.results.write(&mut output);
            drop(output);
            self.abort_unless(written);
        }
    }
}

impl Delivery<'_> {
    fn show(
        &mut self,
        output: &mut Output,
        job: &Job<'_>,
        piece: Piece,
        violations: Violations,
    ) -> Result<()> {
        if let Ok((id, client)) = &job.target
            && !violations.is_empty()
        {
            if self.warnings.are_new(&violations, id.resource()) {
                self.results.write(output)?;
            }
            let target = Target::account(id, client.profile());
            self.warnings.warn(violations, target, false);
        }
        self.results.add(output, piece, job.line)
    }

    /// A result that cannot be written ends the run.
    fn abort_unless(&self, written: Result<()>) {
        if let Err(error) = written {
            self.context.ui.end_progress();
            self.context.shutdown.abort(error);
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

/// `12,345 done, 188 failed, 8,123/s, 12 s left`
fn progress(progress: &Progress<'_>) -> String {
    let Progress { summary, waiting, total, elapsed } = progress;
    let (done, elapsed) = (summary.done() + waiting, elapsed.as_millis().max(1));
    let mut text = format!("{} done", grouped(done));
    // Writing to a String cannot fail.
    if summary.failures() > 0 {
        let _ = write!(text, ", {} failed", grouped(summary.failures()));
    }
    if done > 0 {
        let _ = write!(text, ", {}/s", done as u128 * 1000 / elapsed);
    }
    if done > 0 && *total > done {
        let left = elapsed * (total - done) as u128 / done as u128;
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX));
        let _ = write!(text, ", {} left", span(left));
    }
    text
}

/// The error that says how far the run has come; `arguments` are its ids, if none were read.
fn interrupted(summary: &Summary, kind: Kind, arguments: Option<&[OsString]>) -> Error {
    let done = summary.done();
    let (upto, mut again) = summary.resume("run it again", " if you still want it");
    if let Some(next) = arguments.and_then(|ids| ids.get(done)) {
        let next = hide_credentials(&next.to_string_lossy());
        again = format!("run it again with the ids from {next} on");
    }
    let message = match done {
        0 => format!("{} before anything was looked up", kind.code()),
        _ => format!(
            "{} after {} ({} found, {} failed){upto}",
            kind.code(),
            ids(done, arguments.map(<[_]>::len)),
            grouped(summary.found),
            grouped(summary.failures())
        ),
    };
    Error::new(kind, message)
        .hint(hint(kind, &again))
        .with_context(|context| context.line = summary.line)
}
