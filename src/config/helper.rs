//! A program that prints a token: run without a shell, without our secrets, and never for longer than it may take.
//!
//! It gets a process group of its own, and however the call ends, that group is killed, so that nothing is left behind: not
//! the program that hangs, not what it has started. (A signal that ends the whole process without a word, as SIGQUIT does,
//! ends no call, and the group lives on.) Its standard input is empty. Its standard output is bounded and never
//! shown; its standard error goes nowhere, for that may hold the secret too.
//!
//! A reader and a waiter report to one channel, and waiting on that channel with a deadline is all the waiting there is.
//! An interruption of the whole run is one more event there.
//! The waiter sees the end of the program without reaping it: until its group has been killed the program stays a zombie,
//! and its id cannot come to mean somebody else's group.

use std::fmt;
use std::io::{self, Read as _};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use super::environment::Environment;
use crate::account::id::repeatable;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::process;

/// The longest that a program may take: time enough to confirm on a phone.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most that a program may print. A token has at most 8 KiB.
const OUTPUT_MAX: usize = 64 * 1024;
/// How long what the program has started may hold the pipe after its end, and how long a killed group may take to die.
const GRACE: Duration = Duration::from_secs(1);
/// How long what was printed before the program's end may take to reach us after it. What comes later was printed later.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

const BY_HAND: &str =
    "run it by hand to see what it says: its output is not shown here, as it may hold the token";

/// A program and its arguments, and the variables that it must not see.
pub struct Helper {
    arguments: Vec<String>,
    withheld: Vec<String>,
}

impl Helper {
    /// `None` without a program.
    pub(super) fn new(arguments: Vec<String>) -> Option<Self> {
        arguments.first().filter(|program| !program.is_empty())?;
        Some(Helper {
            arguments,
            withheld: Vec::new(),
        })
    }

    /// Withholds these variables from it too.
    pub(super) fn withhold(&mut self, variables: &[String]) {
        variables.clone_into(&mut self.withheld);
    }

    /// The program's name, without its directory and arguments, which may hold secrets; in words if the name itself may.
    pub(super) fn name(&self) -> String {
        let program = self.arguments[0].rsplit('/').next().unwrap_or_default();
        repeatable(program).map_or_else(
            || "the program of `token_command`".to_owned(),
            |name| format!("command `{name}`"),
        )
    }

    /// What it prints.
    pub(super) fn run(
        &self,
        env: &Environment,
        deadline: Instant,
        interrupt: &Interrupt,
    ) -> Result<Vec<u8>> {
        let started = Instant::now();
        let end = deadline.min(started + PATIENCE);
        // Bounded, so that a reader that is faster than us holds no more than this.
        let (sender, events) = mpsc::sync_channel(4);
        let interruption = sender.clone();
        let what = format!("{}, which was to print the token,", self.name());
        // Before there is anything to end.
        let attendance = interrupt.attend(what, move || {
            // Whoever does not listen any more has begun to end the group.
            let _ = interruption.send(Event::Interrupted);
        });
        let Some(_attendance) = attendance else {
            return Err(self.failure("was not started", "a signal came first"));
        };
        let mut group = Group(self.spawn(env)?);
        let outcome = group.watch(sender, &events, end);
        drop(events);
        // Before anything else is said: whatever happened, nothing of it is left.
        let status = group.end(outcome.is_err());
        match outcome {
            Ok(Printed(bytes)) => match status {
                Some(status) if status.success() => Ok(bytes),
                Some(status) => Err(self.failure(&ended(status), BY_HAND)),
                None => Err(self.failure("cannot be waited for", BY_HAND)),
            },
            Err(Cut::Late) => {
                let seconds = (end.saturating_duration_since(started)).as_secs_f64();
                let seconds = format!("did not finish within {seconds:.1} s and was ended");
                Err(self.failure(&seconds.replace(".0 s", " s"), BY_HAND))
            }
            Err(Cut::TooMuch) => Err(self.failure(
                "printed more than 64 KiB, which is no token, and was ended",
                "it must print the token and nothing else",
            )),
            Err(Cut::Endless) => Err(self.failure(
                "ended, but its output did not: what it has started goes on printing",
                "it must print the whole token before it ends; part of a token is not used",
            )),
            Err(Cut::Interrupted) => Err(self.failure("was ended", "a signal came first")),
            Err(Cut::Broken(error)) => {
                Err(self.failure("could not be watched", BY_HAND).because(error))
            }
        }
    }

