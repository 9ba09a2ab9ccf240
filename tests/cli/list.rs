//! `cacc list`: what is shown of a list, and what becomes of one that does not come whole.

use std::io::{BufRead as _, Read as _};

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{ACTIVATION, Ended, Home, Run, TOKEN};
use crate::wire::{Do, Wire, json, response};

/// The head of an answer whose length is told by its end.
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";

/// An account that keeps to the contract.
fn account(number: usize, status: &str, created: &str, metadata: &str) -> String {
    format!(
        "{{\"id\":\"cacc_{number}\",\"connection_type\":\"standard\",\"onboarding_mode\":\"full\",\"status\":\"{status}\",\
         \"platform_organization_id\":\"org_1\",\"created_at\":\"{created}\",\"metadata\":{metadata}}}"
    )
}

/// An account of which nothing matters but that it is one.
fn any(number: usize) -> String {
    account(number, "active", "2024-01-01T00:00:00Z", "null")
}

fn listed(accounts: &[String]) -> String {
    format!("{{\"data\":[{}]}}", accounts.join(","))
}

/// Four accounts that differ in all that is asked for below.
fn four() -> String {
    listed(&[
        account(
            1,
            "pending",
            "2024-03-01T00:00:00Z",
            r#"{"plan":"pro","seats":12}"#,
        ),
        // The same instant in another zone, and fractions.
        account(
            2,
            "active",
            "2024-03-01T02:00:00+02:00",
            r#"{"plan":"free","seats":9}"#,
        ),
        account(3, "pending", "2024-02-29T23:59:59.5Z", "null"),
        account(
            4,
            "revoked",
            "2024-03-01T00:00:00.25Z",
            r#"{"seats":"many"}"#,
        ),
    ])
}

/// A run against a server that says that.
fn run(wire: &Wire, args: &str) -> Ended {
    of(wire, args).run()
}

fn of(wire: &Wire, args: &str) -> Run {
    let home = Box::leak(Box::new(Home::new()));
    home.profile(wire.url()).acctq(&format!("cacc list {args}"))
}

