//! `compare`: the same account in several profiles.

use mockito::{Matcher, Server, ServerGuard};
use serde_json::{Value, json};

use crate::harness::{ACTIVATION, Home, TOKEN};
use crate::wire::Do::{Finish, Open, Pass, Read, Write};
use crate::wire::{Gate, Wire, json as ok};

/// The token of the profile `prod`; that of `test` is the usual one.
const OTHER: &str = "other-bearer-91c4e7";

/// A home with the profiles `test` and `prod`, each at one of these URLs.
fn home(urls: [&str; 2]) -> Home {
    let home = Home::new();
    let profile = |name, url, token| {
        let api = |api| format!("[profiles.{name}.{api}]\nbase_url = \"{url}\"\ntoken = \"{token}\"\n");
        api("connect") + &api("partner")
    };
    let unset = "[profiles.unset.connect]\nbase_url = \"http://127.0.0.1:1\"\ntoken_env = \"UNSET\"\n";
    home.config(profile("test", urls[0], TOKEN) + &profile("prod", urls[1], OTHER) + unset);
    home
}

/// The same with servers that answer with this status and body, each to its own token only.
fn servers(answers: [(usize, &str); 2]) -> (Vec<ServerGuard>, Home) {
    let servers = [(TOKEN, answers[0]), (OTHER, answers[1])].map(|(token, (status, body))| {
        let mut server = Server::new();
        let mock = server.mock("GET", Matcher::Any).match_header("authorization", &*format!("Bearer {token}"));
        mock.with_status(status).with_header("content-type", "application/json").with_body(body).create();
        server
    });
    let home = home([&servers[0].url(), &servers[1].url()]);
    (servers.into(), home)
}

/// A connected account with these further members.
fn account(more: &str) -> String {
    format!(
        r#"{{"id":"cacc_1","status":"active","connection_type":"standard","onboarding_mode":"full","platform_organization_id":"org_1","created_at":"2023-11-07T05:31:56Z"{more}}}"#
    )
}

