//! What holds for every text that a server or a person may send: nothing of it acts on a terminal, nothing of it is lost, nothing
//! secret of it is shown, and nothing ends the program.
//!
//! The cases are the same each time. `PROPTEST_RNG_SEED=1 PROPTEST_CASES=10000 cargo test --test cli properties` tries others and
//! more; what they find becomes a plain test. That YAML reads back is tested with others' readers, in tests/system/readers.rs.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngSeed, TestRunner};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::harness::{Ended, Home};
use crate::wire::{self, response};

/// This many cases, or more by as much as `PROPTEST_CASES` is above its usual 256.
fn some<T>(count: usize, strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut config = ProptestConfig::default();
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(0x00ac_c7e9);
    }
    let count = count * config.cases as usize / 256;
    let mut runner = TestRunner::new(config);
    let case = |_| strategy.new_tree(&mut runner).unwrap().current();
    (0..count).map(case).collect()
}

/// Text that matches; the pattern is read once, not for each case.
fn matching(pattern: &str) -> BoxedStrategy<String> {
    proptest::string::string_regex(pattern).unwrap().boxed()
}

/// Text of all that is awkward: any character, those that act on terminals or deceive, and JSON's and YAML's own.
fn text() -> BoxedStrategy<String> {
    let forbidden: Vec<char> = ('\0'..=char::MAX).filter(|c| acts(*c)).collect();
    #[rustfmt::skip]
    let odd = vec![
        "\n", "\r\n", "\t", "\u{1b}]8;;https://evil.test\u{7}", "\u{1b}[2J", "\u{9b}31m", "e\u{301}", "漢", "😀", "\\", "\"",
        "\\u0000", "\\u202e", "null", "no", "~", ": ", " #", "- ", "1e3", "0x1", "\u{10ffff}", "\u{d7ff}\u{e000}",
    ];
    let piece = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        4 => matching("[ -~]{1,3}"),
        3 => prop::sample::select(forbidden).prop_map(String::from),
        2 => prop::sample::select(odd).prop_map(str::to_owned),
    ];
    prop_oneof![
        40 => vec(piece.clone(), 0..8).prop_map(|pieces| pieces.concat()),
        // Too long for a plain key of YAML, and for a line of any table.
        1 => (piece, 1000..1500_usize).prop_map(|(piece, times)| piece.repeat(times)),
    ]
    .boxed()
}

/// The contract's list of what acts on terminals or deceives readers, written down once more: C0, DEL, C1, bidirectional
/// controls, zero-width, tag characters, U+FFFE, U+FFFF.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

#[track_caller]
fn assert_harmless(text: &str) {
    let found = text.chars().find(|&c| c != '\n' && acts(c));
    assert_eq!(found, None, "{text:?}");
}

/// A string as JSON; `style` chooses how it is escaped.
fn literal(text: &str, style: u8) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' if style & 1 == 0 => out.extend(['\\', c]),
            '/' if style & 2 != 0 => out.push_str("\\/"),
            c if style & 1 != 0 || c < ' ' => {
                let mut units = [0; 2];
                let units = c.encode_utf16(&mut units).iter();
                out.extend(units.map(|unit| format!("\\u{unit:04x}")));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// Any JSON value, written in any legal way.
fn value() -> impl Strategy<Value = String> {
    // Made once: the branches are made anew for each value.
    let text = text();
    let leaf = prop_oneof![
        1 => Just("null".to_owned()),
        1 => any::<bool>().prop_map(|value| value.to_string()),
        3 => matching("-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,6})?"),
        6 => (text.clone(), any::<u8>()).prop_map(|(text, style)| literal(&text, style)),
    ];
    leaf.prop_recursive(4, 16, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[ {} ]", items.join(",\r\n"))),
            members(text.clone(), inner).prop_map(|members| format!("{{{}}}", members.join(",\t"))),
        ]
    })
}

