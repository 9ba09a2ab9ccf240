//! `--sort`: accounts in the order of a field.
//!
//! Times are ordered by their instants, numbers by their values, to the last digit, and false comes before true; everything else is
//! text. A value that is missing, null or of another type comes last in either direction; equal accounts keep the list's order. What
//! is sorted has to be held: as it will be printed, and no more than [`MAX_BYTES`] of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::list::accounts;
use crate::account::field::Kind as FieldKind;
use crate::account::path_flaw;
use crate::account::redact::{Redactor, hide_credentials, is_secret_name};
use crate::account::{Account, Number, Resource, Time};
use crate::error::{Error, Kind, Result};
use crate::json::View;
use crate::output::Piece;
use crate::text::{excerpt, nearest};

/// How much is held, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What an account takes beside its texts, in bytes: its entry in the map, and what two allocations cost.
const ENTRY: usize = 160;

/// How much of a field's name a message shows, in characters.
const NAME: usize = 60;

/// An order of accounts.
#[derive(Debug)]
pub struct Order {
    /// A field, or a path into one that may hold anything.
    path: String,
    kind: FieldKind,
    is_descending: bool,
}

/// What accounts are compared by; kinds of values in this order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Bool(bool),
    Number(Number),
    Time(Time),
    Text(String),
}

impl Order {
    /// Parses `FIELD` or `-FIELD`.
    pub fn parse(text: &str, resource: &'static Resource) -> Result<Self> {
        let text = text.trim();
        let (path, is_descending) = match text.strip_prefix('-') {
            Some(path) => (path, true),
            None => (text, false),
        };
        let first = path.split('.').next().unwrap_or_default();
        let shown = excerpt(&hide_credentials(path), NAME);
        let usage = |message: String, hint: &str| Err(Error::new(Kind::Usage, format!("--sort: {message}")).hint(hint));
        let Some(field) = resource.field(first) else {
            let message = format!("a {} has no field `{shown}`", resource.noun);
            return match nearest(first, resource.fields.iter().map(|field| field.name)) {
                Some(near) => usage(message, &format!("did you mean `{near}`?")),
                None => usage(message, "name a field, like `created_at`, or `-created_at`"),
            };
        };
        if path.split('.').any(is_secret_name) {
            return usage(
                format!("`{shown}` is a secret"),
                "an order would reveal something of it; choose another field",
            );
        }
        if let Some(flaw) = path_flaw(path) {
            return usage(format!("`{shown}` is no path"), flaw);
        }
        match (field.kind, path == first) {
            (FieldKind::Json, true) => usage(
                format!("{first} has no order, it may hold anything"),
                &format!("name a member of it, like `{first}.plan`"),
            ),
            (kind, false) if kind != FieldKind::Json => {
                let hint = format!("use `{first}` alone");
                usage(format!("`{shown}`: the field {first} has no members"), &hint)
            }
            (kind, _) => Ok(Order { path: path.to_owned(), kind, is_descending }),
        }
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
}

/// Where an account belongs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Ascending(Key),
    Descending(Reverse<Key>),
    Missing,
}

/// Accounts that are being sorted: all of them, or the first `limit`.
pub struct Sorter<'a> {
    order: &'a Order,
    limit: Option<usize>,
    /// As they will be printed, with their sizes, by their ranks and their places in the list.
    held: BTreeMap<(Rank, usize), (Piece, usize)>,
    size: usize,
    count: usize,
}

impl<'a> Sorter<'a> {
    pub fn new(order: &'a Order, limit: Option<usize>) -> Self {
        Sorter { order, limit, held: BTreeMap::new(), size: 0, count: 0 }
    }

    pub fn add(&mut self, account: &Account, redactor: &Redactor, piece: Piece) -> Result<()> {
        // A key is no larger than the text of its value.
        let key_size = account.find(&self.order.path).map_or(0, |value| value.text().len());
        let size = ENTRY + piece.size() + key_size;
        let rank = match self.order.key(account, redactor) {
            None => Rank::Missing,
            Some(key) if self.order.is_descending => Rank::Descending(Reverse(key)),
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
        if self.size <= MAX_BYTES {
            return Ok(());
        }
        let message = format!(
            "there is more to sort than the {} MiB that acctq holds: {} and still more",
            MAX_BYTES / 1024 / 1024,
            accounts(self.held.len())
        );
        Err(Error::new(Kind::Failed, message).hint(
            "--where and --limit leave fewer accounts, -F less of each; or sort what `-o ndjson` prints with another program",
        ))
    }

    pub fn sorted(self) -> impl Iterator<Item = Piece> {
        self.held.into_values().map(|(piece, _)| piece)
    }
}
