//! The one redactor: what of an account and of this run must not be shown.

use std::sync::{Arc, Mutex};

use super::{Account, Document};
use crate::json::Json;

/// The bearer tokens in use, shared by the token cache that reads them and by every redactor. Never printed.
#[derive(Clone, Default)]
pub struct Tokens(Arc<Mutex<Vec<String>>>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// Remembers a token that has been read.
    pub fn add(&self, token: &str) {
        todo!("R3 {}", token.len())
    }
}

/// Knows the members named like a secret, the texts of an account's own secrets, the bearer tokens in use, and what looks like a
/// credential. Every text from outside goes through it before it is shown.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    reveal: bool,
    tokens: Tokens,
    secrets: Vec<String>,
}

impl Redactor {
    /// Of a run with these tokens; with `reveal`, an account's secrets are shown, tokens never.
    pub fn new(reveal: bool, tokens: Tokens) -> Self {
        Redactor {
            reveal,
            tokens,
            secrets: Vec::new(),
        }
    }

    /// The tokens in use.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The same redactor, which also knows the secrets of `document`.
    #[must_use]
    pub fn for_document(&self, document: &Document) -> Self {
        todo!("R3 {document:?} {} {:?}", self.reveal, self.secrets)
    }

    /// The same for an account that was asked for: its id, its times and the words of the contract stay, even if a secret has the same text.
    #[must_use]
    pub fn for_account(&self, account: &Account) -> Self {
        todo!("R3 {account:?}")
    }

    /// Whether a member of that name and value is left out of results.
    pub fn hides(&self, name: &str, value: Json<'_>) -> bool {
        todo!("R3 {name} {value:?}")
    }

    /// Whether a text holds one of the secrets.
    pub fn hides_text(&self, text: &str) -> bool {
        todo!("R3 {text}")
    }

    /// `text` with tokens, secrets and what looks like a credential replaced by `••••••••`: for messages and reports.
    pub fn redact(&self, text: &str) -> String {
        todo!("R3 {text}")
    }

    /// The same, escaped and cut to `limit` characters: a server's words in our messages.
    pub fn excerpt(&self, text: &str, limit: usize) -> String {
        todo!("R3 {text} {limit}")
    }
}

/// Whether a member of that name is a secret: `activation_token`, `activationToken`, …
pub fn is_secret_name(name: &str) -> bool {
    todo!("R3 {name}")
}
