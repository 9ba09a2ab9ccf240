//! Any text as an expression and as an id: printed back as it was understood, or a harmless error; and any document under it.
#![no_main]

use acctq::fuzzing::{Account, Document, Error, RESOURCES, Redactor, escape, parse, route};
use acctq::is_forbidden;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, json) = input;
    match route(text) {
        Ok(id) => assert!(id.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))),
        Err(error) => check_harmless(&error),
    }
    let redactor = Redactor::default();
    for resource in RESOURCES {
        let expression = match parse(text, resource) {
            Ok(expression) => expression,
            Err(flaw) => {
                check_harmless(&Error::from(flaw));
                continue;
            }
        };
        let printed = expression.to_string();
        assert!(!printed.contains(is_forbidden), "{printed:?}");
        assert_eq!(parse(&printed, resource).ok().as_ref(), Some(&expression), "{printed}");
        let now = "2030-01-15T12:00:00Z".parse().expect("a time");
        assert_eq!(expression.evaluate(None, &redactor, now).holds, expression.wants_absence());
        if let Ok(document) = Document::parse(format!("{{\"status\":{json},\"metadata\":{json}}}")) {
            let account = Account { resource, document };
            let verdict = expression.evaluate(Some(&account), &redactor, now);
            assert!(!verdict.actual.to_string().contains(is_forbidden), "{verdict:?}");
        }
    }
});

fn check_harmless(error: &Error) {
    let shown = format!("{error}{}", error.hint_text().unwrap_or_default());
    let shown = escape(&shown);
    assert!(!shown.contains(is_forbidden), "{shown:?}");
    assert!(shown.chars().count() < 2_000, "{shown}");
}
