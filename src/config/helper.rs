//! A program that prints a token: run without a shell, without our secrets, and for a bounded time.
//!
//! It gets a process group of its own, and however the call ends, that group is killed, so that neither a program that hangs
//! nor what it has started is left behind. Its standard input is empty, its standard output bounded and never shown, and its
//! standard error goes nowhere, since that may hold the secret too.
//!
//! A reader thread, a waiter thread and the shutdown report to one channel, and receiving from it with a deadline is all the
//! waiting. The waiter sees the end of the program without reaping it: until its group has been killed the program stays a
//! zombie, so that its id cannot come to mean another group.

use std::fmt;
use std::io::{self, Read as _};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::id::repeatable;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::process;
use crate::signals::Shutdown;

/// The longest that a program may take: time enough to confirm on a phone.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The most that a program may print. A token has at most 8 KiB.
const OUTPUT_MAX: usize = 64 * 1024;
/// How long descendants may hold the pipe after the program's end, and how long a killed group may take to die.
const GRACE: Duration = Duration::from_secs(1);
/// Output that arrives later than this after the program's end was printed after it, by a descendant.
const IN_TRANSIT: Duration = Duration::from_millis(500);

const BY_HAND: &str =
    "run it by hand to see what it says: its output is not shown here, as it may hold the token";

/// A program with its arguments, and the variables that are kept from it.
pub struct Helper {
    arguments: Vec<String>,
    withheld: Arc<[String]>,
}

enum Event {
    Output(Vec<u8>),
    /// The pipe was closed by its last writer.
    Closed(io::Result<()>),
    /// The program has ended; what it has started may live on.
    Exited,
    Shutdown,
}

impl Helper {
    /// `arguments` begins with the program. `withheld`: variables with tokens, besides our own.
    pub(super) fn new(arguments: Vec<String>, withheld: Arc<[String]>) -> Self {
        Helper {
            arguments,
            withheld,
        }
    }

    /// The program's name without directory and arguments; in words if the name itself may be a secret.
    pub(super) fn name(&self) -> String {
        let program = self.arguments[0].rsplit('/').next().unwrap_or_default();
        match repeatable(program) {
            Some(name) => format!("command `{name}`"),
            None => "the program of `token_command`".to_owned(),
        }
    }

    /// Runs the program and returns what it prints.
    pub(super) fn run(
        &self,
        env: &Environment,
        deadline: Instant,
        shutdown: &Shutdown,
    ) -> Result<Vec<u8>> {
        let started = Instant::now();
        let deadline = deadline.min(started + TIMEOUT);
        // Bounded, so that a fast writer does not fill the memory.
        let (sender, events) = mpsc::sync_channel(4);
        let wake = sender.clone();
        let what = format!("{}, which was to print the token,", self.name());
        let guard = shutdown.guard(what, move || {
            // Without a receiver the group is being killed already.
            let _ = wake.send(Event::Shutdown);
        });
        let Some(_guard) = guard else {
            return Err(self.error("was not started", "a signal came first"));
        };
        let mut child = self.spawn(env)?;
        let output =
            watch(&mut child, sender).and_then(|()| self.gather(&events, started, deadline));
        let status = end(child, &events, output.is_err());
        let output = output.map_err(|cut| match cut {
            Cut::Refused(error) => error,
            Cut::Io(error) => self.error("could not be watched", BY_HAND).because(error),
        })?;
        match status {
            Some(status) if status.success() => Ok(output),
            Some(status) => Err(self.error(&failure(status), BY_HAND)),
            None => Err(self.error("cannot be waited for", BY_HAND)),
        }
    }

    fn spawn(&self, env: &Environment) -> Result<Child> {
        process::see_children_end();
        let is_token = |name: &str| {
            (name.starts_with("ACCTQ_") && name.ends_with("_TOKEN"))
                || self.withheld.iter().any(|withheld| withheld == name)
        };
        let variables = env.variables();
        let mut command = Command::new(&self.arguments[0]);
        command
            .args(&self.arguments[1..])
            .env_clear()
            .envs(variables.filter(|(name, _)| !name.to_str().is_some_and(is_token)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.error(
                "was not found, or the interpreter that its first line names",
                "is it installed and on PATH? `token_command` is a list: the program, then each argument by itself",
            ),
            io::ErrorKind::PermissionDenied => {
                self.error("is not executable", "`chmod +x` makes a script executable")
            }
            _ => self
                .error(
                    "could not be started",
                    "a script needs a first line such as #!/bin/sh; `ulimit -a` shows the limits of this session",
                )
                .because(error),
        })
    }

