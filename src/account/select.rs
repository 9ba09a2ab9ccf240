//! `-F`: which members of an account are shown, and in which order.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::field::Kind as FieldKind;
use super::redact::{Redactor, hide_credentials, is_secret_name};
use super::{Account, Field, RESOURCES, Resource};
use crate::error::{Error, Kind, Result};
use crate::json::{Json, View};
use crate::text::{SHOWN, excerpt, nearest};

#[derive(Debug)]
pub struct Entry<'a> {
    /// The member's name, or a path as it was asked for.
    pub name: &'a str,
    /// Its value; `None` if it is a secret.
    pub value: Option<Json<'a>>,
}

/// The names given to `-F`: fields of the contract, with any path after them, and members of the first answer.
#[derive(Debug)]
pub struct Selection {
    names: Vec<String>,
    resources: Vec<&'static Resource>,
    /// An answer has been found to have the names that are no fields.
    is_checked: AtomicBool,
}

impl Selection {
    /// Checks the names without an answer. Fails (`usage`) for an empty or repeated one and for a secret without `reveal`.
    pub fn new(names: &[String], resources: &[&'static Resource], reveal: bool) -> Result<Self> {
        let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
        for (number, name) in names.iter().enumerate() {
            if let Some(flaw) = path_flaw(name) {
                let hint = format!("{flaw}; --fields takes names with commas between them");
                return Err(error(name, "is no field name", hint));
            }
            let is_twice = |resource: &&Resource| {
                names[..number].iter().any(|other| resource.own_name(other) == resource.own_name(name))
            };
            if resources.iter().any(is_twice) {
                return Err(error(name, "is named twice", "--fields takes each name once".into()));
            }
            let own_names = resources.iter().map(|resource| resource.own_name(name));
            if !reveal && own_names.chain([&**name]).flat_map(|name| name.split('.')).any(is_secret_name) {
                return Err(secret(name));
            }
        }
        Ok(Selection { names, resources: resources.to_vec(), is_checked: AtomicBool::new(false) })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Checks that the first answer has what is no field of the contract.
    fn check(&self, account: &Account, redactor: &Redactor) -> Result<()> {
        if self.is_checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let is_known = |first: &str| {
            self.resources.iter().any(|resource| resource.field(resource.own_name(first)).is_some())
                || account.document.get(first).is_some()
        };
        let is_unknown = |name: &&str| !is_known(name) && !splits(name).any(|(first, _)| is_known(first));
        if let Some(unknown) = self.names().find(is_unknown) {
            return Err(account.unknown(unknown, redactor));
        }
        self.is_checked.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Resource {
    /// The field that people mean by `name`, below which a path may lead on. The error (`usage`) shows the name as `shown`; it may be
    /// a slip of one of `others`, too.
    pub fn subject(&self, name: &str, leads_on: bool, shown: &str, others: &[&str]) -> Result<&'static Field> {
        let usage = |message, hint: &str| Err(Error::new(Kind::Usage, message).hint(hint));
        let Some(field) = self.field(self.own_name(name)) else {
            let owner = RESOURCES.iter().find(|other| other.field(name).is_some());
            let fields = self.fields.iter().map(|field| field.name);
            let hint = match (owner, nearest(name, fields.clone().chain(others.iter().copied()))) {
                (Some(owner), _) => format!("it is a field of a {}", owner.noun),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("its fields are {}", fields.collect::<Vec<_>>().join(", ")),
            };
            return usage(format!("a {} has no field `{shown}`", self.noun), &hint);
        };
        if leads_on && field.kind != FieldKind::Json {
            let hint = format!("use `{}` alone; paths lead into metadata", field.name);
            return usage(format!("the field {} has no members", field.name), &hint);
        }
        Ok(field)
    }
}

fn error(name: &str, what: &str, hint: String) -> Error {
    let shown = excerpt(&hide_credentials(name), SHOWN);
    Error::new(Kind::Usage, format!("`{shown}` {what}")).hint(hint)
}

fn secret(name: &str) -> Error {
    error(name, "is a secret", "add --reveal to show it".to_owned())
}

impl Account {
    /// What is shown of this account, in the server's or the selection's order. Fails (`usage`) if a name is unknown or a secret.
    pub fn entries<'a>(&'a self, selection: Option<&'a Selection>, redactor: &Redactor) -> Result<Vec<Entry<'a>>> {
        let entry = |name, value| self.entry(name, value, redactor);
        let Some(selection) = selection else {
            let members = self.document.members();
            let shown = |(name, value)| Entry { name: redactor.shown_name(name), ..entry(name, value) };
            let mut entries: Vec<_> = members.map(shown).collect();
            // One stands for all whose names are not shown.
            let mut seen = HashSet::new();
            entries.retain(|entry| !redactor.is_for_tickets() || seen.insert(entry.name));
            return Ok(entries);
        };
        selection.check(self, redactor)?;
        let own_names = selection.names().map(|name| self.resource.own_name(name));
        let found = own_names.filter_map(|name| Some(entry(name, self.find(name)?)));
        found.map(|entry| if entry.value.is_some() { Ok(entry) } else { Err(secret(entry.name)) }).collect()
    }

    /// What is shown of one of its values.
    pub fn entry<'a>(&self, name: &'a str, value: Json<'a>, redactor: &Redactor) -> Entry<'a> {
        let shown = redactor.shown(self.resource, name, value);
        Entry { name, value: (!redactor.hides(name, value)).then_some(shown) }
    }

    /// The value at a path: a member of that very name, or a path into one.
    pub fn find(&self, path: &str) -> Option<Json<'_>> {
        find_in(&|name| self.document.get(name), path)
    }

    fn unknown(&self, name: &str, redactor: &Redactor) -> Error {
        // Only what would be shown is suggested: a member's name may hold the secret itself.
        let members = self.document.members();
        let shown = members.filter(|(name, value)| !redactor.hides(name, *value));
        let shown = shown.map(|(name, _)| redactor.shown_name(name));
        let names = self.resource.fields.iter().map(|field| field.name).chain(shown);
        let near = nearest(name, names).map(|near| format!("did you mean `{}`? ", excerpt(near, SHOWN)));
        let near = near.unwrap_or_default();
        let fields: Vec<_> = self.resource.fields.iter().map(|field| field.name).collect();
        let fields = fields.join(", ");
        let hint =
            format!("{near}the fields are {fields} (`acctq help fields`); -o json without -F shows every member");
        let noun = self.resource.noun;
        error(&redactor.redact_known(name), &format!("is neither a field of a {noun} nor a member of the answer"), hint)
    }
}

/// What would be right instead of a text that is no path as `-F` and `--sort` take it.
pub fn path_flaw(text: &str) -> Option<&'static str> {
    if text.split('.').any(|name| name.starts_with('"')) {
        // Unlike in an expression: which dots separate names is found by trying.
        return Some("names stand without quotes here, one with a dot in it too: `metadata.a.b`");
    }
    text.split('.').any(str::is_empty).then_some("a path is like `metadata.plan`")
}

/// `a.b.c` as (`a`, `b.c`) and (`a.b`, `c`): a member's own name may hold a dot.
fn splits(path: &str) -> impl Iterator<Item = (&str, &str)> {
    path.match_indices('.').map(|(at, _)| (&path[..at], &path[at + 1..]))
}

/// The value at a path below an object, of which `member` gets members.
fn find_in<'a>(member: &dyn Fn(&str) -> Option<Json<'a>>, path: &str) -> Option<Json<'a>> {
    let below = |(first, rest)| match member(first)?.view() {
        View::Object(members) => {
            let member = |wanted: &str| members.iter().find(|(name, _)| *name == *wanted).map(|(_, value)| *value);
            find_in(&member, rest)
        }
        _ => None,
    };
    member(path).or_else(|| splits(path).find_map(below))
}

