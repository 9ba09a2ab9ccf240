//! `cacc list`: which accounts are shown in which order, and what becomes of a list that does not arrive whole.

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{ACTIVATION, Ended, Home, TOKEN, api};
use crate::wire::{Do, Wire, json as ok, response};

/// The head of an answer whose length is told by its end.
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";

/// An account that keeps to the contract.
fn account(number: usize, status: &str, created: &str, metadata: &str) -> String {
    format!(
        "{{\"id\":\"cacc_{number}\",\"connection_type\":\"standard\",\"onboarding_mode\":\"full\",\"status\":\"{status}\",\
         \"platform_organization_id\":\"org_1\",\"created_at\":\"{created}\",\"metadata\":{metadata}}}"
    )
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
    home.acctq(&format!("cacc list {args}")).run()
}

/// The same of a server that misbehaves.
fn from_wire(wire: &Wire, args: &str) -> Ended {
    let home = Home::new();
    home.profile(wire.url());
    home.acctq(&format!("cacc list {args}")).run()
}

/// An answer that ends behind these accounts.
fn cut(accounts: &[String]) -> Vec<Do> {
    let begun = format!("{HEAD}{{\"data\":[{}", accounts.join(","));
    vec![Do::Read, Do::Write(begun.into_bytes()), Do::Finish]
}

/// The ids that `-F id -o ndjson` prints, without their prefix.
fn ids(ended: &Ended) -> String {
    let text = ended.stdout.replace("{\"id\":\"cacc_", "");
    text.replace("\"}\n", " ").trim_end().to_owned()
}

#[test]
fn a_list_in_every_format() {
    let two = list_of(&[any(1), any(2)]);
    for (format, stdout, empty) in [
        ("table", "ID      Status\ncacc_1  active\ncacc_2  active\n", ""),
        (
            "json",
            "[\n  {\n    \"id\": \"cacc_1\",\n    \"status\": \"active\"\n  },\n  {\n    \"id\": \"cacc_2\",\n    \"status\": \"active\"\n  }\n]\n",
            "[]\n",
        ),
        ("yaml", "- id: cacc_1\n  status: active\n- id: cacc_2\n  status: active\n", "[]\n"),
        (
            "ndjson",
            "{\"id\":\"cacc_1\",\"status\":\"active\"}\n{\"id\":\"cacc_2\",\"status\":\"active\"}\n",
            "",
        ),
    ] {
        let args = format!("-q -F id,status -o {format}");
        listed(&two, &args).prints(stdout);
        listed("{\"data\":[]}", &args).prints(empty);
    }
    // People are told how many there are.
    let ended = listed(&two, "-F id --where id=cacc_2");
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "ID\ncacc_2\n"));
    assert!(ended.stderr.contains('1') && ended.stderr.contains('2'), "{ended:#?}");
}

/// The contract knows no pages: a server that has some must not pass off the first one as all of it.
#[test]
fn members_beside_the_accounts_are_told() {
    let more = format!("\"has_more\":true,\"next\":{{\"a\":1}},\"{TOKEN}\":1,\"\\u001b[2J\":1");
    let body = format!("{{\"ok\":false,{more},\"data\":[{}],\"error\":null,\"links\":[]}}", any(1));
    let ended = listed(&body, "-F id -o ndjson");
    assert_eq!((ended.code, ids(&ended).as_str()), (0, "1"));
    let told = ended.told("warning");
    let message = told[0]["message"].as_str().unwrap();
    assert!(message.contains("has_more") && message.contains("next"), "{message}");
    assert_eq!(told.len(), 1);
    let strict = listed(&body, "-F id -o ndjson --strict");
    assert_eq!((strict.code, ids(&strict).as_str()), (9, "1"));
    assert_eq!(strict.error()["code"], "bad_response");
    // With a limit, the rest of the answer is not read.
    let behind = format!("{{\"data\":[{}],\"has_more\":true}}", any(1));
    listed(&behind, "-q -F id -o ndjson --limit 1 --strict").prints("{\"id\":\"cacc_1\"}\n");
}

