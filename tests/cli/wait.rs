//! `wait`: until the account is as wanted, until it cannot be any more, until the time is over.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::batch::pick;
use crate::harness::{Ended, Home, TOKEN};
use crate::wire::{Do, Wire, json as ok, response};

/// A connected account in that state.
#[rustfmt::skip]
fn account(status: &str) -> String {
    format!(r#"{{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"{status}","platform_organization_id":"org_1","created_at":"2023-11-07T05:31:56Z"}}"#)
}

/// Gives these answers, one on each connection.
fn in_turn(answers: impl IntoIterator<Item = Vec<u8>>) -> Wire {
    let script = |answer| vec![Do::Read, Do::Write(answer), Do::Finish];
    Wire::new(answers.into_iter().map(script).collect())
}

/// A home whose token comes from a program that notes each call in the file `calls`.
fn with_helper(url: &str) -> Home {
    let home = Home::new();
    let script = format!("#!/bin/sh\necho . >>calls\necho {TOKEN}\n");
    let helper = home.file("helper", script, 0o700);
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{url}\"\ntoken_command = [\"{}\"]\n",
        helper.display()
    ));
    home
}

fn sandbox(args: &str) -> Ended {
    let args = format!("-p sandbox wait --interval 1ms {args}");
    Home::new().acctq(&args).run()
}

#[test]
fn until_it_holds() {
    #[rustfmt::skip]
    let cases = [
        ("cacc_onboarding --for status=active -F id,status", "ID      cacc_onboarding\nStatus  active (calls on its behalf work)\n"),
        ("cacc_onboarding --for status=active --for connected_tenant_id? -F status", "Status  active (calls on its behalf work)\n"),
        // Not found is not yet.
        ("cacc_appearing -o yaml -F status", "status: active\n"),
        ("gone --for not_found", ""),
        // A failure that passes.
        ("cacc_erroronce --retries 0 -F status", "Status  pending (onboarding not completed)\n"),
        ("ending --for activation_token? -F status -o ndjson", "{\"status\":\"provisioned\"}\n"),
    ];
    for (args, stdout) in cases {
        sandbox(&format!("-q {args}")).prints(stdout);
    }
}

#[test]
fn changes_are_told() {
    let ended = sandbox("cacc_revoking --for status=suspended -F status -o ndjson");
    let stdout = "{\"status\":\"suspended\"}\n";
    let told = ended.gives(0, stdout).told("progress");
    for (i, (status, met)) in [("pending", false), ("suspended", true)].iter().enumerate() {
        let expect = "status=suspended";
        #[rustfmt::skip]
        let expected = json!({
            "id": "cacc_revoking", "api": "connect", "profile": "sandbox", "found": true, "met": met,
            "expectations": [{"expect": expect, "holds": met, "actual": status, "note": null}],
            "error": null, "lookups": i + 1, "elapsed_ms": told[i]["elapsed_ms"],
        });
        assert_eq!(told[i], expected);
    }
    // People read a line for each change.
    let words = sandbox("cacc_revoking --for status=suspended").stderr;
    let lines: Vec<_> = words.lines().collect();
    assert_eq!((told.len(), lines.len()), (2, 2), "{words}");
    assert!(lines[0].contains("pending") && lines[1].contains("suspended"));
}

#[test]
fn what_ends_the_waiting() {
    #[rustfmt::skip]
    let cases = [
        // It is revoked for good.
        ("cacc_revoking --for status=active", 10, "unmet", &["status=active", "revoked"][..]),
        ("cacc_revokedexpress --for metadata.seats>3", 10, "unmet", &["metadata.seats>3", "3"]),
        ("cacc_revokedexpress --for not_found", 10, "unmet", &["not_found"]),
        ("gone", 10, "unmet", &["gone"]),
        ("cacc_pendingexpress --for status=active --within 500ms", 124, "deadline", &["0.5 s", "pending"]),
        ("nobody --within 500ms", 124, "deadline", &["0.5 s"]),
        // A server that asks for more time than there is.
        ("cacc_ratelimitedlong --within 1h", 124, "deadline", &["1 h"]),
        // One look-up takes longer than the whole time.
        ("cacc_slow --within 500ms", 124, "deadline", &["0.5 s"]),
        // What lasts.
        ("cacc_forbidden", 4, "auth", &[]),
        ("cacc_array", 9, "bad_response", &[]),
    ];
    for (args, code, name, facts) in cases {
        let ended = sandbox(&format!("{args} -o ndjson"));
        let error = ended.gives(code, "").errors().pop().unwrap();
        let id = args.split(' ').next().unwrap();
        assert_eq!(pick(&error, "code id"), json!([name, id]));
        let told = format!("{} {}", error["message"], error["hint"]);
        assert!(facts.iter().all(|fact| told.contains(fact)), "{told}");
    }
}

