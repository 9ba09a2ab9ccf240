//! Warnings about answers that stray from the contract.

use std::collections::BTreeMap;

use crate::account::{Account, Drift, Id};
use crate::error::{Error, Kind, Result};
use crate::ui::{Ui, Warning};

/// Warnings about answers that stray from the contract: for one account all at once, among several once for each field.
pub struct Drifts<'a> {
    ui: &'a Ui,
    many: bool,
    seen: BTreeMap<(&'static str, &'static str), usize>,
    accounts: usize,
}

impl<'a> Drifts<'a> {
    /// For one account, or for several.
    pub fn new(ui: &'a Ui, many: bool) -> Self {
        Drifts {
            ui,
            many,
            seen: BTreeMap::new(),
            accounts: 0,
        }
    }

    /// Warns of what is new.
    ///
    /// # Errors
    /// `bad_response`: it strays, and that is not to be.
    pub fn check(
        &mut self,
        account: &Account,
        id: &Id,
        profile: Option<&str>,
        strict: bool,
    ) -> Result<()> {
        let drifts: Vec<(&str, Drift)> = account
            .drift()
            .map(|(field, drift)| (field.name, drift))
            .collect();
        if drifts.is_empty() {
            return Ok(());
        }
        let list = |drifts: &[(&str, Drift)]| {
            let list: Vec<_> = drifts
                .iter()
                .map(|(name, drift)| format!("{name} ({})", drift.words()))
                .collect();
            format!(
                "the {} {} strays from the contract: {}",
                id.resource().noun,
                id.as_str(),
                list.join(", ")
            )
        };
        if strict {
            let error = Error::new(Kind::BadResponse, list(&drifts))
                .hint("without --strict it is shown, with a warning");
            return Err(error.with(|facts| facts.status = Some(200)));
        }
        self.accounts += 1;
        let fresh = |(name, _): &(&'static str, Drift)| {
            let count = self.seen.entry((id.resource().api, *name)).or_default();
            *count += 1;
            !self.many || *count == 1
        };
        let drifts: Vec<_> = drifts.into_iter().filter(fresh).collect();
        if !drifts.is_empty() {
            self.ui.warning(&Warning {
                message: &list(&drifts),
                hint: "it is shown as it came; --strict makes this an error",
                id: Some(id),
                profile,
                fields: drifts
                    .iter()
                    .map(|(name, drift)| (*name, drift.words().to_owned()))
                    .collect(),
            });
        }
        Ok(())
    }

    /// At the end of several look-ups, how many strayed in which field.
    pub fn sum_up(&self) {
        if !self.many || self.accounts < 2 {
            return;
        }
        let fields: Vec<_> = self
            .seen
            .iter()
            .map(|((_, name), count)| (*name, count.to_string()))
            .collect();
        let list: Vec<_> = fields
            .iter()
            .map(|(name, count)| format!("{name} ({count})"))
            .collect();
        self.ui.warning(&Warning {
            message: &format!(
                "{} accounts stray from the contract: {}",
                self.accounts,
                list.join(", ")
            ),
            hint: "they are shown as they came; --strict makes this an error",
            id: None,
            profile: None,
            fields,
        });
    }
}
