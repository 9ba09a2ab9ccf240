//! What is printed, and what never is.

use std::fs;

use serde_json::Value;

use crate::harness::{ACTIVATION, Home};
use crate::wire::{Wire, json, response, serves};

const CACC: &str = "cacc_7n42DGM5Tflk9n8mt7Fhc7";

/// A connected account that keeps to the contract, with this metadata, which is JSON.
fn connected(id: &str, metadata: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"connection_type\":\"standard\",\"onboarding_mode\":\"full\",\"status\":\"active\",\
         \"platform_organization_id\":\"org_1\",\"created_at\":\"2023-11-07T05:31:56Z\",\"metadata\":{metadata}}}"
    )
}

/// A partner account that keeps to the contract, with these further members, which are JSON.
fn partner(uid: &str, more: &str) -> String {
    format!(
        "{{\"customer_account_uid\":\"{uid}\",\"account_type\":\"I\",\"activation_token\":\"{ACTIVATION}\",\
         \"domain\":\"b5test.com\",\"status\":\"provisioned\",\"deployed_members\":1,\
         \"created_at\":\"2023-01-23T15:55:58Z\",\"updated_at\":\"2023-01-23T15:58:22Z\",\"ends_at\":null{more}}}"
    )
}

/// A home whose profile `test` is a server that gives this answer and no other.
fn answered(body: &str) -> Home {
    let home = Home::new();
    home.profile(Wire::answers(json(body)).url());
    home
}

/// A home whose profile `test` is a server that knows any account; those whose id starts with a status fail with it.
fn any() -> Home {
    let home = Home::new();
    home.profile(&serves(|path| {
        let id = path.rsplit('/').next().unwrap();
        let status = id.trim_start_matches("cacc_").get(..3);
        match status {
            Some("404") => response("404 Not Found", "", ""),
            Some("410") => response("410 Gone", "", ""),
            Some("500") => response("500 Oh", "", ""),
            _ if id.starts_with("cacc_") => json(&connected(id, "null")),
            _ => json(&partner(id, "")),
        }
    }));
    home
}

/// What a stranger may write, how a table and how YAML write it.
const STRANGE: &[(&str, &str, &str)] = &[
    ("\u{1b}[2J", "\\u{1b}[2J", "\\x1B[2J"),
    ("\u{1b}]0;t\u{7}", "\\u{1b}]0;t\\u{7}", "\\x1B]0;t\\x07"),
    (
        "\u{1b}]8;;http://evil.test\u{1b}\\",
        "\\u{1b}]8;;http://evil.test\\u{1b}\\",
        "\\x1B]8;;http://evil.test\\x1B\\\\",
    ),
    (
        "\u{1b}]52;c;cm0K\u{7}",
        "\\u{1b}]52;c;cm0K\\u{7}",
        "\\x1B]52;c;cm0K\\x07",
    ),
    ("\u{9b}31m", "\\u{9b}31m", "\\x9B31m"),
    ("\u{85}", "\\u{85}", "\\x85"),
    ("\u{0}", "\\u{0}", "\\x00"),
    ("\r", "\\r", "\\r"),
    ("\u{8}", "\\u{8}", "\\x08"),
    ("\u{7f}", "\\u{7f}", "\\x7F"),
    ("\nstatus: active", "\\nstatus: active", "\\nstatus: active"),
    ("\t", "\\t", "\\t"),
    ("\u{202e}gnp", "\\u{202e}gnp", "\\u202Egnp"),
    ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}", "\\u2066\\u2069"),
    (
        "\u{200b}\u{200d}\u{feff}",
        "\\u{200b}\\u{200d}\\u{feff}",
        "\\u200B\\u200D\\uFEFF",
    ),
    (
        "\u{e0041}\u{e007f}",
        "\\u{e0041}\\u{e007f}",
        "\\U000E0041\\U000E007F",
    ),
    ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}", "\\u2028\\u2029"),
    ("\u{fffe}\u{ffff}", "\\u{fffe}\\u{ffff}", "\\uFFFE\\uFFFF"),
    ("漢字 😀 é \"q\"", "漢字 😀 é \"q\"", "漢字 😀 é \\\"q\\\""),
];

