//! SIGINT, SIGTERM and SIGHUP end a command within a second; the second signal ends the process at once. SIGHUP, which a closing
//! terminal sends, counts as SIGTERM. A signal that was ignored when the process started (`nohup`, `&` in a script) stays ignored.
//!
//! A flag does not interrupt a blocking call. So the command runs on a thread, and the main thread waits for its end or for a signal
//! ([`supervise`]). The command's thread is then abandoned, but for two things: what holds a [`Guard`], like the
//! process group of a token helper, cleans up; and the shutdown hook ([`Shutdown::on_signal`]) completes the output. Each is waited for
//! no longer than [`GRACE`].

use std::sync::{Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use crate::error::{Error, ErrorContext, Kind, Result};
use crate::process::{catch_panics, lock};

/// How long each step after a signal may take: three of them are less than a second.
pub const GRACE: Duration = Duration::from_millis(300);

/// The shutdown of one run: whether it was requested, and what has to happen then.
#[derive(Default)]
pub struct Shutdown {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Default)]
#[cfg_attr(not(unix), allow(dead_code, reason = "there are no signals here"))]
struct State {
    is_requested: bool,
    abort: Option<Error>,
    /// Wakes the thread that supervises the command.
    wake_supervisor: Option<Box<dyn Fn() + Send>>,
    hook: Option<Box<dyn FnOnce(Kind) + Send>>,
    explain: Option<Box<dyn FnOnce(Kind) -> Option<Error> + Send>>,
    /// How many guards are held.
    guards: usize,
}

impl Shutdown {
    /// Sets the shutdown hook, in place of any earlier one.
    pub fn on_signal(&self, hook: impl FnOnce(Kind) + Send + 'static) {
        lock(&self.state).hook = Some(Box::new(hook));
    }

    /// Sets what makes the error that says what a signal has interrupted, after the shutdown hook; `None` where it is the expected end.
    pub fn explain(&self, explain: impl FnOnce(Kind) -> Option<Error> + Send + 'static) {
        lock(&self.state).explain = Some(Box::new(explain));
    }

    /// The same, with what the command is doing now in words that follow "interrupted".
    pub fn doing(&self, words: String, context: ErrorContext) {
        self.explain(move |kind| {
            let error = Error::new(kind, format!("{} {words}", kind.code())).hint("run it again if you still want it");
            Some(error.with_context(|of_error| *of_error = context))
        });
    }

    /// Ends the command at once with this failure, whatever it still waits for.
    pub fn abort(&self, error: Error) {
        let mut state = lock(&self.state);
        if state.is_requested {
            return;
        }
        state.is_requested = true;
        state.abort = Some(error);
        state.wake_supervisor.iter().for_each(|wake| wake());
    }

    /// Whether a signal has come, or the command was aborted: from then on its result is ignored.
    pub fn is_requested(&self) -> bool {
        lock(&self.state).is_requested
    }

    /// Registers something that has to be ended before the process ends: its owner watches [`Shutdown::is_requested`], and the
    /// guard's drop is waited for. `None` if the shutdown was requested already.
    pub fn guard(&self) -> Option<Guard<'_>> {
        let mut state = lock(&self.state);
        state.guards += usize::from(!state.is_requested);
        (!state.is_requested).then(|| Guard(self))
    }

    /// Carries out the shutdown, and says what was interrupted.
    #[cfg(unix)]
    fn signalled(&self, kind: Kind) -> Option<Error> {
        let (hook, explain) = {
            let mut state = lock(&self.state);
            state.is_requested = true;
            (state.hook.take(), state.explain.take())
        };
        self.wait_for_guards();
        let is_complete = hook.is_none_or(|hook| within(GRACE, move || hook(kind)).is_some());
        let mut error = explain?(kind)?;
        if !is_complete {
            error = error.with_suffix("; the reader of the output has stalled: what was printed is cut off");
        }
        if kind == Kind::Terminated {
            let again = error.hint_text().unwrap_or_default().to_owned();
            let cause = "another program sent SIGTERM, perhaps for a time limit, or the terminal was closed";
            error = error.hint(format!("{cause}; {again}"));
        }
        Some(error)
    }

    /// Waits until all guards are dropped.
    #[cfg(unix)]
    fn wait_for_guards(&self) {
        drop(self.released.wait_timeout_while(lock(&self.state), GRACE, |state| state.guards > 0));
    }
}

