//! Runs the real program in an empty environment with a home of its own, and checks what must hold for every run.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The bearer token of every test: it must appear nowhere but on the wire.
pub const TOKEN: &str = "canary-bearer-7f3a9c";

/// The password of every test's proxy: it must appear nowhere but on the wire to that proxy.
pub const PROXY_PASSWORD: &str = "canary-proxy-5d20b1";

/// The activation token of every test's partner account: it must appear nowhere without `--reveal`.
pub const ACTIVATION: &str = "PNS-CANARY42";

/// A guard against a hang, not a measurement.
const GUARD: Duration = Duration::from_secs(60);

/// What a run may take beyond its deadline: the second that it is allowed, and what a busy machine takes from it.
const BEYOND: Duration = Duration::from_secs(1 + 20);

/// The most memory that a run may have had, in bytes.
const MEMORY: u64 = 64 * 1024 * 1024;

/// The most of its own that a run may ask the system for, in bytes: what it and its libraries are read from, some 12 MiB, comes
/// on top, and then it has less than [`MEMORY`].
const OWN: u64 = 48 * 1024 * 1024;

/// What any number of accounts may take beyond one.
const MORE: u64 = 32 * 1024 * 1024;

/// What the stack of a thread counts, in bytes, however little of it is used.
const STACK: u64 = 2 * 1024 * 1024 + 64 * 1024;

/// A folder of its own for one test: home, configuration, files.
pub struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        Home {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where the program looks for its configuration.
    pub fn config_path(&self) -> PathBuf {
        self.path().join(".config/acctq/config.toml")
    }

    /// Writes the configuration, for nobody else to read.
    pub fn config(&self, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.config_path();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
        self.file(&path, text, 0o600);
        path
    }

    /// Writes a file below the home with these permissions.
    pub fn file(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.path().join(name);
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .unwrap();
        file.write_all(text.as_ref()).unwrap();
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

    /// If root runs the tests, gives this home to a user who is nobody, with a copy of the program that they can reach.
    fn belongs_to_nobody(&self) -> Option<u32> {
        fn give(path: &Path, to: u32) {
            std::os::unix::fs::lchown(path, Some(to), Some(to)).unwrap();
            if path.is_dir() && !path.is_symlink() {
                for entry in fs::read_dir(path).unwrap() {
                    give(&entry.unwrap().path(), to);
                }
            }
        }
        const NOBODY: u32 = 65534;
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let program = self.path().join("acctq");
        if !program.exists() {
            // Not by us: what another thread starts meanwhile would hold it open for writing, and nobody could run it.
            let copied = Command::new("cp")
                .args([Path::new(env!("CARGO_BIN_EXE_acctq")), &program])
                .status();
            assert!(copied.unwrap().success());
        }
        give(self.path(), NOBODY);
        Some(NOBODY)
    }

    /// A run of the program with these arguments, separated by blanks.
    pub fn acctq(&self, args: &str) -> Run {
        Run::new(self, args.split_whitespace())
    }

    /// A run of the program with these arguments as they are.
    pub fn acctq_args<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        Run::new(self, args)
    }

    /// A run of a shell that finds the program as `acctq`, for command lines as people write them.
    pub fn shell(&self, script: &str) -> Run {
        let program = Path::new(env!("CARGO_BIN_EXE_acctq"));
        let mut path = program.parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script])
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path())
            .current_dir(self.path());
        Run {
            revealing: script.contains("--reveal"),
            home: Some(self.path().to_owned()),
            ..Run::of(command)
        }
    }

    /// `acctq sandbox` at work.
    pub fn sandbox(&self) -> Sandbox {
        let mut started = self.acctq("sandbox --port 0").start_with(|command| {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
        });
        let line = started.line();
        let url = line.split(['=', ' ']).nth(2).expect("a URL").to_owned();
        Sandbox {
            _started: started,
            url,
        }
    }
}

/// A sandbox that serves until it is dropped.
pub struct Sandbox {
    _started: Started,
    pub url: String,
}

/// A run to be: arguments, environment, standard input.
pub struct Run {
    command: Command,
    stdin: Vec<u8>,
    revealing: bool,
    /// Where it may leave files; of a program that is not ours, nobody asks.
    home: Option<PathBuf>,
}

