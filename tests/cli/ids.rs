//! What people paste as ids, and what they pass as arguments.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::{Value, json};

use super::harness::{ACTIVATION, Home, TOKEN, api};
use super::wire::{Untouched, Wire, response};

const COMMANDS: [&[&str]; 3] = [&["cacc", "get"], &["partner", "account", "get"], &["get"]];

const UUID: &str = "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b";

/// A server to which nothing may connect, and a home with a profile at it.
fn untouched() -> (Untouched, Home) {
    let server = Untouched::new();
    let home = Home::new();
    home.profile(&server.url());
    (server, home)
}

/// A server that knows no account.
fn unknowing() -> Wire {
    Wire::answers(response("404 Not Found", "", ""))
}

fn args<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, more].concat()
}

/// What is no id anywhere, and how it is shown.
#[rustfmt::skip]
const MALFORMED: &[(&str, &str)] = &[
    ("../../admin", "../../admin"), (".", "."), ("..", ".."), ("%2e%2e", "%2e%2e"), ("a/b", "a/b"), ("a\\b", "a\\b"),
    ("a;b", "a;b"), ("cacc_1?x", "cacc_1?x"), ("cacc_1#x", "cacc_1#x"), ("a%2fb", "a%2fb"), ("a b", "a b"),
    ("a\rb", r"a\rb"), ("a\nb", r"a\nb"), ("a\tb", r"a\tb"), ("a\x1b[31mb", r"a\u{1b}[31mb"), ("cacc_é", r"cacc_\u{e9}"),
    // The second letter is Cyrillic; then a zero-width space and a right-to-left override.
    ("c\u{430}cc_1", r"c\u{430}cc_1"), ("cacc_\u{200b}1", r"cacc_\u{200b}1"), ("cacc_\u{202e}1", r"cacc_\u{202e}1"),
    ("cacc_", "cacc_"), ("CACC_1", "CACC_1"), ("cacc_zzzzzzzzzzzzzzzzzzzzzz", "cacc_zzzzzzzzzzzzzzzzzzzzzz"),
    ("cacc_7n42DGM5Tflk9n8mt7Fhc8", "cacc_7n42DGM5Tflk9n8mt7Fhc8"), ("", ""),
    ("cacc_00000000000000000000001", "cacc_00000000000000000000001"),
];

#[test]
fn malformed_ids_are_shown_escaped_and_nothing_is_contacted() {
    let (_server, home) = untouched();
    let long = "a".repeat(100 * 1024);
    let cut = format!("{}…", "a".repeat(59));
    for command in COMMANDS {
        for (id, shown) in MALFORMED.iter().chain([&(long.as_str(), cut.as_str())]) {
            let line = args(command, &["-o", "json", "--", id]);
            let ended = home.acctq_args(line).run();
            let error = ended.fails_with(2, "usage");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(shown) && message.len() < 400, "{error}");
        }
        home.acctq_args(args(command, &["-x"])).run().fails(2, &["-x"]);
        let mut line: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
        line.push(OsStr::from_bytes(b"cacc_\xff1"));
        home.acctq_args(line).run().fails(2, &[r"cacc_\u{fffd}1"]);
    }
    // A uid may begin with `-`, an id at Connect may not.
    home.acctq("cacc get -- -x").run().fails(2, &["-x"]);
}

const TRY_CACC: &str = "acctq cacc get cacc_1";
const TRY_UUID: &str = "acctq partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b";

