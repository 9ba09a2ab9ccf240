//! Warnings about answers that stray from the contract.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{Account, Drift, Id, Resource};
use crate::error::{Error, Kind};
use crate::ui::{Ui, Warning};

/// So many names of what the contract does not know are told.
const NAMED: usize = 5;

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
    Error::new(Kind::BadResponse, told(strays, id.resource(), Some(id)))
        .hint("without --strict it is shown, with a warning")
        .with(|facts| facts.status = Some(200))
}

/// That a list came with more than accounts, whose names are these as far as they may be told, for `--strict`; or to warn of.
#[must_use]
pub fn refusal_of_list(beside: &[Option<&str>], resource: &'static Resource) -> Error {
    let known = beside.iter().flatten().take(NAMED);
    let mut names: Vec<_> = known.map(|name| format!("`{name}`")).collect();
    if names.len() < beside.len() {
        names.push(format!("{} more", beside.len() - names.len()));
    }
    let message = format!(
        "the list of {}s came with what the contract does not know: {}",
        resource.noun,
        names.join(", ")
    );
    Error::new(Kind::BadResponse, message)
        .hint("that may say that there are more accounts than these: one answer is what is read")
        .with(|facts| facts.status = Some(200))
}

/// Whose account it is that strays, of a list.
pub struct Listed<'a> {
    /// What it is an account of.
    pub resource: &'static Resource,
    /// Its id, if it has one.
    pub id: Option<Id>,
    /// The profile in use.
    pub profile: Option<&'a str>,
    /// Whether it is not shown, since an expression about a field that strays does not hold.
    pub is_left_out: bool,
}

/// That an account in a list strays, for `--strict`.
#[must_use]
pub fn refusal_in_list(strays: &Strays, listed: &Listed<'_>) -> Error {
    let hint = if listed.is_left_out {
        "without --strict it is left out, with a warning: --where tells nothing from such a field"
    } else {
        "without --strict it is shown, with a warning"
    };
    let message = told(strays, listed.resource, listed.id.as_ref());
    Error::new(Kind::BadResponse, message)
        .hint(hint)
        .with(|facts| {
            facts.id = listed.id.as_ref().map(|id| id.as_str().to_owned());
            facts.api = Some(listed.resource.api);
            facts.profile = listed.profile.map(str::to_owned);
            facts.status = Some(200);
        })
}

fn told(strays: &Strays, resource: &Resource, id: Option<&Id>) -> String {
    let list: Vec<_> = strays
        .iter()
        .map(|(name, drift)| format!("{name} ({})", drift.words()))
        .collect();
    let noun = resource.noun;
    let account = match id {
        Some(id) => format!("the {noun} {}", id.as_str()),
        None => format!("a {noun} in the list"),
    };
    format!("{account} strays from the contract: {}", list.join(", "))
}

/// Warnings about answers that stray from the contract: for one account all at once, among several once for each field.
pub struct Drifts<'a> {
    ui: &'a Ui,
    many: bool,
    /// What happens to what strays: it is `shown`, perhaps, or `judged`.
    fate: &'static str,
    seen: BTreeMap<(&'static str, &'static str), usize>,
    accounts: usize,
    /// What has been warned of.
    told: BTreeSet<(&'static str, &'static str)>,
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
            told: BTreeSet::new(),
        }
    }

    /// Counts from the beginning, and warns of nothing twice.
    pub fn begin_again(&mut self) {
        self.seen.clear();
        self.accounts = 0;
    }

    /// Warns of what is new.
    pub fn warn(&mut self, strays: Strays, id: &Id, profile: Option<&str>) {
        let hint = format!(
            "it is {} as it came; --strict makes this an error",
            self.fate
        );
        self.warn_of(strays, id.resource(), Some(id), profile, &hint);
    }

    /// Warns of what is new about an account in a list.
    pub fn warn_in_list(&mut self, strays: Strays, listed: &Listed<'_>) {
        let fate = if listed.is_left_out {
            "left out, since --where tells nothing from such a field".to_owned()
        } else {
            format!("{} as it came", self.fate)
        };
        let hint = format!("it is {fate}; --strict makes this an error");
        let id = listed.id.as_ref();
        self.warn_of(strays, listed.resource, id, listed.profile, &hint);
    }

    fn warn_of(
        &mut self,
        strays: Strays,
        resource: &'static Resource,
        id: Option<&Id>,
        profile: Option<&str>,
        hint: &str,
    ) {
        if strays.is_empty() {
            return;
        }
        self.accounts += 1;
        let fresh = |(name, _): &(&'static str, Drift)| {
            let field = (resource.api, *name);
            *self.seen.entry(field).or_default() += 1;
            self.told.insert(field) || !self.many
        };
        let strays: Strays = strays.into_iter().filter(fresh).collect();
        if !strays.is_empty() {
            self.ui.warning(&Warning {
                message: &told(&strays, resource, id),
                hint,
                id,
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