#[cfg(test)]
mod tests {
    use super::super::redact::Tokens;
    use super::super::{CONNECTED, Document, PARTNER};
    use super::*;

    fn account(text: &str) -> Account {
        Account { resource: &CONNECTED, document: Document::parse(text.to_owned()).expect("object") }
    }

    fn selection(names: &str) -> Result<Selection> {
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        Selection::new(&names, &[&CONNECTED], false)
    }

    fn select(selection: &Selection, account: &Account) -> Result<String> {
        let redactor = Redactor::new(false, Tokens::default()).for_account(account);
        let entries = account.entries(Some(selection), &redactor)?;
        let shown = entries.iter().map(|entry| format!("{}={} ", entry.name, entry.value.map_or("", Json::text)));
        Ok(shown.collect())
    }

    #[test]
    fn the_first_answer_decides_which_names_are_known() {
        let (with, without) = (account(r#"{"id":"cacc_1","extra":1}"#), account(r#"{"id":"cacc_2"}"#));
        let selection = selection("extra,status").expect("names");
        assert!(select(&selection, &without).is_err());
        assert_eq!(select(&selection, &with).expect("known"), "extra=1 ");
        assert_eq!(select(&selection, &without).expect("known by now"), "");
    }

    #[test]
    fn unknown_repeated_empty_and_secret_names_are_errors() {
        let account = account(r#"{"id":"cacc_1","link":"x","activation_token":"PNS-12345","promo_PNS-12345":1}"#);
        for (names, expected) in [
            ("statsu", "did you mean `status`?"),
            ("lnk", "did you mean `link`?"),
            ("promo_PNS", "the fields are id, connection_type, "),
            ("Activation token", "add --reveal"),
            ("id,ID", "--fields takes each name once"),
            ("UID,id", "--fields takes each name once"),
            ("promo_PNS-12345", "add --reveal"),
            ("metadata.activationToken", "add --reveal"),
            ("id,id", "--fields takes each name once"),
            ("id,", "a path is like `metadata.plan`"),
            ("metadata.\"a.b\"", "names stand without quotes here"),
        ] {
            let error = selection(names).and_then(|selection| select(&selection, &account)).expect_err(names);
            assert_eq!(error.kind(), Kind::Usage);
            let hint = error.hint_text().unwrap_or_default();
            assert!(hint.starts_with(expected), "{names}: {hint}");
            assert!(!format!("{error}{hint}").contains("12345"), "{error}");
        }
        assert!(Selection::new(&["activation_token".to_owned()], &[&PARTNER], true).is_ok());
    }
}