/// A command, what was pasted as an id, and what is said: which sort it is, or the command to use instead.
#[rustfmt::skip]
const PASTED: &[(&str, &str, &[&str])] = &[
    ("cacc get", "org_1", &["org_1", "organization"]),
    ("cacc get", "cus_1", &["cus_1", "customer"]), ("cacc get", "sub_1", &["sub_1", "subscription"]),
    
    ("cacc get", "ten_1", &["ten_1", "tenant"]),
    ("cacc get", "plan_1", &["plan_1", "plan"]),
    ("partner account get", "org_1", &["org_1", "organization"]),
    ("cacc get", UUID, &["UUID", TRY_UUID]),
    ("partner account get", "cacc_1", &["connected account", TRY_CACC]),
    ("partner account get", "\"cacc_1\"", &["connected account", TRY_CACC]),
    ("cacc get", "\"cacc_1\"", &[TRY_CACC]),
    ("cacc get", "<cacc_1>", &[TRY_CACC]),
    ("get", "cacc_1,", &[TRY_CACC]),
    ("get", " cacc_1\n", &[TRY_CACC]),
    ("get", "<aabee51b-0be2-4a0c-aa39-5bbcbb903d1b>", &[TRY_UUID]),
    ("cacc get", "https://x.example/accounts/cacc_1?tab=2#top", &["URL", TRY_CACC]),
    ("partner account get", "https://x.example/accounts/cacc_1/", &["URL", TRY_CACC]),
    ("get", "https://x.example/a/aabee51b-0be2-4a0c-aa39-5bbcbb903d1b", &["URL", TRY_UUID]),
    ("cacc get", "https://x.example/accounts", &["URL"]),
    ("get", "https://u:canary-proxy-5d20b1@x.example/dashboard", &["URL"]),
];

#[test]
fn an_id_of_another_kind_is_named_and_the_command_to_use_shown() {
    let (_server, home) = untouched();
    for (command, id, says) in PASTED {
        let line = command.split(' ').chain([*id]);
        home.acctq_args(line).run().fails(2, says);
    }
    // An id where the command belongs.
    home.acctq("cacc_1").run().fails(2, &["acctq get cacc_1"]);
}

/// What a word processor, a web page or a chat makes of a flag: the arguments, and what is named.
#[rustfmt::skip]
const TYPOGRAPHIC: &[(&[&str], &[&str])] = &[
    (&["get", "cacc_1", "\u{2013}o", "json"], &["U+2013 EN DASH", "`-o`"]),
    (&["get", "cacc_1", "\u{2013}output=json"], &["U+2013 EN DASH", "`--output`"]),
    (&["\u{2014}profile", "test", "get", "cacc_1"], &["U+2014 EM DASH", "`--profile`"]),
    (&["get", "cacc_1", "\u{2212}q"], &["U+2212", "`-q`"]),
    (&["get", "cacc_1", "\u{2011}ojson"], &["U+2011", "`-ojson`"]),
    (&["cacc", "list", "--sort", "\u{2012}created_at"], &["U+2012", "`-created_at`"]),
    (&["get", "cacc_1", "-\u{2013}quiet"], &["U+2013"]),
    (&["get", "--", "\u{2013}x"], &["U+2013"]),
    (&["check", "cacc_1", "--report\u{2011}junit", "x"], &["argument 3", "U+2011"]),
    (&["get", "cacc_1", "-o", "json\u{200b}"], &["argument 4", "U+200B ZERO WIDTH SPACE"]),
    (&["get", "cacc_1", "--timeout", "5s\u{a0}"], &["argument 4", "U+00A0 NO-BREAK SPACE"]),
    (&["get", "cacc_1\u{feff}"], &["U+FEFF"]),
    (&["get", "\u{201c}cacc_1\u{201d}"], &["U+201C", TRY_CACC]),
];

#[test]
fn typography_and_invisible_characters_are_named() {
    let (_server, home) = untouched();
    for (line, names) in TYPOGRAPHIC {
        let ended = home.acctq_args(*line).run();
        // What nobody sees is named once.
        let names_of = ended.stderr.matches("U+").count();
        assert!(names_of == 1 || *names == ["U+2013"], "{ended:#?}");
        ended.fails(2, names);
    }
    home.acctq_args(["-p", "te\u{200b}st", "get", "cacc_1"]).run().fails(3, &["argument 2", "U+200B"]);
}

