//! Any text as a document, in every format: refused, or rendered without a forbidden character, read back as the same JSON, and
//! without a secret.
#![no_main]

use acctq::fuzzing::{Account, Document, Format, PARTNER, Printer, Redactor, Renderer, Screen, Tokens};
use acctq::is_forbidden;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(document) = Document::parse(text.to_owned()) else {
        return;
    };
    let account = Account { resource: &PARTNER, document };
    let wide = Screen::default();
    let narrow = Screen { width: Some(40), ..wide };
    for (format, screen) in [
        (Format::Table, wide),
        (Format::Table, narrow),
        (Format::Json, wide),
        (Format::Ndjson, wide),
        (Format::Yaml, wide),
    ] {
        for (many, reveal) in [(false, false), (true, true)] {
            let redactor = Redactor::new(reveal, Tokens::default());
            let renderer = Renderer::new(format, many, &[&PARTNER], None, screen);
            let mut printer = Printer::new(&renderer);
            let mut out = Vec::new();
            let piece = renderer.render(&account, &redactor, None).expect("nothing is selected");
            printer.add(piece, &mut out);
            printer.finish(&mut out);
            let out = String::from_utf8(out).expect("UTF-8");
            assert!(!out.contains(|c| c != '\n' && is_forbidden(c)), "{format}: {out:?}");
            // serde_json stops at 127 levels.
            if let (true, Format::Json, Ok(came)) = (reveal, format, serde_json::from_str::<Value>(text)) {
                let printed: Value = serde_json::from_str(&out).expect("JSON");
                assert_eq!(printed[0], came, "{out}");
            }
        }
    }
});
