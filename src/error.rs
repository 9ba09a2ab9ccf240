//! Failures, as the person or script at the other end sees them.
//!
//! The kind is the interface: exit code and JSON `code` follow from it alone, and so does `retryable`, but for the few failures
//! that say otherwise (501, a passing fault of a proxy). There is a kind for each case in which a script branches, not one for
//! each failure: the message says what happened, the hint what to do.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::hints::Invocation;

/// The result of everything that can fail in this program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Defines [`Kind`] by the rows of the exit-code table: name, exit code, whether trying again may help, meaning.
macro_rules! kinds {
    ($($kind:ident: $name:literal, $code:literal, $retryable:literal, $meaning:literal;)*) => {
        /// The sort of a failure: a row of the exit-code table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $meaning] $kind,)*
        }

        impl Kind {
            /// Every kind, in the order of the exit-code table.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            /// Name, exit code, whether trying again may help, and meaning: the row of `acctq help exit-codes`.
            pub const fn row(self) -> (&'static str, u8, bool, &'static str) {
                match self {
                    $(Kind::$kind => ($name, $code, $retryable, $meaning),)*
                }
            }
        }
    };
}

kinds! {
    Failed: "failed", 1, false, "an internal error, output that could not be written, or failures that differ in kind";
    Usage: "usage", 2, false, "bad flag, malformed id, unknown field, bad expression, empty suite";
    Config: "config", 3, false, "missing or invalid configuration, unknown profile, unsafe permissions";
    Auth: "auth", 4, false, "no token, a token source that failed, 401, 403";
    NotFound: "not_found", 5, false, "404";
    Gone: "gone", 5, false, "410";
    RateLimited: "rate_limited", 6, true, "429, retries used up";
    Network: "network", 7, true, "the server was not reached, or the connection broke";
    Tls: "tls", 7, false, "no trustworthy TLS connection";
    Proxy: "proxy", 7, false, "a proxy that cannot be used";
    Timeout: "timeout", 7, true, "the server did not answer in time";
    Server: "server", 8, true, "5xx, retries used up";
    BadResponse: "bad_response", 9, false, "an answer outside the contract: no JSON object, another account's id, a redirect, another status, --strict";
    Unmet: "unmet", 10, false, "`check` failed, what `wait` waits for cannot come any more, `compare` differs, nothing to redeem";
    Deadline: "deadline", 124, false, "`wait` ran out of time";
    Interrupted: "interrupted", 130, false, "SIGINT";
    Terminated: "terminated", 143, false, "SIGTERM, SIGHUP";
}

impl Kind {
    /// The name in JSON errors.
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    pub const fn exit_code(self) -> u8 {
        self.row().1
    }

    /// The kind of many failures together: the first one's if all exit codes are alike, else `failed`; `None` without any.
    pub fn merge(mut kinds: impl Iterator<Item = Kind>) -> Option<Kind> {
        let first = kinds.next()?;
        let is_alike = kinds.all(|other| other.exit_code() == first.exit_code());
        Some(if is_alike { first } else { Kind::Failed })
    }
}

/// What a failure is about, for scripts. Unknown facts are `None`, and null in JSON; the order is that of the keys.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ErrorContext {
    /// The id as it was given.
    pub id: Option<String>,
    /// `connect` or `partner`.
    pub api: Option<&'static str>,
    pub profile: Option<String>,
    pub status: Option<u16>,
    pub server_code: Option<String>,
    pub server_message: Option<String>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// How long the server asks to wait.
    #[serde(rename = "retry_after_s", serialize_with = "seconds")]
    pub retry_after: Option<Duration>,
    pub attempts: Option<u32>,
    /// Since the start of the look-up.
    #[serde(rename = "elapsed_ms", serialize_with = "milliseconds")]
    pub elapsed: Option<Duration>,
    pub file: Option<String>,
    /// The line in that file, or of standard input, from 1.
    pub line: Option<usize>,
}

#[expect(clippy::ref_option, reason = "serde calls it")]
fn seconds<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs()).serialize(to)
}

#[expect(clippy::ref_option, reason = "serde calls it")]
pub fn milliseconds<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_millis()).serialize(to)
}

