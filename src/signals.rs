//! SIGINT, SIGTERM and SIGHUP: a command that waits for others ends within a second of the first, and at once with the second.
//! SIGHUP, by which a terminal says that it was closed, is a SIGTERM to us. What was ignored when we were started (`nohup`,
//! `&` in a script) stays ignored.
//!
//! A flag does not interrupt a blocking call. So such a command runs on a thread of its own, and the main thread waits for
//! its end or for a signal, whichever comes first ([`supervise`]). After a signal the command is left where it is, to end
//! with the process, but for two things that must not be left. Token helpers have a process group of their own and would
//! live on: whoever runs one attends ([`Shutdown::attend`]), is woken, and ends it. And what has been printed may be half a
//! document: the command has left [`ShutdownHook`], which complete it and say how far it came. Each is waited for, but not for
//! longer than [`GRACE`], since a program may refuse to die and a reader to read.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Kind, Result};

/// How long each of what has to happen after a signal may take: three such times are less than a second.
pub const GRACE: Duration = Duration::from_millis(300);

/// What a command does about a signal: others attend to it, and it has last words.
#[derive(Default)]
pub struct Shutdown {
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Default)]
struct State {
    is_over: bool,
    /// Why the command has given up, and what tells that to whoever waits for its end.
    given_up: Option<Error>,
    tell: Option<Box<dyn Fn() + Send>>,
    hook: Option<ShutdownHook>,
    attending: Vec<Attending>,
}

/// Somebody who has something to end before the process ends.
struct Attending {
    what: String,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// What is left to do for a command that a signal ends.
pub struct ShutdownHook {
    /// Completes what has been printed. It may block.
    pub complete: Box<dyn FnOnce(Kind) + Send>,
    /// Says what was interrupted; `None` where a signal is the end that was meant.
    pub say: Box<dyn FnOnce(Kind) -> Option<Error> + Send>,
}

/// How a command that was supervised ended.
pub enum Outcome<T> {
    /// By itself, with this.
    Ended(T),
    /// By a signal, with what there is to say about it.
    Signalled(Kind, Option<Error>),
}

impl Shutdown {
    /// Leaves last words, in place of any earlier ones.
    pub fn leave(&self, hook: ShutdownHook) {
        self.lock().hook = Some(hook);
    }

    /// Ends the command at once with this failure, like a signal would: what it still waits for does not matter any more.
    pub fn give_up(&self, error: Error) {
        let mut state = self.lock();
        if state.is_over {
            return;
        }
        state.is_over = true;
        state.given_up = Some(error);
        if let Some(tell) = &state.tell {
            tell();
        }
    }

    /// Whether a signal has come: from then on nobody listens to the command.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// Asks to be woken by a signal, and to be waited for until what is returned is dropped. `what` is told to people.
    /// `None` if a signal has come already.
    pub fn attend(
        &self,
        what: String,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Option<Attendance<'_>> {
        let mut state = self.lock();
        if state.is_over {
            return None;
        }
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(wake);
        state.attending.push(Attending {
            what,
            wake: wake.clone(),
        });
        Some(Attendance {
            interrupt: self,
            wake,
        })
    }

    /// Does what there is to do about a signal.
    #[cfg(unix)]
    fn signalled(&self, kind: Kind) -> Option<Error> {
        let hook = {
            let mut state = self.lock();
            state.is_over = true;
            state.hook.take()
        };
        let ended = self.end_attending();
        let Some(ShutdownHook { complete, say }) = hook else {
            let message = format!("{} before anything was looked up", kind.code());
            return Some(Error::new(kind, message).hint("run it again"));
        };
        let is_complete = within(GRACE, move || complete(kind)).is_some();
        let mut error = say(kind)?;
        for what in ended {
            error = error.with_suffix(&format!("; {what} was ended"));
        }
        if !is_complete {
            error = error
                .with_suffix("; the reader of the output has stalled: what was printed is cut off");
        }
        Some(error)
    }