/// The time is over for a token helper too, unless it is a look-up's own time.
#[test]
fn a_helper_is_not_waited_for_any_longer() {
    let home = Home::new();
    let command = "token_command = [\"sleep\", \"100\"]";
    home.config(format!("[profiles.test.connect]\nbase_url = \"http://127.0.0.1:1\"\n{command}"));
    for (args, code) in [("--within 100ms", 124), ("--within 10s --timeout 100ms", 4)] {
        let ended = home.run(format!("-p test wait cacc_1 {args}"));
        ended.fails(code, &[]);
    }
}

#[test]
fn mistakes_are_refused_at_once() {
    let mistakes = "cacc_1 --for status=activ, cacc_1 --within 10, cacc_1 --interval 0s, cacc_1 cacc_2, , \
         cacc_pendingexpress --for status=active -F statsu";
    for args in mistakes.split(", ") {
        sandbox(&format!("{args} -o json")).fails_with(2, "usage");
    }
    let ended = Home::new().acctq("wait cacc_1 -o json").run();
    ended.fails_with(3, "config");
}

/// Each failure that may pass is reported once, and waited out; a silent server costs a look-up its `--timeout`.
#[test]
fn failures_are_waited_out() {
    let busy = || vec![Do::Read, Do::Write(response("503 Oh", "", "")), Do::Finish];
    let says = |bytes| vec![Do::Read, Do::Write(bytes), Do::Finish];
    let wire = Wire::new(vec![
        busy(),
        busy(),
        says(response("429 Too Many Requests", "Retry-After: 0\r\n", "")),
        says(ok(&account("pending"))),
        vec![Do::Read, Do::Hold],
        says(ok(&account("active"))),
    ]);
    let home = Home::new();
    home.profile(wire.url());
    let args = "wait cacc_1 --for status=active -F status -o ndjson";
    let run = home.acctq(&format!("{args} --interval 1ms --retries 0 --timeout 300ms"));
    let ended = run.run();
    let told = ended.gives(0, "{\"status\":\"active\"}\n").told("progress");
    let seen = told.iter().map(|told| match &told["error"] {
        Value::Null => told["expectations"][0]["actual"].clone(),
        code => code.clone(),
    });
    let expected = json!(["server", "rate_limited", "pending", "timeout", "active"]);
    assert_eq!(seen.collect::<Value>(), expected);
    assert_eq!(wire.requests().len(), 6);
}

/// A token may end before the waiting does; one that never was accepted is not read again.
#[test]
fn a_token_that_has_ended_is_read_anew() {
    let rejected = || response("401 Unauthorized", "", "");
    let pending = || ok(&account("pending"));
    for (answers, code, calls) in [
        (vec![pending(), rejected(), ok(&account("active"))], 0, 2),
        (vec![pending(), rejected(), rejected()], 4, 2),
        (vec![rejected()], 4, 1),
    ] {
        let wire = in_turn(answers);
        let home = with_helper(wire.url());
        let args = "wait cacc_1 --for status=active --interval 1ms -F status -q";
        assert_eq!(home.run(args).code, code);
        let noted = std::fs::read_to_string(home.path().join("calls")).unwrap();
        assert_eq!(noted.lines().count(), calls);
    }
}

/// A secret in `--for` shows nowhere, be it that the account keeps it, that a program printed it as the token, or that it looks
/// like a credential.
#[test]
fn a_secret_in_an_expectation_does_not_show() {
    let secret = ",\"metadata\":{\"activation_token\":\"acorn-9913\"}}";
    let answer = ok(&account("revoked").replace('}', secret));
    let wire = in_turn([answer]);
    let home = with_helper(wire.url());
    let by_token = format!("metadata.{TOKEN}=PNS-DEFG1234");
    for format in ["table", "json"] {
        let args = format!("wait cacc_1 -o {format} --for metadata.x=acorn-9913 --for {by_token}");
        let ended = home.run(args);
        ended.fails(10, &["metadata.x=••••••••", "metadata.••••••••=••••••••"]);
        // The harness looks for the token.
        let told = ended.stderr;
        assert!(!told.contains("acorn") && !told.contains("DEFG"), "{told}");
    }
}

#[test]
fn a_signal_ends_it_with_the_last_state() {
    let wire = in_turn([ok(&account("pending"))]);
    let home = Home::new();
    home.profile(wire.url());
    let signals = [(Signal::INT, 130, "interrupted"), (Signal::TERM, 143, "terminated")];
    for (signal, code, name) in signals {
        let args = "wait cacc_1 --for status=active --interval 1h -o json";
        let mut started = home.acctq(args).start();
        assert!(started.message().contains("\"pending\""));
        started.signal(signal);
        let error = started.exits().fails_with(code, name);
        assert_eq!(error["id"], "cacc_1");
        assert!(error.to_string().contains("pending"), "{error}");
    }
}
