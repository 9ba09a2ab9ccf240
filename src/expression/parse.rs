//! From text to an expression, or to what is wrong with it, where, and what would be right.

use super::value::{Operand, Reading, nearest_time};
use super::{Expression, NOT_FOUND, Operator, Subject};
use crate::account::field::{Kind, is_base62_u128, is_country};
use crate::account::redact::{REDACTED, hide_credentials};
use crate::account::{RESOURCES, Resource, is_secret_name};
use crate::error::{self, Error, Result};
use crate::text::{excerpt, nearest};

const SIGNS: [char; 5] = ['=', '!', '<', '>', '~'];

/// What does not belong to a name without quotes.
pub(super) const ENDS_A_NAME: [char; 9] = ['=', '!', '<', '>', '~', '?', '|', '"', '.'];

/// What a value without quotes does not begin with.
pub(super) const BEGINS_NO_VALUE: [char; 6] = ['=', '!', '<', '>', '~', '"'];

const EXAMPLE: &str = "for example `status=active`; `acctq help expressions` tells more";
const QUOTES: &str =
    "a value that begins with a sign or a quote, or holds a `|`, stands in double quotes, written as in JSON";
const TIMES: &str = "a time: RFC 3339, as 2030-01-31T00:00:00Z, or now, now+14d, now-2h; the units are s, m, h, d, w";

