//! The value behind an operator: read, and refused if the field could not have it.

use std::ops::Range;

use super::flaw::{Flaw, word};
use super::operand::{Operand, Reading, nearest_time};
use super::parse::{BEGINS_NO_VALUE, QUOTES, Reader};
use super::{Operator, Subject};
use crate::account::field::{Kind, is_base62_u128};
use crate::nearest::nearest;

const TIMES: &str = "a time is RFC 3339, as 2030-01-31T00:00:00Z, or now, now+14d, now-2h; the units are s, m, h, d, w";

impl Reader<'_> {
    /// A value; `separator` is where the sign before it stands.
    pub fn operand(
        &mut self,
        subject: &Subject,
        operator: Operator,
        separator: usize,
    ) -> Result<Operand, Flaw> {
        self.skip_blanks();
        let start = self.at;
        let kind = subject.field.kind;
        if self.rest().starts_with('"') {
            let text = self.quoted()?;
            let end = self.at;
            self.skip_blanks();
            if !self.rest().is_empty() && !self.rest().starts_with('|') {
                let next = self.shown(self.at..self.text.len());
                return Err(self.flaw(
                    self.at,
                    format!("`{next}` stands behind the quotes"),
                    QUOTES,
                ));
            }
            let reading = match kind {
                Kind::Json => Some(Reading::Text),
                _ => Reading::of(&text, kind),
            };
            return self.checked(start..end, text, reading, subject, operator);
        }
        let length = self.rest().find('|').unwrap_or(self.rest().len());
        let text = self.rest()[..length].trim_end();
        self.at += length;
        let place = start..start + text.len();
        if text.is_empty() {
            let hint = format!(
                "`!{}` holds where it is not set; the empty text is \"\"",
                subject.shown()
            );
            return Err(self.flaw(separator, "a value is missing", hint));
        }
        if text.starts_with(BEGINS_NO_VALUE) {
            let message = format!("`{}` begins with a sign", self.shown(place));
            return Err(self.flaw(start, message, QUOTES));
        }
        if text == "null" {
            let hint = format!(
                "`!{}` holds where it is not set; the word is \"null\", in quotes",
                subject.shown()
            );
            return Err(self.flaw(start, "`null` is no value", hint));
        }
        self.checked(
            place,
            text.to_owned(),
            Reading::of(text, kind),
            subject,
            operator,
        )
    }

    /// Refuses a value that the field cannot have, or that the operator makes no sense with.
    fn checked(
        &self,
        place: Range<usize>,
        text: String,
        reading: Option<Reading>,
        subject: &Subject,
        operator: Operator,
    ) -> Result<Operand, Flaw> {
        let shown = self.shown(place.clone());
        let what = subject.shown();
        let near = |near: Option<String>, rule: String| match near {
            Some(near) => format!("did you mean `{}`? {rule}", word(&near)),
            None => rule,
        };
        let wrong = |message: String, hint: String| Err(self.flaw(place.start, message, hint));
        match (subject.field.kind, reading) {
            (Kind::Enum(values), _) if !values.contains(&text.as_str()) => {
                let likely = nearest(&text, values.iter().copied()).map(str::to_owned);
                wrong(
                    format!("`{shown}` is no value of {what}"),
                    near(likely, format!("it is one of {}", values.join(", "))),
                )
            }
            (Kind::Id(prefix), _)
                if operator != Operator::Contains
                    && !text.strip_prefix(prefix).is_some_and(is_base62_u128) =>
            {
                wrong(
                    format!("`{shown}` cannot be a value of {what}"),
                    format!("it is an id that begins with {prefix}"),
                )
            }
            (Kind::Country, _) if !is_country(&text) => {
                let upper = Some(text.to_uppercase()).filter(|upper| is_country(upper));
                wrong(
                    format!("`{shown}` is no country's code"),
                    near(
                        upper,
                        "it is two capital letters, ISO 3166-1 alpha-2".to_owned(),
                    ),
                )
            }
            (Kind::Time, None) => wrong(
                format!("`{shown}` is no time"),
                near(nearest_time(&text), TIMES.to_owned()),
            ),
            (_, None) => wrong(
                format!("`{shown}` is no whole number"),
                format!("{what} takes digits, such as 5 or -1"),
            ),
            (Kind::Json, Some(Reading::Text | Reading::Boolean)) if operator.orders() => wrong(
                format!(
                    "`{}` compares numbers and times, and `{shown}` is neither",
                    operator.sign()
                ),
                near(
                    nearest_time(&text),
                    "`=`, `!=` and `~` compare text".to_owned(),
                ),
            ),
            _ if operator == Operator::Contains && text.is_empty() => wrong(
                "every text contains the empty one".to_owned(),
                format!("`{what}?` holds where it is set"),
            ),
            (_, Some(reading)) => Ok(Operand { text, reading }),
        }
    }
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}
