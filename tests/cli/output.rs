//! What is printed, and what never is.

use std::fmt::Display;
use std::fs;

use mockito::{Matcher, ServerGuard};
use serde_json::Value;

use crate::harness::{ACTIVATION, Home, api};
use crate::terminal::on_terminal;
use crate::wire::{Wire, json, response, serves};

const CACC: &str = "cacc_7n42DGM5Tflk9n8mt7Fhc7";

/// A connected account that keeps to the contract, with this metadata, which is JSON.
fn connected(id: &str, metadata: impl Display) -> String {
    format!(
        "{{\"id\":\"{id}\",\"connection_type\":\"standard\",\"onboarding_mode\":\"full\",\"status\":\"active\",\
         \"platform_organization_id\":\"org_1\",\"created_at\":\"2023-11-07T05:31:56Z\",\"metadata\":{metadata}}}"
    )
}

/// A partner account that keeps to the contract, with these further members, which are JSON.
fn partner(uid: &str, more: impl Display) -> String {
    format!(
        "{{\"customer_account_uid\":\"{uid}\",\"account_type\":\"I\",\"activation_token\":\"{ACTIVATION}\",\
         \"domain\":\"b5test.com\",\"status\":\"provisioned\",\"deployed_members\":1,\
         \"created_at\":\"2023-01-23T15:55:58Z\",\"updated_at\":\"2023-01-23T15:58:22Z\",\"ends_at\":null{more}}}"
    )
}

/// A server that gives this answer and no other, and a home whose profile is at it.
fn answered(body: impl AsRef<[u8]>) -> (ServerGuard, Home) {
    let (mut server, home) = api();
    let mock = server.mock("GET", Matcher::Any).with_body(body);
    mock.with_header("content-type", "application/json").create();
    (server, home)
}

/// A home whose profile is at a server that knows any account; those whose id starts with a status fail with it.
fn any() -> Home {
    let home = Home::new();
    home.profile(&serves(|path| {
        let id = path.rsplit('/').next().unwrap();
        match id.trim_start_matches("cacc_").get(..3) {
            Some(status @ ("404" | "410" | "500")) => response(&format!("{status} No"), "", ""),
            _ if id.starts_with("cacc_") => json(&connected(id, "null")),
            _ => json(&partner(id, "")),
        }
    }));
    home
}

/// What a stranger may write, how a table and how YAML write it.
#[rustfmt::skip]
const STRANGE: &[(&str, &str, &str)] = &[
    ("\u{1b}[2J", "\\u{1b}[2J", "\\x1B[2J"),
    ("\u{1b}]0;t\u{7}", "\\u{1b}]0;t\\u{7}", "\\x1B]0;t\\x07"),
    ("\u{1b}]8;;http://evil.test\u{1b}\\", "\\u{1b}]8;;http://evil.test\\u{1b}\\", "\\x1B]8;;http://evil.test\\x1B\\\\"),
    ("\u{1b}]52;c;cm0K\u{7}", "\\u{1b}]52;c;cm0K\\u{7}", "\\x1B]52;c;cm0K\\x07"),
    ("\u{9b}31m\u{85}", "\\u{9b}31m\\u{85}", "\\x9B31m\\x85"),
    ("\u{0}\r\u{8}\u{7f}", "\\u{0}\\r\\u{8}\\u{7f}", "\\x00\\r\\x08\\x7F"),
    ("\nstatus: active\t", "\\nstatus: active\\t", "\\nstatus: active\\t"),
    ("\u{202e}gnp\u{2066}\u{2069}", "\\u{202e}gnp\\u{2066}\\u{2069}", "\\u202Egnp\\u2066\\u2069"),
    ("\u{200b}\u{200d}\u{feff}", "\\u{200b}\\u{200d}\\u{feff}", "\\u200B\\u200D\\uFEFF"),
    ("\u{e0041}\u{e007f}", "\\u{e0041}\\u{e007f}", "\\U000E0041\\U000E007F"),
    ("\u{2028}\u{2029}\u{fffe}\u{ffff}", "\\u{2028}\\u{2029}\\u{fffe}\\u{ffff}", "\\u2028\\u2029\\uFFFE\\uFFFF"),
    ("漢字 😀 é \"q\"", "漢字 😀 é \"q\"", "漢字 😀 é \\\"q\\\""),
];

/// The first character that must not reach anybody as it is: written down here apart from the program's own predicate.
fn harmful(text: &str) -> Option<char> {
    text.chars().find(|&c| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
            | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
    })
}

