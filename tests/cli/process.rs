//! The process as others see it: how signals end it, what it leaves behind, what it shows.

use std::fs;
use std::io::Read as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{
    Pid, Resource, Rlimit, Signal, getrlimit, getuid, setrlimit, test_kill_process,
};
use serde_json::Value;

use super::config::{FOUND, LOOK_UP, account, bearers, server};
use super::harness::{Ended, Home, Leash, Run, Started, TOKEN, wait};
use super::tokens::{PRINT, helped};
use super::wire::{Do, Wire, json, response, serves};

const ENDED: &str = "another program sent SIGTERM, perhaps for a time limit, or the terminal was closed; run it again if you still want it";

const SIGNALS: [(Signal, i32, &str, &str); 3] = [
    (
        Signal::INT,
        130,
        "interrupted",
        "run it again if you still want it",
    ),
    (Signal::TERM, 143, "terminated", ENDED),
    (Signal::HUP, 143, "terminated", ENDED),
];

/// More than any pipe holds, so that a reader that takes no more stalls us.
const LARGE: usize = 700 * 1024;

/// An account of that size.
fn large(id: &str) -> String {
    let metadata = format!(r#","metadata":{{"note":"{}"}}}}"#, "x".repeat(LARGE));
    account(id).replace('}', &metadata)
}

/// A look-up on its way into a phase.
struct Way<'a> {
    run: Run,
    /// Returns once it is there.
    until: Box<dyn FnOnce(&mut Started) + 'a>,
}

/// A look-up at this server, which has got there when that many requests were made.
fn at<'a>(home: &Home, wire: &'a Wire, requests: usize) -> Way<'a> {
    home.profile(wire.url());
    Way {
        run: home.acctq(LOOK_UP),
        until: Box::new(move |_| wire.asked(requests)),
    }
}

