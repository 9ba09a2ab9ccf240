//! Whether an expression holds of an account, and what is there instead.

use std::fmt;

use jiff::Timestamp;

use super::number::Number;
use super::operand::{Operand, Reading};
use super::{Claim, Expression, Operator, Subject};
use crate::account::field::{self, Drift, Kind};
use crate::account::id::hide_credentials;
use crate::account::{Account, Concealment, Time};
use crate::escape::for_people;
use crate::json::{self, Token, decode, string};
use crate::output::json::compact;

/// Whether an expression holds, and what it was told from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it holds.
    pub holds: bool,
    /// What is there.
    pub actual: Actual,
    /// Why what is there could not be compared, or what is odd about it: a few words to follow it.
    pub note: Option<&'static str>,
}

/// What is there, for a report beside what was expected. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actual {
    /// There is no such account.
    NotFound,
    /// There is one, and that is all that was asked.
    Found,
    /// The member is null or absent.
    Unset,
    /// It is set, to a secret.
    Concealed,
    /// It is set, to more than what a report holds.
    TooLong,
    /// JSON on one line; what is secret in it is left out.
    Value(String),
}

/// How much of what is there a report holds, in bytes: of many checks, all are held.
const LONGEST: usize = 16 * 1024;

/// For people, on one line and escaped; not cut.
impl fmt::Display for Actual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actual::NotFound => f.write_str("not found"),
            Actual::Found => f.write_str("found"),
            Actual::Unset => f.write_str("not set"),
            Actual::Concealed => f.write_str("••••••••"),
            Actual::TooLong => f.write_str("too long to be shown"),
            Actual::Value(json) => match field::text(json) {
                Some(text) if !text.is_empty() => f.write_str(&for_people(&text)),
                _ => f.write_str(&for_people(json)),
            },
        }
    }
}

impl Expression {
    /// Whether it holds of `account`, `None` if there is none, at the time `now`.
    #[must_use]
    pub fn evaluate(&self, account: Option<&Account>, now: Timestamp) -> Verdict {
        let verdict = |holds, actual| Verdict {
            holds,
            actual,
            note: None,
        };
        let Some(account) = account else {
            return verdict(self.0 == Claim::NotFound, Actual::NotFound);
        };
        let (Claim::Set(subject) | Claim::Unset(subject) | Claim::Compared(subject, ..)) = &self.0
        else {
            return verdict(false, Actual::Found);
        };
        let value = subject.value(account);
        let concealment = Concealment::of_account(account, false);
        let actual = match value {
            None => Actual::Unset,
            Some(value) if concealment.hides(&subject.path(), value) => Actual::Concealed,
            Some(value) if value.len() > LONGEST => Actual::TooLong,
            Some(value) => Actual::Value(reported(compact(value, &concealment))),
        };
        let drift = subject.drift(account);
        let note = drift.map(Drift::words);
        match &self.0 {
            Claim::Compared(_, operator, operands) => {
                let compared = match (&actual, value) {
                    (Actual::Concealed, _) => Err("a secret is not compared"),
                    (_, Some(value)) => compare(
                        subject,
                        *operator,
                        operands,
                        value,
                        drift,
                        now,
                        &concealment,
                    ),
                    // What may be unset and is differs from every value.
                    (_, None) if drift.is_none() => Ok(*operator == Operator::IsNot),
                    (_, None) => Ok(false),
                };
                let alike = || match (operator, compared, value) {
                    (Operator::Is, Ok(false), Some(value)) => alike(operands, value, &actual),
                    _ => None,
                };
                Verdict {
                    holds: compared == Ok(true),
                    note: note.or(compared.err()).or_else(alike),
                    actual,
                }
            }
            Claim::Unset(_) => Verdict {
                note,
                ..verdict(value.is_none(), actual)
            },
            _ => Verdict {
                note,
                ..verdict(value.is_some(), actual)
            },
        }
    }
}

impl Subject {
    /// What is there, as JSON text; `None` if it is null or absent.
    fn value<'a>(&self, account: &'a Account) -> Option<&'a str> {
        let value = if self.below.is_empty() {
            account.document.get(self.field.name)
        } else {
            account.find(&self.path())
        };
        value.filter(|value| *value != "null")
    }

    /// How the field strays from the contract.
    fn drift(&self, account: &Account) -> Option<Drift> {
        self.field.drift(account.document.get(self.field.name))
    }
}

