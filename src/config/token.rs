//! The bearer token: a type from its source to the header, and the four places that it may come from.
//!
//! What is no token is found here, before any socket is opened, and described without being repeated. The source that is
//! named is the one that counts: if it fails, no other is tried, for that might hold another account's token.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::helper::Helper;
use super::reading::read_file;
use super::{Origin, at, permissions};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::signals::Shutdown;

/// No known API has tokens of more than a quarter of this.
const MAX: usize = 8 * 1024;

/// A bearer token, checked. `Debug` does not show it, and it has neither `Display` nor `Clone`.
pub struct Secret(String);

impl Secret {
    /// Checks a token; nothing is trimmed. Err: what is wrong, in words that follow "the token …" and do not repeat it.
    pub fn new(token: impl Into<Vec<u8>>) -> Result<Self, &'static str> {
        let token = token.into();
        if let Some(flaw) = flaw(&token) {
            return Err(flaw);
        }
        String::from_utf8(token).map(Secret).map_err(|_| "is not ASCII")
    }

    /// Checks a token without the one line end that editors, programs and the stores of CI servers put there.
    pub(super) fn from_line(line: &[u8]) -> Result<Self, &'static str> {
        let token = line.strip_suffix(b"\n").unwrap_or(line);
        let is_line = token.len() < line.len();
        Secret::new(token.strip_suffix(b"\r").filter(|_| is_line).unwrap_or(token))
    }

    /// The token itself: only for the `Authorization` header of a request to its own origin, and for the redactor.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why this is no token.
fn flaw(token: &[u8]) -> Option<&'static str> {
    let is_quote = |b: Option<&u8>| b.is_some_and(|b| b"\"'`".contains(b));
    if token.is_empty() {
        return Some("is empty");
    }
    if token.len() > MAX {
        return Some("is longer than 8 KiB");
    }
    if is_quote(token.first()) || is_quote(token.last()) {
        return Some("is in quotes: it must be given without quotes");
    }
    if token.len() > 6 && token[..7].eq_ignore_ascii_case(b"bearer ") {
        return Some("begins with Bearer: it must be given without the word Bearer");
    }
    match token.iter().find(|b| !matches!(b, 0x21..=0x7e))? {
        b'\n' | b'\r' => Some("has a line break in it"),
        b'\t' => Some("has a tab in it"),
        b' ' => Some("has a space in it"),
        0 => Some("has a NUL in it"),
        0x80.. => Some("has a character in it that is not ASCII"),
        _ => Some("has a control character in it"),
    }
}

/// Where a token comes from.
#[derive(Debug)]
pub enum TokenSource {
    /// The configuration file, or the sandbox.
    Literal(Result<Secret, &'static str>, Origin),
    /// An environment variable, and where a `token_env` names it; `None` for `ACCTQ_…_TOKEN`.
    Variable(String, Option<Origin>),
    /// A file of its own.
    File(PathBuf),
    /// A program that prints it.
    Command(Helper),
}

impl TokenSource {
    /// Whether a program prints it, possibly another one each time.
    pub fn is_command(&self) -> bool {
        matches!(self, TokenSource::Command(_))
    }

    /// The source for people: no token, and no argument that may hold one.
    pub fn describe(&self) -> String {
        match self {
            TokenSource::Literal(..) => "literal (hidden)".to_owned(),
            // In small letters it may be the token itself, put in the wrong place.
            TokenSource::Variable(name, Some(origin))
                if name.bytes().any(|b| b.is_ascii_lowercase()) =>
            {
                format!("the variable that `token_env` names in {origin}")
            }
            TokenSource::Variable(name, _) => format!("variable {name}"),
            TokenSource::File(path) => format!("file {}", path.display()),
            TokenSource::Command(helper) => helper.name(),
        }
    }

    /// Reads the token now: a file is read, a helper program run until `deadline`.
    pub fn read(
        &self,
        env: &Environment,
        deadline: Instant,
        shutdown: &Shutdown,
    ) -> Result<Secret> {
        let shown = self.describe();
        let (token, place) = match self {
            TokenSource::Literal(Ok(token), _) => return Ok(Secret(token.0.clone())),
            TokenSource::Literal(Err(flaw), origin) => (Err(*flaw), format!("in {origin}")),
            TokenSource::Variable(name, named_in) => match env.raw(name) {
                Some(value) if !value.is_empty() => {
                    // What is not Unicode is not ASCII either, and refused as that.
                    let value = value.to_string_lossy();
                    (Secret::new(value.as_bytes()), format!("in {shown}"))
                }
                value => return Err(no_variable(&shown, value.is_some(), named_in.as_ref())),
            },
            TokenSource::File(path) => {
                (Secret::from_line(&token_file(path)?), format!("in {shown}"))
            }
            TokenSource::Command(helper) => {
                let output = helper.run(env, deadline, shutdown)?;
                (Secret::from_line(&output), format!("that {shown} printed"))
            }
        };
        token.map_err(|flaw| {
            let error = Error::new(Kind::Auth, format!("the token {place} {flaw}"));
            match self {
                TokenSource::Literal(_, origin) => at(error, origin),
                TokenSource::File(path) => error.at(path, None),
                _ => error,
            }
        })
    }
}

fn no_variable(shown: &str, is_empty: bool, named_in: Option<&Origin>) -> Error {
    let what = if is_empty { "is set but empty" } else { "is not set" };
    let hint = match named_in {
        Some(origin) => format!(
            "put the token there: {origin} names it with `token_env`, which takes a variable's name, not the token itself"
        ),
        None => "put the token there, or unset it to use the profile's own source".to_owned(),
    };
    Error::new(Kind::Auth, format!("{shown} {what}")).hint(hint)
}

fn token_file(path: &Path) -> Result<Vec<u8>> {
    // The longest token and its line end.
    let content = read_file(path, MAX + 2).map_err(|unreadable| {
        let message = format!("token file {} {}", path.display(), unreadable.words);
        Error::new(Kind::Auth, message).at(path, None)
    })?;
    permissions::refuse_other_readers(path, &content.metadata)?;
    Ok(content.bytes)
}
