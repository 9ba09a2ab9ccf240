//! Whether an expression holds of an account, and the value that was found.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;

use super::value::{Operand, Reading};
use super::{Expression, Operator};
use crate::account::field::Kind;
use crate::account::redact::REDACTED;
use crate::account::{Account, Number, Redactor, Time, Violation};
use crate::json::{self, Json, View};
use crate::output::compact;
use crate::text::{escape, first_named, skeleton};

/// Whether an expression holds, and what that was told from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub holds: bool,
    pub actual: Actual,
    /// Why it could not be compared, or what is odd about it: a few words to follow it.
    pub note: Option<Cow<'static, str>>,
}

/// What was found, for a report beside what was expected. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actual {
    NotFound,
    /// There is one, and that is all that was asked.
    Found,
    Unset,
    Redacted,
    TooLong,
    /// JSON on one line; what is secret in it is left out.
    Value(String),
}

/// The longest value that a report holds, in bytes: of many checks, all are held.
const LONGEST: usize = 1024;

/// For people, on one line and escaped; not cut.
impl fmt::Display for Actual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Actual::NotFound => "not found",
            Actual::Found => "found",
            Actual::Unset => "not set",
            Actual::Redacted => REDACTED,
            Actual::TooLong => "too long to be shown",
            Actual::Value(value) => {
                let text = json::check(value).ok().and_then(Json::as_str);
                let text = text.filter(|text| !text.is_empty());
                return f.write_str(&escape(&text.unwrap_or(value.into())));
            }
        };
        f.write_str(text)
    }
}

impl Expression {
    /// Whether it holds of `account`, `None` if there is none, at the time `now`.
    pub fn evaluate(&self, account: Option<&Account>, redactor: &Redactor, now: Timestamp) -> Verdict {
        let verdict = |holds, actual| Verdict { holds, actual, note: None };
        let (account, subject) = match (account, self.about()) {
            (None, _) => return verdict(self.wants_absence(), Actual::NotFound),
            (_, None) => return verdict(*self == Expression::Found, Actual::Found),
            (Some(account), Some(subject)) => (account, subject),
        };
        let redactor = &redactor.for_reports().for_account(account);
        let found = account.find(&subject.path()).filter(|value| !value.is_null());
        let actual = match found {
            None => Actual::Unset,
            Some(value) if redactor.hides(&subject.path(), value) => Actual::Redacted,
            Some(value) => match redactor.shown(account.resource, &subject.path(), value) {
                shown if shown.text().len() > LONGEST => Actual::TooLong,
                shown => Actual::Value(compact(shown, redactor)),
            },
        };
        let field = subject.field;
        let violation = field.violation(account.document.get(field.name));
        let compared = match self {
            Expression::Set(_) | Expression::Found | Expression::NotFound => Ok(found.is_some()),
            Expression::Unset(_) => Ok(found.is_none()),
            Expression::Compared(_, operator, operands) => match found {
                _ if actual == Actual::Redacted => Err("a secret is not compared"),
                // What may be unset and is differs from every value.
                None => Ok(violation.is_none() && *operator == Operator::IsNot),
                // An unknown word is a word still; what is no time is neither before nor after.
                _ if violation == Some(Violation::WrongType) || violation.is_some() && field.kind == Kind::Time => {
                    Ok(false)
                }
                Some(value) => compare(*operator, operands, value, redactor, now),
            },
        };
        let holds = compared == Ok(true);
        let note = violation.map(Violation::words).or(compared.err()).map(Cow::Borrowed);
        let note = note.or_else(|| {
            let seen = found.filter(|value| redactor.shown(account.resource, &subject.path(), *value) == *value)?;
            self.disguise(seen, &actual, holds)
        });
        Verdict { holds, actual, note }
    }