/// The members of an object: no name comes twice.
fn members(text: BoxedStrategy<String>, value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    vec((text, any::<u8>(), value), 0..4).prop_map(|mut members| {
        members.sort_by(|a, b| b.0.cmp(&a.0));
        members.dedup_by(|a, b| a.0 == b.0);
        let write = |(name, style, value): (String, u8, String)| literal(&name, style) + " : " + &value;
        members.into_iter().map(write).collect()
    })
}

/// JSON text in one way of writing it, whichever it came in: numbers as they stand, members in their order.
fn canonical(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let string = strings.next().unwrap().expect(text);
            out += &literal(&string, 1);
            rest = &rest[strings.byte_offset()..];
        } else {
            out.extend((!c.is_whitespace()).then_some(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// A server with an answer for each account, `cacc_0` and so on, and a home with a profile at it.
struct Server {
    home: Home,
    count: usize,
}

impl Server {
    fn new(answers: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let answers: Vec<_> = answers.into_iter().collect();
        let (home, count) = (Home::new(), answers.len());
        home.profile(&wire::serves(move |path| {
            let number = path.rsplit('_').next().unwrap().parse::<usize>();
            let answer = number.ok().and_then(|number| answers.get(number));
            answer.map_or_else(|| response("404 Not Found", "", ""), Vec::clone)
        }));
        Server { home, count }
    }

    /// Looks all of them up.
    fn get_all(&self, flags: &str) -> Ended {
        let ids = (0..self.count).map(|number| format!("cacc_{number}\n"));
        let run = self.home.acctq(&format!("cacc get - -q {flags}"));
        run.stdin(ids.collect::<String>()).run()
    }
}

#[test]
fn every_document_is_printed_harmlessly_and_whole() {
    let all = some(300, members(text(), value()));
    let documents = all.iter().enumerate().map(|(i, members)| {
        let members = members.iter().map(|member| format!(",{member}"));
        format!("{{\"id\":\"cacc_{i}\"{}}}", members.collect::<String>())
    });
    let documents: Vec<_> = documents.collect();
    let server = Server::new(documents.iter().map(|text| wire::json(text)));
    let expected: Vec<_> = documents.iter().map(|text| canonical(text)).collect();
    let printed = |ended: Ended| {
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        assert_harmless(&ended.stdout);
        ended.stdout
    };
    let all_as = |format: &str| printed(server.get_all(&format!("--reveal -o {format}")));
    let array = format!("[{}]", expected.join(","));
    assert_eq!(canonical(&all_as("json")), array);
    let lines = all_as("ndjson");
    assert!(lines.lines().map(canonical).eq(expected.iter().cloned()));
    assert_eq!(all_as("yaml").matches("- id: cacc_").count(), all.len());
    // Nothing forges a row.
    assert_eq!(all_as("table").lines().count(), 1 + all.len());
    for (i, members) in all.iter().enumerate().take(30) {
        let one = |format: &str| {
            let line = format!("get cacc_{i} --reveal -qo {format}");
            printed(server.home.acctq(&line).run())
        };
        assert_eq!(one("table").lines().count(), 1 + members.len());
        assert_eq!(canonical(&one("json")), expected[i]);
    }
}

#[test]
fn a_secret_is_nowhere() {
    let names = "activation[_ -]token|activationToken|ACTIVATION_TOKEN|old-activation-token";
    let secret = prop_oneof!["PNS-[A-Z0-9]{8}", "[a-zA-Z0-9+/=_.-]{12,40}"];
    let all = some(200, (secret, names, text(), text(), any::<[bool; 3]>()));
    let server = Server::new(all.iter().enumerate().map(|(i, (secret, name, before, behind, nested))| {
        let deep = |value: Value| json!([{"x": value}, value, null]);
        let wrap = |value: Value, is: bool| if is { deep(value) } else { value };
        let repeated = format!("{before}{secret}{behind}");
        let account = json!({
            "id": format!("cacc_{i}"),
            "first": wrap(json!(repeated), nested[0]),
            "second": wrap(json!({name: wrap(json!(secret), nested[1])}), nested[2]),
            "third": {repeated: true, "kept": false},
        });
        wire::json(&account.to_string())
    }));
    for format in ["json", "ndjson", "yaml", "table"] {
        let ended = server.get_all(&format!("-o {format}"));
        let shown = all.iter().find(|case| ended.stdout.contains(&case.0));
        assert_eq!((ended.code, shown), (0, None), "{format}");
        let kept = ended.stdout.matches("kept").count();
        assert_eq!(kept, if format == "table" { 0 } else { all.len() });
    }
    let revealed = server.get_all("-o ndjson --reveal").stdout;
    let mut lines = revealed.lines().zip(&all);
    assert!(lines.all(|(line, case)| line.contains(&json!(case.0).to_string())));
}

/// Whether an id is one: `cacc_` and the base62 of a number below 2^128, or else a uid.
fn is_id(id: &str) -> bool {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'A'..=b'Z' => Some(c - b'A' + 10),
        b'a'..=b'z' => Some(c - b'a' + 36),
        _ => None,
    };
    let Some(number) = id.strip_prefix("cacc_") else {
        let is_uid = id.bytes().all(|c| digit(c).is_some() || c == b'-');
        return is_uid && id.len() <= 80 && !id.contains("PNS-");
    };
    let value = number.bytes().try_fold(0_u128, |value, c| value.checked_mul(62)?.checked_add(digit(c)?.into()));
    (1..=22).contains(&number.len()) && value.is_some()
}

#[test]
fn an_id_is_looked_up_if_the_rule_says_so_and_explained_harmlessly_if_not() {
    #[rustfmt::skip]
    let ids = prop_oneof![
        text(), "cacc_[0-9A-Za-z]{0,24}", "cacc_[5-9][0-9A-Za-z]{21}", "-?[A-Za-z0-9-]{0,82}", "(cus|org|cacc)_[ -~]{0,8}",
        "[\"'<(]?(https?://[a-z./?#=]{0,12})?(cacc_1|PNS-[A-Z]{4}|sk_live_1)[\"',>]?",
    ];
    // What makes a line an id and no other.
    let is_line = |id: &String| id.trim() == id && !id.starts_with('#') && !id.contains(['\n', '\u{feff}']);
    let mut ids = some(600, ids);
    ids.retain(|id| !id.is_empty() && is_line(id));
    let server = Server::new([]);
    let run = server.home.acctq("get - -o ndjson");
    let ended = run.stdin(ids.join("\n")).run();
    let errors = ended.errors();
    assert_eq!((ended.code, errors.len()), (1, ids.len()));
    for (id, error) in ids.iter().zip(errors) {
        let code = if is_id(id) { "not_found" } else { "usage" };
        assert_eq!(error["code"], code, "{id:?}: {error}");
        for key in ["message", "hint", "id"] {
            let shown = error[key].as_str().unwrap_or_default();
            assert_harmless(shown);
            let is_short = !shown.contains('\n') && shown.chars().count() <= 400;
            let is_secret = shown.contains("PNS-") || shown.contains("sk_live");
            assert!(is_short && !is_secret, "{error}");
        }
    }
}

/// Bytes that are nearly JSON.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let pieces = r#"{ } [ ] " \ : , 1 - . e "a" "b": "a": u \ud800 \udc00 \u0061 true null é"#;
    let pieces = prop::sample::select(pieces.split(' ').collect::<Vec<_>>());
    let pieces = vec(pieces, 0..16).prop_map(|pieces| pieces.concat());
    let indices = any::<[prop::sample::Index; 2]>();
    let cut = (members(text(), value()), any::<u8>(), indices);
    prop_oneof![
        vec(any::<u8>(), 0..64),
        pieces.clone().prop_map(String::into_bytes),
        pieces.prop_map(|pieces| format!("{{\"a\":{pieces}}}").into_bytes()),
        cut.prop_map(|(members, byte, [at, end])| {
            let mut text = format!("{{{}}}", members.join(",")).into_bytes();
            let at = at.index(text.len());
            text[at] = byte;
            text.truncate(end.index(text.len() + 1));
            text
        }),
    ]
}

#[test]
fn no_bytes_end_the_program() {
    let all = some(600, nearly_json());
    let server = Server::new(all.iter().map(|bytes| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len());
        [head.as_bytes(), bytes].concat()
    }));
    let ended = server.get_all("-o ndjson --reveal --retries 0");
    let mut failed = ended.errors().into_iter().peekable();
    let mut found = ended.stdout.lines();
    for (i, bytes) in all.iter().enumerate() {
        if let Some(error) = failed.next_if(|error| error["id"] == format!("cacc_{i}")) {
            // What ends in the middle may have been cut off.
            let is_known = error["code"] == "bad_response" || error["code"] == "network";
            assert!(is_known, "{error}");
        } else {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{text}");
            assert_eq!(canonical(found.next().unwrap()), canonical(&text));
        }
    }
    assert_eq!((found.next(), failed.next()), (None, None));
}

