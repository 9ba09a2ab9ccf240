//! The look-up of several ids: results and failures as they come, in the order of the ids.
//!
//! One failure stops nothing, but for one that every further id would share ([`CircuitBreaker`]). One lock is held by whatever
//! writes, so nothing is torn, and nothing is written after a signal. A reader that stalls can hold it for long; how far the run
//! has come is behind another lock, which is never held for long, and counts only what has been written.

use std::ffi::OsString;
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
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
use crate::account::redact::{Redactor, Tokens};
use crate::account::{Id, Resource};
use crate::batch::{self, Sink};
use crate::client::{Client, Throttle, Trace};
use crate::error::{Error, Kind, Result};
use crate::output::{Piece, Printer, Renderer};
use crate::signals::{Shutdown, complete, hint};
use crate::text::{grouped, span};
use crate::ui::Ui;

/// From this size on, in bytes, accounts are rendered one at a time: the allocator keeps what each thread took for that.
const LARGE: usize = 64 * 1024;

/// Up to this number of ids, no progress is shown.
const FEW: usize = 20;

/// Looks up the ids of `input`; `parse` tells to which resource each belongs.
///
/// # Errors
/// What ended the run, or kept it from beginning.
pub fn run(
    args: &Args,
    mut input: Input,
    resources: &[&'static Resource],
    parse: impl Fn(&str) -> Result<Id> + Send,
    context: &Context<'_>,
) -> Result<CommandStatus> {
    let Context {
        flags,
        env,
        ui,
        shutdown,
    } = context;
    let session = Session::open(context, &flags.for_config(), Tokens::default())?;
    let renderer = session.renderer(resources, true)?;
    let arguments = input.count().map(|_| args.ids.clone());
    let results = Arc::new(Results::new(ui.clone(), arguments, Printer::new(&renderer)));
    results.end_on_signal(shutdown);
    if input.is_typed() {
        ui.note("reading ids from the terminal, one a line; Ctrl-D ends them");
    } else if input.count().is_none_or(|count| count > FEW) {
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
        rendering: Mutex::default(),
    };
    let mut delivery = Delivery {
        results: &results,
        shutdown,
        warnings: Warnings::new(ui, true),
        untried: 0,
    };
    let jobs = iter::from_fn(|| {
        let is_over = || throttle.is_stopped() || shutdown.is_requested();
        let entry = input.next(&is_over).inspect_err(|e| breaker.fail(e)).ok()??;
        results.expect(input.estimate());
        Some(Job {
            line: entry.line,
            started: Instant::now(),
            lookup: parse(&entry.text).and_then(|id| {
                let client = prepare(&clients, &id).inspect_err(|e| breaker.failed(e))?;
                Ok((id, client))
            }),
        })
    });
    let size = |answer: &Option<Answer>| answer.as_ref().map_or(0, |(piece, _)| piece.size());
    let work = |job: &Job<'_>| lookups.look_up(job);
    batch::run(
        input_jobs(args.jobs, input_count),
        jobs,
        work,
        size,
        &mut delivery,
    );
    todo!()
}
