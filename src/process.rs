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

/// Makes room for so many more open files, as far as the system lets us (`RLIMIT_NOFILE`, getrlimit(2)), and tells for how many
/// there is. What this process starts later has the raised limit, too.
#[cfg(unix)]
#[must_use]
pub fn make_room_for_files(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::fs::File;
    use std::os::fd::AsRawFd as _;
    const STREAMS: u64 = 3;
    // The lowest number that is free; whoever started us may have left files open.
    let lowest = File::open("/dev/null").map(|file| file.as_raw_fd());
    let open = lowest.map_or(STREAMS, |number| u64::try_from(number).unwrap_or(STREAMS));
    let needed = open + wanted as u64;
    let limit = getrlimit(Resource::Nofile);
    let mut allowed = limit.current.unwrap_or(u64::MAX);
    // macOS has a limit beside the one that it tells (`OPEN_MAX`).
    let untold = cfg!(target_os = "macos").then_some(10_240);
    let limits = [limit.maximum, untold].into_iter().flatten();
    let possible = limits.fold(needed, u64::min);
    if allowed < possible {
        let raised = Rlimit {
            current: Some(possible),
            ..limit
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            allowed = possible;
        }
    }
    let room = allowed.saturating_sub(open);
    usize::try_from(room).unwrap_or(wanted).min(wanted)
}

/// There is no such limit.
#[cfg(not(unix))]
#[must_use]
pub fn make_room_for_files(wanted: usize) -> usize {
    wanted
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

#[cfg(target_os = "linux")]
thread_local! {
    /// Whether we have scheduled this thread as batch work.
    static BATCH: Cell<bool> = const { Cell::new(false) };
}

/// Schedules this thread as work of which there is much: when something has come for it, it waits for its turn and interrupts
/// nobody (`SCHED_BATCH`, sched(7)). A server or proxy on the same machine then ends what it is at, and answers several at a time,
/// instead of giving way to whoever has its answer. A policy other than the usual one, as `chrt` sets it, stays.
#[cfg(target_os = "linux")]
pub fn schedule_as_batch() {
    use preempt_rt::sched::{Pid, Scheduler, get_scheduler};
    if let Ok(Scheduler::SCHED_NORMAL) = get_scheduler(Pid::current_thread()) {
        BATCH.set(schedule(Scheduler::SCHED_BATCH));
    }
}

/// Starts a program from this thread, but not as batch work: it may live longer than we do.
///
/// # Errors
/// It cannot be started.
#[cfg(target_os = "linux")]
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    use preempt_rt::sched::Scheduler;
    if !BATCH.get() {
        return command.spawn();
    }
    schedule(Scheduler::SCHED_NORMAL);
    let spawned = command.spawn();
    schedule(Scheduler::SCHED_BATCH);
    spawned
}

/// Where the system refuses, look-ups take a little longer, and that is all.
#[cfg(target_os = "linux")]
fn schedule(scheduler: preempt_rt::sched::Scheduler) -> bool {
    use preempt_rt::sched::{Pid, SchedulerParams, set_scheduler};
    let none = SchedulerParams { priority: 0 };
    set_scheduler(Pid::current_thread(), scheduler, none).is_ok()
}

/// There is nothing to do here.
#[cfg(not(target_os = "linux"))]
pub fn schedule_as_batch() {}

/// Starts a program.
///
/// # Errors
/// It cannot be started.
#[cfg(not(target_os = "linux"))]
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    command.spawn()
}

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

/// Does what takes much memory for a moment on the one thread that is there for it, or here where the system refuses one. What
/// a thread has freed the allocator keeps for it (glibc): of many workers that is, in the end, what each one's largest account
/// took.
///
/// # Errors
/// A panic in `work`.
pub fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    type Work = Box<dyn FnOnce() + Send>;
    static THREAD: OnceLock<Option<Sender<Work>>> = OnceLock::new();
    let start = || {
        let (sender, all) = mpsc::channel::<Work>();
        let thread = thread::Builder::new().name("aside".to_owned());
        thread
            .spawn(move || all.iter().for_each(|work| work()))
            .ok()?;
        Some(sender)
    };
    let work = || without_panics(|| Ok(work()));
    let Some(sender) = THREAD.get_or_init(start) else {
        return work();
    };
    let (tell, done) = mpsc::channel();
    // Nobody is left to be told if that fails.
    let told = move || drop(tell.send(work()));
    drop(sender.send(Box::new(told)));
    done.recv().unwrap_or_else(|_| Err(bug(file!())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_operator_has_chosen_stays() {
        use preempt_rt::sched::{Pid, Scheduler, SchedulerParams, get_scheduler, set_scheduler};
        let scheduled = |from| {
            let thread = thread::spawn(move || {
                let this = Pid::current_thread();
                set_scheduler(this, from, SchedulerParams { priority: 0 }).expect("it is allowed");
                schedule_as_batch();
                get_scheduler(this).expect("it has one")
            });
            thread.join().expect("no panic")
        };
        assert_eq!(scheduled(Scheduler::SCHED_NORMAL), Scheduler::SCHED_BATCH);
        assert_eq!(scheduled(Scheduler::SCHED_IDLE), Scheduler::SCHED_IDLE);
    }

    #[test]
    fn a_panic_is_told_by_its_place_only() {
        quieten_panics();
        let result = without_panics(|| -> Result<()> { panic!("hunter2") });
        let error = result.expect_err("a panic");
        assert_eq!(error.kind(), Kind::Failed);
        let message = error.to_string();
        let place = message.strip_prefix("this is a bug in acctq, at ");
        assert!(
            place.is_some_and(|place| place.starts_with(file!())) && !message.contains("hunter2"),
            "{message}"
        );
    }
}