/// Each phase: its name, the way there, and what is said beyond what was looked up.
type Phase = (
    &'static str,
    fn(&Home, &mut dyn FnMut(Way<'_>)),
    &'static str,
);

const PHASES: &[Phase] = &[
    (
        "the token helper is running",
        |home, go| {
            let wire = server();
            let mut leash = Leash::new(home);
            let text = format!(
                "exec 3>'{}'; echo begun >&3; sleep 1000 & sleep 1000",
                leash.path().display()
            );
            go(Way {
                run: helped(home, &wire, &text),
                until: Box::new(|_| assert_eq!(leash.line(), "begun\n")),
            });
            // Its whole group is gone.
            assert_eq!((leash.end().as_str(), wire.connections()), ("", 0));
        },
        "; command `sh`, which was to print the token, was ended",
    ),
    (
        "the token helper ignores signals",
        |home, go| {
            let wire = server();
            let mut leash = Leash::new(home);
            let text = format!(
                "trap '' TERM INT HUP; exec 3>'{}' >&-; (sleep 1000; sleep 1000) & echo begun >&3; sleep 1000",
                leash.path().display()
            );
            go(Way {
                run: helped(home, &wire, &text),
                until: Box::new(|_| assert_eq!(leash.line(), "begun\n")),
            });
            assert_eq!((leash.end().as_str(), wire.connections()), ("", 0));
        },
        "; command `sh`, which was to print the token, was ended",
    ),
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    (
        "resolving",
        |home, go| hanging(home, "https://billing.test", "getaddrinfo", go),
        "",
    ),
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    (
        "connecting",
        |home, go| hanging(home, "https://127.0.0.1:1", "connect", go),
        "",
    ),
    (
        "in the TLS handshake",
        |home, go| {
            let wire = Wire::always(vec![Do::Start, Do::Hold]);
            home.profile(&wire.url().replace("http:", "https:"));
            go(Way {
                run: home.acctq(LOOK_UP),
                until: Box::new(|_| assert_eq!(wire.connections_of(1), 1)),
            });
        },
        "",
    ),
    (
        "waiting for the answer",
        |home, go| go(at(home, &Wire::always(vec![Do::Read, Do::Hold]), 1)),
        "",
    ),
    (
        "half the answer is there",
        |home, go| {
            let answer = json(&account("cacc_1"));
            let half = answer[..answer.len() - 9].to_vec();
            let wire = Wire::always(vec![Do::Read, Do::Write(half), Do::Hold]);
            go(at(home, &wire, 1));
        },
        "",
    ),
    (
        "pausing before a retry",
        |home, go| {
            let busy = response("503 Service Unavailable", "Retry-After: 30\r\n", "");
            let wire = Wire::answers(busy);
            let way = at(home, &wire, 1);
            go(Way {
                run: way.run.arg("-v"),
                until: Box::new(|started| {
                    (way.until)(started);
                    let told = started.message();
                    assert!(told.contains("\"retry_in_ms\":30000"), "{told}");
                }),
            });
        },
        "",
    ),
];

/// A library that goes before the system's and hangs wherever a name is resolved or a connection made; it says so before.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HANGING: &str = r#"
fn hang(function: &str) -> ! {
    std::fs::write(std::env::var_os("HANGING").unwrap(), format!("{function}\n")).unwrap();
    loop { std::thread::park() }
}
#[unsafe(no_mangle)] pub extern "C" fn getaddrinfo() -> i32 { hang("getaddrinfo") }
#[unsafe(no_mangle)] pub extern "C" fn connect() -> i32 { hang("connect") }
"#;

/// A look-up that hangs in that function.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn hanging(home: &Home, url: &str, function: &str, go: &mut dyn FnMut(Way<'_>)) {
    static LIBRARY: std::sync::OnceLock<(Home, PathBuf)> = std::sync::OnceLock::new();
    let (_, library) = LIBRARY.get_or_init(|| {
        let home = Home::new();
        let source = home.file("hanging.rs", HANGING, 0o600);
        let library = home.path().join("libhanging.so");
        let made = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
            .args(["--edition=2024", "--crate-type=cdylib", "-o"])
            .args([&library, &source])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        (home, library)
    });
    home.profile(url);
    let mut leash = Leash::new(home);
    go(Way {
        run: home
            .acctq(LOOK_UP)
            .env("LD_PRELOAD", library)
            .env("HANGING", leash.path()),
        until: Box::new(|_| assert_eq!(leash.line(), format!("{function}\n"))),
    });
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn a_resolver_that_hangs() {
    for (proxy, message, code) in [
        (
            "",
            "the name billing.test did not resolve within 0.3 s (cacc_1, profile test)",
            "timeout",
        ),
        (
            "http://proxy.test:3128",
            "the name of the proxy proxy.test:3128 (HTTPS_PROXY) did not resolve within 0.3 s (cacc_1, profile test)",
            "proxy",
        ),
    ] {
        let home = Home::new();
        hanging(&home, "https://billing.test", "getaddrinfo", &mut |way| {
            let mut started = way
                .run
                .env("HTTPS_PROXY", proxy)
                .arg("--timeout=300ms")
                .start();
            (way.until)(&mut started);
            let error = started.exits().fails(7, &[]).error();
            assert_eq!(
                (&error["message"], &error["code"], &error["retryable"]),
                (&message.into(), &code.into(), &true.into())
            );
        });
    }
}

#[test]
fn a_signal_ends_every_phase_of_a_look_up() {
    for (phase, way, more) in PHASES {
        for (signal, code, name, hint) in SIGNALS {
            let home = Home::new();
            way(&home, &mut |Way { run, until }| {
                let mut started = run.start();
                until(&mut started);
                started.signal(signal);
                let ended = started.exits();
                let error = ended.fails(code, &[]).error();
                for (member, value) in [
                    ("code", Value::from(name)),
                    ("exit_code", code.into()),
                    ("retryable", false.into()),
                    (
                        "message",
                        format!("{name} while looking up the connected account cacc_1 (profile test){more}")
                            .into(),
                    ),
                    ("hint", hint.into()),
                    ("id", "cacc_1".into()),
                    ("api", "connect".into()),
                    ("profile", "test".into()),
                ] {
                    assert_eq!(error[member], value, "{phase}");
                }
            });
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_ignored_when_it_was_started_stays_ignored() {
    use std::sync::{Mutex, mpsc};
    let (asked, was_asked) = mpsc::channel();
    let (go, gone) = mpsc::channel();
    let (asked, gone) = (Mutex::new(asked), Mutex::new(gone));
    let url = serves(move |_| {
        asked.lock().unwrap().send(()).unwrap();
        gone.lock().unwrap().recv().unwrap();
        json(&account("cacc_1"))
    });
    let home = Home::new();
    home.profile(&url);
    let begun = |ignored: &str| {
        let mut started = home
            .shell(&format!("trap '' {ignored}; exec acctq {LOOK_UP}"))
            .start();
        was_asked.recv().unwrap();
        for signal in [Signal::INT, Signal::HUP] {
            started.signal(signal);
        }
        started
    };
    let mut started = begun("INT HUP TERM");
    started.signal(Signal::TERM);
    go.send(()).unwrap();
    started.exits().prints(FOUND);
    // The others count as ever.
    let mut started = begun("INT HUP");
    started.signal(Signal::TERM);
    let error = started.exits().fails(143, &[]).error();
    assert_eq!(error["code"], "terminated");
    go.send(()).unwrap();
    let error = begun("HUP").exits().fails(130, &[]).error();
    assert_eq!(error["code"], "interrupted");
    go.send(()).unwrap();
}

#[test]
fn people_are_told_how_far_it_came() {
    let home = Home::new();
    for (signal, code, stderr) in [
        (
            Signal::INT,
            130,
            "error: interrupted while looking up the connected account cacc_1 (profile test)
  hint: run it again if you still want it
",
        ),
        (
            Signal::TERM,
            143,
            "error: terminated while looking up the connected account cacc_1 (profile test)
  hint: another program sent SIGTERM, perhaps for a time limit, or the terminal was closed; run it again if you still want it
",
        ),
    ] {
        let wire = Wire::always(vec![Do::Read, Do::Hold]);
        home.profile(wire.url());
        let mut started = home.acctq("cacc get cacc_1 -q").start();
        wire.asked(1);
        started.signal(signal);
        started.exits().is(code, "", stderr);
    }
}

/// Of three accounts the first is found, the second is not, and the third never comes.
fn two_of_four(format: &str) -> Ended {
    let found = json(&account("cacc_1"));
    let missing = response("404 Not Found", "", "");
    let wire = Wire::always(vec![
        Do::Read,
        Do::Write(found),
        Do::Read,
        Do::Write(missing),
        Do::Read,
        Do::Hold,
    ]);
    let home = Home::new();
    home.profile(wire.url());
    let mut started = home
        .acctq(&format!(
            "cacc get cacc_1 cacc_2 cacc_3 cacc_4 -F id,status -o {format} --jobs 1"
        ))
        .start();
    wire.asked(3);
    started.signal(Signal::INT);
    started.exits()
}

#[test]
fn the_output_of_several_is_whole() {
    for (format, stdout) in [
        ("table", "ID      Status\ncacc_1  active\n"),
        (
            "json",
            "[\n  {\n    \"id\": \"cacc_1\",\n    \"status\": \"active\"\n  }\n]\n",
        ),
        ("yaml", "- id: cacc_1\n  status: active\n"),
        ("ndjson", "{\"id\":\"cacc_1\",\"status\":\"active\"}\n"),
    ] {
        let ended = two_of_four(format);
        let message = "interrupted after 2 of 4 ids (1 found, 1 failed)";
        let hint = "run it again with the ids from cacc_3 on";
        if format.ends_with("json") {
            let errors: Vec<Value> = ended
                .stderr
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            assert_eq!(errors.len(), 2, "{ended:#?}");
            assert_eq!(errors[0]["error"]["id"], "cacc_2");
            let last = &errors[1]["error"];
            assert_eq!(
                (&last["message"], &last["hint"], &last["id"]),
                (&message.into(), &hint.into(), &Value::Null)
            );
        } else {
            let (first, last) = ended
                .stderr
                .split_at(ended.stderr.find("error: int").unwrap());
            assert!(first.starts_with("error: no connected account cacc_2 at "));
            assert_eq!(last, format!("error: {message}\n  hint: {hint}\n"));
        }
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (130, stdout),
            "{format}"
        );
    }
}

#[test]
fn without_a_result_there_is_no_array() {
    for format in ["table", "json", "yaml", "ndjson"] {
        let wire = Wire::always(vec![Do::Read, Do::Hold]);
        let home = Home::new();
        home.profile(wire.url());
        let mut started = home
            .acctq(&format!("cacc get cacc_1 cacc_2 -o {format}"))
            .start();
        wire.asked(1);
        started.signal(Signal::TERM);
        started
            .exits()
            .fails(143, &["terminated before anything was looked up"]);
    }
}

#[test]
fn what_the_signal_ends_is_no_failure_of_an_id() {
    let wire = server();
    let home = Home::new();
    let mut leash = Leash::new(&home);
    let text = format!(
        "exec 3>'{}'; echo begun >&3; sleep 1000",
        leash.path().display()
    );
    let mut started = helped(&home, &wire, &text).arg("cacc_2").start();
    assert_eq!(leash.line(), "begun\n");
    started.signal(Signal::INT);
    let ended = started.exits();
    assert_eq!(ended.fails(130, &[]).error()["code"], "interrupted");
    leash.end();
}

#[test]
fn a_reader_that_stalls_does_not_keep_it() {
    for (args, whole) in [
        ("cacc get cacc_1 -o json", ""),
        (
            "cacc get cacc_0 cacc_1 -F id,metadata -o ndjson --jobs 1",
            "{\"id\":\"cacc_0\"}\n",
        ),
    ] {
        let wire = Wire::new(if whole.is_empty() {
            vec![vec![Do::Read, Do::Write(json(&large("cacc_1"))), Do::Hold]]
        } else {
            vec![vec![
                Do::Read,
                Do::Write(json(&account("cacc_0"))),
                Do::Read,
                Do::Write(json(&large("cacc_1"))),
                Do::Hold,
            ]]
        });
        let home = Home::new();
        home.profile(wire.url());
        let mut started = home.acctq(args).start();
        // The large one has begun.
        let taken: String = (0..=whole.len())
            .map(|_| char::from(started.first_byte()))
            .collect();
        assert_eq!(taken, format!("{whole}{{"));
        started.signal(Signal::INT);
        let ended = started.exits();
        assert_eq!(ended.code, 130);
        assert!(ended.stdout.len() < LARGE);
        let error = ended.error();
        let message = error["message"].as_str().unwrap();
        let last = if whole.is_empty() {
            "while looking up the connected account cacc_1 (profile test)"
        } else {
            "after 1 of 2 ids (1 found, 0 failed)"
        };
        let stalled = "; the reader of the output has stalled: what was printed is cut off";
        assert_eq!(message, format!("interrupted {last}{stalled}"));
    }
}

#[test]
fn one_who_reads_neither_stream_does_not_keep_it() {
    for (signal, code, ..) in SIGNALS {
        let wire = Wire::answers(json(&large("cacc_1")));
        let home = Home::new();
        home.profile(wire.url());
        let (mut reader, writer) = std::io::pipe().unwrap();
        let run = home.acctq("cacc get cacc_1 -o json");
        let mut started =
            run.start_with(|command| command.stdout(writer.try_clone().unwrap()).stderr(writer));
        reader.read_exact(&mut [0]).unwrap();
        started.signal(signal);
        started.exits().is(code, "", "");
    }
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let wire = Wire::answers(json(&large("cacc_1")));
    let home = Home::new();
    home.profile(wire.url());
    let mut started = home.acctq("cacc get cacc_1 -o json").start();
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
    let text = format!(
        "exec 3>'{}'; echo $$ >&3; sleep 1000 >&- & {PRINT}",
        leash.path().display()
    );
    let mut started = helped(&home, &wire, &text).start();
    let helper = pid(&leash.line());
    // We hold the token by now, and still run.
    wire.asked(1);
    assert!(test_kill_process(helper).is_err(), "a zombie is left");
    assert_eq!(leash.end(), "", "its group is gone");
    started.signal(Signal::INT);
    started.exits().fails(130, &["interrupted"]);
    assert_eq!(bearers(&wire), [TOKEN]);

    // One that is interrupted is reaped by us, not by whoever inherits it.
    let mut leash = Leash::new(&home);
    let text = format!(
        "exec 3>'{}'; echo $$ >&3; sleep 1000",
        leash.path().display()
    );
    let mut started = helped(&home, &wire, &text).start();
    let helper = pid(&leash.line());
    started.signal(Signal::TERM);
    started.exits().fails(143, &["terminated"]);
    assert!(test_kill_process(helper).is_err(), "a zombie is left");
    leash.end();
}

fn pid(line: &str) -> Pid {
    Pid::from_raw(line.trim().parse().unwrap()).unwrap()
}

/// What the helper sees of itself and of us, in files of the home.
#[cfg(target_os = "linux")]
#[test]
fn a_helper_sees_no_secret_and_no_core_file() {
    let wire = server();
    let home = Home::new();
    let text = format!(
        "cat /proc/$$/cmdline >cmdline; cat /proc/$$/environ >environ; cat /proc/$PPID/cmdline >ours; \
         grep 'core file size' /proc/$$/limits >limits; grep 'core file size' /proc/$PPID/limits >>limits; {PRINT}"
    );
    helped(&home, &wire, &text)
        .env("ACCTQ_PARTNER_TOKEN", TOKEN)
        .env("RUST_BACKTRACE", "full")
        .run()
        .prints(FOUND);
    let read = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    let limits = read("limits");
    let limits: Vec<_> = limits.split_whitespace().collect();
    let none = ["Max", "core", "file", "size", "0", "0", "bytes"];
    assert_eq!(limits, [none, none].concat());
    for (name, holds) in [
        ("cmdline", "/bin/sh\0-c\0"),
        ("environ", "RUST_BACKTRACE=full\0"),
        ("ours", "cacc\0get\0cacc_1\0"),
    ] {
        let seen = read(name);
        assert!(seen.contains(holds) && !seen.contains(TOKEN), "{seen}");
    }
}

#[test]
fn a_quit_leaves_no_core_file() {
    // Whoever starts us would like one.
    let core = getrlimit(Resource::Core);
    let wanted = Rlimit {
        current: core.maximum,
        ..core
    };
    setrlimit(Resource::Core, wanted).unwrap();
    let wire = Wire::always(vec![Do::Read, Do::Hold]);
    let home = Home::new();
    home.profile(wire.url());
    let mut started = home.acctq(LOOK_UP).start();
    wire.asked(1);
    started.signal(Signal::QUIT);
    let status = started.wait();
    assert_eq!(
        (status.signal(), status.core_dumped()),
        (Some(Signal::QUIT.as_raw()), false)
    );
    let left: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, [".config"]);
}

/// The user that the test is run by, or another one if that is root, from whom nothing can be kept.
#[cfg(target_os = "linux")]
fn as_ordinary_user(command: &mut Command) -> &mut Command {
    if getuid().is_root() {
        command.uid(65534).gid(65534);
    }
    command
}

#[cfg(target_os = "linux")]
#[test]
fn other_processes_of_the_user_cannot_read_its_memory_or_environment() {
    use std::os::unix::fs::PermissionsExt as _;
    // Where any user can start it.
    let home = Home::new();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = home.path().join("acctq");
    fs::copy(env!("CARGO_BIN_EXE_acctq"), &program).unwrap();
    let reads = |pid: u32, file: &str| {
        let mut cat = Command::new("cat");
        let output = as_ordinary_user(cat.arg(format!("/proc/{pid}/{file}")))
            .output()
            .unwrap();
        (output.status.success(), output.stdout)
    };
    let wire = Wire::always(vec![Do::Read, Do::Hold]);
    let mut command = Command::new(program);
    as_ordinary_user(&mut command)
        .args(LOOK_UP.split(' '))
        .env_clear()
        .env("ACCTQ_CONNECT_URL", wire.url())
        .env("ACCTQ_CONNECT_TOKEN", TOKEN)
        .current_dir(Path::new("/"));
    let mut started = Run::of(command).start();
    wire.asked(1);
    for file in ["environ", "mem", "maps", "auxv"] {
        assert_eq!(reads(started.child.id(), file), (false, vec![]), "{file}");
    }
    let (readable, cmdline) = reads(started.child.id(), "cmdline");
    assert!(readable && !cmdline.windows(TOKEN.len()).any(|w| w == TOKEN.as_bytes()));
    started.child.kill().unwrap();
    started.wait();

    // A program that does not care can be read in the same way.
    let mut sleep = Command::new("sleep");
    let mut other = as_ordinary_user(sleep.arg("1000").env_clear().env("TOLD", "yes"))
        .spawn()
        .unwrap();
    let (readable, environ) = reads(other.id(), "environ");
    other.kill().unwrap();
    wait(&mut other);
    assert!(readable && environ == b"TOLD=yes\0", "{environ:?}");
}

#[test]
fn a_backtrace_is_not_to_be_had() {
    let home = Home::new();
    home.profile("http://127.0.0.1:1");
    for args in [
        "cacc get cacc_1 --retries 0",
        "get ?",
        "-p none get cacc_1",
        // With a cause below it, where a backtrace would be.
        "man nowhere",
    ] {
        let plain = home.acctq(args).run();
        for value in ["1", "full"] {
            let traced = home
                .acctq(args)
                .env("RUST_BACKTRACE", value)
                .env("RUST_LIB_BACKTRACE", value)
                .run();
            traced.is(plain.code, "", &plain.stderr);
            assert!(plain.code != 0 && !plain.stderr.contains("backtrace"));
        }
    }
}
