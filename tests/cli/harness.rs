//! Runs the real program in an empty environment with a home of its own, and checks what must hold for every run: no secret
//! leaves it, no panic, no control character in a message, memory and time are bounded.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use assert_cmd::assert::OutputAssertExt as _;
use assert_cmd::cargo::cargo_bin;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use jiff::SignedDuration;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;
use wait_timeout::ChildExt as _;

/// The bearer token of every test: it must appear nowhere but on the wire.
pub const TOKEN: &str = "canary-bearer-7f3a9c";

/// The password of every test's proxy: it must appear nowhere but on the wire to that proxy.
pub const PROXY_PASSWORD: &str = "canary-proxy-5d20b1";

/// The activation token of every test's partner account: it must appear nowhere without `--reveal`.
pub const ACTIVATION: &str = "PNS-CANARY42";

/// The keys of a JSON error.
const KEYS: &str = "api attempts code elapsed_ms exit_code file hint id line message next profile request_id retry_after_s retryable \
     server_code server_message status";

/// A guard against a hang, not a measurement.
const GUARD: Duration = Duration::from_secs(60);

/// What a run may take beyond its deadline: the second that it is allowed, and what a busy machine takes from it.
const BEYOND: Duration = Duration::from_secs(1 + 20);

/// How often the memory of a run is looked at: its peak counts, so that nothing is missed but what comes just before the end.
const LOOK: Duration = Duration::from_millis(20);

/// A mock server, and a home whose profile `test` is at it.
pub fn api() -> (mockito::ServerGuard, Home) {
    let server = mockito::Server::new();
    let home = Home::new();
    home.profile(&server.url());
    (server, home)
}

/// A folder of its own for one test: home, configuration, files.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Home(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the program looks for its configuration.
    pub fn config_path(&self) -> PathBuf {
        self.path().join(".config/acctq/config.toml")
    }

    /// Writes the configuration, readable by its owner only.
    pub fn config(&self, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.config_path();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
        self.file(path, text, 0o600)
    }

    /// Writes a file below the home with these permissions.
    pub fn file(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.path().join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A profile `test` of both APIs at `url`, with the canary as its token.
    pub fn profile(&self, url: &str) -> &Self {
        self.config(format!(
            "default_profile = \"test\"\n\
             [profiles.test.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n\
             [profiles.test.partner]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n"
        ));
        self
    }

    /// A run of the program with these arguments, separated by blanks.
    pub fn acctq(&self, args: &str) -> Run {
        self.acctq_args(args.split_whitespace())
    }

    /// A run of the program with these arguments as they are.
    pub fn acctq_args<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        let mut command = Command::new(cargo_bin!("acctq"));
        command.args(args).env_clear();
        self.run_of(command)
    }

    /// A run of a shell that finds the program as `acctq`, for command lines as people write them.
    pub fn shell(&self, script: &str) -> Run {
        let mut path = cargo_bin!("acctq").parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env_clear().env("PATH", path);
        self.run_of(command)
    }

    /// Runs the program with these arguments, separated by blanks, to its end.
    pub fn run(&self, args: impl AsRef<str>) -> Ended {
        self.acctq(args.as_ref()).run()
    }

    fn run_of(&self, mut command: Command) -> Run {
        command.env("HOME", self.path()).current_dir(self.path());
        let home = self.path().to_owned();
        Run { home, ..Run::of(command) }
    }

    /// Starts `acctq sandbox`.
    pub fn sandbox(&self) -> Sandbox {
        let mut started = self.acctq("sandbox --port 0").start();
        let line = started.line();
        let url = line.split(['=', ' ']).nth(2).expect("a URL").to_owned();
        Sandbox { url, started }
    }
}

/// A sandbox that serves until it is dropped.
pub struct Sandbox {
    pub url: String,
    pub started: Started,
}

/// A run to be: arguments, environment, standard input.
pub struct Run {
    command: Command,
    stdin: Vec<u8>,
    /// The folder that is searched for secrets after it: none (empty) for a program that is not ours.
    home: PathBuf,
}

