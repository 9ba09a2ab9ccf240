//! Many ids: where they come from, in which order what comes of them, what stops them, and where they can go on.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{ChildStdin, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::config::account;
use super::every_fault;
use super::harness::{ACTIVATION, Ended, Home, Run, Started, TOKEN};
use super::http::certified;
use super::terminal::terminal;
use super::wire::{Do, Gate, Reply, Request, Server, Wire, json, response};

const NDJSON: &str = "cacc get - -F id -o ndjson";

/// A server, and a home with a profile for it.
fn at(decide: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static) -> (Home, Server) {
    let (home, server) = (Home::new(), Server::new(decide));
    home.profile(server.url());
    (home, server)
}

fn found(request: &Request<'_>) -> Reply {
    Reply::Send(json(&account(request.id)))
}

fn refused(status: usize) -> Reply {
    Reply::Send(response(&format!("{status} Refused"), "", ""))
}

/// Answers an id with the status that it has as its number, if that is one; other accounts are found.
fn by_number(request: &Request<'_>) -> Reply {
    match number(request) {
        status @ 400.. => refused(status),
        _ => found(request),
    }
}

fn number(request: &Request<'_>) -> usize {
    request.id["cacc_".len()..].parse().unwrap()
}

/// `cacc_1` and so on, one a line.
fn ids(numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().map(|n| format!("cacc_{n}\n")).collect()
}

/// What `-F id -o ndjson` prints of these.
fn lines(numbers: impl IntoIterator<Item = usize>) -> String {
    let line = |n| format!("{{\"id\":\"cacc_{n}\"}}\n");
    numbers.into_iter().map(line).collect()
}

/// Starts it with a file as its input, whose end can be seen from the beginning.
fn start_reading(home: &Home, run: Run, text: &str) -> Started {
    let file = File::open(home.file("ids", text, 0o600)).unwrap();
    run.start_with(|command| {
        command
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
    })
}

/// The errors on standard error, each a JSON object.
fn errors(ended: &Ended) -> Vec<Value> {
    let error = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("JSON on stderr");
        value
            .get("error")
            .unwrap_or_else(|| panic!("{line}"))
            .clone()
    };
    ended.stderr.lines().map(error).collect()
}

/// The error that tells why it ended early.
fn last_error(ended: &Ended) -> Value {
    errors(ended).pop().expect("an error")
}

/// A number with commas, as people are told it.
fn grouped(number: usize) -> String {
    match (number / 1000, number % 1000) {
        (0, number) => number.to_string(),
        (thousands, number) => format!("{thousands},{number:03}"),
    }
}

/// Standard error with TIME for how long it took.
fn untimed(ended: &Ended) -> String {
    let line = |line: &str| match line.rsplit_once(" · ") {
        Some((counts, _)) if line.starts_with("found ") => format!("{counts} · TIME\n"),
        _ => format!("{line}\n"),
    };
    ended.stderr.lines().map(line).collect()
}

/// Asserts that the ids up to some line were tried and those behind it were not, that the last error says so with these words,
/// and that nothing else failed; how many lines those are.
#[track_caller]
fn stopped_early(ended: &Ended, of: usize, code: i32, why: &str) -> usize {
    let mut errors = errors(ended);
    let last = errors.pop().expect("an error");
    let mut done: Vec<usize> = errors
        .iter()
        .map(|error| usize::try_from(error["line"].as_u64().unwrap()).unwrap())
        .collect();
    let found = ended.stdout.lines().map(|line| {
        let account: Value = serde_json::from_str(line).unwrap();
        account["id"].as_str().unwrap()["cacc_".len()..]
            .parse::<usize>()
            .unwrap()
    });
    done.extend(found);
    done.sort_unstable();
    let count = done.len();
    assert_eq!(done, (1..=count).collect::<Vec<_>>(), "{ended:#?}");
    let message = format!(
        "stopped after {} of {} ids: {why}; everything up to input line {count} is done",
        grouped(count),
        grouped(of)
    );
    let hint = format!("mend that first; --skip {count} goes on behind that line");
    assert_eq!(
        (&last["message"], &last["hint"], &last["line"]),
        (&message.into(), &hint.into(), &count.into())
    );
    assert_eq!((ended.code, &last["exit_code"]), (code, &code.into()));
    count
}

// --- Where ids come from ---

type Lines = (
    &'static str,
    &'static [u8],
    &'static [usize],
    &'static [(usize, &'static str)],
);

/// What standard input holds, the ids that are looked up, and the lines that are none, each with its message.
#[rustfmt::skip]
const INPUTS: &[Lines] = &[
    ("one a line", b"cacc_1\ncacc_2\n", &[1, 2], &[]),
    ("no final newline", b"cacc_1\ncacc_2", &[1, 2], &[]),
    ("CRLF", b"cacc_1\r\ncacc_2\r\n", &[1, 2], &[]),
    ("CRLF, no final newline", b"cacc_1\r\ncacc_2\r", &[1, 2], &[]),
    ("a byte order mark", b"\xef\xbb\xbfcacc_1\r\ncacc_2\r\n", &[1, 2], &[]),
    ("a byte order mark and a comment", b"\xef\xbb\xbf# ids\ncacc_1\n", &[1], &[]),
    ("a byte order mark alone", b"\xef\xbb\xbf", &[], &[]),
    ("a byte order mark elsewhere", b"cacc_1\n\xef\xbb\xbfcacc_2\n", &[1], &[(2, r"`\u{feff}cacc_2` is not a connected account's id")]),
    ("blank lines", b"\n\r\n \t \ncacc_1\n\n\n", &[1], &[]),
    ("comments", b"# cacc_8\n\t # cacc_9\n#\ncacc_1\n#cacc_7", &[1], &[]),
    ("blanks around ids", b"  cacc_1\t \n\tcacc_2\x0c\n", &[1, 2], &[]),
    ("duplicates", b"cacc_1\ncacc_2\ncacc_1\ncacc_1\n", &[1, 2, 1, 1], &[]),
    ("invalid UTF-8", b"cacc_1\ncacc_\xff\xc3\ncacc_2\n", &[1, 2], &[(2, r"`cacc_\u{fffd}\u{fffd}` is not a connected account's id")]),
    ("NUL", b"cacc_\0\ncacc_1\n", &[1], &[(1, r"`cacc_\u{0}` is not a connected account's id")]),
    ("CR only", b"cacc_1\rcacc_2\r", &[], &[(1, r"`cacc_1\rcacc_2` is not a connected account's id")]),
    ("two in a line", b"# ids\n\ncacc_1 cacc_2\ncacc_1\n", &[1], &[(3, "`cacc_1 cacc_2` is not a connected account's id")]),
    ("a list with commas", b"cacc_1,\ncacc_2\n", &[2], &[(1, "`cacc_1,` has something around the id")]),
    ("a dash", b"-\ncacc_1\n", &[1], &[(1, "`-` is not a connected account's id")]),
    ("flags", b"--reveal\ncacc_1\n", &[1], &[(1, "`--reveal` is not a connected account's id")]),
    ("a credential", b"sk_live_51H\ncacc_1\n", &[1], &[(1, "this looks like a credential, not an id; it is not repeated here")]),
];

#[test]
fn lines_are_read_as_a_person_means_them() {
    let (home, _server) = at(found);
    for (name, text, numbers, failures) in INPUTS {
        let stdout = lines(numbers.iter().copied());
        let code = if failures.is_empty() { 0 } else { 2 };

        let ended = home.acctq(NDJSON).stdin(text).run();
        assert_eq!(
            (ended.code, &ended.stdout),
            (code, &stdout),
            "{name}: {ended:#?}"
        );
        let told: Vec<_> = errors(&ended)
            .iter()
            .map(|error| (error["line"].clone(), error["message"].clone()))
            .collect();
        let expected: Vec<(Value, Value)> = failures
            .iter()
            .map(|(line, message)| ((*line).into(), (*message).into()))
            .collect();
        assert_eq!(told, expected, "{name}");

        let ended = home.acctq(NDJSON).arg("-otable").stdin(text).run();
        assert_eq!(
            (ended.code, ended.stdout.lines().count()),
            (
                code,
                match numbers.len() {
                    0 => 0,
                    rows => 1 + rows,
                }
            ),
            "{name}: {ended:#?}"
        );
        let told: Vec<_> = ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        let expected: Vec<_> = failures
            .iter()
            .map(|(line, message)| format!("error: line {line}: {message}"))
            .collect();
        assert_eq!(told, expected, "{name}");
        assert!(!ended.stderr.contains("sk_live"), "{name}: {ended:#?}");
    }
}

