//! `cacc list`: which accounts are shown in which order, and what becomes of a list that does not arrive whole.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::batch::pick;
use crate::harness::{ACTIVATION, Ended, Home, TOKEN, api};
use crate::wire::{Do, Wire, json as ok, response};

/// The head of an answer whose body ends with the connection.
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";

/// An account that keeps to the contract.
#[rustfmt::skip]
fn account(number: usize, status: &str, created: &str, metadata: &str) -> String {
    format!(r#"{{"id":"cacc_{number}","connection_type":"standard","onboarding_mode":"full","status":"{status}","platform_organization_id":"org_1","created_at":"{created}","metadata":{metadata}}}"#)
}

fn any(number: usize) -> String {
    account(number, "active", "2024-01-01T00:00:00Z", "null")
}

fn list_of(accounts: &[String]) -> String {
    format!("{{\"data\":[{}]}}", accounts.join(","))
}

/// What is printed, with any format and arguments, of this list.
fn listed(body: &str, args: &str) -> Ended {
    let (mut server, home) = api();
    let mock = server.mock("GET", "/api/v1/connected-accounts");
    let mock = mock.match_header("authorization", format!("Bearer {TOKEN}").as_str());
    let mock = mock.with_header("content-type", "application/json");
    mock.with_body(body).create();
    home.run(format!("cacc list {args}"))
}

/// The same of a server that misbehaves.
fn from_wire(wire: &Wire, args: &str) -> Ended {
    let home = Home::new();
    home.profile(wire.url());
    home.run(format!("cacc list {args}"))
}

/// An answer that ends behind these accounts.
fn cut(accounts: &[String]) -> Vec<Do> {
    let begun = format!("{HEAD}{{\"data\":[{}", accounts.join(","));
    vec![Do::Read, Do::Write(begun.into_bytes()), Do::Finish]
}

impl Ended {
    /// Asserts the exit code, and the ids that `-F id -o ndjson` prints, here without their prefix.
    #[track_caller]
    fn lists(&self, code: i32, ids: &str) -> &Self {
        let lines = ids.split_whitespace().map(|id| format!("{{\"id\":\"cacc_{id}\"}}\n"));
        self.gives(code, &lines.collect::<String>())
    }
}

/// What `-F id,status` prints of two accounts.
#[rustfmt::skip]
const TWO: [(&str, &str, &str); 4] = [
    ("table", "ID      Status\ncacc_1  active\ncacc_2  active\n", ""),
    ("json", "[\n  {\n    \"id\": \"cacc_1\",\n    \"status\": \"active\"\n  },\n  {\n    \"id\": \"cacc_2\",\n    \"status\": \"active\"\n  }\n]\n", "[]\n"),
    ("yaml", "- id: cacc_1\n  status: active\n- id: cacc_2\n  status: active\n", "[]\n"),
    ("ndjson", "{\"id\":\"cacc_1\",\"status\":\"active\"}\n{\"id\":\"cacc_2\",\"status\":\"active\"}\n", ""),
];

#[test]
fn a_list_in_every_format() {
    let two = [any(1), any(2)];
    for (format, stdout, empty) in TWO {
        let args = format!("-F id,status -o {format}");
        listed(&list_of(&two), &format!("-q {args}")).prints(stdout);
        listed("{\"data\":[]}", &format!("-q {args}")).prints(empty);
        // Cut off, it ends in whole lines, and an array stays open.
        let ended = from_wire(&Wire::always(cut(&two)), &args);
        ended.gives(9, stdout.strip_suffix("]\n").unwrap_or(stdout));
    }
    // People see how many there are.
    let ended = listed(&list_of(&two), "-F id --where id=cacc_2");
    let told = &ended.gives(0, "ID\ncacc_2\n").stderr;
    assert!(told.contains('1') && told.contains('2'), "{told}");
}

/// The contract knows no pages: a server that has some must not pass off the first one as all of it.
#[test]
fn members_beside_the_accounts_are_told() {
    let more = format!("\"has_more\":true,\"next\":{{\"a\":1}},\"{TOKEN}\":1,\"\\u001b[2J\":1");
    let body = |more: &str| format!("{{\"ok\":false,\"data\":[{}],\"error\":null{more}}}", any(1));
    let beside = body(&format!(",{more}"));
    let args = "-F id -o ndjson";
    let told = listed(&beside, args).lists(0, "1").told("warning");
    let message = told[0]["message"].as_str().unwrap();
    assert!(message.contains("has_more") && message.contains("next"), "{message}");
    let strict = listed(&beside, &format!("{args} --strict"));
    assert_eq!(strict.lists(9, "1").error()["code"], "bad_response");
    // With a limit, the rest of the answer is not read; what the contract knows is no news.
    listed(&beside, &format!("{args} -q --limit 1 --strict")).lists(0, "1");
    listed(&body(""), args).prints("{\"id\":\"cacc_1\"}\n");
}

#[test]
fn the_documents_are_the_servers_own() {
    let odd = r#"{ "id" : "cacc_1", "status":"active","n":[1.50,1e400],"x":"\u0007a\u202eb" }"#;
    let body = format!("{{\"data\": [\n{odd} ],\"next\":null}}");
    listed(&body, "-o ndjson -q").prints(&(odd.replace(' ', "") + "\n"));
    let secret = format!(r#"{{"id":"cacc_1","activation_token":"{ACTIVATION}","note":"{ACTIVATION}"}}"#);
    let body = list_of(std::slice::from_ref(&secret));
    for (format, ..) in TWO {
        assert_eq!(listed(&body, &format!("-q -o {format}")).code, 0);
    }
    listed(&body, "-q -o ndjson --reveal").prints(&format!("{secret}\n"));
}

/// Arguments, and the ids of the four accounts below that are shown.
#[rustfmt::skip]
const CHOICES: &[(&str, &str)] = &[
    ("", "1 2 3 4"),
    ("--where status=pending", "1 3"),
    ("--where status=pending --where metadata.plan=pro", "1"),
    ("--where status=pending|revoked --where metadata.seats?", "1 4"),
    ("--where created_at<now-7d", "1 2 3 4"),
    ("--where created_at>now", ""),
    ("--where !metadata", "3"),
    ("--sort created_at", "3 1 2 4"),
    ("--sort -created_at", "4 1 2 3"),
    ("--sort status", "2 1 3 4"),
    ("--sort=-status", "4 1 3 2"),
    ("--sort -id", "4 3 2 1"),
    ("--sort -UID", "4 3 2 1"),
    ("--sort Created", "3 1 2 4"),
    // Flags, then numbers, then texts; what lacks the field is last both ways.
    ("--sort metadata.seats", "2 1 4 3"),
    ("--sort -metadata.seats", "4 1 2 3"),
    ("--sort metadata.x", "2 1 4 3"),
    ("--sort -metadata.x", "4 1 2 3"),
    ("--sort -metadata.plan", "1 2 3 4"),
    ("--sort -revoked_at", "1 2 3 4"),
    ("--limit 1", "1"),
    ("--limit 5", "1 2 3 4"),
    ("--where status=pending --limit 2", "1 3"),
    ("--sort created_at --limit 2", "3 1"),
    ("--sort -created_at --limit 3 --where status!=revoked", "1 2 3"),
];

#[test]
fn accounts_are_chosen_sorted_and_limited() {
    #[rustfmt::skip]
    let four = [
        account(1, "pending", "2024-03-01T00:00:00Z", r#"{"plan":"pro","seats":12,"x":true}"#),
        // The same instant in another zone, and fractions.
        account(2, "active", "2024-03-01T02:00:00+02:00", r#"{"plan":"free","seats":9,"x":false}"#),
        account(3, "pending", "2024-02-29T23:59:59.5Z", "null"),
        account(4, "revoked", "2024-03-01T00:00:00.25Z", r#"{"seats":"many","x":"A"}"#),
    ];
    for (args, expected) in CHOICES {
        let ended = listed(&list_of(&four), &format!("{args} -o ndjson -F id"));
        assert_eq!(ended.lists(0, expected).stderr, "", "{args}");
    }
    // A secret has no order.
    let secret = format!(r#"{{"activation_token":"{ACTIVATION}","x":"{ACTIVATION}"}}"#);
    let body = list_of(&[any(1).replace("null", &secret), any(2).replace("null", r#"{"x":"A"}"#)]);
    for order in ["metadata.x", "-metadata.x"] {
        listed(&body, &format!("--sort {order} -F id -o ndjson")).lists(0, "2 1");
    }
}

/// Six accounts, whose statuses and plans differ.
fn to_count() -> String {
    let time = "2024-01-01T00:00:00Z";
    let mut accounts: Vec<_> = [
        ("active", r#"{"plan":"pro"}"#),
        ("pending", r#"{"plan":"=1|\u001b[2J"}"#),
        ("active", r#"{"plan":null}"#),
        ("active", "null"),
        ("pending", r#"{ "plan" : [1, 2.50] }"#),
    ]
    .iter()
    .map(|(status, metadata)| account(1, status, time, metadata))
    .collect();
    accounts.push(any(1).replace("\"metadata\":null", "\"metadata\":{\"plan\":\"pro\"},\"extra\":7"));
    list_of(&accounts)
}

#[test]
fn values_are_counted_the_most_frequent_first() {
    let body = to_count();
    #[rustfmt::skip]
    let cases = [
        ("--count status", "Status   Accounts\nactive   4\npending  2\n"),
        ("--count Status -o csv", "status,count\r\nactive,4\r\npending,2\r\n"),
        ("--count status -o tsv --where metadata?", "active\t3\npending\t2\n"),
        ("--count status -o json", "[\n  {\n    \"value\": \"active\",\n    \"count\": 4\n  },\n  {\n    \"value\": \"pending\",\n    \"count\": 2\n  }\n]\n"),
        ("--count status -o yaml", "- value: active\n  count: 4\n- value: pending\n  count: 2\n"),
        // What is null, and what an account does not have, are one value; the rest is in the order of the values.
        ("--count metadata.plan", "metadata.plan  Accounts\n–              2\npro            2\n=1|\\u{1b}[2J   1\n[1,2.50]       1\n"),
        ("--count metadata.plan -o csv", "metadata.plan,count\r\n,2\r\npro,2\r\n'=1|\\u{1b}[2J,1\r\n\"[1,2.50]\",1\r\n"),
        ("--count metadata.plan -o ndjson", "{\"value\":null,\"count\":2}\n{\"value\":\"pro\",\"count\":2}\n{\"value\":\"=1|\\u001b[2J\",\"count\":1}\n{\"value\":[1,2.50],\"count\":1}\n"),
        ("--count metadata.plan --redact", "metadata.plan  Accounts\n[redacted]     4\n–              2\n"),
        ("--count status --where status=revoked -o json", "[]\n"),
        ("--count status --where status=revoked", ""),
    ];
    for (args, stdout) in cases {
        listed(&body, &format!("-q {args}")).prints(stdout);
    }
    let ended = listed(&body, "--count status --where status=pending");
    assert!(ended.stderr.contains("2 of 6 accounts"), "{ended:#?}");
    // As with -F: no other field than one that the first account has, and no secret.
    listed(&body, "--count extra -o json").fails_with(2, "usage");
    listed(&body, "--count extra --where metadata.plan=pro -o json").fails_with(2, "usage");
    let secret = format!(r#"{{"activation_token":"{ACTIVATION}","x":"see {ACTIVATION}","y":1}}"#);
    let body = list_of(&[any(1).replace("null", &secret)]);
    listed(&body, "-q --count metadata -o ndjson").prints("{\"value\":{\"y\":1},\"count\":1}\n");
    listed(&body, "--count metadata.x -o json").fails_with(2, "usage");
    listed(&body, "-q --count metadata.x -o tsv --reveal").prints(&format!("see {ACTIVATION}\t1\n"));
    // A list that begins anew is counted anew, and one that is cut off has no counts.
    let whole = vec![Do::Read, Do::Write(ok(&list_of(&[any(1), any(2)]))), Do::Finish];
    let wire = Wire::new(vec![cut(&[any(9)]), whole]);
    from_wire(&wire, "--count status -o tsv -q").prints("active\t2\n");
    from_wire(&Wire::always(cut(&[any(9)])), "--count status --retries 0 -o json").fails_with(7, "network");
    // What differs too much is no count.
    let long = "x".repeat(900_000);
    let large = |number| any(number).replace("null", &format!("\"{number}{long}\""));
    let many: Vec<_> = (0..20).map(large).collect();
    listed(&list_of(&many), "--count metadata -o json").fails_with(1, "failed");
}

#[test]
fn usage_mistakes_are_refused_before_a_request() {
    let wire = Wire::answers(ok("{\"data\":[]}"));
    for (args, fact) in [
        ("--where status=aktive", "active"),
        ("--where not_found", "acctq check"),
        ("--sort creatd_at", "created_at"),
        ("--sort -PNS-DEFG1234", "created_at"),
        ("--sort -", ""),
        ("--sort metadata", "metadata"),
        ("--sort metadata..x", "metadata..x"),
        ("--sort metadata.\"a.b\"", "metadata.a.b"),
        ("--sort status.x", "status"),
        ("--sort metadata.activationToken", ""),
        ("--limit 0", "--limit"),
        ("-F activation_token", "--reveal"),
        ("--count metadata.activationToken", "--reveal"),
        ("--count status --sort id", "--sort"),
        ("--count status --limit 1", "--limit"),
        ("--count status -F id", "--fields"),
        ("--count status..x", "metadata.plan"),
        ("cacc_1", "cacc_1"),
    ] {
        let ended = from_wire(&wire, &format!("{args} -o json"));
        let error = ended.fails_with(2, "usage");
        let told = format!("{} {}", error["message"], error["hint"]);
        let is_told = told.contains(fact) && !told.contains("DEFG");
        assert!(is_told, "{args}: {told}");
    }
    assert_eq!(wire.connections(), 0);
}

#[test]
fn a_field_beyond_the_contract_is_one_that_the_first_account_has() {
    let extra = any(1).replace("\"status\"", "\"extra\":1,\"status\"");
    let body = list_of(&[extra, any(2)]);
    listed(&body, "-q -F id,extra").prints("ID      extra\ncacc_1  1\ncacc_2\n");
    for more in ["", "--sort id"] {
        let ended = listed(&body, &format!("-F id,statsu -o ndjson {more}"));
        let error = ended.lists(2, "").error();
        assert!(error["hint"].as_str().unwrap().contains("status"), "{error}");
    }
    listed(&body, "-F id,statsu --where status=revoked -o ndjson").prints("");
}

/// Refusals and answers that are no list, each with its exit code.
#[rustfmt::skip]
fn no_lists() -> Vec<(Vec<u8>, i32)> {
    vec![
        (response("401 Unauthorized", "", ""), 4),
        (response("403 Forbidden", "", "{}"), 4),
        (response("404 Not Found", "", ""), 5),
        (response("404 Not Found", "", "<html>"), 9),
        (response("429 Too Many Requests", "", ""), 6),
        (response("500 Internal Server Error", "", ""), 8),
        (response("302 Found", "Location: https://evil.test/x\r\n", ""), 9),
        (response("200 OK", "Content-Encoding: gzip\r\n", "{\"data\":[]}"), 9),
        (response("200 OK", "Content-Type: text/html\r\n", "{\"data\":[]}"), 9),
        (ok(""), 9),
        (ok("[]"), 9),
        (ok("{}"), 9),
        (ok("{\"data\":{}}"), 9),
        (ok("{\"data\":[]"), 7),
        (ok("{\"data\":[{\"id\":"), 7),
        (ok("{'data':[]}"), 9),
        (ok("{\"a\":1,\"a\":2,\"data\":[]}"), 9),
        (ok("{\"data\":[1]}"), 9),
        (ok(&format!("{{\"data\":[{{\"id\":\"{TOKEN}\"}}]}}")), 9),
    ]
}

#[test]
fn an_answer_that_is_no_list_fails_as_a_look_up_does() {
    for (bytes, code) in no_lists() {
        let ended = from_wire(&Wire::answers(bytes), "--retries 0 -o ndjson");
        let facts = pick(&ended.gives(code, "").error(), "exit_code api profile id attempts");
        assert_eq!(facts, json!([code, "connect", "test", null, 1]), "{ended:#?}");
    }
    for script in [vec![Do::Start, Do::Reset], vec![]] {
        let ended = from_wire(&Wire::always(script), "--retries 0 -o json");
        ended.fails_with(7, "network");
    }
}

/// What may come behind the first account of a list that does not arrive whole.
#[rustfmt::skip]
fn breaks() -> Vec<Vec<Do>> {
    let write = |text: &str| Do::Write(text.as_bytes().to_vec());
    let flood = |begin, byte| vec![write(begin), Do::Flood(vec![byte; 65_536])];
    let deep = format!(",{{\"a\":{}{}}}", "[".repeat(128), "]".repeat(128));
    let large = format!(",{{\"a\":\"{}\"}}]}}", "x".repeat(1024 * 1024));
    let mut all = vec![
        vec![],
        vec![Do::Hold],
        flood(" ", b' '),
        flood(",\"", b'x'),
        flood(",{", b'['),
        flood("]}", b'\n'),
        vec![write(&large)],
        vec![write(&deep)],
        vec![Do::Write(b",{\"a\":\"\xff\"}]}".to_vec())],
    ];
    all.extend([
        ",{\"id\":\"cacc_2\"", "]", ";{}]}", "{}]}", ",]}", "]}x", "]}{\"data\":[]}", ",{\"a\":tru}]}", ",{\"a\":[}]}", ",{]]}",
        ",{\"a\":1 2}]}", ",null]}", ",{\"a\":1,\"a\":2}]}", ",{\"a\":\"\\ud800\"}]}", "],\"data\":[]}",
    ].map(|text| vec![write(text)]));
    all
}

#[test]
fn a_list_that_is_cut_off_is_left_open() {
    for behind in breaks() {
        let mut script = cut(&[any(1)]);
        script.splice(2..2, behind.clone());
        let wire = Wire::always(script);
        // Retries are allowed, and none is made.
        let ended = from_wire(&wire, "-o json -F id --timeout 2s --retries 5");
        ended.gives(9, "[\n  {\n    \"id\": \"cacc_1\"\n  }\n");
        assert_eq!(ended.error()["code"], "bad_response");
        assert_eq!(wire.requests().len(), 1, "{behind:.200?}");
    }
}

#[test]
fn a_list_is_retried_until_an_account_is_shown() {
    let stray = any(2).replace("\"active\"", "\"frozen\"");
    let all = Do::Write(ok(&list_of(&[any(1), stray.clone(), any(3)])));
    let whole = vec![Do::Read, all, Do::Finish];
    let busy = vec![Do::Read, Do::Write(response("503 Unavailable", "", ""))];
    for (args, first, requests, expected) in [
        ("", cut(&[]), 2, "1 2 3"),
        ("", vec![Do::Start, Do::Reset], 1, "1 2 3"),
        ("", busy, 2, "1 2 3"),
        // Accounts that came are not shown, or not yet; and none of them is left.
        ("--where id=cacc_3", cut(&[any(9)]), 2, "3"),
        ("--sort -id", cut(&[any(9), stray]), 2, "3 2 1"),
        ("--sort id --limit 1", cut(&[any(0)]), 2, "1"),
    ] {
        let wire = Wire::new(vec![first, whole.clone()]);
        let ended = from_wire(&wire, &format!("{args} -o ndjson -F id"));
        // Warnings are not repeated.
        let warnings = ended.lists(0, expected).told("warning").len();
        assert!(warnings <= 1 && wire.requests().len() == requests, "{args}");
    }
    let wire = Wire::always(cut(&[any(9)]));
    let ended = from_wire(&wire, "--sort id --retries 1 -o json");
    assert_eq!(ended.fails(7, &[]).error()["attempts"], 2);
}

#[test]
fn neither_silence_nor_a_trickle_lasts() {
    let begun = || Do::Write(format!("{HEAD}{{\"data\":[").into_bytes());
    let trickle = || Do::Dribble(vec![b' '; 10_000], 20);
    let missing = Do::Write(b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec());
    for script in [
        vec![Do::Read, Do::Hold],
        vec![Do::Read, begun(), Do::Hold],
        vec![Do::Read, begun(), trickle()],
        vec![Do::Read, missing, trickle()],
    ] {
        let ended = from_wire(&Wire::always(script), "--timeout 300ms --retries 0 -o json");
        ended.fails_with(7, "timeout");
    }
    // Each account may take most of what a look-up may take, all together several times that.
    let mut script = vec![Do::Read, begun()];
    for number in 1..=4 {
        let comma = if number == 1 { "" } else { "," };
        script.push(Do::Write(format!("{comma}{}", any(number)).into_bytes()));
        script.push(Do::Dribble(vec![b' '; 10], 25));
    }
    script.extend([Do::Write(b"]}".to_vec()), Do::Finish]);
    let ended = from_wire(&Wire::always(script), "--timeout 700ms -o ndjson -F id");
    ended.lists(0, "1 2 3 4");
}

#[test]
fn with_a_limit_the_rest_is_not_waited_for() {
    let mut script = cut(&[any(1), any(2)]);
    script[2] = Do::Flood(format!(",{}", any(3)).into_bytes());
    let ended = from_wire(&Wire::always(script), "-q --limit 2 -o json -F id,status");
    ended.prints(TWO[1].1);
}

#[test]
fn accounts_are_shown_as_they_arrive_and_a_signal_cuts_the_list_off() {
    let mut script = cut(&[any(1), account(2, "odd", "2024-01-01T00:00:00Z", "null")]);
    script[2] = Do::Hold;
    let wire = Wire::always(script);
    let home = Home::new();
    home.profile(wire.url());
    // The rows of a table wait for each other, but not for ever.
    for (args, stdout) in [
        ("-o json --where id=cacc_1", "[\n  {\n    \"id\": \"cacc_1\"\n  }\n"),
        ("-o yaml --where id=cacc_1", "- id: cacc_1\n"),
        ("-o ndjson --where id=cacc_1", "{\"id\":\"cacc_1\"}\n"),
        ("-o table --where id=cacc_1", "ID\ncacc_1\n"),
        ("-o table --sort id", ""),
        ("-o json --where id=cacc_3", ""),
    ] {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let args = format!("cacc list -F id {args} --where status=active");
            let mut started = home.acctq(&args).start();
            // The warning about the second account says that the first one has come.
            assert!(started.message().contains("cacc_2"));
            started.signal(signal);
            started.exits().gives(code, stdout);
        }
    }
}

#[test]
fn a_contract_violation_is_warned_of_once_a_field() {
    let stray = |number| any(number).replace("\"active\"", "\"frozen\"");
    let body = list_of(&[any(1), stray(2), stray(3)]);
    let ended = listed(&body, "-F id -o ndjson");
    let told = ended.lists(0, "1 2 3").told("warning");
    let ids: Value = told.iter().map(|warning| warning["id"].clone()).collect();
    assert_eq!(ids, json!(["cacc_2", null]));
    assert!(told[1]["message"].as_str().unwrap().contains("status (2)"));
    listed(&body, "-F id -q").prints("ID\ncacc_1\ncacc_2\ncacc_3\n");

    // --where concludes nothing from a violation, and says so; of fields that it does not ask about, nothing is said.
    let lacks = any(4).replace("\"status\":\"active\",", "");
    let odd = account(5, "revoked", "2024-01-01T00:00:00Z", "null").replace("org_1", "cus_1");
    let body = list_of(&[any(1), lacks, odd]);
    let active = "-F id -o ndjson --where status=active";
    let ended = listed(&body, active);
    assert_eq!(ended.lists(0, "1").told("warning")[0]["id"], "cacc_4");
    let strict = listed(&body, &format!("{active} --strict"));
    assert_eq!(strict.lists(9, "1").error()["id"], "cacc_4");
    // The other accounts are printed, and the array is whole: nothing was cut off.
    let ended = listed(&body, "-F id --strict -o json");
    ended.gives(9, "[\n  {\n    \"id\": \"cacc_1\"\n  }\n]\n");
    let both = json!([["cacc_4", "bad_response"], ["cacc_5", "bad_response"]]);
    assert_eq!(ended.facts("id code"), both);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let url = acctq::sandbox::start(0, 5_000).unwrap();
    let token = acctq::sandbox::TOKEN;
    let variables = format!("ACCTQ_CONNECT_URL={url} ACCTQ_CONNECT_TOKEN={token}");
    let list = format!("({variables} acctq cacc list -o ndjson -F id; echo $? >code)");
    let ended = home.shell(&format!("{list} | head -n 1; cat code")).run();
    ended.prints("{\"id\":\"cacc_sandbox0000001\"}\n0\n");
    let ended = home.shell(&format!("{list} >/dev/full; cat code")).run();
    assert!(!ended.gives(0, "1\n").stderr.is_empty());
}

#[test]
fn a_list_that_is_sorted_has_to_fit() {
    let long = "x".repeat(900 * 1024);
    let large = any(1).replace("null", &format!("\"{long}\""));
    let mut script = cut(std::slice::from_ref(&large));
    script[2] = Do::Flood(format!(",{large}").into_bytes());
    let wire = Wire::always(script);
    // The harness bounds the memory.
    from_wire(&wire, "--sort id -o ndjson -F metadata -q").fails_with(1, "failed");
    assert_eq!(wire.requests().len(), 1);
}