impl Run {
    fn new<S: AsRef<OsStr>>(home: &Home, args: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acctq"));
        let args: Vec<OsString> = args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect();
        let revealing = args.iter().any(|arg| arg == "--reveal");
        command
            .args(&args)
            .env_clear()
            .env("HOME", home.path())
            .current_dir(home.path());
        Run {
            revealing,
            home: Some(home.path().to_owned()),
            ..Run::of(command)
        }
    }

    /// A run of another program, whose streams are held to the same.
    pub fn of(command: Command) -> Self {
        Run {
            command,
            stdin: Vec::new(),
            revealing: false,
            home: None,
        }
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
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

    /// Lets an ordinary user run it, from whom files can be kept: who runs the tests, or else a user that root makes the owner
    /// of this home.
    pub fn by_ordinary_user(mut self, home: &Home) -> Self {
        let Some(uid) = home.belongs_to_nobody() else {
            return self;
        };
        let mut command = Command::new(home.path().join("acctq"));
        command.args(self.command.get_args()).env_clear();
        for (name, value) in self.command.get_envs() {
            command.env(name, value.unwrap());
        }
        if let Some(dir) = self.command.get_current_dir() {
            command.current_dir(dir);
        }
        command.uid(uid).gid(uid);
        self.command = command;
        self
    }

    /// Starts it, for what has to happen while it runs. It has no input.
    pub fn start(self) -> Started {
        self.start_with(|command| {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
        })
    }

    /// Starts it with an input that goes on as long as it is held, for what has to happen while it runs.
    pub fn start_fed(self) -> (Started, ChildStdin) {
        let mut started = self.start_with(|command| {
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
        });
        let stdin = started.child.stdin.take().unwrap();
        (started, stdin)
    }

    /// Starts it with streams of one's own.
    pub fn start_with(mut self, streams: impl FnOnce(&mut Command) -> &mut Command) -> Started {
        let args = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let most = self.most();
        let jobs: Option<u64> = self.flag("--jobs").and_then(|jobs| jobs.parse().ok());
        // Ids from the input, and a list that is held to be sorted.
        let many = self.command.get_args().any(|arg| arg == "-") || self.flag("--sort").is_some();
        let more = if many { MORE } else { 0 };
        let stacks = jobs.unwrap_or(0) * STACK;
        let files = self.home.as_deref().map(files).unwrap_or_default();
        let began = Instant::now();
        let mut child = streams(&mut self.command).spawn().unwrap();
        // The sandbox serves many at once, each on a thread of its own, whose stack counts as if all of it were used.
        if self.home.is_some() && self.command.get_args().next() != Some(OsStr::new("sandbox")) {
            bound_memory(&child, OWN + more + stacks);
            check_memory(&child, MEMORY + more);
        }
        Started {
            args,
            memory: MEMORY + more,
            stdout: child.stdout.take().map(BufReader::new),
            stderr: child.stderr.take().map(BufReader::new),
            child,
            end: began + most,
            revealing: self.revealing,
            home: self.home,
            files,
        }
    }

    /// How long it may take at most. Its deadline holds for one look-up, and no more are made than there are arguments
    /// after `get` and lines of input.
    fn most(&self) -> Duration {
        let timeout = self.flag("--timeout");
        let Some(Ok(timeout)) = timeout.as_deref().map(acctq::config::parse_timeout) else {
            return GUARD;
        };
        let args: Vec<_> = self
            .command
            .get_args()
            .map(OsStr::to_string_lossy)
            .collect();
        let after = args.iter().skip_while(|arg| *arg != "get").skip(1);
        let ids = after.filter(|arg| !arg.starts_with('-')).count()
            + self.stdin.split(|b| *b == b'\n').count()
            - 1;
        timeout * u32::try_from(ids.max(1)).unwrap() + BEYOND
    }

    /// The value of a flag, as it is given last.
    fn flag(&self, name: &str) -> Option<String> {
        let args: Vec<_> = self
            .command
            .get_args()
            .map(OsStr::to_string_lossy)
            .collect();
        let value = args.iter().enumerate().rev().find_map(|(i, arg)| {
            if arg == name {
                args.get(i + 1).map(AsRef::as_ref)
            } else {
                arg.strip_prefix(name)?.strip_prefix('=')
            }
        });
        value.map(str::to_owned)
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        let text = self.stdin.clone();
        let (started, mut stdin) = self.start_fed();
        // Whoever wants no input may close it.
        let feeding = thread::spawn(move || drop(stdin.write_all(&text)));
        let ended = started.ends();
        feeding.join().unwrap();
        ended
    }
}

/// Reads a stream to its end, aside.
fn reading(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, text) = mpsc::channel();
    thread::spawn(move || sender.send(rest(stream)));
    text
}