#[test]
fn hostile_text_is_harmless_in_every_format() {
    for (text, table, yaml) in STRANGE {
        let (text, table) = (format!("Acme {text}."), format!("Acme {table}."));
        let quoted = Value::from(text.as_str());
        let metadata = format!("{{{quoted}:[{quoted}]}},{quoted}:1");
        let (_server, home) = answered(connected(CACC, metadata));
        for format in ["json", "ndjson"] {
            let ended = home.run(format!("get {CACC} -o {format}"));
            let value: Value = serde_json::from_str(&ended.stdout).unwrap();
            assert_eq!(value["metadata"][&text][0], text.as_str());
            assert_eq!(value[&text], 1);
            assert_eq!(harmful(&ended.stdout), None);
            ended.prints(&ended.stdout);
        }
        let shown = home.run(format!("get {CACC} -F metadata,status -o yaml"));
        let key = format!("\"Acme {yaml}.\"");
        let expected = format!("metadata:\n  {key}:\n    - {key}\nstatus: active\n");
        shown.prints(&expected);
        // Fields beyond the contract stand at the end, their names as harmless as their values.
        let shown = home.run(format!("get {CACC}"));
        let last = shown.stdout.lines().last().unwrap();
        let words: Vec<_> = last.rsplitn(2, "  ").collect();
        assert_eq!((words[0].trim(), words[1].trim_end()), ("1", table.as_str()));
        // In rows, a name takes one row, and the next column starts where it does for the others.
        let (_server, home) = answered(connected(CACC, &quoted));
        let rows = home.run(format!("get {CACC} {CACC} -F metadata,status -q"));
        let (_, body) = rows.stdout.split_once('\n').unwrap();
        assert_eq!(body, format!("{table}  active\n").repeat(2));
        assert_eq!(harmful(&(shown.stdout + &rows.stdout)), None);
    }
}

#[test]
fn hostile_text_is_harmless_in_errors_and_traces() {
    for (text, table, _) in STRANGE {
        let (code, message) = (format!("C{text}"), format!("Acme {text}."));
        let body = serde_json::json!({"code": code, "message": message});
        // A header cannot hold what C0 does; what it can hold is hostile enough.
        let header = text.replace(|c: char| c < ' ' || c == '\u{7f}', "");
        let headers = format!("Content-Type: application/json\r\nX-Request-Id: r{header}\r\n");
        let server = Wire::answers(response("500 Oh", &headers, &body.to_string()));
        let home = Home::new();
        home.profile(server.url());
        let get = |more: &str| home.run(format!("get {CACC} --retries 0 {more}"));
        let error = get("-o json").fails_with(8, "server");
        assert_eq!(error["server_message"], format!("Acme {table}."));
        assert_eq!(error["server_code"], format!("C{table}"));
        let (people, traced) = (get("-v"), get("-o json -v"));
        people.fails(8, &[&format!("Acme {table}.")]);
        assert!(!traced.told("trace").is_empty());
        assert_eq!(harmful(&(people.stderr + &traced.stderr)), None);
    }
}

/// What CI runners take for commands, each as a table shows it; and what only looks like that.
#[rustfmt::skip]
const COMMANDS: &[(&str, &str)] = &[
    ("##vso[task.setvariable variable=PATH]evil", "\\u{23}#vso[task.setvariable variable=PATH]evil"),
    ("a ##[error]b", "a \\u{23}#[error]b"),
    ("a###teamcity[b]", "a#\\u{23}#teamcity[b]"),
    ("::error file=a::b", "\\u{3a}:error file=a::b"),
    ("a \u{3000}::set-output name=b::c", "a \u{3000}\\u{3a}:set-output name=b::c"),
    ("## a [b] ##12[ std::error ::1 :: a", "## a [b] ##12[ std::error ::1 :: a"),
];

