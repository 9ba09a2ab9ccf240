//! The table of exit codes: each row of it produced, told to people and told as JSON.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::harness::{Home, TOKEN};
use crate::wire::Do::{Finish, Hold, Read, Write};
use crate::wire::{Wire, response};

/// The codes and names that users rely on.
const TABLE: [(i32, &str); 17] = [
    (1, "failed"),
    (2, "usage"),
    (3, "config"),
    (4, "auth"),
    (5, "not_found"),
    (5, "gone"),
    (6, "rate_limited"),
    (7, "network"),
    (7, "tls"),
    (7, "proxy"),
    (7, "timeout"),
    (8, "server"),
    (9, "bad_response"),
    (10, "unmet"),
    (124, "deadline"),
    (130, "interrupted"),
    (143, "terminated"),
];

/// Those of its rows that other files produce: output that cannot be written, and signals.
const ELSEWHERE: [&str; 3] = ["failed", "interrupted", "terminated"];

const JSON: &str = "Content-Type: application/json\r\nX-Request-Id: r-1\r\n";
const UNAUTHORIZED: &str = r#"{"code":"UNAUTHORIZED","message":"Who are you?"}"#;
const NOT_FOUND: &str = r#"{"description":"Failed.","code":404,"error":"not_found"}"#;
const REVOKED: &str = r#"{"id":"cacc_1","status":"revoked"}"#;

/// A home whose profiles are at the server that `wire` is (`test`, and `tls` as if it spoke TLS), at a port that refuses
/// connections (`refused`), behind a proxy that does (`proxied`), and without a token (`unset`).
fn home(wire: &Wire, refused: u16) -> Home {
    let (home, port) = (Home::new(), wire.port());
    let (token, unset) = (format!("token = \"{TOKEN}\""), "token_env = \"UNSET\"");
    let mut config = vec!["default_profile = \"test\"\n".to_owned()];
    for (profile, url, token) in [
        ("test", &format!("http://127.0.0.1:{port}"), token.as_str()),
        ("tls", &format!("https://127.0.0.1:{port}"), &token),
        ("refused", &format!("http://127.0.0.1:{refused}"), &token),
        ("proxied", &"https://api.example.com".to_owned(), &token),
        ("unset", &"https://api.example.com".to_owned(), unset),
    ] {
        for api in ["connect", "partner"] {
            config.push(format!("[profiles.{profile}.{api}]\nbase_url = \"{url}\"\n{token}\n"));
        }
    }
    home.config(config.concat());
    home
}