/// Whether a character must not reach anybody as it is: written down here apart from the program's own predicate.
fn is_harmful(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
            | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

#[test]
fn hostile_text_is_harmless_in_every_format() {
    for (text, table, yaml) in STRANGE {
        let text = format!("Acme {text}.");
        let quoted = serde_json::to_string(&text).unwrap();
        let home = answered(
            &connected(CACC, &format!("{{{quoted}:[{quoted}]}}")).replace(
                "\"metadata\"",
                &format!("\"pending_organization_name\":{quoted},{quoted}:1,\"metadata\""),
            ),
        );
        for format in ["json", "ndjson"] {
            let ended = home.acctq(&format!("get {CACC} -o {format}")).run();
            let value: Value = serde_json::from_str(&ended.stdout).unwrap();
            assert_eq!(value["pending_organization_name"], text.as_str());
            assert_eq!(value["metadata"][&text][0], text.as_str());
            assert_eq!(value[&text], 1);
            assert_eq!(ended.stdout.chars().find(|c| is_harmful(*c)), None);
            ended.is(0, &ended.stdout, "");
        }
        let fields = format!("get {CACC} -F pending_organization_name,metadata,status");
        home.acctq(&format!("{fields} -o yaml")).run().prints(&format!(
            "pending_organization_name: \"Acme {yaml}.\"\nmetadata:\n  \"Acme {yaml}.\":\n    - \"Acme {yaml}.\"\nstatus: active\n"
        ));
        let shown = home.acctq(&format!("{fields},connection_type")).run();
        let lines: Vec<_> = shown.stdout.lines().collect();
        assert_eq!(lines.len(), 4, "{shown:#?}");
        assert_eq!(lines[0], format!("Organization to be  Acme {table}."));
        assert_eq!(
            lines[2..],
            ["Status              active", "Connection type     standard"]
        );
        assert_eq!(shown.stdout.chars().find(|c| is_harmful(*c)), None);
        // Fields beyond the contract stand at the end, their names as harmless as their values.
        let whole = home.acctq(&format!("get {CACC}")).run();
        let last = whole.stdout.lines().last().unwrap();
        assert!(
            last.starts_with(&format!("Acme {table}.  ")) && last.ends_with(" 1"),
            "{whole:#?}"
        );
        // In rows, a name takes one row, and the next column starts where it does for the others.
        let rows = home
            .acctq(&format!(
                "cacc get {CACC} {CACC} -F pending_organization_name,status"
            ))
            .run();
        let name = format!("Acme {table}.");
        assert_eq!(rows.stdout.lines().count(), 3, "{rows:#?}");
        assert!(
            rows.stdout
                .lines()
                .skip(1)
                .all(|row| row.starts_with(&name) && row.ends_with("  active")),
            "{rows:#?}"
        );
    }
}

#[test]
fn hostile_text_is_harmless_in_errors_and_traces() {
    for (text, table, _) in STRANGE {
        let body =
            serde_json::json!({"code": format!("C{text}"), "message": format!("Acme {text}.")});
        // A header cannot hold what C0 does; what it can hold is hostile enough.
        let id: String = text
            .chars()
            .filter(|c| *c >= ' ' && *c != '\u{7f}')
            .collect();
        let server = Wire::answers(response(
            "500 Oh",
            &format!("Content-Type: application/json\r\nX-Request-Id: r{id}\r\n"),
            &body.to_string(),
        ));
        let home = Home::new();
        home.profile(server.url());
        let said = format!("; the server says: \"Acme {table}.\" ({CACC})\n");
        let ended = home.acctq(&format!("get {CACC} --retries 0 -v")).run();
        ended.fails(
            8,
            &[
                &said,
                &format!(
                    "> GET {}/api/v1/connected-accounts/{CACC} (attempt 1)\n< 500 in ",
                    server.url()
                ),
            ],
        );
        assert_eq!(ended.stderr.chars().find(|c| is_harmful(*c)), None);
        let ended = home.acctq(&format!("get {CACC} --retries 0 -o json")).run();
        let error = ended.fails(8, &[]).error();
        assert_eq!(error["server_message"], format!("Acme {table}."));
        assert_eq!(error["server_code"], format!("C{table}"));
        let ended = home
            .acctq(&format!("get {CACC} --retries 0 -o json -v"))
            .run();
        assert_eq!(ended.stderr.chars().find(|c| is_harmful(*c)), None);
        for line in ended.stderr.lines() {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }
}

#[test]
fn piled_up_marks_do_not_paint_over_other_lines() {
    let name = format!("e{}x", "\u{301}".repeat(10_000));
    let home = answered(&connected(CACC, &serde_json::to_string(&name).unwrap()));
    let marks = "\\u{301}".repeat(9_996);
    home.acctq(&format!("get {CACC} -F metadata,status"))
        .run()
        .prints(&format!(
            "Metadata  e\u{301}\u{301}\u{301}\u{301}{marks}x\nStatus    active\n"
        ));
    // As escapes that parse back to the same text.
    let marks = "\\u0301".repeat(9_996);
    let quoted = format!("\"e\u{301}\u{301}\u{301}\u{301}{marks}x\"");
    assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), name);
    for (format, stdout) in [
        ("json", format!("{{\n  \"metadata\": {quoted}\n}}\n")),
        ("ndjson", format!("{{\"metadata\":{quoted}}}\n")),
        ("yaml", format!("metadata: {quoted}\n")),
    ] {
        home.acctq(&format!("get {CACC} -F metadata -o {format}"))
            .run()
            .prints(&stdout);
    }
    // The beginning of another word ends the row.
    let name = format!("{0} {0}{0}", "e\u{301}\u{301}\u{301}\u{301}");
    answered(&connected(CACC, &serde_json::to_string(&name).unwrap()))
        .acctq(&format!("get {CACC} -F metadata -o ndjson"))
        .run()
        .prints(&format!("{{\"metadata\":\"{name}\"}}\n"));
}

#[test]
fn columns_are_aligned_by_width_on_the_screen() {
    let home = Home::new();
    home.profile(&serves(|path| {
        let id = path.rsplit('/').next().unwrap();
        let name = match id {
            "cacc_1" => "漢字漢字漢字",
            "cacc_2" => "😀",
            "cacc_3" => "e\u{301}",
            _ => "Zoë",
        };
        json(&connected(id, &format!("\"{name}\"")))
    }));
    home.acctq("get cacc_1 cacc_2 cacc_3 cacc_4 -F metadata,id -o table -q")
        .run()
        .prints(
            "Metadata      ID\n\
         漢字漢字漢字  cacc_1\n\
         😀            cacc_2\n\
         e\u{301}             cacc_3\n\
         Zoë           cacc_4\n",
        );
}

#[test]
fn a_cell_of_any_size_passes_a_pipe_uncut() {
    let name = "word ".repeat(50_000);
    let home = answered(&connected(CACC, &format!("\"{name}\"")));
    home.acctq(&format!("get {CACC} -F metadata,id"))
        .run()
        .prints(&format!("Metadata  {name}\nID        {CACC}\n"));
    // It pushes right what stands behind it, and nothing else: padding the others would take memory times the rows.
    let row = format!("{name}  {CACC}\n");
    home.acctq(&format!("get {CACC} {CACC} -F metadata,id -q"))
        .run()
        .prints(&format!("Metadata  ID\n{row}{row}"));
}

