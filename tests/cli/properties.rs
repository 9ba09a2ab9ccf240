//! What holds for every text that a stranger may send: nothing of it acts on a terminal, nothing of it is lost, nothing
//! secret of it is shown, and nothing ends the program.
//!
//! The cases are the same each time. `PROPTEST_RNG_SEED=1 PROPTEST_CASES=100000 cargo test --release --test cli
//! properties` tries others and more; what they find becomes a plain test.

use std::fmt::{self, Write as _};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use acctq::account::{
    Account, CONNECTED, Concealment, Document, PARTNER, RESOURCES, Selection, Time, field, id,
};
use acctq::client::retry::retry_after;
use acctq::config::{BaseUrl, parse_output, parse_retries, parse_timeout};
use acctq::error::{Error, Kind};
use acctq::escape::{excerpt, for_people, is_forbidden};
use acctq::expression::{Actual, parse};
use acctq::json::elements::{Broken, Elements};
use acctq::json::{self, Flaw, Tokens};
use acctq::output::table::Screen;
use acctq::output::{Format, Printer, Renderer};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::harness::Home;
use crate::wire;

/// So many cases, or as much more as `PROPTEST_CASES` is above its usual 256.
fn cases(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: cases * usual.cases.div_ceil(256),
        failure_persistence: None,
        rng_seed: match usual.rng_seed {
            RngSeed::Random => RngSeed::Fixed(0x00ac_c7e9),
            fixed @ RngSeed::Fixed(_) => fixed,
        },
        ..usual
    }
}

/// A JSON value: what was written, and what a reader has of it. Numbers are compared as text, members in their order.
#[derive(Clone, Debug, PartialEq)]
enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// JSON text; `style` chooses blanks and how strings are escaped.
    fn write(&self, style: u8) -> String {
        let mut out = String::new();
        self.write_to(&mut out, style);
        out
    }

    fn write_to(&self, out: &mut String, style: u8) {
        let blank = ["", " ", "\r\n\t"][usize::from(style % 3)];
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => write!(out, "{value}").unwrap(),
            Json::Number(text) => out.push_str(text),
            Json::Text(text) => write_text(out, text, style),
            Json::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i == 0 { blank } else { "," });
                    item.write_to(out, style);
                    out.push_str(blank);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (i, (name, value)) in members.iter().enumerate() {
                    out.push_str(if i == 0 { blank } else { "," });
                    write_text(out, name, style);
                    write!(out, "{blank}:{blank}").unwrap();
                    value.write_to(out, style);
                    out.push_str(blank);
                }
                out.push('}');
            }
        }
    }

    /// Every text in it, names of members too.
    fn texts(&self) -> Vec<&str> {
        match self {
            Json::Text(text) => vec![text],
            Json::Array(items) => items.iter().flat_map(Json::texts).collect(),
            Json::Object(members) => members
                .iter()
                .flat_map(|(name, value)| [vec![name.as_str()], value.texts()].concat())
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn write_text(out: &mut String, text: &str, style: u8) {
    out.push('"');
    for c in text.chars() {
        let all = style & 4 != 0;
        match c {
            '"' | '\\' if !all => out.extend(['\\', c]),
            '/' if style & 8 != 0 => out.push_str("\\/"),
            '\u{8}' if style & 8 != 0 => out.push_str("\\b"),
            '\n' if style & 8 != 0 => out.push_str("\\n"),
            c if all || c < ' ' => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    if style & 16 == 0 {
                        write!(out, "\\u{unit:04x}").unwrap();
                    } else {
                        write!(out, "\\u{unit:04X}").unwrap();
                    }
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// What stands before a number's text where a string is read instead.
const NUMBER: &str = "\0number ";

/// Reads JSON by `serde_json`, whose numbers are binary ones: their text is put into strings before.
fn read(text: &str) -> Json {
    let mut quoted = String::new();
    let (mut in_string, mut in_number, mut escaped) = (false, false, false);
    for c in text.chars() {
        let number = !in_string && (c.is_ascii_digit() || "+-.eE".contains(c));
        // The letter e is also in `true` and `false`.
        let number = number && (in_number || c == '-' || c.is_ascii_digit());
        if number && !in_number {
            quoted.push_str("\"\\u0000number ");
        } else if in_number && !number {
            quoted.push('"');
        }
        in_number = number;
        quoted.push(c);
        in_string ^= c == '"' && !escaped;
        escaped = in_string && c == '\\' && !escaped;
    }
    serde_json::from_str(&quoted).unwrap_or_else(|e| panic!("{e}: {text}"))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(match text.strip_prefix(NUMBER) {
                    Some(number) => Json::Number(number.to_owned()),
                    None => Json::Text(text.to_owned()),
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Json::Array(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Text of all that is awkward: any character, those that act on terminals or deceive, and JSON's and YAML's own.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        4 => "[ -~]{1,3}",
        3 => forbidden().prop_map(String::from),
        2 => prop::sample::select(vec![
            "\n", "\r\n", "\t", "\u{1b}]8;;https://evil.test\u{7}", "\u{1b}[2J", "\u{9b}31m", "e\u{301}", "漢", "😀",
            "\\", "\"", "\\u0000", "\\u202e", "null", "no", "~", ": ", " #", "- ", "1e3", "0x1", "\u{10ffff}",
            "\u{d7ff}\u{e000}", "eyJhbGciOiJIUzI1NiIsInR5cCI6",
        ]).prop_map(str::to_owned),
    ];
    prop_oneof![
        40 => vec(piece.clone(), 0..8).prop_map(|pieces| pieces.concat()),
        // Too long for a plain key of YAML, and for a line of any table.
        1 => (piece, 1000..1500_usize).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

fn forbidden() -> impl Strategy<Value = char> {
    static ALL: LazyLock<Vec<char>> = LazyLock::new(|| {
        ('\0'..=char::MAX)
            .filter(|&c| acts(c) || is_forbidden(c))
            .collect()
    });
    prop::sample::select(ALL.as_slice())
}

fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,6})?"
}

/// Any JSON value, its numbers written in any legal way.
fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::Bool),
        3 => number().prop_map(Json::Number),
        6 => text().prop_map(Json::Text),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::Array),
            members(inner).prop_map(Json::Object),
        ]
    })
}

