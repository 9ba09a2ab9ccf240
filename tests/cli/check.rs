//! `check`: verdicts on one account, and on a suite of them.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Ended, Home, Leash, TOKEN};
use crate::wire::{Do, Wire, response};

/// What differs from run to run: ports and times.
pub fn steady(ended: Ended) -> Ended {
    let steady = |text: &str| {
        let mut text = text.to_owned();
        for mark in [
            "127.0.0.1:",
            "elapsed_ms\":",
            "elapsed_ms\": ",
            "time=\"",
            "timestamp=\"",
            " · ",
        ] {
            let mut parts = text.split(mark).map(str::to_owned);
            let mut out = parts.next().unwrap();
            for part in parts {
                let is_variable = |c: char| c.is_ascii_digit() || ".-:T".contains(c);
                let rest = part.trim_start_matches(is_variable);
                let is_time = mark != " · " || rest.starts_with(" s\n");
                let rest = if is_time { rest } else { &part };
                let hidden = if is_time && rest.len() < part.len() {
                    "N"
                } else {
                    ""
                };
                out = out + mark + hidden + rest;
            }
            text = out;
        }
        text
    };
    Ended {
        stdout: steady(&ended.stdout),
        stderr: steady(&ended.stderr),
        ..ended
    }
}

#[test]
fn one_account() {
    let home = Home::new();
    for (args, code, stdout, stderr) in [
        (
            "cacc_activestandard --expect status=active --expect !revoked_at",
            0,
            "Expected       Is       Verdict\nstatus=active  active   met\n!revoked_at    not set  met\n",
            "",
        ),
        (
            "cacc_revokedexpress --expect status=active --expect metadata.seats=3 --expect !revoked_at",
            10,
            "\
Expected          Is                    Verdict
status=active     revoked               unmet
metadata.seats=3  3                     met
!revoked_at       2024-06-30T23:59:59Z  unmet
",
            "error: the connected account cacc_revokedexpress (profile sandbox) is not as expected: status=active, but it is revoked; !revoked_at, but it is 2024-06-30T23:59:59Z\n",
        ),
        // That it is there is expected, if nothing else is.
        (
            "ending",
            0,
            "Expected  Is     Verdict\nfound     found  met\n",
            "",
        ),
        (
            "nobody",
            10,
            "Expected  Is         Verdict\nfound     not found  unmet\n",
            "error: the partner account nobody (profile sandbox) is not as expected: it is not found\n",
        ),
        // 404 and 410 are answers.
        (
            "nobody --expect not_found",
            0,
            "Expected   Is         Verdict\nnot_found  not found  met\n",
            "",
        ),
        (
            "gone --expect not_found",
            0,
            "Expected   Is         Verdict\nnot_found  not found  met\n",
            "",
        ),
        (
            "gone --expect status=entitled",
            10,
            "Expected         Is         Verdict\nstatus=entitled  not found  unmet\n",
            "error: the partner account gone (profile sandbox) is not as expected: status=entitled, but it is not found\n",
        ),
        (
            "ending --expect not_found",
            10,
            "Expected   Is     Verdict\nnot_found  found  unmet\n",
            "error: the partner account ending (profile sandbox) is not as expected: not_found, but it is found\n",
        ),
        // A secret is not shown.
        (
            "ending --expect activation_token?",
            0,
            "Expected           Is        Verdict\nactivation_token?  ••••••••  met\n",
            "",
        ),
    ] {
        let args = format!("-p sandbox check {args}");
        home.acctq(&args).run().is(code, stdout, stderr);
    }
}

#[test]
fn a_question_that_cannot_be_asked_is_no_verdict() {
    let home = Home::new();
    for (args, code, says) in [
        (
            "unavailable --retries 0 --expect status=entitled",
            8,
            "failed with status 503",
        ),
        ("unauthorized --expect not_found", 4, "rejects the token"),
        ("cacc_wrongid", 9, "answers with another"),
        (
            "cacc_drift --strict --expect status=active",
            9,
            "strays from the contract",
        ),
        ("cacc_1 --expect statsu=active", 2, "did you mean `status`?"),
        ("cacc_1 --expect status=activ", 2, "did you mean `active`?"),
        (
            "../admin --expect status=active",
            2,
            "is not a partner account's id",
        ),
        (
            "cacc_1 -F id",
            2,
            "--fields has no meaning for `acctq check`",
        ),
        (
            "cacc_1 --reveal",
            2,
            "--reveal has no meaning for `acctq check`",
        ),
        ("cacc_1 --suite smoke.toml", 2, "--suite"),
        ("--suite smoke.toml --expect status=active", 2, "--suite"),
        ("cacc_1 --report-junit report.xml", 2, "--suite"),
        ("cacc_1 --jobs 2", 2, "--suite"),
        ("", 2, "`acctq check` needs an argument: id"),
    ] {
        let args = format!("-p sandbox check {args}");
        home.acctq(&args).run().fails(code, &[says]);
    }
}

#[test]
fn an_answer_that_strays_is_judged_with_a_warning() {
    let ended = Home::new()
        .acctq("-p sandbox check cacc_drift --expect status=active")
        .run();
    assert_eq!(ended.code, 10);
    assert!(
        ended.stdout.contains("(unknown value)  unmet"),
        "{ended:#?}"
    );
    assert!(
        ended.stderr.starts_with("warning: the connected account cacc_drift strays from the contract: onboarding_mode (missing), status (unknown value), created_at (wrong type)\n  hint: it is judged as it came; --strict makes this an error\nerror: "),
        "{ended:#?}"
    );
}

#[test]
fn one_account_as_json() {
    let ended = Home::new()
        .acctq("-p sandbox check cacc_activeexpress --expect metadata=1 --expect metadata.tags~eu -o ndjson")
        .run();
    steady(ended).is(
        10,
        "{\"name\":null,\"id\":\"cacc_activeexpress\",\"api\":\"connect\",\"profile\":\"sandbox\",\"verdict\":\"unmet\",\"found\":true,\"expectations\":[\
         {\"expect\":\"metadata=1\",\"holds\":false,\"actual\":{\"plan\":\"starter\",\"seats\":3,\"tags\":[\"beta\",\"eu\"]},\"note\":null},\
         {\"expect\":\"metadata.tags~eu\",\"holds\":true,\"actual\":[\"beta\",\"eu\"],\"note\":null}],\"error\":null,\"lookups\":1,\"elapsed_ms\":N}\n",
        "{\"error\":{\"code\":\"unmet\",\"exit_code\":10,\"retryable\":false,\"message\":\"the connected account cacc_activeexpress (profile sandbox) is not as expected: metadata=1, but it is {\\\"plan\\\":\\\"starter\\\",\\\"seats\\\":3,\\\"tags\\\":[\\\"beta\\\",\\\"eu\\\"]}\",\"hint\":null,\"id\":\"cacc_activeexpress\",\"api\":\"connect\",\"profile\":\"sandbox\",\"status\":null,\"server_code\":null,\"server_message\":null,\"request_id\":null,\"retry_after_s\":null,\"attempts\":null,\"elapsed_ms\":N,\"file\":null,\"line\":null}}\n",
    );
}

