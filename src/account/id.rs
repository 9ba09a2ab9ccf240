//! Ids: checked against the API's own alphabet before anything else happens to them, and explained when they are not one.
//!
//! A checked id is a type; only that type reaches a URL. What looks like a credential is refused without being repeated.

use super::field::Kind as FieldKind;
use super::redact::{Redactor, looks_like_a_credential};
use super::{PARTNER, RESOURCES, Resource};
use crate::error::{Error, Kind, Result};
use crate::text::{SHOWN, excerpt, named};

/// Prefixes of other ids at Connect (vendor), and what such a text is.
const OTHERS: [(&str, &str); 9] = [
    ("org_", "an organization's id"),
    ("ten_", "a tenant's id"),
    ("cus_", "a customer's id"),
    ("sub_", "a subscription's id"),
    ("inv_", "an invoice's id"),
    ("usr_", "a user's id"),
    ("tkn_", "an API token's id"),
    ("app_", "an OAuth app's id"),
    ("plan_", "a plan's id"),
];

/// The id of an account of one resource, in the API's own alphabet: it needs no escaping anywhere.
#[derive(Clone, Debug)]
pub struct Id {
    resource: &'static Resource,
    text: String,
}

impl Id {
    pub fn resource(&self) -> &'static Resource {
        self.resource
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Resource {
    /// Checks `text` against the id rule. The error (`usage`) says what else it is, if that can be told, and the command to use.
    pub fn parse_id(&'static self, text: &str) -> Result<Id> {
        if !(self.is_id)(text) || looks_like_a_credential(text) {
            return Err(self.explain(text));
        }
        Ok(Id { resource: self, text: text.to_owned() })
    }

    fn explain(&'static self, text: &str) -> Error {
        let noun = self.noun;
        let wanted = format!("a {noun} is looked up by its id: {}", self.id_rule);
        let bare =
            text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || "\"'`<>,;()[]{}“”‘’«»".contains(c));
        // Inside a link or a sentence it is a secret, too.
        if looks_like_a_credential(bare) || Redactor::default().redact(text) != text {
            let remedy = "if it was a secret, remove it from where it stands, such as your shell's history";
            let message = "this looks like a credential, not an id; it is not repeated here";
            return Error::new(Kind::Usage, message).hint(format!("{wanted}; {remedy}"));
        }
        // No id has a character beyond ASCII, and one that looks like a letter would not be seen.
        let ascii = |c: char| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() };
        let shown = excerpt(&text.chars().take(SHOWN + 1).map(ascii).collect::<String>(), SHOWN);
        let path = bare.split_once("://").map(|(_, rest)| rest.split(['?', '#']).next().unwrap_or_default());
        let id = path.map_or(bare, |path| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default());
        // Any word could be a uid; a UUID or a word with a prefix hardly is anything else.
        let is_telling = is_uuid(id) || id.contains('_');
        let owner = RESOURCES.iter().find(|resource| is_telling && (resource.is_id)(id));
        let other = OTHERS.iter().find(|(prefix, _)| bare.starts_with(prefix));
        let (message, owner) = if text.is_empty() {
            ("the id is empty".to_owned(), None)
        } else if path.is_some() {
            ("this is a URL, not an id".to_owned(), owner.copied())
        } else if (self.is_id)(bare) {
            (format!("`{shown}` has something around the id"), Some(self))
        } else if let Some((_, what)) = other {
            (format!("`{shown}` is {what}, not a {noun}'s"), None)
        } else if is_uuid(bare) {
            (format!("`{shown}` is a UUID, not a {noun}'s id"), owner.copied())
        } else if let Some(owner) = owner {
            (format!("`{shown}` is a {}'s id, not a {noun}'s", owner.noun), Some(*owner))
        } else {
            (format!("`{shown}` is not a {noun}'s id"), None)
        };
        let odd = text.chars().find(|c| !c.is_ascii() || c.is_control()).filter(|_| path.is_none());
        let message = odd.map_or(message.clone(), |odd| format!("{message}: it has {} in it", named(odd)));
        let is_plain = |extra: &str| bare.chars().all(|c| c.is_alphanumeric() || extra.contains(c));
        let hint = match owner {
            Some(owner) => format!("try: `{} {id}`", owner.command),
            None if bare.contains('@') && is_plain("@._+-") => {
                format!("`acctq cacc list --where pending_email={bare}` finds who was invited")
            }
            None if bare.contains(' ') && is_plain(" .-'&,") => {
                let name = bare.replace('\'', r"'\''");
                format!("`acctq cacc list --where 'pending_organization_name~\"{name}\"'` finds it by its name")
            }
            None => wanted,
        };
        let shown = Some(shown).filter(|_| path.is_none());
        Error::new(Kind::Usage, message).with_context(|context| context.id = shown).hint(hint)
    }
}