/// The members of an object: no name comes twice.
fn members(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Vec<(String, Json)>> {
    vec((text(), value), 0..4).prop_map(|mut members| {
        let mut seen = Vec::new();
        members.retain(|(name, _)| {
            let new = !seen.contains(name);
            seen.push(name.clone());
            new
        });
        members
    })
}

fn account_of(text: String) -> Account {
    let document = Document::parse(text).unwrap();
    let resource = &CONNECTED;
    Account { resource, document }
}

/// What is printed of these accounts.
fn printed(format: Format, many: bool, reveal: bool, accounts: &[&Account]) -> String {
    let screen = Screen::default();
    let renderer = Renderer::new(format, many, &[&CONNECTED], None, reveal, screen);
    let mut printer = Printer::new(&renderer);
    let mut out = Vec::new();
    for account in accounts {
        printer.add(renderer.render(account).unwrap(), &mut out);
    }
    printer.finish(&mut out);
    String::from_utf8(out).expect("UTF-8")
}

/// The contract's list of what acts on terminals or deceives readers, written down once more: C0, DEL, C1, bidirectional
/// controls, zero-width, tag characters, U+FFFE, U+FFFF.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

fn assert_harmless(text: &str) {
    let found = text
        .chars()
        .find(|&c| c != '\n' && (acts(c) || is_forbidden(c)));
    assert_eq!(found, None, "{text:?}");
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_document_is_printed_harmlessly_and_whole(members in members(value()), style in any::<u8>()) {
        let written = Json::Object(members.clone());
        let account = account_of(written.write(style));
        for format in Format::ALL {
            for many in [false, true] {
                let text = printed(format, many, true, &[&account, &account][..=usize::from(many)]);
                assert_harmless(&text);
                let lines = text.lines().count();
                match (format, many) {
                    (Format::Json, false) => prop_assert_eq!(read(&text), written.clone()),
                    (Format::Json, true) => {
                        prop_assert_eq!(read(&text), Json::Array(vec![written.clone(), written.clone()]));
                    }
                    (Format::Ndjson, _) => {
                        prop_assert_eq!(lines, 1 + usize::from(many));
                        for line in text.lines() {
                            prop_assert_eq!(read(line), written.clone());
                        }
                    }
                    // Nothing forges a row.
                    (Format::Table, false) => prop_assert_eq!(lines, members.len()),
                    (Format::Table, true) => prop_assert_eq!(lines, 3),
                    // Read by others: tests/system/readers.rs.
                    (Format::Yaml, _) => prop_assert!(text.ends_with('\n')),
                }
            }
        }
    }

    #[test]
    fn a_secret_is_nowhere(
        mut members in members(value()),
        secret in prop_oneof!["PNS-[A-Z0-9]{8}", "[a-zA-Z0-9+/=_.-]{6,40}"],
        name in prop::sample::select(vec![
            "activation_token", "activationToken", "ACTIVATION_TOKEN", "old-activation-token", "activation token",
        ]),
        around in (text(), text()),
        nested in any::<[bool; 4]>(),
        style in any::<u8>(),
    ) {
        // Elsewhere by accident, it would be found rightly.
        prop_assume!(!members.iter().any(|(n, v)| n == name || n.contains(&secret) || v.texts().iter().any(|t| t.contains(&secret))));
        let wrap = |value: Json, deep: bool| if deep { Json::Array(vec![Json::Object(vec![("x".to_owned(), value.clone())]), value, Json::Null]) } else { value };
        let token = Json::Object(vec![(name.to_owned(), wrap(Json::Text(secret.clone()), nested[0]))]);
        let repeated = format!("{}{secret}{}", around.0, around.1);
        let link = Json::Text(repeated.clone());
        let names = Json::Object(vec![(repeated.clone(), Json::Bool(true)), ("kept".to_owned(), Json::Bool(false))]);
        for (name, value) in [("\0first", wrap(link, nested[1])), ("\0second", wrap(token, nested[2])), ("\0third", wrap(names, nested[3]))] {
            members.push((name.to_owned(), value));
        }
        if nested[0] {
            members.push((repeated, Json::Null));
        }
        let written = Json::Object(members);
        let account = account_of(written.write(style));
        for format in Format::ALL {
            for many in [false, true] {
                let text = printed(format, many, false, &[&account]);
                prop_assert!(!text.contains(&secret), "{}", text);
                if let (Format::Json, false) = (format, many) {
                    let shown = read(&text);
                    prop_assert!(!shown.texts().iter().any(|text| text.contains(&secret)));
                    prop_assert!(shown.texts().contains(&"kept"));
                }
            }
        }
        prop_assert_eq!(read(&printed(Format::Json, false, true, &[&account])), written);
    }

    #[test]
    fn messages_show_no_more_than_they_may(text in text(), limit in 1..80_usize) {
        assert_harmless(&for_people(&text));
        prop_assert!(!for_people(&text).contains('\n'));
        let cut = excerpt(&text, limit);
        assert_harmless(&cut);
        prop_assert!(cut.chars().count() <= limit);
    }

    #[test]
    fn an_id_is_an_id_or_explained_harmlessly(text in prop_oneof![
        text(), "cacc_[0-9A-Za-z]{0,24}", "[A-Za-z0-9-]{0,82}", "(cus|org|cacc)_[ -~]{0,8}",
        "[\"'<(]?(https?://[a-z./?#=]{0,12})?(cacc_1|PNS-[A-Z]{4}|sk_live_1)[\"',>]?",
    ]) {
        for result in [CONNECTED.parse_id(&text), PARTNER.parse_id(&text), id::route(&text)] {
            match result {
                Ok(id) => {
                    prop_assert_eq!(id.as_str(), &text);
                    prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
                    prop_assert!((1..=80).contains(&text.len()) && !text.starts_with('-'));
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), Kind::Usage);
                    let facts = error.facts().id.clone().unwrap_or_default();
                    for said in [&error.to_string(), error.hint_text().unwrap(), &facts] {
                        assert_harmless(said);
                        prop_assert!(!said.contains('\n') && said.chars().count() <= 400, "{}", said);
                        prop_assert!(!said.contains("PNS-") && !said.contains("sk_live"), "{}", said);
                    }
                }
            }
        }
    }

    #[test]
    fn a_base_url_reads_back_and_leads_to_no_other_host(text in prop_oneof![
        text(), "https?://[a-z0-9.:@\\[\\]%-]{0,16}(/[ -~]{0,8})?",
        "https://(localhost|127\\.0\\.0\\.1|\\[::1\\]|a\\.example)(:[0-9]{0,6})?(/[a-z.%2e/]{0,8})?",
    ]) {
        match BaseUrl::parse(&text) {
            Ok(url) => {
                prop_assert_eq!(BaseUrl::parse(&url.to_string()).unwrap(), url.clone());
                let joined = url.join("/api/v1/", "x");
                prop_assert!(joined.starts_with(&[url.origin(), "/"].concat()) && joined.ends_with("/api/v1/x"));
                prop_assert!(!url.host().is_empty() && !url.host().contains(['@', '/', '\\', '?', '#', '%']));
                prop_assert!(url.is_https() || url.is_loopback());
            }
            Err(words) => assert_harmless(&words),
        }
    }
}