#[test]
fn a_verdict_stays_what_it_is_without_a_reader() {
    let home = Home::new();
    let suite =
        "version = 1\n[[check]]\nname = \"a\"\nid = \"nobody\"\nexpect = \"status=active\"\n";
    home.file("smoke.toml", suite.replace("active", "entitled"), 0o644);
    for (args, code) in [
        ("cacc_activestandard", 0),
        ("nobody", 10),
        ("nobody -o json", 10),
        ("unavailable --retries 0", 8),
        ("--suite smoke.toml", 10),
        // The report is not written, and that is told.
        ("--suite smoke.toml -q --report-junit /dev/stdout", 1),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = home.acctq(&format!("-p sandbox check {args}"));
        let started = run.start_with(|command| command.stdout(writer).stderr(Stdio::piped()));
        let ended = started.ends();
        assert_eq!(ended.code, code, "{ended:#?}");
        assert_eq!(ended.stderr.is_empty(), code == 0, "{ended:#?}");
        assert!(!ended.stderr.contains("output"), "{ended:#?}");
    }
}

#[test]
fn what_is_too_long_for_a_report_is_judged_all_the_same() {
    let long = "x".repeat(20_000);
    let account = format!(
        "{{\"id\":\"cacc_1\",\"connection_type\":\"standard\",\"onboarding_mode\":\"full\",\"status\":\"active\",\
         \"platform_organization_id\":\"org_1\",\"created_at\":\"2023-11-07T05:31:56Z\",\"metadata\":{{\"a\":\"{long}\"}}}}"
    );
    let wire = Wire::answers(crate::wire::json(&account));
    let home = Home::new();
    home.profile(wire.url());
    let ended = home
        .acctq("check cacc_1 --expect metadata.a~xx -o json")
        .run();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        report["expectations"][0],
        serde_json::json!({"expect": "metadata.a~xx", "holds": true, "actual": null, "note": "too long to be shown"})
    );
    home.acctq("check cacc_1 --expect metadata.a~xx").run().prints(
        "Expected       Is                    Verdict\nmetadata.a~xx  too long to be shown  met\n",
    );
}

/// What is there is held for the report on all checks, and no more of it than there is memory for: the harness bounds that.
#[test]
fn what_is_there_is_kept_as_long_as_there_is_room() {
    let long = "x".repeat(16_000);
    let account = format!(
        "{{\"id\":\"cacc_1\",\"connection_type\":\"standard\",\"onboarding_mode\":\"full\",\"status\":\"active\",\
         \"platform_organization_id\":\"org_1\",\"created_at\":\"2023-11-07T05:31:56Z\",\"metadata\":{{\"a\":\"{long}\"}}}}"
    );
    let wire = Wire::answers(crate::wire::json(&account));
    let home = Home::new();
    home.profile(wire.url());
    let count = |report: &str, what: &str| report.matches(what).count();
    let many = "--expect metadata.a~y --expect status=active ".repeat(3_000);
    let ended = home.acctq(&format!("check cacc_1 {many} -o json")).run();
    assert_eq!(ended.code, 10);
    let counted = [
        "\"xxx",
        "\"too long to be shown\"",
        "\"actual\": \"active\"",
    ]
    .map(|what| count(&ended.stdout, what));
    assert_eq!(counted, [4, 2_996, 3_000]);
    let expect = "\"metadata.a~y\",".repeat(4);
    let check = |i| {
        format!(
            "[[check]]\nname = \"{i}\"\nid = \"cacc_1\"\nexpect = [{expect} \"status=active\"]\n"
        )
    };
    let checks: String = (0..500).map(check).collect();
    home.file("smoke.toml", format!("version = 1\n{checks}"), 0o644);
    let ended = home
        .acctq("check --suite smoke.toml -o ndjson --report-junit report.xml")
        .run();
    assert_eq!(ended.code, 10);
    let counted = ["\"xxx", "\"too long to be shown\"", "\"actual\":\"active\""]
        .map(|what| count(&ended.stdout, what));
    assert_eq!(counted, [262, 1_738, 500]);
    let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert_eq!(
        count(&report, "\nunmet: expected metadata.a~y, is xxx"),
        262
    );
}

#[test]
fn a_suite_is_neither_passed_over_nor_written_over() {
    let home = Home::new();
    home.file("smoke.toml", SUITE, 0o644);
    home.acctq("-p sandbox check --suite smoke.toml --suite smoke.toml")
        .run()
        .is(
            2,
            "",
            "error: --suite is given twice, the second time with smoke.toml\n  hint: put all checks into one suite, or call acctq for each\n",
        );
    home.acctq("-p sandbox check --suite smoke.toml --report-junit a.xml --report-junit b.xml")
        .run()
        .is(
            2,
            "",
            "error: --report-junit is given twice, the second time with b.xml\n  hint: it is written once; copy it\n",
        );
    let config = home.file("config.toml", "", 0o600);
    home.acctq("-p sandbox --config config.toml check --suite smoke.toml --report-junit ./config.toml")
        .run()
        .is(
            2,
            "",
            &format!(
                "error: --report-junit names the configuration file in use, {}\n  hint: name another file: the report takes the place of what is there\n",
                config.display()
            ),
        );
    assert_eq!(fs::read_to_string(config).unwrap(), "");
    symlink("smoke.toml", home.path().join("link.xml")).unwrap();
    for report in ["smoke.toml", "./smoke.toml", "link.xml"] {
        home.acctq(&format!(
            "-p sandbox check --suite smoke.toml --report-junit {report}"
        ))
        .run()
        .is(
            2,
            "",
            "error: --report-junit names the suite itself, smoke.toml\n  hint: name another file: the report takes the place of what is there\n",
        );
        let left = fs::read_to_string(home.path().join("smoke.toml")).unwrap();
        assert_eq!(left, SUITE);
    }
}

/// Nothing that a server sends breaks the report, or makes it vanish.
#[test]
fn what_is_there_is_reported_however_deep_it_is() {
    let home = Home::new();
    for (depth, is_shown) in [(100, true), (126, false)] {
        let metadata = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let account = format!(
            "{{\"id\":\"cacc_1\",\"connection_type\":\"standard\",\"onboarding_mode\":\"full\",\"status\":\"active\",\
             \"platform_organization_id\":\"org_1\",\"created_at\":\"2023-11-07T05:31:56Z\",\"metadata\":{metadata}}}"
        );
        let wire = Wire::answers(crate::wire::json(&account));
        home.profile(wire.url());
        let ended = home.acctq("check cacc_1 --expect metadata? -o json").run();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{depth}");
        let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(report["expectations"][0]["actual"].is_array(), is_shown);
        let note = &report["expectations"][0]["note"];
        assert_eq!(
            note.as_str(),
            (!is_shown).then_some("nested too deeply to be shown")
        );
    }
}

