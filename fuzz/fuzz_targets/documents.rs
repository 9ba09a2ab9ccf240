//! Any text as a document, through every format: refused, or rendered so that it holds nothing forbidden, reads back the
//! same, and shows no secret.
#![no_main]

use acctq::account::{Account, Document, PARTNER};
use acctq::escape::is_forbidden;
use acctq::json::Token;
use acctq::output::table::Screen;
use acctq::output::{Format, Printer, Renderer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(document) = Document::parse(text.to_owned()) else {
        return;
    };
    let account = Account {
        resource: &PARTNER,
        document,
    };
    let wide = Screen::default();
    let narrow = Screen {
        width: Some(40),
        ..wide
    };
    for (format, screen) in [
        (Format::Table, wide),
        (Format::Table, narrow),
        (Format::Json, wide),
        (Format::Ndjson, wide),
        (Format::Yaml, wide),
    ] {
        for (many, reveal) in [(false, false), (true, true)] {
            let renderer = Renderer::new(format, many, &[&PARTNER], None, reveal, screen);
            let mut printer = Printer::new(&renderer);
            let mut out = Vec::new();
            printer.add(renderer.render(&account).expect("nothing is selected"), &mut out);
            printer.finish(&mut out);
            let out = String::from_utf8(out).expect("UTF-8");
            assert!(
                !out.contains(|c| c != '\n' && is_forbidden(c)),
                "{format}: {out:?}"
            );
            if reveal && format == Format::Json {
                let inner = out.trim().trim_start_matches('[').trim_end_matches(']');
                assert!(tokens(inner) == tokens(text), "{out}\n{text}");
            }
        }
    }
});

/// The tokens of a JSON text, strings decoded.
fn tokens(text: &str) -> Vec<(u8, String)> {
    let decoded = |raw| acctq::json::decode(raw).expect("whole").into_owned();
    acctq::json::Tokens::new(text)
        .map(|token| match token {
            Token::ObjectStart => (0, String::new()),
            Token::ObjectEnd => (1, String::new()),
            Token::ArrayStart => (2, String::new()),
            Token::ArrayEnd => (3, String::new()),
            Token::Key(raw) => (4, decoded(raw)),
            Token::String(raw) => (5, decoded(raw)),
            Token::Scalar(raw) => (6, raw.to_owned()),
        })
        .collect()
}
