//! From text to an expression, or to what is wrong with it, where, and what would be right.

use std::ops::Range;

use super::value::{Operand, Reading, nearest_time};
use super::{Claim, Expression, Flaw, NOT_FOUND, Operator, Subject, word};
use crate::account::field::{Kind, is_base62_u128, is_country};
use crate::account::redact::REDACTED;
use crate::account::{RESOURCES, Resource, is_secret_name};
use crate::text::nearest;

/// What operators are made of.
const SIGNS: [char; 5] = ['=', '!', '<', '>', '~'];

/// What does not belong to a name without quotes.
pub(super) const ENDS_A_NAME: [char; 9] = ['=', '!', '<', '>', '~', '?', '|', '"', '.'];

/// What a value without quotes does not begin with.
pub(super) const BEGINS_NO_VALUE: [char; 6] = ['=', '!', '<', '>', '~', '"'];

const EXAMPLE: &str = "for example `status=active`; `acctq help expressions` tells more";
const QUOTES: &str = "a value that begins with a sign or a quote, or holds a `|`, stands in double quotes, written as in JSON";
const TIMES: &str = "a time is RFC 3339, as 2030-01-31T00:00:00Z, or now, now+14d, now-2h; the units are s, m, h, d, w";

/// Reads an expression about an account of `resource`; the error is the first flaw from the left.
pub fn parse(text: &str, resource: &Resource) -> Result<Expression, Flaw> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_blanks();
    if reader.rest().is_empty() {
        return Err(reader.flaw(0, "the expression is empty", EXAMPLE));
    }
    let negation = reader.at;
    let is_negated = reader.takes('!');
    reader.skip_blanks();
    let name = reader.name()?;
    if text[name.place.clone()] == *NOT_FOUND {
        if is_negated {
            let hint = format!("`{}?` holds for every account that exists", resource.id_field);
            return Err(reader.flaw(negation, "`!not_found` is no expression", hint));
        }
        reader.ends("`not_found` stands alone")?;
        return Ok(Expression(Claim::NotFound));
    }
    let subject = reader.subject(&name, resource)?;
    let shown = subject.shown();
    if is_negated {
        let meant = if reader.rest().starts_with(SIGNS) {
            format!("did you mean `{shown}!=…`? ")
        } else {
            String::new()
        };
        reader.ends(format!("{meant}`!{shown}` alone holds where it is not set"))?;
        return Ok(Expression(Claim::Unset(subject)));
    }
    if reader.takes('?') {
        reader.ends(format!("`{shown}?` holds where it is set"))?;
        return Ok(Expression(Claim::Set(subject)));
    }
    reader.comparison(&name, subject).map(Expression)
}

/// A name as it stands in the text: its parts, decoded, and the place of all of it.
struct Name {
    parts: Vec<String>,
    place: Range<usize>,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    /// A flaw at a byte of the text.
    fn flaw(&self, at: usize, message: impl Into<String>, hint: impl Into<String>) -> Flaw {
        Flaw::at(self.text, at, message, hint)
    }

    /// A part of it, for a message; nothing of a text that names a secret, for the rest may be the secret.
    fn shown(&self, place: Range<usize>) -> String {
        if is_secret_name(self.text) {
            return REDACTED.to_owned();
        }
        word(&self.text[place])
    }

    /// Nothing may follow.
    fn ends(&mut self, hint: impl Into<String>) -> Result<(), Flaw> {
        self.skip_blanks();
        if self.rest().is_empty() {
            return Ok(());
        }
        let message = format!("`{}` is too much", self.shown(self.at..self.text.len()));
        Err(self.flaw(self.at, message, hint))
    }

    /// What stands in quotes, as JSON writes a string.
    fn quoted(&mut self) -> Result<String, Flaw> {
        let start = self.at;
        let mut is_escaped = true;
        let end = self.rest().find(|c| {
            let closes = c == '"' && !is_escaped;
            // The opening quote counts as escaped.
            is_escaped = !is_escaped && c == '\\';
            closes
        });
        let Some(end) = end else {
            return Err(self.flaw(start, "the quotes are not closed", QUOTES));
        };
        self.at += end + 1;
        serde_json::from_str(&self.text[start..self.at]).map_err(|_| {
            let message = format!("{} is not written as in JSON", self.shown(start..self.at));
            self.flaw(start, message, QUOTES)
        })
    }

