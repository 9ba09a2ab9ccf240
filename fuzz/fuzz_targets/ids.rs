//! Any text as an id: an id that needs no escaping anywhere, or an error that shows no control character.
#![no_main]

use acctq::account::{RESOURCES, id::route};
use acctq::escape::{for_people, is_forbidden};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let results = RESOURCES
        .iter()
        .map(|resource| resource.parse_id(text))
        .chain([route(text)]);
    for result in results {
        match result {
            Ok(id) => assert!(
                id.as_str()
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            ),
            Err(error) => {
                let told = format!(
                    "{}{}",
                    for_people(&error.to_string()),
                    for_people(error.hint_text().unwrap_or(""))
                );
                assert!(!told.contains(is_forbidden), "{told:?}");
                assert!(told.chars().count() < 2_000, "{told}");
            }
        }
    }
});
