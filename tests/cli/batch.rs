//! Many ids: their order, their failures, what stops a batch early and where it can be continued.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::process::{ChildStdin, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::every_fault;
use super::harness::{ACTIVATION, Ended, Home, Started, TOKEN, terminal};
use super::http::certified;
use super::wire::{self, Gate, Reply, Request, Server, Wire, response};

const NDJSON: &str = "cacc get - -F id -o ndjson";
const FORMATS: [&str; 4] = ["table", "json", "yaml", "ndjson"];

/// A server, and a home with a profile for it.
fn at(decide: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static) -> (Home, Server) {
    let (home, server) = (Home::new(), Server::new(decide));
    home.profile(server.url());
    (home, server)
}

/// The same, which answers by number, but some of the requests only once the gate is open.
fn held(is_held: fn(&Request<'_>) -> bool) -> (Home, Server, Gate) {
    let gate = Gate::default();
    let opened = gate.clone();
    let (home, server) = at(move |request| {
        if is_held(request) {
            gate.pass();
        }
        by_number(request)
    });
    (home, server, opened)
}

fn run(home: &Home, args: &str, stdin: impl AsRef<[u8]>) -> Ended {
    home.acctq(args).stdin(stdin).run()
}

/// Looks up these lines, with more flags.
fn batch(home: &Home, flags: &str, stdin: impl AsRef<[u8]>) -> Ended {
    run(home, &format!("{NDJSON} {flags}"), stdin)
}

/// Starts it with a file as its input.
fn start(home: &Home, args: &str, text: &str) -> Started {
    let file = File::open(home.file("ids", text, 0o600)).unwrap();
    let streams = home.acctq(args);
    streams.start_with(|c| c.stdin(file).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

/// An account that keeps to the contract of the API that has such ids.
#[rustfmt::skip]
fn account(id: &str) -> String {
    let times = r#""created_at":"2026-01-02T03:04:05Z""#;
    if id.starts_with("cacc_") {
        format!(r#"{{"id":"{id}","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1",{times}}}"#)
    } else {
        format!(r#"{{"customer_account_uid":"{id}","account_type":"F","activation_token":"{ACTIVATION}","domain":"b5test.eu","status":"entitled","deployed_members":1,{times},"updated_at":"2026-01-02T03:04:05Z"}}"#)
    }
}

fn found(request: &Request<'_>) -> Reply {
    Reply::Send(wire::json(&account(request.id)))
}

/// The account with metadata of this size.
fn large(request: &Request<'_>, size: usize) -> Reply {
    let more = format!(",\"metadata\":\"{}\"}}", "m".repeat(size));
    Reply::Send(wire::json(&account(request.id).replace('}', &more)))
}

fn refused(status: usize) -> Reply {
    Reply::Send(response(&format!("{status} Refused"), "", ""))
}

fn silent() -> Reply {
    Gate::default().pass();
    unreachable!()
}

fn busy() -> Reply {
    Reply::Send(response("503 Busy", "Retry-After: 0\r\n", ""))
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

impl Ended {
    /// Asserts exit code and standard output, whatever is on standard error.
    #[track_caller]
    pub fn gives(&self, code: i32, stdout: &str) -> &Self {
        let given = (self.code, self.stdout.as_str());
        assert_eq!(given, (code, stdout), "{self:#?}");
        self
    }

    /// These keys of each error on standard error.
    pub fn facts(&self, keys: &str) -> Value {
        let errors = self.errors();
        errors.iter().map(|error| pick(error, keys)).collect()
    }
}

/// The values of these keys.
pub fn pick(object: &Value, keys: &str) -> Value {
    keys.split(' ').map(|key| object[key].clone()).collect()
}

/// The whole numbers in the last line on standard error, which is the summary.
fn summary(ended: &Ended) -> Vec<usize> {
    let last = ended.stderr.lines().last().unwrap_or_default();
    let words = last.split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// Asserts that the ids up to some line were tried and the others were not, and that the last error says so; which line that is.
#[track_caller]
fn stopped_early(ended: &Ended, code: i32) -> usize {
    let mut errors = ended.errors();
    let last = errors.pop().expect("an error");
    let line = |error: &Value| usize::try_from(error["line"].as_u64().unwrap()).unwrap();
    let mut done: Vec<_> = errors.iter().map(line).collect();
    done.extend(ids_in("ndjson", &ended.stdout));
    done.sort_unstable();
    let count = done.len();
    assert_eq!(done, (1..=count).collect::<Vec<_>>(), "{ended:#?}");
    assert_eq!(ended.code, code, "{ended:#?}");
    assert_eq!(pick(&last, "exit_code line"), json!([code, count]));
    let hint = last["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("--skip {count}")), "{hint}");
    count
}

// --- Where ids come from ---

/// What standard input holds, the ids that are found, and the lines that are no ids.
type Input = (&'static [u8], &'static [usize], &'static [usize]);

#[rustfmt::skip]
const INPUTS: &[Input] = &[
    (b"cacc_1\ncacc_2\n", &[1, 2], &[]),
    (b"cacc_1\ncacc_2", &[1, 2], &[]),
    (b"cacc_1\r\ncacc_2\r\n", &[1, 2], &[]),
    (b"cacc_1\r\ncacc_2\r", &[1, 2], &[]),
    (b"\xef\xbb\xbfcacc_1\r\ncacc_2\r\n", &[1, 2], &[]),
    (b"\xef\xbb\xbf# ids\ncacc_1\n", &[1], &[]),
    (b"\xef\xbb\xbf", &[], &[]),
    (b"cacc_1\n\xef\xbb\xbfcacc_2\n", &[1], &[2]),
    (b"\n\r\n \t \ncacc_1\n\n\n", &[1], &[]),
    (b"# cacc_8\n\t # cacc_9\n#\ncacc_1\n#cacc_7", &[1], &[]),
    (b"  cacc_1\t \n\tcacc_2\x0c\n", &[1, 2], &[]),
    (b"cacc_1\ncacc_2\ncacc_1\ncacc_1\n", &[1, 2, 1, 1], &[]),
    (b"cacc_1\ncacc_\xff\xc3\ncacc_2\n", &[1, 2], &[2]),
    (b"cacc_\0\ncacc_1\n", &[1], &[1]),
    (b"cacc_1\rcacc_2\r", &[], &[1]),
    (b"# ids\n\ncacc_1 cacc_2\ncacc_1\n", &[1], &[3]),
    (b"cacc_1,\ncacc_2\n", &[2], &[1]),
    (b"-\ncacc_1\n--reveal\n", &[1], &[1, 3]),
    (b"sk_live_51H\ncacc_1\n", &[1], &[1]),
];

#[test]
fn lines_are_read_as_a_person_means_them() {
    let (home, _server) = at(found);
    for (text, numbers, failures) in INPUTS {
        let ended = batch(&home, "", text);
        let code = if failures.is_empty() { 0 } else { 2 };
        ended.gives(code, &lines(numbers.iter().copied()));
        let expected: Value = failures.iter().map(|line| json!([line, "usage"])).collect();
        assert_eq!(ended.facts("line code"), expected);
        assert!(!ended.stderr.contains("sk_live"), "{ended:#?}");
    }
}

/// A column, CSV, the ids that are found in it, and the lines that have none.
type Export = (&'static str, &'static str, &'static [usize], &'static [usize]);

#[rustfmt::skip]
const EXPORTS: &[Export] = &[
    ("2", "name,id\na,cacc_1\nb,cacc_2\n", &[1, 2], &[]),
    ("id", "\u{feff}\"name\";\"id\"\r\n\"a, b; \"\"c\"\"\";cacc_1\r\n\"\";\"cacc_2\"", &[1, 2], &[]),
    ("3", "a\tb,c\tid\n1\t2\tcacc_1", &[1], &[]),
    ("id", "id;\"a,b,c\";\"d,e\"\ncacc_1;,;,\n", &[1], &[]),
    ("1", "cacc_9\ncacc_1\n", &[1], &[]),
    // Line ends in quotes, in the header too, and lines that are empty.
    ("id", "\n\"a\r\nb\",id\n\n\"x\ny\n\",cacc_1\r\n\r\n\"\n\",no id\nz,cacc_2\n", &[1, 2], &[9]),
    // What a spreadsheet leaves around an id; an apostrophe keeps a text one.
    ("id", " id ,x\n cacc_1\u{a0},\n'cacc_2,\n\" 'cacc_3 \",\n''cacc_4,\n", &[1, 2, 3], &[5]),
    ("id", "x,id\n,\n\" \",'\n , \n,,,\n \na,#N/A\nb,# c\nc,cacc_1\n", &[1], &[7, 8]),
    ("id", "x,id\na,cacc_1,b,c\ntotal\nb,cacc_2\n", &[1, 2], &[3]),
    // A quote in the middle of a cell is none, and one that is never closed takes what is behind it.
    ("1", "id,x\ncacc_1,5\" disk\ncacc_2,\"a\ncacc_3,b\n", &[1], &[3]),
    ("1", "id\rcacc_1\rcacc_2", &[1, 2], &[]),
    ("\u{540d}", "\u{540d},x\n\u{fffd},\ncacc_1,", &[1], &[2]),
];

#[test]
fn a_column_of_a_spreadsheet_is_read_as_a_person_means_it() {
    let (home, server) = at(found);
    for (column, text, numbers, failures) in EXPORTS {
        let args = format!("{NDJSON} --column")
            .split(' ')
            .map(str::to_owned)
            .chain([(*column).to_owned()])
            .collect::<Vec<_>>();
        let ended = home.acctq_args(args).stdin(text).run();
        ended.gives(if failures.is_empty() { 0 } else { 2 }, &lines(numbers.iter().copied()));
        let expected: Value = failures.iter().map(|line| json!([line, "usage"])).collect();
        assert_eq!(ended.facts("line code"), expected, "{text}");
    }
    let text = "x,id\n\"a\nb\",cacc_1\n,\nc,cacc_2\nd,cacc_3";
    for (skip, first) in [(0, 1), (1, 1), (2, 2), (4, 2), (5, 3), (6, 4)] {
        batch(&home, &format!("--column id --skip {skip}"), text).prints(&lines(first..=3));
    }
    // An id does not wait for the next record.
    let (mut started, mut stdin) = home.acctq(&format!("{NDJSON} --column id")).start_fed();
    for number in 1..=2 {
        stdin.write_all(format!("{}cacc_{number}\r\n", ["", "id\r\n", ""][number]).as_bytes()).unwrap();
        assert_eq!(started.line(), lines([number]));
    }
    drop(stdin);
    started.ends();
    let count = server.count();
    for (column, text, facts) in [
        ("ID", "x;id\n1;cacc_1\n", &["`ID`", "1 `x`, 2 `id`"][..]),
        ("0", "x,id", &["`0`", "1 `x`"]),
        ("3", "x,id", &["`3`", "2 `id`"]),
        ("id", "id,x,id\n", &["`id`", "3 `id`"]),
        ("id", "\u{1b}[2J,sk_live_51H\n", &["\\u{1b}[2J", "••••••••"]),
        ("id", "", &["header"]),
        ("id", "\"id\ncacc_1\n", &["header"]),
        ("1 --skip 7", "id\ncacc_1\n", &["line 2"]),
    ] {
        let error = batch(&home, &format!("--column {column}"), text).fails_with(2, "usage");
        let message = error["message"].as_str().unwrap();
        assert!(facts.iter().all(|fact| message.contains(fact)), "{error}");
    }
    let utf16: Vec<u8> = "x,id\n1,cacc_1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    batch(&home, "--column id", utf16).fails_with(2, "usage");
    run(&home, "cacc get cacc_1 --column id -o json", "").fails_with(2, "usage");
    assert_eq!(server.count(), count);
}

/// The harness watches the memory.
#[test]
fn a_cell_a_record_and_a_header_of_any_length_are_one_failure() {
    let (home, _server) = at(found);
    let long = "a".repeat(40_000_000);
    for (text, found, line) in [
        (format!("x,id\n{long},cacc_1\n"), &[1][..], None),
        (format!("x,id\n1,cacc_1{}2\n3,cacc_2\n", &long.replace('a', " ")), &[2], Some(2)),
        (format!("x,id\n\"{long}\n,cacc_1\n"), &[], Some(2)),
        (format!("x,id\n{},cacc_1\n", long.replace('a', ",")), &[], None),
        (long, &[], Some(0)),
    ] {
        let ended = batch(&home, "--column id", text);
        assert_eq!(ended.stdout, lines(found.iter().copied()), "{:.200}", ended.stderr);
        let told = ended.facts("line");
        assert_eq!(told, line.map_or(json!([]), |line| json!([[Some(line).filter(|line| *line > 0)]])));
    }
}

/// PowerShell's `>` writes it.
#[test]
fn utf_16_is_one_error() {
    let (home, server) = at(found);
    for text in ["\u{feff}cacc_1\r\ncacc_2\r\n", "cacc_1\r\ncacc_2\r\n", "\u{feff}# Zoë\ncacc_1\n"] {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let text: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            for args in ["", "--skip 1"] {
                let error = batch(&home, args, &text).fails_with(2, "usage");
                assert!(error["message"].as_str().unwrap().contains("UTF-16"), "{error}");
            }
        }
    }
    assert_eq!(server.count(), 0);
}

#[test]
fn a_failure_says_its_line_and_id() {
    let (home, _server) = at(by_number);
    let text = "# ids\n\ncacc_404\ncacc_!\n";
    let ended = batch(&home, "cacc_410", text);
    let ids = json!([[3, "cacc_404"], [4, "cacc_!"], [null, "cacc_410"]]);
    assert_eq!(ended.facts("line id"), ids);
    let ended = run(&home, "cacc get - cacc_410 -F id", text);
    ended.fails(1, &["line 3", "cacc_404", "line 4", "cacc_!", "cacc_410"]);
}

#[test]
fn a_line_of_any_length_is_one_failure() {
    let (home, server) = at(found);
    let blanks = " ".repeat(100_000);
    for text in [
        "a".repeat(4_096),
        "a".repeat(10 * 1024 * 1024),
        // What stands behind any number of blanks still belongs to the line.
        format!("cacc_1{blanks}2"),
    ] {
        let comment = format!("#{}", "x".repeat(100_000));
        let text = format!("{text}\n{comment}\n\tcacc_1 \r\n");
        let ended = batch(&home, "", text);
        let told = ended.gives(2, &lines([1])).facts("line code");
        assert_eq!(told, json!([[1, "usage"]]));
        assert!(ended.stderr.len() < 1000, "{ended:#?}");
    }
    assert_eq!(server.count(), 3);
}

#[test]
fn ids_keep_the_order_of_arguments_and_lines() {
    let (home, _server) = at(found);
    for (args, order) in [
        ("-", &[2, 3][..]),
        ("cacc_1 cacc_5 - cacc_4 cacc_6", &[1, 5, 2, 3, 4, 6]),
        ("cacc_1 - --skip 1 cacc_4", &[3, 4]),
    ] {
        let args = format!("cacc get {args} -F id -o ndjson");
        let ended = run(&home, &args, "cacc_2\ncacc_3\n");
        ended.prints(&lines(order.iter().copied()));
    }
    // Standard input that is not named is not read: the run ends although its input stays open.
    let once = home.acctq("cacc get cacc_1 cacc_2 -F id -o ndjson");
    let (started, _stdin) = once.start_fed();
    started.ends().prints(&lines(1..=2));
}

#[test]
fn no_id_at_all_is_an_empty_result() {
    let (home, _server) = at(found);
    for text in ["", "\n", "# none\n\n"] {
        for (format, stdout) in FORMATS.iter().zip(["", "[]\n", "[]\n", ""]) {
            run(&home, &format!("cacc get - -q -o {format}"), text).prints(stdout);
        }
    }
}

#[test]
fn usage_mistakes_are_refused_before_any_look_up() {
    let (home, server) = at(found);
    let mistakes = "- --jobs 0, - --jobs 257, - --jobs x, - --jobs -1, - --jobs 1.5, - --rate 0/s, - --rate 10, - --rate -1/s, \
         - --rate 1/m, - --rate inf/s, - --rate 0.0000000000001/s, - --skip x, - --skip -1, - --skip 99999999999999999999, \
         cacc_1 --skip 1, - -, - cacc_1 -, - --skip 3, - cacc_3 --skip 1000";
    for mistake in mistakes.split(", ") {
        let args = format!("cacc get {mistake} -o json");
        run(&home, &args, "cacc_1\ncacc_2\n").fails_with(2, "usage");
    }
    assert_eq!(server.count(), 0);
}

#[test]
fn skip_continues_behind_a_line() {
    let (home, server) = at(found);
    let text = "\u{feff}# ids\n\ncacc_1\ncacc_2\r\nno id\ncacc_3";
    for (skip, first, failures) in [(0, 1, 1), (2, 1, 1), (3, 2, 1), (4, 3, 1), (5, 3, 0), (6, 4, 0)] {
        let ended = batch(&home, &format!("--skip {skip}"), text);
        assert_eq!(ended.stdout, lines(first..=3));
        // The line's number is that in the whole input.
        assert_eq!(ended.facts("line"), json!(vec![[5]; failures]));
    }
    assert_eq!(server.count(), 10);
}

// --- Results and failures ---

#[test]
fn every_answer_is_of_its_own_id_in_the_ids_order() {
    // Answers come in any order, and every connection is stale when it is used again.
    let (home, _server) = at(|request| {
        std::thread::sleep(Duration::from_micros(fastrand::u64(..3_000)));
        let note = format!(",\"metadata\":{}}}", number(request));
        match request.on_connection {
            1 => Reply::Send(wire::json(&account(request.id).replace('}', &note))),
            _ => Reply::Close(vec![]),
        }
    });
    let args = "cacc get - -F id,metadata -o ndjson --jobs 32 --retries 0";
    let line = |n| format!("{{\"id\":\"cacc_{n}\",\"metadata\":{n}}}\n");
    let expected: String = (1..=2_000).map(line).collect();
    run(&home, args, ids(1..=2_000)).prints(&expected);
}

#[test]
fn every_id_is_accounted_for_whatever_its_fault() {
    let (home, _server) = at(every_fault::decide);
    let ids = 3_000;
    let text: String = (1..=ids).map(every_fault::line).collect();
    let ended = run(&home, "cacc get - -o ndjson --jobs 32 --retries 1", text);
    every_fault::check_found(ids, ended.stdout.lines().map(str::to_owned));
    every_fault::check_failed(ids, ended.stderr.lines().map(str::to_owned));
    assert_eq!(ended.code, 1);
}

/// Ids, the exit code, and how many are found and fail.
#[rustfmt::skip]
const CODES: &[(&str, i32, usize, usize)] = &[
    ("cacc_1 cacc_2", 0, 2, 0),
    ("cacc_404 cacc_1", 5, 1, 1),
    ("cacc_404 cacc_410 cacc_404 cacc_1 cacc_2 cacc_3 cacc_4", 5, 4, 3),
    ("cacc_404 cacc_400", 1, 0, 2),
    ("cacc_400 cacc_422 cacc_1", 9, 1, 2),
    ("cacc_403 cacc_1", 4, 1, 1),
    ("cacc_503 cacc_500", 8, 0, 2),
    ("cacc_501 cacc_1", 8, 1, 1),
    ("cacc_429 cacc_1", 6, 1, 1),
    ("cacc_! cacc_1", 2, 1, 1),
];

#[test]
fn the_exit_code_is_that_of_all_failures() {
    let (home, _server) = at(by_number);
    for (ids, code, found, failed) in CODES {
        let args = "-F id --retries 0 -o";
        let ended = run(&home, &format!("cacc get {ids} {args} ndjson"), "");
        let counts = (ended.stdout.lines().count(), ended.errors().len());
        assert_eq!((ended.code, counts), (*code, (*found, *failed)));
        let text = ids.replace(' ', "\n");
        let ended = run(&home, &format!("cacc get - {args} yaml"), text);
        let told = summary(&ended);
        let is_told = told.contains(found) && (*failed == 0 || told.contains(failed));
        assert_eq!((ended.code, is_told), (*code, true), "{told:?}");
    }
    // What stops a batch early outranks them.
    batch(&home, "--jobs 1", "cacc_404\ncacc_401\ncacc_1\n").gives(4, "");
}

#[test]
fn a_contract_violation_is_warned_of_once_a_field_and_counted_at_the_end() {
    let (home, _server) = at(|request| {
        let text = account(request.id);
        Reply::Send(wire::json(&match number(request) {
            1 | 2 => text.replace("active", "archived"),
            3 => text.replace("active", "dormant").replace("\"full\"", "7"),
            _ => text,
        }))
    });
    let ended = batch(&home, "--jobs 1", ids(1..=4));
    let told = ended.gives(0, &lines(1..=4)).told("warning");
    assert_eq!(told.len(), 3);
    for (warning, id, fact) in [
        (&told[0], "cacc_1".into(), "status"),
        (&told[1], "cacc_3".into(), "onboarding_mode"),
        (&told[2], Value::Null, "onboarding_mode (1), status (3)"),
    ] {
        let message = warning["message"].as_str().unwrap();
        assert!(warning["id"] == id && message.contains(fact), "{warning}");
    }
    let ended = batch(&home, "--jobs 1 --strict", ids(1..=4));
    let told = ended.gives(9, &lines([4])).facts("line");
    assert_eq!(told, json!([[1], [2], [3]]));
}

// --- As they come ---

/// Reads lines of standard output up to the one with this id.
fn read_to(started: &mut Started, id: &str) -> String {
    let mut read = String::new();
    while !read.contains(id) {
        let line = started.line();
        assert!(!line.is_empty(), "it ended: {read}");
        read += &line;
    }
    read
}

/// The numbers of the accounts in a whole output.
fn ids_in(format: &str, output: &str) -> Vec<usize> {
    let is_whole = match format {
        "json" => serde_json::from_str::<Vec<Value>>(output).is_ok(),
        _ => output.is_empty() || output.ends_with('\n'),
    };
    assert!(is_whole, "{output}");
    let ids = output.split("cacc").skip(1);
    let digits = ids.map(|id| id.trim_end_matches(|c: char| !c.is_ascii_digit()));
    digits.map(|id| id[1..].parse().unwrap()).collect()
}

#[test]
fn a_table_has_the_widths_of_its_first_hundred_rows() {
    let (home, _server) = at(found);
    let text = ids((1..=100).chain([1_234_567, 5]));
    let row = |n: usize| format!("{:<8}  active\n", format!("cacc_{n}"));
    let rows: String = (1..=100).map(row).collect();
    let stdout = format!("ID        Status\n{rows}cacc_1234567  active\n{}", row(5));
    run(&home, "cacc get - -F id,status -q", text).prints(&stdout);
}

/// One more id for standard input.
fn ask(stdin: &mut ChildStdin, number: usize) {
    stdin.write_all(ids([number]).as_bytes()).unwrap();
    stdin.flush().unwrap();
}

#[test]
fn results_and_failures_flow_while_the_input_is_open() {
    let (home, _server) = at(by_number);
    for (jobs, format, end) in [(1, "ndjson", ""), (8, "json", "  }\n]\n")] {
        let args = format!("cacc get - -F id -o {format} --jobs {jobs}");
        let (mut started, mut stdin) = home.acctq(&args).start_fed();
        for number in 1..=5 {
            ask(&mut stdin, number);
            read_to(&mut started, &format!("cacc_{number}"));
            ask(&mut stdin, 404);
            assert!(started.message().contains("cacc_404"));
        }
        drop(stdin);
        started.ends().gives(5, end);
    }
}

/// Waits until all threads of the program sleep, and only this many requests are unanswered.
#[cfg(target_os = "linux")]
fn is_quiet(started: &Started, server: &Server, unanswered: usize) {
    let tasks = format!("/proc/{}/task", started.child.id());
    let sleeps = |task: std::io::Result<fs::DirEntry>| {
        let stat = fs::read_to_string(task.unwrap().path().join("stat"));
        stat.is_ok_and(|stat| stat.contains(") S "))
    };
    let end = Instant::now() + Duration::from_secs(60);
    let (mut quiet, mut before) = (0, 0);
    while quiet < 200 {
        assert!(Instant::now() < end, "it is never quiet");
        let is_idle = server.under_way() == unanswered && server.count() == before;
        let is_quiet = is_idle && fs::read_dir(&tasks).unwrap().all(sleeps);
        quiet = if is_quiet { quiet + 1 } else { 0 };
        before = server.count();
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_stalls_bounds_the_window_and_what_is_done() {
    for signals in [&[][..], &[Signal::TERM], &[Signal::INT, Signal::TERM]] {
        let (home, server) = at(|request| large(request, 1024));
        let args = "cacc get - -F metadata,id -o ndjson";
        let mut started = start(&home, args, &ids(1..=10_000));
        server.asked(64);
        is_quiet(&started, &server, 0);
        assert!(server.count() < 2_000, "{} were asked for", server.count());
        if signals.is_empty() {
            let ended = started.ends();
            assert_eq!((ended.code, ended.stdout.lines().count()), (0, 10_000));
            continue;
        }
        for signal in signals {
            started.signal(*signal);
        }
        let ended = started.exits();
        assert!([130, 143].contains(&ended.code), "{}", ended.code);
        // What the reader did not get is not done; a second signal ends it at once.
        let whole = ended.stdout.matches('\n').count();
        assert!(signals.len() == 2 || ended.error()["line"] == whole);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_late_first_answer_bounds_the_window() {
    let (home, server, gate) = held(|request| number(request) == 1);
    let started = start(&home, &format!("{NDJSON} --jobs 4"), &ids(1..=399));
    server.asked(8);
    is_quiet(&started, &server, 1);
    assert!(server.count() < 200, "{} were asked for", server.count());
    gate.open();
    started.ends().prints(&lines(1..=399));
}

// --- What stops a batch ---

/// A configuration whose token comes from a script that notes every call in the file `calls` and prints the canary with `-N`
/// behind it at its Nth call.
fn with_helper(home: &Home, url: &str) {
    let script = "echo . >>calls; printf '%s%s-%d' canary-bearer -7f3a9c $(wc -l <calls)";
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\n\
         token_command = [\"/bin/sh\", \"-c\", '''PATH=/usr/bin:/bin; cd '{}'; {script}''']\n",
        home.path().display()
    ));
}

fn calls(home: &Home) -> usize {
    let calls = fs::read_to_string(home.path().join("calls")).unwrap();
    calls.lines().count()
}

#[test]
fn a_helper_is_asked_once_more_for_a_rejected_token() {
    let (home, server) = at(|request| match request.bearer.rsplit_once('-').unwrap() {
        (_, "1") if request.number > 40 => refused(401),
        (token, "1" | "2") if token == TOKEN => found(request),
        other => panic!("{other:?}"),
    });
    with_helper(&home, server.url());
    batch(&home, "", ids(1..=200)).prints(&lines(1..=200));
    assert_eq!(calls(&home), 2);
    assert!(server.count() <= 200 + 8, "{}", server.count());
}

#[test]
fn a_token_that_stays_rejected_stops_it() {
    let partner = "partner account get - -F customer_account_uid -o ndjson";
    for (args, has_helper, status) in [
        (NDJSON, true, 401),
        (NDJSON, false, 401),
        // Connect's 403 is about one account: a row of the outages below.
        (partner, false, 403),
    ] {
        let (home, server) = at(move |request| match request.number {
            41.. => refused(status),
            _ => found(request),
        });
        if has_helper {
            with_helper(&home, server.url());
        }
        let text = ids(1..=5_000);
        let text = text.replace('_', if args == partner { "-" } else { "_" });
        let count = stopped_early(&run(&home, args, text), 4);
        assert!(count.max(server.count()) <= 40 + 8 * 2, "{count}");
        assert!(!has_helper || calls(&home) == 2);
    }
}

#[test]
fn a_firewalls_page_does_not_blame_the_token() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let (home, server) = at(move |request| match request.number % 3 {
            0 => Reply::Send(response(status, "Content-Type: text/html\r\n", "<html>Blocked</html>")),
            _ => found(request),
        });
        let ids = ids(1..=60).replace('_', "-");
        let ended = run(&home, "partner account get - --jobs 1 -F customer_account_uid -o ndjson", ids);
        assert_eq!((ended.code, ended.stdout.lines().count()), (9, 40), "{ended:#?}");
        let errors = ended.errors();
        assert!(errors.iter().all(|error| error["code"] == "bad_response"), "{errors:?}");
        assert_eq!((errors.len(), server.count()), (20, 60));
    }
}

#[test]
fn what_fails_alike_for_every_id_stops_it_at_the_first() {
    let home = Home::new();
    let untrusted = Wire::tls(certified("a CA").1, vec![]);
    let fixed = format!("token = \"{TOKEN}\"");
    let other = home.file("other.pem", certified("another CA").0, 0o644);
    let other = format!("{fixed}\nca_file = \"{}\"", other.display());
    let helper = "token_command = [\"/bin/sh\", \"-c\", \"echo . >>calls; exit 1\"]";
    let (http, tls, far) = ("http://127.0.0.1:1", untrusted.url(), "https://billing.test");
    for (url, token, env, code) in [
        (http, helper, ("A", ""), 4),
        (http, "token_env = \"NONE\"", ("A", ""), 4),
        (tls, &other, ("A", ""), 7),
        (far, &fixed, ("HTTPS_PROXY", "socks5://127.0.0.1:1"), 7),
        (far, &fixed, ("SSL_CERT_FILE", "/none"), 3),
    ] {
        let endpoint = format!("[profiles.test.connect]\nbase_url = \"{url}\"\n{token}\n");
        home.config(format!("default_profile = \"test\"\n{endpoint}"));
        let run = home.acctq(&format!("{NDJSON} --jobs 1"));
        let ended = run.env(env.0, env.1).stdin(ids(1..=9)).run();
        assert_eq!(stopped_early(&ended, code), 1, "{ended:#?}");
    }
    assert_eq!(calls(&home), 1);
    for (status, code) in [("429 Slow", 6), ("503 Busy", 8)] {
        let (home, server) = at(move |request| match request.number {
            3 => Reply::Send(response(status, "Retry-After: 301\r\n", "")),
            _ => found(request),
        });
        let ended = batch(&home, "--jobs 1", ids(1..=9));
        assert_eq!((stopped_early(&ended, code), server.count()), (3, 3));
        assert_eq!(ended.errors()[0]["retry_after_s"], 301);
    }
}

#[test]
fn an_api_that_cannot_be_used_does_not_stop_the_other() {
    let (home, server) = at(found);
    let untrusted = Wire::tls(certified("a CA").1, vec![]);
    let other = home.file("other.pem", certified("another CA").0, 0o644);
    let endpoint =
        |api, url, more: &str| format!("[profiles.test.{api}]\nbase_url = \"{url}\"\ntoken = \"{TOKEN}\"\n{more}");
    let ca_file = format!("ca_file = \"{}\"\n", other.display());
    let connect = endpoint("connect", untrusted.url(), &ca_file);
    for (connect, exit_code, code) in [(connect.as_str(), 7, "tls"), ("", 3, "config")] {
        let partner = endpoint("partner", server.url(), "");
        home.config(format!("default_profile = \"test\"\n{connect}{partner}"));
        let args = "get - -F customer_account_uid -o ndjson --jobs 2";
        let ended = run(&home, args, "u-1\ncacc_1\nu-2\ncacc_2\n");
        let found = |n| format!("{{\"customer_account_uid\":\"u-{n}\"}}\n");
        ended.gives(exit_code, &(found(1) + &found(2)));
        // Whatever file it is about, the line is the input's.
        let lines = json!([["cacc_1", 2, null, code], ["cacc_2", 4, null, code]]);
        assert_eq!(ended.facts("id line file code"), lines);
    }
}

#[test]
fn ids_behind_a_stop_are_not_tried() {
    let (home, server) = at(by_number);
    // Among arguments there is no line to continue at.
    for args in ["cacc_1 cacc_401 cacc_2", "cacc_1 cacc_401 - cacc_2"] {
        let args = format!("cacc get {args} -F id -o ndjson --jobs 1");
        let last = run(&home, &args, "").errors().pop().unwrap();
        assert_eq!(pick(&last, "exit_code line"), json!([4, null]));
        assert!(!last["hint"].to_string().contains("--skip"), "{last}");
    }
    // It does not wait for more ids, and says to people where to continue.
    let (started, mut stdin) = home.acctq("cacc get -").start_fed();
    ask(&mut stdin, 401);
    started.ends().fails(4, &["--skip 1"]);
    assert!(server.requests().iter().all(|(_, id)| id != "cacc_2"));
}

/// What the server does about ids in a row: this many of each; the exit code, and after how many it stops.
type Row = (&'static [(char, usize)], i32, Option<usize>);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (&[('s', 19), ('o', 1), ('s', 19)], 8, None),
    (&[('o', 5), ('s', 20), ('o', 3)], 8, Some(25)),
    (&[('s', 19), ('o', 1), ('s', 20), ('o', 1)], 8, Some(40)),
    (&[('r', 19), ('o', 1), ('r', 19)], 7, None),
    (&[('r', 25)], 7, Some(20)),
    (&[('t', 22)], 7, Some(20)),
    // Not of one kind.
    (&[('s', 19), ('r', 19), ('s', 1), ('r', 1)], 1, None),
    (&[('s', 19), ('n', 1), ('s', 19)], 1, None),
    // A malformed id says nothing about the server.
    (&[('s', 10), ('m', 5), ('s', 9), ('m', 1), ('s', 1), ('o', 1)], 8, Some(26)),
    (&[('n', 30)], 5, None),
    (&[('f', 30)], 4, None),
    (&[('b', 30)], 9, None),
    // All ids were tried: nothing was stopped.
    (&[('s', 20)], 8, None),
];

#[test]
fn twenty_failures_of_one_kind_in_a_row_are_an_outage() {
    for (row, code, stops) in ROWS {
        let repeat = |(what, times): &(char, usize)| vec![*what; *times];
        let answers: Vec<char> = row.iter().flat_map(repeat).collect();
        let failed = answers.iter().filter(|what| **what != 'o').count();
        let line = |(n, what): (usize, &char)| match what {
            'm' => "no id\n".to_owned(),
            _ => ids([n]),
        };
        let text: String = (1..).zip(&answers).map(line).collect();
        let (home, _server) = at(move |request| match answers[number(request) - 1] {
            's' => refused(503),
            'r' => Reply::Reset(vec![]),
            'n' => refused(404),
            'f' => refused(403),
            'b' => refused(400),
            't' => silent(),
            _ => found(request),
        });
        let ended = batch(&home, "--jobs 1 --retries 0 --timeout 300ms", text);
        if let Some(stop) = stops {
            assert_eq!(stopped_early(&ended, *code), *stop, "{row:?}");
        } else {
            let counts = (ended.code, ended.errors().len());
            assert_eq!(counts, (*code, failed), "{row:?}");
        }
    }
}

#[test]
fn retries_are_a_tenth_of_the_ids_and_fifty() {
    let (home, server) = at(|request| match number(request) % 2 {
        0 => busy(),
        _ => found(request),
    });
    let ended = batch(&home, "--jobs 16 --retries 5", ids(1..=2_000));
    assert_eq!((ended.code, ended.errors().len()), (8, 1_000));
    assert_eq!(ended.stdout, lines((1..=2_000).step_by(2)));
    assert_eq!(server.count(), 2_000 + 2_000 / 10 + 50);

    // In an outage as well; look-ups under way when it stops count as tried.
    let (home, server) = at(|_| busy());
    let ended = batch(&home, "--jobs 16", ids(1..=2_000));
    let tried = stopped_early(&ended, 8);
    assert!((20..20 + 32).contains(&tried), "{tried}");
    let most = (tried + 16) * 11 / 10 + 50;
    assert!(server.count() <= most, "{}", server.count());
}

// --- Pace ---

#[test]
fn retry_after_holds_all_workers() {
    let rejected = Gate::default();
    let opened = rejected.clone();
    let (home, server) = at(move |request| match request.number {
        1 => Reply::Send(response("429 Slow", "Retry-After: 1\r\n", "")),
        2..=8 => {
            opened.pass();
            found(request)
        }
        _ => found(request),
    });
    let mut started = start(&home, &format!("{NDJSON} -v --jobs 8"), &ids(1..=50));
    server.asked(8);
    let told: Value = serde_json::from_str(&started.message()).unwrap();
    assert_eq!(told["trace"]["status"], 429);
    // The pause has begun by now: the others get their answers, and ask for nothing more.
    rejected.open();
    let ended = started.ends();
    assert_eq!((ended.code, &ended.stdout), (0, &lines(1..=50)));
    let requests = server.requests();
    let pause = requests[8].0 - requests[0].0;
    assert!(pause >= Duration::from_secs(1), "{pause:?}");
    assert_eq!(requests.len(), 51);
}

#[test]
fn retry_after_does_not_count_against_the_timeout() {
    for jobs in [1, 8] {
        let (home, server) = at(|request| match request.number {
            1 => Reply::Send(response("429 Slow", "Retry-After: 1\r\n", "")),
            _ => found(request),
        });
        let ended = batch(&home, &format!("--timeout 900ms --jobs {jobs}"), ids(1..=3));
        ended.prints(&lines(1..=3));
        assert_eq!(server.count(), 4);
    }
}

#[test]
fn the_rate_holds_for_retries_too() {
    let (home, server) = at(|request| match (number(request) % 2, request.attempt) {
        (0, 1) => busy(),
        _ => found(request),
    });
    let began = Instant::now();
    batch(&home, "--rate 50/s --jobs 8", ids(1..=20)).prints(&lines(1..=20));
    let requests = server.requests();
    assert_eq!(requests.len(), 30);
    let took = requests[29].0 - began;
    assert!(took >= Duration::from_millis(29 * 20), "{took:?}");
}

// --- Signals, readers, outputs ---

#[test]
fn a_signal_ends_it_whole_and_skip_continues_from_there() {
    let signals = [(Signal::INT, 130, "interrupted"), (Signal::TERM, 143, "terminated")];
    for (format, (signal, code, name)) in FORMATS.iter().flat_map(|f| signals.map(|s| (*f, s))) {
        let (home, server, gate) = held(|request| number(request) == 150);
        let text = format!("# ids\ncacc_404\n{}", ids(1..=200));
        let args = format!("cacc get - -F id -o {format}");
        let mut started = start(&home, &args, &text);
        // Results stream out before the others are there.
        let first = read_to(&mut started, "cacc_149");
        server.asked(150);
        started.signal(signal);
        let ended = started.ends();
        assert_eq!(ended.code, code, "{ended:#?}");
        assert!(ended.stderr.contains("--skip 151"), "{ended:#?}");
        if format.ends_with("json") {
            let told = ended.facts("code line");
            assert_eq!(told, json!([["not_found", 2], [name, 151]]));
        }
        let first = ids_in(format, &(first + &ended.stdout));
        assert_eq!(first, (1..=149).collect::<Vec<_>>());

        gate.open();
        let ended = run(&home, &format!("{args} -q --skip 151"), &text);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        let rest = ids_in(format, &ended.stdout);
        assert_eq!(rest, (150..=200).collect::<Vec<_>>());
    }
}

#[test]
fn a_signal_ends_every_way_of_waiting() {
    let slow = |_: &Request<'_>| Reply::Send(response("429 Slow", "Retry-After: 200\r\n", ""));
    // For an answer, for a pause to end, for more ids.
    for (server, line) in
        [(Server::new(|_| silent()), Value::Null), (Server::new(slow), Value::Null), (Server::new(found), 1.into())]
    {
        let home = Home::new();
        home.profile(server.url());
        let (mut started, mut stdin) = home.acctq(NDJSON).start_fed();
        ask(&mut stdin, 1);
        server.asked(1);
        if line == 1 {
            started.line();
        }
        started.signal(Signal::INT);
        assert_eq!(started.ends().fails_with(130, "interrupted")["line"], line);
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    for format in ["json", "yaml", "ndjson"] {
        let gate = Gate::default();
        let opened = gate.clone();
        let (home, server) = at(move |request| match number(request) {
            1 => large(request, 1),
            2 => {
                opened.pass();
                large(request, 700 * 1024)
            }
            _ => silent(),
        });
        let run = home.acctq(&format!("cacc get - -F id,metadata -o {format}"));
        let (mut started, mut stdin) = run.start_fed();
        stdin.write_all(ids(1..=8).as_bytes()).unwrap();
        started.line();
        server.asked(2);
        drop(started.stdout.take());
        gate.open();
        // It waits neither for other answers nor for more ids.
        started.ends().is(0, "", "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn streams_that_fail_are_errors() {
    let (home, _server) = at(found);
    home.file("ids", ids(1..=5_000), 0o600);
    for format in FORMATS {
        let args = format!("acctq cacc get - -o {format}");
        let full = home.shell(&format!("{args} <ids >/dev/full")).run();
        full.fails(1, &["No space left on device"]);
        home.shell(&format!("{args} <.")).run().fails(1, &[]);
    }
}

// --- Progress ---

/// Runs a command line with the terminal of standard error as the program's own.
#[cfg(target_os = "linux")]
const ON_OWN_TERMINAL: &str = "exec setsid --ctty sh -c 'exec acctq cacc get - -F id $ARGS <ids >found' <&2";

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_the_progress() {
    let (home, _server, gate) = held(|request| number(request) == 50);
    home.file("ids", ids([404, 404].into_iter().chain(1..=200)), 0o600);
    let (mut screen, stderr) = terminal(80);
    let run = home.shell(ON_OWN_TERMINAL).env("TERM", "xterm");
    let started = run.start_with(|c| c.stderr(stderr));
    // What it was sent, in pieces between escapes and line ends; one begins with the number of ids done.
    let pieces = |sent: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(sent).into_owned();
        text.split(['\r', '\n', '\u{1b}']).map(str::to_owned).collect()
    };
    let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
    while !pieces(&sent).iter().any(|piece| piece.contains("51 ")) {
        let length = screen.read(&mut buffer).unwrap();
        sent.extend_from_slice(&buffer[..length]);
    }
    gate.open();
    assert_eq!(started.ends().code, 5);
    let found = fs::read_to_string(home.path().join("found")).unwrap();
    assert_eq!(ids_in("table", &found).len(), 200);
    // Linux ends a terminal that no process holds any more with an error.
    let _ = screen.read_to_end(&mut sent);
    // No progress is left behind the summary.
    let told = pieces(&sent);
    let last = told.iter().rfind(|piece| piece.len() > 3).unwrap();
    assert!(last.contains("200") && last.contains('2'), "{told:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn no_progress_without_a_terminal_or_with_quiet() {
    for (args, term) in [("-q", "xterm"), ("", "dumb")] {
        let (home, _server) = at(by_number);
        home.file("ids", ids(1..=300), 0o600);
        let (mut screen, stderr) = terminal(80);
        let run = home.shell(ON_OWN_TERMINAL).envs(&[("TERM", term), ("ARGS", args)]);
        assert!(run.start_with(|c| c.stderr(stderr)).wait().success());
        let mut sent = Vec::new();
        let _ = screen.read_to_end(&mut sent);
        let sent = String::from_utf8(sent).unwrap();
        assert!(!sent.contains('\u{1b}') && (args.is_empty() || sent.is_empty()), "{args} {term}: {sent}");
    }
    let (home, _server) = at(by_number);
    let piped = home.acctq(NDJSON).env("TERM", "xterm").stdin(ids(1..=300)).run();
    piped.prints(&lines(1..=300));
}

// --- For spreadsheets ---

#[test]
fn csv_has_a_record_for_every_id_in_order() {
    let (home, server) = at(by_number);
    let text = "cacc_1\n=1+1\nsk_live_abcdefgh12345678\ncacc_404\ncacc_2\ncacc_410\n";
    let ended = run(&home, "cacc get - -o csv -F status,id,metadata --retries 0", text);
    let expected = "id,status,metadata,error\r\ncacc_1,active,null,\r\n'=1+1,,,usage\r\n,,,usage\r\ncacc_404,,,not_found\r\n\
                    cacc_2,active,null,\r\ncacc_410,,,gone\r\n";
    assert_eq!((ended.code, ended.stdout.replace(",null,", ",,")), (1, expected.replace(",null,", ",,")), "{ended:#?}");
    assert_eq!(server.count(), 4);
    // A header is there without any record, and one account needs no more than its fields.
    let ended = run(&home, "cacc get - -o csv -F id,status", "");
    assert_eq!((ended.code, &*ended.stdout), (0, "id,status,error\r\n"), "{ended:#?}");
    run(&home, "cacc get cacc_1 -o csv -F id,status", "").prints("id,status\r\ncacc_1,active\r\n");
    let both = run(&home, "get cacc_1 u-1 -o csv -q", "");
    let header = both.stdout.lines().next().unwrap();
    assert!(header.starts_with("id,connection_type,") && header.ends_with(",ends_at,error"), "{header}");
    assert!(!header.contains("customer_account_uid"), "{header}");
}