    /// Gathers the output until the program has ended and the pipe is closed. Descendants may hold the pipe for [`GRACE`]
    /// longer; what has arrived is the whole output then, unless they went on printing.
    fn gather(
        &self,
        events: &Receiver<Event>,
        started: Instant,
        deadline: Instant,
    ) -> Result<Vec<u8>, Cut> {
        let mut output = Vec::new();
        let mut exited: Option<Instant> = None;
        let (mut is_closed, mut is_endless) = (false, false);
        while !is_closed || (exited.is_none() && cfg!(unix)) {
            let end = exited.map_or(deadline, |at| deadline.min(at + GRACE));
            match events.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Event::Output(bytes)) => {
                    output.extend(bytes);
                    is_endless |= exited.is_some_and(|at| at.elapsed() > IN_TRANSIT);
                    if output.len() > OUTPUT_MAX {
                        return Err(Cut::Refused(self.error(
                            "printed more than 64 KiB, which is no token, and was ended",
                            "it must print the token and nothing else",
                        )));
                    }
                }
                Ok(Event::Closed(result)) => {
                    result.map_err(Cut::Io)?;
                    is_closed = true;
                }
                Ok(Event::Exited) => exited = Some(Instant::now()),
                Ok(Event::Shutdown) => {
                    return Err(Cut::Refused(self.error("was ended", "a signal came first")));
                }
                Err(_) if exited.is_none() => {
                    let took = end.saturating_duration_since(started).as_secs_f64();
                    let what = format!("did not finish within {took:.1} s and was ended");
                    return Err(Cut::Refused(self.error(&what, BY_HAND)));
                }
                Err(_) if is_endless => {
                    return Err(Cut::Refused(self.error(
                        "ended, but its output did not: what it has started goes on printing",
                        "it must print the whole token before it ends; part of a token is not used",
                    )));
                }
                Err(_) => break,
            }
        }
        Ok(output)
    }

    fn error(&self, what: &str, hint: &str) -> Error {
        Error::new(Kind::Auth, format!("{} {what}", self.name())).hint(hint)
    }
}

/// The program's name only: its arguments may hold secrets.
impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Helper({})", self.name())
    }
}

/// Why the output is not used.
enum Cut {
    Refused(Error),
    Io(io::Error),
}

/// Starts the threads that report the program's output and its end.
fn watch(child: &mut Child, sender: SyncSender<Event>) -> Result<(), Cut> {
    if let Some(stdout) = child.stdout.take() {
        let sender = sender.clone();
        spawn_thread(move || read(stdout, &sender))?;
    }
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let pid = Pid::from_child(child);
        spawn_thread(move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
            let _ = sender.send(Event::Exited);
        })?;
    }
    Ok(())
}

fn spawn_thread(work: impl FnOnce() + Send + 'static) -> Result<(), Cut> {
    let thread = thread::Builder::new().name("helper".to_owned());
    thread.spawn(work).map(drop).map_err(Cut::Io)
}

/// Reports what comes through the pipe, until it is closed or the receiver is gone.
fn read(mut stdout: ChildStdout, sender: &SyncSender<Event>) {
    let mut buffer = [0; 4096];
    loop {
        let event = match stdout.read(&mut buffer) {
            Ok(0) => Event::Closed(Ok(())),
            Ok(read) => Event::Output(buffer[..read].to_owned()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Event::Closed(Err(error)),
        };
        let is_last = matches!(event, Event::Closed(_));
        if sender.send(event).is_err() || is_last {
            return;
        }
    }
}

/// Kills what is left of the group, and reaps the program. `None` if it does not die: it hangs in the kernel.
fn end(mut child: Child, events: &Receiver<Event>, is_running: bool) -> Option<ExitStatus> {
    // Errors of both mean that nothing is left.
    #[cfg(unix)]
    {
        let pid = rustix::process::Pid::from_child(&child);
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    if is_running {
        let _ = child.kill();
    }
    let killed = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Err(_) => return None,
            Ok(None) => {}
        }
        let left = GRACE.checked_sub(killed.elapsed())?;
        // Its end is an event; output that is no longer wanted may come before it.
        let _ = events.recv_timeout(left);
    }
}

fn failure(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was killed by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("failed with exit status {code}"),
        None => "failed".to_owned(),
    }
}