/// The ids that are printed, without the prefix.
fn ids(text: &str) -> String {
    let ids = text.lines().map(|line| {
        let id = line.strip_prefix("{\"id\":\"cacc_").unwrap();
        id.strip_suffix("\"}").unwrap()
    });
    ids.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_list_in_every_format() {
    let wire = Wire::answers(json(&listed(&[any(1), any(2)])));
    let empty = Wire::answers(json("{\"data\":[]}"));
    for (format, stdout, nothing, said, said_of_nothing) in [
        (
            "table",
            "ID      Status\ncacc_1  active\ncacc_2  active\n",
            "",
            "2 accounts\n",
            "0 accounts\n",
        ),
        (
            "json",
            "[\n  {\n    \"id\": \"cacc_1\",\n    \"status\": \"active\"\n  },\n  {\n    \"id\": \"cacc_2\",\n    \"status\": \"active\"\n  }\n]\n",
            "[]\n",
            "",
            "",
        ),
        (
            "yaml",
            "- id: cacc_1\n  status: active\n- id: cacc_2\n  status: active\n",
            "[]\n",
            "2 accounts\n",
            "0 accounts\n",
        ),
        (
            "ndjson",
            "{\"id\":\"cacc_1\",\"status\":\"active\"}\n{\"id\":\"cacc_2\",\"status\":\"active\"}\n",
            "",
            "",
            "",
        ),
    ] {
        let args = format!("-F id,status -o {format}");
        run(&wire, &args).is(0, stdout, said);
        run(&wire, &format!("{args} -q")).prints(stdout);
        run(&empty, &args).is(0, nothing, said_of_nothing);
    }
    let request = wire.requests().remove(0);
    assert!(
        request.starts_with("GET /api/v1/connected-accounts HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains(&format!("Bearer {TOKEN}")), "{request}");
}

/// The contract knows no pages: a server that has some must not pass off the first one as all of it.
#[test]
fn what_comes_beside_the_accounts_is_told() {
    let body = |more: &str| {
        json(&format!(
            "{{\"ok\":false,\"data\":[{}],\"error\":null,\"links\":[]{more}}}",
            any(1)
        ))
    };
    let more = format!(
        ",\"has_more\":true,\"next\":{{\"a\":1}},\"{TOKEN}\":1,\"\\u001b[2J\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1"
    );
    let message = "the list of connected accounts came with what the contract does not know: `has_more`, `next`, `b`, `c`, `d`, 3 more";
    let hint = "that may say that there are more accounts than these: one answer is what is read";
    let wire = Wire::answers(body(&more));
    let shown = "ID\ncacc_1\n";
    run(&wire, "-F id").is(
        0,
        shown,
        &format!("warning: {message}\n  hint: {hint}\n1 account\n"),
    );
    run(&wire, "-F id --strict").is(
        9,
        shown,
        &format!("error: {message}\n  hint: {hint}\n1 account\n"),
    );
    let ended = run(&wire, "-F id -o ndjson");
    let warning: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (0, "{\"id\":\"cacc_1\"}\n")
    );
    assert_eq!(
        (&warning["warning"]["message"], &warning["warning"]["hint"]),
        (&message.into(), &hint.into())
    );
    // Who wants no more than some of it is not told of the rest, and who says nothing is not told of.
    run(&wire, "-F id --limit 1").is(0, shown, "1 account; the rest of the list was not read\n");
    run(&Wire::answers(body("")), "-F id").is(0, shown, "1 account\n");
}

#[test]
fn the_documents_are_the_servers_own() {
    let odd = r#"{ "id" : "cacc_1", "status":"active","n":[1.50,1e400],"x":"\u0007a\u202eb" }"#;
    let wire = Wire::answers(json(&format!(
        "{{\"page\":1,\"data\": [\n{odd} ],\"next\":null}}"
    )));
    let ended = run(&wire, "-o ndjson -q");
    ended.prints(
        "{\"id\":\"cacc_1\",\"status\":\"active\",\"n\":[1.50,1e400],\"x\":\"\\u0007a\\u202eb\"}\n",
    );
    let secret = format!(
        "{{\"id\":\"cacc_1\",\"activation_token\":\"{ACTIVATION}\",\"note\":\"{ACTIVATION}\"}}"
    );
    let wire = Wire::answers(json(&listed(std::slice::from_ref(&secret))));
    for format in ["table", "json", "yaml", "ndjson"] {
        assert_eq!(run(&wire, &format!("-q -o {format}")).code, 0);
    }
    run(&wire, "-q -o ndjson --reveal").prints(&format!("{secret}\n"));
}

#[test]
fn accounts_are_chosen_sorted_and_bounded() {
    let wire = Wire::answers(json(&four()));
    for (args, expected) in [
        ("", "1 2 3 4"),
        ("--where status=pending", "1 3"),
        ("--where status=pending --where metadata.plan=pro", "1"),
        (
            "--where status=pending|revoked --where metadata.seats?",
            "1 4",
        ),
        ("--where created_at<now-7d", "1 2 3 4"),
        ("--where created_at>now", ""),
        ("--where !metadata", "3"),
        ("--sort created_at", "3 1 2 4"),
        ("--sort -created_at", "4 1 2 3"),
        ("--sort status", "2 1 3 4"),
        ("--sort=-status", "4 1 3 2"),
        ("--sort id", "1 2 3 4"),
        ("--sort -id", "4 3 2 1"),
        // Numbers, then texts; what lacks it is last both ways.
        ("--sort metadata.seats", "2 1 4 3"),
        ("--sort -metadata.seats", "4 1 2 3"),
        ("--sort metadata.plan", "2 1 3 4"),
        ("--sort -metadata.plan", "1 2 3 4"),
        ("--sort revoked_at", "1 2 3 4"),
        ("--sort -revoked_at", "1 2 3 4"),
        ("--limit 1", "1"),
        ("--limit 4", "1 2 3 4"),
        ("--limit 5", "1 2 3 4"),
        ("--where status=pending --limit 2", "1 3"),
        ("--sort created_at --limit 2", "3 1"),
        (
            "--sort -created_at --limit 3 --where status!=revoked",
            "1 2 3",
        ),
    ] {
        let ended = run(&wire, &format!("{args} -o ndjson -F id"));
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (0, ""),
            "{args}: {ended:#?}"
        );
        assert_eq!(ids(&ended.stdout), expected, "{args}");
    }
    run(&wire, "--where status=pending -F id").is(0, "ID\ncacc_1\ncacc_3\n", "2 of 4 accounts\n");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let wire = Wire::answers(json("{\"data\":[]}"));
    for (args, stderr) in [
        (
            "--where status=aktive",
            "error: `aktive` is no value of status (column 8 of `status=aktive`)\n  hint: did you mean `active`? it is one of pending, active, suspended, revoked\n",
        ),
        (
            "--where not_found",
            "error: `not_found` holds of no account in a list\n  hint: `acctq check ID --expect not_found` asks whether an \
             account does not exist\n",
        ),
        (
            "--sort creatd_at",
            "error: --sort: a connected account has no field `creatd_at`\n  hint: did you mean `created_at`?\n",
        ),
        (
            "--sort -PNS-DEFG1234",
            "error: --sort: a connected account has no field `••••••••`\n  hint: --sort takes a field, like `created_at`, or \
             `-created_at`\n",
        ),
        (
            "--sort -",
            "error: --sort: a connected account has no field ``\n  hint: --sort takes a field, like `created_at`, or \
             `-created_at`\n",
        ),
        (
            "--sort metadata",
            "error: --sort: metadata has no order, it may hold anything\n  hint: name something in it, like \
             `metadata.plan`\n",
        ),
        (
            "--sort metadata..x",
            "error: --sort: `metadata..x` is no path\n  hint: a path is like `metadata.plan`\n",
        ),
        (
            "--sort metadata.\"a.b\"",
            "error: --sort: `metadata.\"a.b\"` is no path\n  hint: names stand without quotes here, one with a dot in it too: \
             `metadata.a.b`\n",
        ),
        (
            "--sort status.x",
            "error: --sort: `status.x`: the field status has no members\n  hint: use `status` alone\n",
        ),
        (
            "--sort metadata.activationToken",
            "error: --sort: `metadata.activationToken` is a secret\n  hint: an order would tell of it; choose another \
             field\n",
        ),
        (
            "--limit 0",
            "error: invalid value '0' for '--limit <N>': must be a whole number of accounts, 1 or more\n  hint: `--help` \
             after a command shows what it takes, with examples\n",
        ),
        (
            "-F activation_token",
            "error: `activation_token` is a secret\n  hint: add --reveal to show it, where nobody looks on\n",
        ),
        (
            "cacc_1",
            "error: `acctq cacc list` takes no argument `cacc_1`\n  hint: `--help` after a command shows what it takes, \
             with examples\n",
        ),
    ] {
        run(&wire, args).is(2, "", stderr);
    }
    assert_eq!(wire.connections(), 0);
}

#[test]
fn what_an_account_lacks_another_may_have() {
    let extra = any(2).replace("\"status\"", "\"extra\":1,\"status\"");
    let wire = Wire::answers(json(&listed(&[any(1), extra, any(3)])));
    let rows = "ID      extra\ncacc_1\ncacc_2  1\ncacc_3\n";
    run(&wire, "-F id,extra").is(0, rows, "3 accounts\n");
    run(&wire, "-F id,extra --sort -id -o ndjson")
        .prints("{\"id\":\"cacc_3\"}\n{\"id\":\"cacc_2\",\"extra\":1}\n{\"id\":\"cacc_1\"}\n");
    // What none of them has is a mistake, and is told when that is known.
    let error = "error: `statsu` is neither a field of a connected account nor a member of any account in the list
  hint: did you mean `status`?
";
    for args in ["-F id,statsu", "-F id,statsu --sort id"] {
        run(&wire, args).is(2, "ID      statsu\ncacc_1\ncacc_2\ncacc_3\n", error);
    }
    run(&wire, "-F id,statsu --where status=revoked -o ndjson").prints("");
}

#[test]
fn what_was_told_is_not_told_again_when_the_list_is_asked_for_again() {
    let stray = any(2).replace("\"active\"", "\"frozen\"");
    let cut = || {
        vec![
            Do::Read,
            Do::Write(format!("{HEAD}{{\"data\":[{},{stray}", any(1)).into_bytes()),
            Do::Finish,
        ]
    };
    let whole = vec![
        Do::Read,
        Do::Write(json(&listed(&[any(1), stray.clone()]))),
        Do::Finish,
    ];
    let strays = "the connected account cacc_2 strays from the contract: status (unknown value)";
    let shown = format!(
        "warning: {strays}\n  hint: it is shown as it came; --strict makes this an error\n2 accounts\n"
    );
    let perhaps = format!(
        "warning: {strays}\n  hint: it is shown, if at all, as it came; --strict makes this an error\n1 of 2 accounts\n"
    );
    let refused = format!(
        "error: {strays}\n  hint: without --strict it is shown, with a warning\n1 of 2 accounts\n"
    );
    for (args, code, numbers, stderr) in [
        ("--sort id", 0, "ID\ncacc_1\ncacc_2\n", &shown),
        ("--sort id --limit 1", 0, "ID\ncacc_1\n", &perhaps),
        ("--sort id --strict", 9, "ID\ncacc_1\n", &refused),
    ] {
        let wire = Wire::new(vec![cut(), whole.clone()]);
        run(&wire, &format!("{args} -F id")).is(code, numbers, stderr);
        assert_eq!(wire.requests().len(), 2, "{args}");
    }
}

#[test]
fn flags_have_an_order_and_what_is_concealed_has_none() {
    let with = |number, metadata: &str| account(number, "active", "2024-01-01T00:00:00Z", metadata);
    let secret = format!("{{\"activation_token\":\"{ACTIVATION}\",\"x\":\"{ACTIVATION}\"}}");
    let wire = Wire::answers(json(&listed(&[
        with(1, &secret),
        with(2, "{\"x\":true}"),
        with(3, "{\"x\":[]}"),
        with(4, "{\"x\":false}"),
        with(5, "{\"x\":\"A\"}"),
    ])));
    for (order, expected) in [("metadata.x", "4 2 5 1 3"), ("-metadata.x", "5 2 4 1 3")] {
        let ended = run(&wire, &format!("--sort {order} -F id -o ndjson"));
        assert_eq!(
            (
                ended.code,
                ids(&ended.stdout).as_str(),
                ended.stderr.as_str()
            ),
            (0, expected, "")
        );
    }
}

/// Refusals, each with its exit code and what is said.
fn refusals() -> Vec<(Vec<u8>, i32, &'static str)> {
    vec![
        (
            response("401 Unauthorized", "", ""),
            4,
            "rejects the token of profile test (status 401)",
        ),
        (
            response("403 Forbidden", "", "{}"),
            4,
            "does not let this token read the list of connected accounts (status 403)",
        ),
        (
            response("404 Not Found", "", ""),
            5,
            "no list of connected accounts at 127.0.0.1",
        ),
        (
            response("404 Not Found", "", "<html>"),
            9,
            "answers 404 with a page of its own",
        ),
        (
            response("410 Gone", "", ""),
            5,
            "the list of connected accounts at 127.0.0.1",
        ),
        (
            response("429 Too Many Requests", "", ""),
            6,
            "asks to wait (status 429)",
        ),
        (
            response("500 Internal Server Error", "", ""),
            8,
            "failed with status 500",
        ),
        (
            response("400 Bad Request", "", "{\"code\":\"X\",\"message\":\"no\"}"),
            9,
            "refuses the list (status 400); the server says: \"no\"",
        ),
        (
            response("204 No Content", "", ""),
            9,
            "answers with status 204",
        ),
        (
            response("302 Found", "Location: https://evil.test/x\r\n", ""),
            9,
            "redirects to https://evil.test (status 302)",
        ),
    ]
}

/// Answers that are no list, likewise.
fn no_lists() -> Vec<(Vec<u8>, i32, &'static str)> {
    let ok = json;
    let head = |headers: &str| response("200 OK", headers, "{\"data\":[]}");
    vec![
        (
            head("Content-Encoding: gzip\r\n"),
            9,
            "answers in the encoding gzip",
        ),
        (
            head("Content-Type: text/html\r\n"),
            9,
            "answers with a web page, not with JSON",
        ),
        (
            head("Content-Type: text/csv\r\n"),
            9,
            "answers with text/csv, not with JSON",
        ),
        (ok(" <html>"), 9, "answers with a web page, not with JSON"),
        (ok(""), 9, "is empty"),
        (ok("  \n"), 9, "is empty"),
        (ok("[]"), 9, "is not an object that holds a list"),
        (ok("null"), 9, "is not an object that holds a list"),
        (ok("{}"), 9, "is JSON, but without a list named `data`"),
        (
            ok("{\"data\":{}}"),
            9,
            "is JSON, but without a list named `data`",
        ),
        (ok("{\"data\":[]"), 7, "ends in the middle of its JSON"),
        (
            ok("{\"data\":[{\"id\":"),
            7,
            "ends in the middle of its JSON",
        ),
        (ok("{'data':[]}"), 9, "is not JSON"),
        (
            ok("{\"a\":1,\"a\":2,\"data\":[]}"),
            9,
            "names a member of an object twice",
        ),
        (
            ok("{\"data\":[1]}"),
            9,
            "account 1 in the list of 127.0.0.1",
        ),
        (
            ok(&format!("{{\"data\":[{{\"id\":\"{TOKEN}\"}}]}}")),
            9,
            "repeats the bearer token; it is not shown",
        ),
    ]
}

#[test]
fn what_is_no_list_fails_as_a_look_up_does() {
    for (bytes, code, says) in [refusals(), no_lists()].concat() {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let ended = run(&Wire::answers(bytes), "--retries 0 -o ndjson");
        let error = ended.fails(code, &[]).error();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says), "{shown}: {message}");
        let facts = ["api", "profile", "id", "attempts"].map(|name| error[name].clone());
        assert_eq!(
            facts,
            [
                "connect".into(),
                "test".into(),
                serde_json::Value::Null,
                1.into()
            ]
        );
    }
    let gone = Wire::always(vec![Do::Start, Do::Reset]);
    run(&gone, "--retries 0").fails(7, &["closed the connection"]);
    let nobody = Wire::always(vec![]);
    run(&nobody, "--retries 0").fails(7, &[]);
}

