//! What people paste as ids, and what they pass as arguments.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::harness::{ACTIVATION, Home, TOKEN};
use super::wire::{Untouched, Wire, json, response};

const CONNECTED_RULE: &str = "a connected account is looked up by its id: `cacc_` and at most 22 letters and digits, below 2^128";
const PARTNER_RULE: &str =
    "a partner account is looked up by its id: 1 to 80 letters, digits and hyphens";

const CACC: &[&str] = &["cacc", "get"];
const PARTNER: &[&str] = &["partner", "account", "get"];
const ANY: &[&str] = &["get"];

/// The keys of a JSON error, in their order.
const ERROR_KEYS: [&str; 17] = [
    "code",
    "exit_code",
    "retryable",
    "message",
    "hint",
    "id",
    "api",
    "profile",
    "status",
    "server_code",
    "server_message",
    "request_id",
    "retry_after_s",
    "attempts",
    "elapsed_ms",
    "file",
    "line",
];

fn people(message: &str, hint: &str) -> String {
    format!("error: {message}\n  hint: {hint}\n")
}

fn args<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, more].concat()
}

#[test]
fn malformed_ids_are_shown_escaped_and_nothing_is_contacted() {
    let server = Untouched::new();
    let home = Home::new();
    home.profile(&server.url());
    let long = "a".repeat(100 * 1024);
    let cut = format!("{}…", "a".repeat(59));
    for (id, shown) in [
        ("../../admin", "../../admin"),
        (".", "."),
        ("..", ".."),
        ("%2e%2e", "%2e%2e"),
        ("cacc_1/../2", "cacc_1/../2"),
        ("a/b", "a/b"),
        ("a\\b", "a\\b"),
        ("a;b", "a;b"),
        ("cacc_1?x", "cacc_1?x"),
        ("cacc_1#x", "cacc_1#x"),
        ("a%2fb", "a%2fb"),
        ("a\rb", "a\\rb"),
        ("a\nb", "a\\nb"),
        ("a\tb", "a\\tb"),
        ("a b", "a b"),
        ("a\x1b[31mb", "a\\u{1b}[31mb"),
        ("cacc_é", "cacc_\\u{e9}"),
        // The second letter is Cyrillic; the next id has a zero-width space, the one after a right-to-left override.
        ("c\u{430}cc_1", "c\\u{430}cc_1"),
        ("cacc_\u{200b}1", "cacc_\\u{200b}1"),
        ("cacc_\u{202e}1", "cacc_\\u{202e}1"),
        (&long, &cut),
        ("cacc_", "cacc_"),
        ("CACC_1", "CACC_1"),
        ("cacc_7n42DGM5Tflk9n8mt7Fhc8", "cacc_7n42DGM5Tflk9n8mt7Fhc8"),
        ("cacc_zzzzzzzzzzzzzzzzzzzzzz", "cacc_zzzzzzzzzzzzzzzzzzzzzz"),
        (
            "cacc_00000000000000000000001",
            "cacc_00000000000000000000001",
        ),
    ] {
        home.acctq_args(args(CACC, &[id])).run().is(
            2,
            "",
            &people(
                &format!("`{shown}` is not a connected account's id"),
                CONNECTED_RULE,
            ),
        );
        // A long run of letters is too long for a uid, too; the rest is in nobody's alphabet.
        home.acctq_args(args(PARTNER, &[id])).run().is(
            2,
            "",
            &people(
                &format!("`{shown}` is not a partner account's id"),
                PARTNER_RULE,
            ),
        );
        home.acctq_args(args(ANY, &[id]))
            .run()
            .fails(2, &[&format!("error: `{shown}` is not a ")]);
    }
    for command in [CACC, PARTNER, ANY] {
        home.acctq_args(args(command, &[""]))
            .run()
            .fails(2, &["error: the id is empty\n"]);
        home.acctq_args(args(command, &["--", "-x"]))
            .run()
            .fails(2, &["error: `-x` is not a "]);
        home.acctq_args(args(command, &["-x"])).run().is(
            2,
            "",
            &people(
                "there is no flag `-x` here",
                "`--help` after a command shows what it takes, with examples",
            ),
        );
    }
}