const SUITE: &str = r#"version = 1

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

const FAILING: &str = r#"
[[check]]
name = "is over"
id = "ending"
expect = ["ends_at<now", "activation_token?"]
"#;

const UNASKABLE: &str = r#"
[[check]]
expect = "status=entitled"
name = "is up"
id = "unavailable"
"#;

const FORBIDDEN: &str = r#"
[[check]]
name = "is open"
id = "forbidden"
expect = "status=entitled"
"#;

#[test]
fn a_suite_is_run_to_its_end_and_reported_in_order() {
    let home = Home::new();
    home.file("smoke.toml", SUITE, 0o644);
    let met = "\
Check               Expected           Is         Verdict
pro is active       status=active      active     met
pro is active       metadata.plan=pro  pro        met
onboards            status=active      active     met
is <gone> & \"away\"  not_found          not found  met
";
    for jobs in ["", " --jobs 1"] {
        let ended = home
            .acctq(&format!("-p sandbox check --suite smoke.toml{jobs}"))
            .run();
        steady(ended).is(0, met, "3 met · N s\n");
    }
    home.acctq("-p sandbox check --suite smoke.toml -q")
        .run()
        .prints(met);
}

#[test]
fn the_suite_that_the_help_shows_is_one() {
    let home = Home::new();
    let help = home.acctq("check --help").run().stdout;
    let suite = help.split("  version = 1").nth(1).unwrap();
    let suite = suite.split("\n-o json").next().unwrap();
    home.file("smoke.toml", format!("version = 1{suite}"), 0o644);
    let ended = home.acctq("-p sandbox check --suite smoke.toml").run();
    assert_eq!(ended.code, 0, "{ended:#?}");
    assert!(ended.stderr.starts_with("2 met"), "{ended:#?}");
}

/// An incomplete run is no verdict; failures that differ come to 1.
#[test]
fn a_suite_fails_with_what_its_failures_have_in_common() {
    let home = Home::new();
    for (more, code, last) in [
        (
            vec![FAILING],
            10,
            "1 met · 1 unmet · N s\nerror: 1 of 2 checks failed: `is over`\n",
        ),
        (vec![UNASKABLE], 8, "1 met · 1 not answered · N s\n"),
        (
            vec![FAILING, UNASKABLE],
            8,
            "1 met · 1 unmet · 1 not answered · N s\nerror: 1 of 3 checks failed: `is over`; 1 could not be asked\n",
        ),
        (
            vec![UNASKABLE, FORBIDDEN, FAILING],
            1,
            "1 met · 1 unmet · 2 not answered · N s\nerror: 1 of 4 checks failed: `is over`; 2 could not be asked\n",
        ),
    ] {
        let first = SUITE
            .split("\n[[check]]\nname = \"onboards")
            .next()
            .unwrap();
        home.file("smoke.toml", format!("{first}{}", more.concat()), 0o644);
        let ended = home
            .acctq("-p sandbox check --suite smoke.toml --retries 0")
            .run();
        let ended = steady(ended);
        assert_eq!(ended.code, code, "{ended:#?}");
        assert!(ended.stderr.ends_with(last), "{ended:#?}");
        assert!(ended.stdout.starts_with("Check "), "{ended:#?}");
    }
}

#[test]
fn a_suite_as_json_accounts_for_every_check() {
    let home = Home::new();
    home.file(
        "smoke.toml",
        format!("version = 1\n{UNASKABLE}{FAILING}"),
        0o644,
    );
    let ended = home
        .acctq("-p sandbox check --suite smoke.toml --retries 0 -o json")
        .run();
    assert_eq!(ended.code, 8, "{ended:#?}");
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let verdicts: Vec<_> = report
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (&check["name"], &check["verdict"], &check["error"]["code"]))
        .collect();
    assert_eq!(
        format!("{verdicts:?}"),
        r#"[(String("is up"), String("error"), String("server")), (String("is over"), String("unmet"), Null)]"#
    );
    assert_eq!(
        report[0]["expectations"][0].to_string(),
        r#"{"actual":null,"expect":"status=entitled","holds":null,"note":null}"#
    );
    assert_eq!(
        report[1]["expectations"][1].to_string(),
        r#"{"actual":null,"expect":"activation_token?","holds":true,"note":"set, to a secret"}"#
    );
    // The same failure, with its place, is told on standard error.
    let told: Vec<serde_json::Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["error"], report[0]["error"]);
    assert_eq!(
        (&told[0]["error"]["line"], &told[0]["error"]["id"]),
        (&3.into(), &"unavailable".into())
    );
    // What is told last is what the exit code is.
    assert_eq!(told[1]["error"]["exit_code"], 8);
}

/// What is wrong is told with its place, and nothing is contacted.
#[test]
fn mistakes_in_a_suite() {
    let home = Home::new();
    let check = "[[check]]\nname = \"a\"\nid = \"cacc_1\"\nexpect = \"status=active\"\n";
    let changed = |from: &str, to: &str| format!("version = 1\n{}", check.replace(from, to));
    for (text, line, says) in [
        (String::new(), 1, "the suite has no `version`"),
        (check.to_owned(), 1, "begin it with `version = 1`"),
        ("version = 2\n".to_owned(), 1, "`version` must be 1"),
        ("version = \"1\"\n".to_owned(), 1, "`version` must be 1"),
        ("version = 1\n".to_owned(), 1, "the suite has no checks"),
        (
            "version = 1\ncheck = []\n".to_owned(),
            1,
            "the suite has no checks",
        ),
        (changed("[[check]]", "[check]"), 2, "with two brackets"),
        (
            changed("[[check]]", "[[chekc]]"),
            2,
            "did you mean `check`?",
        ),
        (
            changed("expect =", "expects ="),
            5,
            "did you mean `expect`?",
        ),
        (changed("name = \"a\"\n", ""), 2, "this check has no `name`"),
        (
            changed("id = \"cacc_1\"\n", ""),
            2,
            "this check has no `id`",
        ),
        (
            changed("expect = \"status=active\"\n", ""),
            2,
            "this check has no `expect`",
        ),
        (changed("\"a\"", "\" \""), 3, "`name` is empty"),
        (
            changed("\"a\"", "1"),
            3,
            "`name` must be text in quotes, not a number",
        ),
        (
            changed("cacc_1", "cacc 1"),
            4,
            "is not a connected account's id",
        ),
        (
            changed("status=active", "status=activ"),
            5,
            "did you mean `active`?",
        ),
        (
            changed("\"status=active\"", "[\"ends_at?\"]"),
            5,
            "has no field `ends_at`",
        ),
        (changed("\"status=active\"", "[]"), 5, "`expect` must be"),
        (changed("\"status=active\"", "[1]"), 5, "`expect` must be"),
        (
            format!("{}strict = \"yes\"\n", changed("", "")),
            6,
            "`strict` must be true or false",
        ),
        (
            format!("{}retry_for = 30\n", changed("", "")),
            6,
            "such as 60s",
        ),
        (
            format!("{}retry_for = \"30\"\n", changed("", "")),
            6,
            "such as 60s",
        ),
        (
            format!("version = 1\n{check}{check}"),
            6,
            "another check named `a` in line 2",
        ),
        (changed("\"a\"", "\"a"), 3, "(smoke.toml, line 3"),
    ] {
        home.file("smoke.toml", &text, 0o644);
        let ended = home.acctq("check --suite smoke.toml -o json").run();
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (2, ""),
            "{text}: {ended:#?}"
        );
        let error = ended.error();
        assert_eq!(
            (&error["line"], &error["file"]),
            (&line.into(), &"smoke.toml".into()),
            "{text}: {error}"
        );
        let told = format!("{} {}", error["message"], error["hint"]);
        assert!(told.contains(says), "{text}: {told}");
    }
}