/// Every way in which a list can end too early, or go wrong: what comes behind its first account, and what is said.
fn breaks() -> Vec<(Vec<Do>, &'static str)> {
    let write = |text: &str| Do::Write(text.as_bytes().to_vec());
    let deep = format!(",{{\"a\":{}{}}}", "[".repeat(128), "]".repeat(128));
    let large = format!(",{{\"a\":\"{}\"}}]}}", "x".repeat(1024 * 1024));
    vec![
        (vec![], "ends in the middle of its JSON"),
        (
            vec![write(",{\"id\":\"cacc_2\"")],
            "ends in the middle of its JSON",
        ),
        (vec![write("]")], "ends in the middle of its JSON"),
        (vec![Do::Hold], "nothing more came of the answer"),
        (
            vec![Do::Flood(vec![b' '; 65_536])],
            "holds something that is larger than any account (1024 KiB)",
        ),
        (
            vec![write(",\""), Do::Flood(vec![b'x'; 65_536])],
            "holds something that is larger than any account (1024 KiB)",
        ),
        (
            vec![write(",{"), Do::Flood(vec![b'['; 65_536])],
            "holds something that is larger than any account (1024 KiB)",
        ),
        (
            vec![write("]}"), Do::Flood(vec![b'\n'; 65_536])],
            "holds something that is larger than any account (1024 KiB)",
        ),
        (
            vec![write(&large)],
            "holds something that is larger than any account (1024 KiB)",
        ),
        (vec![write(";{}]}")], "is not JSON"),
        (vec![write("{}]}")], "is not JSON"),
        (vec![write(",]}")], "is not JSON"),
        (vec![write("]}x")], "goes on after the end of its JSON"),
        (
            vec![write("]}{\"data\":[]}")],
            "goes on after the end of its JSON",
        ),
        (
            vec![write(",{\"a\":tru}]}")],
            "account 2 in the list of HOST is not JSON",
        ),
        (
            vec![write(",{\"a\":[}]}")],
            "account 2 in the list of HOST is not JSON",
        ),
        (
            vec![write(",{]]}")],
            "account 2 in the list of HOST is not JSON",
        ),
        (
            vec![write(",{\"a\":1 2}]}")],
            "account 2 in the list of HOST is not JSON",
        ),
        (
            vec![write(",null]}")],
            "account 2 in the list of HOST is no object",
        ),
        (
            vec![write(",{\"a\":1,\"a\":2}]}")],
            "account 2 in the list of HOST names a member of an object twice",
        ),
        (
            vec![write(",{\"a\":\"\\ud800\"}]}")],
            "account 2 in the list of HOST holds half of a surrogate pair",
        ),
        (
            vec![write(&deep)],
            "account 2 in the list of HOST nests deeper than 128 levels",
        ),
        (
            vec![Do::Write(b",{\"a\":\"\xff\"}]}".to_vec())],
            "is not UTF-8",
        ),
        (
            vec![write("],\"data\":[]}")],
            "names a member of an object twice",
        ),
    ]
}

