//! `check`: verdicts on one account, and on a suite of checks.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, symlink};
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::batch::pick;
use crate::harness::{Ended, Home, Leash, TOKEN};
use crate::wire::{Do, Reply, Server, Wire, json as ok, response};

/// A connected account with this metadata.
#[rustfmt::skip]
fn account(metadata: &str) -> String {
    format!(r#"{{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2023-11-07T05:31:56Z","metadata":{metadata}}}"#)
}

/// A profile whose token is still missing.
const ENDPOINT: &str = "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"http://127.0.0.1:1\"\n";

/// Metadata with secrets of the account's own.
const SECRETS: &str =
    r#"{"activation_token":"acorn-9913","old_activation_token":"a\"corn|77","activation_token_3":"in PNS-1 all"}"#;

/// A home whose profile `test` is at a server that gives this answer.
fn at(answer: Vec<u8>) -> (Home, Wire) {
    let (home, wire) = (Home::new(), Wire::answers(answer));
    home.profile(wire.url());
    (home, wire)
}

/// Runs a check in the sandbox.
fn check(args: &str) -> Ended {
    Home::new().acctq(&format!("-p sandbox check {args}")).run()
}

/// A check of a suite.
fn one(name: &str, id: &str, expect: &str) -> String {
    format!("[[check]]\nname = '{name}'\nid = \"{id}\"\nexpect = '{expect}'\n")
}

/// Writes this suite to `smoke.toml`.
fn suite(home: &Home, checks: &str) {
    home.file("smoke.toml", format!("version = 1\n{checks}"), 0o644);
}

/// Writes this suite, and runs it in the sandbox.
fn run_suite(checks: &str, args: &str) -> Ended {
    let home = Home::new();
    suite(&home, checks);
    let args = format!("-p sandbox check --suite smoke.toml --retries 0 {args}");
    home.run(args)
}

/// The report as a list of documents.
fn report(ended: &Ended) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).expect("a document a line");
    ended.stdout.lines().map(line).collect()
}

/// The verdicts of a report.
fn verdicts(ended: &Ended) -> Value {
    let verdict = |told: Value| told["verdict"].clone();
    report(ended).into_iter().map(verdict).collect()
}

