//! A program that prints a token: run without a shell, without our tokens, and for a bounded time.
//!
//! It gets a process group of its own, and however the call ends, that group is killed, so that neither a program that hangs
//! nor its descendants are left behind. Its standard input is empty, its standard output bounded and never shown, and its
//! standard error goes nowhere, since that may hold the token too. Part of a token is never used.

use std::io::{self, Read as _};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::id::repeatable;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::process;
use crate::signals::Shutdown;

/// Timeout of the program: time enough to confirm on a phone.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Size limit of the output. A token has at most 8 KiB.
const OUTPUT_MAX: usize = 64 * 1024;
/// How long descendants may hold the pipe after the program's end, and how long a killed program may take to die.
const GRACE: Duration = Duration::from_secs(1);
/// How often the end of the program is looked for.
const POLL: Duration = Duration::from_millis(10);

const BY_HAND: &str = "run it by hand to see what it says: its output is not shown here, as it may hold the token";

/// A program with its arguments, and the variables that are kept from it.
pub struct Helper {
    arguments: Vec<String>,
    withheld: Arc<[String]>,
}

impl Helper {
    /// `arguments` begins with the program. `withheld`: variables with tokens, besides our own.
    pub(super) fn new(arguments: Vec<String>, withheld: Arc<[String]>) -> Self {
        Helper { arguments, withheld }
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
    pub(super) fn run(&self, env: &Environment, deadline: Instant, shutdown: &Shutdown) -> Result<Vec<u8>> {
        let what = format!("{}, which was to print the token,", self.name());
        let Some(_guard) = shutdown.guard(what, || ()) else {
            return Err(self.error("was not started", "a signal came first"));
        };
        let mut child = self.spawn(env)?;
        let output = self.gather(&mut child, deadline, shutdown);
        let status = kill(child);
        let output = output?;
        match status {
            Some(status) if status.success() => Ok(output),
            // "exit status: 3", or the signal.
            Some(status) => Err(self.error(&format!("failed ({status})"), BY_HAND)),
            None => Err(self.error("could not be waited for", BY_HAND)),
        }
    }

    /// Gathers the output until the program has ended and the pipe is closed. Descendants may hold the pipe for
    /// [`GRACE`]: then the output is whole, unless some of it was printed after the program's end.
    fn gather(&self, child: &mut Child, deadline: Instant, shutdown: &Shutdown) -> Result<Vec<u8>> {
        let started = Instant::now();
        let end = deadline.min(started + TIMEOUT);
        let broken = |error| self.error("could not be watched", BY_HAND).because(error);
        let (sender, outputs) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            let reader = thread::Builder::new().name("helper".to_owned());
            reader.spawn(move || read(stdout, &sender)).map_err(broken)?;
        }
        let (mut output, mut is_closed, mut ended) = (Vec::new(), false, None);
        loop {
            let now = Instant::now();
            if ended.is_none() && has_ended(child).map_err(broken)? {
                ended = Some(now);
            }
            match ended {
                _ if shutdown.is_requested() => {
                    return Err(self.error("was ended", "a signal came first"));
                }
                Some(ended) if is_closed || now > ended + GRACE => return Ok(output),
                None if now > end => {
                    let took = end.saturating_duration_since(started).as_secs_f64();
                    let what = format!("did not finish within {took:.1} s and was ended");
                    return Err(self.error(&what, BY_HAND));
                }
                _ => {}
            }
            match outputs.recv_timeout(POLL) {
                Ok(bytes) => output.extend(bytes.map_err(broken)?),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) if is_closed => thread::sleep(POLL),
                Err(RecvTimeoutError::Disconnected) => is_closed = true,
            }
            let is_late = ended.is_some_and(|ended| now > ended + GRACE / 2);
            if is_late && !is_closed {
                let what = "ended, but a program that it started goes on printing";
                return Err(self.error(what, "it must print the whole token before it ends"));
            }
            if output.len() > OUTPUT_MAX {
                let what = "printed more than 64 KiB, which is no token, and was ended";
                return Err(self.error(what, "it must print the token and nothing else"));
            }
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
        command.spawn().map_err(|error| {
            let hint = "is it installed and on PATH? A script needs `chmod +x` and a first line such as #!/bin/sh";
            self.error("could not be started", hint).because(error)
        })
    }

    fn error(&self, what: &str, hint: &str) -> Error {
        Error::new(Kind::Auth, format!("{} {what}", self.name())).hint(hint)
    }
}

/// Sends what comes through the pipe until it is closed, at most a little more than is allowed.
fn read(stdout: ChildStdout, sender: &Sender<io::Result<Vec<u8>>>) {
    let mut stdout = stdout.take(OUTPUT_MAX as u64 + 1);
    let mut buffer = [0; 4096];
    loop {
        let output = match stdout.read(&mut buffer) {
            Ok(0) => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result.map(|read| buffer[..read].to_vec()),
        };
        if sender.send(output).is_err() {
            return;
        }
    }
}

/// Whether the program has ended. It is not reaped, so that its id cannot come to mean another group before [`kill`].
#[cfg(unix)]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    Ok(waitid(WaitId::Pid(Pid::from_child(child)), options)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

/// Kills what is left of the group, and reaps the program; `None` if it does not die, because it hangs in the kernel.
fn kill(mut child: Child) -> Option<ExitStatus> {
    // It fails if nothing is left.
    #[cfg(unix)]
    let _ =
        rustix::process::kill_process_group(rustix::process::Pid::from_child(&child), rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = child.kill();
    let end = Instant::now() + GRACE;
    loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < end => thread::sleep(POLL),
            result => return result.ok().flatten(),
        }
    }
}
