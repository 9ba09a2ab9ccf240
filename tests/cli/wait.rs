//! `wait`: until it holds, until it cannot hold any more, until the time is over.

use rustix::process::Signal;

use crate::check::steady;
use crate::harness::{Home, TOKEN};
use crate::wire::{Do, Wire, json, response};

/// A connected account in that state.
fn account(status: &str) -> String {
    format!(
        "{{\"id\":\"cacc_1\",\"connection_type\":\"standard\",\"onboarding_mode\":\"full\",\"status\":\"{status}\",\
         \"platform_organization_id\":\"org_1\",\"created_at\":\"2023-11-07T05:31:56Z\"}}"
    )
}

/// Answers these, one for each connection.
fn in_turn(answers: impl IntoIterator<Item = Vec<u8>>) -> Wire {
    let script = |answer| vec![Do::Read, Do::Write(answer), Do::Finish];
    Wire::new(answers.into_iter().map(script).collect())
}

#[test]
fn until_it_holds() {
    let home = Home::new();
    for (args, stdout, stderr) in [
        (
            "cacc_onboarding --for status=active -F id,status",
            "ID      cacc_onboarding\nStatus  active\n",
            "status is pending\nstatus is active\n",
        ),
        (
            "cacc_onboarding --for status=active --for connected_tenant_id? -F status -q",
            "Status  active\n",
            "",
        ),
        // Not found is not yet.
        (
            "cacc_appearing -o yaml -F status",
            "status: active\n",
            "not found\nfound\n",
        ),
        // There is nothing to show of what is not there.
        ("gone --for not_found", "", "not found\n"),
        // A failure that passes.
        (
            "cacc_erroronce --retries 0 -F status -q",
            "Status  pending\n",
            "",
        ),
        (
            "ending --for activation_token? -F status -o ndjson -q",
            "{\"status\":\"provisioned\"}\n",
            "",
        ),
    ] {
        let args = format!("-p sandbox wait --interval 1ms {args}");
        home.acctq(&args).run().is(0, stdout, stderr);
    }
}

#[test]
fn changes_are_objects_for_scripts() {
    let ended = Home::new()
        .acctq(
            "-p sandbox wait cacc_revoking --for status=suspended --interval 1ms -F status -o json",
        )
        .run();
    let seen = |status, holds, lookups| {
        format!(
            "{{\"progress\":{{\"id\":\"cacc_revoking\",\"api\":\"connect\",\"profile\":\"sandbox\",\"found\":true,\"met\":{holds},\"expectations\":[{{\"expect\":\"status=suspended\",\"holds\":{holds},\"actual\":\"{status}\",\"note\":null}}],\"error\":null,\"lookups\":{lookups},\"elapsed_ms\":N}}}}\n"
        )
    };
    steady(ended).is(
        0,
        "{\n  \"status\": \"suspended\"\n}\n",
        &(seen("pending", false, 1) + &seen("suspended", true, 2)),
    );
}

#[test]
fn what_ends_the_waiting() {
    let home = Home::new();
    for (args, code, stderr) in [
        // It is revoked for good.
        (
            "cacc_revoking --for status=active",
            10,
            "status is pending\nstatus is suspended\nstatus is revoked\n\
             error: the connected account cacc_revoking (profile sandbox) will not come to status=active any more: status is revoked\n  \
             hint: status=revoked is for good; nothing is waited for any longer\n",
        ),
        (
            "cacc_revokedexpress --for metadata.seats>3 -q",
            10,
            "error: the connected account cacc_revokedexpress (profile sandbox) will not come to metadata.seats>3 any more: metadata.seats is 3\n  \
             hint: status=revoked is for good; nothing is waited for any longer\n",
        ),
        (
            "cacc_revokedexpress --for not_found -q",
            10,
            "error: the connected account cacc_revokedexpress (profile sandbox) will not come to not_found any more: found\n  \
             hint: status=revoked is for good; nothing is waited for any longer\n",
        ),
        (
            "cacc_pendingexpress --for status=active --within 500ms",
            124,
            "status is pending\n\
             error: the connected account cacc_pendingexpress (profile sandbox) did not come to status=active within 0.5 s: status is pending\n  \
             hint: --within waits longer\n",
        ),
        (
            "gone",
            10,
            "not found\n\
             error: the partner account gone (profile sandbox) will not be found any more: not found\n  \
             hint: it has been removed (410) and will not come back; nothing is waited for any longer\n",
        ),
        (
            "nobody --within 500ms",
            124,
            "not found\nerror: the partner account nobody (profile sandbox) was not found within 0.5 s: not found\n  hint: --within waits longer\n",
        ),
        // A server that asks for more time than there is.
        (
            "cacc_ratelimitedlong --for status=active --within 1h -q",
            124,
            "error: the connected account cacc_ratelimitedlong (profile sandbox) did not come to status=active: it could not be asked; \
             the server asks for a longer pause than is left of 1 h 0 m 0 s: 127.0.0.1:N (profile sandbox) asks to wait for 60 min (status 429) (cacc_ratelimitedlong)\n  hint: try again in 60 min, as it asks\n",
        ),
        // One look-up takes longer than the whole time.
        (
            "cacc_slow --within 500ms",
            124,
            "error: the connected account cacc_slow (profile sandbox) was not found within 0.5 s: it could not be asked; \
             the last one failed: 127.0.0.1:N did not answer within 0.5 s (cacc_slow, profile sandbox)\n  hint: --within waits longer\n",
        ),
        // What lasts.
        (
            "cacc_forbidden",
            4,
            "error: 127.0.0.1:N (profile sandbox) does not let this token read the connected account cacc_forbidden (status 403); the server says: \"Access is denied.\"\n  \
             hint: ask for a token that has the right to read it\n",
        ),
        (
            "cacc_array",
            9,
            "error: the answer of 127.0.0.1:N is JSON, but not an object (cacc_array, profile sandbox)\n  hint: is base_url right? `acctq config show` shows it\n",
        ),
    ] {
        let args = format!("-p sandbox wait --interval 1ms {args}");
        let ended = steady(home.acctq(&args).run());
        assert_eq!(ended.stdout, "", "{args}");
        ended.is(code, "", stderr);
    }
}

