//! From text to an expression, or to what is wrong with it, where, and what would be right.

use std::ops::Range;

use super::flaw::{Flaw, word};
use super::{Claim, Expression, NOT_FOUND, Operator, Subject};
use crate::account::field::Kind;
use crate::account::{Field, RESOURCES, Resource, is_secret_name};
use crate::nearest::nearest;

/// What operators are made of.
const SIGNS: [char; 5] = ['=', '!', '<', '>', '~'];

/// What does not belong to a name without quotes.
pub(super) const ENDS_A_NAME: [char; 9] = ['=', '!', '<', '>', '~', '?', '|', '"', '.'];

/// What a value without quotes does not begin with.
pub(super) const BEGINS_NO_VALUE: [char; 6] = ['=', '!', '<', '>', '~', '"'];

/// Reads an expression about an account of `resource`.
///
/// # Errors
/// The first flaw from the left.
pub fn parse(text: &str, resource: &Resource) -> Result<Expression, Flaw> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_blanks();
    if reader.rest().is_empty() {
        return Err(reader.flaw(0, "the expression is empty", EXAMPLE));
    }
    let claim = if reader.takes('!') {
        let negation = reader.at - 1;
        reader.skip_blanks();
        let name = reader.name()?;
        if name.words(reader.text) == NOT_FOUND {
            return Err(reader.flaw(
                negation,
                "`!not_found` is no expression",
                format!(
                    "`{}?` holds for every account that exists",
                    resource.id_field
                ),
            ));
        }
        let subject = reader.subject(&name, resource)?;
        let shown = subject.shown();
        let hint = if reader.rest().starts_with(SIGNS) {
            format!("did you mean `{shown}!=…`? `!{shown}` alone holds where it is not set")
        } else {
            format!("`!{shown}` holds where it is not set")
        };
        reader.ends(hint)?;
        Claim::Unset(subject)
    } else {
        let name = reader.name()?;
        if name.words(reader.text) == NOT_FOUND {
            reader.ends("`not_found` stands by itself")?;
            Claim::NotFound
        } else {
            let subject = reader.subject(&name, resource)?;
            if reader.takes('?') {
                reader.ends(format!("`{}?` holds where it is set", subject.shown()))?;
                Claim::Set(subject)
            } else {
                reader.comparison(&name, subject)?
            }
        }
    };
    Ok(Expression(claim))
}

const EXAMPLE: &str = "for example `status=active`; `acctq help expressions` tells more";

impl Subject {
    /// For a message.
    pub(super) fn shown(&self) -> String {
        word(&self.to_string())
    }
}

/// A name as it stands in the text: its parts, decoded, and all of it.
struct Name {
    parts: Vec<String>,
    place: Range<usize>,
}

impl Name {
    fn words<'a>(&self, text: &'a str) -> &'a str {
        &text[self.place.clone()]
    }
}

pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    /// A flaw at a byte of the text.
    pub fn flaw(&self, at: usize, message: impl Into<String>, hint: impl Into<String>) -> Flaw {
        Flaw::at(self.text, at, message, hint)
    }

    /// A part of it, for a message; of what names a secret nothing, for the rest may be the secret.
    pub fn shown(&self, place: Range<usize>) -> String {
        if is_secret_name(self.text) {
            return "••••••••".to_owned();
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
    pub fn quoted(&mut self) -> Result<String, Flaw> {
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
            self.flaw(
                start,
                format!("{} is not written as in JSON", self.shown(start..self.at)),
                QUOTES,
            )
        })
    }

    /// Names with dots between them.
    fn name(&mut self) -> Result<Name, Flaw> {
        let start = self.at;
        let mut parts = Vec::new();
        let mut end;
        loop {
            self.skip_blanks();
            if self.rest().starts_with('"') {
                parts.push(self.quoted()?);
                end = self.at;
            } else {
                let length = self.rest().find(ENDS_A_NAME).unwrap_or(self.rest().len());
                let word = self.rest()[..length].trim_end();
                if word.is_empty() {
                    return Err(self.flaw(self.at, "a field's name is missing here", EXAMPLE));
                }
                parts.push(word.to_owned());
                end = self.at + word.len();
                self.at = end;
            }
            self.skip_blanks();
            if !self.takes('.') {
                let place = start..end;
                return Ok(Name { parts, place });
            }
        }
    }

    fn subject(&self, name: &Name, resource: &Resource) -> Result<Subject, Flaw> {
        let (first, below) = name
            .parts
            .split_first()
            .map_or(("", &[][..]), |(f, b)| (f, b));
        let Some(field) = resource.field(first) else {
            let owner = RESOURCES
                .iter()
                .find(|other| **other != resource && other.field(first).is_some());
            // A sign that is missing may make one name of a secret and its field's.
            let shown = match owner {
                Some(_) => word(name.words(self.text)),
                None => self.shown(name.place.clone()),
            };
            let message = format!("a {} has no field `{shown}`", resource.noun);
            let names = resource.fields.iter().map(|field| field.name);
            let near = nearest(first, names.chain([NOT_FOUND]));
            let hint = match (near, owner) {
                (_, Some(owner)) => format!("it is a field of a {}", owner.noun),
                (Some(near), None) => format!("did you mean `{near}`?"),
                (None, None) => {
                    let names: Vec<_> = resource.fields.iter().map(|field| field.name).collect();
                    format!("its fields are {}", names.join(", "))
                }
            };
            let flaw = self.flaw(name.place.start, message, hint);
            return Err(if near.into_iter().chain([first]).any(is_secret_name) {
                flaw.unquoted()
            } else {
                flaw
            });
        };
        if !below.is_empty() && field.kind != Kind::Json {
            let shown = self.shown(name.place.clone());
            return Err(self.flaw(
                name.place.start,
                format!("`{shown}`: the field {first} has no members"),
                format!("use `{first}` alone; paths lead into metadata"),
            ));
        }
        Ok(Subject {
            field,
            below: below.to_vec(),
        })
    }

    fn comparison(&mut self, name: &Name, subject: Subject) -> Result<Claim, Flaw> {
        // Not even in a message: what it is compared with would be the secret.
        if is_secret_name(&subject.path()) {
            // What stands behind a blank may be the secret itself, without a sign before it.
            let shown = match subject.path().split_once(char::is_whitespace) {
                Some(_) => "••••••••".to_owned(),
                None => subject.shown(),
            };
            let flaw = self.flaw(
                name.place.start,
                format!("`{shown}` is a secret, and nothing is compared with it"),
                format!("`{shown}?` and `!{shown}` ask whether it is set"),
            );
            // The text may write the name in another way: `"activation\u005ftoken"`.
            return Err(flaw.unquoted());
        }
        let sign_at = self.at;
        let operator = self.operator(name, &subject)?;
        let mut operands = Vec::new();
        let mut separator = sign_at;
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
        let what = subject.shown();
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
        let legal = Operator::of(subject.field.kind);
        let signs: Vec<_> = legal.iter().map(|operator| operator.sign()).collect();
        let signs = signs.join(" ");
        let Some(operator) = Operator::ALL.into_iter().find(|o| o.sign() == sign) else {
            let near = match sign {
                "==" | "===" => Some("="),
                "<>" | "!" | "!==" | "=!" => Some("!="),
                "=>" => Some(">="),
                "=<" => Some("<="),
                "=~" | "~=" | "~~" => Some("~"),
                _ => None,
            };
            let shown = word(sign);
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "{what} takes {signs}; a value that begins with a sign stands in quotes"
                ),
            };
            return Err(self.flaw(start, format!("`{shown}` is no operator"), hint));
        };
        if !legal.contains(&operator) {
            return Err(self.flaw(
                start,
                format!(
                    "`{sign}` makes no sense for {what}, {}",
                    words(subject.field)
                ),
                format!("it takes {signs}"),
            ));
        }
        Ok(operator)
    }
}

pub(super) const QUOTES: &str = "a value that begins with a sign or a quote, or holds a `|`, stands in double quotes, written as in JSON";

/// What a field is, for a message.
fn words(field: &Field) -> String {
    match field.kind {
        Kind::Id(_) => "an id".to_owned(),
        Kind::Enum(values) => format!("one of {}", values.join(", ")),
        Kind::Time => "a time".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Email => "an e-mail address".to_owned(),
        Kind::Country => "a country's code".to_owned(),
        Kind::Integer => "a whole number".to_owned(),
        Kind::Json => "which may be anything".to_owned(),
    }
}
