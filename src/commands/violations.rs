//! Answers that violate the API's contract: a warning about what is shown, or `--strict`'s refusal to show it.
//!
//! One account has one warning that names all its fields. Of many accounts each field is warned about once, at its first violation,
//! and counted at the end.

use std::collections::BTreeMap;

use super::session::Target;
use crate::account::{Field, Id, Violation};
use crate::client::Found;
use crate::error::{Error, Kind, Result};
use crate::ui::{FieldWarning, Ui, Warning};

/// How many unknown member names a message lists.
const MAX_NAMES: usize = 5;

/// The fields of one account that violate the contract.
pub type Violations = Vec<(&'static Field, Violation)>;

/// `the connected account cacc_1 (profile test) violates the API's contract: status (unknown value)`
fn message(violations: &Violations, target: Target<'_>) -> String {
    let fields = violations.iter().map(|(field, violation)| format!("{} ({})", field.name, violation.words()));
    let account = match target.id {
        Some(_) => target.to_string(),
        None => format!("a {} in the list", target.resource.noun),
    };
    format!("{account} violates the API's contract: {}", fields.collect::<Vec<_>>().join(", "))
}

/// The error that `--strict` makes of an answer.
fn strict_error(message: String, target: Target<'_>) -> Error {
    let error = Error::new(Kind::BadResponse, message).with_context(|context| context.status = Some(200));
    target.describe(error)
}

/// What happens to an account with violations, for hints.
const USED: &str = "it is used as it came";
/// The same where `--where` asks about a field that violates the contract: no expression holds for it.
const LEFT_OUT: &str = "it is left out, since --where concludes nothing from such a field";

/// The error that `--strict` makes of an account's violations.
pub fn refusal(violations: &Violations, target: Target<'_>, is_left_out: bool) -> Error {
    let fate = if is_left_out { LEFT_OUT } else { USED };
    strict_error(message(violations, target), target).hint(format!("without --strict {fate}, with a warning"))
}

/// The violations of an account that was looked up.
pub fn check(found: &Found, strict: bool, target: Target<'_>) -> Result<Violations> {
    let violations = found.account.violations();
    if !strict || violations.is_empty() {
        return Ok(violations);
    }
    Err(refusal(&violations, target, false).with_context(|context| {
        (context.attempts, context.elapsed) = (Some(found.attempts), Some(found.elapsed));
    }))
}

/// The error that `--strict` makes of members that came beside the accounts of a list.
pub fn unknown_members(names: &[String], target: Target<'_>) -> Error {
    let mut listed: Vec<_> = names.iter().take(MAX_NAMES).cloned().collect();
    if names.len() > listed.len() {
        listed.push(format!("{} more", names.len() - listed.len()));
    }
    let (list, listed) = (target.name(), listed.join(", "));
    let message = format!("the {list} came with members that the API's contract does not know: {listed}");
    strict_error(message, target)
        .hint("there may be more accounts than these: acctq reads one answer, not several pages")
}

/// The warnings of one run.
pub struct Warnings<'a> {
    ui: &'a Ui,
    /// How many accounts violate each field of each API.
    counts: BTreeMap<(&'static str, &'static str), usize>,
    accounts: usize,
}

impl<'a> Warnings<'a> {
    pub fn new(ui: &'a Ui) -> Self {
        Warnings { ui, counts: BTreeMap::new(), accounts: 0 }
    }

    /// Counts anew, for a list that begins anew; what was warned about is not repeated.
    pub fn begin(&mut self) {
        self.accounts = 0;
        self.counts.values_mut().for_each(|count| *count = 0);
    }

    /// Warns about what has not been warned about yet.
    pub fn warn(&mut self, mut violations: Violations, target: Target<'_>, is_left_out: bool) {
        self.accounts += usize::from(!violations.is_empty());
        violations.retain(|(field, _)| {
            let name = (target.resource.api, field.name);
            let is_new = !self.counts.contains_key(&name);
            *self.counts.entry(name).or_default() += 1;
            is_new
        });
        if violations.is_empty() {
            return;
        }
        let fate = if is_left_out { LEFT_OUT } else { USED };
        let field = |(field, violation): &(&'static Field, Violation)| FieldWarning {
            name: field.name,
            drift: violation.words().to_owned(),
        };
        self.ui.warning(Warning {
            id: target.id.map(Id::as_str),
            api: Some(target.resource.api),
            profile: target.profile,
            fields: violations.iter().map(field).collect(),
            ..Warning::new(&message(&violations, target), &format!("{fate}; --strict makes this an error"))
        });
    }

    /// Counts the violations of many accounts, at the end of a run.
    pub fn sum_up(&self) {
        if self.accounts < 2 {
            return;
        }
        let counts = self.counts.iter().filter(|(_, count)| **count > 0);
        let fields = counts.map(|((_, name), count)| FieldWarning { name, drift: count.to_string() });
        let fields: Vec<_> = fields.collect();
        let list = fields.iter().map(|field| format!("{} ({})", field.name, field.drift));
        let list = list.collect::<Vec<_>>().join(", ");
        let message = format!("{} accounts violate the API's contract: {list}", self.accounts);
        self.ui.warning(Warning {
            fields,
            ..Warning::new(&message, "they are used as they came; --strict makes this an error")
        });
    }
}
