//! `-F`: which members of an account are shown, and in which order.

use std::sync::atomic::{AtomicBool, Ordering};

use super::concealment::is_secret_name;
use super::field::Kind as FieldKind;
use super::id::hide_credentials;
use super::{Account, Concealment, Field, Resource};
use crate::error::{Error, Kind, Result};
use crate::escape::excerpt;
use crate::json::{Token, Tokens, decode};
use crate::nearest::nearest;

/// One thing of an account to be shown.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The member's name, or a path as it was asked for.
    pub name: &'a str,
    /// Its row of the contract, if the name is one.
    pub field: Option<&'static Field>,
    /// Its value as JSON text; `None` if it is concealed.
    pub value: Option<&'a str>,
}

/// The names given to `-F`, checked as far as that is possible without an answer.
#[derive(Debug)]
pub struct Selection {
    names: Vec<String>,
    resources: Vec<&'static Resource>,
    /// Of a list's accounts, which of the names are known by now: what one of them lacks, another may have.
    known: Option<Vec<AtomicBool>>,
}

impl Selection {
    /// Checks a list of names for look-ups of any of `resources`.
    ///
    /// # Errors
    /// `usage`: an empty or repeated name, a path into a field that has no members, a secret field without `reveal`.
    pub fn new(names: &[String], resources: &[&'static Resource], reveal: bool) -> Result<Self> {
        let mut seen: Vec<String> = Vec::with_capacity(names.len());
        for name in names.iter().map(|name| name.trim()) {
            let shown = excerpt(name, 60);
            if let Some(hint) = path_flaw(name) {
                return Err(
                    Error::new(Kind::Usage, format!("`{shown}` is no field name")).hint(format!(
                        "{hint}; --fields takes names with commas between them"
                    )),
                );
            }
            if seen.iter().any(|other| other == name) {
                return Err(Error::new(
                    Kind::Usage,
                    format!("--fields names `{shown}` twice"),
                ));
            }
            if !reveal && name.split('.').any(is_secret_name) {
                return Err(Error::new(Kind::Usage, format!("`{shown}` is a secret"))
                    .hint("add --reveal to show it, where nobody looks on"));
            }
            if let Some((first, _)) = name.split_once('.') {
                let fields = resources.iter().filter_map(|r| r.field(first));
                if let Some(field) = fields
                    .clone()
                    .next()
                    .filter(|_| fields.clone().all(|f| f.kind != FieldKind::Json))
                {
                    return Err(Error::new(
                        Kind::Usage,
                        format!("`{shown}`: the field {} has no members", field.name),
                    )
                    .hint(format!(
                        "use `{}` alone; paths lead into metadata and other objects",
                        field.name
                    )));
                }
            }
            seen.push(name.to_owned());
        }
        Ok(Selection {
            names: seen,
            resources: resources.to_vec(),
            known: None,
        })
    }

    /// The same for the accounts of a list, whose names are judged at its end.
    #[must_use]
    pub fn of_a_list(mut self) -> Self {
        self.known = Some(self.names.iter().map(|_| AtomicBool::new(false)).collect());
        self
    }

    /// Judges the names at the end of a list.
    ///
    /// # Errors
    /// `usage`: one of them is neither a field nor a member of any account that was shown.
    pub fn judge(&self) -> Result<()> {
        let known = self.known.iter().flatten();
        let unknown = known
            .zip(&self.names)
            .find(|(is_known, _)| !is_known.load(Ordering::Relaxed));
        let Some((_, name)) = unknown else {
            return Ok(());
        };
        let fields = self.resources.iter().flat_map(|r| r.fields);
        let nouns: Vec<_> = self.resources.iter().map(|r| r.noun).collect();
        let message = format!(
            "`{}` is neither a field of a {} nor a member of any account in the list",
            excerpt(&hide_credentials(name), 60),
            nouns.join(" or a ")
        );
        let error = Error::new(Kind::Usage, message);
        Err(
            match crate::nearest::nearest(name, fields.map(|field| field.name)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`-o json` without --fields shows every member"),
            },
        )
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

impl Account {
    /// What is shown of this account: everything in the server's order, or what `selection` names in its order. What the
    /// account does not have is left out.
    ///
    /// # Errors
    /// `usage`: a selected name is neither a field of a resource in question nor a member of this answer, or what it
    /// names is concealed.
    pub fn entries<'a>(
        &'a self,
        selection: Option<&'a Selection>,
        concealment: &Concealment,
    ) -> Result<Vec<Entry<'a>>> {
        let Some(selection) = selection else {
            return Ok(self
                .document
                .members()
                .map(|(name, value)| Entry {
                    name,
                    field: self.resource.field(name),
                    value: (!concealment.hides(name, value)).then_some(value),
                })
                .collect());
        };
        let mut entries = Vec::with_capacity(selection.names.len());
        for (number, name) in selection.names().enumerate() {
            let found = self.find(name);
            let is_known = || found.is_some() || self.knows(name, &selection.resources);
            match &selection.known {
                None if !is_known() => return Err(self.unknown(name, concealment)),
                Some(known) if is_known() => known[number].store(true, Ordering::Relaxed),
                _ => {}
            }
            let Some(value) = found else {
                continue;
            };
            if concealment.hides(name, value) {
                return Err(Error::new(
                    Kind::Usage,
                    format!("`{}` holds a secret", excerpt(name, 60)),
                )
                .hint("add --reveal to show it, where nobody looks on"));
            }
            entries.push(Entry {
                name,
                field: self.resource.field(name),
                value: Some(value),
            });
        }
        Ok(entries)
    }

    /// The value at a path: a member of that very name, or a path into one.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&str> {
        self.document.get(path).or_else(|| {
            splits(path).find_map(|(first, rest)| {
                self.document
                    .get(first)
                    .and_then(|value| find_in(value, rest))
            })
        })
    }

