//! `--count`: how many accounts have each value of a field, the most frequent value first.
//!
//! A value is what `-F` would show, so that what is hidden there is hidden here; null and a field that an account does not have are one
//! value, null. The values have to be held.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::list::limit_memory;
use crate::account::{Account, Redactor, Resource, Selection};
use crate::error::Result;
use crate::json::{self, Json};
use crate::output::{Format, NULL, Piece, Printer, Screen, compact, record};

/// How much is held, in MiB.
const MAX_MIB: usize = 16;
/// What a value takes beside its text, in bytes.
const ENTRY: usize = 64;

/// The accounts by their values of one field.
pub struct Counter {
    selection: Selection,
    /// The field's label, and its name.
    column: (String, String),
    /// By the value as JSON.
    counts: HashMap<String, usize>,
    size: usize,
}

/// The object of a value.
#[derive(Serialize)]
struct Count {
    value: Option<Box<RawValue>>,
    count: usize,
}

impl Counter {
    /// Counts the values of `field`, which may be a path or a label. Fails (`usage`) for a secret without `reveal`.
    pub fn new(field: &str, resource: &'static Resource, reveal: bool) -> Result<Self> {
        let selection = Selection::new(&[field.to_owned()], &[resource], reveal)?;
        let name = resource.own_name(field.trim());
        let label = resource.field(name).map_or(name, |field| field.label);
        Ok(Counter { selection, column: (label.to_owned(), name.to_owned()), counts: HashMap::new(), size: 0 })
    }

    pub fn printer(&self, format: Format, screen: Screen) -> Printer {
        let (label, name) = &self.column;
        Printer::of_records(format, &[(label, name), ("Accounts", "count")], screen)
    }

    pub fn clear(&mut self) {
        (self.counts, self.size) = (HashMap::new(), 0);
    }

    pub fn add(&mut self, account: &Account, redactor: &Redactor) -> Result<()> {
        let redactor = &redactor.for_account(account);
        let entries = account.entries(Some(&self.selection), redactor)?;
        let value = entries.first().and_then(|entry| entry.value).filter(|value| !value.is_null());
        let value = value.map(|value| compact(value, redactor)).unwrap_or_default();
        if let Some(count) = self.counts.get_mut(&value) {
            *count += 1;
            return Ok(());
        }
        self.size += ENTRY + value.len();
        self.counts.insert(value, 1);
        limit_memory(self.size, MAX_MIB)
    }

    /// The values as they are printed.
    pub fn pieces(self, format: Format) -> impl Iterator<Item = Piece> {
        let mut counts: Vec<_> = self.counts.into_iter().collect();
        counts.sort_unstable_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
        counts.into_iter().map(move |(value, count)| {
            let text = json::check(&value).ok().and_then(Json::as_str);
            let null = if format.is_table() { NULL } else { "" };
            let text = text.as_deref().unwrap_or(if value.is_empty() { null } else { &value });
            let object = Count { value: RawValue::from_string(value.clone()).ok(), count };
            record(format, &object, &[text, &count.to_string()])
        })
    }
}