#[test]
fn a_list_that_is_cut_off_is_left_open() {
    let first = any(1);
    for (behind, says) in breaks() {
        let mut script = vec![
            Do::Read,
            Do::Write(format!("{HEAD}{{\"data\":[{first}").into_bytes()),
        ];
        script.extend(behind.clone());
        script.push(Do::Finish);
        let wire = Wire::always(script);
        // Retries are allowed, and none is made.
        let ended = run(&wire, "-o json -F id --timeout 2s --retries 5");
        let shown = format!("{behind:.200?}: {ended:#?}");
        assert_eq!(ended.code, 9, "{shown}");
        assert_eq!(
            ended.stdout, "[\n  {\n    \"id\": \"cacc_1\"\n  }\n",
            "{shown}"
        );
        let error = ended.error();
        let message = error["message"].as_str().unwrap();
        let host = wire.url().strip_prefix("http://").unwrap();
        assert!(message.contains(&says.replace("HOST", host)), "{shown}");
        assert!(
            message.ends_with("; the list is cut off after 1 account (profile test)"),
            "{shown}"
        );
        assert!(
            error["hint"]
                .as_str()
                .unwrap()
                .starts_with("what was printed is incomplete; "),
            "{shown}"
        );
        assert_eq!(
            (&error["code"], &error["exit_code"]),
            (&"bad_response".into(), &9.into())
        );
        assert_eq!(wire.requests().len(), 1, "{shown}");
    }
}

