//! The process as others see it: how signals end it, what it leaves behind, what it shows.

use std::fs;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, setrlimit, test_kill_process};

use super::config::{FOUND, LOOK_UP, account, bearers, server};
use super::harness::{Home, Leash, Run, Started, TOKEN};
use super::tokens::{PRINT, helped};
use super::wire::{Do, Gate, Wire, json, response};

const SIGNALS: [(Signal, i32, &str); 3] =
    [(Signal::INT, 130, "interrupted"), (Signal::TERM, 143, "terminated"), (Signal::HUP, 143, "terminated")];

/// More than any pipe holds, so that a reader that takes no more stalls the program.
const LARGE: usize = 700 * 1024;

/// An answer of that size.
fn large(id: &str) -> Do {
    let metadata = format!(r#","metadata":{{"note":"{}"}}}}"#, "x".repeat(LARGE));
    Do::Write(json(&account(id).replace('}', &metadata)))
}

/// A look-up, and what waits until it is in its phase; a leash that this returns must end with the look-up.
type Phase = (Run, Box<dyn FnOnce(&mut Started) -> Option<Leash>>);

type Begin = fn(&Home) -> Phase;

const PHASES: &[(&str, Begin)] = &[
    ("the token helper is running", |home| with_helper(home, "sleep 1000 & echo begun >&3; sleep 1000")),
    ("the token helper ignores signals", |home| {
        let ignoring = "trap '' TERM INT HUP; (sleep 1000; sleep 1000) &";
        with_helper(home, &format!("{ignoring} echo begun >&3; sleep 1000"))
    }),
    #[cfg(target_os = "linux")]
    ("resolving", |home| hanging(home, "https://billing.test", "getaddrinfo")),
    #[cfg(target_os = "linux")]
    ("connecting", |home| hanging(home, "https://127.0.0.1:1", "connect")),
    ("in the TLS handshake", |home| {
        let wire = Wire::always(vec![Do::Start, Do::Hold]);
        home.profile(&wire.url().replace("http:", "https:"));
        let until = move |_: &mut Started| {
            assert_eq!(wire.connections_of(1), 1);
            None
        };
        (home.acctq(LOOK_UP), Box::new(until))
    }),
    ("waiting for the answer", |home| at(home, vec![Do::Read, Do::Hold])),
    ("half the answer has arrived", |home| {
        let answer = json(&account("cacc_1"));
        let half = answer[..answer.len() - 9].to_vec();
        at(home, vec![Do::Read, Do::Write(half), Do::Hold])
    }),
    ("pausing before a retry", |home| {
        let busy = response("503 Busy", "Retry-After: 30\r\n", "");
        let (run, _) = at(home, vec![Do::Read, Do::Write(busy), Do::Finish]);
        let until = |started: &mut Started| {
            while !started.message().contains("\"retry_in_ms\":30000") {}
            None
        };
        (run.arg("-v"), Box::new(until))
    }),
];

/// A look-up at a server that does this, until it has asked.
fn at(home: &Home, script: Vec<Do>) -> Phase {
    let wire = Wire::always(script);
    home.profile(wire.url());
    let until = move |_: &mut Started| {
        wire.asked(1);
        None
    };
    (home.acctq(LOOK_UP), Box::new(until))
}

/// A look-up with this helper, until it has written `begun` to its descriptor 3.
fn with_helper(home: &Home, script: &str) -> Phase {
    let mut leash = Leash::new(home);
    let script = format!("exec 3>'{}'; {script}", leash.path().display());
    let until = |_: &mut Started| {
        assert_eq!(leash.line(), "begun\n");
        Some(leash)
    };
    (helped(home, &server(), &script), Box::new(until))
}

/// A library that goes before the system's and hangs where a name is resolved or a connection made; it says so before.
const HANGING: &str = r#"
fn hang(function: &str) -> ! {
    std::fs::write(std::env::var_os("HANGING").unwrap(), format!("{function}\n")).unwrap();
    loop { std::thread::park() }
}
#[unsafe(no_mangle)] pub extern "C" fn getaddrinfo() -> i32 { hang("getaddrinfo") }
#[unsafe(no_mangle)] pub extern "C" fn connect() -> i32 { hang("connect") }
"#;

/// A look-up that hangs in that function.
fn hanging(home: &Home, url: &str, function: &'static str) -> Phase {
    static LIBRARY: OnceLock<(Home, PathBuf)> = OnceLock::new();
    let (_, library) = LIBRARY.get_or_init(|| {
        let home = Home::new();
        let source = home.file("hanging.rs", HANGING, 0o600);
        let library = home.path().join("libhanging.so");
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
        rustc.args(["--edition=2024", "--crate-type=cdylib", "-o"]);
        assert!(rustc.args([&library, &source]).status().unwrap().success());
        (home, library)
    });
    home.profile(url);
    let mut leash = Leash::new(home);
    let run = home.acctq(LOOK_UP).env("LD_PRELOAD", library);
    let run = run.env("HANGING", leash.path());
    let until = move |_: &mut Started| {
        assert_eq!(leash.line(), format!("{function}\n"));
        None
    };
    (run, Box::new(until))
}

#[test]
fn a_signal_ends_every_phase_of_a_look_up() {
    for (phase, begin) in PHASES {
        for (signal, exit_code, code) in SIGNALS {
            let home = Home::new();
            let (run, until) = begin(&home);
            let mut started = run.start();
            let leash = until(&mut started);
            started.signal(signal);
            let error = started.exits().fails_with(exit_code, code);
            for (key, value) in [("id", "cacc_1"), ("api", "connect"), ("profile", "test")] {
                assert_eq!(error[key], value, "{phase}");
            }
            assert_eq!(error["retryable"], false);
            assert_eq!(leash.map(Leash::end).unwrap_or_default(), "", "{phase}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_resolver_that_hangs_is_waited_for_until_the_timeout() {
    for (proxy, host, code) in [("", "billing.test", "timeout"), ("http://proxy.test:3128", "proxy.test", "proxy")] {
        let home = Home::new();
        let (run, until) = hanging(&home, "https://billing.test", "getaddrinfo");
        let run = run.env("HTTPS_PROXY", proxy).arg("--timeout=300ms");
        let mut started = run.start();
        until(&mut started);
        let error = started.exits().fails_with(7, code);
        assert_eq!(error["retryable"], true);
        let message = error["message"].as_str().unwrap();
        // A proxy's name is resolved in the phase of its connection.
        let is_phase_named = code == "proxy" || message.contains("resolve");
        assert!(message.contains(host) && is_phase_named, "{message}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let gate = Gate::default();
    let answer = Do::Write(json(&account("cacc_1")));
    let wire = Wire::always(vec![Do::Read, Do::Pass(gate.clone()), answer, Do::Finish]);
    let home = Home::new();
    home.profile(wire.url());
    let script = format!("trap '' INT HUP; exec acctq {LOOK_UP}");
    let mut started = home.shell(&script).start();
    wire.asked(1);
    started.signal(Signal::HUP);
    started.signal(Signal::INT);
    gate.open();
    started.exits().prints(FOUND);
}

/// A run at a server that does this, once it has asked for so many.
fn asking(script: Vec<Do>, args: &str, requests: usize) -> (Home, Started) {
    let (home, wire) = (Home::new(), Wire::always(script));
    home.profile(wire.url());
    let started = home.acctq(args).start();
    wire.asked(requests);
    (home, started)
}

#[test]
fn without_a_result_there_is_no_array() {
    for format in ["table", "json", "yaml", "ndjson"] {
        let args = format!("cacc get cacc_1 cacc_2 -o {format}");
        let (_home, mut started) = asking(vec![Do::Read, Do::Hold], &args, 1);
        started.signal(Signal::TERM);
        started.exits().fails(143, &["terminated"]);
    }
}

#[test]
fn a_reader_that_stalls_does_not_keep_it_and_hears_that_the_output_is_cut_off() {
    let small = vec![Do::Read, Do::Write(json(&account("cacc_0")))];
    let several = "cacc get cacc_0 cacc_1 -F id,metadata -o ndjson --jobs 1";
    for (args, before, whole) in [("cacc get cacc_1 -o json", vec![], ""), (several, small, "{\"id\":\"cacc_0\"}\n")] {
        let script = [before, vec![Do::Read, large("cacc_1"), Do::Hold]].concat();
        let (_home, mut started) = asking(script, args, 1);
        // The large one has begun.
        let taken = (0..=whole.len()).map(|_| char::from(started.first_byte()));
        assert_eq!(taken.collect::<String>(), format!("{whole}{{"));
        started.signal(Signal::INT);
        let ended = started.exits();
        assert!(ended.code == 130 && ended.stdout.len() < LARGE);
        let error = ended.error();
        assert_eq!(error["code"], "interrupted");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("cut off"), "{message}");
    }
}

#[test]
fn a_reader_that_takes_neither_stream_does_not_keep_it() {
    for (signal, code, _) in SIGNALS {
        let wire = Wire::always(vec![Do::Read, large("cacc_1"), Do::Finish]);
        let home = Home::new();
        home.profile(wire.url());
        let (mut reader, writer) = std::io::pipe().unwrap();
        let run = home.acctq("cacc get cacc_1 -o json");
        let stderr = writer.try_clone().unwrap();
        let mut started = run.start_with(|command| command.stdout(writer).stderr(stderr));
        reader.read_exact(&mut [0]).unwrap();
        started.signal(signal);
        assert_eq!(started.exits().code, code);
    }
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let script = vec![Do::Read, large("cacc_1"), Do::Finish];
    let (_home, mut started) = asking(script, "cacc get cacc_1 -o json", 1);
    started.first_byte();
    // It waits for the reader, so it has not yet said a word. The system delivers the two in any order.
    started.signal(Signal::INT);
    started.signal(Signal::TERM);
    let ended = started.exits();
    assert!([130, 143].contains(&ended.code), "{ended:#?}");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_helper_leaves_neither_zombie_nor_group() {
    let wire = Wire::always(vec![Do::Read, Do::Hold]);
    let home = Home::new();
    let mut leash = Leash::new(&home);
    let behind = format!("exec 3>'{}'; echo $$ >&3; sleep 1000 >&-", leash.path().display());
    let _started = helped(&home, &wire, &format!("{behind} & {PRINT}")).start();
    let helper = Pid::from_raw(leash.line().trim().parse().unwrap()).unwrap();
    // The program holds the token by now, and still runs.
    wire.asked(1);
    assert!(test_kill_process(helper).is_err(), "a zombie is left");
    assert_eq!((leash.end().as_str(), bearers(&wire).len()), ("", 1));
}

/// What the helper sees of itself and of the program, in files of the home.
#[cfg(target_os = "linux")]
#[test]
fn a_helper_sees_no_secret_and_no_core_file() {
    let wire = server();
    let home = Home::new();
    let text = format!(
        "cat /proc/$$/cmdline >cmdline; cat /proc/$$/environ >environ; cat /proc/$PPID/cmdline >ours; \
         grep 'core file size' /proc/$$/limits /proc/$PPID/limits >limits; {PRINT}"
    );
    let run = helped(&home, &wire, &text).env("ACCTQ_PARTNER_TOKEN", TOKEN);
    run.env("RUST_BACKTRACE", "full").run().prints(FOUND);
    let read = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    let limits = read("limits");
    let is_none = |line: &str| line.split_whitespace().rev().take(3).eq(["bytes", "0", "0"]);
    assert!(limits.lines().count() == 2 && limits.lines().all(is_none), "{limits}");
    for (name, holds) in
        [("cmdline", "/bin/sh\0-c\0"), ("environ", "RUST_BACKTRACE=full\0"), ("ours", "cacc\0get\0cacc_1\0")]
    {
        let seen = read(name);
        assert!(seen.contains(holds) && !seen.contains(TOKEN), "{seen}");
    }
}

#[test]
fn a_quit_leaves_no_core_file() {
    // The shell that starts it would like one.
    let core = getrlimit(Resource::Core);
    let current = core.maximum;
    setrlimit(Resource::Core, Rlimit { current, ..core }).unwrap();
    let (home, mut started) = asking(vec![Do::Read, Do::Hold], LOOK_UP, 1);
    started.signal(Signal::QUIT);
    let status = started.wait();
    let quit = Some(Signal::QUIT.as_raw());
    assert_eq!((status.signal(), status.core_dumped()), (quit, false));
    let left = fs::read_dir(home.path()).unwrap();
    assert!(left.map(|entry| entry.unwrap().file_name()).eq([".config"]));
}

#[test]
fn no_variable_adds_a_backtrace() {
    let home = Home::new();
    home.profile("http://127.0.0.1:1");
    for args in ["get cacc_1 --retries 0", "-p none get cacc_1", "man nowhere"] {
        let plain = home.run(args);
        let variables = [("RUST_BACKTRACE", "full"), ("RUST_LIB_BACKTRACE", "full")];
        let traced = home.acctq(args).envs(&variables).run();
        assert_ne!(plain.code, 0);
        traced.is(plain.code, "", &plain.stderr);
    }
}