    /// That `selection` names something that this account may have, for who looks up no other one.
    ///
    /// # Errors
    /// `usage`, if it names fields of the other API only.
    pub fn may_have_any(&self, selection: &Selection, concealment: &Concealment) -> Result<()> {
        match selection.names().next() {
            Some(first)
                if selection
                    .names()
                    .all(|name| !self.knows(name, &[self.resource])) =>
            {
                Err(self.unknown(first, concealment))
            }
            _ => Ok(()),
        }
    }

    /// Whether an absent name may be absent: its first part is a field of one of `resources` or a member of the answer.
    fn knows(&self, name: &str, resources: &[&Resource]) -> bool {
        let is_known = |first: &str| {
            resources.iter().any(|r| r.field(first).is_some()) || self.document.get(first).is_some()
        };
        is_known(name) || splits(name).any(|(first, _)| is_known(first))
    }

    fn unknown(&self, name: &str, concealment: &Concealment) -> Error {
        // What an account of the other API has is no help with this one. A name may hold the secret itself: only what would be
        // shown is suggested.
        let fields = || self.resource.fields.iter();
        let members = self.document.members();
        let shown = members.filter(|(name, value)| !concealment.hides(name, value));
        let names = fields().map(|f| f.name).chain(shown.map(|(name, _)| name));
        // As a table calls it.
        let labelled = fields().find(|f| f.label.eq_ignore_ascii_case(name));
        let near = labelled.map(|f| f.name).or_else(|| nearest(name, names));
        let error = Error::new(
            Kind::Usage,
            format!(
                "`{}` is neither a field of a {} nor a member of the answer",
                excerpt(&hide_credentials(name), 60),
                self.resource.noun
            ),
        );
        match near {
            Some(near) => error.hint(format!("did you mean `{}`?", excerpt(near, 60))),
            None => error.hint("`-o json` without --fields shows every member"),
        }
    }
}

/// What would be right instead of a text that is no path as `-F` and `--sort` take it.
#[must_use]
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
    path.match_indices('.')
        .map(|(i, _)| (&path[..i], &path[i + 1..]))
}

/// The value at a path below a JSON value.
fn find_in<'a>(value: &'a str, path: &str) -> Option<&'a str> {
    let member = |wanted: &str| {
        let mut tokens = Tokens::new(value);
        if tokens.next()? != Token::ObjectStart {
            return None;
        }
        while let Some(Token::Key(raw)) = tokens.next() {
            let found = tokens.value();
            if decode(raw)? == wanted {
                return Some(found);
            }
        }
        None
    };
    member(path).or_else(|| splits(path).find_map(|(first, rest)| find_in(member(first)?, rest)))
}

#[cfg(test)]
mod tests {
    use super::super::{CONNECTED, Document, PARTNER};
    use super::*;

    fn account(text: &str) -> Account {
        Account {
            resource: &CONNECTED,
            document: Document::parse(text.to_owned()).expect("object"),
        }
    }

    fn select(names: &[&str], account: &Account) -> Result<Vec<(String, String)>> {
        let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        let selection = Selection::new(&names, &[&CONNECTED], false)?;
        let concealment = Concealment::of(&account.document, false);
        let entries = account.entries(Some(&selection), &concealment)?;
        Ok(entries
            .iter()
            .map(|e| (e.name.to_owned(), e.value.unwrap_or_default().to_owned()))
            .collect())
    }

    #[test]
    fn narrows_orders_and_reaches_into_objects() {
        let account = account(r#"{"id":"cacc_1","metadata":{"plan":"pro","a.b":{"c":1}},"x.y":2}"#);
        let got = select(
            &[
                "metadata.plan",
                "id",
                "metadata.a.b.c",
                "x.y",
                "metadata.none",
                "revoked_at",
            ],
            &account,
        );
        let pairs = got.expect("known");
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("metadata.plan", "\"pro\""),
                ("id", "\"cacc_1\""),
                ("metadata.a.b.c", "1"),
                ("x.y", "2")
            ]
        );
    }

    #[test]
    fn unknown_repeated_empty_and_secret_names_are_errors() {
        let account = account(r#"{"id":"cacc_1","link":"x"}"#);
        let hint = |names: &[&str]| {
            let error = select(names, &account).expect_err("refused");
            assert_eq!(error.kind(), Kind::Usage);
            error.hint_text().unwrap_or_default().to_owned()
        };
        assert_eq!(hint(&["statsu"]), "did you mean `status`?");
        assert_eq!(hint(&["lnk"]), "did you mean `link`?");
        assert!(hint(&["status.x"]).contains("`status` alone"));
        assert!(hint(&["metadata.activationToken"]).contains("--reveal"));
        hint(&["id", "id"]);
        hint(&["id", ""]);
        assert!(hint(&["metadata.\"a.b\""]).starts_with("names stand without quotes here"));
        assert!(hint(&["metadata..a"]).starts_with("a path is like `metadata.plan`"));
        let reveal = Selection::new(&["activation_token".to_owned()], &[&PARTNER], true);
        assert!(reveal.is_ok());
    }
}