#[test]
fn an_id_that_is_not_unicode() {
    let server = Untouched::new();
    let home = Home::new();
    home.profile(&server.url());
    for command in [CACC, PARTNER, ANY] {
        let mut line: Vec<OsString> = command.iter().map(OsString::from).collect();
        line.push(OsStr::from_bytes(b"cacc_\xff1").to_owned());
        home.acctq_args(line)
            .run()
            .fails(2, &["error: `cacc_\\u{fffd}1` is not a "]);
    }
}

const UUID: &str = "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b";
const TRY_CACC: &str = "try: acctq cacc get cacc_1";
const TRY_UUID: &str = "try: acctq partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b";

/// A command, what was pasted as an id, what is said, and the hint.
#[rustfmt::skip]
const PASTED: &[(&[&str], &str, &str, &str)] = &[
    (CACC, "org_1", "`org_1` is an organization's id, not a connected account's", CONNECTED_RULE),
    (CACC, "cus_1", "`cus_1` is a customer's id, not a connected account's", CONNECTED_RULE),
    (CACC, "usr_1", "`usr_1` is a user's id, not a connected account's", CONNECTED_RULE),
    (CACC, "inv_1", "`inv_1` is an invoice's id, not a connected account's", CONNECTED_RULE),
    (CACC, "ten_1", "`ten_1` is a tenant's id, not a connected account's", CONNECTED_RULE),
    (CACC, "sub_1", "`sub_1` is a subscription's id, not a connected account's", CONNECTED_RULE),
    (CACC, "tkn_1", "`tkn_1` is an API token's id, not a connected account's", CONNECTED_RULE),
    (CACC, "app_1", "`app_1` is an OAuth app's id, not a connected account's", CONNECTED_RULE),
    (CACC, "plan_1", "`plan_1` is a plan's id, not a connected account's", CONNECTED_RULE),
    (PARTNER, "org_1", "`org_1` is an organization's id, not a partner account's", PARTNER_RULE),
    (CACC, UUID, "`aabee51b-0be2-4a0c-aa39-5bbcbb903d1b` is a UUID, not a connected account's id", TRY_UUID),
    (PARTNER, "cacc_1", "`cacc_1` is a connected account's id, not a partner account's", TRY_CACC),
    (PARTNER, "\"cacc_1\"", "`\"cacc_1\"` is a connected account's id, not a partner account's", TRY_CACC),
    (CACC, "\"cacc_1\"", "`\"cacc_1\"` has something around the id", TRY_CACC),
    (CACC, "<cacc_1>", "`<cacc_1>` has something around the id", TRY_CACC),
    (ANY, "cacc_1,", "`cacc_1,` has something around the id", TRY_CACC),
    (ANY, " cacc_1\n", "` cacc_1\\n` has something around the id", TRY_CACC),
    (ANY, "<aabee51b-0be2-4a0c-aa39-5bbcbb903d1b>", "`<aabee51b-0be2-4a0c-aa39-5bbcbb903d1b>` has something around the id", TRY_UUID),
    (CACC, "https://x.example/accounts/cacc_1?tab=2#top", "this is a URL, not an id", TRY_CACC),
    (PARTNER, "https://x.example/accounts/cacc_1/", "this is a URL, not an id", TRY_CACC),
    (ANY, "https://x.example/a/aabee51b-0be2-4a0c-aa39-5bbcbb903d1b", "this is a URL, not an id", TRY_UUID),
    (CACC, "https://x.example/accounts", "this is a URL, not an id", CONNECTED_RULE),
    (ANY, "https://u:hunter2@x.example/dashboard?key=hunter2", "this is a URL, not an id", PARTNER_RULE),
];

#[test]
fn an_id_of_another_kind_is_named_and_the_command_to_use_shown() {
    let server = Untouched::new();
    let home = Home::new();
    home.profile(&server.url());
    for (command, id, message, hint) in PASTED {
        home.acctq_args(args(command, &[id]))
            .run()
            .is(2, "", &people(message, hint));
    }
    // An id where the command belongs.
    home.acctq("cacc_1").run().is(
        2,
        "",
        &people("there is no command `cacc_1`", "try: acctq get cacc_1"),
    );
}

