//! The token cache: a token is read once for a client, and a helper program is asked once more in a batch when its token is
//! rejected, since that may end before the run does.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use ureq::http::header::{AUTHORIZATION, HeaderMap};

use super::error::AttemptError;
use super::response::Site;
use super::{Run, header, lock};
use crate::account::Document;
use crate::config::{Secret, Setting, TokenSource};
use crate::error::{Kind, Result};
use crate::json::{Json, View};

/// The shortest token that is looked for in texts; a shorter one may stand anywhere by accident.
const TELLING: usize = 8;

/// A bearer token, with the headers of the requests that carry it.
pub struct Token {
    secret: Secret,
    /// All headers of a request that carries it.
    pub headers: HeaderMap,
    /// The number of times that its source was read before.
    number: u32,
}

impl Token {
    /// Whether the token stands in `bytes` as it is.
    pub fn appears_in(&self, bytes: &[u8]) -> bool {
        let token = self.secret.expose().as_bytes();
        token.len() >= TELLING && memchr::memmem::find(bytes, token).is_some()
    }

    /// Refuses a document that repeats the token, however that is escaped.
    pub fn check_document(&self, document: &Document, site: Site<'_>) -> Result<(), AttemptError> {
        let text = document.text();
        let in_member = |(name, value): (&str, _)| {
            self.appears_in(name.as_bytes()) || self.appears_in_json(value)
        };
        // Without an escape the text is what it says.
        let holds = self.appears_in(text.as_bytes())
            || text.contains('\\') && document.members().any(in_member);
        if holds { Err(repeated(site)) } else { Ok(()) }
    }

    fn appears_in_json(&self, value: Json<'_>) -> bool {
        match value.view() {
            View::String(text) => self.appears_in(text.as_bytes()),
            View::Array(values) => values.into_iter().any(|value| self.appears_in_json(value)),
            View::Object(members) => members.into_iter().any(|(name, value)| {
                self.appears_in(name.as_bytes()) || self.appears_in_json(value)
            }),
            View::Null | View::Bool(_) | View::Number(_) => false,
        }
    }
}

/// A success that repeats the bearer token.
pub fn repeated(site: Site<'_>) -> AttemptError {
    AttemptError::lasting(
        Kind::BadResponse,
        format!("the answer of {} repeats the bearer token; it is not shown", site.host),
        "whoever runs that server should know; consider the token compromised",
    )
}

/// The token of one client.
pub struct TokenCache<'a> {
    source: &'a Setting<Arc<TokenSource>>,
    /// The headers that carry no secret.
    headers: HeaderMap,
    run: Run<'a>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    is_renewed: bool,
}

impl<'a> TokenCache<'a> {
    /// Of a source that has not been read yet; `headers` are the other ones of each request.
    pub fn new(source: &'a Setting<Arc<TokenSource>>, headers: HeaderMap, run: Run<'a>) -> Self {
        TokenCache { source, headers, run, state: Mutex::default() }
    }

    /// The token, read from its source if it is not known.
    pub fn get(&self, deadline: Instant) -> Result<Arc<Token>> {
        let mut state = lock(&self.state);
        if let Some(token) = &state.token {
            return Ok(token.clone());
        }
        let token = self.read(0, deadline)?;
        state.token = Some(token.clone());
        Ok(token)
    }

    /// The token to try instead of one that was rejected; `None` if there is none.
    pub fn renew(&self, rejected: &Token, deadline: Instant) -> Result<Option<Arc<Token>>> {
        let mut state = lock(&self.state);
        let newer = state.token.as_ref().filter(|token| token.number > rejected.number);
        if newer.is_some() || state.is_renewed || !self.source.value.is_command() {
            return Ok(newer.cloned());
        }
        state.is_renewed = true;
        let token = self.read(rejected.number + 1, deadline)?;
        state.token = Some(token.clone());
        Ok(Some(token))
    }

    /// Has the token read anew for the next request.
    pub fn forget(&self) {
        lock(&self.state).token = None;
    }

    fn read(&self, number: u32, deadline: Instant) -> Result<Arc<Token>> {
        let secret = self.source.read(self.run.env, deadline, self.run.shutdown)?;
        self.run.redactor.tokens().add(secret.expose());
        let mut headers = self.headers.clone();
        let mut value = header(&format!("Bearer {}", secret.expose()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(Arc::new(Token { secret, headers, number }))
    }
}
