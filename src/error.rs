//! What can go wrong, as the person or script at the other end sees it.
//!
//! The kind is the interface: exit code and JSON `code` follow from it and from nothing else, `retryable` but for the few
//! failures that say otherwise themselves (501, a passing fault of a proxy). A kind exists where somebody's code branches,
//! not one a failure; what happened is told by the message, what to do by the hint.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The result of everything that can fail in this program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is: the rows of the exit-code table of the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An internal error, output that could not be written, or a batch whose failures differ in kind.
    Failed,
    /// A bad flag, a malformed id, an unknown field, a bad expression.
    Usage,
    /// Missing or invalid configuration, unknown profile, unsafe permissions.
    Config,
    /// No token, a token source that failed, 401, 403.
    Auth,
    /// 404.
    NotFound,
    /// 410.
    Gone,
    /// 429, retries used up.
    RateLimited,
    /// The server was not reached, or the connection broke.
    Network,
    /// No trustworthy TLS connection.
    Tls,
    /// The way to the server leads through a proxy that cannot be used.
    Proxy,
    /// The server did not answer in time.
    Timeout,
    /// 5xx, retries used up.
    Server,
    /// An answer outside the contract.
    BadResponse,
    /// What was expected does not hold, or what is waited for cannot come any more.
    Unmet,
    /// What is waited for did not come in time.
    Deadline,
    /// SIGINT.
    Interrupted,
    /// SIGTERM, or SIGHUP.
    Terminated,
}

impl Kind {
    /// Every kind, in the order of the exit-code table.
    pub const ALL: &[Kind] = &[
        Kind::Failed,
        Kind::Usage,
        Kind::Config,
        Kind::Auth,
        Kind::NotFound,
        Kind::Gone,
        Kind::RateLimited,
        Kind::Network,
        Kind::Tls,
        Kind::Proxy,
        Kind::Timeout,
        Kind::Server,
        Kind::BadResponse,
        Kind::Unmet,
        Kind::Deadline,
        Kind::Interrupted,
        Kind::Terminated,
    ];

    /// The name scripts match on, exit code, whether trying again may help, and the row's words in `acctq help exit-codes`.
    /// The one place that knows them.
    #[must_use]
    pub const fn row(self) -> (&'static str, u8, bool, &'static str) {
        match self {
            Kind::Failed => (
                "failed",
                1,
                false,
                "an internal error, output that could not be written, or failures that differ in kind",
            ),
            Kind::Usage => (
                "usage",
                2,
                false,
                "bad flag, malformed id, unknown field, bad expression, empty suite",
            ),
            Kind::Config => (
                "config",
                3,
                false,
                "missing or invalid configuration, unknown profile, unsafe permissions",
            ),
            Kind::Auth => (
                "auth",
                4,
                false,
                "no token, a token source that failed, 401, 403",
            ),
            Kind::NotFound => ("not_found", 5, false, "404"),
            Kind::Gone => ("gone", 5, false, "410"),
            Kind::RateLimited => ("rate_limited", 6, true, "429, retries used up"),
            Kind::Network => (
                "network",
                7,
                true,
                "the server was not reached, or the connection broke",
            ),
            Kind::Tls => ("tls", 7, false, "no trustworthy TLS connection"),
            Kind::Proxy => ("proxy", 7, false, "a proxy that cannot be used"),
            Kind::Timeout => ("timeout", 7, true, "the server did not answer in time"),
            Kind::Server => ("server", 8, true, "5xx, retries used up"),
            Kind::BadResponse => (
                "bad_response",
                9,
                false,
                "an answer outside the contract: no JSON object, another account's id, a redirect, another status, --strict",
            ),
            Kind::Unmet => (
                "unmet",
                10,
                false,
                "`check` failed, or what `wait` waits for cannot come any more",
            ),
            Kind::Deadline => ("deadline", 124, false, "`wait` ran out of time"),
            Kind::Interrupted => ("interrupted", 130, false, "SIGINT"),
            Kind::Terminated => ("terminated", 143, false, "SIGTERM, SIGHUP"),
        }
    }

    /// The name in JSON errors.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        self.row().1
    }

    /// What failures of these kinds come to together: the exit code that all of them have, or that they differ. `None` if
    /// there are none.
    #[must_use]
    pub fn in_common(mut kinds: impl Iterator<Item = Kind>) -> Option<Kind> {
        let first = kinds.next()?;
        let is_alike = kinds.all(|other| other.exit_code() == first.exit_code());
        Some(if is_alike { first } else { Kind::Failed })
    }
}

/// The context about a failure that scripts ask for, beside its kind and message. Unknown ones are `None`.
#[derive(Clone, Debug, Default)]
pub struct ErrorContext {
    /// The id as it was given.
    pub id: Option<String>,
    /// `connect` or `partner`.
    pub api: Option<&'static str>,
    /// The profile in use.
    pub profile: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The server's own error code.
    pub server_code: Option<String>,
    /// The server's own words.
    pub server_message: Option<String>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// How many requests were made.
    pub attempts: Option<u32>,
    /// From the start of the look-up.
    pub elapsed: Option<Duration>,
    /// The file that is wrong.
    pub file: Option<PathBuf>,
    /// The line in that file, or of standard input, from 1.
    pub line: Option<usize>,
}

/// A failure: a kind, a message, a hint, the context, and what caused it.
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: Kind,
    message: String,
    hint: Option<String>,
    retryable: bool,
    context: ErrorContext,
    cause: Option<Arc<anyhow::Error>>,
}

impl Error {
    /// `message` is one sentence without a final stop, saying what happened; text from outside in it is escaped when shown.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            retryable: kind.row().2,
            context: ErrorContext::default(),
            cause: None,
        }))
    }

    /// Says more about what happened, after the message.
    #[must_use]
    pub fn with_suffix(mut self, words: &str) -> Self {
        self.0.message.push_str(words);
        self
    }

    /// Says what it is about, before the message.
    #[must_use]
    pub fn with_prefix(mut self, words: &str) -> Self {
        self.0.message.insert_str(0, words);
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// What lies below it; shown after the message.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(Arc::new(cause.into()));
        self
    }

    /// Where it stands in a file: a line from 1, if one is to blame.
    #[must_use]
    pub fn at(mut self, file: &Path, line: Option<usize>) -> Self {
        self.0.context.file = Some(file.to_owned());
        self.0.context.line = line;
        self
    }

    /// Overrides the kind's answer to "may trying again help?".
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Fills in the context.
    #[must_use]
    pub fn with_context(mut self, fill: impl FnOnce(&mut ErrorContext)) -> Self {
        fill(&mut self.0.context);
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The hint.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether trying again may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// The context.
    #[must_use]
    pub fn context(&self) -> &ErrorContext {
        &self.0.context
    }
}

/// The message, then the chain of causes.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for cause in self.0.cause.iter().flat_map(|c| c.chain()) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
