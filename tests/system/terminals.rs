//! The terminal that a shell hands to one program after the other: progress shows only while it is ours.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Child;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::harness::{Home, terminal};
use crate::programs::program;
use crate::wire::{Do, Gate, Wire, json};

/// A guard against a hang, not a measurement.
const GUARD: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// An interactive bash on a terminal of its own.
struct Shell {
    child: Child,
    terminal: File,
}

impl Shell {
    fn new(home: &Home) -> Self {
        let (master, slave) = terminal(80);
        let acctq = assert_cmd::cargo::cargo_bin!("acctq");
        let mut command = program(home, "setsid", "util-linux");
        command.args(["--ctty", "bash", "--norc", "--noprofile", "--noediting", "-i"]).env("TERM", "xterm");
        command.env("PS1", "$ ").env("ACCTQ", acctq).stdin(slave.try_clone().unwrap());
        let child = command.stdout(slave.try_clone().unwrap()).stderr(slave).spawn().unwrap();
        Shell { child, terminal: master }
    }

    fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// What the terminal is sent until `is_there` is true of it.
    fn until(&mut self, is_there: impl Fn(&str) -> bool) -> String {
        let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let text = String::from_utf8_lossy(&sent);
            if is_there(&text) {
                return text.into_owned();
            }
            let ready = poll(&mut [PollFd::new(&self.terminal, PollFlags::IN)], Some(&GUARD)).unwrap();
            assert!(ready > 0, "it never comes: {text:?}");
            let length = self.terminal.read(&mut buffer).unwrap();
            sent.extend_from_slice(&buffer[..length]);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn has_progress(text: &str) -> bool {
    text.contains(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
}

const WAIT: &str = "$ACCTQ wait cacc_1 --for status=active --interval 300ms -F status";

/// A home whose account becomes active at the second look-up, as soon as the gate is open.
fn home() -> (Home, Wire, Gate) {
    let (home, gate) = (Home::new(), Gate::default());
    let answer = |status: &str| Do::Write(json(&format!("{{\"id\":\"cacc_1\",\"status\":\"{status}\"}}")));
    let last = vec![Do::Read, Do::Pass(gate.clone()), answer("active"), Do::Finish];
    let wire = Wire::new(vec![vec![Do::Read, answer("pending"), Do::Finish], last]);
    home.profile(wire.url());
    (home, wire, gate)
}

#[test]
fn progress_shows_where_no_other_program_reads_the_output() {
    for (to, is_shown) in [
        ("", true),
        (" >out", true),
        (" >/dev/null", true),
        (" >/dev/tty", true),
        (" | cat", false),
        (" > >(cat)", false),
        (" | cat >out", false),
        (" &", false),
    ] {
        let (home, wire, gate) = home();
        let mut shell = Shell::new(&home);
        // The last word tells the end from the echo of what is typed.
        shell.types(&format!("{WAIT}{to}\n{} echo over''!\n", if to == " &" { "wait;" } else { "" }));
        wire.asked(2);
        gate.open();
        let sent = shell.until(|text| text.contains("over!"));
        assert_eq!(has_progress(&sent), is_shown, "{to}: {sent:?}");
    }
}

#[test]
fn progress_comes_and_goes_with_the_foreground() {
    let (home, wire, gate) = home();
    let mut shell = Shell::new(&home);
    shell.types(&format!("{WAIT} &\n"));
    wire.asked(2);
    shell.types("fg\n");
    let before = shell.until(has_progress);
    assert!(before.contains("fg\r\n"), "{before:?}");
    // Ctrl-Z
    shell.types("\u{1a}");
    shell.until(|text| text.contains("Stopped"));
    shell.types("bg\n");
    shell.until(|text| text.contains("bg\r\n"));
    gate.open();
    shell.types("wait; echo over''!\n");
    let after = shell.until(|text| text.contains("over!"));
    assert!(!has_progress(&after) && !after.contains("\u{1b}[K"), "{after:?}");
    assert!(after.contains("active"), "{after:?}");
}

#[test]
fn a_token_is_asked_for_without_being_shown_and_the_terminal_is_restored() {
    const TOKEN: &str = "acctq-sandbox-token";
    let home = Home::new();
    let sandbox = home.sandbox();
    let mut shell = Shell::new(&home);
    let login = format!("$ACCTQ -p test auth login connect --url {}; echo code''=$?\n", sandbox.url);
    let token = home.config_path().with_file_name("connect-test.token");
    // What is typed, and the exit code: Ctrl-C, SIGTERM's like, a paste of two lines, of which no shell runs the second, and a token.
    for (typed, code) in [
        ("\u{3}", 130),
        ("", 4),
        ("\u{4}", 4),
        (&*format!("{TOKEN}\necho pasted''!\n"), 4),
        (&*format!(" {TOKEN}\n"), 0),
    ] {
        shell.types(&login);
        shell.until(|text| text.contains("Token for connect"));
        shell.types(if typed.is_empty() { "\n" } else { typed });
        let sent = shell.until(|text| text.contains("code="));
        assert!(sent.contains(&format!("code={code}")) && !sent.contains(TOKEN), "{typed:?}: {sent:?}");
        assert_eq!(token.exists(), code == 0);
        shell.types("stty -a; echo over''!\n");
        let sent = shell.until(|text| text.contains("over!"));
        assert!(
            sent.contains(" echo ") && sent.contains(" icanon ") && !sent.contains("pasted!"),
            "{typed:?}: {sent:?}"
        );
    }
    assert_eq!(std::fs::read_to_string(token).unwrap(), format!("{TOKEN}\n"));
}