#[test]
fn every_row_of_the_table() {
    // A port that has just been given back refuses connections.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = listener.local_addr().unwrap().port();
    drop(listener);
    let proxy = format!("http://127.0.0.1:{refused}");
    let answer = |status, headers, body| vec![Read, Write(response(status, headers, body)), Finish];
    let none = || answer("500 Never asked", "", "");
    let mut seen = BTreeSet::new();
    #[rustfmt::skip]
    let rows = [
        (none(), "get ../../admin", 2, "usage", false, "../../admin", json!({"id": "../../admin"})),
        (none(), "get cacc_1 --retries many", 2, "usage", false, "--retries", json!({})),
        (none(), "get cacc_1 -p tset", 3, "config", false, "tset test --profile", json!({"file": "HOME/.config/acctq/config.toml"})),
        (none(), "get cacc_1 -p unset", 4, "auth", false, "UNSET config.toml:28",
            json!({"profile": "unset", "attempts": 0, "file": "HOME/.config/acctq/config.toml", "line": 28})),
        (answer("401 Who", JSON, UNAUTHORIZED), "get cacc_1", 4, "auth", false, "cacc_1 127.0.0.1 test",
            json!({"status": 401, "file": "HOME/.config/acctq/config.toml", "line": 4, "server_code": "UNAUTHORIZED", "server_message": "Who are you?", "request_id": "r-1"})),
        (answer("403 No", "", ""), "get cacc_1", 4, "auth", false, "cacc_1 127.0.0.1 test config.toml:4",
            json!({"status": 403, "file": "HOME/.config/acctq/config.toml", "line": 4})),
        (answer("404 No", "", NOT_FOUND), "get u-1", 5, "not_found", false, "u-1 127.0.0.1 test",
            json!({"status": 404, "server_code": "not_found", "server_message": "Failed."})),
        (answer("410 Gone", "", ""), "get u-1", 5, "gone", false, "u-1 127.0.0.1 test", json!({"status": 410})),
        (answer("429 Slow", "Retry-After: 3600\r\n", ""), "get cacc_1", 6, "rate_limited", true, "cacc_1 127.0.0.1 test",
            json!({"status": 429, "retry_after_s": 3600})),
        (none(), "get cacc_1 -p refused --retries 1", 7, "network", true, "cacc_1 127.0.0.1 refused",
            json!({"profile": "refused", "attempts": 2})),
        (vec![Write(b"garbage\r\n".to_vec()), Finish], "get cacc_1 -p tls", 7, "tls", true, "cacc_1 127.0.0.1 tls", json!({"profile": "tls"})),
        (none(), "get cacc_1 -p proxied --retries 0", 7, "proxy", true, "cacc_1 HTTPS_PROXY proxied",
            json!({"profile": "proxied"})),
        (vec![Read, Hold], "get cacc_1 --timeout 100ms", 7, "timeout", true, "cacc_1 127.0.0.1 test", json!({})),
        (answer("503 Oh", JSON, ""), "get cacc_1 --retries 0", 8, "server", true, "cacc_1 127.0.0.1 test",
            json!({"status": 503, "request_id": "r-1"})),
        (answer("501 No", "", ""), "get cacc_1", 8, "server", false, "cacc_1 127.0.0.1 test", json!({"status": 501})),
        (answer("200 OK", "Content-Type: text/html\r\n", "<html>"), "get cacc_1", 9, "bad_response", false, "cacc_1 127.0.0.1 test",
            json!({"status": 200})),
        (answer("200 OK", "", REVOKED), "get cacc_1 --strict", 9, "bad_response", false, "cacc_1 created_at onboarding_mode",
            json!({"status": 200})),
        (answer("200 OK", "", REVOKED), "wait cacc_1 --for status=active -q", 10, "unmet", false, "cacc_1 test revoked",
            json!({"attempts": null})),
        (answer("503 Oh", JSON, ""), "wait cacc_1 --within 500ms --interval 100ms --retries 0 -q", 124, "deadline", false,
            "cacc_1 test 127.0.0.1", json!({"attempts": null, "status": 503, "request_id": "r-1"})),
    ];
    for (script, args, exit_code, code, retryable, facts, expected) in rows {
        let home = home(&Wire::always(script), refused);
        let run = |more| home.acctq(&format!("{args}{more}")).env("HTTPS_PROXY", &proxy);
        let facts: Vec<_> = facts.split(' ').collect();
        run("").run().fails(exit_code, &facts);
        let error = run(" -o json").run().fails_with(exit_code, code);
        // An error has what was looked up and what its row names; all other facts are null.
        let id = args.split(' ').nth(1).unwrap();
        let api = if id == "u-1" { "partner" } else { "connect" };
        let mut all = json!({"id": id, "api": api, "profile": "test", "attempts": 1});
        if exit_code < 4 {
            all = json!({});
        }
        let all = all.as_object_mut().unwrap();
        all.extend(expected.as_object().unwrap().clone());
        all.insert("retryable".to_owned(), retryable.into());
        for (key, value) in error.as_object().unwrap() {
            let value = value.to_string().replace(home.path().to_str().unwrap(), "HOME");
            let expected = all.get(key).unwrap_or(&Value::Null).to_string();
            let is_free = ["code", "exit_code", "message", "hint", "elapsed_ms", "next"].contains(&key.as_str());
            assert!(is_free || value == expected, "{key} of {args}: {error}");
        }
        for command in error["next"].as_array().unwrap() {
            let command = command.as_str().unwrap();
            let again = home.shell(command).env("HTTPS_PROXY", &proxy).run();
            // Not every token works.
            let does_work =
                if command.ends_with("auth status") { again.stdout.contains("partner") } else { again.code == 0 };
            assert_eq!((does_work, command.contains(" -p ")), (true, args.contains(" -p ")), "{again:#?}");
        }
        seen.insert(code);
    }
    seen.extend(ELSEWHERE);
    assert_eq!(seen, TABLE.iter().map(|row| row.1).collect());
}