#[test]
fn the_documents_are_the_servers_own() {
    let odd = r#"{ "id" : "cacc_1", "status":"active","n":[1.50,1e400],"x":"\u0007a\u202eb" }"#;
    let expected =
        "{\"id\":\"cacc_1\",\"status\":\"active\",\"n\":[1.50,1e400],\"x\":\"\\u0007a\\u202eb\"}\n";
    let body = format!("{{\"data\": [\n{odd} ],\"next\":null}}");
    listed(&body, "-o ndjson -q").prints(expected);
    let secret = format!(
        "{{\"id\":\"cacc_1\",\"activation_token\":\"{ACTIVATION}\",\"note\":\"{ACTIVATION}\"}}"
    );
    let body = list_of(std::slice::from_ref(&secret));
    for format in ["table", "json", "yaml", "ndjson"] {
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
    let body = list_of(&[
        account(1, "pending", "2024-03-01T00:00:00Z", r#"{"plan":"pro","seats":12,"x":true}"#),
        // The same instant in another zone, and fractions.
        account(2, "active", "2024-03-01T02:00:00+02:00", r#"{"plan":"free","seats":9,"x":false}"#),
        account(3, "pending", "2024-02-29T23:59:59.5Z", "null"),
        account(4, "revoked", "2024-03-01T00:00:00.25Z", r#"{"seats":"many","x":"A"}"#),
    ]);
    for (args, expected) in CHOICES {
        let ended = listed(&body, &format!("{args} -o ndjson -F id"));
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args}");
        assert_eq!(ids(&ended), *expected, "{args}");
    }
    // A secret has no order.
    let secret = |n, x| {
        account(
            n,
            "active",
            "2024-01-01T00:00:00Z",
            &format!("{{\"activation_token\":\"{ACTIVATION}\",\"x\":\"{x}\"}}"),
        )
    };
    let body = list_of(&[secret(1, ACTIVATION), secret(2, "A")]);
    for order in ["metadata.x", "-metadata.x"] {
        let ended = listed(&body, &format!("--sort {order} -F id -o ndjson"));
        assert_eq!(ids(&ended), "2 1", "{order}");
    }
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
        ("cacc_1", "cacc_1"),
    ] {
        let ended = from_wire(&wire, &format!("{args} -o json"));
        let error = ended.fails_with(2, "usage");
        let told = format!("{} {}", error["message"], error["hint"]);
        assert!(told.contains(fact) && !told.contains("DEFG"), "{args}: {told}");
    }
    assert_eq!(wire.connections(), 0);
}

#[test]
fn a_field_that_one_account_lacks_another_may_have() {
    let extra = any(2).replace("\"status\"", "\"extra\":1,\"status\"");
    let body = list_of(&[any(1), extra, any(3)]);
    listed(&body, "-q -F id,extra").prints("ID      extra\ncacc_1\ncacc_2  1\ncacc_3\n");
    listed(&body, "-F id,extra --sort -id -o ndjson")
        .prints("{\"id\":\"cacc_3\"}\n{\"id\":\"cacc_2\",\"extra\":1}\n{\"id\":\"cacc_1\"}\n");
    // A field that no account has is a mistake, known at the end of the list.
    for more in ["", "--sort id"] {
        let ended = listed(&body, &format!("-F id,statsu -o ndjson {more}"));
        assert_eq!((ended.code, ids(&ended).as_str()), (2, "1 2 3"));
        assert!(ended.error()["hint"].as_str().unwrap().contains("status"));
    }
    listed(&body, "-F id,statsu --where status=revoked -o ndjson").prints("");
}

/// Refusals and answers that are no list, each with its exit code.
#[rustfmt::skip]
fn no_lists() -> Vec<(Vec<u8>, i32)> {
    let with = |headers: &str| response("200 OK", headers, "{\"data\":[]}");
    vec![
        (response("401 Unauthorized", "", ""), 4),
        (response("403 Forbidden", "", "{}"), 4),
        (response("404 Not Found", "", ""), 5),
        (response("404 Not Found", "", "<html>"), 9),
        (response("410 Gone", "", ""), 5),
        (response("429 Too Many Requests", "", ""), 6),
        (response("500 Internal Server Error", "", ""), 8),
        (response("400 Bad Request", "", "{\"code\":\"X\",\"message\":\"no\"}"), 9),
        (response("204 No Content", "", ""), 9),
        (response("302 Found", "Location: https://evil.test/x\r\n", ""), 9),
        (with("Content-Encoding: gzip\r\n"), 9),
        (with("Content-Type: text/html\r\n"), 9),
        (with("Content-Type: text/csv\r\n"), 9),
        (ok(" <html>"), 9),
        (ok(""), 9),
        (ok("[]"), 9),
        (ok("null"), 9),
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
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let ended = from_wire(&Wire::answers(bytes), "--retries 0 -o ndjson");
        let error = ended.fails(code, &[]).error();
        let facts = ["exit_code", "api", "profile", "id", "attempts"].map(|key| error[key].clone());
        assert_eq!(json!(facts), json!([code, "connect", "test", null, 1]), "{shown}");
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
        let shown = format!("{behind:.200?}: {ended:#?}");
        let stdout = "[\n  {\n    \"id\": \"cacc_1\"\n  }\n";
        assert_eq!((ended.code, ended.stdout.as_str()), (9, stdout), "{shown}");
        assert_eq!(ended.error()["code"], "bad_response", "{shown}");
        assert_eq!(wire.requests().len(), 1, "{shown}");
    }
    let two = [any(1), any(2), "{\"id\"".to_owned()];
    for (format, stdout) in [
        ("table", "ID      Status\ncacc_1  active\ncacc_2  active\n"),
        ("yaml", "- id: cacc_1\n  status: active\n- id: cacc_2\n  status: active\n"),
        (
            "ndjson",
            "{\"id\":\"cacc_1\",\"status\":\"active\"}\n{\"id\":\"cacc_2\",\"status\":\"active\"}\n",
        ),
    ] {
        let ended = from_wire(&Wire::always(cut(&two)), &format!("-F id,status -o {format}"));
        assert_eq!((ended.code, ended.stdout.as_str()), (9, stdout));
    }
}

#[test]
fn a_list_is_retried_until_an_account_is_shown() {
    let stray = any(2).replace("\"active\"", "\"frozen\"");
    let whole =
        || vec![Do::Read, Do::Write(ok(&list_of(&[any(1), stray.clone(), any(3)]))), Do::Finish];
    let busy = vec![Do::Read, Do::Write(response("503 Unavailable", "", ""))];
    for (args, first, requests, expected) in [
        ("", cut(&[]), 2, "1 2 3"),
        ("", vec![Do::Start, Do::Reset], 1, "1 2 3"),
        ("", busy, 2, "1 2 3"),
        // Accounts that came are not shown, or not yet; and none of them is left.
        ("--where id=cacc_3", cut(&[any(9)]), 2, "3"),
        ("--sort -id", cut(&[any(9), stray.clone()]), 2, "3 2 1"),
        ("--sort id --limit 1", cut(&[any(0)]), 2, "1"),
    ] {
        let wire = Wire::new(vec![first, whole()]);
        let ended = from_wire(&wire, &format!("{args} -o ndjson -F id"));
        assert_eq!((ended.code, ids(&ended).as_str()), (0, expected), "{args}");
        assert_eq!(wire.requests().len(), requests, "{args}");
        // Warnings are not repeated.
        assert!(ended.told("warning").len() <= 1, "{ended:#?}");
    }
    let wire = Wire::always(cut(&[any(9)]));
    let ended = from_wire(&wire, "--sort id --retries 1 -o json");
    assert_eq!(ended.fails(7, &[]).error()["attempts"], 2);
    assert_eq!(wire.requests().len(), 2);
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
    assert_eq!((ended.code, ids(&ended).as_str()), (0, "1 2 3 4"), "{ended:#?}");
}

#[test]
fn with_a_limit_the_rest_is_not_waited_for() {
    let mut script = cut(&[any(1), any(2)]);
    script[2] = Do::Flood(format!(",{}", any(3)).into_bytes());
    let ended = from_wire(&Wire::always(script), "--limit 2 -o json -F id");
    ended.prints("[\n  {\n    \"id\": \"cacc_1\"\n  },\n  {\n    \"id\": \"cacc_2\"\n  }\n]\n");
}

#[test]
fn accounts_are_shown_as_they_arrive_and_a_signal_cuts_the_list_off() {
    // The rows of a table wait for each other, but not for ever; a list that is sorted, or of which nothing is chosen, shows nothing.
    let stray = account(2, "odd", "2024-01-01T00:00:00Z", "null");
    for (args, stdout) in [
        ("-o json", "[\n  {\n    \"id\": \"cacc_1\"\n  }\n"),
        ("-o yaml", "- id: cacc_1\n"),
        ("-o ndjson", "{\"id\":\"cacc_1\"}\n"),
        ("-o table", "ID\ncacc_1\n"),
        ("-o table --sort id", ""),
        ("-o json --where status=revoked", ""),
    ] {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let mut script = cut(&[any(1), stray.clone()]);
            script[2] = Do::Hold;
            let wire = Wire::always(script);
            let home = Home::new();
            home.profile(wire.url());
            let chosen =
                if args.contains("where") { "" } else { "--where id=cacc_1 --where status=active" };
            let mut started = home.acctq(&format!("cacc list -F id {args} {chosen}")).start();
            // The warning about the second account says that the first one has come.
            assert!(started.message().contains("cacc_2"));
            started.signal(signal);
            let ended = started.exits();
            assert_eq!((ended.code, ended.stdout.as_str()), (code, stdout), "{ended:#?}");
        }
    }
}

#[test]
fn a_contract_violation_is_warned_of_once_a_field() {
    let stray = |number| any(number).replace("\"active\"", "\"frozen\"");
    let body = list_of(&[any(1), stray(2), stray(3)]);
    let ended = listed(&body, "-F id -o ndjson");
    assert_eq!((ended.code, ids(&ended).as_str()), (0, "1 2 3"));
    let warned = ended.told("warning").into_iter().map(|warning| {
        assert!(warning["message"].as_str().unwrap().contains("status"), "{warning}");
        warning["id"].clone()
    });
    assert_eq!(json!(warned.collect::<Vec<_>>()), json!(["cacc_2", null]));
    listed(&body, "-F id -q").prints("ID\ncacc_1\ncacc_2\ncacc_3\n");

    // --where concludes nothing from a violation, and says so; of fields that it does not ask about, nothing is said.
    let lacks = any(4).replace("\"status\":\"active\",", "");
    let odd = any(5).replace("org_1", "cus_1").replace("active", "revoked");
    let body = list_of(&[any(1), lacks, odd]);
    let ended = listed(&body, "-F id -o ndjson --where status=active");
    assert_eq!((ended.code, ids(&ended).as_str()), (0, "1"));
    assert_eq!(ended.told("warning")[0]["id"], "cacc_4");
    let strict = listed(&body, "-F id -o ndjson --where status=active --strict");
    assert_eq!((strict.code, ids(&strict).as_str()), (9, "1"));
    assert_eq!(strict.error()["id"], "cacc_4");
    // The other accounts are printed, and the array is whole: nothing was cut off.
    let ended = listed(&body, "-F id --strict -o json");
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (9, "[\n  {\n    \"id\": \"cacc_1\"\n  }\n]\n")
    );
    let told: Vec<_> = ended.errors().iter().map(|e| json!([e["id"], e["code"]])).collect();
    assert_eq!(json!(told), json!([["cacc_4", "bad_response"], ["cacc_5", "bad_response"]]));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let sandbox = acctq::sandbox::Server::with_accounts(0, 5_000).unwrap();
    let (url, token) = (sandbox.base_url(), acctq::sandbox::TOKEN);
    let variables = format!("ACCTQ_CONNECT_URL={url} ACCTQ_CONNECT_TOKEN={token}");
    let list = format!("({variables} acctq cacc list -o ndjson -F id; echo $? >code)");
    let ended = home.shell(&format!("{list} | head -n 1; cat code")).run();
    ended.prints("{\"id\":\"cacc_sandbox0000001\"}\n0\n");
    let ended = home.shell(&format!("{list} >/dev/full; cat code")).run();
    assert_eq!(ended.stdout, "1\n", "{ended:#?}");
    assert!(!ended.stderr.is_empty());
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
