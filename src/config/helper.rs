//! A program that prints a token: run without a shell, without our tokens, and for a bounded time.
//!
//! It gets a process group of its own, and however the call ends, that group is killed, so that neither a program that hangs
//! nor its descendants are left behind. Its standard input is empty, its standard output bounded and never shown, and its
//! standard error goes nowhere, since that may hold the token too. Part of a token is never used: output that a descendant
//! holds open has not ended.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::account::redact::repeatable;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::process;
use crate::signals::Shutdown;

/// Timeout of the program: time enough to confirm on a phone.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Size limit of the output. A token has at most 8 KiB.
const OUTPUT_MAX: u64 = 64 * 1024;
/// How often the end of the program is looked for.
const POLL: Duration = Duration::from_millis(10);

const BY_HAND: &str = "run it by hand to see what it says: its output is not shown here, as it may hold the token";

/// A program with its arguments, and the variables that are kept from it.
pub struct Helper {
    /// The program and its arguments.
    pub(super) arguments: Vec<String>,
    /// Variables with tokens, besides our own.
    pub(super) withheld: Arc<[String]>,
}

impl Helper {
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
        let Some(_guard) = shutdown.guard() else {
            return Err(self.error("was not started", "a signal came first"));
        };
        let mut child = self.spawn(env)?;
        let output = self.gather(&mut child, deadline, shutdown);
        kill(&mut child);
        output
    }

    /// Gathers the output until it ends and the program has ended, as a shell's `$(…)` does.
    fn gather(&self, child: &mut Child, deadline: Instant, shutdown: &Shutdown) -> Result<Vec<u8>> {
        let started = Instant::now();
        let end = deadline.min(started + TIMEOUT);
        let broken = |error| self.error("could not be watched", BY_HAND).because(error);
        let (sender, receiver) = mpsc::channel();
        let stdout = child.stdout.take();
        let read = move || {
            let mut output = Vec::new();
            let read = stdout.map(|stdout| stdout.take(OUTPUT_MAX + 1).read_to_end(&mut output));
            let _ = sender.send(read.transpose().map(|_| output));
        };
        thread::Builder::new().spawn(read).map_err(broken)?;
        let mut output: Option<Vec<u8>> = None;
        loop {
            if shutdown.is_requested() {
                return Err(self.error("was ended", "a signal came first"));
            }
            if Instant::now() > end {
                let took = end.saturating_duration_since(started).as_secs_f64();
                return Err(self.error(&format!("did not finish within {took:.1} s and was ended"), BY_HAND));
            }
            let Some(printed) = &output else {
                output = receiver.recv_timeout(POLL).ok().transpose().map_err(broken)?;
                continue;
            };
            if printed.len() as u64 > OUTPUT_MAX {
                let what = "printed more than 64 KiB, which is no token, and was ended";
                return Err(self.error(what, "it must print the token and nothing else"));
            }
            match child.try_wait().map_err(broken)? {
                None => thread::sleep(POLL),
                Some(status) if status.success() => return Ok(output.unwrap_or_default()),
                // "exit status: 3", or the signal.
                Some(status) => return Err(self.error(&format!("failed ({status})"), BY_HAND)),
            }
        }
    }

    fn spawn(&self, env: &Environment) -> Result<Child> {
        process::see_children_end();
        let is_token = |name: &str| {
            (name.starts_with("ACCTQ_") && name.ends_with("_TOKEN"))
                || self.withheld.iter().any(|withheld| withheld == name)
        };
        let mut command = Command::new(&self.arguments[0]);
        command
            .args(&self.arguments[1..])
            .env_clear()
            .envs(env.variables.iter().filter(|(name, _)| !name.to_str().is_some_and(is_token)))
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

/// Kills the program's group, if anything is left of it.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = child.kill();
}
