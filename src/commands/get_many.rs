//! The look-up of several ids: results and failures as they come, in the order of the ids.
//!
//! One failure stops nothing, but for one that every further id would share ([`CircuitBreaker`]). One lock is held by whatever
//! writes, so nothing is torn, and nothing is written after a signal. A reader that stalls can hold it for long; how far the run
//! has come is behind another lock, which is never held for long, and counts only what has been written.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::iter;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::breaker::CircuitBreaker;
use super::get::Args;
use super::input::Input;
use super::output_buffer::OutputBuffer;
use super::session::{Clients, Session, Target};
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
use crate::signals::{Shutdown, complete, hint};
use crate::text::{grouped, span};
use crate::ui::Ui;

/// From this size on, in bytes, accounts are rendered one at a time: the allocator keeps what each thread took for that.
const LARGE: usize = 64 * 1024;

/// Up to this number of ids, no progress is shown.
const FEW: usize = 20;

/// Looks up the ids; `parse` tells to which resource each belongs.
/// Err: What ended the run, or kept it from beginning.
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
    let arguments = total.map(|_| args.ids.clone());
    let results = Arc::new(Results::new(Arc::clone(ui), arguments, Printer::new(&renderer)));
    results.end_on_signal(shutdown);
    process::raise_file_limit();
    if input.is_typed() {
        ui.note("reading ids from the terminal, one a line; Ctrl-D ends them");
    } else if total.is_none_or(|count| count > FEW) {
        ui.begin_progress(env);
    }

    let trace = |trace: &Trace<'_>| {
        if ui.shows_traces()
            && let Some(_output) = results.output(shutdown)
        {
            ui.trace(trace);
        }
    };
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
        Delivery { results: &results, shutdown, warnings: Warnings::new(ui, true), untried: 0 };
    let source = iter::from_fn(|| {
        let is_over = || throttle.is_stopped() || shutdown.is_requested();
        let entry = input.next(&is_over).inspect_err(|e| breaker.fail(e)).ok()??;
        results.expect(input.estimate());
        let started = Instant::now();
        let target = parse(&entry.text).and_then(|id| {
            let client = prepared(&clients, &id, started).inspect_err(|e| breaker.failed(e))?;
            Ok((id, client))
        });
        Some(Job { line: entry.line, started, target })
    });
    batch::run(
        total.map_or(args.jobs, |count| count.min(args.jobs)),
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
            ui.note(&results.summary().text(results.started.elapsed()));
        }
    }
    results.summary().status(total, stop)
}

/// The client of an id, with its token read: so that a token helper is run once, by one look-up, not by all that begin together.
fn prepared<'a>(clients: &Clients<'a>, id: &Id, started: Instant) -> Result<Arc<Client<'a>>> {
    let client = clients.of(id.resource(), Some(id))?;
    let target = Target::account(id, client.profile());
    client.prepare(started).map_err(|e| target.describe(e))?;
    Ok(client)
}

/// An id that is looked up, or why it cannot be.
struct Job<'a> {
    line: Option<usize>,
    started: Instant,
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
        let found = client
            .look_up(id, job.started, None)
            .inspect_err(|error| self.breaker.failed(error))?;
        self.breaker.found();
        let target = Target::account(id, client.profile());
        let violations = violations::check(&found, self.strict, target)?;
        let is_large = found.account.document.text().len() > LARGE;
        let _rendering = is_large.then(|| lock(&self.rendering));
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
    shutdown: &'a Shutdown,
    warnings: Warnings<'a>,
    /// How many ids were not tried any more, and what came after them: `--skip` looks it up again.
    untried: usize,
}