    fn spawn(&self, env: &Environment) -> Result<Child> {
        process::see_children_end();
        let ours = |name: &str| {
            (name.starts_with("ACCTQ_") && name.ends_with("_TOKEN"))
                || self.withheld.iter().any(|withheld| withheld == name)
        };
        let mut command = Command::new(&self.arguments[0]);
        command
            .args(&self.arguments[1..])
            .env_clear()
            .envs(
                env.variables()
                    .filter(|(name, _)| !name.to_str().is_some_and(ours)),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        process::spawn(&mut command).map_err(|error| {
            match error.kind() {
                io::ErrorKind::NotFound => self.failure(
                    "was not found, or the interpreter that its first line names",
                    "is it installed and on PATH? `token_command` is a list: the program, then each argument by itself",
                ),
                io::ErrorKind::PermissionDenied => {
                    self.failure("is not executable", "`chmod +x` makes a script executable")
                }
                _ => {
                    let hint = if is_of_no_format(&error) {
                        "a script needs a first line such as #!/bin/sh"
                    } else {
                        "is a limit on processes, memory or open files reached? `ulimit -a` shows them"
                    };
                    self.failure("could not be started", hint).because(error)
                }
            }
        })
    }

    fn failure(&self, what: &str, hint: &str) -> Error {
        Error::new(Kind::Auth, format!("{} {what}", self.name())).hint(hint)
    }
}

/// The program's name only: its arguments may hold secrets.
impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Helper({})", self.name())
    }
}

/// Whether the system does not know what sort of program it is (`ENOEXEC`).
fn is_of_no_format(error: &io::Error) -> bool {
    #[cfg(unix)]
    let no_format = Some(rustix::io::Errno::NOEXEC.raw_os_error());
    #[cfg(not(unix))]
    let no_format = None;
    no_format.is_some() && error.raw_os_error() == no_format
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was killed by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("failed with exit status {code}"),
        None => "failed".to_owned(),
    }
}

/// All that the program has printed.
struct Printed(Vec<u8>);

/// Why there is no waiting for the rest.
enum Cut {
    Late,
    TooMuch,
    /// The program has ended, its output has not.
    Endless,
    Interrupted,
    Broken(io::Error),
}

enum Event {
    Output(Vec<u8>),
    /// Nobody holds the other end of the pipe any more.
    Closed(io::Result<()>),
    /// The program has ended, whatever it has started.
    Exited,
    /// A signal ends us.
    Interrupted,
}

/// A running program and everything in its process group.
struct Group(Child);

impl Group {
    /// Waits until the program has ended and its output with it.
    fn watch(
        &mut self,
        sender: SyncSender<Event>,
        events: &Receiver<Event>,
        deadline: Instant,
    ) -> Result<Printed, Cut> {
        if let Some(stdout) = self.0.stdout.take() {
            let sender = sender.clone();
            spawn(move || read(stdout, &sender))?;
        }
        self.watch_exit(sender)?;
        gather(events, deadline)
    }