#[test]
fn a_row_a_field_a_column_a_profile_and_a_sign_where_they_differ() {
    let (test, prod) = (account(r#","\u001b[2Jx\n":[1],"extra":7"#), account("").replace("active", "suspended"));
    let (_servers, home) = servers([(200, &test), (200, &prod)]);
    let table = "  Field                  test                                   prod
  ID                     cacc_1                                 cacc_1
≠ Status                 active (calls on its behalf work)      suspended (disabled for now by the platform)
  Connection type        standard (picks its tenant by header)  standard (picks its tenant by header)
  Onboarding mode        full (full onboarding)                 full (full onboarding)
  Platform organization  org_1                                  org_1
  Created                2023-11-07T05:31:56Z                   2023-11-07T05:31:56Z
≠ \\u{1b}[2Jx\\n           [1]
≠ extra                  7
";
    let told = home.run("-p test compare cacc_1 -p prod");
    assert_eq!((told.code, &*told.stdout), (10, table), "{told:#?}");
    assert!(["cacc_1", "test, prod", "status"].iter().all(|fact| told.stderr.contains(fact)), "{told:#?}");
    home.run("compare cacc_1 -p prod -F platform_organization_id,uid -p test -p prod")
        .prints("  Field                  prod    test\n  Platform organization  org_1   org_1\n  ID                     cacc_1  cacc_1\n");
    // A member of any answer is known.
    let extra = home.run("compare cacc_1 -p prod -p test -F extra -o ndjson");
    assert_eq!((extra.code, extra.stdout.contains(r#""prod":{},"test":{"extra":7}"#)), (10, true), "{extra:#?}");
    let markdown = home.run("compare cacc_1 -p test -p prod -F status -o markdown");
    assert!(markdown.stdout.contains("| --- | --- | --- |\n| `≠ Status` | active ("), "{markdown:#?}");
    let colored = home.shell("acctq compare cacc_1 -p test -p prod -F status --color always 2>/dev/null").run();
    assert!(colored.stdout.contains("\u{1b}[33m≠ Status\u{1b}[0m  \u{1b}[32mactive"), "{colored:#?}");
}

#[test]
fn values_are_compared_and_not_how_they_are_written() {
    let deep = format!(r#"{{"x":{}1{}}}"#, "[".repeat(126), "]".repeat(126));
    for (test, prod, is_alike) in [
        (r#"{"a":1.0,"b":[1e2,{"c":1e400}]}"#, r#"{"b":[100,{"c":10E399}],"a":1}"#, true),
        (r#""\u0061""#, r#""a""#, true),
        ("-0", "0.0", true),
        (&deep, &deep, true),
        ("9007199254740993", "9007199254740992", false),
        ("1", r#""1""#, false),
        ("1", "true", false),
        ("[1,2]", "[2,1]", false),
        ("[1]", "[1,2]", false),
        (r#"{"a":{"b":1}}"#, r#"{"a":{"b":2}}"#, false),
        (r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false),
        (r#"{"a":1,"b":null}"#, r#"{"a":1}"#, false),
        (r#"{"a":1,"b":null}"#, r#"{"a":1,"c":null}"#, false),
    ] {
        let [one, other] = [test, prod].map(|value| account(&format!(r#","metadata":{value}"#)));
        let (_servers, home) = servers([(200, &one), (200, &other)]);
        let (code, differing) = if is_alike { (0, "[]") } else { (10, "[\"metadata\"]") };
        let expected =
            format!(r#"{{"id":"cacc_1","profiles":{{"test":{one},"prod":{other}}},"differing":{differing}}}"#);
        let told = home.run("compare cacc_1 -p test -p prod -o ndjson");
        assert_eq!((told.code, told.stdout), (code, expected.replace(r"\u0061", "a") + "\n"), "{test} {prod}");
    }
}

#[test]
fn what_a_profile_lacks_and_what_fails() {
    let (good, strange) = (account(""), r#"{"id":"cacc_1"}"#);
    let good = good.as_str();
    #[rustfmt::skip]
    let cases = [
        ([(200, good), (404, "")], 10, "unmet", "", json!({"prod": null, "test": {"status": "active"}})),
        ([(410, ""), (200, good)], 10, "unmet", "", json!({"test": null, "prod": {"status": "active"}})),
        ([(404, ""), (404, "")], 5, "not_found not_found", "test prod", Value::Null),
        ([(410, ""), (404, "")], 5, "gone not_found", "test prod", Value::Null),
        ([(503, ""), (200, good)], 8, "server", "test", Value::Null),
        ([(404, ""), (401, "")], 4, "auth", "prod", Value::Null),
        ([(401, ""), (503, "")], 1, "auth server", "test prod", Value::Null),
        ([(200, strange), (200, good)], 9, "bad_response", "test", Value::Null),
    ];
    for (answers, code, codes, profiles, documents) in cases {
        let (_servers, home) = servers(answers);
        let told = home.run("compare cacc_1 -p test -p prod --retries 0 --strict -F status -o json");
        assert_eq!(told.code, code, "{told:#?}");
        let found: Value = serde_json::from_str(&told.stdout).unwrap_or_default();
        assert_eq!((&found["profiles"], told.stdout.is_empty()), (&documents, code != 10), "{told:#?}");
        assert!(code != 10 || found["differing"] == json!(["status"]), "{told:#?}");
        let errors = told.errors();
        let all = |key: &str| errors.iter().filter_map(|error| error[key].as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!((&*all("code"), &*all("profile")), (codes, profiles), "{told:#?}");
        // The commands of a hint are about the error's own profile.
        for error in errors {
            for command in error["next"].as_array().unwrap() {
                let command = command.as_str().unwrap();
                assert!(command.contains(&format!("-p {} ", error["profile"].as_str().unwrap())), "{command}");
                // What tries the tokens finds the one that is rejected.
                let code = if command.contains("auth status") { 4 } else { 0 };
                assert_eq!(home.shell(command).run().code, code, "{command}");
            }
        }
    }
}

#[test]
fn secrets_are_compared_and_shown_with_reveal_only() {
    let secret = |secret: &str| {
        account(&format!(r#","activation_token":"{secret}","is_{secret}":1,"a b":"{secret}","name":"Zoë""#))
    };
    let (_servers, home) = servers([(200, &secret(ACTIVATION)), (200, &secret("PNS-OTHER777"))]);
    let compare = |more: &str| home.run(format!("compare cacc_1 -p test -p prod {more}"));
    for (more, differing) in [
        ("-o json", json!(["a b", "activation_token", "••••••••"])),
        ("-o json --redact", json!(["[redacted]", "activation_token", "••••••••"])),
        ("-o json --reveal", json!(["a b", "activation_token", format!("is_{ACTIVATION}"), "is_PNS-OTHER777"])),
    ] {
        let told = compare(more);
        let found: Value = serde_json::from_str(&told.stdout).expect("JSON");
        assert_eq!((told.code, &found["differing"]), (10, &differing), "{told:#?}");
        let shown = [ACTIVATION, "PNS-OTHER777"].map(|secret| told.stdout.contains(secret));
        assert_eq!((shown, told.stderr.contains("OTHER777")), ([more.contains("--reveal"); 2], false), "{told:#?}");
        assert_eq!(told.stdout.contains("Zoë"), !more.contains("--redact"), "{told:#?}");
    }
    let table = compare("");
    assert!(table.stdout.contains("≠ activation_token  ") && !table.stdout.contains("OTHER777"), "{table:#?}");
    compare("-F activation_token").fails(2, &["--reveal"]);
}

#[test]
fn the_look_ups_go_on_side_by_side_whatever_the_environment_has() {
    // The first server answers when the second one has been asked.
    let (gate, body) = (Gate::default(), account(""));
    let test = Wire::always(vec![Read, Pass(gate.clone()), Write(ok(&body)), Finish]);
    let prod = Wire::always(vec![Read, Open(gate), Write(ok(&body)), Finish]);
    let home = home([&format!("http://127.0.0.1:{}", test.port()), &format!("http://127.0.0.1:{}", prod.port())]);
    let run = home.acctq("compare cacc_1 -p test -p prod -F id,status --timeout 20s -o yaml");
    let variables =
        [("ACCTQ_CONNECT_TOKEN", "env"), ("ACCTQ_CONNECT_URL", "http://127.0.0.1:1"), ("ACCTQ_PROFILE", "nil")];
    let account = "    id: cacc_1\n    status: active\n";
    run.envs(&variables)
        .run()
        .prints(&format!("id: cacc_1\nprofiles:\n  test:\n{account}  prod:\n{account}differing: []\n"));
    home.run("compare cacc_1 -p sandbox -p test -F id -q").is(
        10,
        "  Field  sandbox    test\n≠ ID     not found  cacc_1\n",
        "error: the connected account cacc_1 differs in sandbox, test: not each of them has it\n",
    );
    for (args, code, fact) in [
        ("", 2, "two"),
        ("-p test", 2, "two"),
        ("-p test -p test", 2, "two"),
        ("-p test -p prod -o csv", 2, "csv"),
        ("-p test -p prod -F staus", 2, "status"),
        ("-p test -p prdo", 3, "prod"),
        ("-p test -p unset", 4, "profile unset"),
    ] {
        home.run(format!("compare cacc_1 {args}")).fails(code, &[fact]);
    }
}