/// The id of an account of one of these resources: of any but one, as [`route`] finds it.
pub fn parse(text: &str, resources: &[&'static Resource]) -> Result<Id> {
    if let [resource] = resources { resource.parse_id(text) } else { route(text) }
}

/// Finds the resource that `text` is an id of; fails as [`Resource::parse_id`] of the one whose ids have the prefix that is in it.
pub fn route(text: &str) -> Result<Id> {
    let names = |resource: &&&Resource| {
        let field = resource.field(resource.id_field);
        matches!(field.map(|field| field.kind), Some(FieldKind::Id(prefix)) if text.contains(prefix))
    };
    let legal = RESOURCES.iter().find(|resource| (resource.is_id)(text));
    legal.or_else(|| RESOURCES.iter().find(names)).unwrap_or(&&PARTNER).parse_id(text)
}

/// Whether `text` is a UUID in its usual notation (RFC 9562).
pub fn is_uuid(text: &str) -> bool {
    let is_shaped = |(at, b): (usize, u8)| match at {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_shaped)
}

#[cfg(test)]
mod tests {
    use super::super::CONNECTED;
    use super::*;

    fn refused(result: Result<Id>) -> (String, String) {
        let error = result.expect_err("no id");
        assert_eq!(error.kind(), Kind::Usage);
        let hint = error.hint_text().unwrap_or_default().to_owned();
        (error.to_string(), hint)
    }

    #[test]
    fn ids_of_both_apis() {
        for (resource, id, expected) in [
            (&CONNECTED, "cacc_7n42DGM5Tflk9n8mt7Fhc7", true),
            (&CONNECTED, "cacc_7n42DGM5Tflk9n8mt7Fhc8", false),
            (&CONNECTED, "-x", false),
            (&PARTNER, "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b", true),
            (&PARTNER, "-x", true),
            (&PARTNER, &*"a".repeat(80), true),
            (&PARTNER, &*"a".repeat(81), false),
            (&PARTNER, "a/b", false),
            (&PARTNER, "..", false),
            (&PARTNER, "ä", false),
        ] {
            assert_eq!(resource.parse_id(id).is_ok(), expected, "{id:?}");
        }
        // A short text that begins like a JWT is too short for one.
        assert!(PARTNER.parse_id(&format!("eyJ{}", "a".repeat(17))).is_ok());
        assert!(PARTNER.parse_id(&format!("eyJ{}", "a".repeat(18))).is_err());
    }

    #[test]
    fn what_was_pasted_is_named_and_the_right_command_shown() {
        const UUID: &str = "aabee51b-0be2-4a0c-aa39-5bbcbb903d1b";
        let get_uuid = format!("try: `acctq partner account get {UUID}`");
        let get_cacc = "try: `acctq cacc get cacc_1`";
        for (resource, text, what, hint) in [
            (&CONNECTED, UUID, "is a UUID", &*get_uuid),
            (&PARTNER, "cacc_1", "is a connected account's id", get_cacc),
            (&CONNECTED, "https://x.example/a/cacc_1/?key=secret", "this is a URL", get_cacc),
            (&PARTNER, "https://x.example/a/word", "this is a URL", "a partner account is"),
            (&PARTNER, "cacc_zzzzzzzzzzzzzzzzzzzzzz", "is not a partner account's id", "a partner"),
            (&CONNECTED, "cus_1", "is a customer's id, not a connected account's", "a connected account is"),
            (&CONNECTED, "", "empty", "a connected account is"),
        ] {
            let (message, told) = refused(resource.parse_id(text));
            assert!(message.contains(what) && !message.contains("secret"), "{message}");
            assert!(told.starts_with(hint), "{text}: {told}");
        }
        for c in "\"'`<>,;()[]{}“”‘’«» \t\r\n\0".chars() {
            for around in [format!("{c}cacc_1"), format!("cacc_1{c}")] {
                assert_eq!(refused(CONNECTED.parse_id(&around)).1, get_cacc, "{around:?}");
            }
        }
    }
}