#[test]
fn other_formats_end_in_whole_lines_too() {
    let cut = format!("{HEAD}{{\"data\":[{},{},{{\"id\"", any(1), any(2));
    let wire = Wire::answers(cut);
    let says = format!(
        "error: the answer of {} ends in the middle of its JSON; the list is cut off after 2 accounts (profile test)
  hint: what was printed is incomplete; try again; if it stays so, the server or something before it cuts answers off
",
        wire.url().strip_prefix("http://").unwrap()
    );
    for (format, stdout) in [
        ("table", "ID      Status\ncacc_1  active\ncacc_2  active\n"),
        (
            "yaml",
            "- id: cacc_1\n  status: active\n- id: cacc_2\n  status: active\n",
        ),
    ] {
        run(&wire, &format!("-F id,status -o {format}")).is(9, stdout, &says);
    }
    let ended = run(&wire, "-F id -o ndjson");
    assert_eq!((ended.code, ids(&ended.stdout).as_str()), (9, "1 2"));
}

#[test]
fn until_something_is_shown_it_is_tried_again() {
    let cut = |accounts: &str| {
        vec![
            Do::Read,
            Do::Write(format!("{HEAD}{{\"data\":[{accounts}").into_bytes()),
            Do::Finish,
        ]
    };
    let whole = || vec![Do::Read, Do::Write(json(&four())), Do::Finish];
    for (args, first, requests, expected) in [
        ("", cut(""), 2, "1 2 3 4"),
        ("", vec![Do::Start, Do::Reset], 1, "1 2 3 4"),
        (
            "",
            vec![Do::Read, Do::Write(response("503 Unavailable", "", ""))],
            2,
            "1 2 3 4",
        ),
        // What has come is not shown, or not yet; and none of it is left.
        ("--where status=revoked", cut(&any(9)), 2, "4"),
        ("--sort -id", cut(&any(9)), 2, "4 3 2 1"),
        ("--sort id --limit 1", cut(&any(0)), 2, "1"),
    ] {
        let wire = Wire::new(vec![first, whole()]);
        let ended = run(&wire, &format!("{args} -o ndjson -F id"));
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (0, ""),
            "{args}: {ended:#?}"
        );
        assert_eq!(ids(&ended.stdout), expected, "{args}");
        assert_eq!(wire.requests().len(), requests, "{args}");
    }
    let wire = Wire::always(cut(&any(9)));
    run(&wire, "--sort id --retries 1").fails(
        7,
        &["ends in the middle of its JSON (profile test, tried 2 times)"],
    );
    assert_eq!(wire.requests().len(), 2);
}

