//! Many ids for as long as it takes: a hundred thousand, or as many as the variable `MANY_IDS` says.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::every_fault;
use crate::harness::Home;
use crate::wire::{Reply, Server, json, response};

/// The most memory that a run may have had, in KiB.
const MEMORY: u64 = 96 * 1024;

fn many() -> usize {
    match std::env::var("MANY_IDS") {
        Ok(count) => count.parse().expect("MANY_IDS is a number"),
        Err(_) => 100_000,
    }
}

/// The most memory that it has had, in KiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap().trim_end_matches("kB").trim().parse().unwrap()
}

fn lines(stream: impl std::io::BufRead) -> impl Iterator<Item = String> {
    stream.lines().map(Result::unwrap)
}

#[test]
fn every_id_is_accounted_for_and_memory_does_not_grow() {
    let ids = many();
    let (home, server) = (Home::new(), Server::new(every_fault::decide));
    home.profile(server.url());
    let run = home.acctq("cacc get - -o ndjson --jobs 32 --retries 1");
    let (mut started, mut stdin) = run.start_fed();
    let pid = started.child.id();
    let (stdout, stderr) = (started.stdout.take(), started.stderr.take());
    let (fed, open) = mpsc::channel();
    let (early, late) = thread::scope(|scope| {
        scope.spawn(move || {
            for number in 1..=ids {
                stdin.write_all(every_fault::line(number).as_bytes()).unwrap();
            }
            // It stays open, so that the program stays until its memory has been looked at.
            fed.send(stdin).unwrap();
        });
        scope.spawn(|| every_fault::check_failed(ids, lines(stderr.unwrap())));
        let (mut seen, mut early, mut late) = (0, 0, 0);
        let all = every_fault::found(ids).count();
        let looked_at = lines(stdout.unwrap()).inspect(|_| {
            seen += 1;
            if seen == all / 10 {
                early = peak(pid);
            }
            if seen == all {
                let stdin = open.recv().unwrap();
                late = peak(pid);
                drop(stdin);
            }
        });
        every_fault::check_found(ids, looked_at);
        (early, late)
    });
    assert_eq!(started.child.wait().unwrap().code(), Some(1));
    assert!(late < MEMORY && late * 2 < early * 3, "{early} KiB became {late} KiB");
}

/// An id whose account is not found.
fn is_missing(number: usize) -> bool {
    number.is_multiple_of(7)
}

/// Every line of this much input is answered exactly once, by an account or a failure; which ones.
fn answered(stdout: &str, errors: &[Value]) -> BTreeSet<usize> {
    let accounts: Vec<Value> = if stdout.starts_with('[') {
        serde_json::from_str(stdout).expect("a whole array")
    } else {
        let line = |line| serde_json::from_str(line).expect("a whole line");
        stdout.lines().map(line).collect()
    };
    let found = accounts.iter().map(|account| {
        let number = account["id"].as_str().unwrap()["cacc_".len()..].parse();
        (number.unwrap(), false)
    });
    let failed = errors.iter().map(|error| (line_of(error), true));
    let mut lines = BTreeSet::new();
    for (number, has_failed) in found.chain(failed) {
        let is_new = lines.insert(number);
        assert!(is_new && is_missing(number) == has_failed, "{number}");
    }
    lines
}

fn line_of(error: &Value) -> usize {
    usize::try_from(error["line"].as_u64().unwrap_or(0)).unwrap()
}

#[test]
fn two_hundred_interruptions_tear_nothing() {
    const IDS: usize = 300;
    let text: String = (1..=IDS).map(|n| format!("cacc_{n}\n")).collect();
    let mut early = 0;
    for round in 0..200 {
        let at = fastrand::usize(1..=IDS);
        let jobs = fastrand::choice([1, 2, 8, 32]).unwrap();
        let format = fastrand::choice(["json", "ndjson"]).unwrap();
        let (signal, code) = fastrand::choice([(Signal::INT, 130), (Signal::TERM, 143)]).unwrap();
        let pause = Duration::from_micros(fastrand::u64(..3_000));
        let name = format!("round {round}: {signal:?} at {at}, {format}, {jobs} jobs");

        let server = Server::new(|request| {
            if is_missing(request.id["cacc_".len()..].parse().unwrap()) {
                return Reply::Send(response("404 Not Found", "", ""));
            }
            Reply::Send(json(&format!("{{\"id\":\"{}\"}}", request.id)))
        });
        let home = Home::new();
        home.profile(server.url());
        let args = format!("cacc get - -q -F id -o {format} --jobs {jobs}");
        let file = File::open(home.file("ids", &text, 0o600)).unwrap();
        // What it writes fits into the pipes.
        let run = home.acctq(&args);
        let mut started = run.start_with(|c| c.stdin(file).stdout(Stdio::piped()).stderr(Stdio::piped()));
        server.asked(at);
        thread::sleep(pause);
        started.signal(signal);
        let ended = started.ends();
        let mut told = ended.errors();
        assert!([5, code].contains(&ended.code), "{name}: {ended:#?}");
        let is_end = |error: &Value| error["code"] == "interrupted" || error["code"] == "terminated";
        // Without such an error, it had told everything, and was about to exit.
        let upto = told.pop_if(|error| is_end(error)).map_or(IDS, |last| {
            early += 1;
            assert_eq!(ended.code, code, "{name}: {ended:#?}");
            line_of(&last)
        });
        let mut all = answered(&ended.stdout, &told);
        assert_eq!(all, (1..=upto).collect(), "{name}: {ended:#?}");
        if upto < IDS {
            let again = home.acctq(&format!("{args} --skip {upto}"));
            let again = again.stdin(&text).run();
            all.append(&mut answered(&again.stdout, &again.errors()));
            assert_eq!(all, (1..=IDS).collect(), "{name}: {again:#?}");
        }
    }
    assert!(early > 20, "only {early} were interrupted before their end");
}

#[test]
fn every_connection_closed_and_every_answer_its_own() {
    let ids = many() / 5;
    let server = Server::new(|request| {
        thread::sleep(Duration::from_micros(fastrand::u64(..500)));
        let id = request.id;
        Reply::Close(json(&format!("{{\"id\":\"{id}\",\"metadata\":\"{id}\"}}")))
    });
    let home = Home::new();
    home.profile(server.url());
    let run = home.acctq("cacc get - -F id,metadata -o ndjson -q --jobs 32");
    let (mut started, mut stdin) = run.start_fed();
    let feeding = thread::spawn(move || {
        for number in 1..=ids {
            writeln!(stdin, "cacc_{number}").unwrap();
        }
    });
    let mut count = 0;
    for line in lines(started.stdout.take().unwrap()) {
        count += 1;
        let expected = format!("{{\"id\":\"cacc_{count}\",\"metadata\":\"cacc_{count}\"}}");
        assert_eq!(line, expected);
    }
    feeding.join().unwrap();
    started.has_got_all();
    let ended = started.ends();
    assert_eq!((ended.code, count, ended.stderr.as_str()), (0, ids, ""));
}
