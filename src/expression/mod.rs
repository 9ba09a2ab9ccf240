//! `status=active`: what `--expect`, `--for` and `--where` take.
//!
//! An expression is about one field and typed by the resource's table: one that could never hold is refused. A verdict comes with
//! the value that was found, for a report; a secret is neither compared nor shown.
//!
//! Nothing is concluded from an answer that violates the contract: a comparison with a member that is missing, or of another type,
//! does not hold, `!=` included. What may be unset (null or absent) and is differs from every value.

mod evaluate;
mod parse;
mod value;

use std::fmt;

use crate::account::field::Kind;
use crate::account::redact::WITHHELD;
use crate::account::{Field, Redactor};
use crate::json;
use crate::text::is_forbidden;

pub use evaluate::{Actual, Verdict};
pub use parse::parse;

use value::Operand;

/// Something that holds of an account or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// No expression says it: it is expected where none is given.
    Found,
    /// `not_found`
    NotFound,
    /// `field?`
    Set(Subject),
    /// `!field`
    Unset(Subject),
    /// `field OP value|value`
    Compared(Subject, Operator, Vec<Operand>),
}

const NOT_FOUND: &str = "not_found";

impl Expression {
    /// Whether it asks for an account that does not exist: no account that does could satisfy it.
    pub fn wants_absence(&self) -> bool {
        *self == Expression::NotFound
    }

    /// What it is about: `status`, `metadata.plan`, `not_found`.
    pub fn subject(&self) -> String {
        self.about().map_or(NOT_FOUND.to_owned(), Subject::to_string)
    }

    /// As reports show it. A ticket has no values that a personal field is compared with: they may be the account's.
    pub fn shown(&self, redactor: &Redactor) -> String {
        let is_public = |subject: &Subject, operator| subject.field.kind.is_public() && operator != Operator::Contains;
        match self {
            Expression::Compared(subject, operator, _)
                if redactor.is_for_tickets() && !is_public(subject, *operator) =>
            {
                redactor.redact(&format!("{subject}{}{WITHHELD}", operator.sign()))
            }
            _ => redactor.redact(&self.to_string()),
        }
    }

    fn about(&self) -> Option<&Subject> {
        match self {
            Expression::Found | Expression::NotFound => None,
            Expression::Set(subject) | Expression::Unset(subject) | Expression::Compared(subject, ..) => Some(subject),
        }
    }
}

/// As it is written; parsed again, it is the same.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Found => f.write_str("found"),
            Expression::NotFound => f.write_str(NOT_FOUND),
            Expression::Set(subject) => write!(f, "{subject}?"),
            Expression::Unset(subject) => write!(f, "!{subject}"),
            Expression::Compared(subject, operator, operands) => {
                let kind = subject.field.kind;
                let operands: Vec<_> = operands.iter().map(|operand| operand.written(kind)).collect();
                write!(f, "{subject}{}{}", operator.sign(), operands.join("|"))
            }
        }
    }
}

/// A field, or what a path leads to below one that may hold anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    field: &'static Field,
    below: Vec<String>,
}

impl Subject {
    /// The path as `-F` takes it.
    fn path(&self) -> String {
        let names = [self.field.name].into_iter().chain(self.below.iter().map(String::as_str));
        names.collect::<Vec<_>>().join(".")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.name)?;
        for name in &self.below {
            let is_plain = is_plain(name) && !name.contains(parse::ENDS_A_NAME);
            let written = if is_plain { name.clone() } else { json::to_string(name) };
            write!(f, ".{written}")?;
        }
        Ok(())
    }
}

/// Whether a word needs no quotes to be read as itself, as far as its ends and forbidden characters go.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.trim() == word && !word.contains(is_forbidden)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Is,
    IsNot,
    Less,
    LessOrIs,
    Greater,
    GreaterOrIs,
    Contains,
}

impl Operator {
    const SIGNS: [(Operator, &str); 7] = [
        (Operator::Is, "="),
        (Operator::IsNot, "!="),
        (Operator::Less, "<"),
        (Operator::LessOrIs, "<="),
        (Operator::Greater, ">"),
        (Operator::GreaterOrIs, ">="),
        (Operator::Contains, "~"),
    ];

    fn sign(self) -> &'static str {
        Self::SIGNS.iter().find(|(operator, _)| *operator == self).map_or("", |(_, sign)| *sign)
    }

    const fn suits(self, kind: Kind) -> bool {
        match kind {
            // A closed list needs no search: `a|b`.
            Kind::Enum(_) | Kind::Country => matches!(self, Operator::Is | Operator::IsNot),
            Kind::Id(_) | Kind::Text => !self.orders(),
            Kind::Time | Kind::Integer => !matches!(self, Operator::Contains),
            Kind::Json => true,
        }
    }

    /// Whether it asks which of two numbers or times is more.
    const fn orders(self) -> bool {
        !matches!(self, Operator::Is | Operator::IsNot | Operator::Contains)
    }
}

#[cfg(test)]
mod tests;
