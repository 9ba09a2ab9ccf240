//! The token cache: a token is read once for a client. In a batch, a helper program is asked once more when its token is rejected.

use std::sync::Arc;
use std::time::Instant;

use memchr::memmem::Finder;
use ureq::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HOST, HeaderMap, HeaderValue, USER_AGENT};

use super::{Client, agent};
use crate::account::Document;
use crate::account::redact::SHORTEST_TOKEN;
use crate::config::Secret;
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

/// The token of a client.
#[derive(Default)]
pub struct TokenCache {
    token: Option<Arc<Token>>,
    is_renewed: bool,
}

impl Client<'_> {
    /// The token, read from its source if it is not known.
    pub(super) fn token(&self, deadline: Instant) -> Result<Arc<Token>> {
        let mut cache = lock(&self.token_cache);
        if let Some(token) = &cache.token {
            return Ok(token.clone());
        }
        self.read_token(&mut cache, deadline)
    }

    /// The token to try instead of one that was rejected; `None` if there is none.
    pub(super) fn renewed_token(&self, rejected: &Arc<Token>, deadline: Instant) -> Result<Option<Arc<Token>>> {
        let mut cache = lock(&self.token_cache);
        let newer = cache.token.as_ref().filter(|token| !Arc::ptr_eq(token, rejected));
        if newer.is_some() || cache.is_renewed || self.endpoint.token.value.command().is_none() {
            return Ok(newer.cloned());
        }
        cache.is_renewed = true;
        self.read_token(&mut cache, deadline).map(Some)
    }

    /// Has the token read anew for the next look-up, since a token that was accepted once may expire.
    pub fn forget_token(&self) {
        lock(&self.token_cache).token = None;
    }

    fn read_token(&self, cache: &mut TokenCache, deadline: Instant) -> Result<Arc<Token>> {
        let secret = self.endpoint.token.read(self.run.env, deadline, self.run.shutdown)?;
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
        Ok(cache.token.insert(Arc::new(Token { secret, finder, headers })).clone())
    }
}

fn header(value: &str) -> Result<HeaderValue> {
    HeaderValue::try_from(value).map_err(|_| malformed())
}

/// Base URL, id and token have been checked before.
pub fn malformed() -> Error {
    Error::new(Kind::Failed, "no request can be made of base_url, id and token")
}