/// What a stranger makes large grows little by being laid out: the harness holds the program to its memory.
#[test]
fn nothing_is_indented_without_bound() {
    let elements = |gap: &str| format!("0{}", format!(",{gap}0").repeat(400_000));
    let brackets = |n: usize| ("[".repeat(n), "]".repeat(n));
    let (open, close) = brackets(126);
    let home = answered(&connected(CACC, &format!("{open}{}{close}", elements(""))));
    let (open, close) = brackets(111);
    home.acctq(&format!("get {CACC} -F metadata -o yaml"))
        .run()
        .prints(&format!(
            "metadata:\n  {}{open}{}{close}\n",
            "- ".repeat(15),
            elements(" ")
        ));
    // Where the elements themselves could be laid out, but are too many.
    let (open, close) = brackets(9);
    let home = answered(&connected(CACC, &format!("{open}{}{close}", elements(""))));
    home.acctq(&format!("get {CACC} -F metadata -o yaml"))
        .run()
        .prints(&format!(
            "metadata:\n  {}[{}]\n",
            "- ".repeat(8),
            elements(" ")
        ));
    let indented = |bracket: &str, levels: &mut dyn Iterator<Item = usize>| -> String {
        levels
            .map(|level| format!("{}{bracket}\n", " ".repeat(2 * level)))
            .collect()
    };
    home.acctq(&format!("get {CACC} -F metadata -o json"))
        .run()
        .prints(&format!(
            "{{\n  \"metadata\": [\n{}{}[{}]\n{}}}\n",
            indented("[", &mut (2..9)),
            " ".repeat(2 * 9),
            elements(""),
            indented("]", &mut (1..9).rev()),
        ));
}

#[test]
fn nothing_is_padded_without_bound() {
    let (label, name) = ("k".repeat(400_000), "n".repeat(400_000));
    let small = |n: usize| format!("\"m{n}\":1");
    let members: Vec<_> = (0..1000).map(small).collect();
    let home = answered(&format!(
        "{{\"id\":\"cacc_1\",\"{label}\":1,{}}}",
        members.join(",")
    ));
    let rows: String = (0..1000)
        .map(|n| format!("{:4}  1\n", format!("m{n}")))
        .collect();
    home.acctq("get cacc_1 -q")
        .run()
        .prints(&format!("ID    cacc_1\n{label}  1\n{rows}"));
    let named = |name: &str| connected("cacc_1", &format!("\"{name}\""));
    let others = vec![named("small"); 300].join(",");
    let home = answered(&format!("{{\"data\":[{},{others}]}}", named(&name)));
    home.acctq("cacc list -q -F metadata,status")
        .run()
        .prints(&format!(
            "Metadata  Status\n{name}  active\n{}",
            "small     active\n".repeat(300)
        ));
}

#[test]
fn strings_that_yaml_takes_for_something_else_are_quoted() {
    let quoted = "no No NO yes on Off y N true False null Null ~ = << 1e3 1E+3 e3 0x1 0o7 007 0b1 1_000 +1 -1 .5 1. .inf \
         -.INF .nan NaN 12:30:45 190:20:30 2001-12-14 2001-12-14t21:59:43.10-05:00 -- --- ... - ? : , [ ] { } # & * ! | > % @ ` '";
    for word in quoted
        .split_whitespace()
        .chain(["", " ", "a: b", "a #b", "- a", " a", "a "])
    {
        let home = answered(&connected(CACC, &format!("{{\"{word}\":\"{word}\"}}")));
        home.acctq(&format!("get {CACC} -F metadata -o yaml"))
            .run()
            .prints(&format!("metadata:\n  \"{word}\": \"{word}\"\n"));
    }
    for word in [
        "nobody",
        "north",
        "e3a",
        "Acme, Inc.",
        "ann+b@example.com",
        CACC,
    ] {
        let home = answered(&connected(CACC, &format!("{{\"{word}\":\"{word}\"}}")));
        home.acctq(&format!("get {CACC} -F metadata -o yaml"))
            .run()
            .prints(&format!("metadata:\n  {word}: {word}\n"));
    }
}

#[test]
fn an_activation_token_is_nowhere_without_reveal() {
    let token = ACTIVATION;
    let escaped = token.replace('C', "\\u0043");
    for more in [
        String::new(),
        format!(",\"coupon\":\"{token}\""),
        format!(",\"redeem_url\":\"https://start.b5test.com/partnership/redeem?t=I&c={token}\""),
        format!(",\"redeem_url\":\"https://start.b5test.com/partnership/redeem?t=I&c={escaped}\""),
        format!(
            ",\"old\":{{\"activationToken\":\"{token}-2\",\"deep\":[[\"x {token} y\",{{\"ACTIVATION-TOKEN\":[\"{token}\"]}}]]}}"
        ),
        format!(",\"{token}\":1"),
        format!(",\"{token}\":null,\"x{token}\":\"\""),
        format!(",\"by\":{{\"{token}\":{{\"a\":1}},\"b\":2}}"),
        format!(",\"list\":[\"{token}\",\"{escaped}\",1]"),
        ",\"promotion\":{\"activation_token\":[\"PNS-CANARY77\"]},\"link\":\"https://x/?c=PNS-CANARY77\"".to_owned(),
        format!(",\"activation_tokens\":[\"{token}\"]"),
        // Of others, which nothing but their names tells.
        ",\"activationToken\":\"PNS-CANARY99\",\"old\":[{\"ACTIVATION-TOKEN\":\"PNS-CANARY98\"}]".to_owned(),
    ] {
        let uid = "u-1";
        let home = answered(&partner(uid, &more));
        for format in ["table", "json", "yaml", "ndjson"] {
            for ids in ["u-1", "u-1 u-1"] {
                // The harness looks for the token in both streams, in every form.
                let ended = home.acctq(&format!("get {ids} -o {format} -v")).run();
                assert_eq!(ended.code, 0, "{ended:#?}");
                assert!(ended.stdout.contains(uid), "{ended:#?}");
                assert!(
                    !ended.stdout.contains("CANARY"),
                    "{more} as {format}: {ended:#?}"
                );
                let revealed = home.acctq(&format!("get {ids} -o {format} --reveal")).run();
                let columns = format == "table" && ids.contains(' ');
                assert!(
                    columns || revealed.stdout.contains(token),
                    "{more} as {format}: {revealed:#?}"
                );
            }
        }
    }
}

