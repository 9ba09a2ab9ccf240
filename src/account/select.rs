//! `-F`: which members of an account are shown, and in which order.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use super::field::Kind as FieldKind;
use super::redact::{Redactor, hide_credentials, is_secret_name};
use super::{Account, Field, Resource};
use crate::error::{Error, Kind, Result};
use crate::json::{Json, View};
use crate::text::{excerpt, nearest};

/// How much of a name a message shows, in characters.
const SHOWN: usize = 60;

/// A member to be shown.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The member's name, or a path as it was asked for.
    pub name: &'a str,
    /// Its field of the contract, if the name is one.
    pub field: Option<&'static Field>,
    /// Its value; `None` if it is a secret.
    pub value: Option<Json<'a>>,
}

/// The names given to `-F`. A field of the contract passes, with any path after it; any other name must be a member of the first
/// answer.
#[derive(Debug)]
pub struct Selection {
    names: Vec<String>,
    resources: Vec<&'static Resource>,
    /// An answer has been found to have the names that are no fields.
    is_checked: AtomicBool,
}

impl Selection {
    /// Checks the names, as far as that is possible without an answer, for look-ups of any of `resources`. Fails (`usage`) for an
    /// empty or repeated name, a path into a field that has no members, and a secret field without `reveal`.
    pub fn new(names: &[String], resources: &[&'static Resource], reveal: bool) -> Result<Self> {
        let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
        for (number, name) in names.iter().enumerate() {
            let shown = excerpt(&hide_credentials(name), SHOWN);
            let error = |what: &str| Error::new(Kind::Usage, format!("`{shown}` {what}"));
            if let Some(flaw) = path_flaw(name) {
                let hint = format!("{flaw}; --fields takes names with commas between them");
                return Err(error("is no field name").hint(hint));
            }
            if names[..number].contains(name) {
                return Err(Error::new(Kind::Usage, format!("--fields names `{shown}` twice")));
            }
            if !reveal && name.split('.').any(is_secret_name) {
                return Err(error("is a secret").hint("add --reveal to show it"));
            }
            if let Some((first, _)) = name.split_once('.') {
                let fields = resources.iter().filter_map(|resource| resource.field(first));
                let has_members = fields.clone().any(|field| field.kind == FieldKind::Json);
                if fields.count() > 0 && !has_members {
                    return Err(error(&format!("is a path, but the field {first} has no members"))
                        .hint(format!(
                            "use `{first}` alone; paths lead into metadata and other objects"
                        )));
                }
            }
        }
        Ok(Selection { names, resources: resources.to_vec(), is_checked: AtomicBool::new(false) })
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Checks that the first answer has what is no field of the contract.
    fn check(&self, account: &Account, redactor: &Redactor) -> Result<()> {
        if self.is_checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let unknown = self.names().find(|name| !account.may_have(name, &self.resources));
        if let Some(unknown) = unknown {
            return Err(account.unknown(unknown, redactor));
        }
        self.is_checked.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Checks, for a look-up of this account alone, that not all names are fields of the other API.
    pub fn check_alone(&self, account: &Account, redactor: &Redactor) -> Result<()> {
        match self.names().next() {
            Some(first)
                if !self.names().any(|name| account.may_have(name, &[account.resource])) =>
            {
                Err(account.unknown(first, redactor))
            }
            _ => Ok(()),
        }
    }
}

impl Account {
    /// What is shown of this account: everything in the server's order, or what `selection` names in its order. What the account
    /// does not have is left out. Fails (`usage`) if a selected name is unknown or its value is a secret.
    pub fn entries<'a>(
        &'a self,
        selection: Option<&'a Selection>,
        redactor: &Redactor,
    ) -> Result<Vec<Entry<'a>>> {
        let Some(selection) = selection else {
            let entry = |(name, value)| Entry {
                name,
                field: self.resource.field(name),
                value: (!redactor.hides(name, value)).then_some(value),
            };
            return Ok(self.document.members().map(entry).collect());
        };
        selection.check(self, redactor)?;
        let mut entries = Vec::with_capacity(selection.names.len());
        for name in selection.names() {
            let Some(value) = self.find(name) else {
                continue;
            };
            if redactor.hides(name, value) {
                let message =
                    format!("`{}` holds a secret", excerpt(&hide_credentials(name), SHOWN));
                return Err(Error::new(Kind::Usage, message).hint("add --reveal to show it"));
            }
            entries.push(Entry { name, field: self.resource.field(name), value: Some(value) });
        }
        Ok(entries)
    }

    /// The value at a path: a member of that very name, or a path into one.
    pub fn find(&self, path: &str) -> Option<Json<'_>> {
        let below = |(first, rest)| find_in(self.document.get(first)?, rest);
        self.document.get(path).or_else(|| splits(path).find_map(below))
    }

    /// Whether a name may be absent: its first part is a field of one of `resources` or a member of the answer.
    fn may_have(&self, name: &str, resources: &[&Resource]) -> bool {
        let is_known = |first: &str| {
            let is_field = resources.iter().any(|resource| resource.field(first).is_some());
            is_field || self.document.get(first).is_some()
        };
        is_known(name) || splits(name).any(|(first, _)| is_known(first))
    }

