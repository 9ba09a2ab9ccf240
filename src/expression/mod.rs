//! `status=active`: what `--expect`, `--for` and `--where` take. Pure.
//!
//! An expression is about one field and typed by the resource's table, so that what could never hold is refused before
//! anything is contacted. It is printed back as it was understood. Whether it holds is told with what is there, so that a
//! report can set it beside what was expected; a secret is neither compared with nor shown.
//!
//! Where an answer strays from the contract, nothing is concluded from it: a comparison with a member that is missing, or
//! of another type, does not hold, `!=` included. What may be unset (null or absent) and is differs from every value.

mod evaluate;
mod flaw;
mod number;
mod operand;
mod parse;
mod value;

use std::fmt;

use crate::account::Field;
use crate::account::field::Kind;
use crate::escape::is_forbidden;
use crate::json;

pub use evaluate::{Actual, Verdict};
pub use flaw::Flaw;
pub use number::Number;
pub use parse::parse;

use operand::Operand;

/// Something that holds of an account or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(Claim);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Claim {
    /// `not_found`
    NotFound,
    /// `field?`
    Set(Subject),
    /// `!field`
    Unset(Subject),
    /// `field OP value|value`
    Compared(Subject, Operator, Vec<Operand>),
}

/// The word for an account that must not exist.
const NOT_FOUND: &str = "not_found";

impl Expression {
    /// Whether it asks for an account that does not exist: among accounts that do, nothing could satisfy it.
    #[must_use]
    pub fn wants_absence(&self) -> bool {
        self.0 == Claim::NotFound
    }

    /// What it is about: `status`, `metadata.plan`, `not_found`.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.0 {
            Claim::NotFound => NOT_FOUND.to_owned(),
            Claim::Set(subject) | Claim::Unset(subject) | Claim::Compared(subject, ..) => {
                subject.to_string()
            }
        }
    }
}

/// As it is written; parsed again, it is the same.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Claim::NotFound => f.write_str(NOT_FOUND),
            Claim::Set(subject) => write!(f, "{subject}?"),
            Claim::Unset(subject) => write!(f, "!{subject}"),
            Claim::Compared(subject, operator, operands) => {
                write!(f, "{subject}{}", operator.sign())?;
                for (i, operand) in operands.iter().enumerate() {
                    let or = if i == 0 { "" } else { "|" };
                    write!(f, "{or}{}", operand.written(subject.field.kind))?;
                }
                Ok(())
            }
        }
    }
}

/// A field, or what a path leads to below one that may hold anything.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subject {
    field: &'static Field,
    below: Vec<String>,
}

impl Subject {
    /// The path as `-F` takes it.
    fn path(&self) -> String {
        let mut path = self.field.name.to_owned();
        for name in &self.below {
            path.push('.');
            path.push_str(name);
        }
        path
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.name)?;
        for name in &self.below {
            let is_plain = is_plain(name) && !name.contains(parse::ENDS_A_NAME);
            let written = if is_plain {
                name.clone()
            } else {
                json::string(name)
            };
            write!(f, ".{written}")?;
        }
        Ok(())
    }
}

/// Whether a word needs no quotes to be read as itself, as far as its ends and forbidden characters go.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.trim() == word && !word.contains(is_forbidden)
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Less,
    LessOrIs,
    Greater,
    GreaterOrIs,
    Contains,
}

impl Operator {
    const ALL: [Operator; 7] = [
        Operator::Is,
        Operator::IsNot,
        Operator::Less,
        Operator::LessOrIs,
        Operator::Greater,
        Operator::GreaterOrIs,
        Operator::Contains,
    ];

    /// The operators that make sense for a kind.
    const fn of(kind: Kind) -> &'static [Operator] {
        const EQUALITY: &[Operator] = &[Operator::Is, Operator::IsNot];
        const TEXT: &[Operator] = &[Operator::Is, Operator::IsNot, Operator::Contains];
        const ORDER: &[Operator] = &[
            Operator::Is,
            Operator::IsNot,
            Operator::Less,
            Operator::LessOrIs,
            Operator::Greater,
            Operator::GreaterOrIs,
        ];
        match kind {
            // A closed list needs no search: `a|b`.
            Kind::Enum(_) | Kind::Country => EQUALITY,
            Kind::Id(_) | Kind::Text | Kind::Email => TEXT,
            Kind::Time | Kind::Integer => ORDER,
            Kind::Json => &Operator::ALL,
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Operator::Is => "=",
            Operator::IsNot => "!=",
            Operator::Less => "<",
            Operator::LessOrIs => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrIs => ">=",
            Operator::Contains => "~",
        }
    }

    /// Whether it asks which one is more: numbers and times.
    const fn orders(self) -> bool {
        matches!(
            self,
            Operator::Less | Operator::LessOrIs | Operator::Greater | Operator::GreaterOrIs
        )
    }
}

#[cfg(test)]
mod tests;