/// Bounds what a run asks for from now on, by a limit that the system keeps: it holds to the last moment, of which a look
/// ([`check_memory`]) knows nothing.
#[cfg(target_os = "linux")]
fn bound_memory(child: &Child, most: u64) {
    use rustix::process::{Resource, Rlimit, prlimit};
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    // Who has ended already cannot be limited any more.
    let _ = prlimit(Some(Pid::from_child(child)), Resource::Data, limit);
}

#[cfg(not(target_os = "linux"))]
fn bound_memory(_: &Child, _: u64) {}

/// The most memory that the program has had until now.
fn check_memory(child: &Child, most: u64) {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    // Who has not begun yet shows our own memory under our own name; who has ended shows none.
    let peak = status
        .strip_prefix("Name:\tacctq\n")
        .and_then(|more| more.lines().find_map(|line| line.strip_prefix("VmHWM:")));
    if let Some(peak) = peak {
        let peak: u64 = peak.trim_end_matches("kB").trim().parse().unwrap();
        assert!(peak < most / 1024, "it has taken {peak} KiB of memory");
    }
}

/// The regular files below a folder, each with what changes when it does.
fn files(dir: &Path) -> BTreeMap<PathBuf, (u64, u64, i64, i64)> {
    use std::os::unix::fs::MetadataExt as _;
    let mut found = BTreeMap::new();
    // Whoever else works there may remove what is listed.
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => found.append(&mut files(&path)),
            Ok(meta) if meta.is_file() => {
                let stamp = (meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec());
                found.insert(path, stamp);
            }
            _ => {}
        }
    }
    found
}

/// A run that is under way. What is taken of its streams is not in its end.
pub struct Started {
    args: String,
    /// The most memory that it may have had, in bytes.
    memory: u64,
    pub child: Child,
    pub stdout: Option<BufReader<ChildStdout>>,
    pub stderr: Option<BufReader<ChildStderr>>,
    /// By when it must have ended.
    end: Instant,
    revealing: bool,
    home: Option<PathBuf>,
    /// What was there before it.
    files: BTreeMap<PathBuf, (u64, u64, i64, i64)>,
}

impl Started {
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Lets it have run for as long as it did, with as many ids as it got: from now on it has the usual time.
    pub fn has_got_all(&mut self) {
        self.end = Instant::now() + GUARD;
    }

    /// Sends it a signal, which ends it within a second.
    pub fn signal(&mut self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
        self.end = Instant::now() + BEYOND;
    }

