//! A program that prints a token: run without a shell, without our tokens, and for a bounded time.
//!
//! It gets a process group of its own, and however the call ends, that group is killed, so that neither a program that hangs
//! nor what it has started is left behind. Its standard input is empty, its standard output bounded and never shown, and its
//! standard error goes nowhere, since that may hold the token too. As in a shell's `$(…)`, the output ends when the last
//! process that holds it has closed it: part of a token is never used.

use std::fmt;
use std::io::{self, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
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

const BY_HAND: &str =
    "run it by hand to see what it says: its output is not shown here, as it may hold the token";

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
    pub(super) fn run(
        &self,
        env: &Environment,
        deadline: Instant,
        shutdown: &Shutdown,
    ) -> Result<Vec<u8>> {
        let started = Instant::now();
        let end = deadline.min(started + TIMEOUT);
        let (sender, outcome) = mpsc::channel();
        let wake = sender.clone();
        let what = format!("{}, which was to print the token,", self.name());
        let guard = shutdown.guard(what, move || {
            // Without a receiver the group is being killed already.
            let _ = wake.send(None);
        });
        let Some(_guard) = guard else {
            return Err(self.error("was not started", "a signal came first"));
        };
        let mut child = self.spawn(env)?;
        let wait = watch(&mut child);
        let spawned = thread::Builder::new()
            .name("helper".to_owned())
            .spawn(move || sender.send(Some(wait())));
        let outcome =
            spawned.map(|_| outcome.recv_timeout(end.saturating_duration_since(Instant::now())));
        let status = kill(child);
        let could_not = |error| self.error("could not be watched", BY_HAND).because(error);
        match outcome.map_err(could_not)? {
            Ok(Some(Ok(output))) if output.len() > OUTPUT_MAX => Err(self.error(
                "printed more than 64 KiB, which is no token, and was ended",
                "it must print the token and nothing else",
            )),
            Ok(Some(Ok(output))) => match status.map_err(could_not)? {
                status if status.success() => Ok(output),
                status => Err(self.error(&failure(status), BY_HAND)),
            },
            Ok(Some(Err(error))) => Err(could_not(error)),
            Ok(None) => Err(self.error("was ended", "a signal came first")),
            // Its own status, not that of our signal: the program had ended before it was killed.
            Err(_) if status.is_ok_and(|status| status.code().is_some()) => Err(self.error(
                "ended, but what it has started goes on holding its output",
                "as in a shell's `$(…)`, the output must end; send that of background programs to /dev/null",
            )),
            Err(_) => {
                let took = end.saturating_duration_since(started).as_secs_f64();
                let what = format!("did not finish within {took:.1} s and was ended");
                Err(self.error(&what, BY_HAND))
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
            let (what, hint) = match error.kind() {
                io::ErrorKind::NotFound => (
                    "was not found, or the interpreter that its first line names",
                    "is it installed and on PATH? `token_command` is a list: the program, then each argument by itself",
                ),
                io::ErrorKind::PermissionDenied => {
                    ("is not executable", "`chmod +x` makes a script executable")
                }
                _ => (
                    "could not be started",
                    "a script needs a first line such as #!/bin/sh; `ulimit -a` shows the limits of this session",
                ),
            };
            self.error(what, hint).because(error)
        })
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

/// What reads the program's output and then waits for its end. The program is not reaped, so that its id cannot come to mean
/// another group before [`kill`].
fn watch(child: &mut Child) -> impl FnOnce() -> io::Result<Vec<u8>> + use<> {
    let stdout = child.stdout.take();
    #[cfg(unix)]
    let pid = rustix::process::Pid::from_child(child);
    move || {
        let mut output = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(OUTPUT_MAX as u64 + 1).read_to_end(&mut output)?;
        }
        #[cfg(unix)]
        if output.len() <= OUTPUT_MAX {
            use rustix::process::{WaitId, WaitIdOptions, waitid};
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options))?;
        }
        Ok(output)
    }
}

/// Kills what is left of the group, and reaps the program.
fn kill(mut child: Child) -> io::Result<ExitStatus> {
    // It fails if nothing is left.
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::KILL,
    );
    #[cfg(not(unix))]
    let _ = child.kill();
    child.wait()
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