/// Bytes that are nearly JSON.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"{"[..],
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b":",
        b",",
        b" ",
        b"\n",
        b"1",
        b"-",
        b".",
        b"e",
        b"\"a\"",
        b"\"b\":",
        b"\"a\":",
        b"u",
        b"\\ud800",
        b"\\udc00",
        b"\\u0061",
        b"\\u",
        b"true",
        b"null",
        b"\xc3\xa9",
        b"\xff",
        b"\xf0\x9f",
        b"\xe2\x80\xae",
        b"\0",
        b"/",
        b"'",
    ]);
    let written = (members(value()), any::<u8>())
        .prop_map(|(members, style)| Json::Object(members).write(style).into_bytes());
    prop_oneof![
        vec(any::<u8>(), 0..64),
        vec(piece, 0..24).prop_map(|pieces| pieces.concat()),
        // A good one with a byte changed, and its end cut off.
        (
            written,
            any::<prop::sample::Index>(),
            any::<u8>(),
            any::<prop::sample::Index>()
        )
            .prop_map(|(mut text, at, byte, end)| {
                let at = at.index(text.len());
                text[at] = byte;
                text.truncate(end.index(text.len() + 1));
                text
            }),
    ]
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn no_bytes_end_the_program(bytes in nearly_json(), other in text()) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        match json::check(&text) {
            Ok(()) => prop_assert!(is_json),
            Err(Flaw::TooDeep | Flaw::DuplicateMember | Flaw::LoneSurrogate) => prop_assert!(is_json),
            Err(_) => prop_assert!(!is_json),
        }
        let tokens = Tokens::new(&text).count();
        prop_assert!(tokens <= text.len());
        let mut steps = Tokens::new(&text);
        prop_assert!(steps.value().len() <= text.len());
        let _ = json::decode(&text);
        if let Ok(document) = Document::parse(text.clone()) {
            prop_assert!(is_json);
            let account = Account { resource: &PARTNER, document };
            let _ = account.drift().count();
            for reveal in [false, true] {
                let _ = Concealment::of(&account.document, reveal);
            }
            if let Ok(selection) = Selection::new(std::slice::from_ref(&other), &RESOURCES, false) {
                let concealment = Concealment::of(&account.document, false);
                let _ = account.entries(Some(&selection), &concealment);
            }
        }
        for text in [&text, &other] {
            let _ = (field::text(text), Time::parse(text), field::is_base62_u128(text));
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
            let _ = (retry_after(text, Some(&other), now), retry_after(text, None, now));
            let _ = id::hide_credentials(text);
            for resource in RESOURCES {
                let _ = resource.parse_id(text);
            }
            for words in [
                BaseUrl::parse(text).err(),
                parse_output(text).err(),
                parse_retries(text).err(),
                parse_timeout(text).err(),
            ].iter().flatten() {
                assert_harmless(words);
            }
            if let Err(error) = Selection::new(std::slice::from_ref(text), &RESOURCES, false) {
                assert_harmless(&error.to_string());
            }
        }
    }

    #[test]
    fn durations_and_dates_stay_in_their_bounds(
        duration in "[-+]?[0-9]{0,22}(\\.[0-9]{1,12})?(e[0-9]{1,3})? ?(ns|us|ms|s|m|h|d|w|mo|y|seconds)?( ago)?",
        day in "(Mon|Sun|Xxx), [0-9]{1,2} (Nov|Feb|Xxx) [0-9]{2,5} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|UTC)",
        other in "(Sun, 06 Nov 1994 08:49:37 GMT|[ -~]{0,30})",
        time in "[0-9]{4,5}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?(Z|[+-][0-9]{2}:[0-9]{2})",
    ) {
        if let Ok(timeout) = parse_timeout(&duration) {
            prop_assert!((Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&timeout));
        }
        for now in [SystemTime::UNIX_EPOCH, SystemTime::now()] {
            let _ = (retry_after(&day, Some(&other), now), retry_after(&other, Some(&day), now));
        }
        let _ = Time::parse(&time).map(|time| time.timestamp());
    }
}