/// A file of the largest size is read in no time: to count its lines for each of its places took minutes.
#[test]
fn a_mistake_at_the_end_of_a_long_suite() {
    let home = Home::new();
    let check = |i| format!("[[check]]\nname = \"{i}\"\nid = \"ending\"\nexpect = \"!ends_at\"\n");
    let checks: String = (0..15_000).map(check).collect();
    home.file(
        "smoke.toml",
        format!("version = 1\n{checks}{}", check(7)),
        0o644,
    );
    home.acctq("check --suite smoke.toml").run().is(
        2,
        "",
        "error: there is another check named `7` in line 30 (smoke.toml, line 60002, column 1)\n  hint: give it a name of its own\n",
    );
}

/// It may hold anything.
#[test]
fn the_line_of_a_mistake_is_not_shown() {
    let home = Home::new();
    for line in [format!("{TOKEN} = \"{TOKEN}\""), format!("x = {TOKEN}")] {
        home.file("smoke.toml", format!("version = 1\n{line}\n"), 0o644);
        let ended = home.acctq("check --suite smoke.toml").run();
        ended.fails(2, &["(smoke.toml, line 2, column"]);
    }
}

#[test]
fn suites_that_cannot_be_read() {
    let home = Home::new();
    home.file("large.toml", vec![b'#'; 1024 * 1024 + 1], 0o644);
    home.file("latin.toml", b"version = 1\n# \xe9\n", 0o644);
    for (file, says) in [
        ("none.toml", "the suite none.toml does not exist"),
        (".", "the suite . is a directory"),
        ("large.toml", "is larger than 1 MiB"),
        ("latin.toml", "is not valid UTF-8 in line 2"),
    ] {
        home.acctq(&format!("check --suite {file}"))
            .run()
            .fails(2, &[says]);
    }
    home.file(
        "bom.toml",
        format!("\u{feff}{}", SUITE.replace('\n', "\r\n")),
        0o644,
    );
    assert_eq!(
        home.acctq("-p sandbox check --suite bom.toml").run().code,
        0
    );
}

/// A check's own profile counts for it alone, and one that does not exist is its failure alone.
#[test]
fn a_check_may_name_its_profile() {
    let home = Home::new();
    let wire = Wire::answers(response("404 Not Found", "", ""));
    home.profile(wire.url());
    home.file(
        "smoke.toml",
        "version = 1\n\
         [[check]]\nname = \"here\"\nid = \"ending\"\nexpect = \"status=provisioned\"\nprofile = \"sandbox\"\n\
         [[check]]\nname = \"there\"\nid = \"ending\"\nexpect = \"not_found\"\n\
         [[check]]\nname = \"nowhere\"\nid = \"ending\"\nexpect = \"not_found\"\nprofile = \"tset\"\n",
        0o644,
    );
    let ended = home.acctq("check --suite smoke.toml").run();
    assert_eq!(ended.code, 3);
    assert_eq!(
        ended.stdout,
        "\
Check    Expected            Is           Verdict
here     status=provisioned  provisioned  met
there    not_found           not found    met
nowhere  not_found           config       error
"
    );
    assert!(
        ended
            .stderr
            .starts_with("error: ending: `nowhere`: unknown profile `tset` (--suite): "),
        "{ended:#?}"
    );
    assert_eq!(wire.requests().len(), 1);
}

/// The last answer counts when the time is over, and a failure if there is none.
#[test]
fn a_check_is_asked_again_for_as_long_as_it_may_be() {
    let home = Home::new();
    for (id, more, code, lookups) in [
        // Pending twice.
        ("cacc_onboarding", "", 10, 1..=1),
        ("cacc_onboarding", "retry_for = \"2s\"\n", 0, 3..=3),
        // It is revoked from the third time on, for good: there is nothing to wait for.
        ("cacc_revoking", "retry_for = \"2s\"\n", 10, 3..=3),
        ("cacc_pendingexpress", "retry_for = \"500ms\"\n", 10, 1..=11),
        ("ending", "retry_for = \"500ms\"\n", 10, 1..=11),
        ("erroronce", "retry_for = \"2s\"\n", 0, 2..=2),
        ("cacc_unavailable", "retry_for = \"500ms\"\n", 8, 1..=11),
        ("cacc_forbidden", "retry_for = \"24h\"\n", 4, 1..=1),
    ] {
        let expect = if id.starts_with("cacc_") {
            "active"
        } else {
            "provisioned"
        };
        let expect = if id == "ending" { "entitled" } else { expect };
        let suite = format!(
            "version = 1\n[[check]]\nname = \"a\"\nid = \"{id}\"\nexpect = \"status={expect}\"\n{more}"
        );
        home.file("smoke.toml", suite, 0o644);
        let ended = home
            .acctq("-p sandbox check --suite smoke.toml --retries 0 -o ndjson")
            .run();
        let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(ended.code, code, "{id}: {ended:#?}");
        let asked = report["lookups"].as_u64().unwrap();
        assert!(lookups.contains(&asked), "{id}: {asked}");
    }
}