impl Run {
    /// A run of another program, whose streams are held to the same.
    pub fn of(command: Command) -> Self {
        Run { command, stdin: Vec::new(), home: PathBuf::new() }
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn envs(mut self, pairs: &[(&str, &str)]) -> Self {
        self.command.envs(pairs.iter().copied());
        self
    }

    pub fn arg(mut self, arg: &str) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    pub fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = text.as_ref().to_vec();
        self
    }

    /// Lets an ordinary user run it, whom permissions stop: the one who runs the tests, or else the user to whom root gives this
    /// home.
    pub fn by_ordinary_user(mut self, home: &Home) -> Self {
        const NOBODY: u32 = 65534;
        if rustix::process::geteuid().is_root() {
            // The shell copies: what another thread starts meanwhile would inherit a file that we hold open for writing.
            let script = format!("[ -e acctq ] || cp \"$0\" acctq && chown -hR {NOBODY}:{NOBODY} .");
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &script]).arg(cargo_bin!("acctq"));
            assert!(shell.current_dir(home.path()).status().unwrap().success());
            let mut command = Command::new(home.path().join("acctq"));
            command.args(self.command.get_args()).env_clear();
            command.envs(self.command.get_envs().map(|(k, v)| (k, v.unwrap())));
            command.current_dir(home.path()).uid(NOBODY).gid(NOBODY);
            self.command = command;
        }
        self
    }

    /// Starts it without input, for what has to happen while it runs.
    pub fn start(self) -> Started {
        self.start_with(|command| command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Starts it with an input that goes on as long as it is held, for what has to happen while it runs.
    pub fn start_fed(self) -> (Started, ChildStdin) {
        let mut started = self.start_with(|command| {
            let command = command.stdin(Stdio::piped());
            command.stdout(Stdio::piped()).stderr(Stdio::piped())
        });
        let stdin = started.child.stdin.take().unwrap();
        (started, stdin)
    }

    /// Starts it with streams of one's own; its input is empty if none is given.
    pub fn start_with(mut self, streams: impl FnOnce(&mut Command) -> &mut Command) -> Started {
        let args = self.command.get_args().map(OsStr::to_string_lossy);
        let args: Vec<String> = args.map(Cow::into_owned).collect();
        // Ids from the input, and a list that is sorted.
        let many = |arg: &String| arg == "-" || arg.starts_with("--sort");
        let most_kib = 1024 * if args.iter().any(many) { 96 } else { 64 };
        // Its timeout holds for one look-up, and no more are made than there are arguments and lines of input.
        let words = args.iter().flat_map(|arg| arg.split('='));
        let timeout = words.skip_while(|word| *word != "--timeout").nth(1);
        let timeout = timeout.and_then(|word| word.parse::<SignedDuration>().ok());
        let lookups = args.len() + self.stdin.split(|b| *b == b'\n').count();
        let most = timeout.map(|one| one.unsigned_abs() * u32::try_from(lookups).unwrap() + BEYOND);
        let files = files(&self.home);
        let mut child = streams(self.command.stdin(Stdio::null())).spawn().unwrap();
        Started {
            args: args.join(" "),
            most_kib,
            stdout: child.stdout.take().map(BufReader::new),
            stderr: child.stderr.take().map(BufReader::new),
            child,
            end: Instant::now() + most.unwrap_or(GUARD),
            home: self.home,
            files,
        }
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        let text = self.stdin.clone();
        let (started, mut stdin) = self.start_fed();
        // A run that wants no input may close it.
        let feeding = thread::spawn(move || drop(stdin.write_all(&text)));
        let ended = started.ends();
        feeding.join().unwrap();
        ended
    }
}

/// Reads a stream to its end, aside; nothing is received from one that is not UTF-8.
fn reading(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, text) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = stream.map_or(Ok(0), |mut stream| stream.read_to_string(&mut text));
        read.map(|_| sender.send(text))
    });
    text
}

