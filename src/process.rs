//! The process: its memory, which holds a token, is kept from core files and other processes; a full file or a panic ends in an
//! error message.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Kind, Result};

/// Keeps the memory of the process from core files and, on Linux, from other processes of the user. What the system refuses is
/// not reported: the process is then as exposed as any other.
pub fn harden() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, Signal, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        // A write beyond `ulimit -f` sends SIGXFSZ, which ends a process silently. With a handler the write fails instead. The
        // signal is not ignored, since a token helper would inherit that.
        handle(Signal::XFSZ);
    }
}

/// Lets the process see how its children end. A parent may have set SIGCHLD to ignored, and then the system keeps no record of
/// ended children; with any handler it does.
pub fn see_children_end() {
    #[cfg(unix)]
    handle(rustix::process::Signal::CHILD);
}

/// Installs a handler that does nothing of interest.
#[cfg(unix)]
fn handle(signal: rustix::process::Signal) {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    let _ = signal_hook::flag::register(signal.as_raw(), Arc::new(AtomicBool::new(false)));
}

/// Raises the limit of open files as far as the system allows, and returns it.
pub fn raise_file_limit() -> usize {
    #[cfg(not(unix))]
    return usize::MAX;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        /// As many as macOS allows (`OPEN_MAX`).
        const MOST: u64 = 10_240;
        let limit = getrlimit(Resource::Nofile);
        let most = limit.maximum.unwrap_or(MOST).min(MOST);
        let mut current = limit.current.unwrap_or(MOST);
        if current < most && setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit }).is_ok() {
            current = most;
        }
        usize::try_from(current).unwrap_or(usize::MAX)
    }
}

/// Locks a mutex even after a panic of another thread: each change to shared state is a single step, so none is half done.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// Where this thread panicked last.
    static PANIC: Cell<Option<String>> = const { Cell::new(None) };
}

/// Keeps panics from being printed: a panic message may hold anything.
pub fn quieten_panics() {
    set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        PANIC.set(info.location().map(ToString::to_string));
    }));
}

/// Runs `work`; a panic becomes a failure that names the place and nothing else.
pub fn catch_panics<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let place = PANIC.take().unwrap_or_default();
        Err(Error::new(Kind::Failed, format!("this is a bug in acctq, at {place}"))
            .hint("please report it, with the command that you ran"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_reported_by_its_place_only() {
        quieten_panics();
        let result = catch_panics(|| -> Result<()> { panic!("hunter2") });
        let error = result.expect_err("a panic");
        assert_eq!(error.kind(), Kind::Failed);
        assert!(error.to_string().contains(file!()), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