#[test]
fn success_and_no_configuration() {
    let home = Home::new();
    let ending = home.run("-p sandbox get ending -F status -o ndjson");
    ending.prints("{\"status\":\"provisioned\"}\n");
    let error = home.run("get cacc_1 -o json").fails_with(3, "config");
    assert_eq!(error["file"], home.config_path().to_str().unwrap());
    home.run("get cacc_1").fails(3, &["acctq config init"]);
}

#[test]
fn failures_that_differ_in_kind_are_1_each_with_its_own_code() {
    let wire = Wire::answers(response("404 Not Found", "", ""));
    let home = home(&wire, 1);
    let ended = home.run("get cacc_1 ../admin -o json");
    assert_eq!((ended.code, ended.stdout.as_str()), (1, "[]\n"));
    let errors = ended.errors();
    let told: Vec<_> = errors.iter().map(|e| (&e["id"], &e["exit_code"])).collect();
    assert_eq!(json!(told), json!([["cacc_1", 5], ["../admin", 2]]));
}

#[test]
fn the_readme_and_the_help_have_the_table() {
    let help = Home::new().run("help exit-codes");
    let readme = include_str!("../../README.md");
    let lines = help.stdout.lines().map(str::split_whitespace);
    let listed: Vec<_> = lines.map(|line| line.take(2).collect::<String>()).collect();
    for (code, name) in TABLE {
        assert!(listed.contains(&format!("{code}{name}")), "{name}");
        let row = format!("\n| {code} | `{name}` |");
        assert!(readme.contains(&row), "{row}");
    }
}

#[test]
fn the_commands_of_a_hint_work_as_they_stand() {
    const UUID: &str = "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b";
    let wire = Wire::answers(response("404 Not Found", "", ""));
    let home = home(&wire, 1);
    fs::rename(home.config_path(), home.path().join("my config.toml")).unwrap();
    let config = "--config 'my config.toml'";
    for (args, code, command, again) in [
        (format!("-p test {config} get cacc_1"), 5, format!("acctq -p test {config} config show"), 0),
        (
            format!("{config} -p sandbox cacc get {UUID}"),
            2,
            format!("acctq -p sandbox {config} partner account get {UUID}"),
            0,
        ),
        (
            "-p sandbox cacc get zoe@example.com".into(),
            2,
            "acctq -p sandbox cacc list --where pending_email=zoe@example.com".into(),
            0,
        ),
        (
            "-p sandbox cacc get 'Zo & Fils' 'Analytical Engines'".into(),
            2,
            "acctq -p sandbox cacc list --where 'pending_organization_name~\"Analytical Engines\"'".into(),
            0,
        ),
        ("get cacc_1".into(), 3, "acctq config init".into(), 0),
        ("list".into(), 2, "acctq cacc list --help".into(), 0),
        ("partner get u-1".into(), 2, "acctq partner account get --help".into(), 0),
        (UUID.into(), 2, format!("acctq get {UUID}"), 3),
        ("wait cacc_1 --within 0".into(), 2, "acctq wait --help".into(), 0),
        ("-p sandbox get cacc_activestandard -F statsu".into(), 2, "acctq help fields".into(), 0),
    ] {
        let ended = home.shell(&format!("acctq {args} -o json")).run();
        let errors = ended.errors();
        let next: Vec<_> = errors.iter().flat_map(|error| error["next"].as_array().unwrap()).collect();
        assert!(ended.code == code && next.contains(&&json!(command)), "{args}: {ended:#?}");
        assert_eq!(home.shell(&command).run().code, again, "{command}");
    }
}