    fn unknown(&self, name: &str, redactor: &Redactor) -> Error {
        // Only what would be shown is suggested: a member's name may hold the secret itself.
        let members = self.document.members();
        let shown = members.filter(|(name, value)| !redactor.hides(name, *value));
        let names = self.resource.fields.iter().map(|field| field.name);
        let labelled =
            self.resource.fields.iter().find(|field| field.label.eq_ignore_ascii_case(name));
        let near = labelled
            .map(|field| field.name)
            .or_else(|| nearest(name, names.chain(shown.map(|(name, _)| name))));
        let message = format!(
            "`{}` is neither a field of a {} nor a member of the answer",
            excerpt(&hide_credentials(name), SHOWN),
            self.resource.noun
        );
        Error::new(Kind::Usage, message).hint(match near {
            Some(near) => format!("did you mean `{}`?", excerpt(near, SHOWN)),
            None => "`-o json` without --fields shows every member".to_owned(),
        })
    }
}

/// What would be right instead of a text that is no path as `-F` and `--sort` take it.
pub fn path_flaw(text: &str) -> Option<&'static str> {
    let has = |flaw: fn(&str) -> bool| text.split('.').any(flaw);
    if has(|name| name.starts_with('"')) {
        // Unlike in an expression: which dots separate names is found by trying.
        return Some("names stand without quotes here, one with a dot in it too: `metadata.a.b`");
    }
    has(str::is_empty).then_some("a path is like `metadata.plan`")
}

/// `a.b.c` as (`a`, `b.c`) and (`a.b`, `c`): a member's own name may hold a dot.
fn splits(path: &str) -> impl Iterator<Item = (&str, &str)> {
    path.match_indices('.').map(|(at, _)| (&path[..at], &path[at + 1..]))
}

/// The value at a path below a JSON value.
fn find_in<'a>(value: Json<'a>, path: &str) -> Option<Json<'a>> {
    let View::Object(members) = value.view() else {
        return None;
    };
    let member = |wanted: &str| {
        let mut members = members.iter();
        members.find(|(name, _): &&(Cow<'_, str>, _)| name == wanted).map(|(_, value)| *value)
    };
    member(path).or_else(|| splits(path).find_map(|(first, rest)| find_in(member(first)?, rest)))
}

#[cfg(test)]
mod tests {
    use super::super::redact::Tokens;
    use super::super::{CONNECTED, Document, PARTNER};
    use super::*;

    fn account(text: &str) -> Account {
        Account {
            resource: &CONNECTED,
            document: Document::parse(text.to_owned()).expect("object"),
        }
    }

    fn selection(names: &str) -> Result<Selection> {
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        Selection::new(&names, &[&CONNECTED], false)
    }

    fn select(selection: &Selection, account: &Account) -> Result<String> {
        let redactor = Redactor::new(false, Tokens::default()).for_account(account);
        let entries = account.entries(Some(selection), &redactor)?;
        let shown = entries
            .iter()
            .map(|entry| format!("{}={} ", entry.name, entry.value.map_or("", Json::text)));
        Ok(shown.collect())
    }

    #[test]
    fn narrows_orders_and_reaches_into_objects() {
        let account = account(r#"{"id":"cacc_1","metadata":{"plan":"pro","a.b":{"c":1}},"x.y":2}"#);
        let selection = selection("metadata.plan,id,metadata.a.b.c,x.y,metadata.none,revoked_at")
            .expect("names");
        let shown = r#"metadata.plan="pro" id="cacc_1" metadata.a.b.c=1 x.y=2 "#;
        assert_eq!(select(&selection, &account).expect("known"), shown);
    }

    #[test]
    fn the_first_answer_decides_which_names_are_known() {
        let (with, without) =
            (account(r#"{"id":"cacc_1","extra":1}"#), account(r#"{"id":"cacc_2"}"#));
        let selection = selection("extra,status").expect("names");
        assert!(select(&selection, &without).is_err());
        assert_eq!(select(&selection, &with).expect("known"), "extra=1 ");
        assert_eq!(select(&selection, &without).expect("known by now"), "");
        // An account alone has something of what is asked for.
        let other =
            Selection::new(&["ends_at".to_owned()], &[&CONNECTED, &PARTNER], false).expect("names");
        assert_eq!(select(&other, &with).expect("a field"), "");
        assert!(other.check_alone(&with, &Redactor::default()).is_err());
        assert!(selection.check_alone(&with, &Redactor::default()).is_ok());
    }

    #[test]
    fn unknown_repeated_empty_and_secret_names_are_errors() {
        let account = account(
            r#"{"id":"cacc_1","link":"x","activation_token":"PNS-12345","promo_PNS-12345":1}"#,
        );
        for (names, expected) in [
            ("statsu", "did you mean `status`?"),
            ("onboarded", "did you mean `onboarding_completed_at`?"),
            ("lnk", "did you mean `link`?"),
            ("promo_PNS", "`-o json` without --fields shows every member"),
            ("promo_PNS-12345", "add --reveal"),
            ("status.x", "use `status` alone"),
            ("metadata.activationToken", "add --reveal"),
            ("id,id", ""),
            ("id,", "a path is like `metadata.plan`"),
            ("metadata.\"a.b\"", "names stand without quotes here"),
        ] {
            let error = selection(names)
                .and_then(|selection| select(&selection, &account))
                .expect_err(names);
            assert_eq!(error.kind(), Kind::Usage);
            let hint = error.hint_text().unwrap_or_default();
            assert!(hint.starts_with(expected), "{names}: {hint}");
            assert!(!format!("{error}{hint}").contains("12345"), "{error}");
        }
        assert!(Selection::new(&["activation_token".to_owned()], &[&PARTNER], true).is_ok());
    }
}
