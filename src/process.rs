//! The process itself, and what the system lets it do: no core file holds a token, neither a bug nor a full file ends without a
//! message, many look-ups have room for their connections and interrupt nobody.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::thread;

use crate::error::{Error, Kind, Result};

/// Keeps the memory of this process, which holds a token, from core files and from other processes of the user.
#[cfg(target_os = "linux")]
pub fn harden() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // What the system refuses leaves us where any program is; there is nobody to tell.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    no_core_files();
    survive_file_limits();
}

/// Keeps the memory of this process, which holds a token, from core files.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn harden() {
    no_core_files();
    survive_file_limits();
}

/// There is nothing to do here.
#[cfg(not(unix))]
pub fn harden() {}

#[cfg(unix)]
fn no_core_files() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
}

/// A file that reaches `ulimit -f` sends SIGXFSZ, which ends a process without a word. With a handler, whatever it does,
/// the write fails instead, and is told like any other. It is not ignored, since a token helper would inherit that.
#[cfg(unix)]
fn survive_file_limits() {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    // Nobody asks whether it came: the failed write says so.
    let came = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), came);
}

/// Lets this process see how its children end. Whoever starts us may ignore SIGCHLD, and then the system keeps no record of
/// them; with a handler, whatever it does, it keeps one again.
#[cfg(unix)]
pub fn see_children_end() {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    // Who waits for a child is told by that.
    let ended = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(rustix::process::Signal::CHILD.as_raw(), ended);
}

/// There is nothing to do here.
#[cfg(not(unix))]
pub fn see_children_end() {}

thread_local! {
    /// Where the last panic of this thread happened.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Keeps panics from being printed: the message may hold anything.
pub fn quieten_panics() {
    set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        PLACE.set(info.location().map(ToString::to_string));
    }));
}

/// Runs `work`; a panic in it becomes a failure that names the place, and no more.
///
/// # Errors
/// Those of `work`.
pub fn without_panics<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(bug(&PLACE.take().unwrap_or_default())))
}

fn bug(place: &str) -> Error {
    Error::new(Kind::Failed, format!("this is a bug in acctq, at {place}"))
        .hint("please report it, with the command that you ran")
}
