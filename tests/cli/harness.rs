//! Runs the real program in an empty environment with a home of its own, and checks what must hold for every run.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
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
            ..Run::of(command)
        }
    }

    /// `acctq sandbox` at work.
    pub fn sandbox(&self) -> Sandbox {
        let mut command = self.acctq("sandbox --port 0").into_command();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let url = line.split(['=', ' ']).nth(2).expect("a URL").to_owned();
        Sandbox { child, url }
    }
}

/// A sandbox that serves until it is dropped.
pub struct Sandbox {
    child: Child,
    pub url: String,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run to be: arguments, environment, standard input.
pub struct Run {
    command: Command,
    stdin: Vec<u8>,
    revealing: bool,
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
            command,
            stdin: Vec::new(),
            revealing,
        }
    }

    /// A run of another program, which is held to the same.
    pub fn of(command: Command) -> Self {
        Run {
            command,
            stdin: Vec::new(),
            revealing: false,
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

    /// The command itself, for what this harness does not do.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Starts it, for what has to happen while it runs. It has no input.
    pub fn start(mut self) -> Started {
        let args = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Started {
            args,
            stdout: child.stdout.take().map(BufReader::new),
            stderr: child.stderr.take().map(BufReader::new),
            child,
            revealing: self.revealing,
        }
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        let args = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let output = assert_cmd::Command::from_std(self.command)
            .write_stdin(self.stdin)
            .timeout(GUARD)
            .output()
            .expect("the program starts, and ends in time");
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        let status = output.status;
        let ended = Ended {
            args,
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            code: status
                .code()
                .or(status.signal().map(|signal| 128 + signal))
                .unwrap(),
        };
        ended.check_invariants(self.revealing);
        ended
    }
}

/// A run that is under way. What is taken of its streams is not in its end.
pub struct Started {
    args: String,
    pub child: Child,
    pub stdout: Option<BufReader<ChildStdout>>,
    pub stderr: Option<BufReader<ChildStderr>>,
    revealing: bool,
}

impl Started {
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
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
        let status = wait(&mut self.child);
        let ended = Ended {
            args: self.args,
            stdout: rest(self.stdout),
            stderr: rest(self.stderr),
            code: status.code().expect("an exit, not a death by signal"),
        };
        ended.check_invariants(self.revealing);
        ended
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
pub fn wait(child: &mut Child) -> std::process::ExitStatus {
    let (done, over) = std::sync::mpsc::channel::<()>();
    let pid = child.id();
    let guard = thread::spawn(move || {
        if over.recv_timeout(GUARD) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            Command::new("kill")
                .args(["-9", &pid.to_string()])
                .status()
                .unwrap();
        }
    });
    let began = Instant::now();
    let status = child.wait().unwrap();
    drop(done);
    guard.join().unwrap();
    assert!(began.elapsed() < GUARD, "the program hung");
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
        let streams = [("stdout", &self.stdout), ("stderr", &self.stderr)];
        for (name, text) in streams {
            for form in forms(TOKEN) {
                assert!(
                    !text.contains(&form),
                    "the bearer token on {name}: {self:#?}"
                );
            }
            for form in forms(PROXY_PASSWORD) {
                assert!(
                    !text.contains(&form),
                    "the proxy's password on {name}: {self:#?}"
                );
            }
            assert!(
                !text.contains("Authorization"),
                "a header on {name}: {self:#?}"
            );
            for form in forms(ACTIVATION) {
                assert!(
                    revealing || !text.contains(&form),
                    "the activation token on {name}: {self:#?}"
                );
            }
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