#[test]
fn neither_silence_nor_a_trickle_lasts() {
    let begun = format!("{HEAD}{{\"data\":[").into_bytes();
    // What frames a body's chunks is none of the body.
    let framing = |status: &str, begun: &str, more: &str| {
        let json = "Content-Type: application/json\r\nTransfer-Encoding: chunked";
        let begun = format!("HTTP/1.1 {status}\r\n{json}\r\n\r\n{begun}");
        let more = Do::Dribble(more.repeat(2_000).into_bytes(), 20);
        vec![Do::Read, Do::Write(begun.into_bytes()), more]
    };
    let empty = "b\r\n{\"data\":[]}\r\n0\r\n";
    for (script, says) in [
        (
            framing("200 OK", "b;", "x"),
            "nothing more came of the answer",
        ),
        (
            framing("200 OK", "", "0"),
            "nothing more came of the answer",
        ),
        (
            framing("200 OK", empty, "X: y\r\n"),
            "nothing more came of the answer",
        ),
        (
            framing("404 Not Found", "b;", "x"),
            "did not arrive whole within",
        ),
        (vec![Do::Read, Do::Hold], "did not answer within"),
        (
            vec![Do::Read, Do::Write(begun.clone()), Do::Hold],
            "nothing more came of the answer",
        ),
        (
            vec![
                Do::Read,
                Do::Write(begun),
                Do::Dribble(vec![b' '; 10_000], 20),
            ],
            "takes longer for one account than a look-up may",
        ),
        (
            vec![
                Do::Read,
                Do::Write(b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec()),
                Do::Dribble(vec![b' '; 10_000], 20),
            ],
            "did not arrive whole within",
        ),
    ] {
        let wire = Wire::always(script);
        let ended = run(&wire, "--timeout 300ms --retries 0 -o json");
        let error = ended.fails(7, &[]).error();
        assert_eq!(error["code"], "timeout", "{ended:#?}");
        assert!(
            error["message"].as_str().unwrap().contains(says),
            "{ended:#?}"
        );
    }
}

#[test]
fn the_list_may_take_longer_than_a_look_up() {
    // Each account takes most of what a look-up may take; all together take several times that.
    let mut script = vec![
        Do::Read,
        Do::Write(format!("{HEAD}{{\"data\":[").into_bytes()),
    ];
    for number in 1..=4 {
        let comma = if number == 1 { "" } else { "," };
        script.push(Do::Write(format!("{comma}{}", any(number)).into_bytes()));
        script.push(Do::Dribble(vec![b' '; 10], 25));
    }
    script.push(Do::Write(b"]}".to_vec()));
    script.push(Do::Finish);
    let ended = run(&Wire::always(script), "--timeout 700ms -o ndjson -F id");
    assert_eq!(
        (ended.code, ids(&ended.stdout).as_str()),
        (0, "1 2 3 4"),
        "{ended:#?}"
    );
}

