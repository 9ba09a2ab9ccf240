//! Many ids: results and failures in the order of the ids. One failure stops nothing, but for one that every further id would share
//! ([`CircuitBreaker`]).

use std::iter;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use super::breaker::{CircuitBreaker, Stop};
use super::input::{self, Input};
use super::results::{Ending, Results};
use super::session::{Clients, Session, Target};
use super::violations::{Violations, Warnings};
use super::{CommandStatus, Context};
use crate::account::{Id, Resource, id};
use crate::batch;
use crate::client::{Client, Throttle};
use crate::config;
use crate::error::{Error, Kind, Result};
use crate::output::Piece;
use crate::process;
use crate::text::grouped;

/// Up to this number of ids, no progress is shown.
const FEW: usize = 20;

/// What a look-up comes to: as it is written (or why no account can be), what is kept of it, and the account's violations.
pub type Answer<K> = (Result<Piece>, K, Violations);

/// Looks up each of the ids, which are of these resources; `look_up` gets the time since when. `settle` takes what was kept, in the
/// order of the ids, or the failure of an id, and renders that where each id has a place among the results. Returns what the run
/// came to, unless nothing came of it.
pub fn run<K: Send>(
    args: &input::Args,
    resources: &[&'static Resource],
    session: &Session<'_>,
    results: &Arc<Results>,
    ending: Ending,
    look_up: impl Fn(&Id, &Client<'_>, Instant) -> Result<Answer<K>> + Sync,
    settle: impl Fn(Result<K, &Error>) -> Option<Piece>,
) -> Result<Result<CommandStatus>> {
    let Context { flags, env, ui, shutdown, .. } = session.context;
    let started = Instant::now();
    let mut input = Input::new(args)?;
    let total = input.count();
    let written = results.clone();
    shutdown.explain(move |kind| Some(written.summary().interrupted(total, kind)));
    if input.is_typed() {
        ui.note("reading ids from the terminal, one a line; Ctrl-D ends them");
    } else if total.is_none_or(|count| count > FEW) {
        ui.begin_progress(env);
    }

    // A job may need two sockets: for each API, or for the sandbox's end. Some files are needed for everything else.
    let fitting = (process::raise_file_limit().saturating_sub(16) / 2).max(1);
    let jobs = args.jobs.min(fitting).min(total.unwrap_or(usize::MAX));
    let throttle = Throttle::shared(args.rate);
    let breaker = CircuitBreaker::new(&throttle, resources.len() == 1);
    let clients = Clients::new(session, &throttle);
    // `None` for an id that is not tried any more.
    let work = |job: &Job<'_>| -> Result<Option<(Piece, K, Violations)>> {
        let (id, client) = job.target.as_ref().map_err(Clone::clone)?;
        if !throttle.acquire_id() {
            return Ok(None);
        }
        let now = Instant::now();
        let started = now.checked_sub(job.spent).unwrap_or(now);
        let answer = look_up(id, client, started).inspect_err(|error| breaker.record_failure(error));
        let (piece, kept, violations) = answer?;
        breaker.record_success();
        // The first answer does not have what `--fields` names, if it cannot be rendered.
        let piece = piece.inspect_err(|error| breaker.stop_run(error)).ok();
        Ok(piece.map(|piece| (piece, kept, violations)))
    };
    let mut warnings = Warnings::new(ui);
    // From the first id on that was not tried any more, `--skip` looks everything up again.
    let mut is_cut_off = false;
    let mut deliver = |job: &Job<'_>, answer| match answer {
        Ok(Some((piece, kept, violations))) if !is_cut_off => {
            if let Ok((id, client)) = &job.target {
                warnings.warn(violations, Target::account(id, client.profile()), false);
            }
            settle(Ok(kept));
            results.add(piece, job.line)
        }
        Err(error) if !is_cut_off => {
            let error = describe(error, job);
            results.add_failure(&error, settle(Err(&error)), job.line)
        }
        _ => {
            is_cut_off = true;
            Ok(())
        }
    };
    let redactor = LazyLock::new(|| config::redactor(&flags.for_config(), env));
    let source = iter::from_fn(|| {
        let is_over = || throttle.is_stopped() || shutdown.is_requested();
        let entry = input.next(&is_over).inspect_err(|e| breaker.stop_run(e)).ok()??;
        let started = Instant::now();
        let id = entry.text.and_then(|text| id::parse(&text, resources).map_err(|error| redactor.withhold(error)));
        let target = id.and_then(|id| {
            let client = clients.of(&id, started).inspect_err(|e| breaker.record_failure(e))?;
            Ok((id, client))
        });
        Some(Job { line: entry.line, spent: started.elapsed(), target })
    });
    batch::run(
        jobs,
        source,
        work,
        |answer| answer.as_ref().map_or(0, |(piece, ..)| piece.size()),
        |next| {
            let written = match next {
                Some((job, answer)) => deliver(&job, answer),
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
        // After a signal, or once the output cannot be written, nothing more is said here: the result is ignored.
        return Err(Error::new(Kind::Interrupted, "the run was ended"));
    }
    let is_incomplete = is_cut_off || input.may_have_more();
    let stop = breaker.stopped().filter(|stop| stop.is_fatal || is_incomplete);
    if let Some(Stop { error, is_fatal: true, .. }) = &stop
        && results.count() == 0
    {
        results.finish(Ending::Stopped)?;
        return Err(error.clone());
    }
    results.finish(ending)?;
    warnings.sum_up();
    Ok(results.summary().status(total, stop))
}

/// An id that is looked up, or why it cannot be.
struct Job<'a> {
    line: Option<usize>,
    /// What the token took of the look-up's time; a pause before it takes nothing.
    spent: Duration,
    target: Result<(Id, Arc<Client<'a>>)>,
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
