//! The token cache: a token is read once for a client. In a batch, a helper program is asked once more when its token is rejected.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use memchr::memmem::Finder;
use ureq::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HOST, HeaderMap, HeaderValue, USER_AGENT};

use super::{Run, agent};
use crate::account::Document;
use crate::account::redact::SHORTEST_TOKEN;
use crate::config::{Endpoint, Secret};
use crate::error::{Error, Kind, Result};
use crate::json::{Json, View};
use crate::process::lock;

pub struct Token {
    secret: Secret,
    finder: Finder<'static>,
    /// All headers of a request that carries it.
    pub headers: HeaderMap,
}

impl Token {
    /// Whether the token stands in `bytes` as it is.
    pub fn appears_in(&self, bytes: &[u8]) -> bool {
        (SHORTEST_TOKEN..=bytes.len()).contains(&self.secret.expose().len()) && self.finder.find(bytes).is_some()
    }

    /// Whether the token stands in a document whose text does not show it: by escapes.
    pub fn is_escaped_in(&self, document: &Document) -> bool {
        let in_member = |(name, value): (&str, _)| self.appears_in(name.as_bytes()) || self.appears_in_json(value);
        document.text().contains('\\') && document.members().any(in_member)
    }

    fn appears_in_json(&self, value: Json<'_>) -> bool {
        match value.view() {
            View::String(text) => self.appears_in(text.as_bytes()),
            View::Array(values) => values.into_iter().any(|value| self.appears_in_json(value)),
            View::Object(members) => {
                members.into_iter().any(|(name, value)| self.appears_in(name.as_bytes()) || self.appears_in_json(value))
            }
            View::Null | View::Bool(_) | View::Number(_) => false,
        }
    }
}

pub struct TokenCache<'a> {
    endpoint: &'a Endpoint,
    run: Run<'a>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    is_renewed: bool,
}

impl<'a> TokenCache<'a> {
    pub fn new(endpoint: &'a Endpoint, run: Run<'a>) -> Self {
        TokenCache { endpoint, run, state: Mutex::default() }
    }

    /// The token, read from its source if it is not known.
    pub fn get(&self, deadline: Instant) -> Result<Arc<Token>> {
        let mut state = lock(&self.state);
        if let Some(token) = &state.token {
            return Ok(token.clone());
        }
        self.read(&mut state, deadline)
    }

    /// The token to try instead of one that was rejected; `None` if there is none.
    pub fn renew(&self, rejected: &Arc<Token>, deadline: Instant) -> Result<Option<Arc<Token>>> {
        let mut state = lock(&self.state);
        let newer = state.token.as_ref().filter(|token| !Arc::ptr_eq(token, rejected));
        if newer.is_some() || state.is_renewed || self.endpoint.token.value.command().is_none() {
            return Ok(newer.cloned());
        }
        state.is_renewed = true;
        self.read(&mut state, deadline).map(Some)
    }

    pub fn forget(&self) {
        lock(&self.state).token = None;
    }

    fn read(&self, state: &mut State, deadline: Instant) -> Result<Arc<Token>> {
        let source = &self.endpoint.token;
        let secret = source.read(self.run.env, deadline, self.run.shutdown)?;
        self.run.redactor.tokens().add(secret.expose());
        let mut authorization = header(&format!("Bearer {}", secret.expose()))?;
        authorization.set_sensitive(true);
        let mut headers = HeaderMap::with_capacity(5);
        headers.insert(HOST, header(self.endpoint.base_url.value.authority())?);
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(USER_AGENT, HeaderValue::from_static(agent::USER_AGENT));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let finder = Finder::new(secret.expose()).into_owned();
        Ok(state.token.insert(Arc::new(Token { secret, finder, headers })).clone())
    }
}

fn header(value: &str) -> Result<HeaderValue> {
    HeaderValue::try_from(value).map_err(|_| malformed())
}

/// Base URL, id and token have been checked before.
pub fn malformed() -> Error {
    Error::new(Kind::Failed, "no request can be made of base_url, id and token")
}