/// The path of a URL stands in logs.
#[test]
fn the_bearer_token_is_no_id() {
    let (_server, home) = untouched();
    for id in [TOKEN, &format!("x{TOKEN}-1")] {
        for command in ["get", "partner account get", "check", "wait"] {
            let ended = home.acctq(&format!("{command} {id} -v -o json")).run();
            let error = ended.fails_with(2, "usage");
            assert_eq!(json!([error["id"], error["attempts"]]), json!([null, 0]));
        }
        let run = home.acctq("get - -o ndjson").stdin(format!("\n{id}\n"));
        let error = run.run().fails_with(2, "usage");
        assert_eq!(json!([error["id"], error["line"]]), json!([null, 2]));
    }
    // In a suite it is the fault of one check.
    let wire = unknowing();
    home.profile(wire.url());
    let check = |name: &str, id: &str| format!("[[check]]\nname = \"{name}\"\nid = \"{id}\"\nexpect = \"not_found\"\n");
    let suite = format!("version = 1\n{}{}", check("a", TOKEN), check("b", "gone"));
    home.file("s.toml", suite, 0o600);
    let line = "check --suite s.toml --report-junit r.xml -o json";
    let ended = home.acctq(line).run();
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, wire.connections()), (2, 1), "{ended:#?}");
    let of = |check: &Value| json!([check["id"], check["verdict"], check["error"]["code"]]);
    assert_eq!(of(&report[0]), json!([null, "error", "usage"]), "{report}");
    assert_eq!(of(&report[1]), json!(["gone", "met", null]), "{report}");
    // A token of a few letters is in many ids.
    let run = home.acctq("get shortened").env("ACCTQ_PARTNER_TOKEN", "short");
    run.run().fails(5, &["shortened"]);
}

/// Each has the form of a credential that is known.
#[rustfmt::skip]
const SECRETS: [&str; 9] = [
    "sk_live_4eC39HqLyjWDarjt", "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJ", ACTIVATION, "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0abcdefghij", "xoxb-17653672481-19874698323", "glpat-tx3zXCDkxxQ16z8Xs", "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
];

/// What a secret is the last argument of in the wrong place altogether.
const MISPLACED: &str = ",cacc,help,schema,completions,get cacc_1 --timeout,get cacc_1 --retries,get cacc_1 -o,\
     config show --color,get cacc_activestandard -p sandbox -F";

#[test]
fn credentials_are_not_repeated() {
    let (_server, home) = untouched();
    let hides = |line: &[&str], code: i32| {
        let ended = home.acctq_args(line).run();
        ended.fails(code, &[]);
        let is_shown = |secret: &&str| ended.stderr.contains(*secret);
        assert!(!SECRETS.iter().any(is_shown), "{ended:#?}");
    };
    let quoted = format!("\"{ACTIVATION}\"");
    let header = format!("Authorization: Bearer {TOKEN}");
    let link = format!("https://start.1password.com/partnership/redeem?t=I&c={ACTIVATION}");
    for secret in SECRETS.into_iter().chain([&*quoted, &header, &link]) {
        for command in COMMANDS {
            hides(&args(command, &[secret]), 2);
            hides(&args(command, &[secret, "-o", "json"]), 2);
        }
    }
    for secret in SECRETS {
        for line in MISPLACED.split(',') {
            let words = line.split_whitespace().chain([secret]);
            hides(&words.collect::<Vec<_>>(), 2);
        }
        hides(&["get", "cacc_1", "-p", secret], 3);
    }
    // What only begins like one is looked up.
    let wire = unknowing();
    home.profile(wire.url());
    for id in "akia-7 AKIA ASIA-PACIFIC-REGION1 akiaiosfodnn7example eyJo".split(' ') {
        let run = home.acctq(&format!("partner account get {id} -o json"));
        let error = run.run().fails_with(5, "not_found");
        assert_eq!(error["id"], id);
    }
}

#[test]
fn the_largest_id_is_looked_up() {
    const ID: &str = "cacc_7n42DGM5Tflk9n8mt7Fhc7";
    let (mut server, home) = api();
    let path = format!("/api/v1/connected-accounts/{ID}");
    let mock = server.mock("GET", path.as_str());
    mock.with_body(super::config::account(ID)).create();
    let run = home.acctq(&format!("cacc get {ID} -F id -o ndjson"));
    run.run().prints(&format!("{{\"id\":\"{ID}\"}}\n"));
}