/// Reads an expression about an account of `resource`; the error (`usage`) names the first flaw from the left.
pub fn parse(text: &str, resource: &Resource) -> Result<Expression> {
    let mut reader = Reader { text, at: 0, is_secret: is_secret_name(text) };
    reader.skip_blanks();
    if reader.rest().is_empty() {
        return Err(reader.error(0, "the expression is empty", EXAMPLE));
    }
    let start = reader.at;
    let is_negated = reader.takes('!');
    let mut names = reader.names()?;
    if names == [NOT_FOUND] {
        if is_negated {
            let hint = format!("`{}?` holds for every account that exists", resource.id_field);
            return Err(reader.error(start, "`!not_found` is no expression", hint));
        }
        reader.ends("`not_found` stands alone")?;
        return Ok(Expression::NotFound);
    }
    let field = resource.subject(&names[0], names.len() > 1, &reader.shown(&names[0]), &[NOT_FOUND]);
    let field = field.map_err(|error| reader.at_column(start, error))?;
    let subject = Subject { field, below: names.split_off(1) };
    let shown = reader.shown(&subject.to_string());
    if is_negated {
        reader.ends(&format!("`!{shown}` alone holds where it is not set; or is it `{shown}!=…`?"))?;
        return Ok(Expression::Unset(subject));
    }
    if reader.takes('?') {
        reader.ends(&format!("`{shown}?` holds where it is set"))?;
        return Ok(Expression::Set(subject));
    }
    if is_secret_name(&subject.path()) {
        let hint = "`activation_token?` and `!activation_token` ask whether it is set";
        return Err(reader.error(start, "nothing is compared with a secret", hint));
    }
    let operator = reader.operator(&subject)?;
    let mut operands = vec![reader.operand(&subject, operator)?];
    while reader.takes('|') {
        if operator.orders() {
            let message = format!("`{}` takes one value", operator.sign());
            return Err(reader.error(reader.at - 1, message, "`|` goes with `=`, `!=` and `~`"));
        }
        operands.push(reader.operand(&subject, operator)?);
    }
    Ok(Expression::Compared(subject, operator, operands))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The text names a secret, or nearly: the rest of it may be the secret, so that nothing of it is repeated.
    is_secret: bool,
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

    /// An error at a byte of the text.
    fn error(&self, at: usize, message: impl Into<String>, hint: impl Into<String>) -> Error {
        self.at_column(at, Error::new(error::Kind::Usage, message).hint(hint))
    }

    fn at_column(&self, at: usize, error: Error) -> Error {
        error.with_suffix(&format!(" (column {})", self.text[..at].chars().count() + 1))
    }

    fn shown(&self, word: &str) -> String {
        if self.is_secret { REDACTED.to_owned() } else { excerpt(&hide_credentials(word), 40) }
    }

    fn ends(&mut self, hint: &str) -> Result<()> {
        self.skip_blanks();
        if self.rest().is_empty() {
            return Ok(());
        }
        let message = format!("`{}` is too much", self.shown(self.rest()));
        Err(self.error(self.at, message, hint))
    }

    /// What stands in quotes, as JSON writes a string.
    fn quoted(&mut self) -> Result<String> {
        let mut strings = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
        let Some(Ok(text)) = strings.next() else {
            return Err(self.error(self.at, "the quotes are not closed, or hold what JSON does not allow", QUOTES));
        };
        self.at += strings.byte_offset();
        Ok(text)
    }

    fn names(&mut self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        loop {
            self.skip_blanks();
            if self.rest().starts_with('"') {
                names.push(self.quoted()?);
            } else {
                let length = self.rest().find(ENDS_A_NAME).unwrap_or(self.rest().len());
                let word = self.rest()[..length].trim_end();
                if word.is_empty() {
                    return Err(self.error(self.at, "a field's name is missing here", EXAMPLE));
                }
                names.push(word.to_owned());
                self.at += word.len();
            }
            self.skip_blanks();
            if !self.takes('.') {
                break;
            }
        }
        let fields = RESOURCES.iter().flat_map(|resource| resource.fields);
        let meant = nearest(&names[0], fields.map(|field| field.name));
        self.is_secret |= is_secret_name(&names[0]) || meant.is_some_and(is_secret_name);
        Ok(names)
    }

    fn operator(&mut self, subject: &Subject) -> Result<Operator> {
        let (start, rest) = (self.at, self.rest());
        let what = self.shown(&subject.to_string());
        let sign = &rest[..rest.find(|c| !SIGNS.contains(&c)).unwrap_or(rest.len())];
        self.at += sign.len();
        let mut legal = Operator::SIGNS.iter().filter(|(operator, _)| operator.suits(subject.field.kind));
        let signs = legal.clone().map(|(_, sign)| *sign).collect::<Vec<_>>().join(" ");
        if let Some((operator, _)) = legal.find(|(_, legal)| *legal == sign) {
            return Ok(*operator);
        }
        let (message, hint) = if sign.is_empty() {
            let hint = format!("`{what}?` holds where it is set, `{what}=…` where it is that");
            (format!("an operator is missing after `{what}`"), hint)
        } else {
            let hint = format!("it takes {signs}; a value that begins with a sign stands in quotes");
            (format!("`{sign}` makes no sense for {what}"), hint)
        };
        Err(self.error(start, message, hint))
    }

    /// A value, which may not be one that the field cannot have, or that the operator makes no sense with.
    fn operand(&mut self, subject: &Subject, operator: Operator) -> Result<Operand> {
        let what = self.shown(&subject.to_string());
        let kind = subject.field.kind;
        self.skip_blanks();
        let start = self.at;
        let is_quoted = self.rest().starts_with('"');
        let text = if is_quoted {
            let text = self.quoted()?;
            self.skip_blanks();
            if !self.rest().is_empty() && !self.rest().starts_with('|') {
                return Err(self.error(self.at, "something stands behind the quotes", QUOTES));
            }
            text
        } else {
            let length = self.rest().find('|').unwrap_or(self.rest().len());
            let text = self.rest()[..length].trim_end();
            if text.is_empty() || text == "null" {
                let hint =
                    format!("`!{what}` holds where it is not set; an empty text or the word null stands in quotes");
                return Err(self.error(start, "a value is missing here", hint));
            }
            if text.starts_with(BEGINS_NO_VALUE) {
                let message = format!("`{}` begins with a sign", self.shown(text));
                return Err(self.error(start, message, QUOTES));
            }
            self.at += length;
            text.to_owned()
        };
        let is_plain_text = is_quoted && kind == Kind::Json;
        let reading = if is_plain_text { Some(Reading::Text) } else { Reading::of(&text, kind) };
        let is_text = matches!(reading, None | Some(Reading::Text | Reading::Boolean));
        let (near, rule) = match kind {
            Kind::Enum(_) if !kind.words().any(|word| word == text) => (
                nearest(&text, kind.words()).map(str::to_owned),
                format!("one of {}", kind.words().collect::<Vec<_>>().join(", ")),
            ),
            Kind::Id(prefix)
                if operator != Operator::Contains && !text.strip_prefix(prefix).is_some_and(is_base62_u128) =>
            {
                (None, format!("an id that begins with {prefix}"))
            }
            Kind::Country if !is_country(&text) => (None, "two capital letters, ISO 3166-1 alpha-2".to_owned()),
            Kind::Time if reading.is_none() => (nearest_time(&text), TIMES.to_owned()),
            Kind::Integer if reading.is_none() => (None, "a whole number, such as 5 or -1".to_owned()),
            Kind::Json if operator.orders() && is_text => (nearest_time(&text), format!("a number, or {TIMES}")),
            _ => return Ok(Operand { text, reading: reading.unwrap_or(Reading::Text) }),
        };
        let near = near.map(|near| format!("did you mean `{}`? ", self.shown(&near)));
        let message = format!("`{}` is no value for `{what}{}`", self.shown(&text), operator.sign());
        Err(self.error(start, message, near.unwrap_or_default() + "it takes " + &rule))
    }
}
