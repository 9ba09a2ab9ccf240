//! `--sort`: accounts in the order of a field.
//!
//! Times are ordered by their instants, numbers by their values, to the last digit, and false comes before true; everything else is
//! text. A value that is missing, null or of another type comes last in either direction; equal accounts keep the list's order. What
//! is sorted has to be held, as it will be printed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::list::limit_memory;
use crate::account::field::Kind as FieldKind;
use crate::account::path_flaw;
use crate::account::redact::{Redactor, hide_credentials, is_secret_name};
use crate::account::{Account, Field, Number, Resource, Time};
use crate::error::{Error, Kind, Result};
use crate::json::View;
use crate::output::Piece;
use crate::text::{SHOWN, excerpt};

/// How much is held, in MiB.
const MAX_MIB: usize = 64;
/// What an account takes beside its texts, in bytes.
const ENTRY: usize = 160;

/// Accounts that are being sorted: all of them, or the first `limit`.
pub struct Sorter {
    /// A field, or a path into one that may hold anything.
    path: String,
    kind: FieldKind,
    is_descending: bool,
    limit: Option<usize>,
    /// As they will be printed, with their sizes, by their ranks and their places in the list.
    held: BTreeMap<(Rank, usize), (Piece, usize)>,
    size: usize,
    count: usize,
}

/// Where an account belongs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Ascending(Key),
    Descending(Reverse<Key>),
    Missing,
}

/// What accounts are compared by; kinds of values in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Bool(bool),
    Number(Number),
    Time(Time),
    Text(String),
}

impl Sorter {
    /// Sorts by `text`, which is `FIELD` or `-FIELD`.
    pub fn new(text: &str, resource: &'static Resource, limit: Option<usize>) -> Result<Self> {
        let text = text.trim();
        let path = text.strip_prefix('-').unwrap_or(text);
        let (first, below) = path.split_at(path.find('.').unwrap_or(path.len()));
        let shown = excerpt(&hide_credentials(path), SHOWN);
        let usage = |message: String, hint: &str| Err(Error::new(Kind::Usage, format!("--sort: {message}")).hint(hint));
        if path.split('.').any(is_secret_name) {
            let hint = "an order would reveal something of it; choose another field";
            return usage(format!("`{shown}` is a secret"), hint);
        }
        if let Some(flaw) = path_flaw(path) {
            return usage(format!("`{shown}` is no path"), flaw);
        }
        let field = resource.subject(first, !below.is_empty(), &shown, &[]);
        let Field { name, kind, .. } = field.map_err(|error| error.with_prefix("--sort: "))?;
        if *kind == FieldKind::Json && below.is_empty() {
            let hint = format!("name a member of it, like `{name}.plan`");
            return usage(format!("{name} has no order, it may hold anything"), &hint);
        }
        Ok(Sorter {
            path: [*name, below].concat(),
            kind: *kind,
            is_descending: path != text,
            limit,
            held: BTreeMap::new(),
            size: 0,
            count: 0,
        })
    }

    fn key(&self, account: &Account, redactor: &Redactor) -> Option<Key> {
        let value = account.find(&self.path)?;
        if redactor.for_reports().for_account(account).hides(&self.path, value) {
            // An order would reveal something of it.
            return None;
        }
        match (self.kind, value.view()) {
            (FieldKind::Json, View::Bool(flag)) => Some(Key::Bool(flag)),
            (FieldKind::Json | FieldKind::Integer, View::Number(number)) => Number::parse(number).map(Key::Number),
            (FieldKind::Time, View::String(text)) => Time::parse(&text).map(Key::Time),
            (FieldKind::Integer, View::String(_)) => None,
            (_, View::String(text)) => Some(Key::Text(text.into_owned())),
            _ => None,
        }
    }

    /// Forgets the accounts.
    pub fn clear(&mut self) {
        self.held.clear();
        self.size = 0;
    }

    pub fn add(&mut self, account: &Account, redactor: &Redactor, piece: Piece) -> Result<()> {
        // A key is no larger than the text of its value.
        let key_size = account.find(&self.path).map_or(0, |value| value.text().len());
        let size = ENTRY + piece.size() + key_size;
        let rank = match self.key(account, redactor) {
            None => Rank::Missing,
            Some(key) if self.is_descending => Rank::Descending(Reverse(key)),
            Some(key) => Rank::Ascending(key),
        };
        self.count += 1;
        self.size += size;
        self.held.insert((rank, self.count), (piece, size));
        if self.limit.is_some_and(|limit| self.held.len() > limit)
            && let Some((_, (_, size))) = self.held.pop_last()
        {
            self.size -= size;
        }
        limit_memory(self.size, MAX_MIB)
    }

    pub fn sorted(self) -> impl Iterator<Item = Piece> {
        self.held.into_values().map(|(piece, _)| piece)
    }
}