/// What is there, read for a comparison.
enum Read<'a> {
    Text(std::borrow::Cow<'a, str>),
    Number(Number),
    Boolean(&'a str),
}

impl<'a> Read<'a> {
    fn of(token: Token<'a>) -> Option<Self> {
        match token {
            Token::String(raw) => decode(raw).map(Read::Text),
            Token::Scalar(literal @ ("true" | "false")) => Some(Read::Boolean(literal)),
            Token::Scalar(number) => Number::parse(number).map(Read::Number),
            _ => None,
        }
    }

    /// Whether it is that; what is written without quotes is compared as what it looks like, and as text.
    fn is(&self, operand: &Operand, now: Timestamp) -> bool {
        let is_text = |text: &str| text == operand.text;
        match (self, &operand.reading) {
            (Read::Number(number), Reading::Number(wanted)) => number == wanted,
            (Read::Boolean(literal), Reading::Boolean) => *literal == operand.text,
            (Read::Text(text), Reading::Number(wanted)) => {
                is_text(text) || Number::parse(text).as_ref() == Some(wanted)
            }
            (Read::Text(text), reading) => {
                is_text(text)
                    || (reading.time(now)).is_some_and(|wanted| Time::parse(text) == Some(wanted))
            }
            _ => false,
        }
    }
}

/// JSON without the words in it that look like a credential: reports are read by more people than accounts are.
fn reported(json: String) -> String {
    let (mut shown, mut end) = (String::new(), 0);
    // Nothing at all is left of what is secret as a whole, and nothing is wrong with the rest.
    let _ = json::read(&json, |step| {
        let hidden = hide_credentials(&step.decoded);
        if matches!(step.token, Token::Key(_) | Token::String(_)) && hidden != step.decoded {
            shown.push_str(&json[end..step.place.start]);
            shown.push_str(&string(&hidden));
            end = step.place.end;
        }
    });
    if end == 0 {
        return json;
    }
    shown.push_str(&json[end..]);
    shown
}

/// Why what is there is not what is expected although both read alike, if they do.
fn alike(operands: &[Operand], value: &str, actual: &Actual) -> Option<&'static str> {
    let (is_text, are_several) = (value.starts_with('"'), operands.len() > 1);
    if is_text && !(are_several && value.contains('|')) {
        return None;
    }
    let texts: Vec<_> = operands.iter().map(|operand| &*operand.text).collect();
    let reads_alike = actual.to_string() == texts.join("|");
    reads_alike.then_some(if are_several {
        "| parts alternatives, unless in quotes"
    } else {
        "no text, which it is compared with"
    })
}

/// Whether the comparison holds of `value`; the reason if there can be none.
fn compare(
    subject: &Subject,
    operator: Operator,
    operands: &[Operand],
    value: &str,
    drift: Option<Drift>,
    now: Timestamp,
    concealment: &Concealment,
) -> Result<bool, &'static str> {
    let kind = subject.field.kind;
    // An unknown word is a word still, and is not the one that it is compared with; what is no time is not before or after.
    if drift == Some(Drift::WrongType) || (kind == Kind::Time && drift.is_some()) {
        return Ok(false);
    }
    let mut tokens = concealment.visible(value);
    let Some(first) = tokens.next() else {
        return Ok(false);
    };
    let read = Read::of(first);
    let any_is = |read: &Read<'_>| operands.iter().any(|operand| read.is(operand, now));
    match operator {
        Operator::Is => Ok(read.is_some_and(|read| any_is(&read))),
        Operator::IsNot => Ok(!read.is_some_and(|read| any_is(&read))),
        Operator::Contains => match (first, read) {
            (_, Some(Read::Text(text))) => {
                Ok(operands.iter().any(|operand| text.contains(&operand.text)))
            }
            (Token::ArrayStart, _) => {
                let mut depth = 0_usize;
                Ok(tokens.any(|token| {
                    match token {
                        Token::ObjectStart | Token::ArrayStart => depth += 1,
                        Token::ObjectEnd | Token::ArrayEnd => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    depth == 0 && Read::of(token).is_some_and(|read| any_is(&read))
                }))
            }
            _ => Err("neither text nor a list"),
        },
        _ => order(operator, operands, read.as_ref(), now),
    }
}

/// Whether what is there is less or more; the reason if it is neither a number nor a time, as the operand is.
fn order(
    operator: Operator,
    operands: &[Operand],
    read: Option<&Read<'_>>,
    now: Timestamp,
) -> Result<bool, &'static str> {
    let Some(operand) = operands.first() else {
        return Ok(false);
    };
    let ordering = if let Reading::Number(wanted) = &operand.reading {
        let number = match read {
            Some(Read::Number(number)) => Some(number.clone()),
            Some(Read::Text(text)) => Number::parse(text),
            _ => None,
        };
        number.ok_or("not a number")?.cmp(wanted)
    } else {
        let time = match read {
            Some(Read::Text(text)) => Time::parse(text),
            _ => None,
        };
        let wanted = operand.reading.time(now).ok_or("not a time")?;
        time.ok_or("not a time")?.cmp(&wanted)
    };
    Ok(match operator {
        Operator::Less => ordering.is_lt(),
        Operator::LessOrIs => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        _ => ordering.is_ge(),
    })
}
