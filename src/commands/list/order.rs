//! `--sort`: accounts in the order of a field, by what the contract says of it.
//!
//! Times are in the order of their instants, numbers in that of their values, to the last digit, and false is before true;
//! everything else is text.
//! What is missing, null or of another type comes last, in either direction. Accounts that are alike stay in the list's
//! order. What is sorted has to be held: rendered, since that is what is shown of it, and no more than [`MOST`] of it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::mem;

use crate::account::field::{self, Kind as FieldKind};
use crate::account::id::hide_credentials;
use crate::account::{Account, Concealment, Resource, Time, is_secret_name, path_flaw};
use crate::error::{Error, Kind, Result};
use crate::escape::excerpt;
use crate::expression::Number;
use crate::nearest::nearest;
use crate::output::Piece;

/// How much is held, in bytes.
const MOST: usize = 64 * 1024 * 1024;

/// What an allocation costs beside its own length, in bytes.
const OVERHEAD: usize = 16;

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

/// What accounts are compared by, in its order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Flag(bool),
    Number(Number),
    Time(Time),
    Text(String),
}

impl Order {
    /// Reads `FIELD` or `-FIELD`.
    ///
    /// # Errors
    /// `usage`: there is no such field, or it has no order.
    pub fn parse(text: &str, resource: &'static Resource) -> Result<Self> {
        let text = text.trim();
        let (path, is_descending) = match text.strip_prefix('-') {
            Some(path) => (path, true),
            None => (text, false),
        };
        let (first, has_below) = match path.split_once('.') {
            Some((first, _)) => (first, true),
            None => (path, false),
        };
        let shown = excerpt(&hide_credentials(path), NAME);
        let usage = |message: String| Error::new(Kind::Usage, message);
        let Some(field) = resource.field(first) else {
            let names = resource.fields.iter().map(|field| field.name);
            let message = format!("--sort: a {} has no field `{shown}`", resource.noun);
            return Err(usage(message).hint(match nearest(first, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "--sort takes a field, like `created_at`, or `-created_at`".to_owned(),
            }));
        };
        if path.split('.').any(is_secret_name) {
            return Err(usage(format!("--sort: `{shown}` is a secret"))
                .hint("an order would tell of it; choose another field"));
        }
        if let Some(hint) = path_flaw(path) {
            return Err(usage(format!("--sort: `{shown}` is no path")).hint(hint));
        }
        match (field.kind, has_below) {
            (FieldKind::Json, false) => Err(usage(format!(
                "--sort: {} has no order, it may hold anything",
                field.name
            ))
            .hint(format!("name something in it, like `{}.plan`", field.name))),
            (kind, true) if kind != FieldKind::Json => Err(usage(format!(
                "--sort: `{shown}`: the field {} has no members",
                field.name
            ))
            .hint(format!("use `{}` alone", field.name))),
            (kind, _) => Ok(Order {
                path: path.to_owned(),
                kind,
                is_descending,
            }),
        }
    }

    fn key(&self, account: &Account) -> Option<Key> {
        let value = account.find(&self.path)?;
        if Concealment::of(&account.document, false).hides(&self.path, value) {
            // An order would tell of it.
            return None;
        }
        let text = || field::text(value).map(|text| Key::Text(text.into_owned()));
        let number = || Number::parse(value).map(Key::Number);
        match self.kind {
            FieldKind::Time => Time::parse(&field::text(value)?).map(Key::Time),
            FieldKind::Integer => number(),
            FieldKind::Json => match value {
                "false" | "true" => Some(Key::Flag(value == "true")),
                _ => number().or_else(text),
            },
            _ => text(),
        }
    }
}

/// An account that is to be sorted.
struct Held {
    key: Option<Key>,
    is_descending: bool,
    /// Its place in the list.
    number: usize,
    piece: Piece,
    size: usize,
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = match (&self.key, &other.key) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(mine), Some(others)) if self.is_descending => others.cmp(mine),
            (Some(mine), Some(others)) => mine.cmp(others),
        };
        by_key.then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Held {}

/// Accounts that are being sorted: all of them, or so many that come first.
pub struct Sorter<'a> {
    order: &'a Order,
    limit: Option<usize>,
    /// The one that comes last is on top.
    held: BinaryHeap<Held>,
    size: usize,
    number: usize,
}

impl<'a> Sorter<'a> {
    pub fn new(order: &'a Order, limit: Option<usize>) -> Self {
        Sorter {
            order,
            limit,
            held: BinaryHeap::new(),
            size: 0,
            number: 0,
        }
    }

    /// Adds an account.
    ///
    /// # Errors
    /// `failed`: there is too much.
    pub fn add(&mut self, account: &Account, piece: Piece) -> Result<()> {
        let piece = piece.shrunk();
        let key = self.order.key(account);
        let text = match &key {
            Some(Key::Text(text)) => text.len() + OVERHEAD,
            // A number's digits are no longer than the account that they stand in.
            Some(Key::Number(_)) => account.find(&self.order.path).map_or(0, str::len) + OVERHEAD,
            Some(Key::Time(time)) => time.size() + OVERHEAD,
            Some(Key::Flag(_)) | None => 0,
        };
        let size = mem::size_of::<Held>() + piece.size() + text + OVERHEAD;
        self.number += 1;
        self.size += size;
        self.held.push(Held {
            key,
            is_descending: self.order.is_descending,
            number: self.number,
            piece,
            size,
        });
        if self.limit.is_some_and(|limit| self.held.len() > limit)
            && let Some(last) = self.held.pop()
        {
            self.size -= last.size;
        }
        if self.size > MOST {
            let message = format!(
                "more is to be sorted than the {} MiB that there are for it: {} and still more",
                MOST / 1024 / 1024,
                super::accounts(self.held.len())
            );
            return Err(Error::new(Kind::Failed, message).hint(
                "--where and --limit leave fewer accounts to sort, -F less of each; or let another program sort what \
                 `-o ndjson` prints",
            ));
        }
        Ok(())
    }

    /// In order.
    pub fn sorted(self) -> impl Iterator<Item = Piece> {
        self.held
            .into_sorted_vec()
            .into_iter()
            .map(|held| held.piece)
    }
}