#[test]
fn there_is_no_flag_for_a_token_and_none_against_tls() {
    let (_server, home) = untouched();
    let secret = format!("--token={TOKEN} --connect-token={TOKEN} --insecure --no-verify -k");
    for flag in secret.split(' ') {
        let name = flag.split('=').next().unwrap();
        let after = home.acctq(&format!("cacc get cacc_1 {flag}"));
        after.run().fails(2, &[name]);
        let before = home.acctq(&format!("{flag} cacc get cacc_1"));
        before.run().fails(2, &[name]);
    }
    let spaced = home.acctq(&format!("cacc get cacc_1 --token {TOKEN}"));
    spaced.run().fails(2, &["--token"]);
}

/// Flags, values that they do not take, and one of those that the message says are allowed.
#[rustfmt::skip]
const VALUES: &[(&str, &str, &str)] = &[
    ("--timeout", "0 0s -1s 1e309s NaN inf 99999999999999999999 99999999999999999999s 25h 60 ", "60s"),
    ("--retries", "-1 11 1.5 99999999999999999999", "10"),
    ("--output", "xml JSON", "ndjson"),
    ("--color", "red", "never"),
];

#[test]
fn values_that_a_flag_does_not_take() {
    let (_server, home) = untouched();
    for (flag, values, allowed) in VALUES {
        for value in values.split(' ') {
            for given in [&[*flag, value][..], &[&format!("{flag}={value}")]] {
                let line = args(&["cacc", "get", "cacc_1"], given);
                home.acctq_args(line).run().fails(2, &[flag, allowed]);
            }
        }
    }
}

/// A command, and the global flags that have a meaning for it.
#[rustfmt::skip]
const TAKES: &[(&str, &str)] = &[
    ("config path", "--config"), ("config show", "--profile --output --timeout --retries --config"), ("sandbox", "--output"),
    ("schema cacc", ""), ("completions bash", ""), ("man .", ""), ("help", ""),
];

#[test]
fn a_flag_without_meaning_is_refused_and_a_variable_ignored() {
    let all = "--profile=sandbox --output=json --fields=id --reveal --strict --timeout=1s --retries=1 --config=no.toml --verbose";
    let home = Home::new();
    home.config("");
    for (command, takes) in TAKES {
        for flag in all.split(' ') {
            let name = flag.split('=').next().unwrap();
            if !takes.split(' ').any(|taken| taken == name) {
                for line in [format!("{flag} {command}"), format!("{command} {flag}")] {
                    home.acctq(&line).run().fails(2, &[name]);
                }
            }
        }
        // The one serves until it is interrupted, the other shows them.
        if !["sandbox", "config show"].contains(command) {
            let plain = home.acctq(command).run();
            let mut run = home.acctq(command);
            for name in "CONNECT_URL PROFILE OUTPUT TIMEOUT RETRIES".split(' ') {
                run = run.env(&format!("ACCTQ_{name}"), "nonsense");
            }
            run.run().is(0, &plain.stdout, &plain.stderr);
        }
    }
}

#[test]
fn errors_are_json_however_that_is_asked_for() {
    let home = Home::new();
    home.profile("http://127.0.0.1:1");
    for line in ["cacc get cus_1", "cacc get cacc_1 --nonsense", "cacc"] {
        for asked in "-o json,-ojson,-o=json,-qojson,--output=json,-o ndjson".split(',') {
            for line in [format!("{line} {asked}"), format!("{asked} {line}")] {
                home.acctq(&line).run().fails_with(2, "usage");
            }
        }
        let by_variable = |line: &str| home.acctq(line).env("ACCTQ_OUTPUT", "json").run();
        by_variable(line).fails_with(2, "usage");
        // A flag outranks the variable.
        by_variable(&format!("{line} -o table")).fails(2, &["error: "]);
    }
}

#[test]
fn a_json_error_has_its_keys_in_their_order() {
    let keys = "code exit_code retryable message hint id api profile status server_code server_message request_id retry_after_s \
         attempts elapsed_ms file line";
    for line in "get cacc_error --retries 0,cacc get cus_1,get cacc_1 --nonsense".split(',') {
        let home = Home::new();
        let run = home.acctq(line).arg("-ojson").arg("-psandbox");
        let told = run.run().stderr;
        let places = keys.split(' ').map(|key| told.find(&format!("\"{key}\":")));
        assert!(places.is_sorted() && told.starts_with("{\"error\":{\"code\":"), "{told}");
    }
}