#[test]
fn any_retry_after_is_understood_or_ignored() {
    #[rustfmt::skip]
    let pauses = prop_oneof![
        "[0-9]{1,22}", "[0-9]{1,4}\\.[0-9]{1,3}", "[ -~]{0,30}", "-[0-9]{1,3}",
        "(Mon|Sun|Xxx), [0-9]{1,2} (Nov|Feb|Xxx) [0-9]{2,5} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|UTC)",
    ];
    let pauses = some(100, pauses);
    let answers = pauses.iter().map(|pause| format!("Retry-After: {pause}\r\n"));
    let server = Server::new(answers.map(|header| response("429 Slow", &header, "")));
    for (i, pause) in pauses.iter().enumerate() {
        let run = server.home.acctq("-o json --retries 0 cacc get");
        let ended = run.arg(&format!("cacc_{i}")).run();
        let error = ended.fails_with(6, "rate_limited");
        if let Ok(seconds) = pause.parse::<u32>() {
            assert_eq!(error["retry_after_s"], seconds, "{pause}");
        }
    }
}

/// Expressions, nearly expressions, and anything.
fn expression() -> impl Strategy<Value = String> {
    let names =
        "status|id|created_at|revoked_at|pending_email|pending_country|metadata(\\.plan|\\.activation_token)?|statsu";
    let quoted = || text().prop_map(|text| json!(text).to_string());
    let values = "active|revoked|US|cacc_1|now([+-][0-9]{1,22}[smhdwy])?|true|null|\"\"|-?[0-9]{1,40}(\\.[0-9]{1,9})?";
    let time = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})";
    let name = prop_oneof![6 => names, 2 => quoted().prop_map(|key| format!("metadata.{key}")), 1 => text()];
    let value = prop_oneof![3 => values, 1 => time, 2 => quoted(), 1 => text()];
    let values = vec(value, 1..4).prop_map(|values| values.join(" |\t"));
    let parts = (name.clone(), " ?(=|!=|<|<=|>|>=|~)", values);
    prop_oneof![
        8 => parts.prop_map(|(name, sign, values)| name + &sign + &values),
        2 => name.clone().prop_map(|name| name + "?"),
        2 => name.prop_map(|name| format!("! {name}")),
        1 => text(),
    ]
}

#[test]
fn an_expression_is_printed_as_one_that_means_the_same() {
    let account = json!({"id": "cacc_0", "status": "active", "metadata": {"plan": "pro", "": 1}, "created_at": "2030-01-31T00:00:00Z"});
    let server = Server::new([wire::json(&account.to_string())]);
    let check = |expression: &str| {
        let run = server.home.acctq("check cacc_0 -qo=json --expect");
        let ended = run.arg(expression).run();
        assert!([0, 2, 9, 10].contains(&ended.code), "{ended:#?}");
        let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
        (ended.code, report["expectations"].clone())
    };
    let all = some(250, expression());
    let mut read = 0;
    // No argument has a NUL in it.
    for expression in all.iter().filter(|text| !text.contains('\0')) {
        let (code, expectations) = check(expression);
        if let Some(printed) = expectations[0]["expect"].as_str() {
            assert_harmless(printed);
            let expected = (code, expectations.clone());
            assert_eq!(check(printed), expected, "{expression:?}");
            read += 1;
        }
    }
    assert!(read > 50, "only {read}");
}
