//! Answers that violate the API's contract: a warning about what is shown, or `--strict`'s refusal to show it.
//!
//! One account has one warning that names all its fields. Of many accounts each field is warned about once, at its first violation,
//! and counted at the end.

use std::collections::BTreeMap;

use crate::account::{Field, Id, Resource, Violation};
use crate::error::{Error, Kind};
use crate::ui::{FieldWarning, Ui, Warning};

/// How many unknown member names a message lists.
const MAX_NAMES: usize = 5;

/// The fields of one account that violate the contract.
pub type Violations = Vec<(&'static Field, Violation)>;

/// What `--strict` and a warning say of an account that `--where` left out.
const LEFT_OUT: &str = "left out, since --where concludes nothing from such a field";

/// The error that `--strict` makes of the violations of an account that was looked up.
pub fn refusal(violations: &Violations, id: &Id) -> Error {
    refusal_in_list(violations, id.resource(), Some(id), false)
}

/// The error that `--strict` makes of the violations of an account in a list, which may have no valid id.
pub fn refusal_in_list(
    violations: &Violations,
    resource: &Resource,
    id: Option<&Id>,
    is_left_out: bool,
) -> Error {
    let fate = if is_left_out { LEFT_OUT } else { "shown" };
    Error::new(Kind::BadResponse, message(violations, resource, id))
        .hint(format!("without --strict it is {fate}, with a warning"))
        .with_context(|context| context.status = Some(200))
}

/// The error that `--strict` makes of unknown members beside the accounts of a list.
pub fn unknown_members(names: &[String], resource: &Resource) -> Error {
    let mut listed: Vec<_> = names.iter().take(MAX_NAMES).map(|name| format!("`{name}`")).collect();
    if names.len() > listed.len() {
        listed.push(format!("{} more", names.len() - listed.len()));
    }
    let message = format!(
        "the list of {}s came with members that the API's contract does not know: {}",
        resource.noun,
        listed.join(", ")
    );
    Error::new(Kind::BadResponse, message)
        .hint("there may be more accounts than these: acctq reads one answer, not several pages")
        .with_context(|context| context.status = Some(200))
}

/// `the connected account cacc_1 violates the API's contract: status (unknown value)`
fn message(violations: &Violations, resource: &Resource, id: Option<&Id>) -> String {
    let noun = resource.noun;
    let account = match id {
        Some(id) => format!("the {noun} {}", id.as_str()),
        None => format!("a {noun} in the list"),
    };
    let fields = violations.iter().map(|(field, how)| format!("{} ({})", field.name, how.words()));
    let fields = fields.collect::<Vec<_>>().join(", ");
    format!("{account} violates the API's contract: {fields}")
}

/// Warns about the violations of one run.
pub struct ViolationReporter<'a> {
    ui: &'a Ui,
    many: bool,
    /// What happens to the accounts: `shown`, `judged`.
    fate: &'static str,
    /// How many accounts violate each field of each API.
    counts: BTreeMap<(&'static str, &'static str), usize>,
    accounts: usize,
}

impl<'a> ViolationReporter<'a> {
    /// For one account or `many`, which are `shown` or `judged`.
    pub fn new(ui: &'a Ui, many: bool, fate: &'static str) -> Self {
        ViolationReporter { ui, many, fate, counts: BTreeMap::new(), accounts: 0 }
    }

    /// Whether a warning about them is due.
    pub fn is_due(&self, violations: &Violations, resource: &Resource) -> bool {
        let is_new = |field: &Field| !self.counts.contains_key(&(resource.api, field.name));
        violations.iter().any(|(field, _)| !self.many || is_new(field))
    }

    /// Warns about an account that was looked up, as far as that is due.
    pub fn warn(&mut self, violations: &Violations, id: &Id, profile: Option<&str>) {
        let hint = format!("it is {} as it came; --strict makes this an error", self.fate);
        self.warn_about(violations, id.resource(), Some(id), profile, &hint);
    }

    /// Warns about an account in a list, as far as that is due.
    pub fn warn_in_list(
        &mut self,
        violations: &Violations,
        resource: &'static Resource,
        id: Option<&Id>,
        profile: Option<&str>,
        is_left_out: bool,
    ) {
        let fate = if is_left_out { LEFT_OUT } else { "shown as it came" };
        let hint = format!("it is {fate}; --strict makes this an error");
        self.warn_about(violations, resource, id, profile, &hint);
    }

    fn warn_about(
        &mut self,
        violations: &Violations,
        resource: &'static Resource,
        id: Option<&Id>,
        profile: Option<&str>,
        hint: &str,
    ) {
        if violations.is_empty() {
            return;
        }
        self.accounts += 1;
        let mut due = violations.clone();
        due.retain(|(field, _)| {
            let count = self.counts.entry((resource.api, field.name)).or_default();
            *count += 1;
            *count == 1 || !self.many
        });
        if due.is_empty() {
            return;
        }
        let fields = due.iter().map(|(field, violation)| FieldWarning {
            name: field.name,
            drift: violation.words().to_owned(),
        });
        self.ui.warning(&Warning {
            id: id.map(Id::as_str),
            api: Some(resource.api),
            profile,
            fields: fields.collect(),
            ..Warning::new(&message(&due, resource, id), hint)
        });
    }

    /// Counts the violations of many accounts, at the end of a run.
    pub fn summarize(&self) {
        if !self.many || self.accounts < 2 {
            return;
        }
        let fields: Vec<_> = self
            .counts
            .iter()
            .map(|((_, name), count)| FieldWarning { name, drift: count.to_string() })
            .collect();
        let list = fields.iter().map(|field| format!("{} ({})", field.name, field.drift));
        let list = list.collect::<Vec<_>>().join(", ");
        let message = format!("{} accounts violate the API's contract: {list}", self.accounts);
        let hint = format!("they are {} as they came; --strict makes this an error", self.fate);
        self.ui.warning(&Warning {
            fields,
            ..Warning::new(&message, &hint)
        });
    }
}