#[test]
fn a_secret_is_hidden_elsewhere_whatever_it_is_made_of() {
    for (secret, elsewhere, shown) in [
        (r#""PNS-ABCDE""#, r#"["x PNS-ABCDE",1]"#, "[1]"),
        (
            "20261122",
            r#"[20261122,"pin 20261122",-20261122.5,2026112]"#,
            "[2026112]",
        ),
        (r#""20261122""#, r#"{"a":20261122,"b":1}"#, r#"{"b":1}"#),
        (
            r#"{"PNS-ABCDE":1}"#,
            r#"{"PNS-ABCDE":2,"b":"PNS-ABCDE","c":3}"#,
            r#"{"c":3}"#,
        ),
        (r#"[{"code":["PNS-ABCDE"]}]"#, r#"["PNS-ABCDE"]"#, "[]"),
        // Words as names tell nothing, and what is short would be found by accident.
        (
            r#"{"expires":1,"maxUses":2}"#,
            r#"{"expires":2,"a":"maxUses"}"#,
            r#"{"expires":2,"a":"maxUses"}"#,
        ),
        ("12345", "[12345]", "[12345]"),
        (r#""ABCDE""#, r#"["ABCDE"]"#, r#"["ABCDE"]"#),
    ] {
        let home = answered(&format!(
            "{{\"customer_account_uid\":\"u-1\",\"activation_token\":{secret},\"x\":{elsewhere}}}"
        ));
        home.acctq("get u-1 -q -o ndjson").run().prints(&format!(
            "{{\"customer_account_uid\":\"u-1\",\"x\":{shown}}}\n"
        ));
    }
}

/// A secret with the text of what everybody knows takes nothing away that scripts rely on.
#[test]
fn the_id_and_the_words_of_the_contract_are_never_taken_for_a_secret() {
    for secret in [
        "aabee51b-0be2",
        "provisioned",
        "status",
        "updated_at",
        "b5test",
        "2023-01-23T15:55:58Z",
    ] {
        let body = partner("aabee51b-0be2", ",\"note\":\"x\"").replace(ACTIVATION, secret);
        let home = answered(&body);
        let open = body.replace(&format!("\"activation_token\":\"{secret}\","), "");
        home.acctq("get aabee51b-0be2 -o ndjson")
            .run()
            .prints(&format!("{open}\n"));
        let check = "check aabee51b-0be2 -q -o yaml --expect status=provisioned";
        let judged = home.acctq(check).run();
        assert_eq!(
            (judged.code, judged.stderr.as_str()),
            (0, ""),
            "{judged:#?}"
        );
        let actual = "expect: \"status=provisioned\"\n    holds: true\n    actual: provisioned\n";
        assert!(judged.stdout.contains(actual), "{judged:#?}");
    }
    // Nor an account of a list.
    let account = connected("cacc_1", "{\"activation_token\":\"active\"}");
    let body = account
        .replace("active\",\"pl", "pending\",\"pl")
        .replace("\"active\"}", "\"pending\"}");
    let home = answered(&format!("{{\"data\":[{body}]}}"));
    home.acctq("cacc list -q -o ndjson --where status=pending -F id,status")
        .run()
        .prints("{\"id\":\"cacc_1\",\"status\":\"pending\"}\n");
    // What only looks like an id is one of another account, which nobody asked for.
    let body = partner("PNS-ABCDE", "").replace(ACTIVATION, "PNS-ABCDE");
    let ended = answered(&body).acctq("get u-1 -q").run();
    ended.fails(
        9,
        &["answers with another partner account: •••••••• instead of u-1"],
    );
    // Nor does an unknown word stay.
    let body = partner("u-1", "").replace("provisioned", ACTIVATION);
    let ended = answered(&body)
        .acctq("get u-1 -q -o ndjson -F status")
        .run();
    ended.fails(2, &[]);
}

/// What is near a mistyped name is told only if it would be shown.
#[test]
fn a_hint_suggests_nothing_that_is_hidden() {
    let token = ACTIVATION;
    let secret = format!("\"activation_token\":\"{token}\",\"promo_{token}\":1");
    let nothing = "`-o json` without --fields shows every member";
    for (more, field, hint) in [
        (secret.clone(), "promo", nothing),
        (secret.clone(), "PNS", nothing),
        // One that says nothing, but holds it, is less use than one that is shown.
        (format!("{secret},\"promt\":\"{token}\""), "promo", nothing),
        (
            format!("{secret},\"promoted\":1"),
            "promo",
            "did you mean `promoted`?",
        ),
    ] {
        let account = format!("{{\"id\":\"cacc_1\",{more}}}");
        for (command, body) in [
            ("get cacc_1", account.clone()),
            ("get cacc_1 cacc_1", account.clone()),
            ("wait cacc_1", account.clone()),
            ("cacc list", format!("{{\"data\":[{account}]}}")),
        ] {
            // The accounts of a list are gone when its names are judged.
            let hint = if command == "cacc list" {
                nothing
            } else {
                hint
            };
            let home = answered(&body);
            for format in ["table", "json", "yaml", "ndjson"] {
                // The harness looks for the token in both streams, in every form.
                let ended = home
                    .acctq(&format!("{command} -q -F {field} -o {format}"))
                    .run();
                assert_eq!(
                    (ended.code, ended.stdout.matches("cacc").count()),
                    (2, 0),
                    "{ended:#?}"
                );
                assert!(
                    ended.stderr.contains(hint),
                    "{command} as {format}: {ended:#?}"
                );
            }
        }
    }
}

#[test]
fn an_activation_token_in_an_error_is_hidden() {
    let body = format!(
        "{{\"error\":\"{ACTIVATION}\",\"description\":\"the coupon {ACTIVATION} is used up\",\"activation_token\":\"{ACTIVATION}\"}}"
    );
    for (status, headers) in [
        ("400 Bad", String::new()),
        ("404 Not Found", String::new()),
        ("500 Oh", format!("X-Request-Id: {ACTIVATION}\r\n")),
        // Where an excerpt is cut, no part of it is left either.
        (
            "500 Oh",
            format!("X-Request-Id: {} {ACTIVATION}\r\n", "x".repeat(188)),
        ),
        (
            "302 Found",
            format!("Location: https://{ACTIVATION}.test/?c={ACTIVATION}\r\n"),
        ),
        ("200 OK", format!("Content-Encoding: {ACTIVATION}\r\n")),
        ("200 OK", format!("Content-Type: text/{ACTIVATION}\r\n")),
        (
            "200 OK",
            format!("Content-Type: application/json\r\nX-Request-Id: {ACTIVATION}\r\n"),
        ),
    ] {
        let server = Wire::answers(response(status, &headers, &body));
        let home = Home::new();
        home.profile(server.url());
        for more in ["", " -o json", " -v", " -v -o ndjson", " u-2"] {
            let ended = home.acctq(&format!("get u-1 --retries 0{more}")).run();
            assert!(
                !ended.stderr.to_lowercase().contains("canary"),
                "{headers}: {ended:#?}"
            );
        }
    }
}

#[test]
fn a_revealed_token_is_shown_in_every_format() {
    let home = answered(&partner("u-1", ""));
    for (format, stdout) in [
        ("table", "Activation token  PNS-CANARY42\n"),
        ("json", "{\n  \"activation_token\": \"PNS-CANARY42\"\n}\n"),
        ("yaml", "activation_token: PNS-CANARY42\n"),
        ("ndjson", "{\"activation_token\":\"PNS-CANARY42\"}\n"),
    ] {
        home.acctq(&format!("get u-1 -F activation_token --reveal -o {format}"))
            .run()
            .prints(stdout);
    }
    home.acctq("partner account get u-1").run().prints(
        "UID               u-1\n\
         Account type      I\n\
         Activation token  ••••••••  (--reveal shows it)\n\
         Domain            b5test.com\n\
         Status            provisioned\n\
         Deployed members  1\n\
         Created           2023-01-23T15:55:58Z\n\
         Updated           2023-01-23T15:58:22Z\n\
         Ends              –\n",
    );
}

#[test]
fn a_secret_that_is_empty_is_shown_as_such() {
    for (secret, shown) in [
        ("null", "–"),
        ("\"\"", ""),
        ("[]", "[]"),
        ("{}", "{}"),
        ("0", "••••••••  (--reveal shows it)"),
        ("false", "••••••••  (--reveal shows it)"),
        ("[0]", "••••••••  (--reveal shows it)"),
    ] {
        let home = answered(&format!(
            "{{\"customer_account_uid\":\"u-1\",\"activation_token\":{secret}}}"
        ));
        let line = format!("Activation token  {shown}");
        home.acctq("get u-1 -q")
            .run()
            .prints(&format!("UID               u-1\n{}\n", line.trim_end()));
        // A script gets as much of it as of any other.
        home.acctq("get u-1 -q -o ndjson")
            .run()
            .prints("{\"customer_account_uid\":\"u-1\"}\n");
    }
}

/// Of the account that it is about, by the name that a table has for it, too.
#[test]
fn a_hint_suggests_what_the_account_can_have() {
    for (id, body, field, hint) in [
        (
            "u-1",
            partner("u-1", ""),
            "uid",
            "did you mean `customer_account_uid`?",
        ),
        ("u-1", partner("u-1", ""), "ends", "did you mean `ends_at`?"),
        (
            "u-1",
            partner("u-1", ""),
            "idd",
            "`-o json` without --fields shows every member",
        ),
        (CACC, connected(CACC, "null"), "idd", "did you mean `id`?"),
        (
            CACC,
            connected(CACC, "null"),
            "onboarded",
            "did you mean `onboarding_completed_at`?",
        ),
    ] {
        let noun = if id == CACC { "connected" } else { "partner" };
        answered(&body)
            .acctq(&format!("get {id} -F {field}"))
            .run()
            .is(2, "", &format!("error: `{field}` is neither a field of a {noun} account nor a member of the answer\n  hint: {hint}\n"));
    }
}

/// An account alone has nothing of a field that only the other API knows; among several, another one may.
#[test]
fn a_look_up_of_nothing_is_told() {
    let home = any();
    for (args, stdout, message) in [
        (
            "get u-1 -F id",
            "",
            "`id` is neither a field of a partner account nor a member of the answer",
        ),
        (
            "get cacc_1 -F domain,ends_at",
            "",
            "`domain` is neither a field of a connected account nor a member of the answer",
        ),
        (
            "get u-1 -F metadata.plan",
            "",
            "`metadata.plan` is neither a field of a partner account nor a member of the answer",
        ),
        (
            "get u-1 -F id,account_type",
            "{\"account_type\":\"I\"}\n",
            "",
        ),
        ("get cacc_1 -F revoked_at", "{}\n", ""),
        ("get cacc_1 -F domain,revoked_at", "{}\n", ""),
        ("get cacc_1 u-2 -F id", "{\"id\":\"cacc_1\"}\n{}\n", ""),
    ] {
        let ended = home.acctq(&format!("{args} -q -o ndjson")).run();
        if message.is_empty() {
            ended.is(0, stdout, "");
        } else {
            let error = ended.fails(2, &[]).error();
            assert_eq!(
                (&error["code"], &error["message"]),
                (&"usage".into(), &message.into())
            );
        }
    }
}

#[test]
fn fields_narrow_and_order_in_every_format() {
    let metadata = r#"{"plan":"pro","a.b":{"c":1.50},"list":[1]}"#;
    let home = answered(
        &connected(CACC, metadata).replace("\"metadata\"", "\"region\":\"eu\",\"metadata\""),
    );
    let get = |list: &str, format: &str| {
        home.acctq(&format!("get {CACC} -F {list} -o {format}"))
            .run()
    };
    let list = "status,metadata.plan,revoked_at,region,metadata.none,metadata.a.b.c,id";
    for (format, stdout) in [
        (
            "json",
            format!(
                "{{\n  \"status\": \"active\",\n  \"metadata.plan\": \"pro\",\n  \"region\": \"eu\",\n  \"metadata.a.b.c\": 1.50,\n  \"id\": \"{CACC}\"\n}}\n"
            ),
        ),
        (
            "ndjson",
            format!(
                "{{\"status\":\"active\",\"metadata.plan\":\"pro\",\"region\":\"eu\",\"metadata.a.b.c\":1.50,\"id\":\"{CACC}\"}}\n"
            ),
        ),
        (
            "yaml",
            format!(
                "status: active\nmetadata.plan: pro\nregion: eu\nmetadata.a.b.c: 1.50\nid: {CACC}\n"
            ),
        ),
        (
            "table",
            format!(
                "Status          active\nmetadata.plan   pro\nregion          eu\nmetadata.a.b.c  1.50\nID              {CACC}\n"
            ),
        ),
    ] {
        get(list, format).prints(&stdout);
    }
    home.acctq(&format!("cacc get {CACC} {CACC} -F status,revoked_at,metadata.plan,id -q")).run().prints(&format!(
        "Status  Revoked  metadata.plan  ID\nactive           pro            {CACC}\nactive           pro            {CACC}\n"
    ));
    for (list, says, hint) in [
        (
            "statsu",
            "`statsu` is neither a field of a connected account nor a member of the answer",
            "did you mean `status`?",
        ),
        ("regoin", "`regoin` is neither", "did you mean `region`?"),
        (
            "zzz",
            "`zzz` is neither",
            "`-o json` without --fields shows every member",
        ),
        (
            "status.x",
            "`status.x`: the field status has no members",
            "use `status` alone; paths lead into metadata and other objects",
        ),
        ("id,id", "--fields names `id` twice", ""),
        (
            "id,,status",
            "`` is no field name",
            "a path is like `metadata.plan`; --fields takes names with commas between them",
        ),
        (
            "id,metadata.",
            "`metadata.` is no field name",
            "a path is like `metadata.plan`",
        ),
        (
            "metadata.\"a.b\"",
            "`metadata.\"a.b\"` is no field name",
            "names stand without quotes here, one with a dot in it too: `metadata.a.b`",
        ),
        (
            "metadata.activationToken",
            "`metadata.activationToken` is a secret",
            "add --reveal to show it, where nobody looks on",
        ),
    ] {
        for format in ["table", "yaml"] {
            get(list, format).fails(2, &[&format!("error: {says}"), hint]);
        }
        for format in ["json", "ndjson"] {
            let error = get(list, format).fails(2, &[]).error();
            assert_eq!(
                (&error["code"], &error["exit_code"]),
                (&"usage".into(), &2.into())
            );
            assert!(
                error["message"].as_str().unwrap().starts_with(says),
                "{error}"
            );
            assert!(
                error["hint"].as_str().unwrap_or_default().starts_with(hint),
                "{error}"
            );
        }
    }
}

#[test]
fn a_secret_field_without_reveal_is_an_error_before_any_request() {
    let server = Wire::answers(json(&partner("u-1", "")));
    let home = Home::new();
    home.profile(server.url());
    for format in ["table", "json", "yaml", "ndjson"] {
        for command in ["get u-1", "get u-1 u-2", "partner account get u-1"] {
            home.acctq(&format!("{command} -F activation_token,status -o {format}"))
                .run()
                .fails(2, &["`activation_token` is a secret", "--reveal"]);
        }
    }
    assert_eq!(server.connections(), 0);
    // What is a secret by its value is known only with the answer.
    let home = answered(&partner("u-1", &format!(",\"coupon\":\"{ACTIVATION}\"")));
    home.acctq("get u-1 -F coupon").run().is(
        2,
        "",
        "error: `coupon` holds a secret\n  hint: add --reveal to show it, where nobody looks on\n",
    );
}

#[test]
fn the_document_is_the_servers_own_to_the_last_digit() {
    let metadata = r#"{"z":0.1000000000000000055511151231257827,"a":123456789012345678901234567890,"e":1e400,"E":1.0E+2,"zero":-0,"z0":-0.0,"n":null,"$serde_json::private::RawValue":"[1,2]","$serde_json::private::Number":"3","__proto__":{},"":[]}"#;
    let body = connected(CACC, metadata);
    let home = answered(&body);
    home.acctq(&format!("get {CACC} -o ndjson"))
        .run()
        .prints(&format!("{body}\n"));
    home.acctq(&format!("get {CACC} -o json -F metadata"))
        .run()
        .prints(
            r#"{
  "metadata": {
    "z": 0.1000000000000000055511151231257827,
    "a": 123456789012345678901234567890,
    "e": 1e400,
    "E": 1.0E+2,
    "zero": -0,
    "z0": -0.0,
    "n": null,
    "$serde_json::private::RawValue": "[1,2]",
    "$serde_json::private::Number": "3",
    "__proto__": {},
    "": []
  }
}
"#,
        );
    home.acctq(&format!("get {CACC} -o yaml -F metadata"))
        .run()
        .prints(
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
    home.acctq(&format!("get {CACC} -F metadata"))
        .run()
        .prints(&format!("Metadata  {metadata}\n"));
}

#[test]
fn several_accounts_are_one_document_or_one_line_or_row_each() {
    let home = any();
    let ids = "get cacc_1 u-2 -q";
    home.acctq(&format!("{ids} -o ndjson -F status"))
        .run()
        .prints("{\"status\":\"active\"}\n{\"status\":\"provisioned\"}\n");
    home.acctq(&format!("{ids} -o json -F status"))
        .run()
        .prints("[\n  {\n    \"status\": \"active\"\n  },\n  {\n    \"status\": \"provisioned\"\n  }\n]\n");
    home.acctq(&format!("{ids} -o yaml -F status,created_at")).run().prints(
        "- status: active\n  created_at: \"2023-11-07T05:31:56Z\"\n- status: provisioned\n  created_at: \"2023-01-23T15:55:58Z\"\n",
    );
    home.acctq(ids).run().prints(
        "ID      Status       Created\n\
         cacc_1  active       2023-11-07T05:31:56Z\n\
         u-2     provisioned  2023-01-23T15:55:58Z\n",
    );
    home.acctq("cacc get cacc_1 cacc_22 -q").run().prints(
        "ID       Status  Connection type  Created\n\
         cacc_1   active  standard         2023-11-07T05:31:56Z\n\
         cacc_22  active  standard         2023-11-07T05:31:56Z\n",
    );
    home.acctq("partner account get u-1 u-2 -q").run().prints(
        "UID  Status       Account type  Ends\n\
         u-1  provisioned  I             –\n\
         u-2  provisioned  I             –\n",
    );
}

#[test]
fn failures_among_several_go_to_stderr_and_decide_the_exit_code() {
    let home = any();
    let not_found = |id: &str| format!("no connected account {id} at ");
    for (ids, code, found) in [
        ("cacc_1 cacc_404a cacc_2", 5, 2),
        ("cacc_404a cacc_1 cacc_410a", 5, 1),
        ("cacc_404a cacc_1 cacc_500a", 1, 1),
        ("cacc_404a cacc_404b", 5, 0),
        ("cacc_404a cacc_500a", 1, 0),
    ] {
        for (format, empty) in [
            ("json", "[]\n"),
            ("yaml", "[]\n"),
            ("ndjson", ""),
            ("table", ""),
        ] {
            let ended = home
                .acctq(&format!("get {ids} -F id --retries 0 -o {format}"))
                .run();
            assert_eq!(ended.code, code, "{ended:#?}");
            assert_eq!(ended.stdout.matches("cacc_").count(), found, "{ended:#?}");
            if found == 0 {
                assert_eq!(ended.stdout, empty);
            }
            if format == "json" {
                let array: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
                assert_eq!(array.len(), found);
            }
            if format.ends_with("json") {
                for (line, id) in ended
                    .stderr
                    .lines()
                    .zip(ids.split(' ').filter(|id| id.len() > 6))
                {
                    let error: Value = serde_json::from_str(line).unwrap();
                    assert_eq!(error["error"]["id"], id);
                }
            } else if ids.contains("404a") {
                assert!(ended.stderr.contains(&not_found("cacc_404a")), "{ended:#?}");
            }
            let failed = ids.split(' ').filter(|id| id.len() > 6).count();
            let told = if format.ends_with("json") {
                ended.stderr.lines().count()
            } else {
                ended.stderr.matches("error: ").count()
            };
            assert_eq!(told, failed, "{ended:#?}");
        }
    }
}

#[test]
fn every_failure_among_several_names_its_account() {
    let home = Home::new();
    for id in [
        "cacc_html",
        "cacc_redirect",
        "cacc_badrequest",
        "cacc_error",
        "cacc_forbidden",
        "cacc_truncated",
        "cacc_empty",
    ] {
        let ended = home
            .acctq(&format!(
                "-p sandbox cacc get cacc_activestandard {id} --retries 0"
            ))
            .run();
        assert!(ended.code != 0 && ended.stderr.contains(id), "{ended:#?}");
        assert_eq!(ended.stdout.lines().count(), 2, "{ended:#?}");
    }
}

#[test]
fn widths_are_fixed_after_a_hundred_rows() {
    let home = Home::new();
    home.profile(&serves(|path| {
        let id = path.rsplit('/').next().unwrap();
        let number: usize = id[5..].parse().unwrap();
        let name = if number < 200 {
            "x".repeat(number % 7)
        } else {
            "y".repeat(20)
        };
        json(&connected(id, &format!("\"{name}\"")))
    }));
    let ids: Vec<_> = (100..350).map(|n| format!("cacc_{n}")).collect();
    let ended = home
        .acctq(&format!(
            "cacc get {} -F id,metadata,status -q",
            ids.join(" ")
        ))
        .run();
    let expected: String = (100..350)
        .map(|n| match n {
            ..200 => format!("cacc_{n}  {:8}  active\n", "x".repeat(n % 7)),
            _ => format!("cacc_{n}  {}  active\n", "y".repeat(20)),
        })
        .collect();
    ended.prints(&format!("ID        Metadata  Status\n{expected}"));
}

/// Runs a line of shell with `$ACCTQ` and a profile; the exit code, standard output and standard error.
fn shell(home: &Home, line: &str) -> (i32, String, String) {
    let run = home.shell(line).env("ACCTQ", env!("CARGO_BIN_EXE_acctq"));
    let ended = run.run();
    (ended.code, ended.stdout, ended.stderr)
}

const FULL: &str = "error: the output could not be written: No space left on device (os error 28)\n  hint: is the disk full? what was written before this is incomplete\n";

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_exits_1() {
    let home = any();
    for args in [
        "get cacc_1",
        "get cacc_1 -o yaml",
        "get cacc_1 cacc_2",
        "get cacc_1 cacc_2 -o yaml",
        "--help",
        "--version",
        "help exit-codes",
        "schema cacc",
        "completions bash",
        "config show",
        "config path",
        "sandbox",
    ] {
        let (code, out, err) = shell(&home, &format!("\"$ACCTQ\" {args} >/dev/full"));
        assert_eq!((code, out.as_str(), err.as_str()), (1, "", FULL), "{args}");
    }
    for args in ["get cacc_1 -o json", "get cacc_1 cacc_2 -o ndjson"] {
        let (code, _, err) = shell(&home, &format!("\"$ACCTQ\" {args} >/dev/full"));
        let error: Value = serde_json::from_str(&err).unwrap();
        assert_eq!(
            (code, &error["error"]["code"]),
            (1, &"failed".into()),
            "{args}"
        );
    }
}

#[test]
fn a_limit_on_files_is_said_and_exits_1() {
    let home = answered(&connected(CACC, &format!("\"{}\"", "x".repeat(100_000))));
    let (code, _, err) = shell(&home, &format!("ulimit -f 8; \"$ACCTQ\" get {CACC} >out"));
    assert_eq!(code, 1, "{err}");
    assert!(
        err.starts_with("error: the output could not be written: File too large"),
        "{err}"
    );
    // Nor does a message that cannot be written change what comes of a look-up.
    fs::write(home.path().join("err"), "x".repeat(9000)).unwrap();
    let (code, out, _) = shell(
        &home,
        &format!("ulimit -f 8; \"$ACCTQ\" get {CACC} -F statsu 2>>err"),
    );
    assert_eq!((code, out.as_str()), (2, ""));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = answered(&connected(
        CACC,
        &format!("[{}0]", "\"line\",".repeat(60_000)),
    ));
    for (args, reader) in [
        (format!("get {CACC} -o json"), "head -1"),
        (format!("get {CACC} -o json"), "true"),
        (format!("get {CACC} {CACC} {CACC} -o ndjson"), "head -1"),
        (format!("get {CACC} {CACC} -o yaml"), "true"),
        (format!("get {CACC}"), "true"),
        ("completions bash".to_owned(), "true"),
        ("--help".to_owned(), "true"),
    ] {
        let line = format!("{{ \"$ACCTQ\" {args}; echo $? >code; }} | {reader} >head");
        let (_, _, err) = shell(&home, &line);
        let code = fs::read_to_string(home.path().join("code")).unwrap();
        assert_eq!((code.as_str(), err.as_str()), ("0\n", ""), "{line}");
    }
    // Certainly gone, before the first byte.
    let mut started = home.acctq(&format!("get {CACC} -o json")).start();
    drop(started.stdout.take());
    started.exits().prints("");
}

#[test]
fn stderr_closed_or_full_changes_no_exit_code() {
    let home = any();
    let mut ways = vec!["2>&-"];
    if cfg!(target_os = "linux") {
        ways.push("2>/dev/full");
    }
    for way in ways {
        for (args, expected, lines) in [
            ("get cacc_1 -v", 0, 7),
            ("get cacc_404a", 5, 0),
            ("get cacc_404a -o json", 5, 0),
            ("get cacc_1 cacc_404a cacc_500a --retries 0", 1, 2),
            ("get --nonsense", 2, 0),
        ] {
            let (code, out, err) = shell(&home, &format!("\"$ACCTQ\" {args} {way}"));
            assert_eq!(
                (code, out.lines().count(), err.as_str()),
                (expected, lines, ""),
                "{args} {way}"
            );
        }
    }
    // Somebody who has stopped reading messages.
    let mut started = home
        .acctq("get cacc_1 cacc_404a cacc_2 -o ndjson -F id")
        .start();
    drop(started.stderr.take());
    started
        .exits()
        .is(5, "{\"id\":\"cacc_1\"}\n{\"id\":\"cacc_2\"}\n", "");
}

#[test]
fn a_pipe_gets_colour_only_if_it_is_asked_for() {
    let home = any();
    let plain = "ID  cacc_1\n";
    let bold = "\u{1b}[1mID\u{1b}[0m  cacc_1\n";
    for (env, flags, expected) in [
        (&[][..], "", plain),
        (&[("TERM", "xterm-256color")], "", plain),
        (&[("CLICOLOR_FORCE", "1")], "", bold),
        (&[("CLICOLOR_FORCE", "0")], "", plain),
        (&[("CLICOLOR_FORCE", "")], "", plain),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], "", plain),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], "", bold),
        (&[("CLICOLOR_FORCE", "1")], "--color never", plain),
        (&[], "--color always", bold),
        (
            &[("NO_COLOR", "1"), ("TERM", "dumb")],
            "--color always",
            bold,
        ),
        (&[], "--color auto", plain),
        (&[("COLUMNS", "1")], "", plain),
    ] {
        let run = home.acctq(&format!("get cacc_1 -F id {flags}"));
        env.iter()
            .fold(run, |run, (name, value)| run.env(name, value))
            .run()
            .prints(expected);
        // Documents for machines are never coloured.
        for (format, expected) in [
            ("json", "{\n  \"id\": \"cacc_1\"\n}\n"),
            ("ndjson", "{\"id\":\"cacc_1\"}\n"),
            ("yaml", "id: cacc_1\n"),
        ] {
            let run = home.acctq(&format!("get cacc_1 -F id {flags} -o {format}"));
            env.iter()
                .fold(run, |run, (name, value)| run.env(name, value))
                .run()
                .prints(expected);
        }
    }
}

#[test]
fn quiet_leaves_errors_only() {
    let home = Home::new();
    home.acctq("-p sandbox get cacc_drift -F id -q -v")
        .run()
        .prints("ID  cacc_drift\n");
    home.acctq("-p sandbox get drift drift -F domain -q -o ndjson")
        .run()
        .prints("{\"domain\":\"b5test.com\"}\n{\"domain\":\"b5test.com\"}\n");
    home.acctq("-p sandbox get gone -q")
        .run()
        .fails(5, &["error: the partner account gone at "]);
}