#[test]
fn a_failure_says_its_line_and_id_to_people_and_scripts() {
    let (home, server) = at(by_number);
    let text = "# ids\n\ncacc_404\ncacc_!\n";
    let host = &server.url()["http://".len()..];
    let ended = home.acctq("cacc get - cacc_410 -F id").stdin(text).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert_eq!(
        untimed(&ended),
        format!(
            "error: line 3: no connected account cacc_404 at {host} (profile test)
  hint: a deleted account is not found either; is test the right profile? `acctq config show` lists them
error: line 4: `cacc_!` is not a connected account's id
  hint: a connected account is looked up by its id: `cacc_` and at most 22 letters and digits, below 2^128
error: the connected account cacc_410 at {host} (profile test) is gone
  hint: it has been removed and will not come back
found 0 · failed 3 (usage 1, gone 1, not found 1) · TIME
"
        )
    );
    let ended = home.acctq(NDJSON).arg("cacc_410").stdin(text).run();
    let told: Vec<_> = errors(&ended)
        .into_iter()
        .map(|error| {
            (
                error["line"].clone(),
                error["id"].clone(),
                error["code"].clone(),
            )
        })
        .collect();
    let expected: [(Value, Value, Value); 3] = [
        (3.into(), "cacc_404".into(), "not_found".into()),
        (4.into(), "cacc_!".into(), "usage".into()),
        (Value::Null, "cacc_410".into(), "gone".into()),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_line_of_any_length_is_one_failure() {
    let (home, server) = at(found);
    for length in [4_095, 4_096, 4_097, 65_536, 10 * 1024 * 1024] {
        let text = [&vec![b'a'; length][..], b"\ncacc_1\n"].concat();
        let ended = home.acctq(NDJSON).stdin(&text).run();
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (2, "{\"id\":\"cacc_1\"}\n")
        );
        let error = ended.error();
        let message = format!("`{}…` is not a connected account's id", "a".repeat(59));
        assert_eq!(
            (&error["line"], &error["message"]),
            (&1.into(), &message.into())
        );
        assert!(ended.stderr.len() < 1000, "{ended:#?}");
    }
    // An id with more blanks around it than is kept of a line, wherever that ends, and a comment as long.
    let blanks = |count| " ".repeat(count);
    for text in [
        format!("{}cacc_1\n", blanks(3_000)),
        format!("{}cacc_1\n", blanks(4_093)),
        format!("{}cacc_1\n", blanks(4_097)),
        format!("\t{}cacc_1\r\n", blanks(100_000)),
        format!("cacc_1{}\n", blanks(4_090)),
        format!("cacc_1{}\n", blanks(100_000)),
        format!("\u{feff}  cacc_1{}", blanks(10)),
        format!("#{}\ncacc_1\n", "x".repeat(100_000)),
        format!("{}# none\ncacc_1\n", blanks(5_000)),
    ] {
        home.acctq(NDJSON)
            .stdin(text)
            .run()
            .prints("{\"id\":\"cacc_1\"}\n");
    }
    assert_eq!(server.count(), 5 + 9);
    // What comes behind the blanks belongs to the line.
    for count in [4_000, 4_089, 4_090, 4_091, 100_000] {
        let ended = home
            .acctq(NDJSON)
            .stdin(format!("cacc_1{}2\n", blanks(count)))
            .run();
        let message = format!("`cacc_1{}…` is not a connected account's id", blanks(53));
        let error = ended.fails(2, &[]).error();
        assert_eq!(
            (&error["line"], &error["message"]),
            (&1.into(), &message.into())
        );
    }
    assert_eq!(server.count(), 5 + 9);
}

#[test]
fn ids_keep_the_order_of_arguments_and_lines() {
    let (home, _server) = at(found);
    for (args, order) in [
        ("-", &[2, 3][..]),
        ("cacc_1 -", &[1, 2, 3]),
        ("- cacc_4", &[2, 3, 4]),
        ("cacc_1 cacc_5 - cacc_4 cacc_6", &[1, 5, 2, 3, 4, 6]),
        ("cacc_1 - --skip 1 cacc_4", &[3, 4]),
    ] {
        home.acctq(&format!("cacc get {args} -F id -o ndjson"))
            .stdin("cacc_2\ncacc_3\n")
            .run()
            .prints(&lines(order.iter().copied()));
    }
}

#[test]
fn standard_input_is_read_only_where_it_is_named() {
    let (home, _server) = at(found);
    // Nobody closes it, so whoever reads it does not end.
    let (started, stdin) = home
        .acctq("cacc get cacc_1 cacc_2 -F id -o ndjson")
        .start_fed();
    started.ends().prints(&lines(1..=2));
    drop(stdin);
}

#[test]
fn no_id_at_all_is_an_empty_result() {
    let (home, _server) = at(found);
    for text in ["", "\n", "# none\n\n"] {
        for (format, stdout, stderr) in [
            ("json", "[]\n", ""),
            ("yaml", "[]\n", "found 0 · TIME\n"),
            ("ndjson", "", ""),
            ("table", "", "found 0 · TIME\n"),
        ] {
            let ended = home
                .acctq(&format!("cacc get - -o {format}"))
                .stdin(text)
                .run();
            assert_eq!(
                (ended.code, ended.stdout.as_str(), untimed(&ended).as_str()),
                (0, stdout, stderr),
                "{format}"
            );
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_looked_up() {
    let (home, server) = at(found);
    let jobs = "must be a whole number from 1 to 256";
    let rate = "must be a number of requests a second from 0.001/s to 100000/s, such as 10/s";
    let skip = "must be a whole number of lines";
    for (args, says) in [
        ("- --jobs 0", jobs),
        ("- --jobs 257", jobs),
        ("- --jobs x", jobs),
        ("- --jobs -1", jobs),
        ("- --jobs 1.5", jobs),
        ("- --rate 0/s", rate),
        ("- --rate 10", rate),
        ("- --rate -1/s", rate),
        ("- --rate 1/m", rate),
        ("- --rate inf/s", rate),
        ("- --rate 0.0000000000001/s", rate),
        ("- --skip x", skip),
        ("- --skip -1", skip),
        ("- --skip 99999999999999999999", skip),
        (
            "cacc_1 --skip 1",
            "--skip skips lines of standard input, which is not read",
        ),
        ("- -", "standard input (`-`) is named twice"),
        ("- cacc_1 -", "standard input (`-`) is named twice"),
        ("- --skip 3", "--skip 3: standard input has only 2 lines"),
        (
            "- cacc_3 --skip 1000",
            "--skip 1000: standard input has only 2 lines",
        ),
    ] {
        let run = || {
            home.acctq(&format!("cacc get {args}"))
                .stdin("cacc_1\ncacc_2\n")
        };
        run().run().fails(2, &[says]);
        let error = run().arg("-ojson").run().fails(2, &[says]).error();
        assert_eq!(error["code"], "usage");
    }
    assert_eq!(server.count(), 0);
}

#[test]
fn skip_goes_on_behind_a_line() {
    let (home, server) = at(found);
    let text = "\u{feff}# ids\n\ncacc_1\ncacc_2\r\nno id\ncacc_3";
    for (skip, numbers, failures) in [
        (0, &[1, 2, 3][..], 1),
        (2, &[1, 2, 3], 1),
        (3, &[2, 3], 1),
        (4, &[3], 1),
        (5, &[3], 0),
        (6, &[], 0),
    ] {
        let ended = home
            .acctq(&format!("{NDJSON} --skip {skip}"))
            .stdin(text)
            .run();
        assert_eq!(ended.stdout, lines(numbers.iter().copied()));
        // The line's number is that in the whole input.
        let lines: Vec<_> = errors(&ended).iter().map(|e| e["line"].clone()).collect();
        assert_eq!(lines, vec![Value::from(5); failures]);
    }
    assert_eq!(server.count(), 10);
}

#[test]
fn an_input_that_cannot_be_read_is_told() {
    let (home, _server) = at(found);
    let ended = home.shell(&format!("acctq {NDJSON} <.")).run();
    let error = ended.fails(1, &[]).error();
    assert_eq!(
        error["message"],
        "standard input cannot be read: Is a directory (os error 21)"
    );
}

// --- What comes of them ---

#[test]
fn every_answer_is_of_its_own_id_in_the_ids_order() {
    let (home, server) = at(|request| {
        // Whatever this makes of the order.
        std::thread::sleep(Duration::from_micros(fastrand::u64(..3_000)));
        let number = number(request);
        let text = account(request.id).replace('}', &format!(",\"metadata\":{number}}}"));
        Reply::Close(json(&text))
    });
    let ended = home
        .acctq("cacc get - -F id,metadata -o ndjson --jobs 32")
        .stdin(ids(1..=2_000))
        .run();
    let line = |n| format!("{{\"id\":\"cacc_{n}\",\"metadata\":{n}}}\n");
    ended.prints(&(1..=2_000).map(line).collect::<String>());
    assert_eq!(server.count(), 2_000);
}

#[test]
fn any_number_of_stale_connections_is_invisible() {
    // Whichever connection a look-up gets that has been used, it is closed under it.
    let (home, _server) = at(|request| match request.on_connection {
        1 => found(request),
        _ => Reply::Close(vec![]),
    });
    let ended = home
        .acctq(&format!("{NDJSON} --jobs 16 --retries 0"))
        .stdin(ids(1..=5_000))
        .run();
    ended.prints(&lines(1..=5_000));
}

#[test]
fn every_id_is_accounted_for_whatever_befalls_it() {
    let (home, _server) = at(every_fault::decide);
    let ids = 3_000;
    let text: String = (1..=ids).map(every_fault::line).collect();
    let ended = home
        .acctq("cacc get - -o ndjson --jobs 32 --retries 1")
        .stdin(text)
        .run();
    every_fault::check_found(ids, ended.stdout.lines().map(str::to_owned));
    every_fault::check_failed(ids, ended.stderr.lines().map(str::to_owned));
    assert_eq!(ended.code, 1);
}

#[test]
fn the_exit_code_is_that_of_all_failures() {
    let (home, server) = at(by_number);
    for (ids, code, failed) in [
        ("cacc_1 cacc_2", 0, ""),
        ("cacc_404 cacc_1", 5, " · failed 1 (not found 1)"),
        ("cacc_404 cacc_410", 5, " · failed 2 (gone 1, not found 1)"),
        (
            "cacc_404 cacc_400",
            1,
            " · failed 2 (not found 1, bad response 1)",
        ),
        (
            "cacc_400 cacc_422 cacc_1",
            9,
            " · failed 2 (bad response 2)",
        ),
        // At Connect, that is about one account.
        ("cacc_403 cacc_1", 4, " · failed 1 (auth 1)"),
        ("cacc_503 cacc_500", 8, " · failed 2 (server 2)"),
        ("cacc_501 cacc_1", 8, " · failed 1 (server 1)"),
        ("cacc_429 cacc_1", 6, " · failed 1 (rate limited 1)"),
        ("cacc_! cacc_1", 2, " · failed 1 (usage 1)"),
    ] {
        let many = ids.replace(' ', "\n");
        let found = ids
            .split(' ')
            .filter(|id| id.len() == 6 && *id != "cacc_!")
            .count();
        for (format, has_summary) in [
            ("table", true),
            ("yaml", true),
            ("json", false),
            ("ndjson", false),
            ("table -q", false),
            ("yaml -q", false),
        ] {
            let args = format!("-F id --retries 0 -o {format}");
            for run in [
                home.acctq(&format!("cacc get {ids} {args}")),
                home.acctq(&format!("cacc get - {args}")).stdin(&many),
            ] {
                let ended = run.run();
                let stderr = untimed(&ended);
                let summary = format!("found {found}{failed} · TIME\n");
                assert_eq!(
                    (
                        ended.code,
                        stderr.ends_with(&summary),
                        stderr.contains("found 1 ·")
                    ),
                    (code, has_summary, has_summary && found == 1),
                    "{format}: {ended:#?}"
                );
            }
        }
    }
    // What stops it early outranks them.
    let ended = home
        .acctq(&format!("{NDJSON} --jobs 1"))
        .stdin("cacc_404\ncacc_401\ncacc_1\n")
        .run();
    assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{ended:#?}");
    assert!(server.requests().iter().all(|(_, id)| id != "cacc_!"));
}

#[test]
fn a_field_that_strays_is_warned_of_once_and_counted_at_the_end() {
    let (home, _server) = at(|request| {
        let text = account(request.id);
        Reply::Send(json(&match number(request) {
            1 | 2 => text.replace("active", "archived"),
            3 => text.replace("active", "dormant").replace("\"full\"", "7"),
            _ => text,
        }))
    });
    let run = |format: &str| {
        home.acctq(&format!("cacc get - -F id -o {format} --jobs 1"))
            .stdin(ids(1..=4))
            .run()
    };
    let ended = run("yaml");
    let words =
        "warning: the connected account cacc_1 strays from the contract: status (unknown value)
  hint: it is shown as it came; --strict makes this an error
warning: the connected account cacc_3 strays from the contract: onboarding_mode (wrong type)
  hint: it is shown as it came; --strict makes this an error
warning: 3 accounts stray from the contract: onboarding_mode (1), status (3)
  hint: they are shown as they came; --strict makes this an error
found 4 · TIME
";
    assert_eq!((ended.code, untimed(&ended).as_str()), (0, words));
    let warnings: Vec<Value> = run("ndjson")
        .stderr
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["warning"].clone())
        .collect();
    assert_eq!(
        warnings.iter().map(|w| w["id"].clone()).collect::<Vec<_>>(),
        ["cacc_1".into(), "cacc_3".into(), Value::Null]
    );
    let ended = run("ndjson --strict");
    let strict: Vec<_> = errors(&ended).iter().map(|e| e["line"].clone()).collect();
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (9, "{\"id\":\"cacc_4\"}\n")
    );
    assert_eq!(strict, [1, 2, 3]);
}

// --- As they come ---

/// Reads lines of standard output up to one that ends like that.
fn read_to(started: &mut Started, end: &str) -> String {
    let mut read = String::new();
    while !read.trim_end().ends_with(end) {
        let line = started.line();
        assert!(!line.is_empty(), "it ended: {read}");
        read += &line;
    }
    read
}

const FORMATS: [&str; 4] = ["table", "json", "yaml", "ndjson"];

/// What each format says last of an account in a batch that goes on.
fn shown(format: &str, number: usize) -> String {
    match format {
        "table" => format!("cacc_{number}"),
        "json" => format!("\"id\": \"cacc_{number}\""),
        "yaml" => format!("- id: cacc_{number}"),
        _ => format!("{{\"id\":\"cacc_{number}\"}}"),
    }
}

#[test]
fn results_stream_out_before_the_others_are_there() {
    for format in FORMATS {
        let gate = Gate::default();
        let opened = gate.clone();
        let (home, _server) = at(move |request| {
            if number(request) > 120 {
                gate.pass();
            }
            found(request)
        });
        let mut started = start_reading(
            &home,
            home.acctq(&format!("cacc get - -F id -q -o {format}")),
            &ids(1..=300),
        );
        let read = read_to(&mut started, &shown(format, 120));
        opened.open();
        let ended = started.ends();
        let whole = read + &ended.stdout;
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        assert_eq!(
            ids_in(format, &whole),
            (1..=300).collect::<Vec<_>>(),
            "{whole}"
        );
    }
}

/// The numbers of the accounts in a whole output.
fn ids_in(format: &str, output: &str) -> Vec<usize> {
    let number = |id: &str| id.trim().strip_prefix("cacc_").unwrap().parse().unwrap();
    match format {
        "json" => {
            let Ok(Value::Array(accounts)) = serde_json::from_str(output) else {
                panic!("no array: {output}");
            };
            let id = |account: &Value| number(account["id"].as_str().unwrap());
            accounts.iter().map(id).collect()
        }
        "yaml" => {
            let id = |line: &str| number(line.strip_prefix("- id: ").expect(line));
            output.lines().map(id).collect()
        }
        "table" => {
            let (header, rows) = output.split_once('\n').unwrap();
            assert_eq!(header, "ID");
            rows.lines().map(number).collect()
        }
        _ => {
            let id = |line: &str| {
                number(
                    serde_json::from_str::<Value>(line).unwrap()["id"]
                        .as_str()
                        .unwrap(),
                )
            };
            output.lines().map(id).collect()
        }
    }
}

#[test]
fn a_table_has_the_widths_of_its_first_hundred_rows() {
    let (home, _server) = at(found);
    let text = ids((1..=100).chain([1_234_567, 5]));
    let ended = home.acctq("cacc get - -F id,status -q").stdin(text).run();
    let row = |n: usize| format!("{:<8}  active\n", format!("cacc_{n}"));
    let rows: String = (1..=100).map(row).collect();
    ended.prints(&format!(
        "ID        Status\n{rows}cacc_1234567  active\n{}",
        row(5)
    ));
}

/// One more id for standard input.
fn ask(stdin: &mut ChildStdin, number: usize) {
    stdin.write_all(ids([number]).as_bytes()).unwrap();
    stdin.flush().unwrap();
}

#[test]
fn results_and_failures_flow_while_the_input_is_open() {
    let (home, _server) = at(by_number);
    for jobs in [1, 8] {
        for format in ["json", "yaml", "ndjson"] {
            let run = home.acctq(&format!("cacc get - -F id -o {format} --jobs {jobs}"));
            let (mut started, mut stdin) = run.start_fed();
            for number in 1..=5 {
                ask(&mut stdin, number);
                read_to(&mut started, &shown(format, number));
                ask(&mut stdin, 404);
                assert!(started.message().contains("cacc_404"));
                if format == "yaml" {
                    assert!(started.message().starts_with("  hint: "));
                }
            }
            drop(stdin);
            let ended = started.ends();
            let end = if format == "json" { "  }\n]\n" } else { "" };
            assert_eq!((ended.code, ended.stdout.as_str()), (5, end));
        }
    }
}

/// Of each thread of the program, its name and what follows that in `/proc/PID/task/TID/stat`: its state is the first.
#[cfg(target_os = "linux")]
fn threads(started: &Started) -> Vec<(String, Vec<String>)> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", started.child.id())).unwrap();
    let stat = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
        let (name, rest) = stat.rsplit_once(')').unwrap_or_default();
        let name = name.split('(').next_back().unwrap_or_default();
        let rest = rest.split_whitespace().map(str::to_owned);
        (name.to_owned(), rest.collect())
    };
    tasks.map(stat).collect()
}

/// Waits until the program waits for others, and they for nobody: all its threads sleep, and no request is unanswered but
/// so many.
#[cfg(target_os = "linux")]
fn is_quiet(started: &Started, server: &Server, unanswered: usize) {
    let sleeps = |(_, stat): &(String, Vec<String>)| stat.first().is_some_and(|state| state == "S");
    let began = Instant::now();
    let mut quiet = 0;
    let mut before = 0;
    while quiet < 200 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it is never quiet"
        );
        let count = server.count();
        let is_so = count == before
            && server.under_way() == unanswered
            && threads(started).iter().all(sleeps);
        quiet = if is_so { quiet + 1 } else { 0 };
        before = count;
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn who_reads_nothing_gets_no_more_than_a_pipe_and_a_window_hold() {
    let (home, server) = at(found);
    let started = start_reading(&home, home.acctq("cacc get - -o ndjson"), &ids(1..=10_000));
    server.asked(200);
    is_quiet(&started, &server, 0);
    // A line has 200 bytes; two times 64 KiB of them wait to be written, and a window of 8 jobs.
    assert!(server.count() < 1_500, "{} were asked for", server.count());
    let ended = started.ends();
    assert_eq!((ended.code, ended.stdout.lines().count()), (0, 10_000));
}

#[cfg(target_os = "linux")]
#[test]
fn who_answers_the_first_late_is_asked_for_a_window_and_no_more() {
    let gate = Gate::default();
    let opened = gate.clone();
    let (home, server) = at(move |request| {
        if number(request) == 1 {
            gate.pass();
        }
        found(request)
    });
    let run = home.acctq(&format!("{NDJSON} --jobs 4"));
    let started = start_reading(&home, run, &ids(1..=1_000));
    server.asked(4 * 16);
    is_quiet(&started, &server, 1);
    // Sixteen for each job, and one that every other job holds.
    assert!(
        server.count() <= 4 * 16 + 4,
        "{} were asked for",
        server.count()
    );
    opened.open();
    started.ends().prints(&lines(1..=1_000));
}

/// How a thread is scheduled, by its `stat` (`proc_pid_stat(5)`, field 41): `SCHED_OTHER` is 0, `SCHED_BATCH` 3 (sched(7)).
#[cfg(target_os = "linux")]
fn policy(stat: &[String]) -> &str {
    &stat[41 - 3]
}

#[cfg(target_os = "linux")]
#[test]
fn many_look_ups_interrupt_nobody() {
    let gate = Gate::default();
    let opened = gate.clone();
    let (home, server) = at(move |request| {
        gate.pass();
        found(request)
    });
    let run = home.acctq(&format!("{NDJSON} --jobs 3"));
    let started = start_reading(&home, run, &ids(1..=10));
    server.asked(3);
    let (workers, others): (Vec<_>, Vec<_>) = threads(&started)
        .into_iter()
        .partition(|(name, _)| name == "worker");
    assert_eq!(workers.len(), 3);
    assert!(workers.iter().all(|(_, stat)| policy(stat) == "3"));
    assert!(!others.is_empty() && others.iter().all(|(_, stat)| policy(stat) == "0"));
    opened.open();
    started.ends().prints(&lines(1..=10));
}

#[cfg(target_os = "linux")]
#[test]
fn a_token_program_is_scheduled_as_ever() {
    let (home, server) = at(found);
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\n\
         token_command = [\"/bin/sh\", \"-c\", '''cut -d \" \" -f 41 /proc/$$/stat >\"{}\"; printf {TOKEN}''']\n",
        server.url(),
        home.path().join("policy").display()
    ));
    let run = home.acctq(&format!("{NDJSON} --jobs 3"));
    let ended = run.stdin(ids(1..=10)).run();
    ended.prints(&lines(1..=10));
    let policy = std::fs::read_to_string(home.path().join("policy")).unwrap();
    assert_eq!(policy, "0\n");
}