    /// Why a value is not the expected one although both look alike: without that, a verdict would seem to contradict itself.
    fn disguise(&self, value: Json<'_>, actual: &Actual, holds: bool) -> Option<Cow<'static, str>> {
        let Expression::Compared(_, operator, operands) = self else { return None };
        (!operator.orders() && holds == (*operator == Operator::IsNot)).then_some(())?;
        let texts: Vec<_> = operands.iter().map(|operand| &*operand.text).collect();
        if *operator == Operator::Is && actual.to_string() == texts.join("|") {
            return Some(
                "a value in quotes is text and nothing else, and | parts alternatives unless in quotes".into(),
            );
        }
        let text = value.as_str().filter(|text| text.len() <= LONGEST)?;
        let contains = *operator == Operator::Contains;
        texts.into_iter().find_map(|wanted| {
            let (seen, looks) = (skeleton(&text), skeleton(wanted));
            seen.contains(&looks).then_some(())?;
            let part = if contains {
                text.char_indices().rev().map(|(at, _)| &text[at..]).find(|end| skeleton(end).starts_with(&looks))?
            } else {
                (seen == looks).then_some(&*text)?
            };
            let is_same = |(a, b): &(char, char)| a == b || contains && a.to_uppercase().eq(b.to_uppercase());
            let same = part.chars().zip(wanted.chars()).take_while(is_same).count();
            let [has, expected] = [part, wanted].map(|text| first_named(text.chars().skip(same)));
            Some(format!("the account has {has} where the expectation has {expected}").into())
        })
    }
}

impl Operand {
    /// Whether a value is this one; an operand without quotes is compared as what it looks like, and as text.
    fn is(&self, value: &View<'_>, now: Timestamp) -> bool {
        match (value, &self.reading) {
            (View::Number(number), Reading::Number(wanted)) => Number::parse(number).as_ref() == Some(wanted),
            (View::Bool(value), Reading::Boolean) => value.to_string() == self.text,
            (View::String(text), reading) => {
                let is_number =
                    || matches!(reading, Reading::Number(wanted) if Number::parse(text).as_ref() == Some(wanted));
                let is_time = || reading.time(now).is_some_and(|wanted| Time::parse(text) == Some(wanted));
                *text == self.text || is_number() || is_time()
            }
            _ => false,
        }
    }
}

/// Whether the comparison holds of `value`; the reason if there can be none.
fn compare(
    operator: Operator,
    operands: &[Operand],
    value: Json<'_>,
    redactor: &Redactor,
    now: Timestamp,
) -> Result<bool, &'static str> {
    let any_is = |view: &View<'_>| operands.iter().any(|operand| operand.is(view, now));
    let uppercase = || operands.iter().map(|operand| operand.text.to_uppercase());
    match (operator, value.view()) {
        (Operator::Is, view) => Ok(any_is(&view)),
        (Operator::IsNot, view) => Ok(!any_is(&view)),
        (Operator::Contains, View::String(text)) => Ok(uppercase().any(|wanted| text.to_uppercase().contains(&wanted))),
        (Operator::Contains, View::Array(elements)) => {
            let mut visible = elements.into_iter().filter(|element| !redactor.hides_value(*element));
            let is_text = |text: &str| uppercase().any(|wanted| wanted == text.to_uppercase());
            Ok(visible.any(|element| any_is(&element.view()) || element.as_str().is_some_and(|text| is_text(&text))))
        }
        (Operator::Contains, _) => Err("neither text nor a list"),
        _ => {
            let text = value.as_str().unwrap_or(value.text().into());
            let ordering = match operands.first().map(|operand| &operand.reading) {
                Some(Reading::Number(wanted)) => Number::parse(&text).map(|number| number.cmp(wanted)),
                reading => {
                    let wanted = reading.and_then(|reading| reading.time(now));
                    Time::parse(&text).zip(wanted).map(|(time, wanted)| time.cmp(&wanted))
                }
            };
            let ordering = ordering.ok_or("neither a number nor a time, as the other is")?;
            Ok(match operator {
                Operator::Less => ordering.is_lt(),
                Operator::LessOrIs => ordering.is_le(),
                Operator::Greater => ordering.is_gt(),
                _ => ordering.is_ge(),
            })
        }
    }
}
