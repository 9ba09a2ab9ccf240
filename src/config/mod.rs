//! What is in effect and why: the only reader of the configuration file and the environment.

pub mod base_url;
pub mod values;

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

pub use base_url::BaseUrl;

use crate::environment::Environment;
use crate::error::Result;
use crate::signals::Shutdown;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag, with its dashes.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A line of the configuration file, from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Built in.
    BuiltIn,
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

/// A bearer token, checked. `Debug` does not show it, it has no `Display`, and it cannot be cloned.
pub struct Secret(String);

impl Secret {
    /// Checks a token. Nothing is trimmed.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow "the token …"; they do not repeat it.
    pub fn new(token: impl Into<Vec<u8>>) -> Result<Self, &'static str> {
        todo!("R2 {}", token.into().len())
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
#[derive(Debug)]
pub enum TokenSource {
    /// It is at hand.
    Literal(Secret),
}

impl TokenSource {
    /// Whether a program prints it.
    pub fn is_command(&self) -> bool {
        todo!("R2")
    }

    /// What it is, for people: no token, and no argument that may hold one.
    pub fn describe(&self) -> String {
        todo!("R2")
    }

    /// Reads the token now: a file is read, a helper program runs until `deadline`.
    ///
    /// # Errors
    /// `auth` if there is none or it is malformed, `config` if others can read the file.
    pub fn read(
        &self,
        env: &Environment,
        deadline: Instant,
        shutdown: &Shutdown,
    ) -> Result<Secret> {
        todo!("R2 {env:?} {deadline:?} {}", shutdown.is_requested())
    }
}

/// Where the look-ups of one API go, and with which token.
#[derive(Debug)]
pub struct Endpoint {
    /// The base URL.
    pub base_url: Setting<BaseUrl>,
    /// The token's source.
    pub token: Setting<TokenSource>,
    /// A file of CA certificates that are trusted beside the system's.
    pub ca_file: Option<Setting<PathBuf>>,
}