/// Of a token helper that takes too long, the time is over as well, unless it is a look-up's own.
#[test]
fn a_helper_is_not_waited_for_any_longer() {
    let home = Home::new();
    home.config(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"http://127.0.0.1:1\"\ntoken_command = [\"sleep\", \"100\"]\n",
    );
    for (args, code, says) in [
        (
            "--within 100ms",
            124,
            "the connected account cacc_1 (profile test) was not found within 0.1 s: it could not be asked; the last one failed: ",
        ),
        ("--within 10s --timeout 100ms", 4, "sleep"),
    ] {
        let args = format!("wait cacc_1 {args}");
        home.acctq(&args).run().fails(code, &[says]);
    }
}

/// A change is told in short; the document holds all of it.
#[test]
fn what_is_told_on_the_way_is_short() {
    let long = "Y".repeat(300);
    let account = account("active").replace('}', &format!(",\"metadata\":{{\"a\":\"{long}\"}}}}"));
    let wire = in_turn([json(&account)]);
    let home = Home::new();
    home.profile(wire.url());
    let ended = home
        .acctq("wait cacc_1 --for metadata.a~Y --for status=active -F metadata.a -o ndjson")
        .run();
    steady(ended).is(
        0,
        &format!("{{\"metadata.a\":\"{long}\"}}\n"),
        "{\"progress\":{\"id\":\"cacc_1\",\"api\":\"connect\",\"profile\":\"test\",\"found\":true,\"met\":true,\"expectations\":[\
         {\"expect\":\"metadata.a~Y\",\"holds\":true,\"actual\":null,\"note\":\"too long to be shown\"},\
         {\"expect\":\"status=active\",\"holds\":true,\"actual\":\"active\",\"note\":null}],\"error\":null,\"lookups\":1,\"elapsed_ms\":N}}\n",
    );
}

#[test]
fn what_is_no_use_is_refused() {
    let home = Home::new();
    for (args, code, says) in [
        ("cacc_1 --for status=activ", 2, "did you mean `active`?"),
        ("cacc_1 --within 10", 2, "such as 60s"),
        ("cacc_1 --interval 0s", 2, "such as 60s"),
        // Not after ten minutes.
        (
            "cacc_pendingexpress -p sandbox --for status=active -F statsu",
            2,
            "did you mean `status`?",
        ),
        ("cacc_1 cacc_2", 2, "takes no argument `cacc_2`"),
        ("", 2, "needs an argument"),
        ("cacc_1", 3, "there is no configuration file"),
    ] {
        home.acctq(&format!("wait {args}"))
            .run()
            .fails(code, &[says]);
    }
}

/// Each failure that may pass is waited out, and told once.
#[test]
fn failures_are_ridden_out() {
    let home = Home::new();
    let unavailable = || response("503 Oh", "", "");
    let wire = in_turn([
        unavailable(),
        unavailable(),
        response("429 Too Many Requests", "Retry-After: 0\r\n", ""),
        json(&account("pending")),
        unavailable(),
        json(&account("active")),
    ]);
    home.profile(wire.url());
    let ended = home
        .acctq("wait cacc_1 --for status=active --interval 1ms --retries 0 -F status")
        .run();
    steady(ended).is(
        0,
        "Status  active\n",
        "no answer: 127.0.0.1:N (profile test) failed with status 503 (cacc_1)\n\
         no answer: 127.0.0.1:N (profile test) asks to wait for 0 s (status 429) (cacc_1)\n\
         status is pending\n\
         no answer: 127.0.0.1:N (profile test) failed with status 503 (cacc_1)\n\
         status is active\n",
    );
    assert_eq!(wire.requests().len(), 6);
}