/// Nothing of it is sent, as the path of a URL stands in logs; the harness looks for it in what is said.
#[test]
fn the_bearer_token_is_no_id() {
    let server = Untouched::new();
    let home = Home::new();
    home.profile(&server.url());
    let holding = format!("x{TOKEN}-1");
    let message = "this is the bearer token of profile test, not an id; it is not repeated here";
    let hint = format!(
        "{PARTNER_RULE}; remove the token from where it stands, such as your shell's history"
    );
    for id in [TOKEN, holding.as_str()] {
        for command in ["get", "partner account get", "check", "wait"] {
            let line = format!("{command} {id} -v");
            home.acctq(&line).run().is(2, "", &people(message, &hint));
            let ended = home.acctq(&format!("{line} -o json")).run();
            ended.is(2, "", &ended.stderr);
            let error = ended.error();
            assert_eq!(
                (&error["message"], &error["id"], &error["attempts"]),
                (&message.into(), &serde_json::Value::Null, &0.into())
            );
        }
        let ended = home
            .acctq("get - -o ndjson")
            .stdin(format!("\n{id}\n"))
            .run();
        ended.is(2, "", &ended.stderr);
        let error = ended.error();
        assert_eq!(
            (&error["message"], &error["id"], &error["line"]),
            (&message.into(), &serde_json::Value::Null, &2.into())
        );
    }
    // In a suite it is the fault of one check.
    let wire = Wire::answers(response("404 Not Found", "", ""));
    home.profile(wire.url());
    let check = |name: &str, id: &str| {
        format!("[[check]]\nname = \"{name}\"\nid = \"{id}\"\nexpect = \"not_found\"\n")
    };
    let suite = format!("version = 1\n{}{}", check("a", TOKEN), check("b", "gone"));
    home.file("s.toml", suite, 0o600);
    let ended = home
        .acctq("check --suite s.toml --report-junit r.xml -o json")
        .run();
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, wire.connections()), (2, 1), "{ended:#?}");
    assert_eq!(
        [
            &report[0]["id"],
            &report[0]["error"]["id"],
            &report[1]["id"]
        ],
        [
            &serde_json::Value::Null,
            &serde_json::Value::Null,
            &"gone".into()
        ]
    );
    assert_eq!(report[1]["verdict"], "met");
    // A word of a few letters is in many ids.
    let wire = Wire::answers(response("404 Not Found", "", ""));
    home.acctq("get shortened")
        .env("ACCTQ_PARTNER_TOKEN", "short")
        .env("ACCTQ_PARTNER_URL", wire.url())
        .run()
        .fails(5, &["shortened"]);
    assert_eq!(wire.connections(), 1);
}

#[test]
fn credentials_are_not_repeated() {
    const KEY: &str = "sk_live_4eC39HqLyjWDarjt";
    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJ";
    const OTHERS: [&str; 6] = [
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghij",
        "xoxb-17653672481-19874698323",
        "glpat-tx3zXCDkxxQ16z8Xs",
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
    ];
    let server = Untouched::new();
    let home = Home::new();
    home.profile(&server.url());
    let quoted = format!("\"{ACTIVATION}\"");
    let header = format!("Authorization: Bearer {TOKEN}");
    let bearer = format!("Bearer {TOKEN}");
    let link = format!("https://start.1password.com/partnership/redeem?t=I&c={ACTIVATION}");
    let among = format!("the code is {ACTIVATION}");
    let ours = [
        KEY, JWT, ACTIVATION, &quoted, &header, &bearer, &link, &among,
    ];
    for secret in ours.into_iter().chain(OTHERS) {
        for command in [CACC, PARTNER, ANY] {
            for format in ["table", "json"] {
                let ended = home
                    .acctq_args(args(command, &[secret, "-o", format]))
                    .run();
                ended.fails(
                    2,
                    &[
                        "this looks like a credential, not an id; it is not repeated here",
                        "if it was a secret, remove it from where it stands, such as your shell's history",
                    ],
                );
                for part in [KEY, JWT, "eyJ", "sk_live"].into_iter().chain(OTHERS) {
                    assert!(!ended.stderr.contains(part), "{ended:#?}");
                }
            }
        }
    }
    // In the wrong place altogether.
    for secret in [KEY, JWT, ACTIVATION].into_iter().chain(OTHERS) {
        for line in [
            vec![secret],
            vec!["cacc", secret],
            vec!["help", secret],
            vec!["schema", secret],
            vec!["completions", secret],
            vec!["get", "cacc_1", "--timeout", secret],
            vec!["get", "cacc_1", "--retries", secret],
            vec!["get", "cacc_1", "-o", secret],
            vec!["config", "show", "--color", secret],
        ] {
            let ended = home.acctq_args(&line).run();
            ended.fails(2, &["error: "]);
            assert!(!ended.stderr.contains(secret), "{ended:#?}");
        }
        let ended = home.acctq_args(["get", "cacc_1", "-p", secret]).run();
        ended.fails(3, &["error: unknown profile (--profile): "]);
        assert!(!ended.stderr.contains(secret), "{ended:#?}");
        let ended = home
            .acctq_args(["get", "cacc_activestandard", "-p", "sandbox", "-F", secret])
            .run();
        ended.fails(2, &["is neither a field"]);
        assert!(!ended.stderr.contains(secret), "{ended:#?}");
    }
}