    #[cfg(unix)]
    fn watch_exit(&self, sender: SyncSender<Event>) -> Result<(), Cut> {
        use rustix::io::Errno;
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let pid = Pid::from_child(&self.0);
        spawn(move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
            // Nobody listens after the deadline.
            let _ = sender.send(Event::Exited);
        })
    }

    /// Without a way to wait that leaves the program to be reaped, the end of its output is taken for its own.
    #[cfg(not(unix))]
    fn watch_exit(&self, _: SyncSender<Event>) -> Result<(), Cut> {
        Ok(())
    }

    /// Kills what is left of the group, and reaps the program. `None` if it does not die: it hangs in the kernel.
    fn end(mut self, unfinished: bool) -> Option<ExitStatus> {
        // An error of either means that nothing is left.
        #[cfg(unix)]
        {
            let pid = rustix::process::Pid::from_child(&self.0);
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
        if unfinished {
            let _ = self.0.kill();
        }
        let (sender, reaped) = mpsc::channel();
        spawn(move || {
            let _ = sender.send(self.0.wait());
        })
        .ok()?;
        reaped.recv_timeout(GRACE).ok()?.ok()
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Cut> {
    thread::Builder::new()
        .name("helper".to_owned())
        .spawn(work)
        .map(drop)
        .map_err(Cut::Broken)
}

/// Passes on what comes through the pipe, until it is closed or nobody listens any more.
fn read(mut stdout: ChildStdout, sender: &SyncSender<Event>) {
    let mut buffer = [0; 4096];
    loop {
        let event = match stdout.read(&mut buffer) {
            Ok(0) => Event::Closed(Ok(())),
            Ok(read) => Event::Output(buffer[..read].to_owned()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Event::Closed(Err(error)),
        };
        let last = matches!(event, Event::Closed(_));
        if sender.send(event).is_err() || last {
            return;
        }
    }
}

/// Gathers the output until the program has ended and the pipe is closed. What the program has started may hold the pipe
/// open for [`GRACE`] after it; then what has come is all, if nothing of it was printed after the end.
fn gather(events: &Receiver<Event>, deadline: Instant) -> Result<Printed, Cut> {
    let mut output = Vec::new();
    let (mut closed, mut exited, mut endless) = (false, None, false);
    loop {
        let end = exited.map_or(deadline, |at: Instant| deadline.min(at + GRACE));
        match events.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Event::Output(bytes)) => {
                output.extend(bytes);
                endless |= exited.is_some_and(|at: Instant| at.elapsed() > ON_ITS_WAY);
                if output.len() > OUTPUT_MAX {
                    return Err(Cut::TooMuch);
                }
            }
            Ok(Event::Closed(Err(error))) => return Err(Cut::Broken(error)),
            Ok(Event::Closed(Ok(()))) => closed = true,
            Ok(Event::Interrupted) => return Err(Cut::Interrupted),
            Ok(Event::Exited) => exited = Some(Instant::now()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return match exited {
                    None => Err(Cut::Late),
                    Some(_) if endless => Err(Cut::Endless),
                    Some(_) => Ok(Printed(output)),
                };
            }
        }
        if closed && (exited.is_some() || cfg!(not(unix))) {
            return Ok(Printed(output));
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const SECRET: &str = "s3cr3t-hunter2";

    fn helper(arguments: &[&str]) -> Helper {
        let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
        Helper::new(arguments).expect("program")
    }

    fn env(more: &[(&str, &str)]) -> Environment {
        Environment::from_pairs(more.iter().copied().chain([("PATH", "/usr/bin:/bin")]))
    }

    fn in_time() -> Instant {
        Instant::now() + PATIENCE
    }

    fn sh(script: &str) -> Result<Vec<u8>> {
        helper(&["sh", "-c", script]).run(&env(&[]), in_time(), &Interrupt::default())
    }

    fn refused(result: Result<Vec<u8>>) -> String {
        let error = result.expect_err("no token");
        assert_eq!(error.kind(), Kind::Auth);
        let all = format!("{error} | {}", error.hint_text().unwrap_or_default());
        assert!(!format!("{all}{error:?}").contains(SECRET), "{all}");
        all
    }

    #[test]
    fn its_output_is_what_it_prints() {
        assert_eq!(sh("echo token").expect("output"), b"token\n");
        assert_eq!(sh("cat; printf t").expect("no input to wait for"), b"t");
        let printed = sh("head -c 65536 /dev/zero").expect("as much as is allowed");
        assert_eq!(printed.len(), OUTPUT_MAX);
    }

    #[test]
    fn failures_are_told_without_output_or_arguments() {
        let loud = format!("echo {SECRET}; echo {SECRET} >&2; ");
        let text = refused(sh(&format!("{loud} exit 3")));
        assert!(
            text.starts_with("command `sh` failed with exit status 3"),
            "{text}"
        );
        assert!(text.contains("run it by hand"), "{text}");
        let text = refused(sh(&format!("{loud} kill -9 $$")));
        assert!(text.contains("was killed by signal 9"), "{text}");
    }

    #[test]
    fn programs_that_cannot_be_started() {
        let run = |program: &str| {
            refused(helper(&[program, SECRET]).run(&env(&[]), in_time(), &Interrupt::default()))
        };
        assert!(run("no-such-program").starts_with("command `no-such-program` was not found"));
        assert!(run("/nowhere/op").starts_with("command `op` was not found"));
        let dir = tempfile::tempdir().expect("directory");
        let plain = dir.path().join("plain");
        fs::write(&plain, "").expect("file");
        let plain = plain.to_str().expect("UTF-8");
        assert!(run(plain).contains("`plain` is not executable"));
        fs::set_permissions(plain, fs::Permissions::from_mode(0o700)).expect("chmod");
        assert!(run(plain).contains("`plain` could not be started"));
        assert!(run("nul\0").contains("could not be started"));
        // A whole command line in one string, with a secret in it.
        assert!(run(&format!("curl -H {SECRET}")).starts_with("the program of"));
    }

    #[test]
    fn our_tokens_are_not_in_its_environment() {
        let mut helper = helper(&["sh", "-c", "env"]);
        helper.withhold(&["CONNECT_TEST_TOKEN".to_owned()]);
        let env = env(&[
            ("ACCTQ_CONNECT_TOKEN", SECRET),
            ("ACCTQ_PARTNER_TOKEN", SECRET),
            ("ACCTQ_THIRD_TOKEN", SECRET),
            ("CONNECT_TEST_TOKEN", SECRET),
            ("OP_ACCOUNT", "kept"),
            ("ACCTQ_PROFILE", "kept too"),
        ]);
        let seen = helper
            .run(&env, in_time(), &Interrupt::default())
            .expect("output");
        let seen = String::from_utf8(seen).expect("UTF-8");
        assert!(!seen.contains(SECRET), "{seen}");
        assert!(seen.contains("OP_ACCOUNT=kept\n") && seen.contains("ACCTQ_PROFILE=kept too\n"));
        assert!(!seen.contains("HOME="), "not this process's own: {seen}");
    }

    #[test]
    fn endless_output_is_cut_off() {
        let started = Instant::now();
        let text =
            refused(helper(&["yes", SECRET]).run(&env(&[]), in_time(), &Interrupt::default()));
        assert!(text.contains("more than 64 KiB"), "{text}");
        assert!(started.elapsed() < PATIENCE / 2);
    }

    /// Runs a script whose descendants hold a FIFO open, and returns once all of them are gone.
    fn until_all_are_gone(script: &str, deadline: Duration) -> (Result<Vec<u8>>, Duration) {
        let dir = tempfile::tempdir().expect("directory");
        let fifo = dir.path().join("fifo");
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0)
            .expect("FIFO");
        let (sender, gone) = mpsc::channel();
        let path = fifo.clone();
        thread::spawn(move || {
            let mut text = String::new();
            let mut fifo = fs::File::open(path).expect("opened with the first writer");
            fifo.read_to_string(&mut text)
                .expect("read until the last has closed it");
            sender.send(text)
        });
        let script = format!("exec 9>{}; echo ran >&9; {script}", fifo.display());
        let started = Instant::now();
        let result = helper(&["sh", "-c", &script]).run(
            &env(&[]),
            started + deadline,
            &Interrupt::default(),
        );
        let took = started.elapsed();
        let text = gone.recv_timeout(PATIENCE / 2).expect("something is left");
        assert_eq!(text, "ran\n");
        (result, took)
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_all_it_has_started() {
        let script = format!("echo {SECRET}; sleep 600 & sleep 600");
        let (result, took) = until_all_are_gone(&script, Duration::from_millis(500));
        let text = refused(result);
        assert!(text.contains("did not finish within 0.5 s"), "{text}");
        assert!(took < PATIENCE / 2, "{took:?}");
        // Closing its output is not ending.
        let (result, _) = until_all_are_gone("exec >&-; sleep 600", Duration::from_millis(500));
        refused(result);
    }

    #[test]
    fn what_outlives_the_program_is_waited_for_briefly_and_ended() {
        let (result, took) = until_all_are_gone("sleep 600 & echo token", PATIENCE);
        assert_eq!(result.expect("output"), b"token\n");
        assert!(took < PATIENCE / 2, "{took:?}");
        let (result, _) = until_all_are_gone("sleep 600 >/dev/null & echo token", PATIENCE);
        assert_eq!(result.expect("output"), b"token\n");
        let (result, _) = until_all_are_gone("sleep 600 & exit 1", PATIENCE);
        assert!(refused(result).contains("exit status 1"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn no_zombie_is_left() {
        let pid = sh("echo $$").expect("output");
        let pid = String::from_utf8(pid).expect("UTF-8");
        assert!(!std::path::Path::new("/proc").join(pid.trim()).exists());
    }

    #[test]
    fn a_deadline_that_has_passed() {
        let result =
            helper(&["sleep", "600"]).run(&env(&[]), Instant::now(), &Interrupt::default());
        assert!(refused(result).contains("did not finish"));
    }

    #[test]
    fn debug_shows_no_argument() {
        let shown = format!("{:?}", helper(&["/opt/op", SECRET]));
        assert_eq!(shown, "Helper(command `op`)");
    }
}
