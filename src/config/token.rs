//! The bearer token: a type from its source to the header, and the four places that it may come from.
//!
//! A malformed token is found here, before any socket is opened, and described without being repeated. If the source fails,
//! no other one is tried, since that might hold another account's token.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::helper::Helper;
use super::reading::read_file;
use super::{Origin, Setting, permissions, shell_quoted};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::signals::Shutdown;

/// Size limit of a token, four times the longest one known.
const MAX: usize = 8 * 1024;

/// A bearer token, checked. `Debug` does not show it, and it has neither `Display` nor `Clone`.
pub struct Secret(String);

impl Secret {
    /// Checks a token; nothing is trimmed. Err: what is wrong, in words that follow "the token …" and do not repeat it.
    pub fn new(token: impl Into<Vec<u8>>) -> Result<Self, &'static str> {
        const QUOTES: [char; 3] = ['"', '\'', '`'];
        let token = String::from_utf8(token.into()).map_err(|_| "is not ASCII")?;
        if token.is_empty() {
            return Err("is empty");
        }
        if token.len() > MAX {
            return Err("is longer than 8 KiB");
        }
        if token.starts_with(QUOTES) || token.ends_with(QUOTES) {
            return Err("is in quotes: it must be given without quotes");
        }
        if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
            return Err("begins with Bearer: it must be given without the word Bearer");
        }
        match token.bytes().find(|b| !b.is_ascii_graphic()) {
            None => Ok(Secret(token)),
            Some(b'\n' | b'\r') => Err("has a line break in it"),
            Some(b'\t' | b' ') => Err("has a space or a tab in it"),
            Some(0x80..) => Err("has a character in it that is not ASCII"),
            Some(_) => Err("has a control character in it"),
        }
    }

    /// Checks a token without the one line end that editors, programs and the stores of CI servers put there.
    pub(super) fn from_line(line: &[u8]) -> Result<Self, &'static str> {
        Secret::new(line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line))
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

/// Where a token comes from.
pub enum TokenSource {
    /// The text itself, and what gave it, for people.
    Literal(String, String),
    /// An environment variable: `ACCTQ_…_TOKEN`, or what `token_env` names.
    Variable(String),
    /// A file of its own.
    File(PathBuf),
    /// A program that prints it.
    Command(Helper),
}

impl TokenSource {
    /// The arguments of a program that prints it, possibly another one each time.
    pub fn command(&self) -> Option<&[String]> {
        match self {
            TokenSource::Command(helper) => Some(&helper.arguments),
            _ => None,
        }
    }

    /// The source for people: no token, and no argument that may hold one.
    pub fn describe(&self) -> String {
        match self {
            TokenSource::Literal(_, from) => from.clone(),
            // In small letters it may be the token itself, put in the wrong place.
            TokenSource::Variable(name) if name.bytes().any(|b| b.is_ascii_lowercase()) => {
                "the variable that `token_env` names".to_owned()
            }
            TokenSource::Variable(name) => format!("variable {name}"),
            TokenSource::File(path) => format!("file {}", path.display()),
            TokenSource::Command(helper) => helper.name(),
        }
    }
}

impl Setting<Arc<TokenSource>> {
    /// Where the token comes from, for people: the source, and the place in the configuration that names it.
    pub fn from(&self) -> String {
        match (&*self.value, &self.origin) {
            (source, Origin::Variable(_) | Origin::BuiltIn | Origin::Flag(_)) => source.describe(),
            (TokenSource::Literal(..), origin) => origin.to_string(),
            (source, origin) => format!("{} ({origin})", source.describe()),
        }
    }

    /// The same source with its token read now.
    pub fn fixed(&self, env: &Environment, deadline: Instant, shutdown: &Shutdown) -> Result<Arc<TokenSource>> {
        let secret = self.read(env, deadline, shutdown)?;
        Ok(Arc::new(TokenSource::Literal(secret.expose().to_owned(), self.value.describe())))
    }

    /// Reads the token now: a file is read, a helper program run until `deadline`.
    pub fn read(&self, env: &Environment, deadline: Instant, shutdown: &Shutdown) -> Result<Secret> {
        let source = &*self.value;
        let token = match source {
            TokenSource::Literal(text, _) => Secret::from_line(text.as_bytes()),
            TokenSource::Variable(name) => match env.get_allowing_empty(name) {
                // What is not Unicode is not ASCII either, and refused as that.
                Some(value) => Secret::new(value.to_string_lossy().as_bytes()),
                None => Err("is not set"),
            },
            TokenSource::File(path) => Secret::from_line(&token_file(path)?),
            TokenSource::Command(helper) => {
                let output = helper.run(env, deadline, shutdown);
                let place = format!(" ({})", self.origin);
                Secret::from_line(&output.map_err(|error| self.origin.blame(error.with_suffix(&place)))?)
            }
        };
        token.map_err(|flaw| {
            let error = self.origin.blame(Error::new(Kind::Auth, format!("the token from {} {flaw}", self.from())));
            match source {
                TokenSource::File(path) => error.at(path, None),
                TokenSource::Variable(_) => {
                    error.hint("set that variable to the token; its name is not the token itself")
                }
                _ => error,
            }
        })
    }

    /// What stands for the token in a POSIX shell, in double quotes; it is not read.
    pub fn in_shell(&self, env: &Environment) -> Result<String> {
        let refused = |message: &str| {
            let hint = "name a variable (token_env), a file (token_file) or a program (token_command) that has it";
            Err(self.origin.blame(Error::new(Kind::Config, message).hint(hint)))
        };
        Ok(match &*self.value {
            TokenSource::Literal(..) => {
                return refused("the token stands in the configuration itself, and would stand in the command");
            }
            TokenSource::Variable(name) => {
                let is_name = !name.starts_with(|c: char| c.is_ascii_digit())
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                // In small letters it may be the token itself, unless there is such a variable.
                let is_known = || env.get_allowing_empty(name).is_some();
                if !is_name || name.bytes().any(|b| b.is_ascii_lowercase()) && !is_known() {
                    return refused("what `token_env` names is no variable of a shell");
                }
                format!("${name}")
            }
            TokenSource::File(path) => format!("$(cat {})", shell_quoted(path)),
            TokenSource::Command(helper) => {
                let words: Vec<_> = helper.arguments.iter().map(shell_quoted).collect();
                format!("$({} </dev/null)", words.join(" "))
            }
        })
    }
}

/// The name of the file, beside the configuration, that `auth login` stores a token in.
pub fn stored_token_name(api: &str, profile: &str) -> String {
    format!("{api}-{profile}.token")
}

fn token_file(path: &Path) -> Result<Vec<u8>> {
    // The longest token and its line end.
    let read = read_file(path, MAX + 2).and_then(|read| read.ok_or("does not exist".to_owned()));
    let (bytes, metadata) =
        read.map_err(|words| Error::new(Kind::Auth, format!("token file {} {words}", path.display())).at(path, None))?;
    permissions::refuse_other_readers(path, &metadata)?;
    Ok(bytes)
}
