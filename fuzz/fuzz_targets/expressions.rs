//! Any text as an expression: printed back as it was read and harmless, or pointed into; and any document under it.
#![no_main]

use acctq::account::{Account, Document, RESOURCES};
use acctq::error::Error;
use acctq::escape::is_forbidden;
use acctq::expression::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, json) = input;
    for resource in RESOURCES {
        let expression = match parse(text, resource) {
            Ok(expression) => expression,
            Err(flaw) => {
                let inside = 1..=text.chars().count().max(1);
                assert!(inside.contains(&flaw.column), "{flaw:?}");
                let error = Error::from(flaw);
                let told = format!("{error}{}", error.hint_text().unwrap_or(""));
                assert!(!told.contains(is_forbidden), "{told:?}");
                assert!(told.chars().count() < 1_000, "{told}");
                continue;
            }
        };
        let printed = expression.to_string();
        assert!(!printed.contains(is_forbidden), "{printed:?}");
        assert_eq!(parse(&printed, resource).as_ref(), Ok(&expression), "{printed}");
        let now = "2030-01-15T12:00:00Z".parse().expect("a time");
        assert_eq!(expression.evaluate(None, now).holds, expression.wants_absence());
        if let Ok(document) = Document::parse(format!("{{\"status\":{json},\"metadata\":{json}}}")) {
            let verdict = expression.evaluate(Some(&Account { resource, document }), now);
            assert!(!verdict.actual.to_string().contains(is_forbidden), "{verdict:?}");
        }
    }
});