#[test]
fn an_id_that_begins_like_a_credential_is_none() {
    let wire = Wire::answers(super::wire::response("404 Not Found", "", ""));
    let home = Home::new();
    home.profile(wire.url());
    for id in [
        "akia-7",
        "AKIA",
        "ASIA-PACIFIC-REGION1",
        "akiaiosfodnn7example",
        "eyJo",
    ] {
        home.acctq(&format!("partner account get {id}"))
            .run()
            .fails(5, &[&format!("error: no partner account {id} at ")]);
    }
}

#[test]
fn the_largest_id_is_looked_up() {
    const ID: &str = "cacc_7n42DGM5Tflk9n8mt7Fhc7";
    let wire = Wire::answers(json(&super::config::account(ID)));
    let home = Home::new();
    home.profile(wire.url());
    home.acctq(&format!("cacc get {ID} -F id -o ndjson"))
        .run()
        .prints("{\"id\":\"cacc_7n42DGM5Tflk9n8mt7Fhc7\"}\n");
    let requests = wire.requests();
    assert!(
        requests[0]
            .starts_with("GET /api/v1/connected-accounts/cacc_7n42DGM5Tflk9n8mt7Fhc7 HTTP/1.1\r\n"),
        "{requests:?}"
    );
}

#[test]
fn there_is_no_flag_for_a_token_and_none_against_tls() {
    let server = Untouched::new();
    let home = Home::new();
    home.profile(&server.url());
    let glued = format!("--token={TOKEN}");
    let connect = format!("--connect-token={TOKEN}");
    for (line, flag) in [
        (vec!["--token", TOKEN], "--token"),
        (vec![&*glued], "--token"),
        (vec![&*connect], "--connect-token"),
        (vec!["--insecure"], "--insecure"),
        (vec!["--no-verify"], "--no-verify"),
        (vec!["-k"], "-k"),
    ] {
        let stderr = people(
            &format!("there is no flag `{flag}` here"),
            "`--help` after a command shows what it takes, with examples",
        );
        let after = [&["cacc", "get", "cacc_1"], &line[..]].concat();
        home.acctq_args(after).run().is(2, "", &stderr);
        let before = [&line[..1], &["cacc", "get", "cacc_1"]].concat();
        home.acctq_args(before).run().is(2, "", &stderr);
    }
}