impl Sink<Job<'_>, Answer> for Delivery<'_> {
    fn deliver(&mut self, job: Job<'_>, answer: Result<Answer>) {
        // After a signal the answer is ignored.
        let Some(mut output) = self.results.output(self.shutdown) else {
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
        if let Some(mut output) = self.results.output(self.shutdown) {
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
        self.results.found(output, piece, job.line)
    }

    /// A result that cannot be written ends the run.
    fn abort_unless(&self, written: Result<()>) {
        if let Err(error) = written {
            self.results.ui.end_progress();
            self.shutdown.abort(error);
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

/// The results of the run, shared with the end that a signal may put to it.
struct Results {
    ui: Arc<Ui>,
    /// The ids, if all of them are arguments.
    arguments: Option<Vec<OsString>>,
    started: Instant,
    /// How many ids there are, known or estimated; 0 if not.
    expected: AtomicUsize,
    output: Mutex<Output>,
    summary: Mutex<Summary>,
}

struct Output {
    buffer: OutputBuffer,
    /// The line of the last result in the buffer.
    line: Option<usize>,
}

impl Results {
    fn new(ui: Arc<Ui>, arguments: Option<Vec<OsString>>, printer: Printer) -> Self {
        Results {
            ui,
            arguments,
            started: Instant::now(),
            expected: AtomicUsize::new(0),
            output: Mutex::new(Output { buffer: OutputBuffer::new(printer), line: None }),
            summary: Mutex::default(),
        }
    }

    fn end_on_signal(self: &Arc<Self>, shutdown: &Shutdown) {
        let results = self.clone();
        shutdown.on_signal(move |kind| {
            let completed = results.clone();
            // That the output cannot be written is nothing to say beside the signal.
            let stalled = complete(move || drop(completed.cut_short(&mut lock(&completed.output))));
            Some(results.interrupted(kind).with_suffix(stalled))
        });
    }

    /// The right to write; `None` once a signal has ended the run.
    fn output(&self, shutdown: &Shutdown) -> Option<MutexGuard<'_, Output>> {
        let output = lock(&self.output);
        (!shutdown.is_requested()).then_some(output)
    }

    fn summary(&self) -> MutexGuard<'_, Summary> {
        lock(&self.summary)
    }

    fn expect(&self, estimate: Option<usize>) {
        let ids = self.arguments.as_ref().map(Vec::len).or(estimate);
        self.expected.store(ids.unwrap_or(0), Ordering::Relaxed);
    }

    fn found(&self, output: &mut Output, piece: Piece, line: Option<usize>) -> Result<()> {
        let written = output.buffer.add(piece, &self.ui)?;
        self.count(output, written);
        output.line = line.or(output.line);
        Ok(())
    }

    /// Reports the failure of an id, after the results before it.
    fn failed(&self, output: &mut Output, error: &Error, line: Option<usize>) -> Result<()> {
        self.write(output)?;
        self.ui.failure(error);
        let mut summary = self.summary();
        summary.add_failure(error.kind());
        // A row before it may be held back: its line is done when that is written.
        let done = match output.buffer.waiting() {
            0 => &mut summary.line,
            _ => &mut output.line,
        };
        *done = line.or(*done);
        drop(summary);
        self.show_progress(output);
        Ok(())
    }

    /// Writes the results that wait.
    fn write(&self, output: &mut Output) -> Result<()> {
        let written = output.buffer.write(&self.ui)?;
        self.count(output, written);
        Ok(())
    }

    fn finish(&self, output: &mut Output) -> Result<()> {
        let written = output.buffer.finish(&self.ui);
        self.ui.end_progress();
        self.count(output, written?);
        Ok(())
    }

    /// Completes the output before all is done. Without a result it stays empty: not even an empty array.
    fn cut_short(&self, output: &mut Output) -> Result<()> {
        if !output.buffer.has_begun() {
            self.ui.end_progress();
            return Ok(());
        }
        self.finish(output)
    }

    fn count(&self, output: &Output, written: usize) {
        if written > 0 {
            let mut summary = self.summary();
            summary.found += written;
            summary.line = output.line.or(summary.line);
        }
        self.show_progress(output);
    }

    /// `12,345 done, 188 failed, 8,123/s, 12 s left`
    fn show_progress(&self, output: &Output) {
        self.ui.progress(|| {
            let summary = self.summary();
            let done = summary.done() + output.buffer.waiting();
            let expected = self.expected.load(Ordering::Relaxed);
            let elapsed = self.started.elapsed().as_millis().max(1);
            let mut text = format!("{} done", grouped(done));
            // Writing to a String cannot fail.
            if summary.failures() > 0 {
                let _ = write!(text, ", {} failed", grouped(summary.failures()));
            }
            if done > 0 {
                let _ = write!(text, ", {}/s", done as u128 * 1000 / elapsed);
            }
            if done > 0 && expected > done {
                let left = elapsed * (expected - done) as u128 / done as u128;
                let left = Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX));
                let _ = write!(text, ", {} left", span(left));
            }
            text
        });
    }

    /// The error that says how far the run has come.
    fn interrupted(&self, kind: Kind) -> Error {
        let summary = self.summary();
        let done = summary.done();
        let (upto, mut again) = summary.resume("run it again", " if you still want it");
        if let Some(next) = self.arguments.as_ref().and_then(|ids| ids.get(done)) {
            let next = hide_credentials(&next.to_string_lossy());
            again = format!("run it again with the ids from {next} on");
        }
        let message = match done {
            0 => format!("{} before anything was looked up", kind.code()),
            _ => format!(
                "{} after {} ({} found, {} failed){upto}",
                kind.code(),
                ids(done, self.arguments.as_ref().map(Vec::len)),
                grouped(summary.found),
                grouped(summary.failures())
            ),
        };
        Error::new(kind, message)
            .hint(hint(kind, &again))
            .with_context(|context| context.line = summary.line)
    }
}

/// Each change is a single step, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