/// A run of the program under this limit of open files.
#[cfg(target_os = "linux")]
fn limited(home: &Home, limit: &str, args: &str) -> Run {
    let run = home.shell(&format!("ulimit {limit}; exec acctq \"$@\""));
    args.split(' ').fold(run.arg("sh"), Run::arg)
}

#[cfg(target_os = "linux")]
#[test]
fn as_many_are_under_way_as_files_may_be_open() {
    // A soft limit is there to be raised; what a hard one leaves depends on what whoever started us has left open.
    for limit in ["-S -n 40", "-n 40"] {
        let gate = Gate::default();
        let opened = gate.clone();
        let (home, server) = at(move |request| {
            gate.pass();
            found(request)
        });
        let run = limited(&home, limit, "cacc get - -F id --jobs 64");
        let mut started = start_reading(&home, run, &ids(1..=100));
        let mut at_once = 64;
        if limit == "-n 40" {
            let told = started.message();
            let (fit, rest) = told
                .strip_prefix("look-ups under way at once: ")
                .and_then(|rest| rest.split_once(", not 64: "))
                .unwrap_or_else(|| panic!("{told}"));
            at_once = fit.parse().unwrap();
            let left = at_once + 16;
            let why =
                format!("they need 80 files open, and the limit leaves {left} (`ulimit -Hn`)\n");
            assert_eq!(rest, why);
            assert!((1..=40 - 16).contains(&at_once), "{told}");
        }
        server.asked(at_once);
        is_quiet(&started, &server, at_once);
        assert_eq!(server.count(), at_once, "{limit}");
        opened.open();
        let ended = started.ends();
        assert_eq!((ended.code, ended.stdout.lines().count()), (0, 101));
        assert!(ended.stderr.starts_with("found 100 · "), "{}", ended.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn each_site_has_room_for_connections_of_its_own() {
    let (home, server) = at(found);
    let profile = |site| {
        let url = server.url();
        format!("[profiles.p{site}.connect]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n")
    };
    let check = |number| {
        let site = number / 24;
        format!(
            "[[check]]\nname = \"{number}\"\nid = \"cacc_{number}\"\nprofile = \"p{site}\"\nexpect = [\"status?\"]\n"
        )
    };
    home.config((0..6).map(profile).collect::<String>());
    let suite = (0..6 * 24).map(check).collect::<String>();
    home.file("suite.toml", format!("version = 1\n{suite}"), 0o600);
    for limit in ["-S -n 40", "-n 40"] {
        let ended = limited(&home, limit, "check --suite suite.toml --jobs 12 -q").run();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{limit}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_lack_of_open_files_is_no_outage() {
    // The connection to one API, which is kept, takes the last file: there is none left for the other's, as often as it is tried.
    let (home, _server) = at(|request| match request.id.strip_prefix("cacc_") {
        Some(_) => found(request),
        None => Reply::Send(json(&partner(request.id))),
    });
    let uids = |n| format!("u-{n}\n");
    let ids = format!("cacc_1\n{}", (1..=25).map(uids).collect::<String>());
    let mut is_told = false;
    for limit in 5..=24 {
        let args = "get - -F id,customer_account_uid -o ndjson --retries 0";
        let run = limited(&home, &format!("-n {limit}"), args);
        let ended = run.stdin(&ids).run();
        if ended.stdout.lines().count() != 1 {
            // There is room for both, or not even for one; and what cannot be loaded says so by a number.
            let lacks = ["Too many open files", "Error 24"];
            let lacks = lacks.iter().any(|words| ended.stderr.contains(words));
            assert_eq!((ended.code == 0, ended.stderr.is_empty()), (!lacks, !lacks));
            continue;
        }
        let told: Vec<_> = errors(&ended)
            .iter()
            .map(|e| (e["id"].clone(), e["code"].clone(), e["retryable"].clone()))
            .collect();
        let lacks = |n| (format!("u-{n}").into(), "failed".into(), true.into());
        assert_eq!(told, (1..=25).map(lacks).collect::<Vec<_>>());
        let error = last_error(&ended);
        let message = error["message"].as_str().unwrap();
        let words = " (u-25, profile test): Too many open files (os error 24)";
        assert!(
            message.starts_with("no connection to 127.0.0.1:") && message.ends_with(words),
            "{message}"
        );
        let hint = "raise the limit of open files (`ulimit -n`), or give fewer --jobs";
        assert_eq!((ended.code, &error["hint"]), (1, &hint.into()));
        is_told = true;
    }
    assert!(is_told, "there was always room for both");
}

// --- What stops them ---

/// A configuration whose token comes from a script that notes every call in the file `calls` and prints the canary with `-N`
/// behind it at its Nth call.
fn with_helper(home: &Home, url: &str) {
    let script = "echo . >>calls; printf '%s%s-%d' canary-bearer -7f3a9c $(wc -l <calls)";
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\n\
         token_command = [\"/bin/sh\", \"-c\", '''cd '{}'; {script}''']\n",
        home.path().display()
    ));
}

fn calls(home: &Home) -> usize {
    let calls = std::fs::read_to_string(home.path().join("calls")).unwrap();
    calls.lines().count()
}

#[test]
fn a_token_that_ends_in_the_middle_is_asked_for_once_more() {
    let (home, server) = at(|request| {
        let is_old = request.bearer == format!("{TOKEN}-1");
        assert!(is_old || request.bearer == format!("{TOKEN}-2"));
        if is_old && request.number > 40 {
            refused(401)
        } else {
            found(request)
        }
    });
    with_helper(&home, server.url());
    home.acctq(NDJSON)
        .env("PATH", "/usr/bin:/bin")
        .stdin(ids(1..=200))
        .run()
        .prints(&lines(1..=200));
    assert_eq!(calls(&home), 2);
    assert!(server.count() <= 200 + 8, "{}", server.count());
}

#[test]
fn a_token_that_is_rejected_again_stops_it() {
    // None of the helper's, none but a fixed one; at Partner, 403 says so too.
    for (source, api) in [
        ("helper", "cacc"),
        ("fixed", "cacc"),
        ("fixed", "partner account"),
    ] {
        let is_partner = api != "cacc";
        let (home, server) = at(move |request| match request.number {
            41.. if is_partner => refused(403),
            41.. => refused(401),
            _ if is_partner => Reply::Send(json(&partner(request.id))),
            _ => found(request),
        });
        if source == "helper" {
            with_helper(&home, server.url());
        }
        let field = if is_partner {
            "customer_account_uid"
        } else {
            "id"
        };
        let run = home
            .acctq(&format!("{api} get - -F {field} -o ndjson"))
            .env("PATH", "/usr/bin:/bin");
        let mut ended = start_reading(
            &home,
            run,
            &ids(1..=5_000).replace('_', if is_partner { "-" } else { "_" }),
        )
        .ends();
        ended.stdout = ended
            .stdout
            .replace("customer_account_uid", "id")
            .replace("cacc-", "cacc_");
        let count = stopped_early(&ended, 5_000, 4, "the token is rejected");
        // A worker that was held up may have asked for an early id last: what came behind that one is not done.
        assert!(count <= 40 + 8 * 2, "{count}");
        assert!(server.count() <= 40 + 8 * 2, "{}", server.count());
        if source == "helper" {
            assert_eq!(calls(&home), 2);
        }
    }
}

/// A partner account with the canary as its activation token.
fn partner(uid: &str) -> String {
    format!(
        r#"{{"customer_account_uid":"{uid}","account_type":"F","activation_token":"{ACTIVATION}","domain":"b5test.eu","status":"entitled","deployed_members":1,"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}}"#
    )
}

#[test]
fn what_fails_alike_for_every_id_stops_it_at_the_first() {
    let (home, server) = at(found);
    let url = server.url();
    let untrusted = Wire::tls(certified("a CA").1, vec![]);
    let tls = untrusted.url();
    let helper = |script: &str| {
        format!(
            "token_command = [\"/bin/sh\", \"-c\", \"echo . >>'{}/calls'; {script}\"]",
            home.path().display()
        )
    };
    let fixed = format!("token = \"{TOKEN}\"");
    let other = home.file("other.pem", certified("another CA").0, 0o644);
    let other = format!("{fixed}\nca_file = \"{}\"", other.display());
    let further = "no further id can be looked up like this";
    let none = "there is no token";
    for (url, token, env, code, why) in [
        (url, &helper("exit 1"), ("A", ""), 4, none),
        (url, &helper("echo"), ("A", ""), 4, none),
        (url, &"token_env = \"NONE\"".to_owned(), ("A", ""), 4, none),
        (tls, &other, ("A", ""), 7, further),
        (tls, &other, ("NO_PROXY", "none"), 7, further),
        (
            "https://billing.test",
            &fixed,
            ("HTTPS_PROXY", "socks5://127.0.0.1:1"),
            7,
            further,
        ),
        (
            "https://billing.test",
            &fixed,
            ("SSL_CERT_FILE", "/none"),
            3,
            further,
        ),
    ] {
        home.config(format!(
            "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\n{token}\n"
        ));
        let run = home
            .acctq(&format!("{NDJSON} --jobs 1"))
            .env("PATH", "/usr/bin:/bin")
            .env(env.0, env.1);
        let ended = start_reading(&home, run, &ids(1..=9)).ends();
        assert_eq!(stopped_early(&ended, 9, code, why), 1, "{ended:#?}");
    }
    assert_eq!((calls(&home), server.count()), (2, 0));
}

#[test]
fn a_handshake_that_fails_is_one_ids_failure_unless_it_is_the_certificate() {
    let wire = Wire::always(vec![
        Do::Start,
        Do::Write(response("503 Busy", "", "")),
        Do::Finish,
    ]);
    let home = Home::new();
    home.profile(&wire.url().replace("http:", "https:"));
    let run = |ids: &str| home.acctq(&format!("{NDJSON} --jobs 1")).stdin(ids).run();
    let few = run(&ids(1..=3));
    assert_eq!((few.code, few.stdout.as_str()), (7, ""), "{few:#?}");
    let told: Vec<_> = errors(&few)
        .iter()
        .map(|e| (e["id"].clone(), e["code"].clone(), e["retryable"].clone()))
        .collect();
    let of = |id: &str| (id.into(), "tls".into(), true.into());
    assert_eq!(told, [of("cacc_1"), of("cacc_2"), of("cacc_3")]);
    assert_eq!(wire.connections(), 3);
    // As with everything that may pass, it does not for twenty in a row.
    let many = start_reading(
        &home,
        home.acctq(&format!("{NDJSON} --jobs 1")),
        &ids(1..=40),
    );
    let why = "the last 20 failed alike; it looks like an outage";
    let mut errors = errors(&many.ends());
    let last = errors.pop().unwrap();
    assert!(last["message"].as_str().unwrap().contains(why), "{last}");
    assert_eq!((errors.len(), &last["retryable"]), (20, &true.into()));
}

#[test]
fn one_api_that_nobody_can_trust_does_not_stop_the_other() {
    let (home, server) = at(|request| Reply::Send(json(&partner(request.id))));
    let untrusted = Wire::tls(certified("a CA").1, vec![]);
    let other = home.file("other.pem", certified("another CA").0, 0o644);
    home.config(format!(
        "default_profile = \"test\"\n\
         [profiles.test.connect]\nbase_url = \"{}\"\ntoken = \"{TOKEN}\"\nca_file = \"{}\"\n\
         [profiles.test.partner]\nbase_url = \"{}\"\ntoken = \"{TOKEN}\"\n",
        untrusted.url(),
        other.display(),
        server.url()
    ));
    for jobs in [1, 8] {
        let ended = home
            .acctq(&format!(
                "get - -F customer_account_uid -o ndjson --jobs {jobs}"
            ))
            .stdin("u-1\ncacc_1\nu-2\ncacc_2\nu-3\n")
            .run();
        let found = |n| format!("{{\"customer_account_uid\":\"u-{n}\"}}\n");
        assert_eq!(
            (ended.code, ended.stdout.clone()),
            (7, (1..=3).map(found).collect::<String>()),
            "{ended:#?}"
        );
        let told: Vec<_> = errors(&ended)
            .iter()
            .map(|e| (e["id"].clone(), e["code"].clone(), e["retryable"].clone()))
            .collect();
        let of = |id: &str| (id.into(), "tls".into(), false.into());
        assert_eq!(told, [of("cacc_1"), of("cacc_2")]);
    }
}

#[test]
fn one_api_that_is_not_configured_does_not_stop_the_other() {
    let (home, server) = at(found);
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\ntoken = \"{TOKEN}\"\n",
        server.url()
    ));
    let text = "some-uid\ncacc_1\nother-uid\ncacc_2\n";
    let ended = home.acctq("get - -F id -o ndjson").stdin(text).run();
    assert_eq!(
        (ended.code, &ended.stdout),
        (3, &lines(1..=2)),
        "{ended:#?}"
    );
    let told: Vec<_> = errors(&ended)
        .iter()
        .map(|error| {
            let place = (error["file"].clone(), error["line"].clone());
            (error["id"].clone(), place)
        })
        .collect();
    let expected: [(Value, (Value, Value)); 2] = [
        ("some-uid".into(), (Value::Null, 1.into())),
        ("other-uid".into(), (Value::Null, 3.into())),
    ];
    assert_eq!(told, expected);
    // Whatever file it is about, the line is the input's.
    let other = Home::new();
    other.config(format!(
        "default_profile = \"test\"\n[profiles.test.partner]\nbase_url = \"https://localhost:1\"\ntoken = \"{TOKEN}\"\nca_file = \"/none\"\n"
    ));
    let ended = other
        .acctq("get - -o ndjson")
        .stdin("# ids\nsome-uid\n")
        .run();
    let error = ended.fails(3, &[]).error();
    assert_eq!((&error["file"], &error["line"]), (&Value::Null, &2.into()));
    let ended = other.acctq("get -").stdin("# ids\nsome-uid\n").run();
    ended.fails(
        3,
        &["error: line 2: some-uid: the CA file /none does not exist\n"],
    );
    let run = home.acctq("partner account get - -o ndjson --jobs 1");
    let ended = start_reading(&home, run, "some-uid\nother-uid\n").ends();
    let why = "no further id can be looked up like this";
    assert_eq!(stopped_early(&ended, 2, 3, why), 1);
}

#[test]
fn people_are_told_why_it_stopped_and_where_to_go_on() {
    let (home, server) = at(by_number);
    let host = &server.url()["http://".len()..];
    let rejected = |before: &str| {
        format!(
            "error: {before}{host} rejects the token of profile test (status 401) (cacc_401)
  hint: HINT
found 1 · failed 1 (auth 1) · TIME
"
        )
    };
    let run = home.acctq("cacc get - -F id --jobs 1");
    let ended = start_reading(&home, run, "# ids\ncacc_1\ncacc_401\ncacc_2\n").ends();
    let told = |ended: &Ended| -> String {
        let text = untimed(ended);
        let (before, after) = text.split_once("  hint: ").unwrap();
        let (_, after) = after.split_once('\n').unwrap();
        format!("{before}  hint: HINT\n{after}")
    };
    assert_eq!((ended.code, ended.stdout.as_str()), (4, "ID\ncacc_1\n"));
    let stopped = "error: stopped after 2 of 3 ids: the token is rejected; everything up to input line 3 is done
  hint: mend that first; --skip 3 goes on behind that line
";
    assert_eq!(told(&ended), rejected("line 3: ") + stopped);

    let ended = home
        .acctq("cacc get cacc_1 cacc_401 cacc_2 -F id --jobs 1")
        .run();
    let stopped = "error: stopped after 2 of 3 ids: the token is rejected
  hint: mend that first; the other ids have not been tried
";
    assert_eq!((ended.code, ended.stdout.as_str()), (4, "ID\ncacc_1\n"));
    assert_eq!(told(&ended), rejected("") + stopped);

    // What stands behind the lines is left, too, whether there are any or not.
    for (args, text, of, upto, next) in [
        (
            "- cacc_1 cacc_2",
            "cacc_401\n",
            3,
            "; everything up to input line 1 is done",
            "--skip 1 goes on behind that line",
        ),
        (
            "cacc_401 - cacc_1",
            "",
            2,
            "",
            "the other ids have not been tried",
        ),
    ] {
        let run = home.acctq(&format!("cacc get {args} -F id --jobs 1"));
        let ended = start_reading(&home, run, text).ends();
        let stopped = format!(
            "error: stopped after 1 of {of} ids: the token is rejected{upto}
  hint: mend that first; {next}
"
        );
        assert_eq!((ended.code, ended.stdout.as_str()), (4, ""));
        assert!(ended.stderr.ends_with(&stopped), "{ended:#?}");
    }

    // Where more may come, nobody knows how many are left.
    let (mut started, mut stdin) = home.acctq(&format!("{NDJSON} --jobs 1")).start_fed();
    ask(&mut stdin, 401);
    started.message();
    let error = started.ends().fails(4, &[]).error();
    assert_eq!(
        error["message"],
        "stopped after 1 id: the token is rejected; everything up to input line 1 is done"
    );
    drop(stdin);
}

#[test]
fn connects_403_is_about_one_account() {
    let (home, server) = at(|_| refused(403));
    let ended = home.acctq(NDJSON).stdin(ids(1..=100)).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (4, ""));
    assert_eq!((errors(&ended).len(), server.count()), (100, 100));
}

/// What the server does about ids in a row: so many of each, and why it stops if it does, after how many.
type Row = &'static [(char, usize)];

const OUTAGE: &str = "the last 20 failed alike; it looks like an outage";

#[rustfmt::skip]
const ROWS: &[(Row, i32, Option<usize>)] = &[
    (&[('s', 19), ('o', 1), ('s', 19)], 8, None),
    (&[('o', 5), ('s', 20), ('o', 3)], 8, Some(25)),
    (&[('s', 19), ('o', 1), ('s', 20), ('o', 1)], 8, Some(40)),
    (&[('r', 19), ('o', 1), ('r', 19)], 7, None),
    (&[('r', 25)], 7, Some(20)),
    // Not of one kind.
    (&[('s', 19), ('r', 19), ('s', 1), ('r', 1)], 1, None),
    (&[('s', 19), ('n', 1), ('s', 19)], 1, None),
    // What says nothing about the server.
    (&[('s', 10), ('m', 5), ('s', 9), ('m', 1), ('s', 1), ('o', 1)], 8, Some(26)),
    (&[('n', 30)], 5, None),
    (&[('f', 30)], 4, None),
    (&[('b', 30)], 9, None),
    // All that there were are tried: nothing was stopped.
    (&[('s', 20)], 8, None),
];

#[test]
fn twenty_failures_of_one_kind_in_a_row_are_an_outage() {
    for (row, code, stops) in ROWS {
        let answers: Vec<char> = row
            .iter()
            .flat_map(|(what, times)| vec![*what; *times])
            .collect();
        let text: String = answers
            .iter()
            .enumerate()
            .map(|(i, what)| match what {
                'm' => "no id\n".to_owned(),
                _ => ids([i + 1]),
            })
            .collect();
        let count = answers.len();
        let (home, server) = at(move |request| match answers[number(request) - 1] {
            's' => refused(503),
            'r' => Reply::Reset(vec![]),
            'n' => refused(404),
            'f' => refused(403),
            'b' => refused(400),
            _ => found(request),
        });
        let run = home.acctq(&format!("{NDJSON} --jobs 1 --retries 0"));
        let ended = start_reading(&home, run, &text).ends();
        if let Some(stop) = stops {
            assert_eq!(
                stopped_early(&ended, count, *code, OUTAGE),
                *stop,
                "{row:?}"
            );
        } else {
            let failed = row
                .iter()
                .filter(|(what, _)| *what != 'o')
                .map(|(_, times)| times);
            assert_eq!(
                (ended.code, errors(&ended).len()),
                (*code, failed.sum()),
                "{row:?}: {ended:#?}"
            );
        }
        drop(server);
    }
}

#[test]
fn nobody_there_and_nobody_who_answers_are_outages_too() {
    let silent = Server::new(|_| {
        Gate::default().pass();
        unreachable!()
    });
    for (url, timeout, code) in [("http://127.0.0.1:1", "10s", 7), (silent.url(), "30ms", 7)] {
        let home = Home::new();
        home.profile(url);
        let run = home.acctq(&format!(
            "{NDJSON} --jobs 1 --retries 0 --timeout {timeout}"
        ));
        let ended = start_reading(&home, run, &ids(1..=22)).ends();
        assert_eq!(stopped_early(&ended, 22, code, OUTAGE), 20);
    }
}

#[test]
fn an_outage_is_no_reason_for_many_more_requests() {
    let (home, server) = at(|_| Reply::Send(response("503 Busy", "Retry-After: 0\r\n", "")));
    let run = home.acctq(&format!("{NDJSON} --jobs 16"));
    let ended = start_reading(&home, run, &ids(1..=2_000)).ends();
    let tried = stopped_early(&ended, 2_000, 8, OUTAGE);
    assert!((20..20 + 32).contains(&tried), "{tried}");
    // Who is under way may be stopped before it is done; it was tried all the same.
    assert!(
        server.count() * 10 <= (tried + 16) * 11 + 500,
        "{}",
        server.count()
    );
}

#[test]
fn retries_are_a_tenth_of_the_ids_and_fifty() {
    let (home, server) = at(|request| {
        if number(request).is_multiple_of(2) {
            Reply::Send(response("503 Busy", "Retry-After: 0\r\n", ""))
        } else {
            found(request)
        }
    });
    let ended = home
        .acctq(&format!("{NDJSON} --jobs 16 --retries 5"))
        .stdin(ids(1..=2_000))
        .run();
    assert_eq!((ended.code, errors(&ended).len()), (8, 1_000));
    assert_eq!(ended.stdout, lines((1..=2_000).step_by(2)));
    assert_eq!(server.count(), 2_000 + 2_000 / 10 + 50);
}

// --- At which pace ---

#[test]
fn what_one_answer_asks_for_holds_everybody() {
    let rejected = Gate::default();
    let opened = rejected.clone();
    let first = Mutex::new(None);
    let (home, server) = at(move |request| {
        if request.number > 8 {
            return found(request);
        }
        if first.lock().unwrap().get_or_insert(request.number) == &request.number {
            return Reply::Send(response("429 Slow", "Retry-After: 1\r\n", ""));
        }
        opened.pass();
        found(request)
    });
    let run = home.acctq(&format!("{NDJSON} -v --jobs 8"));
    let mut started = start_reading(&home, run, &ids(1..=50));
    server.asked(8);
    let asked: Value = serde_json::from_str(&started.message()).unwrap();
    assert_eq!(
        (&asked["trace"]["status"], &asked["trace"]["retry_in_ms"]),
        (&429.into(), &1000.into())
    );
    // The pause has begun by now: the others get their answers, and go no further.
    rejected.open();
    let ended = started.ends();
    assert_eq!((ended.code, &ended.stdout), (0, &lines(1..=50)));
    let requests = server.requests();
    let pause = requests[8].0 - requests[0].0;
    assert!(pause >= Duration::from_secs(1), "{pause:?}");
    assert_eq!(requests.len(), 51);
}

#[test]
fn a_pause_that_is_asked_for_is_not_the_look_ups_own_time() {
    let (home, server) = at(|request| match request.number {
        1 => Reply::Send(response("429 Slow", "Retry-After: 1\r\n", "")),
        _ => found(request),
    });
    for jobs in [1, 8] {
        let run = home.acctq(&format!("{NDJSON} --timeout 900ms --jobs {jobs}"));
        run.stdin(ids(1..=3)).run().prints(&lines(1..=3));
    }
    assert_eq!(server.count(), 7);
}

#[test]
fn a_pause_of_more_than_five_minutes_stops_it() {
    for (status, code) in [("429 Slow", 6), ("503 Busy", 8)] {
        let (home, server) = at(move |request| match request.number {
            3 => Reply::Send(response(status, "Retry-After: 301\r\n", "")),
            _ => found(request),
        });
        let run = home.acctq(&format!("{NDJSON} --jobs 1"));
        let ended = start_reading(&home, run, &ids(1..=9)).ends();
        let why = "the server asks to wait for longer than five minutes";
        assert_eq!(stopped_early(&ended, 9, code, why), 3);
        assert_eq!(errors(&ended)[0]["retry_after_s"], 301);
        assert_eq!(server.count(), 3);
    }
}

#[test]
fn the_rate_that_was_told_is_kept() {
    for jobs in [1, 8] {
        // Each second answer is to be asked for again.
        let (home, server) = at(|request| {
            if request.attempt == 1 && number(request).is_multiple_of(2) {
                Reply::Send(response("503 Busy", "Retry-After: 0\r\n", ""))
            } else {
                found(request)
            }
        });
        let run = home.acctq(&format!("{NDJSON} --rate 50/s --jobs {jobs}"));
        let began = Instant::now();
        run.stdin(ids(1..=20)).run().prints(&lines(1..=20));
        let requests = server.requests();
        assert_eq!(requests.len(), 30);
        let took = requests[29].0 - began;
        assert!(took >= Duration::from_millis(29 * 20), "{took:?}");
    }
}

// --- What interrupts them ---

const SIGNALS: [(Signal, i32, &str, &str); 2] = [
    (Signal::INT, 130, "interrupted", "run it again"),
    (
        Signal::TERM,
        143,
        "terminated",
        "another program sent SIGTERM, perhaps for a time limit, or the terminal was closed; run it again",
    ),
];

#[test]
fn a_signal_ends_it_whole_and_skip_goes_on_from_there() {
    for format in FORMATS {
        for (signal, code, name, again) in SIGNALS {
            let gate = Gate::default();
            let opened = gate.clone();
            let (home, server) = at(move |request| {
                if number(request) == 150 {
                    gate.pass();
                }
                by_number(request)
            });
            let text = format!("# ids\ncacc_404\n{}", ids(1..=200));
            let args = format!("cacc get - -F id -o {format}");
            let mut started = start_reading(&home, home.acctq(&args), &text);
            let mut first = read_to(&mut started, &shown(format, 149));
            server.asked(150);
            started.signal(signal);
            let ended = started.ends();
            first += &ended.stdout;
            let message = format!(
                "{name} after 150 ids (149 found, 1 failed); everything up to input line 151 is done"
            );
            let hint = format!("{again}; --skip 151 goes on behind that line");
            if format.ends_with("json") {
                let errors = errors(&ended);
                assert_eq!(errors.len(), 2);
                assert_eq!(
                    (
                        &errors[1]["message"],
                        &errors[1]["hint"],
                        &errors[1]["line"],
                        &errors[1]["code"]
                    ),
                    (&message.into(), &hint.into(), &151.into(), &name.into())
                );
            } else {
                let last = format!("error: {message}\n  hint: {hint}\n");
                assert!(ended.stderr.ends_with(&last), "{ended:#?}");
                // No summary of what is not over.
                assert!(!ended.stderr.contains("found 149 ·"), "{ended:#?}");
            }
            assert_eq!(ended.code, code);
            assert_eq!(ids_in(format, &first), (1..=149).collect::<Vec<_>>());

            opened.open();
            let ended = home
                .acctq(&format!("{args} -q --skip 151"))
                .stdin(&text)
                .run();
            assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
            assert_eq!(
                ids_in(format, &ended.stdout),
                (150..=200).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn a_signal_ends_every_way_of_waiting() {
    let slow = |_: &Request<'_>| Reply::Send(response("429 Slow", "Retry-After: 200\r\n", ""));
    let silent = |_: &Request<'_>| -> Reply {
        Gate::default().pass();
        unreachable!()
    };
    for (name, server) in [
        ("for answers", Server::new(silent)),
        ("for a pause to end", Server::new(slow)),
        ("for more ids", Server::new(found)),
    ] {
        let home = Home::new();
        home.profile(server.url());
        let (mut started, mut stdin) = home.acctq(NDJSON).start_fed();
        ask(&mut stdin, 1);
        server.asked(1);
        let is_done = name == "for more ids";
        if is_done {
            read_to(&mut started, "}");
        }
        started.signal(Signal::INT);
        let ended = started.ends();
        let message = if is_done {
            "interrupted after 1 id (1 found, 0 failed); everything up to input line 1 is done"
        } else {
            "interrupted before anything was looked up"
        };
        assert_eq!((ended.code, ended.stdout.as_str()), (130, ""), "{name}");
        assert_eq!(ended.error()["message"], message, "{name}");
        drop(stdin);
    }
}

#[test]
fn the_second_signal_ends_many_at_once() {
    // More than any pipe holds, so that a reader that takes no more stalls us.
    let (home, _server) = at(|request| {
        let note = format!(",\"metadata\":\"{}\"}}", "x".repeat(700 * 1024));
        Reply::Send(json(&account(request.id).replace('}', &note)))
    });
    let mut started = start_reading(&home, home.acctq("cacc get - -o ndjson"), &ids(1..=50));
    started.first_byte();
    started.signal(Signal::INT);
    started.signal(Signal::TERM);
    let ended = started.exits();
    assert!([130, 143].contains(&ended.code), "{ended:#?}");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_reader_who_has_had_enough_ends_it_quietly() {
    for format in ["json", "yaml", "ndjson"] {
        let gate = Gate::default();
        let opened = gate.clone();
        let (home, server) = at(move |request| {
            let mut text = account(request.id);
            match number(request) {
                1 => (),
                2 => {
                    gate.pass();
                    // More than a pipe holds. What fits is taken even now if another process is being started by another
                    // test, and has our end of the pipe until it runs.
                    let note = format!(",\"metadata\":\"{}\"}}", "x".repeat(700 * 1024));
                    text = text.replace('}', &note);
                }
                // Nobody gets an answer.
                _ => Gate::default().pass(),
            }
            Reply::Send(json(&text))
        });
        let run = home.acctq(&format!("cacc get - -F id,metadata -o {format}"));
        let (mut started, mut stdin) = run.start_fed();
        stdin.write_all(ids(1..=8).as_bytes()).unwrap();
        started.line();
        server.asked(8);
        drop(started.stdout.take());
        opened.open();
        // Nor does it wait for more ids.
        started.ends().is(0, "", "");
        drop(stdin);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_ends_it() {
    let (home, _server) = at(found);
    home.file("ids", ids(1..=5_000), 0o600);
    for format in FORMATS {
        let ended = home
            .shell(&format!("acctq cacc get - -o {format} <ids >/dev/full"))
            .run();
        ended.fails(
            1,
            &["the output could not be written", "No space left on device"],
        );
    }
}

// --- What is seen of them ---

/// What a terminal shows without its escape sequences.
fn plain(sent: &str) -> String {
    let mut text = String::new();
    let mut parts = sent.split('\u{1b}');
    text += parts.next().unwrap_or_default();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        text += &part[end + 1..];
    }
    text
}

#[test]
fn a_terminal_shows_how_far_it_has_come() {
    for format in ["ndjson", "table"] {
        let gate = Gate::default();
        let opened = gate.clone();
        let (home, _server) = at(move |request| {
            if number(request) == 50 {
                gate.pass();
            }
            by_number(request)
        });
        let text = format!("{}{}", ids([404, 404]), ids(1..=200));
        let file = File::open(home.file("ids", text, 0o600)).unwrap();
        let (mut screen, stderr) = terminal(80);
        let started = home
            .acctq(&format!("cacc get - -F id -o {format} --color never"))
            .env("TERM", "xterm")
            .start_with(|command| command.stdin(file).stdout(Stdio::piped()).stderr(stderr));
        let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
        let mut read = |sent: &mut Vec<u8>| match screen.read(&mut buffer) {
            Ok(length @ 1..) => {
                sent.extend_from_slice(&buffer[..length]);
                true
            }
            // Linux ends a terminal that nobody holds any more with an error.
            _ => false,
        };
        let shows = |sent: &[u8]| {
            let shown = plain(&String::from_utf8_lossy(sent));
            shown.contains("51 done, 2 failed, ")
                && shown.contains("/s, ")
                && shown.contains(" left")
        };
        while !shows(&sent) {
            assert!(read(&mut sent), "{}", String::from_utf8_lossy(&sent));
        }
        opened.open();
        let ended = started.ends();
        while read(&mut sent) {}
        assert_eq!((ended.code, ids_in(format, &ended.stdout).len()), (5, 200));
        // Nothing of it stands in a line with what else is told, and nothing is left.
        let told = plain(&String::from_utf8(sent).unwrap()).replace('\r', "\n");
        let errors = told.lines().filter(|line| line.contains("cacc_404"));
        let error = if format == "table" {
            "error: line "
        } else {
            "{\"error\":{"
        };
        let errors: Vec<_> = errors.collect();
        assert!(
            errors.len() == 2 && errors.iter().all(|line| line.starts_with(error)),
            "{told}"
        );
        let mixed = |line: &&str| line.contains(" done") && line.contains(&error[..6]);
        assert_eq!(told.lines().find(mixed), None);
        let last = told.trim_end().lines().last().unwrap();
        assert!(
            format == "ndjson" || last.starts_with("found 200 · failed 2 (not found 2) · "),
            "{told}"
        );
    }
}

#[test]
fn nothing_is_left_on_the_terminal_of_a_reader_who_has_had_enough() {
    let gate = Gate::default();
    let opened = gate.clone();
    let (home, _server) = at(move |request| {
        if number(request) == 50 {
            gate.pass();
        }
        found(request)
    });
    let file = File::open(home.file("ids", ids(1..=5_000), 0o600)).unwrap();
    let (mut screen, stderr) = terminal(80);
    let mut started = home
        .acctq(NDJSON)
        .env("TERM", "xterm")
        .start_with(|command| command.stdin(file).stdout(Stdio::piped()).stderr(stderr));
    let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&sent).contains("49 done") {
        let length = screen.read(&mut buffer).unwrap();
        sent.extend_from_slice(&buffer[..length]);
    }
    drop(started.stdout.take());
    opened.open();
    let ended = started.ends();
    // Linux ends a terminal that nobody holds any more with an error.
    let _ = screen.read_to_end(&mut sent);
    let sent = String::from_utf8(sent).unwrap();
    let after_the_last_clearing = sent.rsplit("\u{1b}[2K").next().unwrap();
    assert_eq!(
        (ended.code, after_the_last_clearing.trim()),
        (0, ""),
        "{sent:?}"
    );
}

#[test]
fn nobody_else_is_shown_how_far_it_has_come() {
    for (args, term, is_terminal) in [
        ("", "xterm", false),
        ("-q", "xterm", true),
        ("", "dumb", true),
    ] {
        let (home, _server) = at(by_number);
        let file = File::open(home.file("ids", ids(1..=300), 0o600)).unwrap();
        let (mut screen, stderr) = terminal(80);
        let run = home.acctq(&format!("{NDJSON} {args}")).env("TERM", term);
        let started = run.start_with(|command| {
            command.stdin(file).stdout(Stdio::piped());
            if is_terminal {
                command.stderr(stderr)
            } else {
                drop(stderr);
                command.stderr(Stdio::piped())
            }
        });
        started.ends().prints(&lines(1..=300));
        let mut sent = Vec::new();
        let _ = screen.read_to_end(&mut sent);
        assert_eq!(String::from_utf8(sent).unwrap(), "", "{args} {term}");
    }
}

#[test]
fn no_secret_shows_among_many() {
    let count = AtomicUsize::new(0);
    let (home, _server) = at(move |request| {
        let text = partner(request.id);
        match count.fetch_add(1, Ordering::SeqCst) % 4 {
            // Nested, and in a field that nobody knows.
            0 => Reply::Send(json(&text.replace(
                "\"domain\"",
                &format!("\"more\":{{\"Activation_Token\":\"{ACTIVATION}\"}},\"domain\""),
            ))),
            1 => Reply::Send(json(&text.replace("entitled", "else"))),
            2 => Reply::Send(response("400 Bad", "", &text)),
            _ => Reply::Send(json(&text)),
        }
    });
    for format in FORMATS {
        // What is in none of the streams is asserted of every run.
        let run = |more: &str| {
            home.acctq(&format!("partner account get - -o {format} -v {more}"))
                .stdin(ids(1..=40).replace('_', "-"))
                .run()
        };
        assert_eq!(run("").code, 9);
        let revealed = run("--reveal");
        let shown = revealed.stdout.matches(ACTIVATION).count();
        assert_eq!(
            (revealed.code, shown),
            (9, if format == "table" { 0 } else { 40 }),
            "{revealed:#?}"
        );
    }
}

/// An account with a member of so many characters.
fn large(id: &str, size: usize) -> Reply {
    let account = account(id);
    let (account, _) = account.rsplit_once('}').unwrap();
    Reply::Send(json(&format!("{account},\"x\":\"{}\"}}", "m".repeat(size))))
}

#[test]
fn large_accounts_take_no_more_memory_than_small_ones() {
    let (home, _server) = at(|request| large(request.id, 400 * 1024));
    // The harness bounds the memory of every run.
    let run = home.acctq("cacc get - -q -F x,id -o table");
    let ended = run.stdin(ids(1..60)).run();
    let rows = ended.stdout.lines().count();
    assert_eq!((ended.code, rows, ended.stderr.as_str()), (0, 60, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn the_time_that_a_reader_takes_is_not_the_look_ups_own() {
    let (home, server) = at(|request| large(request.id, 100 * 1024));
    let timeout = Duration::from_millis(300);
    let run = home.acctq("cacc get - -F id,x -o ndjson --jobs 32 --retries 0 --timeout 300ms");
    let mut started = start_reading(&home, run, &ids(1..=200));
    // More than waits for the reader, and for the memory to wait in.
    server.asked(64);
    // It is the reader's pause that this is about.
    std::thread::sleep(2 * timeout);
    let first = started.line();
    let ended = started.ends();
    assert!(first.starts_with("{\"id\":\"cacc_1\","));
    assert_eq!(
        (
            ended.code,
            ended.stdout.lines().count(),
            ended.stderr.as_str()
        ),
        (0, 199, "")
    );
}

#[test]
fn rows_that_nobody_reads_are_not_done() {
    let (home, server) = at(|request| {
        if number(request) == 99 {
            Gate::default().pass();
        }
        large(request.id, 1024)
    });
    let text = ids(1..=99);
    let run = home.acctq("cacc get - -F x,id --jobs 1");
    let mut started = start_reading(&home, run, &text);
    // One after the other: 98 rows wait for the widths of the columns, and are more than a pipe takes.
    server.asked(99);
    started.signal(Signal::TERM);
    let ended = started.exits();
    assert_eq!(ended.code, 143);
    let told =
        "error: terminated before anything was looked up; the reader of the output has stalled";
    assert!(ended.stderr.starts_with(told), "{}", ended.stderr);
}