    /// The next line on standard output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// The next line on standard error.
    pub fn message(&mut self) -> String {
        let mut line = String::new();
        self.stderr.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// The first byte on standard output; who takes no more is a reader that has stalled.
    pub fn first_byte(&mut self) -> u8 {
        let mut byte = [0];
        self.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
        byte[0]
    }

    /// Waits until it exits; then its streams are read to their end.
    pub fn exits(mut self) -> Ended {
        let status = self.wait();
        let (stdout, stderr) = (rest(self.stdout.take()), rest(self.stderr.take()));
        let code = status.code().expect("an exit, not a death by signal");
        self.ended(stdout, stderr, code)
    }

    /// Reads its streams until it exits.
    pub fn ends(mut self) -> Ended {
        let stdout = reading(self.stdout.take());
        let stderr = reading(self.stderr.take());
        let status = self.wait();
        let read = |stream: mpsc::Receiver<String>| {
            stream
                .recv_timeout(GUARD)
                .expect("nobody holds its streams any more, and what came is UTF-8")
        };
        let code = status.code().or(status.signal().map(|signal| 128 + signal));
        self.ended(read(stdout), read(stderr), code.unwrap())
    }

    /// Waits for its end, and kills it when its time is over.
    pub fn wait(&mut self) -> ExitStatus {
        if self.home.is_some() {
            check_memory(&self.child, self.memory);
        }
        wait_until(&mut self.child, self.end)
    }

    fn ended(mut self, stdout: String, stderr: String, code: i32) -> Ended {
        let ended = Ended {
            args: std::mem::take(&mut self.args),
            stdout,
            stderr,
            code,
        };
        ended.check_invariants(self.revealing);
        for (path, stamp) in self.home.as_deref().map(files).unwrap_or_default() {
            if self.files.get(&path) != Some(&stamp) {
                let text =
                    String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
                ended.check_secrets(&path.display().to_string(), &text, self.revealing);
            }
        }
        ended
    }
}

/// What nobody has waited for does not outlive its test.
impl Drop for Started {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            if self.home.is_some() && !thread::panicking() {
                check_memory(&self.child, self.memory);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What is left in the stream, if somebody has it.
fn rest(stream: Option<impl Read>) -> String {
    let mut text = String::new();
    if let Some(mut stream) = stream {
        stream.read_to_string(&mut text).unwrap();
    }
    text
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
        // Without waiting for somebody who writes, so that the helper does not wait for us.
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

    /// The next line that somebody writes to it.
    pub fn line(&mut self) -> String {
        let began = Instant::now();
        let mut line = Vec::new();
        let mut byte = [0];
        while line.last() != Some(&b'\n') {
            assert!(began.elapsed() < GUARD, "nothing is written: {line:?}");
            match self.fifo.read(&mut byte) {
                Ok(1) => line.push(byte[0]),
                // Nobody has opened it yet, or has more to say yet.
                _ => thread::yield_now(),
            }
        }
        String::from_utf8(line).unwrap()
    }

    /// What was written to it since, once everybody who held it is gone.
    pub fn end(mut self) -> String {
        rustix::fs::fcntl_setfl(&self.fifo, rustix::fs::OFlags::empty()).unwrap();
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            self.fifo.read_to_string(&mut text).unwrap();
            let _ = sender.send(text);
        });
        ended
            .recv_timeout(GUARD)
            .expect("nothing of the helper is left")
    }
}

/// Waits for the child, and kills it if it hangs.
pub fn wait(child: &mut Child) -> ExitStatus {
    wait_until(child, Instant::now() + GUARD)
}

fn wait_until(child: &mut Child, end: Instant) -> ExitStatus {
    let (done, over) = mpsc::channel::<()>();
    let pid = Pid::from_child(child);
    let guard = thread::spawn(move || {
        let left = end.saturating_duration_since(Instant::now());
        let hangs = over.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Timeout);
        if hangs {
            let _ = kill_process(pid, Signal::KILL);
        }
        hangs
    });
    let status = child.wait().unwrap();
    drop(done);
    assert!(!guard.join().unwrap(), "it did not end by its deadline");
    status
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
    fn check_invariants(&self, revealing: bool) {
        assert!(
            !self.stderr.contains("memory allocation of"),
            "it takes more memory than it may: {self:#?}"
        );
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            self.check_secrets(name, text, revealing);
            assert!(
                !text.contains("Authorization"),
                "a header on {name}: {self:#?}"
            );
            assert!(
                !text.contains("panicked") && !text.contains("RUST_BACKTRACE"),
                "a panic on {name}: {self:#?}"
            );
        }
        let control = self
            .stderr
            .chars()
            .find(|&c| c != '\n' && acctq::escape::is_forbidden(c));
        assert_eq!(control, None, "a control character on stderr: {self:#?}");
    }

    /// No secret is in the text, in any form.
    fn check_secrets(&self, place: &str, text: &str, revealing: bool) {
        for (what, secret) in [
            ("bearer token", TOKEN),
            ("proxy's password", PROXY_PASSWORD),
            ("activation token", ACTIVATION),
        ] {
            if secret == ACTIVATION && revealing {
                continue;
            }
            for form in forms(secret) {
                assert!(!text.contains(&form), "the {what} in {place}: {self:#?}");
            }
        }
    }

    /// Asserts standard output, standard error and exit code at once.
    #[track_caller]
    pub fn is(&self, code: i32, stdout: &str, stderr: &str) -> &Self {
        assert_eq!(
            (self.code, self.stdout.as_str(), self.stderr.as_str()),
            (code, stdout, stderr),
            "\n--- stdout\n{}--- stderr\n{}--- {}",
            self.stdout,
            self.stderr,
            self.args
        );
        self
    }

    /// Asserts a failure: nothing on standard output, the exit code, and an error that says all of `says`.
    #[track_caller]
    pub fn fails(&self, code: i32, says: &[&str]) -> &Self {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:#?}");
        for words in says {
            assert!(
                self.stderr.contains(words),
                "{words:?} is not said: {self:#?}"
            );
        }
        self
    }

    /// Asserts a success with this standard output, and silence on standard error.
    #[track_caller]
    pub fn prints(&self, stdout: &str) -> &Self {
        self.is(0, stdout, "")
    }

    /// The one JSON object on standard error, below its single key.
    #[track_caller]
    pub fn error(&self) -> serde_json::Value {
        let lines: Vec<_> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "one line on stderr: {self:#?}");
        let value: serde_json::Value = serde_json::from_str(lines[0]).expect("JSON on stderr");
        let object = value.as_object().unwrap();
        assert_eq!(object.keys().collect::<Vec<_>>(), ["error"], "{self:#?}");
        value["error"].clone()
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
    for shift in 0..3 {
        let encoded = base64(&[&vec![0; shift][..], secret.as_bytes()].concat());
        // Only the characters that depend on nothing but the secret.
        let start = [0, 2, 3][shift];
        let end = (shift + secret.len()) * 4 / 3;
        forms.push(encoded[start..end].to_owned());
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let word = (0..3).fold(0_usize, |word, i| {
                word << 8 | usize::from(*chunk.get(i).unwrap_or(&0))
            });
            (0..4).map(move |i| char::from(ALPHABET[word >> (18 - 6 * i) & 63]))
        })
        .collect()
}