proptest! {
    #![proptest_config(cases(3))]

    /// Sixteen accounts on one connection, as the program prints them.
    #[test]
    fn what_comes_over_the_wire_is_printed_harmlessly_and_whole(
        accounts in vec((value(), text(), value(), any::<u8>()), 16)
    ) {
        let documents: Vec<Json> = accounts.iter().enumerate().map(|(i, (metadata, name, more, _))| {
            let text = |text: &str| Json::Text(text.to_owned());
            Json::Object(vec![
                ("id".to_owned(), text(&format!("cacc_{i}"))),
                (format!("more {name}"), more.clone()),
                ("connection_type".to_owned(), text("standard")),
                ("onboarding_mode".to_owned(), text("full")),
                ("status".to_owned(), text("active")),
                ("platform_organization_id".to_owned(), text("org_1")),
                ("created_at".to_owned(), text("2023-11-07T05:31:56Z")),
                ("metadata".to_owned(), metadata.clone()),
            ])
        }).collect();
        let texts: Vec<String> = documents.iter().zip(&accounts).map(|(document, account)| document.write(account.3)).collect();
        let url = wire::serves(move |path| {
            let number: usize = path.rsplit('_').next().unwrap().parse().unwrap();
            wire::json(&texts[number])
        });
        let home = Home::new();
        home.profile(&url);
        let ids: Vec<_> = (0..documents.len()).map(|i| format!("cacc_{i}")).collect();
        for format in Format::ALL {
            let ended = home.acctq(&format!("cacc get {} --reveal -o {format} -q", ids.join(" "))).run();
            prop_assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
            assert_harmless(&ended.stdout);
            match format {
                Format::Json => prop_assert_eq!(read(&ended.stdout), Json::Array(documents.clone())),
                Format::Ndjson => {
                    let lines: Vec<_> = ended.stdout.lines().map(read).collect();
                    prop_assert_eq!(&lines, &documents);
                }
                Format::Table => prop_assert_eq!(ended.stdout.lines().count(), 1 + documents.len()),
                Format::Yaml => prop_assert_eq!(ended.stdout.matches("- id: cacc_").count(), documents.len()),
            }
        }
    }
}