/// A silent server costs a look-up its `--timeout`, not the whole time.
#[test]
fn the_timeout_is_that_of_one_look_up() {
    let home = Home::new();
    let wire = Wire::new(vec![
        vec![Do::Read, Do::Hold],
        vec![Do::Read, Do::Write(json(&account("active"))), Do::Finish],
    ]);
    home.profile(wire.url());
    home.acctq("wait cacc_1 --interval 1ms --timeout 100ms --retries 0 -F status -q")
        .run()
        .prints("Status  active\n");
}

/// Tokens may end before the waiting does; one that never was accepted is not read again.
#[test]
fn a_token_that_has_ended_is_read_anew() {
    let home = Home::new();
    let rejected = || response("401 Unauthorized", "", "");
    home.file(
        "helper",
        format!("#!/bin/sh\necho x >>asked\necho {TOKEN}\n"),
        0o700,
    );
    for (answers, code, asked) in [
        (
            vec![
                json(&account("pending")),
                rejected(),
                json(&account("active")),
            ],
            0,
            "x\nx\n",
        ),
        (
            vec![json(&account("pending")), rejected(), rejected()],
            4,
            "x\nx\n",
        ),
        (vec![rejected()], 4, "x\n"),
    ] {
        let wire = in_turn(answers);
        home.config(format!(
            "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\ntoken_command = [\"{}/helper\"]\n",
            wire.url(),
            home.path().display()
        ));
        home.file("asked", "", 0o600);
        let ended = home
            .acctq("wait cacc_1 --for status=active --interval 1ms -F status -q")
            .run();
        assert_eq!(ended.code, code, "{ended:#?}");
        assert_eq!(
            std::fs::read_to_string(home.path().join("asked")).unwrap(),
            asked
        );
    }
}

/// Whoever spells out what is secret does not find it in what is told, be it that the account keeps it, that a program has
/// given it as the token, or that it looks like a credential.
#[test]
fn what_is_waited_for_is_no_secret_in_what_is_told() {
    let home = Home::new();
    home.file("helper", format!("#!/bin/sh\necho {TOKEN}\n"), 0o700);
    let answer =
        account("revoked").replace('}', ",\"metadata\":{\"activation_token\":\"acorn-9913\"}}");
    let wire = in_turn([json(&answer), json(&answer)]);
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\ntoken_command = [\"{}/helper\"]\n",
        wire.url(),
        home.path().display()
    ));
    let by_token = format!("metadata.{TOKEN}=PNS-DEFG1234");
    let args = [
        "wait",
        "cacc_1",
        "--for",
        "metadata.x=acorn-9913",
        "--for",
        &by_token,
    ];
    let [goal, standing] = [
        "metadata.x=••••••••, metadata.••••••••=••••••••",
        "metadata.x is not set, metadata.•••••••• is not set",
    ];
    let message = format!(
        "the connected account cacc_1 (profile test) will not come to {goal} any more: {standing}"
    );
    home.acctq_args(args).run().is(
        10,
        "",
        &format!("{standing}\nerror: {message}\n  hint: status=revoked is for good; nothing is waited for any longer\n"),
    );
    let ended = home.acctq_args(args).arg("-o").arg("json").run();
    assert_eq!((ended.code, ended.stdout.as_str()), (10, ""));
    let told: Vec<serde_json::Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected = &told[0]["progress"]["expectations"];
    assert_eq!(
        [
            &expected[0]["expect"],
            &expected[1]["expect"],
            &told[1]["error"]["message"]
        ],
        [
            "metadata.x=••••••••",
            "metadata.••••••••=••••••••",
            message.as_str()
        ]
    );
}

#[test]
fn a_signal_says_what_was_seen_last() {
    let home = Home::new();
    let wire = in_turn([json(&account("pending"))]);
    home.profile(wire.url());
    for (signal, code, word) in [
        (Signal::INT, 130, "interrupted"),
        (Signal::TERM, 143, "terminated"),
    ] {
        let mut started = home
            .acctq("wait cacc_1 --for status=active --interval 1h")
            .start();
        assert_eq!(started.message(), "status is pending\n");
        started.signal(signal);
        started.exits().is(
            code,
            "",
            &format!("error: {word} while waiting for the connected account cacc_1 (profile test): status is pending\n  hint: run it again if you still want it\n"),
        );
    }
}