#[test]
fn a_run_that_breaks_a_promise_is_found_out() {
    let home = Home::new();
    home.file("mine", TOKEN, 0o600);
    home.shell("echo fine >left; cat mine >/dev/null")
        .run()
        .prints("");
    for script in [
        "cat mine",
        "cat mine >&2",
        "cp mine left",
        "mkdir -p deep/down; rev=c9a3f7-reraeb-yranac; echo \"$rev\" >>deep/down/left",
        "echo PNS-CANARY42 >>left",
        "echo 'canary-proxy%2D5d20b1' >>left",
        "echo 'Authorization: x'",
        "printf '\\033[31m' >&2",
        "echo \"thread 'main' panicked at src\" >&2",
        "echo 'memory allocation of 1 bytes failed' >&2",
    ] {
        let found = std::panic::catch_unwind(|| home.shell(script).run());
        assert!(found.is_err(), "{script}");
    }
    // Asked once the limit is there, which is before there is any input.
    if cfg!(target_os = "linux") {
        let asked = home.shell("read line; ulimit -d").stdin("now\n");
        asked.run().prints("49152\n");
    }
}

#[test]
fn a_run_has_as_long_as_its_deadline_says() {
    let home = Home::new();
    for (args, stdin, most) in [
        ("cacc get cacc_1 --timeout 2s", "", 21 + 2 * 2),
        ("--timeout=2s get cacc_1 cacc_2", "", 21 + 2 * 2),
        ("get - --timeout 1s --timeout 5s", "a\nb\nc\n", 21 + 5 * 5),
        ("get cacc_1 --timeout never", "", 60),
        ("get cacc_1", "", 60),
    ] {
        let run = home.acctq(args).stdin(stdin);
        assert_eq!(run.most(), Duration::from_secs(most), "{args}");
    }
}

#[test]
fn the_forms_of_a_secret_are_found() {
    assert_eq!(base64(b"Man"), "TWFu");
    let forms = forms("secret-token");
    for leak in [
        "c2VjcmV0LXRva2Vu",
        &base64(b"Bearer secret-token"),
        "7365637265742d746f6b656e",
        "nekot-terces",
        "secret%2Dtoken",
    ] {
        assert!(
            forms.iter().any(|form| leak.contains(form.as_str())),
            "{leak}"
        );
    }
}