/// Expressions, nearly expressions, and anything.
fn expression() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        6 => prop::sample::select(vec![
            "status", "id", "created_at", "revoked_at", "pending_email", "pending_country", "pending_organization_name",
            "metadata", "metadata.plan", "metadata.seats", "deployed_members", "ends_at", "account_type",
            "activation_token", "metadata.activation_token", "not_found", "statsu",
        ]).prop_map(str::to_owned),
        2 => text().prop_map(|key| format!("metadata.{}", json::string(&key))),
        1 => text().prop_map(|key| format!("metadata.{key}")),
        1 => text(),
    ];
    let sign = prop_oneof![
        8 => prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">=", "~"]).prop_map(str::to_owned),
        1 => "[=!<>~]{1,3}",
    ];
    let value = prop_oneof![
        3 => prop::sample::select(vec![
            "active", "revoked", "pending", "F", "US", "cacc_1", "now", "now+14d", "now-1d12h", "2030-01-31T00:00:00Z",
            "2030-01-31T00:00:00.123456789-11:59", "true", "null", "\"\"",
        ]).prop_map(str::to_owned),
        2 => number(),
        1 => "now[+-][0-9]{1,22}[smhdwy]",
        1 => "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})",
        2 => text().prop_map(|text| json::string(&text)),
        2 => text(),
    ];
    let blank = prop::sample::select(vec!["", "", "", " ", "\t", "\u{3000}"]);
    let values = vec((value, blank.clone()), 1..4).prop_map(|values| {
        let values: Vec<_> = values
            .iter()
            .map(|(value, blank)| format!("{blank}{value}{blank}"))
            .collect();
        values.join("|")
    });
    prop_oneof![
        10 => (name.clone(), blank.clone(), sign, values).prop_map(|(name, blank, sign, values)| {
            format!("{blank}{name}{blank}{sign}{values}")
        }),
        2 => (name.clone(), blank.clone()).prop_map(|(name, blank)| format!("{name}{blank}?{blank}")),
        2 => (name, blank).prop_map(|(name, blank)| format!("{blank}!{blank}{name}")),
        2 => text(),
    ]
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn an_expression_is_printed_back_or_pointed_into(text in expression(), members in members(value()), seconds in any::<i64>()) {
        let now = jiff::Timestamp::from_second(seconds % 253_402_207_000).unwrap();
        for resource in RESOURCES {
            let expression = match parse(&text, resource) {
                Ok(expression) => expression,
                Err(flaw) => {
                    let length = text.chars().count();
                    prop_assert!((1..=length.max(1)).contains(&flaw.column), "{:?}", flaw);
                    let error = Error::from(flaw);
                    prop_assert_eq!(error.kind(), Kind::Usage);
                    for said in [&error.to_string(), error.hint_text().unwrap()] {
                        assert_harmless(said);
                        prop_assert!(!said.contains('\n') && said.chars().count() <= 400, "{}", said);
                    }
                    continue;
                }
            };
            let printed = expression.to_string();
            assert_harmless(&printed);
            prop_assert!(!printed.contains('\n'));
            let again = parse(&printed, resource);
            prop_assert_eq!(again.as_ref(), Ok(&expression), "{}", printed);
            // Of no account, nothing but `not_found`.
            let absent = expression.evaluate(None, now);
            prop_assert_eq!((absent.holds, absent.actual), (expression.wants_absence(), Actual::NotFound));
            let mut document = Json::Object(members.clone());
            if let Json::Object(all) = &mut document {
                all.retain(|(name, _)| name != "metadata");
                all.push(("metadata".to_owned(), Json::Object(members.clone())));
            }
            let document = Document::parse(document.write(0)).unwrap();
            let verdict = expression.evaluate(Some(&Account { resource, document }), now);
            assert_harmless(&verdict.actual.to_string());
            if let Actual::Value(shown) = verdict.actual {
                assert_harmless(&shown);
                prop_assert!(json::check(&shown).is_ok(), "{}", shown);
            }
        }
    }

    #[test]
    fn an_expression_about_what_is_there_holds(value in text(), other in text(), key in text()) {
        let account = account_of(Json::Object(vec![
            ("metadata".to_owned(), Json::Object(vec![(key.clone(), Json::Text(value.clone()))])),
        ]).write(4));
        let now = jiff::Timestamp::UNIX_EPOCH;
        let holds = |sign: &str, text: &str| {
            let text = format!("metadata.{}{sign}{}", json::string(&key), json::string(text));
            parse(&text, &CONNECTED).unwrap().evaluate(Some(&account), now).holds
        };
        prop_assert!(holds("=", &value) && !holds("!=", &value));
        prop_assert_eq!(holds("=", &other), value == other);
        prop_assert_eq!(holds("!=", &other), value != other);
        if !other.is_empty() {
            prop_assert_eq!(holds("~", &other), value.contains(&other));
        }
    }

    #[test]
    fn whole_numbers_are_compared_as_they_are(a in any::<i128>(), b in any::<i128>(), near in -2..3_i128) {
        for (a, b) in [(a, b), (a, a.saturating_add(near)), (a % 100, b % 100)] {
            let document = Document::parse(format!("{{\"deployed_members\":{a}}}")).unwrap();
            let account = Account { resource: &PARTNER, document };
            for (sign, expected) in [("=", a == b), ("!=", a != b), ("<", a < b), ("<=", a <= b), (">", a > b), (">=", a >= b)] {
                let expression = parse(&format!("deployed_members{sign}{b}"), &PARTNER).unwrap();
                let verdict = expression.evaluate(Some(&account), jiff::Timestamp::UNIX_EPOCH);
                prop_assert_eq!(verdict.holds, expected, "{} {} {}", a, sign, b);
            }
        }
    }
}