    /// Wakes all who attend, and waits for them. What was still to be ended.
    #[cfg(unix)]
    fn end_attending(&self) -> Vec<String> {
        let state = self.lock();
        let what = state.attending.iter().map(|a| a.what.clone()).collect();
        for attending in &state.attending {
            (attending.wake)();
        }
        let waiting = |state: &mut State| !state.attending.is_empty();
        drop(
            self.left
                .wait_timeout_while(state, GRACE, waiting)
                .unwrap_or_else(PoisonError::into_inner),
        );
        what
    }

    /// Each change is a single step: a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has it has something to end before the process ends.
pub struct Attendance<'a> {
    interrupt: &'a Shutdown,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Drop for Attendance<'_> {
    fn drop(&mut self) {
        let is_other = |attending: &Attending| !Arc::ptr_eq(&attending.wake, &self.wake);
        self.interrupt.lock().attending.retain(is_other);
        self.interrupt.left.notify_all();
    }
}

/// Does `work` on a thread, and waits no longer than `bound` for it; `None` if it has not ended by then.
pub fn within<T: Send + 'static>(
    bound: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, done) = mpsc::sync_channel(1);
    let work = move || {
        // Nobody listens after the bound.
        let _ = sender.send(work());
    };
    thread::Builder::new().spawn(work).ok()?;
    done.recv_timeout(bound).ok()
}

/// Does `work` on a thread, until it ends or a signal comes. The next signal ends the process.
///
/// # Errors
/// `failed`, if the system refuses a thread or a pipe.
#[cfg(unix)]
pub fn supervise<T: Send + 'static>(
    interrupt: &Shutdown,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Outcome<T>> {
    use std::panic::resume_unwind;
    use std::sync::atomic::{AtomicBool, Ordering};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::{Handle, Signals};

    /// Ends the waiting for signals, even by a panic.
    struct Ending(Handle);
    impl Drop for Ending {
        fn drop(&mut self) {
            self.0.close();
        }
    }

    let refused = |error| {
        Error::new(Kind::Failed, "the command could not be started")
            .hint("is a limit on processes or open files reached? `ulimit -a` shows them")
            .because(error)
    };
    let kind = |signal| match signal {
        SIGINT => Kind::Interrupted,
        _ => Kind::Terminated,
    };
    let ignored = ignored();
    let heard = || {
        [SIGINT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|signal| ignored & (1 << (signal - 1)) == 0)
    };
    let mut signals = Signals::new(heard()).map_err(refused)?;
    let is_last = Arc::new(AtomicBool::new(false));
    for signal in heard() {
        let code = kind(signal).exit_code().into();
        // In this order, so that the first signal does not see what it has set itself.
        flag::register_conditional_shutdown(signal, code, is_last.clone()).map_err(refused)?;
        flag::register(signal, is_last.clone()).map_err(refused)?;
    }
    let ending = Ending(signals.handle());
    let handle = signals.handle();
    interrupt.lock().tell = Some(Box::new(move || handle.close()));
    let command = thread::Builder::new()
        .name("command".to_owned())
        .spawn(move || {
            let _ending = ending;
            work()
        })
        .map_err(refused)?;
    if let Some(signal) = signals.forever().next() {
        let kind = kind(signal);
        return Ok(Outcome::Signalled(kind, interrupt.signalled(kind)));
    }
    // Nobody waits for signals any more.
    is_last.store(true, Ordering::SeqCst);
    if let Some(error) = interrupt.lock().given_up.take() {
        return Err(error);
    }
    command
        .join()
        .map(Outcome::Ended)
        .or_else(|panic| resume_unwind(panic))
}

/// The signals that this process ignores, a bit each from the lowest for number 1; none where the system does not tell.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok())
        .unwrap_or_default()
}

/// Does `work`: there are no signals here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn supervise<T: Send + 'static>(
    interrupt: &Shutdown,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Outcome<T>> {
    let ended = work();
    match interrupt.lock().given_up.take() {
        Some(error) => Err(error),
        None => Ok(Outcome::Ended(ended)),
    }
}