/// The most memory that the program has had until now, in KiB: none before it has begun and after it has ended.
fn peak_kib(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let more = status.strip_prefix("Name:\tacctq\n")?;
    let peak = more.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim_end_matches("kB").trim().parse().ok()
}

/// A file's inode, size and time.
type Stamp = (u64, u64, i64, i64);

/// The regular files below a folder, each with what changes when it does.
fn files(dir: &Path) -> BTreeMap<PathBuf, Stamp> {
    let mut found = BTreeMap::new();
    // Other processes that work there may remove what is listed.
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if let Ok(meta) = fs::symlink_metadata(&path) {
            if meta.is_dir() {
                found.append(&mut files(&path));
            } else if meta.is_file() {
                let stamp = (meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec());
                found.insert(path, stamp);
            }
        }
    }
    found
}

/// A run that is under way. What is taken of its streams is not in its end.
pub struct Started {
    args: String,
    /// The most memory that it may have had.
    most_kib: u64,
    pub child: Child,
    pub stdout: Option<BufReader<ChildStdout>>,
    pub stderr: Option<BufReader<ChildStderr>>,
    /// By when it must have ended.
    end: Instant,
    home: PathBuf,
    /// The files of its home before it.
    files: BTreeMap<PathBuf, Stamp>,
}

impl Started {
    /// Gives it the usual time from now on, after a test has fed it for as long as it liked.
    pub fn has_got_all(&mut self) {
        self.end = Instant::now() + GUARD;
    }

    /// Sends it a signal, which ends it within a second.
    pub fn signal(&mut self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.end = Instant::now() + BEYOND;
    }

    /// The next line on standard output.
    pub fn line(&mut self) -> String {
        line(self.stdout.as_mut())
    }

    /// The next line on standard error.
    pub fn message(&mut self) -> String {
        line(self.stderr.as_mut())
    }

    /// The first byte on standard output: a reader that takes no more has stalled.
    pub fn first_byte(&mut self) -> u8 {
        let mut byte = [0];
        self.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
        byte[0]
    }

    /// Waits until it exits, and then reads its streams.
    pub fn exits(mut self) -> Ended {
        let status = self.wait();
        assert!(status.code().is_some(), "a death by signal: {}", self.args);
        let streams = self.reading();
        self.ended(status, &streams)
    }

    /// Reads its streams until it ends.
    pub fn ends(mut self) -> Ended {
        let streams = self.reading();
        let status = self.wait();
        self.ended(status, &streams)
    }

    fn reading(&mut self) -> [Receiver<String>; 2] {
        [reading(self.stdout.take()), reading(self.stderr.take())]
    }

    /// Waits for its end. A run that takes too long or too much memory is killed when the panic drops it.
    pub fn wait(&mut self) -> ExitStatus {
        loop {
            let peak = peak_kib(&self.child).unwrap_or(0);
            let ended = self.child.wait_timeout(LOOK).unwrap();
            let is_late = ended.is_none() && Instant::now() > self.end;
            let is_fine = !is_late && peak <= self.most_kib;
            assert!(is_fine, "too late, or too much memory: {peak} KiB");
            if let Some(status) = ended {
                return status;
            }
        }
    }

    fn ended(&self, status: ExitStatus, [stdout, stderr]: &[Receiver<String>; 2]) -> Ended {
        let held = "no other process holds its streams, and what came is UTF-8";
        let code = status.code().or(status.signal().map(|signal| 128 + signal));
        let ended = Ended {
            args: self.args.clone(),
            stdout: stdout.recv_timeout(GUARD).expect(held),
            stderr: stderr.recv_timeout(GUARD).expect(held),
            code: code.unwrap(),
        };
        ended.check_invariants();
        for (path, stamp) in files(&self.home) {
            if self.files.get(&path) != Some(&stamp) {
                let bytes = fs::read(&path).unwrap_or_default();
                ended.check_secrets(&path.to_string_lossy(), &String::from_utf8_lossy(&bytes));
            }
        }
        ended
    }
}