#[test]
fn with_a_limit_nobody_waits_for_the_rest() {
    let begun = format!("{HEAD}{{\"data\":[{},{}", any(1), any(2));
    let endless = format!(",{}", any(3));
    let wire = Wire::always(vec![
        Do::Read,
        Do::Write(begun.into_bytes()),
        Do::Flood(endless.into_bytes()),
    ]);
    run(&wire, "--limit 2 -o json -F id")
        .prints("[\n  {\n    \"id\": \"cacc_1\"\n  },\n  {\n    \"id\": \"cacc_2\"\n  }\n]\n");
    let rest = "2 accounts; the rest of the list was not read\n";
    run(&wire, "--limit 2 -F id").is(0, "ID\ncacc_1\ncacc_2\n", rest);
}

#[test]
fn accounts_are_shown_as_they_arrive_and_a_signal_cuts_the_list_off() {
    for (format, stdout) in [
        ("json", "[\n  {\n    \"id\": \"cacc_1\"\n  }\n"),
        ("yaml", "- id: cacc_1\n"),
        ("ndjson", "{\"id\":\"cacc_1\"}\n"),
    ] {
        for (signal, code, word) in [
            (Signal::INT, 130, "interrupted"),
            (Signal::TERM, 143, "terminated"),
        ] {
            let begun = format!("{HEAD}{{\"data\":[{},", any(1)).into_bytes();
            let wire = Wire::always(vec![Do::Read, Do::Write(begun), Do::Hold]);
            let mut started = of(&wire, &format!("-F id -o {format}")).start();
            // It is there before the list goes on, which it never does.
            let mut shown = String::new();
            let out = started.stdout.as_mut().unwrap();
            while shown.matches('\n').count() < stdout.trim_end().matches('\n').count() {
                out.read_line(&mut shown).unwrap();
            }
            let mut byte = [0];
            out.read_exact(&mut byte).unwrap();
            started.signal(signal);
            let ended = started.exits();
            assert_eq!(
                format!("{shown}{}{}", char::from(byte[0]), ended.stdout),
                stdout,
                "{format}"
            );
            let says = format!("{word}; the list is cut off after 1 account");
            assert!(ended.stderr.contains(&says), "{ended:#?}");
            assert_eq!(ended.code, code);
        }
    }
    // The rows of a table wait for each other, but not for ever; what is to be sorted does.
    for (args, stdout, says) in [
        (
            "-F id",
            "ID\ncacc_1\n",
            "interrupted; the list is cut off after 1 account",
        ),
        (
            "-F id --sort id",
            "",
            "interrupted before an account was listed",
        ),
        (
            "-F id -o json --where status=revoked",
            "",
            "interrupted before an account was listed",
        ),
    ] {
        let begun = format!("{HEAD}{{\"data\":[{},", any(1)).into_bytes();
        // A warning about the second account says that the first one has come.
        let strange =
            account(2, "revoked", "2024-01-01T00:00:00Z", "null").replace("2024-01-01T", "");
        let strange = strange.replace("revoked", "rvoked");
        let wire = Wire::always(vec![
            Do::Read,
            Do::Write([begun, strange.into_bytes()].concat()),
            Do::Hold,
        ]);
        let where_id = if args.contains("where") {
            ""
        } else {
            " --where id=cacc_1 --where status=active"
        };
        let mut started = of(&wire, &format!("{args}{where_id}")).start();
        started.message();
        started.signal(Signal::INT);
        let ended = started.exits();
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (130, stdout),
            "{args}: {ended:#?}"
        );
        assert!(ended.stderr.contains(says), "{ended:#?}");
    }
}

