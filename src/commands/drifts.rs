//! Warnings about answers that stray from the contract.

use std::collections::BTreeMap;

use crate::account::{Account, Drift, Id};
use crate::error::{Error, Kind};
use crate::ui::{Ui, Warning};

/// The fields of one account that stray, each with how.
pub type Strays = Vec<(&'static str, Drift)>;

/// Those of this account.
#[must_use]
pub fn strays(account: &Account) -> Strays {
    account
        .drift()
        .map(|(field, drift)| (field.name, drift))
        .collect()
}

/// That an account which strays is not shown, for `--strict`.
#[must_use]
pub fn refusal(strays: &Strays, id: &Id) -> Error {
    Error::new(Kind::BadResponse, told(strays, id))
        .hint("without --strict it is shown, with a warning")
        .with(|facts| facts.status = Some(200))
}

fn told(strays: &Strays, id: &Id) -> String {
    let list: Vec<_> = strays
        .iter()
        .map(|(name, drift)| format!("{name} ({})", drift.words()))
        .collect();
    format!(
        "the {} {} strays from the contract: {}",
        id.resource().noun,
        id.as_str(),
        list.join(", ")
    )
}

/// Warnings about answers that stray from the contract: for one account all at once, among several once for each field.
pub struct Drifts<'a> {
    ui: &'a Ui,
    many: bool,
    /// What happens to what strays: it is `shown`, or `judged`.
    fate: &'static str,
    seen: BTreeMap<(&'static str, &'static str), usize>,
    accounts: usize,
}

impl<'a> Drifts<'a> {
    /// For one account, or for several, which are `shown` or `judged`.
    pub fn new(ui: &'a Ui, many: bool, fate: &'static str) -> Self {
        Drifts {
            ui,
            many,
            fate,
            seen: BTreeMap::new(),
            accounts: 0,
        }
    }

    /// Warns of what is new.
    pub fn warn(&mut self, strays: Strays, id: &Id, profile: Option<&str>) {
        if strays.is_empty() {
            return;
        }
        self.accounts += 1;
        let fresh = |(name, _): &(&'static str, Drift)| {
            let count = self.seen.entry((id.resource().api, *name)).or_default();
            *count += 1;
            !self.many || *count == 1
        };
        let strays: Strays = strays.into_iter().filter(fresh).collect();
        if !strays.is_empty() {
            self.ui.warning(&Warning {
                message: &told(&strays, id),
                hint: &format!(
                    "it is {} as it came; --strict makes this an error",
                    self.fate
                ),
                id: Some(id),
                profile,
                fields: strays
                    .iter()
                    .map(|(name, drift)| (*name, drift.words().to_owned()))
                    .collect(),
            });
        }
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
            hint: &format!(
                "they are {} as they came; --strict makes this an error",
                self.fate
            ),
            id: None,
            profile: None,
            fields,
        });
    }
}