/// Keeps the process alive for a moment after the shutdown was requested, until dropped.
pub struct Guard<'a>(&'a Shutdown);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).guards -= 1;
        self.0.released.notify_all();
    }
}

/// Runs `work` on a thread and waits at most `bound` for it; `None` if it has not returned by then.
pub fn within<T: Send + 'static>(bound: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, done) = mpsc::sync_channel(1);
    // After the bound, the receiver is gone.
    let work = move || drop(sender.send(work()));
    thread::Builder::new().spawn(work).ok()?;
    done.recv_timeout(bound).ok()
}

/// Runs `work` on a thread until it returns or a signal comes. The next signal ends the process.
#[cfg(unix)]
pub fn supervise<T: From<Kind> + Send + 'static>(
    shutdown: &Shutdown,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    use std::panic::resume_unwind;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;

    let refused = |error| Error::new(Kind::Failed, "the command could not be started").because(error);
    let kind = |signal| if signal == SIGINT { Kind::Interrupted } else { Kind::Terminated };
    let ignored = ignored();
    let handled = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let mut signals = Signals::new(handled.clone()).map_err(refused)?;
    let is_last = Arc::new(AtomicBool::new(false));
    for signal in handled {
        let code = kind(signal).exit_code().into();
        // In this order, so that the first signal does not see the flag that it sets.
        flag::register_conditional_shutdown(signal, code, is_last.clone()).map_err(refused)?;
        flag::register(signal, is_last.clone()).map_err(refused)?;
    }
    let handle = signals.handle();
    let ended = handle.clone();
    lock(&shutdown.state).wake_supervisor = Some(Box::new(move || handle.close()));
    let work = move || {
        let result = catch_panics(work);
        ended.close();
        result
    };
    let command = thread::Builder::new().name("command".to_owned()).spawn(work).map_err(refused)?;
    if let Some(signal) = signals.forever().next() {
        let kind = kind(signal);
        return shutdown.signalled(kind).map_or_else(|| Ok(kind.into()), Err);
    }
    // No signal is waited for any more: the next one ends the process.
    is_last.store(true, Ordering::SeqCst);
    let aborted = lock(&shutdown.state).abort.take();
    if let Some(error) = aborted {
        shutdown.wait_for_guards();
        return Err(error);
    }
    command.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// The signals that the process ignores, as bits (signal 1 is the lowest); none where the system does not say.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or_default()
}

/// Runs `work`: there are no signals here.
#[cfg(not(unix))]
pub fn supervise<T: From<Kind> + Send + 'static>(
    shutdown: &Shutdown,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let result = work();
    lock(&shutdown.state).abort.take().map_or(result, Err)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::commands::CommandStatus;

    #[test]
    fn what_holds_a_guard_is_waited_for_after_an_abort() {
        let (shutdown, is_ended) = (Arc::new(Shutdown::default()), Arc::new(AtomicBool::new(false)));
        let (aborted, ended) = (shutdown.clone(), is_ended.clone());
        let status = supervise(&shutdown, move || {
            let guard = aborted.guard();
            aborted.abort(Error::new(Kind::Failed, "the output could not be written"));
            ended.store(true, Ordering::SeqCst);
            drop(guard);
            Ok(CommandStatus::Done)
        });
        assert_eq!(status.err().map(|error| error.kind()), Some(Kind::Failed));
        assert!(is_ended.load(Ordering::SeqCst));
    }
}