    /// Names with dots between them.
    fn name(&mut self) -> Result<Name, Flaw> {
        let start = self.at;
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            if self.rest().starts_with('"') {
                parts.push(self.quoted()?);
            } else {
                let length = self.rest().find(ENDS_A_NAME).unwrap_or(self.rest().len());
                let word = self.rest()[..length].trim_end();
                if word.is_empty() {
                    return Err(self.flaw(self.at, "a field's name is missing here", EXAMPLE));
                }
                parts.push(word.to_owned());
                self.at += word.len();
            }
            let place = start..self.at;
            self.skip_blanks();
            if !self.takes('.') {
                return Ok(Name { parts, place });
            }
        }
    }

    fn subject(&self, name: &Name, resource: &Resource) -> Result<Subject, Flaw> {
        let (first, below) = (name.parts[0].as_str(), &name.parts[1..]);
        let Some(field) = resource.field(first) else {
            return Err(self.no_field(name, resource));
        };
        if !below.is_empty() && field.kind != Kind::Json {
            let shown = self.shown(name.place.clone());
            return Err(self.flaw(
                name.place.start,
                format!("`{shown}`: the field {first} has no members"),
                format!("use `{first}` alone; paths lead into metadata"),
            ));
        }
        Ok(Subject { field, below: below.to_vec() })
    }

    fn no_field(&self, name: &Name, resource: &Resource) -> Flaw {
        let first = name.parts[0].as_str();
        let is_owner = |other: &&&Resource| **other != resource && other.field(first).is_some();
        let owner = RESOURCES.iter().find(is_owner);
        let names: Vec<_> = resource.fields.iter().map(|field| field.name).collect();
        let near = nearest(first, names.iter().copied().chain([NOT_FOUND]));
        let hint = match (owner, near) {
            (Some(owner), _) => format!("it is a field of a {}", owner.noun),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("its fields are {}", names.join(", ")),
        };
        // A sign that is missing may make one name of a secret and its field's.
        let shown = match owner {
            Some(_) => first.to_owned(),
            None => self.shown(name.place.clone()),
        };
        let message = format!("a {} has no field `{shown}`", resource.noun);
        let flaw = self.flaw(name.place.start, message, hint);
        let fields = RESOURCES.iter().flat_map(|resource| resource.fields);
        let meant = nearest(first, fields.map(|field| field.name)).unwrap_or_default();
        if is_secret_name(meant) || is_secret_name(first) {
            return flaw.unquoted();
        }
        flaw
    }

    fn comparison(&mut self, name: &Name, subject: Subject) -> Result<Claim, Flaw> {
        // Not even in a message: the value would be the secret.
        if is_secret_name(&subject.path()) {
            // What stands behind a blank may be the secret, without a sign before it.
            let has_blank = subject.path().contains(char::is_whitespace);
            let shown = if has_blank { REDACTED.to_owned() } else { subject.shown() };
            let message = format!("`{shown}` is a secret, and nothing is compared with it");
            let hint = format!("`{shown}?` and `!{shown}` ask whether it is set");
            // The text may write the name in another way: `"activation\u005ftoken"`.
            return Err(self.flaw(name.place.start, message, hint).unquoted());
        }
        let mut separator = self.at;
        let operator = self.operator(name, &subject)?;
        let mut operands = Vec::new();
        loop {
            operands.push(self.operand(&subject, operator, separator)?);
            separator = self.at;
            if !self.takes('|') {
                return Ok(Claim::Compared(subject, operator, operands));
            }
            if operator.orders() {
                let message = format!("`{}` takes one value", operator.sign());
                return Err(self.flaw(separator, message, "`|` goes with `=`, `!=` and `~`"));
            }
        }
    }

    fn operator(&mut self, name: &Name, subject: &Subject) -> Result<Operator, Flaw> {
        let start = self.at;
        let rest = self.rest();
        let (what, kind) = (subject.shown(), subject.field.kind);
        let length = rest.find(|c| !SIGNS.contains(&c)).unwrap_or(rest.len());
        let sign = &rest[..length];
        if sign.is_empty() {
            let (at, message) = if rest.is_empty() {
                let shown = self.shown(name.place.clone());
                (name.place.start, format!("`{shown}` alone says nothing"))
            } else {
                let next = self.shown(start..self.text.len());
                (start, format!("an operator is missing before `{next}`"))
            };
            let hint = format!("`{what}?` holds where it is set, `{what}=…` where it is that");
            return Err(self.flaw(at, message, hint));
        }
        self.at += length;
        let legal = Operator::ALL.iter().filter(|operator| operator.suits(kind));
        let signs: Vec<_> = legal.map(|operator| operator.sign()).collect();
        let signs = signs.join(" ");
        let Some(operator) = Operator::ALL.into_iter().find(|operator| operator.sign() == sign)
        else {
            let near = match sign {
                "==" | "===" => Some("="),
                "<>" | "!" | "!==" | "=!" => Some("!="),
                "=>" => Some(">="),
                "=<" => Some("<="),
                "=~" | "~=" | "~~" => Some("~"),
                _ => None,
            };
            let other =
                format!("{what} takes {signs}; a value that begins with a sign stands in quotes");
            let hint = near.map_or(other, |near| format!("did you mean `{near}`?"));
            return Err(self.flaw(start, format!("`{}` is no operator", word(sign)), hint));
        };
        if !operator.suits(kind) {
            let message = format!("`{sign}` makes no sense for {what}, {}", words(kind));
            return Err(self.flaw(start, message, format!("it takes {signs}")));
        }
        Ok(operator)
    }

    /// A value; `separator` is the place of the sign before it.
    fn operand(
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
            let place = start..self.at;
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
            return self.checked(place, text, reading, subject, operator);
        }
        let length = self.rest().find('|').unwrap_or(self.rest().len());
        let text = self.rest()[..length].trim_end();
        self.at += length;
        let place = start..start + text.len();
        let unset = format!("`!{}` holds where it is not set", subject.shown());
        if text.is_empty() {
            return Err(self.flaw(
                separator,
                "a value is missing",
                format!("{unset}; the empty text is \"\""),
            ));
        }
        if text == "null" {
            return Err(self.flaw(
                start,
                "`null` is no value",
                format!("{unset}; the word is \"null\", in quotes"),
            ));
        }
        if text.starts_with(BEGINS_NO_VALUE) {
            return Err(self.flaw(
                start,
                format!("`{}` begins with a sign", self.shown(place)),
                QUOTES,
            ));
        }
        self.checked(place, text.to_owned(), Reading::of(text, kind), subject, operator)
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
        let (shown, what, kind) = (self.shown(place.clone()), subject.shown(), subject.field.kind);
        let is_text = matches!(reading, None | Some(Reading::Text | Reading::Boolean));
        let (message, near, rule) = match kind {
            Kind::Enum(_) if !kind.words().any(|word| word == text) => (
                format!("`{shown}` is no value of {what}"),
                nearest(&text, kind.words()).map(str::to_owned),
                format!("it is one of {}", kind.words().collect::<Vec<_>>().join(", ")),
            ),
            Kind::Id(prefix)
                if operator != Operator::Contains
                    && !text.strip_prefix(prefix).is_some_and(is_base62_u128) =>
            {
                let rule = format!("it is an id that begins with {prefix}");
                (format!("`{shown}` cannot be a value of {what}"), None, rule)
            }
            Kind::Country if !is_country(&text) => (
                format!("`{shown}` is no country's code"),
                Some(text.to_uppercase()).filter(|upper| is_country(upper)),
                "it is two capital letters, ISO 3166-1 alpha-2".to_owned(),
            ),
            Kind::Time if reading.is_none() => {
                (format!("`{shown}` is no time"), nearest_time(&text), TIMES.to_owned())
            }
            Kind::Integer if reading.is_none() => {
                let rule = format!("{what} takes digits, such as 5 or -1");
                (format!("`{shown}` is no whole number"), None, rule)
            }
            Kind::Json if operator.orders() && is_text => (
                format!(
                    "`{}` compares numbers and times, and `{shown}` is neither",
                    operator.sign()
                ),
                nearest_time(&text),
                "`=`, `!=` and `~` compare text".to_owned(),
            ),
            _ if operator == Operator::Contains && text.is_empty() => {
                let rule = format!("`{what}?` holds where it is set");
                ("every text contains the empty one".to_owned(), None, rule)
            }
            _ => {
                let reading = reading.unwrap_or(Reading::Text);
                return Ok(Operand { text, reading });
            }
        };
        let hint = match near {
            Some(near) => format!("did you mean `{}`? {rule}", word(&near)),
            None => rule,
        };
        Err(self.flaw(place.start, message, hint))
    }
}

/// What a field is, for a message.
fn words(kind: Kind) -> String {
    match kind {
        Kind::Id(_) => "an id".to_owned(),
        Kind::Enum(_) => format!("one of {}", kind.words().collect::<Vec<_>>().join(", ")),
        Kind::Time => "a time".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Country => "a country's code".to_owned(),
        Kind::Integer => "a whole number".to_owned(),
        Kind::Json => "which may be anything".to_owned(),
    }
}