/// A failure, and in JSON the object of the contract with scripts: all keys, always.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, Serialize)]
struct Inner {
    #[serde(skip)]
    kind: Kind,
    code: &'static str,
    exit_code: u8,
    retryable: bool,
    message: String,
    hint: Option<String>,
    #[serde(flatten)]
    context: ErrorContext,
    /// The commands that the hint names.
    next: Vec<String>,
}

impl Error {
    /// `message` is one sentence without a final stop, saying what happened; text from outside in it is escaped when shown.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let (code, exit_code, retryable, _) = kind.row();
        Error(Box::new(Inner {
            kind,
            code,
            exit_code,
            retryable,
            message: message.into(),
            hint: None,
            context: ErrorContext::default(),
            next: Vec::new(),
        }))
    }

    pub fn with_suffix(mut self, words: &str) -> Self {
        self.0.message.push_str(words);
        self
    }

    pub fn with_prefix(mut self, words: &str) -> Self {
        self.0.message.insert_str(0, words);
        self
    }

    /// Says what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Makes the commands of the hint work as they stand in this invocation.
    pub fn with_commands(mut self, invocation: &Invocation) -> Self {
        if let Some(hint) = &self.0.hint {
            let (hint, next) = invocation.complete(hint);
            (self.0.hint, self.0.next) = (Some(hint), next);
        }
        self
    }

    /// Adds the cause, and the chain of its causes, to the message. That a limit of the system is the cause outranks other hints.
    pub fn because(self, cause: impl Into<anyhow::Error>) -> Self {
        let cause = cause.into();
        let error = self.with_suffix(&format!(": {cause:#}"));
        if cause.downcast_ref().is_some_and(is_limit_reached) { error.hint(LIMIT_HINT) } else { error }
    }

    /// Names the file, and the line in it, from 1.
    pub fn at(mut self, file: &Path, line: Option<usize>) -> Self {
        self.0.context.file = Some(file.to_string_lossy().into_owned());
        self.0.context.line = line;
        self
    }

    /// The same failure as one of another kind, and as retryable as it was.
    pub fn with_kind(mut self, kind: Kind) -> Self {
        (self.0.code, self.0.exit_code, ..) = kind.row();
        self.0.kind = kind;
        self
    }

    /// Overrides whether trying again may help.
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    pub fn with_context(mut self, fill: impl FnOnce(&mut ErrorContext)) -> Self {
        fill(&mut self.0.context);
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    pub fn context(&self) -> &ErrorContext {
        &self.0.context
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

/// What to do where [`is_limit_reached`].
pub const LIMIT_HINT: &str = "is a limit on processes or open files reached? `ulimit -a` shows them";

/// Whether the system refused this process a further thread, process or open file.
pub fn is_limit_reached(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        matches!(Errno::from_io_error(error), Some(Errno::AGAIN | Errno::MFILE | Errno::NFILE))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_find_every_key_in_every_error() {
        let error = Error::new(Kind::RateLimited, "wait")
            .hint("later")
            .because(io::Error::other("below"))
            .with_context(|context| {
                context.retry_after = Some(Duration::from_millis(1_500));
                context.elapsed = Some(Duration::from_micros(2_500));
            });
        assert_eq!(
            crate::json::to_string(&error),
            "{\"code\":\"rate_limited\",\"exit_code\":6,\"retryable\":true,\"message\":\"wait: below\",\"hint\":\"later\",\
             \"id\":null,\"api\":null,\"profile\":null,\"status\":null,\"server_code\":null,\"server_message\":null,\
             \"request_id\":null,\"retry_after_s\":1,\"attempts\":null,\"elapsed_ms\":2,\"file\":null,\"line\":null,\"next\":[]}"
        );
    }

    #[test]
    fn failures_together_have_the_exit_code_that_they_share() {
        for (kinds, merged) in [
            (&[][..], None),
            (&[Kind::Gone, Kind::NotFound], Some(5)),
            (&[Kind::Tls, Kind::Timeout], Some(7)),
            (&[Kind::Gone, Kind::Server], Some(1)),
        ] {
            assert_eq!(Kind::merge(kinds.iter().copied()).map(Kind::exit_code), merged);
        }
    }
}