fn line(stream: Option<&mut impl BufRead>) -> String {
    let mut line = String::new();
    stream.unwrap().read_line(&mut line).unwrap();
    line
}

/// A run that no test has waited for does not outlive its test.
impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A FIFO that a helper and all that it starts hold open: it ends when they have.
pub struct Leash {
    fifo: fs::File,
    path: PathBuf,
}

impl Leash {
    pub fn new(home: &Home) -> Self {
        let path = home.path().join("leash");
        let _ = fs::remove_file(&path);
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        // Opened without waiting for a writer.
        let fifo = fs::OpenOptions::new()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(&path)
            .unwrap();
        Leash { fifo, path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next line that is written to it.
    pub fn line(&mut self) -> String {
        let began = Instant::now();
        let mut line = Vec::new();
        let mut byte = [0];
        while line.last() != Some(&b'\n') {
            assert!(began.elapsed() < GUARD, "nothing is written: {line:?}");
            match self.fifo.read(&mut byte) {
                Ok(1) => line.push(byte[0]),
                // It has no writer yet, or nothing more to read yet.
                _ => thread::yield_now(),
            }
        }
        String::from_utf8(line).unwrap()
    }

    /// What was written to it since, once every writer is gone.
    pub fn end(self) -> String {
        rustix::fs::fcntl_setfl(&self.fifo, rustix::fs::OFlags::empty()).unwrap();
        let text = reading(Some(self.fifo)).recv_timeout(GUARD);
        text.expect("nothing of the helper is left")
    }
}

/// A terminal of that width: its master side, and the side of programs.
pub fn terminal(width: u16) -> (fs::File, fs::File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let terminal = open(path.as_c_str(), flags, Mode::empty()).unwrap();
    let size = Winsize { ws_row: 50, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).unwrap();
    (fs::File::from(master), fs::File::from(terminal))
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub args: String,
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Ended {
    /// What must hold for every run of the program, whatever was done to it.
    fn check_invariants(&self) {
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            self.check_secrets(name, text);
            for never in ["Authorization", "panicked", "BACKTRACE", "memory all"] {
                let is_shown = never == "Authorization" && self.args.contains("--curl");
                assert!(is_shown || !text.contains(never), "{never} on {name}: {self:#?}");
            }
        }
        let mut chars = self.stderr.chars();
        let control = chars.find(|&c| c != '\n' && acctq::is_forbidden(c));
        assert_eq!(control, None, "a control character on stderr: {self:#?}");
    }

    /// No secret is in the text, in any form.
    fn check_secrets(&self, place: &str, text: &str) {
        for secret in [TOKEN, PROXY_PASSWORD, ACTIVATION] {
            let is_printed = self.args.contains("redeem-url") && place == "stdout";
            let revealed = secret == ACTIVATION && (is_printed || self.args.contains("--reveal"));
            for form in forms(secret).iter().filter(|_| !revealed) {
                assert!(!text.contains(form), "{secret} in {place}: {self:#?}");
            }
        }
    }

    /// Asserts standard output, standard error and exit code at once.
    #[track_caller]
    pub fn is(&self, code: i32, stdout: &str, stderr: &str) -> &Self {
        let output = Output {
            status: ExitStatus::from_raw(self.code << 8),
            stdout: self.stdout.clone().into(),
            stderr: self.stderr.clone().into(),
        };
        let is = output.assert().append_context("arguments", self.args.clone());
        is.code(code).stdout(stdout.to_owned()).stderr(stderr.to_owned());
        self
    }

    /// Asserts a success with this standard output, and silence on standard error.
    #[track_caller]
    pub fn prints(&self, stdout: &str) -> &Self {
        self.is(0, stdout, "")
    }

    /// Asserts a failure told to people: nothing on standard output, the exit code, and an error that has all of these facts.
    #[track_caller]
    pub fn fails(&self, code: i32, facts: &[&str]) -> &Self {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:#?}");
        for fact in facts {
            assert!(self.stderr.contains(fact), "no {fact:?}: {self:#?}");
        }
        self
    }

    /// Asserts a failure told as JSON: nothing on standard output, the exit code, and one error with all keys; which it returns.
    #[track_caller]
    pub fn fails_with(&self, exit_code: i32, code: &str) -> Value {
        self.fails(exit_code, &[]);
        let error = self.error();
        assert_eq!(error["code"], code, "{self:#?}");
        assert_eq!(error["exit_code"], exit_code, "{self:#?}");
        error
    }

    /// The only JSON object on standard error, which is an error.
    #[track_caller]
    pub fn error(&self) -> Value {
        assert_eq!(self.stderr.lines().count(), 1, "{self:#?}");
        self.errors().remove(0)
    }

    /// The errors on standard error, a JSON object a line, each with all keys.
    #[track_caller]
    pub fn errors(&self) -> Vec<Value> {
        let errors = self.told("error");
        for error in &errors {
            let keys = error.as_object().unwrap().keys().map(String::as_str);
            assert!(KEYS.split_whitespace().eq(keys), "{self:#?}");
        }
        errors
    }

    /// The objects of this kind (`error`, `warning`, `trace`, `progress`) on standard error, which holds nothing but such.
    #[track_caller]
    pub fn told(&self, kind: &str) -> Vec<Value> {
        let mut told = Vec::new();
        for line in self.stderr.lines() {
            let object: serde_json::Map<_, _> = serde_json::from_str(line).expect(line);
            let (name, value) = object.into_iter().next().unwrap();
            let kinds = ["error", "warning", "trace", "progress"];
            assert!(kinds.contains(&name.as_str()), "{line}");
            told.extend((name == kind).then_some(value));
        }
        told
    }
}

/// The forms that a secret might leak in: plain, base64 (each alignment), hex, percent-encoded, reversed.
fn forms(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let percent: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        hex.to_uppercase(),
        hex,
        percent.to_lowercase(),
        percent,
        secret.replace('-', "%2D"),
        secret.chars().rev().collect(),
    ];
    // Only the characters that depend on nothing but the secret.
    for (shift, start) in [(0, 0), (1, 2), (2, 3)] {
        let encoded = BASE64_STANDARD_NO_PAD.encode([&vec![0; shift], secret.as_bytes()].concat());
        forms.push(encoded[start..(shift + secret.len()) * 4 / 3].to_owned());
    }
    forms
}

#[test]
fn a_run_that_breaks_a_promise_is_found_out() {
    let home = Home::new();
    home.file("mine", TOKEN, 0o600);
    let fine = home.shell("echo fine >left; cat mine >/dev/null");
    fine.run().prints("");
    let encoded = BASE64_STANDARD_NO_PAD.encode(format!("Bearer {TOKEN}"));
    for script in [
        "cat mine",
        "cat mine >&2",
        "cp mine left",
        "mkdir -p deep/down; rev=c9a3f7-reraeb-yranac; echo \"$rev\" >>deep/down/left",
        "echo PNS-CANARY42 >>left",
        "echo 'canary-proxy%2D5d20b1' >>left",
        &format!("echo {encoded}"),
        "echo 'Authorization: x'",
        "printf '\\033[31m' >&2",
        "echo \"thread 'main' panicked at src\" >&2",
        "printf '\\377'",
    ] {
        let found = std::panic::catch_unwind(|| home.shell(script).run());
        assert!(found.is_err(), "{script}");
    }
    if cfg!(target_os = "linux") {
        let mut run = home.acctq("sandbox").start();
        run.line();
        run.most_kib = 100;
        let found = std::panic::catch_unwind(|| run.exits());
        assert!(found.is_err(), "too much memory");
    }
}