#[test]
fn one_account() {
    #[rustfmt::skip]
    let cases = [
        ("cacc_activestandard --expect status=active --expect !revoked_at", 0, "\
Expected       Is       Verdict
status=active  active   met
!revoked_at    not set  met
"),
        ("cacc_revokedexpress --expect status=active --expect metadata.seats=3 --expect !revoked_at", 10, "\
Expected          Is                    Verdict
status=active     revoked               unmet
metadata.seats=3  3                     met
!revoked_at       2024-06-30T23:59:59Z  unmet
"),
        // Without an expectation, the account has to exist.
        ("ending", 0, "Expected  Is     Verdict\nfound     found  met\n"),
        ("nobody", 10, "Expected  Is         Verdict\nfound     not found  unmet\n"),
        // 404 and 410 are answers.
        ("nobody --expect not_found", 0, "Expected   Is         Verdict\nnot_found  not found  met\n"),
        ("gone --expect not_found", 0, "Expected   Is         Verdict\nnot_found  not found  met\n"),
        ("gone --expect status=entitled", 10, "Expected         Is         Verdict\nstatus=entitled  not found  unmet\n"),
        ("ending --expect not_found", 10, "Expected   Is     Verdict\nnot_found  found  unmet\n"),
        // A secret is not shown.
        ("ending --expect activation_token?", 0, "Expected           Is        Verdict\nactivation_token?  ••••••••  met\n"),
    ];
    for (args, code, stdout) in cases {
        let ended = check(args);
        assert_eq!(ended.gives(code, stdout).stderr.is_empty(), code == 0);
    }
    let unmet = check("cacc_revokedexpress --expect status=active --expect metadata.seats=3");
    let facts = ["cacc_revokedexpress", "sandbox", "status=active", "revoked"];
    assert!(facts.iter().all(|fact| unmet.stderr.contains(fact)));
    assert!(!unmet.stderr.contains("seats"), "{unmet:#?}");
}

#[test]
fn one_account_as_json() {
    let ended = check("cacc_activeexpress --expect metadata=1 --expect metadata.tags~eu -o ndjson");
    let told = &report(&ended)[0];
    #[rustfmt::skip]
    let expected = json!({
        "name": null, "id": "cacc_activeexpress", "api": "connect", "profile": "sandbox", "verdict": "unmet", "found": true,
        "expectations": [
            {"expect": "metadata=1", "holds": false, "actual": {"plan": "starter", "seats": 3, "tags": ["beta", "eu"]}, "note": null},
            {"expect": "metadata.tags~eu", "holds": true, "actual": ["beta", "eu"], "note": null},
        ],
        "error": null, "lookups": 1, "elapsed_ms": told["elapsed_ms"],
    });
    assert_eq!((ended.code, told), (10, &expected));
    let facts = pick(&ended.error(), "code id api profile status");
    let id = "cacc_activeexpress";
    assert_eq!(facts, json!(["unmet", id, "connect", "sandbox", null]));
}

/// A text of the account as JSON, an expectation, whether it holds, and what the note names: nothing where a reader sees the
/// difference.
#[rustfmt::skip]
const ALIKE: &[(&str, &str, bool, &[&str])] = &[
    ("Zoë & Fils", "=Zoë\u{a0}& Fils", false, &["U+0020", "U+00A0 NO-BREAK SPACE"]),
    ("Zoë\u{a0}& Fils", "=Zoë & Fils", false, &["U+0020", "U+00A0 NO-BREAK SPACE"]),
    ("Zoë\u{a0}& Fils", "!=Zoë & Fils", true, &["U+0020", "U+00A0 NO-BREAK SPACE"]),
    ("Zoe\u{301}", "=Zo\u{e9}", false, &["U+00E9", "`e`", "U+0301 COMBINING MARK"]),
    ("Acme", "=\u{410}cme", false, &["`A`", "U+0410 CYRILLIC LETTER"]),
    ("Acme ", "=Acme", false, &["U+0020"]),
    ("Acme", "=\" Acme\"", false, &["U+0020"]),
    ("Ac\u{200b}me", "=Other|Acme", false, &["U+200B ZERO WIDTH SPACE"]),
    ("ACME", "=AcME", false, &["`C`", "`c`"]),
    ("Ill", "=Il1", false, &["`l`", "`1`"]),
    ("The OWNER\u{202f}3", "~owner 3", false, &["U+202F", "U+0020"]),
    ("The OWNER3", "~owner3", true, &[]),
    ("Acme", "=Emca", false, &[]),
    ("\u{6f22}", "=\u{5b57}", false, &[]),
];

#[test]
fn a_note_names_what_no_reader_sees() {
    for (text, expected, holds, names) in ALIKE {
        let answer =
            account("null").replace("\"metadata\"", &format!("\"pending_organization_name\":{},\"x\"", json!(text)));
        let (home, _wire) = at(ok(&answer));
        let expectation = format!("pending_organization_name{expected}");
        let run = |args: &[&str]| home.acctq_args(args.iter().copied().chain([&*expectation])).run();
        let ended = run(&["check", "cacc_1", "-o", "ndjson", "--expect"]);
        let record = &report(&ended)[0]["expectations"][0];
        assert_eq!((ended.code, &record["holds"]), (if *holds { 0 } else { 10 }, &json!(holds)), "{ended:#?}");
        let note = record["note"].as_str().unwrap_or_default();
        assert!(names.iter().all(|name| note.contains(name)) && note.is_empty() == names.is_empty(), "{note}");
        let table = run(&["check", "cacc_1", "--expect"]);
        assert!(table.stdout.contains(note) && (*holds || table.stderr.contains(note)), "{table:#?}");
        if !holds {
            let waited = run(&["wait", "cacc_1", "--within", "50ms", "--for"]);
            assert!(waited.code == 124 && waited.stderr.contains(note), "{waited:#?}");
        }
    }
    // However long the value is.
    let name = format!("{}\u{a0}", "x".repeat(100));
    let answer = account("null").replace("\"metadata\"", &format!("\"pending_organization_name\":\"{name}\",\"x\""));
    let (home, _wire) = at(ok(&answer));
    suite(&home, &one("long", "cacc_1", &format!("pending_organization_name={}", name.trim_end())));
    assert_eq!(home.run("check --suite smoke.toml --report-junit report.xml").code, 10);
    let xml = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert_eq!(xml.matches("U+00A0").count(), 2, "{xml}");
}

#[test]
fn an_account_that_cannot_be_checked_has_no_verdict() {
    for (args, code, name) in [
        ("unavailable --expect status=entitled", 8, "server"),
        ("unauthorized --expect not_found", 4, "auth"),
        ("cacc_wrongid", 9, "bad_response"),
        ("cacc_drift --strict", 9, "bad_response"),
    ] {
        check(&format!("{args} --retries 0 -o json")).fails_with(code, name);
    }
    let mistakes = "cacc_1 --expect statsu=active, cacc_1 --expect status=activ, ../admin, cacc_1 -F id, cacc_1 --reveal, \
         cacc_1 --suite a.toml, --suite a.toml --expect not_found, --suite a.toml --suite b.toml, --suite a.toml --rate 1/s, \
         --suite a.toml --column id, cacc_1 --skip 1, cacc_1 --column id, - -, -, - ending --expect statsu=a, ";
    for args in mistakes.split(", ") {
        check(&format!("{args} -o json")).fails_with(2, "usage");
    }
}

#[test]
fn a_contract_violation_is_judged_with_a_warning() {
    let ended = check("cacc_drift --expect status=active -o ndjson");
    let verdict = &report(&ended)[0]["verdict"];
    assert_eq!((ended.code, verdict), (10, &"unmet".into()));
    let message = ended.told("warning")[0]["message"].to_string();
    assert!(message.contains("onboarding_mode") && message.contains("created_at"));
}

#[test]
fn a_verdict_stays_what_it_is_without_a_reader() {
    let home = Home::new();
    suite(&home, &one("a", "nobody", "status=entitled"));
    for (args, code) in [
        ("cacc_activestandard", 0),
        ("nobody", 10),
        ("nobody -o json", 10),
        ("nobody ending -q", 10),
        ("ending nobody -q -o json", 10),
        ("--suite smoke.toml", 10),
        ("--suite smoke.toml -q --report-junit /dev/stdout", 1),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = home.acctq(&format!("-p sandbox check {args}"));
        let started = run.start_with(|c| c.stdout(writer).stderr(Stdio::piped()));
        let ended = started.ends();
        assert_eq!((ended.code, ended.stderr.is_empty()), (code, code == 0));
    }
}

/// No value breaks the report, makes it vanish or changes a verdict.
#[test]
fn a_value_that_is_too_large_for_the_report_is_judged_all_the_same() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let long = format!("[\"{}\"]", "x".repeat(20_000));
    let args = "check cacc_1 --expect metadata? -o ndjson";
    for (metadata, is_shown) in [(nested(100), true), (nested(126), false), (long, false)] {
        let (home, _wire) = at(ok(&account(&metadata)));
        let ended = home.run(args);
        let told = &report(&ended)[0]["expectations"][0];
        assert_eq!((ended.code, told["actual"].is_array()), (0, is_shown));
        assert_eq!(told["note"].is_string(), !is_shown);
    }
}

/// Three checks that hold; two that do not.
const SUITE: &str = r#"
[[check]]
name = "pro is active"
id = "cacc_activestandard"
expect = ["status=active", "metadata.plan=pro"]

[[check]]
name = "onboards"
id = "cacc_onboarding"
expect = "status=active"
retry_for = "2s"

[[check]]
name = "is <gone> & \"away\""
id = "gone"
expect = "not_found"
"#;

const UNMET: &str = r#"
[[check]]
name = "is over"
id = "ending"
expect = ["ends_at<now", "activation_token?"]
"#;

const UNANSWERED: &str = r#"
[[check]]
name = "is up"
id = "unavailable"
expect = "status=entitled"
"#;

#[test]
fn a_suite_is_run_to_its_end_and_reported_in_order() {
    let met = "\
Check               Expected           Is         Verdict
pro is active       status=active      active     met
pro is active       metadata.plan=pro  pro        met
onboards            status=active      active     met
is <gone> & \"away\"  not_found          not found  met
";
    for jobs in ["", "--jobs 1"] {
        run_suite(SUITE, &format!("-q {jobs}")).prints(met);
    }
    assert!(run_suite(SUITE, "").stderr.contains('3'));
    // Written on Windows.
    let windows = format!("\u{feff}version = 1\n{SUITE}").replace('\n', "\r\n");
    let home = Home::new();
    home.file("smoke.toml", windows, 0o644);
    let args = "-p sandbox check --suite smoke.toml -q";
    home.run(args).prints(met);
    // The suite that the help shows.
    let help = home.run("check --help").stdout;
    let shown = help.split("  version = 1").nth(1).unwrap();
    let shown = shown.split("\n-o json").next().unwrap();
    assert_eq!(run_suite(shown, "").code, 0, "{shown}");
}

/// An incomplete run is no verdict; failures that differ come to 1.
#[test]
fn a_suite_fails_with_the_code_that_its_failures_share() {
    let met = one("met", "gone", "not_found");
    let refused = one("is open", "forbidden", "status=entitled");
    #[rustfmt::skip]
    let cases = [
        (UNMET.to_owned(), 10, json!(["met", "unmet"])),
        (UNANSWERED.to_owned(), 8, json!(["met", "error"])),
        (UNMET.to_owned() + UNANSWERED, 8, json!(["met", "unmet", "error"])),
        (UNMET.to_owned() + UNANSWERED + &refused, 1, json!(["met", "unmet", "error", "error"])),
    ];
    for (checks, code, expected) in cases {
        let checks = met.clone() + &checks;
        let ended = run_suite(&checks, "-o ndjson");
        assert_eq!((ended.code, verdicts(&ended)), (code, expected));
        // The last error has the exit code.
        assert_eq!(ended.errors().last().unwrap()["exit_code"], code);
        let words = run_suite(&checks, "").stderr;
        assert_eq!(words.contains("is over"), checks.contains(UNMET), "{words}");
    }
}

#[test]
fn a_suite_as_json_accounts_for_every_check() {
    let ended = run_suite(&format!("{UNANSWERED}{UNMET}"), "-o json");
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let (up, over) = (&told[0], &told[1]);
    let facts = json!([pick(up, "name verdict found"), pick(over, "name verdict error")]);
    assert_eq!(facts, json!([["is up", "error", null], ["is over", "unmet", null]]));
    let unanswered = pick(&up["expectations"][0], "expect holds actual note");
    assert_eq!(unanswered, json!(["status=entitled", null, null, null]));
    let secret = pick(&over["expectations"][1], "expect holds actual");
    assert_eq!(secret, json!(["activation_token?", true, null]));
    // The same failure is on standard error, with the check's line.
    let errors = ended.errors();
    assert_eq!((errors.len(), &errors[0]), (2, &up["error"]));
    let place = pick(&errors[0], "code line id");
    assert_eq!(place, json!(["server", 3, "unavailable"]));
}

/// A mistake is reported with its line, and nothing is contacted.
#[test]
fn mistakes_in_a_suite() {
    let check = "[[check]]\nname = \"a\"\nid = \"cacc_1\"\nexpect = \"status=active\"\n";
    let changed = |from: &str, to: &str| format!("version = 1\n{}", check.replace(from, to));
    let more = |line: &str| format!("version = 1\n{check}{line}\n");
    let many = |i: usize| one(&i.to_string(), "ending", "!ends_at");
    let many: String = (0..15_000).map(many).collect();
    #[rustfmt::skip]
    let cases = [
        (String::new(), 1, "version"),
        (check.to_owned(), 1, "version = 1"),
        ("version = 2\n".to_owned(), 1, "version"),
        ("version = \"1\"\n".to_owned(), 1, "version"),
        ("version = 1\n".to_owned(), 1, ""),
        ("version = 1\ncheck = []\n".to_owned(), 1, ""),
        (changed("[[check]]", "[check]"), 2, ""),
        (changed("[[check]]", "[[chekc]]"), 2, "`check`"),
        (changed("expect =", "expects ="), 5, "`expect`"),
        (changed("name = \"a\"\n", ""), 2, "name"),
        (changed("id = \"cacc_1\"\n", ""), 2, "id"),
        (changed("expect = \"status=active\"\n", ""), 2, "expect"),
        (changed("\"a\"", "\" \""), 3, "name"),
        (changed("\"a\"", "1"), 3, "name"),
        (changed("\"a\"", "\"a"), 3, ""),
        (changed("cacc_1", "cacc 1"), 4, "cacc 1"),
        (changed("status=active", "status=activ"), 5, "`active`"),
        (changed("\"status=active\"", "[\"ends_at?\"]"), 5, "ends_at"),
        (changed("\"status=active\"", "[]"), 5, "expect"),
        (changed("\"status=active\"", "[1]"), 5, "expect"),
        (more("strict = \"yes\""), 6, "strict"),
        (more("retry_for = 30"), 6, "retry_for"),
        (more("retry_for = \"30\""), 6, "60s"),
        (format!("version = 1\n{check}{check}"), 6, "line 2"),
        // The line of a mistake is not shown: it may hold anything.
        (format!("version = 1\n{TOKEN} = \"{TOKEN}\"\n"), 2, ""),
        (format!("version = 1\nx = {TOKEN}\n"), 2, ""),
        // A file of the largest size is read in no time.
        (format!("version = 1\n{many}{}", one("7", "ending", "!ends_at")), 60_002, "line 30"),
    ];
    let home = Home::new();
    for (text, line, fact) in cases {
        home.file("smoke.toml", &text, 0o644);
        let ended = home.run("check --suite smoke.toml -o json");
        let error = ended.fails_with(2, "usage");
        let place = pick(&error, "line file");
        assert_eq!(place, json!([line, "smoke.toml"]), "{text:.200}: {error}");
        let told = format!("{} {}", error["message"], error["hint"]);
        assert!(told.contains(fact), "{text:.200}: {told}");
    }
    home.file("large.toml", vec![b'#'; 1024 * 1024 + 1], 0o644);
    home.file("latin.toml", b"version = 1\n# \xe9\n", 0o644);
    for file in ["none.toml", ".", "large.toml", "latin.toml"] {
        let args = format!("check --suite {file}");
        home.run(args).fails(2, &[file]);
    }
    let pasted = home.run("check --suite PNS-DEFG1234");
    assert!(!pasted.fails(2, &[]).stderr.contains("DEFG"), "{pasted:#?}");
}

/// A check's own profile counts for it alone, and one that does not exist is its failure alone.
#[test]
fn a_check_may_name_its_profile() {
    let (home, wire) = at(response("404 Not Found", "", ""));
    let here = one("here", "ending", "status=provisioned") + "profile = \"sandbox\"\n";
    let there = one("there", "ending", "not_found");
    let nowhere = one("nowhere", "ending", "not_found") + "profile = \"tset\"\n";
    suite(&home, &(here + &there + &nowhere));
    let ended = home.run("check --suite smoke.toml");
    let stdout = "\
Check    Expected            Is           Verdict
here     status=provisioned  provisioned  met
there    not_found           not found    met
nowhere  not_found           config       error
";
    let told = &ended.gives(3, stdout).stderr;
    assert!(told.contains("nowhere") && told.contains("`tset`"), "{told}");
    assert_eq!(wire.requests().len(), 1);
}

/// The last answer counts when the time is over, and a failure if there is none.
#[test]
fn a_check_is_retried_for_as_long_as_it_says() {
    for (id, status, retry_for, code, lookups) in [
        ("cacc_onboarding", "active", "2s", 0, 3..=3),
        // It is revoked from the third time on, for good: nothing is waited for.
        ("cacc_revoking", "active", "2s", 10, 3..=3),
        ("cacc_pendingexpress", "active", "500ms", 10, 1..=11),
        ("erroronce", "provisioned", "2s", 0, 2..=2),
        ("cacc_unavailable", "active", "500ms", 8, 1..=11),
        ("cacc_forbidden", "active", "24h", 4, 1..=1),
    ] {
        let retry_for = format!("retry_for = \"{retry_for}\"\n");
        let check = one("a", id, &format!("status={status}")) + &retry_for;
        let ended = run_suite(&check, "-o ndjson");
        let asked = report(&ended)[0]["lookups"].as_u64().unwrap();
        assert_eq!((ended.code, lookups.contains(&asked)), (code, true), "{id}");
    }
}

/// What would fail alike for all further checks of an API of a profile is not asked any more.
#[test]
fn an_api_that_cannot_be_used_is_not_asked_any_more() {
    let check = |i: usize| one(&i.to_string(), "cacc_1", "status?");
    let checks: String = (0..22).map(check).collect();
    let args = "check --suite smoke.toml --jobs 1 --retries 0 -o ndjson";
    for (status, code, asked) in
        [("401 Unauthorized", 4, 1), ("503 Busy", 8, 20), ("429 Slow\r\nRetry-After: 301", 6, 1)]
    {
        let (home, wire) = at(response(status, "", ""));
        suite(&home, &(checks.clone() + &one("other", "uid", "status?")));
        let ended = home.run(args);
        let told = report(&ended);
        let lookups = told.iter().filter(|told| told["lookups"] == 1).count();
        assert_eq!((ended.code, lookups, told.len()), (code, asked + 1, 23));
        assert_eq!(told[22]["lookups"], 1);
        let facts = pick(&told[asked]["error"], "id profile attempts");
        assert_eq!(facts, json!(["cacc_1", "test", null]));
        assert_eq!(wire.requests().len(), asked + 1);
    }
    // A helper that fails is not run for each check.
    let home = Home::new();
    let helper = "token_command = [\"/bin/sh\", \"-c\", \"echo x >>asked; exit 1\"]";
    home.config(ENDPOINT.to_owned() + helper);
    suite(&home, &checks);
    let ended = home.run(args);
    assert_eq!((ended.code, report(&ended).len()), (4, 22));
    assert_eq!(fs::read(home.path().join("asked")).unwrap(), b"x\n");
}

#[test]
fn retry_after_holds_all_checks() {
    let answer = |bytes| vec![Do::Read, Do::Write(bytes), Do::Finish];
    for retry_for in ["", "retry_for = \"900ms\"\n"] {
        let home = Home::new();
        let check = |name| one(name, "cacc_1", "not_found") + retry_for;
        suite(&home, &(check("a") + &check("b")));
        let slow = response("429 Slow", "Retry-After: 1\r\n", "");
        let missing = response("404 Not Found", "", "");
        let wire = Wire::new(vec![answer(slow), answer(missing)]);
        home.profile(wire.url());
        let args = "check --suite smoke.toml --jobs 1 --retries 0 -o ndjson";
        let ended = home.run(args);
        // The pause is not the second check's own time.
        let expected = (6, json!(["error", "met"]));
        assert_eq!((ended.code, verdicts(&ended)), expected);
        assert_eq!(wire.requests().len(), 2);
    }
}

// --- Many ids ---

/// Ids with everything that may become of them, and their verdicts.
const IDS: &str =
    "cacc_activestandard\n\n# a comment\ncacc_revokedexpress\nno id!\ncacc_unavailable\ncacc_gone\nending\n";

#[test]
fn every_id_has_a_verdict() {
    let home = Home::new();
    let run = |args: &str| home.acctq(&format!("-p sandbox check --retries 0 {args}")).stdin(IDS).run();
    let table = "\
ID                   Verdict  Unmet
cacc_activestandard  met
cacc_revokedexpress  unmet    status=active, but it is revoked
no id!               error    usage
cacc_unavailable     error    server
cacc_gone            unmet    status=active, but it is not found
ending               error    usage
";
    let ended = run("- --expect status=active");
    let told = &ended.gives(1, table).stderr;
    assert!(
        ["line 5", "line 6", "line 8", "1 met · 2 unmet · 3 not answered", "2 of 6"]
            .iter()
            .all(|fact| told.contains(fact)),
        "{told}"
    );
    // One that no API knows is a mistake at once; the failures' code outranks 10.
    for (args, code, expected) in [
        ("-", 1, json!(["met", "met", "error", "error", "unmet", "met"])),
        ("- --skip 5 --jobs 1", 8, json!(["error", "unmet", "met"])),
        ("- --skip 6", 10, json!(["unmet", "met"])),
        ("ending gone", 10, json!(["met", "unmet"])),
        ("ending gone nobody --expect not_found --report-junit /dev/null", 10, json!(["unmet", "met", "met"])),
        ("ending cacc_activestandard --expect status?", 0, json!(["met", "met"])),
        ("cacc_drift cacc_activestandard --strict", 9, json!(["error", "met"])),
    ] {
        let ended = run(&format!("{args} -o ndjson"));
        assert_eq!((ended.code, verdicts(&ended)), (code, expected), "{ended:#?}");
        let array = run(&format!("{args} -o json"));
        let array: Value = serde_json::from_str(&array.stdout).unwrap();
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let single = &report(&run("ending -o ndjson"))[0];
        assert!(array.as_array().unwrap().iter().all(|object| keys(object) == keys(single)), "{array}");
    }
    let error = &report(&run("- -o ndjson"))[2];
    assert_eq!(pick(&error["error"], "code line id"), json!(["usage", 5, "no id!"]));
    let csv = "name;account\na;cacc_activestandard\nb;cacc_gone\nc;\n";
    let ended = home.acctq("-p sandbox check - --column account -q").stdin(csv).run();
    ended.gives(10, "ID                   Verdict  Unmet\ncacc_activestandard  met\ncacc_gone            unmet    found, but it is not found\n");
    // A check of nothing is not met.
    for text in ["", "# none\n"] {
        home.acctq("-p sandbox check - -o json").stdin(text).run().fails_with(2, "usage");
    }
}

/// What ends the run early is an error in the report, too.
#[test]
fn a_run_that_stops_early_says_so_in_every_report() {
    let home = Home::new();
    let answer = |bytes| vec![Do::Read, Do::Write(bytes), Do::Finish];
    let missing = || answer(response("404 Not Found", "", ""));
    for (last, code, kind) in
        [(answer(response("401 Unauthorized", "", "")), 4, "auth"), (vec![Do::Read, Do::Hold], 130, "interrupted")]
    {
        let wire = Wire::new(vec![missing(), missing(), last]);
        home.profile(wire.url());
        let args = "check - --expect not_found --jobs 1 --retries 0 --report-junit report.xml -o json";
        let (mut started, mut stdin) = home.acctq(args).start_fed();
        stdin.write_all(b"cacc_1\ncacc_2\ncacc_3\ncacc_4\n").unwrap();
        wire.asked(3);
        if code == 130 {
            started.signal(Signal::INT);
        }
        drop(stdin);
        let ended = started.ends();
        let told: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        let last = ended.errors().pop().unwrap();
        assert_eq!((ended.code, pick(&last, "code line")), (code, json!([kind, told.len()])), "{ended:#?}");
        assert!(told.iter().take(2).all(|told| told["verdict"] == "met"), "{ended:#?}");
        let xml = fs::read_to_string(home.path().join("report.xml")).unwrap();
        assert!(
            xml.contains(&format!("tests=\"{}\" failures=\"0\" errors=\"{}\"", told.len() + 1, told.len() - 1)),
            "{xml}"
        );
        assert!(xml.contains(&format!("<error type=\"{kind}\" ")), "{xml}");
    }
}

/// The cases of a report wait in a file.
#[test]
fn a_report_on_many_ids_is_whole() {
    let server = Server::new(|_| Reply::Send(response("404 Not Found", "", "")));
    let home = Home::new();
    home.profile(server.url());
    let count = 2_000;
    let ids: String = (0..count).map(|number| format!("cacc_{number}\n")).collect();
    let expect = format!("status!={}pending", "revoked|".repeat(100));
    let args = ["check", "-", "--report-junit", "report.xml", "-q", "--jobs", "4", "--expect", &expect];
    let ended = home.acctq_args(args).stdin(ids).run();
    assert_eq!((ended.code, ended.stdout.lines().count()), (10, 1 + count));
    let xml = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert!(xml.contains(&format!("tests=\"{count}\" failures=\"{count}\" errors=\"0\"")), "{xml:.300}");
    assert!(xml.len() > 3_000_000 && xml.matches("<testcase ").count() == count, "{}", xml.len());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
}

// --- The report for CI ---

#[test]
fn the_report_as_junit() {
    let home = Home::new();
    suite(&home, &format!("{SUITE}{UNMET}{UNANSWERED}"));
    home.file("report.xml", "an old one", 0o640);
    let args = "-p sandbox check --suite smoke.toml --retries 0 --report-junit report.xml";
    assert_eq!(home.run(args).code, 8);
    let xml = fs::read_to_string(home.path().join("report.xml")).unwrap();
    // The system tests read it with a parser, and by the schema.
    for fact in [
        "tests=\"5\" failures=\"1\" errors=\"1\"",
        "<testcase name=\"pro is active\"",
        "<testcase name=\"is &lt;gone&gt; &amp; &quot;away&quot;\"",
        "<failure type=\"unmet\" message=\"",
        "ends_at&lt;now",
        "2099-12-31T23:59:59.000Z",
        "<error type=\"server\" message=\"",
        "The service is down for maintenance.",
    ] {
        assert!(xml.contains(fact), "{fact}: {xml}");
    }
    assert_eq!(xml.matches("<testcase ").count(), 5);
    // Nothing is left beside it, and who may read it may read it still.
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    let mode = fs::metadata(home.path().join("report.xml")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_report_replaces_neither_suite_nor_configuration() {
    let home = Home::new();
    suite(&home, SUITE);
    home.file("config.toml", "", 0o600);
    symlink("smoke.toml", home.path().join("link.xml")).unwrap();
    let read = |file| fs::read_to_string(home.path().join(file)).unwrap();
    let before = read("smoke.toml");
    let reports = "smoke.toml, ./smoke.toml, link.xml, ./config.toml, a --report-junit b";
    for report in reports.split(", ") {
        let args = "-p sandbox --config config.toml check --suite smoke.toml -o json";
        let run = home.acctq(&format!("{args} --report-junit {report}"));
        run.run().fails_with(2, "usage");
        assert!(read("smoke.toml") == before && read("config.toml").is_empty());
    }
}

/// A link stays one, and what is no file is not replaced by one, even if root could do that.
#[test]
fn a_report_goes_where_its_name_leads() {
    let home = Home::new();
    suite(&home, UNMET);
    let path = |name: &str| home.path().join(name);
    let args = "-p sandbox check --suite smoke.toml -q --report-junit";
    let run = |file: &str| home.run(format!("{args} {file}"));
    fs::create_dir(path("folder")).unwrap();
    home.file("report.xml", "", 0o644);
    let long = format!("{}.xml", "r".repeat(251));
    home.file(&long, "", 0o604);
    symlink("report.xml", path("link.xml")).unwrap();
    // It leads to a file that does not exist yet.
    symlink("folder/new.xml", path("new.xml")).unwrap();
    for (file, written, mode) in
        [("link.xml", "report.xml", 0o644), ("new.xml", "folder/new.xml", 0o644), (&long, &long, 0o604)]
    {
        assert_eq!(run(file).code, 10);
        assert_eq!(path(file).is_symlink(), file != long);
        assert!(fs::read(path(written)).unwrap().starts_with(b"<?xml"));
        assert_eq!(fs::metadata(path(written)).unwrap().mode() & 0o777, mode);
    }
    // Text that is written to the same stream is not lost.
    let out = fs::File::create(path("out.txt")).unwrap();
    let own = home.acctq(&format!("{args} /dev/stdout"));
    let started = own.start_with(|command| command.stdout(out).stderr(Stdio::piped()));
    assert_eq!(started.ends().code, 10);
    let out = fs::read_to_string(path("out.txt")).unwrap();
    assert!(out.contains("</testsuites>\nCheck "), "{out}");
    let pipe = Leash::new(&home);
    assert_eq!(run("leash").code, 10);
    assert!(fs::metadata(pipe.path()).unwrap().file_type().is_fifo());
    assert!(pipe.end().ends_with("</testsuites>\n"));
    // The verdicts are printed where it cannot be written; a pipe without a reader is not waited for.
    for file in ["leash", "none/x.xml", "folder", "smoke.toml/x.xml"] {
        let ended = run(file);
        assert_eq!((ended.code, ended.stdout.contains("is over")), (1, true));
        assert!(ended.stderr.contains(file), "{ended:#?}");
    }
}

// --- Secrets ---

/// The name of a check and what it expects, and what is shown of them.
#[rustfmt::skip]
const SPELLED: &[(&str, &str, &str, &str)] = &[
    ("plain", "metadata.plan=pro", "plain", "metadata.plan=pro"),
    ("has PNS-DEFG1234.", "metadata.x=PNS-DEFG1234|b", "has ••••••••", "metadata.x=••••••••|b"),
    ("sk_live_4eC39 stays", "metadata.sk_live_4eC39?", "•••••••• stays", "metadata.••••••••?"),
    ("by <TOKEN>!", "metadata.x~x<TOKEN>x", "by ••••••••!", "metadata.x~x••••••••x"),
    ("of acorn-9913", "metadata.x=xacorn-9913", "of ••••••••", "metadata.x=x••••••••"),
    ("a\"corn|77 and acorn-9913", "metadata.\"a\\\"corn|77\"=\"a\\\"corn|77\"", "•••••••• and ••••••••", "metadata.\"••••••••\"=\"••••••••\""),
    // Both at once: nothing of it is left.
    ("all in PNS-1 all", "metadata.x=in PNS-1 all", "all ••••••••", "metadata.x=••••••••"),
];

/// The secrets in them.
const WORDS: [&str; 7] = ["DEFG1234", "4eC39", TOKEN, "acorn", "corn|77", "in PNS-1", "PNS-4"];

/// Runs the suite in each format, and looks for secrets in all that it writes; returns its NDJSON and its `JUnit` report.
fn without_secrets(home: &Home, code: i32) -> (Vec<Value>, String) {
    let args = "check --suite smoke.toml --jobs 1 --retries 0 --report-junit report.xml -o";
    let run = |format| {
        let ended = home.run(format!("{args} {format}"));
        let junit = fs::read_to_string(home.path().join("report.xml")).unwrap();
        for text in [&ended.stdout, &ended.stderr, &junit] {
            let word = WORDS.iter().find(|word| text.contains(**word));
            assert_eq!((ended.code, word), (code, None), "{text}");
        }
        (ended, junit)
    };
    let _ = ["table", "json", "yaml"].map(run);
    let (ended, junit) = run("ndjson");
    (report(&ended), junit)
}

#[test]
fn a_secret_in_a_suite_is_in_no_report() {
    let server = Server::new(|request| {
        let account = account(SECRETS).replace("cacc_1", request.id);
        match request.id {
            "cacc_1" => Reply::Send(ok(&account)),
            "cacc_2" => Reply::Send(ok(&account.replace("org_1", "1"))),
            _ => Reply::Send(response("500 Oh", "", "")),
        }
    });
    let home = Home::new();
    home.profile(server.url());
    let check = |row: &(&str, &str, _, _)| one(row.0, "cacc_1", row.1).replace("<TOKEN>", TOKEN);
    let unmet: String = SPELLED.iter().map(check).collect();
    // An account that violates the contract, a failure, and a profile that does not exist.
    let refused = one("refused acorn-9913", "cacc_2", "metadata.x=xacorn-9913") + "strict = true\n";
    let other = one(TOKEN, "ending", "not_found");
    let nowhere = one("x", "ending", "not_found") + "profile = \"PNS-DEFG1234\"\n";
    suite(&home, &(unmet + &refused + &other + &nowhere));
    let (told, junit) = without_secrets(&home, 1);
    for (told, (_, _, name, expect)) in told.iter().zip(SPELLED) {
        assert_eq!(told["name"], *name);
        assert_eq!(told["expectations"][0]["expect"], *expect);
        let [name, expect] = [name, expect].map(|text| text.replace('"', "&quot;"));
        let case = format!("<testcase name=\"{name}\" ");
        assert!(junit.contains(&case) && junit.contains(&expect), "{junit}");
    }
    assert_eq!(told[SPELLED.len()]["name"], "refused ••••••••");
    assert_eq!(told.last().unwrap()["profile"], "••••••••");
}

#[test]
fn a_credential_in_an_account_is_in_no_report() {
    let (home, _wire) = at(ok(&account(
        r#"{"a":"sk_live_4eC39HqLyjWD","b":"see\nghp_4eC39x now","c":{"xoxb-4eC39":["PNS-4eC39","fine"]},"d":"fine"}"#,
    )));
    let expect = "[\"metadata.a?\", \"metadata.b=1\", \"metadata.c=1\", \"metadata.d=1\"]";
    suite(&home, &one("x", "cacc_1", "").replace("''", expect));
    let (told, junit) = without_secrets(&home, 10);
    let actual = |i: usize| told[0]["expectations"][i]["actual"].clone();
    let hidden = json!(["••••••••", "see\n•••••••• now", {"••••••••": ["••••••••", "fine"]}, "fine"]);
    assert_eq!(json!([0, 1, 2, 3].map(actual)), hidden);
    assert!(junit.contains("see\\n•••••••• now"), "{junit}");
    let ended = home.run("check cacc_1 --expect metadata.a=1");
    assert!(ended.code == 10 && !(ended.stdout + &ended.stderr).contains("4eC39"));
}

#[test]
fn a_mistake_beside_a_credential_is_told_without_it() {
    let home = Home::new();
    home.config(ENDPOINT);
    let flaw = "metadata.x=PNS-DEFG1234|==y";
    suite(&home, &one("a", "cacc_1", flaw));
    let twice = one("PNS-DEFG1234", "cacc_1", "not_found").repeat(2);
    home.file("twice.toml", format!("version = 1\n{twice}"), 0o644);
    for args in [
        ["check", "cacc_1", "--expect", flaw],
        ["wait", "cacc_1", "--for", flaw],
        ["cacc", "list", "--where", flaw],
        ["check", "--suite", "smoke.toml", "-q"],
        ["check", "--suite", "twice.toml", "-q"],
    ] {
        let ended = home.acctq_args(args).run();
        assert!(!ended.fails(2, &[]).stderr.contains("DEFG"));
    }
}

#[test]
fn a_signal_ends_it_with_a_report() {
    let home = Home::new();
    let missing = Do::Write(response("404 Not Found", "", ""));
    let missing = vec![Do::Read, missing, Do::Finish];
    let wire = Wire::new(vec![missing, vec![Do::Read, Do::Hold]]);
    home.profile(wire.url());
    let [a, b] = ["a", "b"].map(|name| one(name, "cacc_1", "not_found"));
    suite(&home, &(a + &b));
    let args = "check --suite smoke.toml --jobs 1 --report-junit report.xml";
    let mut started = home.acctq(args).start();
    wire.asked(2);
    started.signal(Signal::INT);
    let stdout = "\
Check  Expected   Is           Verdict
a      not_found  not found    met
b      not_found  interrupted  error
";
    started.exits().gives(130, stdout);
    let xml = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert!(xml.contains("failures=\"0\" errors=\"1\""), "{xml}");
    assert!(xml.contains("<error type=\"interrupted\" "), "{xml}");

    let args = "check --suite smoke.toml --jobs 1 -o ndjson";
    let mut started = home.acctq(args).start();
    wire.asked(3);
    started.signal(Signal::TERM);
    let ended = started.exits();
    assert_eq!(ended.error()["code"], "terminated");
    let errors = report(&ended).into_iter();
    let errors: Value = errors.map(|told| pick(&told["error"], "exit_code line")).collect();
    assert_eq!((ended.code, errors), (143, json!([[143, 2], [143, 6]])));

    let mut started = home.acctq("check cacc_1 -o json").start();
    wire.asked(4);
    started.signal(Signal::INT);
    started.exits().fails_with(130, "interrupted");
}