/// The elements of `data` in a text that comes in pieces of these sizes, again and again.
fn elements(text: &[u8], sizes: &[usize]) -> Result<Vec<String>, Broken> {
    let mut elements = Elements::new("data", 1024 * 1024);
    let mut found = Vec::new();
    let (mut rest, mut sizes) = (text, sizes.iter().cycle());
    while !rest.is_empty() {
        let (mut piece, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
        rest = later;
        while let Some(element) = elements.next(&mut piece)? {
            found.push(element);
        }
        assert!(piece.is_empty());
    }
    elements.end().map(|()| found)
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_list_is_split_as_it_was_put_together(
        data in vec(value(), 0..6),
        (before, behind) in (members(value()), members(value())),
        style in any::<u8>(),
        sizes in vec(1..40_usize, 1..5),
    ) {
        let data: Vec<_> = data.iter().map(|value| value.write(style)).collect();
        let member = |(name, value): &(String, Json)| format!("{}:{}", json::string(name), value.write(style));
        let others = |some: &[(String, Json)], suffix: &str| {
            let some = some.iter().filter(|(name, _)| name != "data");
            some.map(|(name, value)| member(&(format!("{name}{suffix}"), value.clone()))).collect::<Vec<_>>()
        };
        let list = format!("\"data\" : [ {} ]", data.join(" ,\n"));
        let parts = [others(&before, "<"), vec![list], others(&behind, ">")].concat();
        let text = format!("\t{{{}}} ", parts.join(","));
        prop_assert_eq!(json::check(&text), Ok(()), "{}", text);
        let found = elements(text.as_bytes(), &sizes).unwrap();
        // Behind a number there is no telling whose blanks they are; nor does it matter.
        let trimmed = |texts: &[String]| texts.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(trimmed(&found), trimmed(&data));
    }

    #[test]
    fn a_list_is_taken_in_pieces_if_it_would_be_as_a_whole(
        data in vec(value(), 0..4),
        noise in nearly_json(),
        changes in vec((any::<prop::sample::Index>(), prop::sample::select(b"{}[]\",:\\ x1\xff".to_vec()), 0..3_u8), 0..3),
        sizes in vec(1..40_usize, 1..5),
    ) {
        let data: Vec<_> = data.iter().map(|value| value.write(0)).collect();
        let mut text = format!("{{\"a\":[1,\"]\"],\"data\":[{}],\"z\":{{}}}}", data.join(",")).into_bytes();
        for (at, byte, change) in changes {
            let at = at.index(text.len());
            match change {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        for text in [text, noise.clone(), [b"{\"data\":[", &noise[..], b"]}"].concat()] {
            let whole = String::from_utf8(text.clone()).ok();
            let whole = whole.and_then(|text| Document::parse(text).ok());
            let is_list = whole.is_some_and(|whole| whole.get("data").is_some_and(|data| data.starts_with('[')));
            let found = elements(&text, &sizes);
            prop_assert_eq!(&found, &elements(&text, &[usize::MAX]), "however it is cut");
            let is_taken = found.is_ok_and(|found| found.iter().all(|element| json::check(element).is_ok()));
            prop_assert_eq!(is_taken, is_list, "{}", String::from_utf8_lossy(&text));
        }
    }
}