#[test]
fn values_that_a_flag_does_not_take() {
    const TIMEOUT: &str =
        "must be a duration from 1ms to 24h with its unit, such as 60s, 1m30s or 500ms";
    const RETRIES: &str = "must be a whole number from 0 to 10";
    const FORMATS: &str = "[possible values: table, json, yaml, ndjson]";
    let server = Untouched::new();
    let home = Home::new();
    home.profile(&server.url());
    for (flag, value, allowed) in [
        ("--timeout", "0", TIMEOUT),
        ("--timeout", "0s", TIMEOUT),
        ("--timeout", "-1s", TIMEOUT),
        ("--timeout", "1e309s", TIMEOUT),
        ("--timeout", "NaN", TIMEOUT),
        ("--timeout", "inf", TIMEOUT),
        ("--timeout", "99999999999999999999", TIMEOUT),
        ("--timeout", "99999999999999999999s", TIMEOUT),
        ("--timeout", "25h", TIMEOUT),
        ("--timeout", "60", TIMEOUT),
        ("--timeout", "", TIMEOUT),
        ("--retries", "-1", RETRIES),
        ("--retries", "11", RETRIES),
        ("--retries", "1.5", RETRIES),
        ("--retries", "99999999999999999999", RETRIES),
        ("--output", "csv", FORMATS),
        ("--output", "JSON", FORMATS),
        ("--color", "red", "[possible values: auto, always, never]"),
    ] {
        let glued = format!("{flag}={value}");
        for given in [&[flag, value][..], &[&glued]] {
            home.acctq_args(args(given, &["cacc", "get", "cacc_1"]))
                .run()
                .fails(2, &[flag, allowed]);
            home.acctq_args(args(&["cacc", "get", "cacc_1"], given))
                .run()
                .fails(2, &[flag, allowed]);
        }
    }
}

#[test]
fn of_a_flag_given_twice_the_last_counts() {
    let home = Home::new();
    for line in [
        "get cacc_activestandard -p nowhere -p sandbox -o table -o ndjson --timeout 1s --timeout 9s -F id",
        "get cacc_activestandard --timeout 9s -qqv -q --strict --strict -o json -o ndjson -F id -p nowhere --profile=sandbox",
        "-p nowhere -o json get cacc_activestandard -p sandbox -o ndjson -F id",
    ] {
        home.acctq(line)
            .run()
            .prints("{\"id\":\"cacc_activestandard\"}\n");
    }
    // A wrong value is wrong wherever it stands.
    home.acctq("get cacc_activestandard -p sandbox -o csv -o json")
        .run()
        .fails(2, &["csv"]);
    // The fields of all lists count.
    home.acctq("get cacc_activestandard -p sandbox -F status -F id -o ndjson")
        .run()
        .prints("{\"status\":\"active\",\"id\":\"cacc_activestandard\"}\n");
}

#[test]
fn a_flag_without_meaning_is_refused_and_a_variable_ignored() {
    let all = [
        ("profile", "--profile=sandbox"),
        ("output", "--output=json"),
        ("fields", "--fields=id"),
        ("reveal", "--reveal"),
        ("strict", "--strict"),
        ("timeout", "--timeout=1s"),
        ("retries", "--retries=1"),
        ("config", "--config=nowhere.toml"),
        ("verbose", "-v"),
    ];
    let home = Home::new();
    home.config("");
    for (command, takes) in [
        (&["config", "path"][..], &["config"][..]),
        (
            &["config", "show"],
            &["profile", "output", "timeout", "retries", "config"],
        ),
        (&["sandbox"], &["output"]),
        (&["schema", "cacc"], &[]),
        (&["completions", "bash"], &[]),
        (&["man", "."], &[]),
        (&["help"], &[]),
    ] {
        let path = command
            .iter()
            .filter(|word| !["cacc", "bash", "."].contains(word));
        let path = path.copied().collect::<Vec<_>>().join(" ");
        for (name, flag) in all {
            if takes.contains(&name) {
                continue;
            }
            let before = args(&[flag], command);
            let after = args(command, &[flag]);
            for line in [before, after] {
                let ended = home.acctq_args(line).run();
                let message = format!("--{name} has no meaning for `acctq {path}`");
                ended.fails(2, &[&message, "leave it out"]);
            }
        }
        if path == "sandbox" {
            // It would serve until it is interrupted.
            continue;
        }
        let ended = home
            .acctq_args(command)
            .env("ACCTQ_CONNECT_URL", "nonsense")
            .env("NO_COLOR", "")
            .run();
        assert_eq!(
            (ended.code, ended.stdout.is_empty()),
            (0, path == "man"),
            "{ended:#?}"
        );
        if path == "config show" {
            continue;
        }
        let plain = home.acctq_args(command).run();
        let ended = home
            .acctq_args(command)
            .env("ACCTQ_PROFILE", "nowhere")
            .env("ACCTQ_OUTPUT", "csv")
            .env("ACCTQ_TIMEOUT", "never")
            .env("ACCTQ_RETRIES", "-1")
            .run();
        ended.is(0, &plain.stdout, &plain.stderr);
    }
}