#[test]
fn what_strays_is_told_once_for_each_field() {
    let stray = |number| any(number).replace("\"active\"", "\"frozen\"");
    let wire = Wire::answers(json(&listed(&[any(1), stray(2), stray(3)])));
    let said =
        "warning: the connected account cacc_2 strays from the contract: status (unknown value)
  hint: it is shown as it came; --strict makes this an error
warning: 2 accounts stray from the contract: status (2)
  hint: they are shown as they came; --strict makes this an error
3 accounts
";
    run(&wire, "-F id").is(0, "ID\ncacc_1\ncacc_2\ncacc_3\n", said);
    run(&wire, "-F id -q").is(0, "ID\ncacc_1\ncacc_2\ncacc_3\n", "");

    // --where concludes nothing from what strays, and says so; of what it does not ask about, nobody wants to know.
    let lacks = any(4).replace("\"status\":\"active\",", "");
    let odd = any(5)
        .replace("org_1", "cus_1")
        .replace("active", "revoked");
    let wire = Wire::answers(json(&listed(&[any(1), lacks, odd])));
    let left_out =
        "warning: the connected account cacc_4 strays from the contract: status (missing)
  hint: it is left out, since --where tells nothing from such a field; --strict makes this an error
1 of 3 accounts
";
    run(&wire, "-F id --where status=active").is(0, "ID\ncacc_1\n", left_out);
    let refused = "error: the connected account cacc_4 strays from the contract: status (missing)
  hint: without --strict it is left out, with a warning: --where tells nothing from such a field
1 of 3 accounts
";
    run(&wire, "-F id --where status=active --strict").is(9, "ID\ncacc_1\n", refused);
    // What does not stray is printed, and the array is whole: nothing was cut off.
    let ended = run(&wire, "-F id --strict -o json");
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (9, "[\n  {\n    \"id\": \"cacc_1\"\n  }\n]\n")
    );
    let errors: Vec<serde_json::Value> = ended
        .stderr
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let told: Vec<_> = errors
        .iter()
        .map(|e| (&e["error"]["id"], &e["error"]["code"]))
        .collect();
    assert_eq!(
        told,
        [
            (&"cacc_4".into(), &"bad_response".into()),
            (&"cacc_5".into(), &"bad_response".into())
        ]
    );

    // One without an id has none to be named by.
    let wire = Wire::answers(json(&listed(&[any(1).replace("\"id\":\"cacc_1\",", "")])));
    let ended = run(&wire, "-F status");
    assert!(
        ended.stderr.starts_with(
            "warning: a connected account in the list strays from the contract: id (missing)\n"
        ),
        "{ended:#?}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let sandbox = acctq::sandbox::Server::with_accounts(0, 5_000).unwrap();
    let line = format!(
        "(ACCTQ_CONNECT_URL={} ACCTQ_CONNECT_TOKEN={} acctq cacc list -o ndjson -F id; echo $? >code) | head -n 1; cat code",
        sandbox.base_url(),
        acctq::sandbox::TOKEN
    );
    home.shell(&line)
        .run()
        .prints("{\"id\":\"cacc_sandbox0000001\"}\n0\n");
    let line = line.replace("| head -n 1", ">/dev/full");
    let ended = home.shell(&line).run();
    assert_eq!(ended.stdout, "1\n", "{ended:#?}");
    assert!(
        ended.stderr.contains("the output could not be written"),
        "{ended:#?}"
    );
}

#[test]
fn each_attempt_is_told_if_asked_for() {
    let wire = Wire::answers(json(&listed(&[any(1)])));
    let ended = run(&wire, "-v -F id");
    let url = format!(
        "> GET {}/api/v1/connected-accounts (attempt 1)\n< 200 in ",
        wire.url()
    );
    assert!(ended.stderr.starts_with(&url), "{ended:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn many_accounts_take_hardly_more_memory_than_one_look_up() {
    fn most(started: &crate::harness::Started) -> usize {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", started.child.id())).unwrap();
        let most = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        most.trim().trim_end_matches(" kB").parse().unwrap()
    }
    // Each is looked at while it waits for something that does not come, with all that counts behind it.
    let wire = Wire::always(vec![Do::Read, Do::Write(json(&any(1))), Do::Read, Do::Hold]);
    let home = Home::new();
    home.profile(wire.url());
    let mut started = home
        .acctq("cacc get cacc_1 cacc_2 --jobs 1 -o ndjson")
        .start();
    started.first_byte();
    wire.asked(2);
    let one = most(&started);
    started.signal(Signal::INT);
    started.exits();

    let number = 10_000;
    let accounts: Vec<_> = (1..=number).map(any).collect();
    let begun = format!("{HEAD}{{\"data\":[{},", accounts.join(","));
    let wire = Wire::always(vec![Do::Read, Do::Write(begun.into_bytes()), Do::Hold]);
    let mut started = of(&wire, "-o ndjson").start();
    let mut lines = started.stdout.take().unwrap().lines();
    for account in &accounts {
        assert_eq!(&lines.next().unwrap().unwrap(), account);
    }
    let many = most(&started);
    started.signal(Signal::INT);
    assert_eq!(started.exits().code, 130);
    assert!(many <= one + 2 * 1024, "{many} kB, and {one} kB for one");
}

#[test]
fn what_is_sorted_has_to_fit() {
    let long = "x".repeat(900 * 1024);
    let large = any(1).replace("null", &format!("\"{long}\""));
    let begun = format!("{HEAD}{{\"data\":[{large}");
    let wire = Wire::always(vec![
        Do::Read,
        Do::Write(begun.into_bytes()),
        Do::Flood(format!(",{large}").into_bytes()),
    ]);
    let home = Home::new();
    home.profile(wire.url());
    let line = "cacc list --sort id -o ndjson -F metadata -q";
    home.acctq(line).run().fails(
        1,
        &["\"message\":\"more is to be sorted than the 64 MiB that there are for it: 73 accounts and still more\""],
    );
    assert_eq!(wire.requests().len(), 1);
}