/// Whether a CI runner would execute a line: Azure Pipelines and `TeamCity`, GitHub in either notation.
fn is_executed(line: &str) -> bool {
    let mut marks = line.split("##").skip(1);
    let is_named = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('[');
    let command = line.trim_start().strip_prefix("::");
    marks.any(is_named) || command.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

#[test]
fn a_ci_runner_finds_no_command_in_any_format_and_message() {
    for (text, shown) in COMMANDS {
        let quoted = Value::from(*text);
        let (_server, home) = answered(connected(CACC, format!("{{{quoted}:[{quoted}]}},{quoted}:{quoted}")));
        for flags in ["table", "markdown", "json", "yaml", "ndjson", "json -v"] {
            let ended = home.run(format!("get {CACC} -o {flags}"));
            assert!(ended.code == 0 && !(ended.stdout.clone() + &ended.stderr).lines().any(is_executed), "{ended:#?}");
            if flags.contains("json") {
                let value: Value = serde_json::from_str(&ended.stdout).unwrap();
                assert_eq!((&value[text], &value["metadata"][text][0]), (&quoted, &quoted));
            } else if flags == "table" {
                let last = ended.stdout.lines().last().unwrap();
                assert_eq!(last.matches(shown).count(), 2, "{last}");
            }
        }
        // The first cell of a line, which may be empty but for this one.
        let (_server, home) = answered(connected(CACC, &quoted));
        for fields in ["metadata", "none,metadata"] {
            let rows = home.run(format!("get {CACC} {CACC} -q -F {}", fields.replace("none", "pending_email")));
            assert!(rows.code == 0 && !rows.stdout.lines().any(is_executed), "{rows:#?}");
            assert_eq!(rows.stdout.matches(shown).count(), 2, "{rows:#?}");
        }
        home.file(
            "smoke.toml",
            format!("version = 1\n[[check]]\nname = {quoted}\nid = \"{CACC}\"\nexpect = [\"metadata=x\"]\n"),
            0o600,
        );
        let body = serde_json::json!({"code": text, "message": text}).to_string();
        let headers = format!("X-Request-Id: {text}\r\n");
        let failing = Home::new();
        let server = Wire::answers(response("400 Bad", &headers, &body));
        failing.profile(server.url());
        for ended in [
            home.run("check --suite smoke.toml --report-junit /dev/stdout"),
            home.run("check --suite smoke.toml -o json"),
            home.acctq_args(["get", text]).run(),
            home.acctq_args(["get", "-o", "json", text]).run(),
            home.acctq_args(["get", CACC, "-F", text]).run(),
            home.acctq_args([text]).run(),
            failing.run(format!("get {CACC} -v")),
            failing.run(format!("get {CACC} -v -o json")),
            failing.run(format!("get {CACC} {CACC}")),
        ] {
            let told = ended.stdout.clone() + &ended.stderr;
            assert!(ended.code > 0 && !told.lines().any(is_executed), "{ended:#?}");
        }
    }
}

#[test]
fn piled_up_marks_do_not_paint_over_other_lines() {
    let name = format!("e{}x", "\u{301}".repeat(10_000));
    let (_server, home) = answered(connected(CACC, Value::from(name.as_str())));
    for format in ["table", "json", "ndjson", "yaml"] {
        let shown = home.run(format!("get {CACC} -F metadata -o {format}"));
        assert!(shown.stdout.matches('\u{301}').count() < 10, "{format}");
        assert!(shown.stdout.matches("301").count() > 9_990, "{format}");
        if format.ends_with("json") {
            let value: Value = serde_json::from_str(&shown.stdout).unwrap();
            assert!(value["metadata"] == name.as_str());
        }
    }
}

#[test]
fn columns_are_aligned_by_width_on_the_screen() {
    let home = Home::new();
    home.profile(&serves(|path| {
        let id = path.rsplit('/').next().unwrap();
        let names = ["漢字漢字漢字", "😀", "e\u{301}", "Zoë"];
        let name = names[usize::from(id.as_bytes()[5] - b'0')];
        json(&connected(id, Value::from(name)))
    }));
    let ids = "get cacc_0 cacc_1 cacc_2 cacc_3 -F metadata,id -q";
    home.run(ids).prints(
        "Metadata      ID\n\
         漢字漢字漢字  cacc_0\n\
         😀            cacc_1\n\
         e\u{301}             cacc_2\n\
         Zoë           cacc_3\n",
    );
}

#[test]
fn a_cell_of_any_size_passes_a_pipe_uncut() {
    let name = "word ".repeat(50_000);
    let (_server, home) = answered(connected(CACC, Value::from(name.as_str())));
    let get = |ids: &str| home.run(format!("get {ids} -F metadata,id -q"));
    get(CACC).prints(&format!("Metadata  {name}\nID        {CACC}\n"));
    let rows = get(&format!("{CACC} {CACC}"));
    let row = format!("{name}  {CACC}");
    assert_eq!(rows.stdout.lines().filter(|line| **line == row).count(), 2);
    // Nor does padding take memory without bound, which the harness watches.
    let members: Vec<_> = (0..1000).map(|n| format!("\"m{n}\":1")).collect();
    let label = "k".repeat(400_000);
    let body = format!("{{\"id\":\"{CACC}\",\"{label}\":1,{}}}", members.join(","));
    let (_server, home) = answered(body);
    let ended = home.run(format!("get {CACC} -q"));
    assert_eq!((ended.code, ended.stdout.lines().count()), (0, 1002));
}

#[test]
fn strings_that_yaml_takes_for_something_else_are_quoted() {
    let quoted = "no No NO yes on Off y N true False null Null ~ = << 1e3 1E+3 e3 0x1 0o7 007 0b1 1_000 +1 -1 .5 1. .inf \
         -.INF .nan NaN 12:30:45 190:20:30 2001-12-14 2001-12-14t21:59:43.10-05:00 -- --- ... - ? : , [ ] { } # & * ! | > % @ ` '";
    let more = ["", " ", "a: b", "a #b", "- a", " a", "a "];
    let plain = ["nobody", "north", "e3a", "Acme, Inc.", "ann+b@example.com"];
    let words: Vec<_> = quoted.split_whitespace().chain(more).collect();
    let members = words.iter().chain(&plain).map(|w| format!("\"{w}\":\"{w}\""));
    let members = members.collect::<Vec<_>>().join(",");
    let (_server, home) = answered(connected(CACC, format!("{{{members}}}")));
    let quoted = words.iter().map(|w| format!("  \"{w}\": \"{w}\"\n"));
    let plain = plain.iter().map(|w| format!("  {w}: {w}\n"));
    let expected: String = quoted.chain(plain).collect();
    let shown = home.run(format!("get {CACC} -F metadata -o yaml"));
    shown.prints(&format!("metadata:\n{expected}"));
}

#[test]
fn an_activation_token_is_nowhere_without_reveal() {
    let escaped = ACTIVATION.replace('C', "\\u0043");
    #[rustfmt::skip]
    let rows = [
        "",
        r#","coupon":"@""#,
        r#","redeem_url":"https://start.b5test.com/partnership/redeem?t=I&c=@""#,
        r#","redeem_url":"https://start.b5test.com/partnership/redeem?t=I&c=~""#,
        r#","old":{"activationToken":"@-2","deep":[["x @ y",{"ACTIVATION-TOKEN":["@"]}]]}"#,
        r#","@":1,"x@":"","by":{"@":{"a":1},"b":2}"#,
        r#","list":["@","~",1],"activation_tokens":["@"]"#,
        r#","promotion":{"activation_token":["PNS-CANARY77"]},"link":"https://x/?c=PNS-CANARY77""#,
        // Of others, which only their names tell.
        r#","activationToken":"PNS-CANARY99","old":[{"ACTIVATION-TOKEN":"PNS-CANARY98"}]"#,
    ];
    for more in rows {
        let more = more.replace('@', ACTIVATION).replace('~', &escaped);
        let (_server, home) = answered(partner("u-1", &more));
        for format in ["table", "markdown", "json", "yaml", "ndjson"] {
            for ids in ["u-1", "u-1 u-1"] {
                // The harness looks for the token in both streams, in every form.
                let get = |flag: &str| home.run(format!("get {ids} -o {format} {flag}"));
                let (ended, revealed) = (get("-v"), get("--reveal"));
                assert!(ended.code == 0 && ended.stdout.contains("u-1"));
                assert!(!ended.stdout.contains("CANARY"), "{ended:#?}");
                let columns = ["table", "markdown"].contains(&format) && ids.contains(' ');
                assert!(columns || revealed.stdout.contains(ACTIVATION));
            }
        }
    }
}

#[test]
fn a_ticket_has_ids_types_states_times_and_counts_only() {
    /// What is personal, in every form that a server may give it.
    const MORE: &str = r#"{"plan":"Gold","+49 170 555":[1705551]},"platform_customer_id":"Jane Doe","connected_organization_id":"org_1","pending_email":"jane@doe.test","pending_organization_name":"Doe Ltd & Sons","pending_country":"DE","revoked_at":null,"nick":"Janey-7","jane@doe.test":1,"doe@jane.test":2"#;
    let (mut server, home) = api();
    let mut answer = |path: &str, status, body: String| {
        let mock = server.mock("GET", path).with_status(status).with_header("content-type", "application/json");
        mock.with_header("x-request-id", "req-jane-doe").with_body(body).create();
    };
    let account = connected("cacc_1", MORE);
    answer("/api/v1/connected-accounts/cacc_1", 200, account.clone());
    answer("/api/v1/connected-accounts", 200, format!(r#"{{"data":[{account}],"Jane Doe":1}}"#));
    answer("/api/v1/connected-accounts/cacc_2", 404, r#"{"code":"DOE","message":"no Jane Doe here"}"#.to_owned());
    let suite = "version = 1\n[[check]]\nname = \"of jane@doe.test\"\nid = \"cacc_1\"\nexpect = [\"pending_country=DE\", \"metadata.plan~gold\"]\n";
    home.file("smoke.toml", suite, 0o600);

    let ended = home.run("get cacc_1 -o json --redact");
    let shown: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let withheld = ["platform_customer_id", "pending_email", "pending_country", "metadata", "nick", "[redacted]"];
    assert!(withheld.iter().all(|name| shown[name] == "[redacted]"), "{ended:#?}");
    let kept = ["id", "status", "connected_organization_id", "revoked_at"].map(|name| shown[name].clone());
    assert_eq!(serde_json::json!(kept), serde_json::json!(["cacc_1", "active", "org_1", null]));

    #[rustfmt::skip]
    let rows = [
        ("get cacc_1 -v", 0), ("get cacc_1 -o json -v", 0), ("get cacc_1 -o yaml", 0), ("get cacc_1 -o ndjson", 0),
        ("get cacc_1 -o tsv", 0), ("get cacc_1 -o markdown", 0), ("cacc list --count pending_email -o markdown", 0), ("get cacc_1 cacc_1 -F id,pending_email,metadata.plan,nick", 0), ("get cacc_1 -F nic", 2),
        ("get cacc_2 -v", 5), ("get cacc_2 -o json -v", 5), ("cacc list -v", 0), ("cacc list -o json --strict", 9),
        ("check cacc_1 --expect pending_country=DE", 0), ("check cacc_1 --expect pending_email~doe -o json", 0),
        ("check cacc_1 --expect pending_country=AT", 10), ("check cacc_1 --expect metadata.plan=G\u{43e}ld", 10),
        ("check cacc_1 cacc_1 --expect pending_country=AT", 10), ("check cacc_1 cacc_2 -o json --expect pending_email~x", 10),
        ("check --suite smoke.toml", 0), ("check --suite smoke.toml -o json --report-junit /dev/stderr", 0),
        ("wait cacc_1 --for pending_email=jane@doe.test --for pending_country=DE", 0),
        ("wait cacc_1 --for pending_country=AT --interval 1ms --within 20ms -o json", 124),
    ];
    for (args, code) in rows {
        let ended = home.run(format!("{args} --redact"));
        assert_eq!(ended.code, code, "{ended:#?}");
        let texts = [ended.stdout.as_str(), &ended.stderr].join("\n");
        assert!(args.ends_with("nic") || texts.contains("[redacted]"), "{args} {texts}");
        let words = texts.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
        let personal = words.filter(|word| matches!(&**word, "jane" | "doe" | "de" | "gold" | "janey" | "1705551"));
        assert_eq!(personal.collect::<Vec<_>>(), [""; 0], "{args} {texts}");
        // Nor is it told by how it differs from what is expected.
        assert!(!texts.contains("U+"), "{args} {texts}");
    }
    home.run("--reveal get cacc_1 --redact").fails(2, &["--reveal", "--redact"]);
    home.run("schema cacc --redact").fails(2, &["--redact"]);
}

#[test]
fn a_secret_is_hidden_elsewhere_and_what_is_none_stays() {
    #[rustfmt::skip]
    let rows = [
        (r#""PNS-ABCDE""#, r#"["x PNS-ABCDE",1]"#, "[1]"),
        ("20261122", r#"[20261122,"pin 20261122",-20261122.5,2026112]"#, "[2026112]"),
        (r#"[{"code":["PNS-ABCDE"]}]"#, r#"["PNS-ABCDE"]"#, "[]"),
        // What is short would be found by accident, and so would the id and the words of the contract.
        ("12345", "[12345]", "[12345]"),
        (r#""u-1-2345""#, r#"["u-1-2345"]"#, r#"["u-1-2345"]"#),
        (r#""provisioned""#, "1", "1"),
        (r#""updated_at""#, "1", "1"),
    ];
    for (secret, elsewhere, shown) in rows {
        let account = |more: &str| partner("u-1-2345", format!(",\"x\":{more}"));
        let token = format!("\"{ACTIVATION}\"");
        let (_server, home) = answered(account(elsewhere).replace(&token, secret));
        let member = format!("\"activation_token\":{token},");
        let ended = home.run("get u-1-2345 -q -o ndjson");
        ended.prints(&format!("{}\n", account(shown).replace(&member, "")));
    }
    // What only looks like an id is one of another account, and an unknown word does not stay.
    let (_server, home) = answered(partner("PNS-ABCDE", "").replace(ACTIVATION, "PNS-ABCDE"));
    let ended = home.run("get u-1 -q -o json");
    ended.fails_with(9, "bad_response");
    assert!(!ended.stderr.contains("ABCDE"), "{ended:#?}");
    let (_server, home) = answered(partner("u-1", "").replace("provisioned", ACTIVATION));
    let ended = home.run("get u-1 -q -o ndjson -F status");
    ended.fails_with(2, "usage");
}

#[test]
fn a_hint_suggests_nothing_that_is_hidden() {
    let account = format!(
        "{{\"id\":\"cacc_1\",\"activation_token\":\"{ACTIVATION}\",\"promo_{ACTIVATION}\":1,\"promt\":\"{ACTIVATION}\"}}"
    );
    for (command, body) in [
        ("get cacc_1", &account),
        ("get cacc_1 cacc_1", &account),
        ("wait cacc_1", &account),
        ("cacc list", &format!("{{\"data\":[{account}]}}")),
    ] {
        let (_server, home) = answered(body);
        for field in ["promo", "PNS", "promt"] {
            for format in ["table", "json"] {
                // The harness looks for the token in both streams, in every form.
                let ended = home.run(format!("{command} -q -F {field} -o {format}"));
                assert_eq!((ended.code, ended.stdout.contains("cacc")), (2, false));
                assert!(!ended.stderr.contains("`promt`?"), "{ended:#?}");
            }
        }
    }
}

#[test]
fn an_activation_token_in_an_error_is_hidden() {
    let body = format!(
        "{{\"error\":\"{ACTIVATION}\",\"description\":\"the coupon {ACTIVATION} is used up\",\"activation_token\":\"{ACTIVATION}\"}}"
    );
    // Where an excerpt is cut, no part of it is left either.
    let cut = format!("X-Request-Id: {} TOKEN\r\n", "x".repeat(188));
    for (status, headers) in [
        ("400 Bad", ""),
        ("404 Not Found", ""),
        ("500 Oh", "X-Request-Id: TOKEN\r\n"),
        ("500 Oh", &cut),
        ("302 Found", "Location: https://TOKEN.test/?c=TOKEN\r\n"),
        ("200 OK", "Content-Encoding: TOKEN\r\n"),
        ("200 OK", "Content-Type: text/TOKEN\r\n"),
        ("200 OK", "X-Request-Id: TOKEN\r\n"),
    ] {
        let headers = headers.replace("TOKEN", ACTIVATION);
        let server = Wire::answers(response(status, &headers, &body));
        let home = Home::new();
        home.profile(server.url());
        for more in ["", " -o json", " -v", " -v -o ndjson", " u-2"] {
            let ended = home.run(format!("get u-1 --retries 0{more}"));
            let stderr = ended.stderr.to_lowercase();
            assert!(!stderr.contains("canary"), "{headers}: {stderr}");
        }
    }
}

#[test]
fn values_for_a_shell_are_one_line_and_unescape_to_what_they_were() {
    let (_server, home) = answered(connected(CACC, r#"{"a":"b\\c"},"pending_email":"a\tb\nc\\d\r""#));
    let all = "cacc_7n42DGM5Tflk9n8mt7Fhc7\tstandard\tfull\tactive\torg_1\t2023-11-07T05:31:56Z\t\t\t\ta\\tb\\nc\\\\d\\r\t\t\t\t\t{\"a\":\"b\\\\\\\\c\"}\n";
    home.run(format!("cacc get {CACC} -o tsv")).prints(all);
    home.run(format!("cacc get {CACC} {CACC} -o tsv -q")).prints(&all.repeat(2));
    for command in ["config show", "check cacc_1", "partner account redeem-url u", "sandbox"] {
        home.run(format!("{command} -o tsv")).fails(2, &["tsv"]);
    }
    // A variable has no meaning there.
    let table = home.acctq("config path").env("ACCTQ_OUTPUT", "csv").run();
    assert_eq!(table.code, 0, "{table:#?}");
    let shown = home.acctq("config show").env("ACCTQ_OUTPUT", "csv").run();
    assert!(shown.stdout.starts_with("Setting "), "{shown:#?}");
}

/// The system tests render it.
#[test]
fn markdown_is_the_table_without_what_a_terminal_adds() {
    let home = Home::new();
    let head = "| ID | Verdict | Unmet |\n| --- | --- | --- |\n";
    let verdicts = format!("{head}| ending | met |  |\n| nobody | unmet | found, but it is not found |\n");
    for (args, code, stdout) in [
        (
            "get cacc_activestandard -F id,status,created_at,pending_email",
            0,
            "| Field | Value |\n| --- | --- |\n| ID | `cacc_activestandard` |\n| Status | active (calls on its behalf work) |\n\
             | Created | `2023-11-07T05:31:56Z` |\n| Invited | – |\n",
        ),
        (
            "get cacc_activestandard nobody ending -F id,status",
            5,
            "| ID | Status |\n| --- | --- |\n| `cacc_activestandard` | active |\n| ending | provisioned |\n",
        ),
        (
            "cacc list --count status --where status=revoked",
            0,
            "| Status | Accounts |\n| --- | --- |\n| revoked | 1 |\n",
        ),
        ("cacc list --where id=cacc_1", 0, ""),
        (
            "partner account redeem-url entitled-family",
            0,
            "https://start.b5test.eu/partnership/redeem?t=F&c=PNS%2DSBXF6789\n",
        ),
        (
            "check ending --expect status=provisioned",
            0,
            "| Expected | Is | Verdict |\n| --- | --- | --- |\n| `status=provisioned` | provisioned | met |\n",
        ),
        ("check ending nobody", 10, &verdicts),
        (
            "wait ending --for status=provisioned -F status",
            0,
            "| Field | Value |\n| --- | --- |\n| Status | provisioned (sign-up completed) |\n",
        ),
    ] {
        let run = || home.acctq(&format!("-p sandbox {args} -q -o markdown"));
        run().run().gives(code, stdout);
        let (_, sent) = on_terminal(run().arg("--color=always"), 40);
        assert!(code > 0 || sent == stdout, "{sent}");
    }
}

#[test]
fn fields_narrow_and_order_in_every_format() {
    let metadata = r#"{"plan":"pro","a.b":{"c":1.50},"list":[1]},"region":"eu""#;
    let (_server, home) = answered(connected(CACC, metadata));
    let get = |list: &str, format: &str| home.run(format!("get {CACC} -F {list} -o {format}"));
    let list = "status,metadata.plan,revoked_at,region,metadata.none,metadata.a.b.c,id";
    #[rustfmt::skip]
    let formats = [
        ("json", r#"{|  "status": "active",|  "metadata.plan": "pro",|  "region": "eu",|  "metadata.a.b.c": 1.50,|  "id": "CACC"|}|"#),
        ("ndjson", r#"{"status":"active","metadata.plan":"pro","region":"eu","metadata.a.b.c":1.50,"id":"CACC"}|"#),
        ("yaml", "status: active|metadata.plan: pro|region: eu|metadata.a.b.c: 1.50|id: CACC|"),
        ("tsv", "active\tpro\t\teu\t\t1.50\tCACC|"),
        ("table", "Status          active (calls on its behalf work)|metadata.plan   pro|region          eu|metadata.a.b.c  1.50|ID              CACC|"),
    ];
    for (format, stdout) in formats {
        get(list, format).prints(&stdout.replace('|', "\n").replace("CACC", CACC));
    }
    get("revoked_at", "ndjson").prints("{}\n");
    let rows = "Status  Revoked  metadata.plan\nactive           pro\nactive           pro\n";
    let args = format!("cacc get {CACC} {CACC} -F status,revoked_at,metadata.plan -q");
    home.run(args).prints(rows);
    for (list, fact) in [
        ("statsu", "`status`"),
        ("regoin", "`region`"),
        ("zzz", "`zzz`"),
        ("id,id", "`id`"),
        ("id,,status", "--fields"),
        ("id,metadata.", "`metadata.`"),
        ("metadata.activationToken", "--reveal"),
    ] {
        get(list, "json").fails_with(2, "usage");
        get(list, "table").fails(2, &[fact]);
    }
}

#[test]
fn a_secret_field_without_reveal_is_an_error_before_any_request() {
    let (mut server, home) = api();
    let never = server.mock("GET", Matcher::Any).expect(0).create();
    for format in ["table", "json", "yaml", "ndjson"] {
        for command in ["get u-1", "get u-1 u-2", "partner account get u-1"] {
            let args = format!("{command} -F activation_token,status -o {format}");
            let facts = ["activation_token", "--reveal"];
            home.run(args).fails(2, &facts);
        }
    }
    never.assert();
    // What is a secret by its value is known only with the answer.
    let (_server, home) = answered(partner("u-1", format!(",\"coupon\":\"{ACTIVATION}\"")));
    let ended = home.run("get u-1 -F coupon");
    ended.fails(2, &["coupon", "--reveal"]);
}

#[test]
fn the_document_is_the_servers_own_to_the_last_digit() {
    let metadata = r#"{"z":0.1000000000000000055511151231257827,"a":123456789012345678901234567890,"e":1e400,"E":1.0E+2,"zero":-0,"z0":-0.0,"n":null,"$serde_json::private::RawValue":"[1,2]","$serde_json::private::Number":"3","__proto__":{},"":[]}"#;
    let body = connected(CACC, metadata);
    let (_server, home) = answered(&body);
    let get = |args: &str| home.run(format!("get {CACC} {args}"));
    get("-o ndjson").prints(&format!("{body}\n"));
    get("-F metadata").prints(&format!("Metadata  {metadata}\n"));
    let indented = metadata.replace(",\"", ",\n    \"").replace("\":", "\": ");
    let indented = format!("{{\n    {}\n  }}", &indented[1..indented.len() - 1]);
    get("-o json -F metadata").prints(&format!("{{\n  \"metadata\": {indented}\n}}\n"));
    get("-o yaml -F metadata").prints(
        r#"metadata:
  z: 0.1000000000000000055511151231257827
  a: 123456789012345678901234567890
  e: !!float 1e400
  E: 1.0E+2
  zero: -0
  z0: -0.0
  "n": null
  "$serde_json::private::RawValue": "[1,2]"
  "$serde_json::private::Number": "3"
  "__proto__": {}
  "": []
"#,
    );
}

#[test]
fn several_accounts_are_one_document_or_one_line_or_row_each() {
    let home = any();
    #[rustfmt::skip]
    let documents = [
        ("ndjson", "{\"status\":\"active\"}\n{\"status\":\"provisioned\"}\n"),
        ("tsv", "active\nprovisioned\n"),
        ("csv", "id,status,error\r\ncacc_1,active,\r\nu-2,provisioned,\r\n"),
        ("json", "[\n  {\n    \"status\": \"active\"\n  },\n  {\n    \"status\": \"provisioned\"\n  }\n]\n"),
        ("yaml", "- status: active\n- status: provisioned\n"),
        ("table", "Status\nactive\nprovisioned\n"),
    ];
    for (format, stdout) in documents {
        let ended = home.run(format!("get cacc_1 u-2 -F status -q -o {format}"));
        ended.prints(stdout);
    }
    for (args, stdout) in [
        (
            "get cacc_1 u-2",
            "ID      Status       Created\n\
             cacc_1  active       2023-11-07T05:31:56Z\n\
             u-2     provisioned  2023-01-23T15:55:58Z\n",
        ),
        (
            "cacc get cacc_1 cacc_22",
            "ID       Status  Connection type  Created\n\
             cacc_1   active  standard         2023-11-07T05:31:56Z\n\
             cacc_22  active  standard         2023-11-07T05:31:56Z\n",
        ),
        (
            "partner account get u-1 u-2",
            "UID  Status       Account type  Ends\n\
             u-1  provisioned  I             –\n\
             u-2  provisioned  I             –\n",
        ),
        (
            "partner account get u-1",
            "UID               u-1\n\
             Status            provisioned (sign-up completed)\n\
             Account type      I (individual)\n\
             Activation token  ••••••••  (--reveal shows it)\n\
             Domain            b5test.com (test)\n\
             Deployed members  1\n\
             Created           2023-01-23T15:55:58Z\n\
             Updated           2023-01-23T15:58:22Z\n\
             Ends              –\n",
        ),
    ] {
        home.run(format!("{args} -q")).prints(stdout);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_or_a_limit_is_said_and_exits_1() {
    let home = any();
    let full = |args: &str| home.shell(&format!("acctq {args} >/dev/full")).run();
    for args in
        "get cacc_1,get cacc_1 -o yaml,get cacc_1 cacc_2,--help,--version,help exit-codes,schema cacc,completions bash,\
         config show,config path,sandbox"
            .split(',')
    {
        let ended = full(args);
        ended.fails(1, &["No space left on device"]);
        assert_eq!(ended.stderr.matches("error: ").count(), 1, "{ended:#?}");
    }
    full("get cacc_1 -o json").fails_with(1, "failed");
    full("get cacc_1 cacc_2 -o ndjson").fails_with(1, "failed");
    // A limit on the size of files, on either stream.
    let limited = |line: &str| home.shell(&format!("ulimit -f 8; acctq {line}")).run();
    limited("completions zsh >out").fails(1, &["File too large"]);
    home.file("err", "x".repeat(9000), 0o600);
    limited("get cacc_1 -F statsu 2>>err").is(2, "", "");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let metadata = format!("[{}0]", "\"line\",".repeat(60_000));
    let (_server, home) = answered(connected(CACC, metadata));
    for (args, reader) in [
        ("get ID -o json", "head -1"),
        ("get ID -o json", "true"),
        ("get ID ID ID -o ndjson", "head -1"),
        ("get ID ID -o yaml", "true"),
        ("get ID", "true"),
        ("completions bash", "true"),
        ("--help", "true"),
    ] {
        let args = args.replace("ID", CACC);
        let line = format!("{{ acctq {args}; echo $? >code; }} | {reader} >head");
        home.shell(&line).run().prints("");
        let code = fs::read_to_string(home.path().join("code")).unwrap();
        assert_eq!(code, "0\n", "{line}");
    }
    // Certainly gone, before the first byte.
    let mut started = home.acctq(&format!("get {CACC} -o json")).start();
    drop(started.stdout.take());
    started.exits().prints("");
}

#[test]
fn stderr_closed_or_full_changes_no_exit_code() {
    let home = any();
    let ways = if cfg!(target_os = "linux") { 2 } else { 1 };
    for way in ["2>&-", "2>/dev/full"].into_iter().take(ways) {
        for (args, code, lines) in [
            ("get cacc_1 -v", 0, 7),
            ("get cacc_404a", 5, 0),
            ("get cacc_404a -o json", 5, 0),
            ("get cacc_1 cacc_404a cacc_500a --retries 0", 1, 2),
            ("get --nonsense", 2, 0),
        ] {
            let ended = home.shell(&format!("acctq {args} {way}")).run();
            let is = (ended.code, ended.stdout.lines().count());
            assert_eq!(is, (code, lines), "{args} {way}");
        }
    }
    // A reader of messages that has gone.
    let mut started = home.acctq("get cacc_1 cacc_404a -o ndjson -F id").start();
    drop(started.stderr.take());
    started.exits().is(5, "{\"id\":\"cacc_1\"}\n", "");
}

#[test]
fn a_pipe_gets_colour_only_if_it_is_asked_for() {
    let home = any();
    #[rustfmt::skip]
    let rows = [
        (&[][..], "", false),
        (&[("TERM", "xterm-256color"), ("COLUMNS", "1")], "", false),
        (&[("CLICOLOR_FORCE", "1")], "", true),
        (&[("CLICOLOR_FORCE", "0")], "", false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], "", false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], "", true),
        (&[("CLICOLOR_FORCE", "1")], "--color never", false),
        (&[], "--color always", true),
        (&[("NO_COLOR", "1"), ("TERM", "dumb")], "--color always", true),
    ];
    for (env, flags, colour) in rows {
        let bold = "\u{1b}[1mID\u{1b}[0m  cacc_1\n";
        let table = if colour { bold } else { "ID  cacc_1\n" };
        // Documents for machines are never coloured.
        for (format, expected) in [
            ("table", table),
            ("json", "{\n  \"id\": \"cacc_1\"\n}\n"),
            ("ndjson", "{\"id\":\"cacc_1\"}\n"),
            ("yaml", "id: cacc_1\n"),
        ] {
            let run = home.acctq(&format!("get cacc_1 -F id {flags} -o {format}"));
            run.envs(env).run().prints(expected);
        }
    }
}

#[test]
fn states_and_verdicts_have_their_colours_and_columns_stay() {
    let rows = [
        ("get cacc_activestandard -F status", "\u{1b}[32mactive (calls on its behalf work)\u{1b}[0m"),
        ("get cacc_pendingexpress cacc_revokedexpress -F status,id", "\u{1b}[33mpending\u{1b}[0m  cacc_p"),
        ("get cacc_pendingexpress cacc_revokedexpress -F status,id", "\u{1b}[31mrevoked\u{1b}[0m  cacc_r"),
        ("get ending entitled-family", "\u{1b}[33mentitled\u{1b}[0m"),
        ("check cacc_revokedexpress --expect status=active", "\u{1b}[31munmet\u{1b}[0m"),
        ("check cacc_revokedexpress --expect status=revoked", "\u{1b}[32mmet\u{1b}[0m"),
        ("auth status", "\u{1b}[32mworks\u{1b}[0m"),
    ];
    for (args, part) in rows {
        let ended = Home::new().shell(&format!("acctq -p sandbox {args} --color always -q 2>/dev/null")).run();
        assert!(ended.stdout.contains(part), "{ended:#?}");
        // What is no state has none of its colours, dim least of all.
        let is_style = |(at, _): &(usize, &str)| {
            ["1m", "0m", "31m", "32m", "33m"].iter().any(|s| ended.stdout[at + 2..].starts_with(s))
        };
        assert!(ended.stdout.match_indices("\u{1b}[").all(|found| is_style(&found)), "{ended:#?}");
    }
}

#[test]
fn quiet_leaves_errors_only() {
    let home = Home::new();
    let run = |args: &str| home.run(format!("-p sandbox get {args} -q"));
    run("cacc_drift -F id -v").prints("ID  cacc_drift\n");
    let domain = "{\"domain\":\"b5test.com\"}\n";
    run("drift drift -F domain -o ndjson").prints(&domain.repeat(2));
    run("gone").fails(5, &["error: ", "gone"]);
}