#[test]
fn errors_are_json_however_that_is_asked_for() {
    let home = Home::new();
    home.profile("http://127.0.0.1:1");
    let bad = ["cacc", "get", "cus_1"];
    let bad_flag = ["cacc", "get", "cacc_1", "--nonsense"];
    let no_command = ["cacc"];
    for line in [&bad[..], &bad_flag, &no_command] {
        for asked in [
            &["-o", "json"][..],
            &["-ojson"],
            &["-o=json"],
            &["-qojson"],
            &["--output", "json"],
            &["--output=json"],
            &["-o", "ndjson"],
        ] {
            for whole in [args(line, asked), args(asked, line)] {
                let error = home.acctq_args(whole).run().error();
                assert_eq!(
                    (&error["code"], &error["exit_code"]),
                    (&"usage".into(), &2.into())
                );
            }
        }
        let ended = home.acctq_args(line).env("ACCTQ_OUTPUT", "json").run();
        assert_eq!(
            (ended.code, ended.error()["code"].as_str()),
            (2, Some("usage"))
        );
        // A flag outranks the variable.
        home.acctq_args(args(line, &["-o", "table"]))
            .env("ACCTQ_OUTPUT", "json")
            .run()
            .fails(2, &["error: "]);
    }
}

#[test]
fn a_json_error_has_all_keys_in_their_order() {
    let home = Home::new();
    let path = home.config("[profiles.test.connect]\nbase_url = \"http://x.example\"\n");
    for (line, file, number) in [
        ("cacc get cus_1 -o json -p sandbox", None, None),
        (
            "cacc get cacc_ratelimited -o json -p sandbox --timeout 1s",
            None,
            None,
        ),
        ("cacc get cacc_1 --nonsense -o json", None, None),
        ("config show -o json", Some(&path), Some(2)),
        ("cacc get cacc_1 -o ndjson -p test", Some(&path), Some(2)),
    ] {
        let ended = home.acctq(line).run();
        let error = ended.error();
        assert_eq!(
            error.as_object().unwrap().len(),
            ERROR_KEYS.len(),
            "{ended:#?}"
        );
        let mut rest = ended.stderr.as_str();
        for key in ERROR_KEYS {
            let place = rest.find(&format!("\"{key}\":"));
            assert!(
                place.is_some(),
                "{key} is missing or out of order: {ended:#?}"
            );
            rest = &rest[place.unwrap_or_default()..];
        }
        assert_eq!(error["exit_code"], ended.code);
        assert_eq!(
            error["file"].as_str(),
            file.map(|file| file.to_str().unwrap())
        );
        assert_eq!(error["line"].as_u64(), number);
    }
}

#[test]
fn help_completions_and_man_pages_show_no_token() {
    let home = Home::new();
    let man = home.path().join("man");
    std::fs::create_dir(&man).unwrap();
    for line in [
        "--help",
        "-h",
        "--version",
        "help",
        "help environment",
        "help config",
        "get --help",
        "help cacc get",
        "config show --help",
        "completions bash",
        "completions zsh",
        "completions fish",
        "completions powershell",
        "completions elvish",
        "man man",
    ] {
        let ended = home
            .acctq(line)
            .env("ACCTQ_CONNECT_TOKEN", TOKEN)
            .env("ACCTQ_PARTNER_TOKEN", TOKEN)
            .env("ACCTQ_CONNECT_URL", format!("https://{TOKEN}.example"))
            .env("ACCTQ_PROFILE", TOKEN)
            .run();
        assert_eq!(ended.code, 0, "{ended:#?}");
        assert_eq!(ended.stdout.is_empty(), line == "man man", "{ended:#?}");
    }
    let mut pages = 0;
    for page in std::fs::read_dir(man).unwrap() {
        let text = std::fs::read_to_string(page.unwrap().path()).unwrap();
        assert!(!text.contains("canary"), "{text}");
        pages += 1;
    }
    assert!(pages > 10);
}