/// A helper that fails is not run for each check.
#[test]
fn a_token_that_cannot_be_read_is_asked_for_once() {
    let home = Home::new();
    home.file("helper", "#!/bin/sh\necho x >>asked\nexit 1\n", 0o700);
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"http://127.0.0.1:1\"\ntoken_command = [\"{}/helper\"]\n",
        home.path().display()
    ));
    let checks = (0..5).map(|i| {
        format!("[[check]]\nname = \"{i}\"\nid = \"cacc_{i}\"\nexpect = \"status=active\"\n")
    });
    home.file(
        "smoke.toml",
        format!("version = 1\n{}", checks.collect::<String>()),
        0o644,
    );
    let ended = home.acctq("check --suite smoke.toml -o json").run();
    assert_eq!(ended.code, 4, "{ended:#?}");
    assert_eq!(
        fs::read_to_string(home.path().join("asked")).unwrap(),
        "x\n"
    );
    let ids: Vec<_> = ended
        .stderr
        .lines()
        .map(|line| {
            let told: serde_json::Value = serde_json::from_str(line).unwrap();
            told["error"]["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids, ["cacc_0", "cacc_1", "cacc_2", "cacc_3", "cacc_4"]);
}

/// What would fail alike for all further checks of an API of a profile is not asked any more.
#[test]
fn what_is_of_no_use_is_not_asked_any_more() {
    let home = Home::new();
    let check = |i, id| format!("[[check]]\nname = \"{i}\"\nid = \"{id}\"\nexpect = \"status?\"\n");
    let checks: String = (0..22).map(|i| check(i, "cacc_1")).collect();
    home.file(
        "smoke.toml",
        format!("version = 1\n{checks}{}", check(22, "other")),
        0o644,
    );
    for (status, code, asked, why) in [
        ("401 Unauthorized", 4, 1, "the token is rejected"),
        (
            "503 Busy",
            8,
            20,
            "the last 20 failed alike; it looks like an outage",
        ),
        (
            "429 Slow\r\nRetry-After: 301",
            6,
            1,
            "the server asks to wait for longer than five minutes",
        ),
    ] {
        let wire = Wire::answers(response(status, "", ""));
        home.profile(wire.url());
        let ended = home
            .acctq("check --suite smoke.toml --jobs 1 --retries 0 -o json")
            .run();
        assert_eq!(ended.code, code, "{ended:#?}");
        let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let asks = |check: &serde_json::Value| check["lookups"] == 1;
        let report = report.as_array().unwrap();
        assert!(
            report[..asked].iter().all(asks) && asks(&report[22]),
            "{why}"
        );
        for (i, check) in report.iter().enumerate().take(22).skip(asked) {
            let error = &check["error"];
            assert_eq!(
                (
                    &error["message"],
                    &error["id"],
                    &error["profile"],
                    &error["attempts"]
                ),
                (
                    &format!("`{i}`: not asked: {why} (profile test)").into(),
                    &"cacc_1".into(),
                    &"test".into(),
                    &serde_json::Value::Null
                )
            );
        }
        assert_eq!(wire.requests().len(), asked + 1, "{why}");
    }
}

#[test]
fn what_one_answer_asks_for_holds_all_checks() {
    let home = Home::new();
    let answer = |bytes| vec![Do::Read, Do::Write(bytes), Do::Finish];
    for retry_for in ["", "retry_for = \"900ms\"\n"] {
        let check = |name| {
            format!(
                "[[check]]\nname = \"{name}\"\nid = \"cacc_1\"\nexpect = \"not_found\"\n{retry_for}"
            )
        };
        let checks = [check("a"), check("b")].concat();
        home.file("smoke.toml", format!("version = 1\n{checks}"), 0o644);
        let wire = Wire::new(vec![
            answer(response("429 Slow", "Retry-After: 1\r\n", "")),
            answer(response("404 Not Found", "", "")),
        ]);
        home.profile(wire.url());
        let began = Instant::now();
        let ended = home
            .acctq("check --suite smoke.toml --jobs 1 --retries 0 -o ndjson")
            .run();
        // The pause is part of it, and not the second one's own time.
        assert!(began.elapsed() >= Duration::from_secs(1));
        let verdicts: Vec<_> = ended
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["verdict"].clone())
            .collect();
        assert_eq!(
            (ended.code, verdicts),
            (6, vec!["error".into(), "met".into()])
        );
        assert_eq!(wire.requests().len(), 2);
    }
}

#[test]
fn the_report_for_ci() {
    let home = Home::new();
    let suite = format!("{SUITE}{FAILING}{UNASKABLE}");
    home.file("smoke.toml", suite, 0o644);
    home.file("report.xml", "an old one", 0o640);
    let ended = home
        .acctq("-p sandbox check --suite smoke.toml --retries 0 --report-junit report.xml")
        .run();
    assert_eq!(ended.code, 8);
    let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
    let report = steady(Ended {
        stdout: report,
        ..ended
    })
    .stdout;
    let maintenance = "127.0.0.1:N (profile sandbox) failed with status 503; the server says: &quot;The service is down for maintenance.&quot; (unavailable)";
    let request = report
        .split("look for request ")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        report,
        format!("\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"smoke\" tests=\"5\" failures=\"1\" errors=\"1\" time=\"N\">
  <testsuite name=\"smoke\" tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"0\" time=\"N\" timestamp=\"N\">
    <testcase name=\"pro is active\" classname=\"smoke\" time=\"N\"/>
    <testcase name=\"onboards\" classname=\"smoke\" time=\"N\"/>
    <testcase name=\"is &lt;gone&gt; &amp; &quot;away&quot;\" classname=\"smoke\" time=\"N\"/>
    <testcase name=\"is over\" classname=\"smoke\" time=\"N\">
      <failure type=\"unmet\" message=\"expected ends_at&lt;now, is 2099-12-31T23:59:59.000Z\">partner account ending (profile sandbox)
unmet: expected ends_at&lt;now, is 2099-12-31T23:59:59.000Z
met: expected activation_token?, is ••••••••</failure>
    </testcase>
    <testcase name=\"is up\" classname=\"smoke\" time=\"N\">
      <error type=\"server\" message=\"`is up`: {maintenance}\">partner account unavailable (profile sandbox)
`is up`: {maintenance}
hint: try again later; its operator can look for request {request}</error>
    </testcase>
  </testsuite>
</testsuites>
")
    );
    // Nothing is left beside it.
    let names = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["report.xml", "smoke.toml"]);
    let mode = fs::metadata(home.path().join("report.xml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}

/// An account with secrets of its own, and an answer that strays from the contract.
const KEEPS_SECRETS: &str = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2023-11-07T05:31:56Z","metadata":{"activation_token":"acorn-9913","old_activation_token":"a\"corn|77","activation_token_3":"in PNS-1 all","activation_token_4":"2 and more"}}"#;

/// The name of a check and what it expects, and what is shown of them.
const SPELT: &[(&str, &str, &str, &str)] = &[
    ("plain", "metadata.plan=pro", "plain", "metadata.plan=pro"),
    (
        "has PNS-DEFG1234.",
        "metadata.x=PNS-DEFG1234|b",
        "has ••••••••",
        "metadata.x=••••••••|b",
    ),
    (
        "sk_live_4eC39 stays",
        "metadata.sk_live_4eC39?",
        "•••••••• stays",
        "metadata.••••••••?",
    ),
    (
        "by <TOKEN>!",
        "metadata.x~x<TOKEN>x",
        "by ••••••••!",
        "metadata.x~x••••••••x",
    ),
    (
        "of acorn-9913",
        "metadata.x=xacorn-9913",
        "of ••••••••",
        "metadata.x=x••••••••",
    ),
    (
        "a\"corn|77 and acorn-9913",
        "metadata.\"a\\\"corn|77\"=\"a\\\"corn|77\"",
        "•••••••• and ••••••••",
        "metadata.\"••••••••\"=\"••••••••\"",
    ),
    // Both at once: nothing of it is left.
    (
        "all in PNS-1 all",
        "metadata.x=in PNS-1 all",
        "all ••••••••",
        "metadata.x=••••••••",
    ),
    (
        "PNS-2 and more.",
        "metadata.x=PNS-2 and more",
        "••••••••.",
        "metadata.x=••••••••",
    ),
];

/// What whoever asks spells out is repeated in every report but for what is secret: what looks like it, what the account keeps
/// secret, and the bearer token.
#[test]
fn what_a_suite_spells_out_is_no_secret_in_any_report() {
    let home = Home::new();
    let check = |name: &str, expect: &str, id, more| {
        let text =
            format!("[[check]]\nname = '{name}'\nid = \"{id}\"\nexpect = '{expect}'\n{more}");
        text.replace("<TOKEN>", TOKEN)
    };
    let rows = SPELT.iter().map(|row| check(row.0, row.1, "cacc_1", ""));
    let unmet: String = rows.collect();
    // Failures, too: of an answer that is refused, and of none.
    let refused = check("acorn-9913?", "not_found", "cacc_1", "strict = true\n");
    let unasked = check(TOKEN, "not_found", "ending", "");
    let nowhere = check("x", "not_found", "ending", "profile = \"PNS-DEFG1234\"\n");
    let suite = format!("version = 1\n{unmet}{refused}{unasked}{nowhere}");
    home.file("smoke.toml", suite, 0o644);
    for format in ["table", "json", "yaml", "ndjson"] {
        let odd = KEEPS_SECRETS.replace("active", "odd");
        let answers = SPELT.iter().map(|_| crate::wire::json(KEEPS_SECRETS));
        let answers = answers.chain([crate::wire::json(&odd), response("500 Oh", "", "")]);
        let script = |answer| vec![Do::Read, Do::Write(answer), Do::Finish];
        let wire = Wire::new(answers.map(script).collect());
        home.profile(wire.url());
        let ended = home
            .acctq("check --suite smoke.toml --jobs 1 --retries 0 --report-junit report.xml")
            .arg("-o")
            .arg(format)
            .run();
        assert_eq!(ended.code, 1, "{ended:#?}");
        let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
        for text in [&ended.stdout, &ended.stderr, &report] {
            for secret in [
                "DEFG1234", "4eC39", TOKEN, "acorn", "corn|77", "in PNS-1", "and more",
            ] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
        for (_, _, name, expected) in SPELT {
            let name = name.replace('"', "&quot;");
            let expected = expected.replace('"', "&quot;");
            for told in [
                format!("<testcase name=\"{name}\" "),
                format!(
                    "message=\"expected {expected}, is not set\">connected account cacc_1 (profile test)\nunmet: expected {expected}, is not set<"
                ),
            ] {
                assert!(report.contains(&told), "{told} in {report}");
            }
        }
        match format {
            "table" => {
                let lines: Vec<_> = ended.stdout.lines().skip(1).map(str::trim_end).collect();
                for (line, (_, _, name, expected)) in lines.iter().zip(SPELT) {
                    let words: Vec<_> = line.split("  ").filter(|word| !word.is_empty()).collect();
                    let words: Vec<_> = words.iter().map(|word| word.trim()).collect();
                    assert_eq!(words, [name, expected, "not set", "unmet"]);
                }
                let config = home.config_path();
                let told = format!(
                    "error: `••••••••?`: the connected account cacc_1 strays from the contract: status (unknown value)\n  \
                     hint: without --strict and `strict = true` it is judged as it came, with a warning\n\
                     error: `••••••••`: 127.0.0.1:N (profile test) failed with status 500 (ending)\n  hint: try again later\n\
                     error: ending: `x`: unknown profile (--suite): {} has none of that name\n  hint: the profiles are test, sandbox\n\
                     0 met · 8 unmet · 3 not answered · N s\n\
                     error: 8 of 11 checks failed: `plain`, `has ••••••••`, `•••••••• stays`, `by ••••••••!`, `of ••••••••`, `•••••••• and ••••••••`, `all ••••••••`, `••••••••.`; 3 could not be asked\n",
                    config.display()
                );
                assert_eq!(steady(ended).stderr, told);
            }
            "json" => {
                let checks: Vec<serde_json::Value> = serde_json::from_str(&ended.stdout).unwrap();
                for (check, (_, _, name, expected)) in checks.iter().zip(SPELT) {
                    assert_eq!(check["name"], *name);
                    assert_eq!(check["expectations"][0]["expect"], *expected);
                }
                let profiles: Vec<_> = checks.iter().map(|check| &check["profile"]).collect();
                assert_eq!(profiles[9..], ["test", "••••••••"]);
            }
            _ => {}
        }
    }
}

#[test]
fn what_is_there_is_no_credential_in_any_report() {
    let home = Home::new();
    let metadata = r#""metadata":{"a":"sk_live_4eC39HqLyjWD","b":"see\nghp_4eC39x now","c":{"xoxb-4eC39":["PNS-4eC39","fine"]},"d":"fine"}"#;
    let account = KEEPS_SECRETS
        .trim_end_matches('}')
        .split(r#","metadata""#)
        .next()
        .unwrap();
    let wire = Wire::answers(crate::wire::json(&format!("{account},{metadata}}}")));
    home.profile(wire.url());
    home.file(
        "smoke.toml",
        "version = 1\n[[check]]\nname = \"x\"\nid = \"cacc_1\"\nexpect = [\"metadata.a?\", \"metadata.b=1\", \"metadata.c=1\", \"metadata.d=1\"]\n",
        0o644,
    );
    let is = [
        ("metadata.a?", r#""••••••••""#, "••••••••"),
        (
            "metadata.b=1",
            r#""see\n•••••••• now""#,
            "see\\n•••••••• now",
        ),
        (
            "metadata.c=1",
            r#"{"••••••••":["••••••••","fine"]}"#,
            r#"{"••••••••":["••••••••","fine"]}"#,
        ),
        ("metadata.d=1", r#""fine""#, "fine"),
    ];
    for format in ["table", "json", "yaml", "ndjson"] {
        let ended = home
            .acctq("check --suite smoke.toml --report-junit report.xml")
            .arg("-o")
            .arg(format)
            .run();
        assert_eq!(ended.code, 10, "{ended:#?}");
        let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
        for text in [&ended.stdout, &ended.stderr, &report] {
            assert!(!text.contains("4eC39"), "{text}");
        }
        for (expected, json, words) in is {
            let words = words.replace('"', "&quot;");
            assert!(
                report.contains(&format!("expected {expected}, is {words}")),
                "{words} in {report}"
            );
            if format == "ndjson" {
                let told = format!(
                    r#""expect":"{expected}","holds":{},"actual":{json},"#,
                    expected.ends_with('?')
                );
                assert!(ended.stdout.contains(&told), "{told} in {}", ended.stdout);
            }
        }
    }
    let ended = home.acctq("check cacc_1 --expect metadata.a=1").run();
    let told = "error: the connected account cacc_1 (profile test) is not as expected: metadata.a=1, but it is ••••••••\n";
    assert_eq!((ended.code, &*ended.stderr), (10, told));
    assert!(!ended.stdout.contains("4eC39"), "{}", ended.stdout);
}

/// The name of the suite's file stands in the report, too.
#[test]
fn a_suite_called_like_the_token_is_none_in_its_report() {
    let home = Home::new();
    let wire = Wire::answers(response("404 Not Found", "", ""));
    home.profile(wire.url());
    for (file, name) in [
        (format!("ops_{TOKEN}.toml"), "ops_••••••••"),
        // A file that is there is no credential.
        ("ops_smoke.toml".to_owned(), "ops_smoke"),
    ] {
        let suite =
            "version = 1\n[[check]]\nname = \"a\"\nid = \"cacc_1\"\nexpect = \"not_found\"\n";
        home.file(&file, suite, 0o644);
        let args = format!("check --suite {file} -q --report-junit report.xml");
        home.acctq(&args)
            .run()
            .prints("Check  Expected   Is         Verdict\na      not_found  not found  met\n");
        let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
        let case = format!("<testcase name=\"a\" classname=\"{name}\" ");
        assert!(report.contains(&case), "{report}");
        assert_eq!(report.matches(&format!("name=\"{name}\" ")).count(), 3);
    }
}

/// What is wrong with an expression is told with its place in what may be shown of it, wherever it stands. The bearer token is
/// known before it is used, unless a program has to be asked.
#[test]
fn a_mistake_beside_a_credential_is_told_without_it() {
    let home = Home::new();
    let endpoint = "[profiles.test.connect]\nbase_url = \"http://127.0.0.1:1\"\n";
    home.file("token", TOKEN, 0o600);
    let literal = format!("{endpoint}token = \"{TOKEN}\"\n");
    let in_file = format!("{endpoint}token_file = \"~/token\"\n");
    let chosen = "default_profile = \"test\"\n";
    for (credential, config, more, variable) in [
        ("PNS-DEFG1234", String::new(), "", ""),
        (TOKEN, format!("{chosen}{literal}"), "", ""),
        (TOKEN, format!("{chosen}{in_file}"), "", ""),
        (TOKEN, String::new(), "", TOKEN),
        // The profile that the check names, of which the command line knows nothing.
        (TOKEN, literal, "profile = \"test\"\n", ""),
    ] {
        home.config(config);
        let expression = format!("metadata.x={credential}|==y");
        let check = |name: &str, expect: &str| {
            format!("[[check]]\nname = \"{name}\"\nid = \"cacc_1\"\nexpect = \"{expect}\"\n{more}")
        };
        let flawed = check("a", &expression);
        home.file("flaw.toml", format!("version = 1\n{flawed}"), 0o644);
        let twice = check(credential, "not_found").repeat(2);
        home.file("twice.toml", format!("version = 1\n{twice}"), 0o644);
        let line = if more.is_empty() { 6 } else { 7 };
        let flaw = "`==y` begins with a sign (column 21 of `metadata.x=••••••••|==y`)";
        let quotes = "\n  hint: a value that begins with a sign or a quote, or holds a `|`, stands in double quotes, written as in JSON\n";
        let told = format!("{flaw}{quotes}");
        for (args, told) in [
            (["check", "cacc_1", "--expect", &expression], told.clone()),
            (["wait", "cacc_1", "--for", &expression], told.clone()),
            (["cacc", "list", "--where", &expression], told),
            (
                ["check", "--suite", "flaw.toml", "-q"],
                format!("{flaw} (flaw.toml, line 5, column 10){quotes}"),
            ),
            (
                ["check", "--suite", "twice.toml", "-q"],
                format!(
                    "there is another check named `••••••••` in line 2 (twice.toml, line {line}, column 1)\n  \
                     hint: give it a name of its own\n"
                ),
            ),
        ] {
            if !more.is_empty() && args[1] != "--suite" {
                continue;
            }
            let mut run = home.acctq_args(args);
            if !variable.is_empty() {
                run = run.env("ACCTQ_CONNECT_TOKEN", variable);
                run = run.env("ACCTQ_CONNECT_URL", "http://127.0.0.1:1");
            }
            run.run().is(2, "", &format!("error: {told}"));
        }
    }
    // Not for the sake of a message.
    home.file("helper", "#!/bin/sh\necho x >asked\n", 0o700);
    home.config(format!(
        "{chosen}{endpoint}token_command = [\"{}/helper\"]\n",
        home.path().display()
    ));
    home.acctq("check cacc_1 --expect metadata.x==y").run().is(
        2,
        "",
        "error: `==` is no operator (column 11 of `metadata.x==y`)\n  hint: did you mean `=`?\n",
    );
    assert!(!home.path().join("asked").exists());
    home.acctq("check --suite PNS-DEFG1234").run().is(
        2,
        "",
        "error: --suite takes the name of a file, and this looks like a credential; it is not repeated here\n  \
         hint: name a TOML file; if it was a secret, remove it from where it stands, such as your shell's history\n",
    );
}

/// Without the token, nothing is wrong any more: then nothing of it is repeated.
#[test]
fn a_mistake_inside_the_token_is_told_without_it() {
    let home = Home::new();
    home.config("default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"http://127.0.0.1:1\"\ntoken = \"a\\\"b|=c-99\"\n");
    home.acctq_args(["check", "cacc_1", "--expect", "metadata.x=a\"b|=c-99"])
        .run()
        .is(
            2,
            "",
            "error: this is no expression; it holds the bearer token and is not repeated here\n  \
             hint: remove the token from where it stands, such as your shell's history\n",
        );
}

/// Neither on the command line.
#[test]
fn what_is_expected_of_one_account_is_no_secret_in_its_report() {
    let home = Home::new();
    let wire = Wire::answers(crate::wire::json(KEEPS_SECRETS));
    home.profile(wire.url());
    let token = format!("metadata.x={TOKEN}");
    let expect = [
        "check",
        "cacc_1",
        "--expect",
        "metadata.x=acorn-9913",
        "--expect",
        "metadata.PNS-DEFG1234?",
        "--expect",
        &token,
    ];
    home.acctq_args(expect).run().is(
        10,
        "\
Expected             Is       Verdict
metadata.x=••••••••  not set  unmet
metadata.••••••••?   not set  unmet
metadata.x=••••••••  not set  unmet
",
        "error: the connected account cacc_1 (profile test) is not as expected: metadata.x=••••••••, but it is not set; metadata.••••••••?, but it is not set; metadata.x=••••••••, but it is not set\n",
    );
    let ended = home.acctq_args(expect).arg("-o").arg("ndjson").run();
    assert_eq!(ended.code, 10);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let expected = report["expectations"].as_array().unwrap().iter();
    let expected: Vec<_> = expected
        .map(|one| one["expect"].as_str().unwrap())
        .collect();
    let [x, path] = ["metadata.x=••••••••", "metadata.••••••••?"];
    assert_eq!(expected, [x, path, x]);
    assert_eq!(
        ended.error()["message"],
        format!(
            "the connected account cacc_1 (profile test) is not as expected: {x}, but it is not set; {path}, but it is not set; {x}, but it is not set"
        )
    );
}

/// The verdicts are printed still.
#[test]
fn a_report_that_cannot_be_written() {
    let home = Home::new();
    home.file("smoke.toml", format!("version = 1\n{FAILING}"), 0o644);
    fs::create_dir(home.path().join("folder")).unwrap();
    for file in ["none/report.xml", "folder", "smoke.toml/report.xml"] {
        let ended = home
            .acctq(&format!(
                "-p sandbox check --suite smoke.toml -q --report-junit {file}"
            ))
            .run();
        assert_eq!(ended.code, 1, "{file}: {ended:#?}");
        assert!(ended.stdout.contains("is over  ends_at<now"), "{ended:#?}");
        let told = format!("error: the report {file} could not be written");
        assert!(ended.stderr.contains(&told), "{ended:#?}");
    }
}

/// A link stays one, and what is no file is not replaced by one, even if root could do that. (No device is tried here: broken
/// code would take it away.)
#[test]
fn a_report_goes_where_its_name_leads() {
    let home = Home::new();
    home.file("smoke.toml", format!("version = 1\n{FAILING}"), 0o644);
    home.file("report.xml", "", 0o644);
    symlink("report.xml", home.path().join("link.xml")).unwrap();
    let run = |file| {
        let args = format!("-p sandbox check --suite smoke.toml -q --report-junit {file}");
        home.acctq(&args).run()
    };
    assert_eq!(run("link.xml").code, 10);
    let link = fs::symlink_metadata(home.path().join("link.xml")).unwrap();
    assert!(link.is_symlink());
    let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert!(report.starts_with("<?xml"), "{report}");
    // It leads to what is not there yet.
    fs::create_dir(home.path().join("folder")).unwrap();
    symlink("folder/new.xml", home.path().join("new.xml")).unwrap();
    assert_eq!(run("new.xml").code, 10);
    let report = fs::read_to_string(home.path().join("folder/new.xml")).unwrap();
    assert!(report.starts_with("<?xml"), "{report}");
    assert!(
        fs::symlink_metadata(home.path().join("new.xml"))
            .unwrap()
            .is_symlink()
    );
    // A name as long as a name can be; who may read what is there may read it still, and nobody else.
    let long = format!("{}.xml", "r".repeat(251));
    home.file(&long, "", 0o604);
    assert_eq!(run(&long).code, 10);
    let mode = fs::metadata(home.path().join(&long))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o604);
    // What else is written to our own stream is not lost.
    let out = fs::File::create(home.path().join("out.txt")).unwrap();
    let started = home
        .acctq("-p sandbox check --suite smoke.toml -q --report-junit /dev/stdout")
        .start_with(|command| command.stdout(out).stderr(Stdio::piped()));
    started
        .ends()
        .is(10, "", "error: 1 of 1 checks failed: `is over`\n");
    let out = fs::read_to_string(home.path().join("out.txt")).unwrap();
    assert!(
        out.starts_with("<?xml") && out.contains("</testsuites>\nCheck "),
        "{out}"
    );
    let pipe = Leash::new(&home);
    let path = pipe.path().to_owned();
    assert_eq!(run("leash").code, 10);
    assert!(fs::metadata(path).unwrap().file_type().is_fifo());
    assert!(pipe.end().ends_with("</testsuites>\n"));
    // Nobody reads it now, and nobody is waited for.
    let ended = run("leash");
    assert_eq!((ended.code, ended.stdout.is_empty()), (1, false));
    let told = "error: the report leash could not be written: No such device or address (os error 6)\n  \
                hint: does the folder exist, may you write there, and if it is a pipe, does anybody read it?\n";
    assert!(ended.stderr.contains(told), "{ended:#?}");
}

#[test]
fn a_signal_says_how_far_it_came() {
    let home = Home::new();
    let wire = Wire::new(vec![
        vec![
            Do::Read,
            Do::Write(response("404 Not Found", "", "")),
            Do::Finish,
        ],
        vec![Do::Read, Do::Hold],
    ]);
    home.profile(wire.url());
    let check =
        |name| format!("[[check]]\nname = \"{name}\"\nid = \"cacc_1\"\nexpect = \"not_found\"\n");
    home.file(
        "smoke.toml",
        format!("version = 1\n{}{}", check("a"), check("b")),
        0o644,
    );
    let mut started = home
        .acctq("check --suite smoke.toml --jobs 1 --report-junit report.xml")
        .start();
    wire.asked(2);
    started.signal(Signal::INT);
    steady(started.exits()).is(
        130,
        "\
Check  Expected   Is           Verdict
a      not_found  not found    met
b      not_found  interrupted  error
",
        "1 met · 1 not answered · N s\n\
         error: interrupted after 1 of 2 checks\n  hint: run it again if you still want it\n",
    );
    let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert!(
        report.contains("tests=\"2\" failures=\"0\" errors=\"1\""),
        "{report}"
    );
    let told = "<error type=\"interrupted\" message=\"`b`: the run was ended by a signal before this was answered\">";
    assert!(report.contains(told), "{report}");
    let mut started = home
        .acctq("check --suite smoke.toml --jobs 1 -o json")
        .start();
    wire.asked(3);
    started.signal(Signal::TERM);
    let ended = started.exits();
    assert_eq!(
        (ended.code, &ended.error()["code"]),
        (143, &"terminated".into())
    );
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (
            &report[0]["error"]["exit_code"],
            &report[1]["error"]["line"],
            report[1]["found"].is_null()
        ),
        (&143.into(), &6.into(), true)
    );
    let mut started = home.acctq("check cacc_1").start();
    wire.asked(4);
    started.signal(Signal::INT);
    started.exits().is(
        130,
        "",
        "error: interrupted while checking cacc_1\n  hint: run it again if you still want it\n",
    );
}
