//! The bearer token of a client: read from its source at the first look-up, and for nobody else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use memchr::memchr;
use memchr::memmem::Finder;

use super::target::Target;
use crate::account::Resource;
use crate::config::{Endpoint, Environment, Secret, TELLING};
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::json;

/// The bearer token.
#[derive(Clone)]
pub struct Token {
    held: Arc<Held>,
    /// Which answer of its source it is, from 0.
    number: u32,
}

/// A token, and what finds it in a text, which takes longer to make than to use.
struct Held {
    secret: Secret,
    finder: Finder<'static>,
}

impl Token {
    /// The first answer of a source, or a later one.
    pub fn new(secret: Secret, number: u32) -> Self {
        let finder = Finder::new(secret.expose()).into_owned();
        Token {
            held: Arc::new(Held { secret, finder }),
            number,
        }
    }

    /// The token itself: see [`Secret::expose`].
    pub fn expose(&self) -> &str {
        self.held.secret.expose()
    }

    /// Whether it stands in `text`, as it is. One that is too short to tell may stand anywhere by accident.
    pub fn stands_in(&self, text: &[u8]) -> bool {
        self.tells() && self.held.finder.find(text).is_some()
    }

    fn tells(&self) -> bool {
        self.expose().len() >= TELLING
    }

    /// Whether what a server says repeats it, as it is or in a string of JSON.
    pub fn is_repeated_by(&self, body: &[u8]) -> bool {
        self.tells()
            && (self.stands_in(body) || memchr(b'\\', body).is_some() && self.is_escaped_in(body))
    }

    /// What is shown of JSON is decoded first, and some encoders write every slash as `\/`.
    fn is_escaped_in(&self, body: &[u8]) -> bool {
        let stands_in =
            |raw: &str| json::decode(raw).is_some_and(|text| self.stands_in(text.as_bytes()));
        let text = String::from_utf8_lossy(body);
        json::check(&text).is_ok()
            && json::Tokens::new(&text).any(
                |token| matches!(token, json::Token::Key(raw) | json::Token::String(raw) if stands_in(raw)),
            )
    }
}

/// Where the token comes from, and what is known of it.
pub struct Bearer<'a> {
    pub endpoint: &'a Endpoint,
    pub env: &'a Environment,
    pub interrupt: &'a Interrupt,
    pub known: Mutex<Known>,
}

/// What is known of the token.
#[derive(Default)]
pub struct Known {
    current: Option<Token>,
    /// Whether its source has been asked once more.
    is_renewed: bool,
}

impl Bearer<'_> {
    /// The bearer token, unless what is asked for holds it: nothing is sent then, for a URL stands in logs.
    ///
    /// # Errors
    /// `auth` if its source fails, `usage` if what is asked for holds it.
    pub fn get(
        &self,
        target: Target<'_>,
        profile: Option<&str>,
        deadline: Instant,
    ) -> Result<Token> {
        let token = self.current(deadline)?;
        if !target.id().is_some_and(|id| token.stands_in(id.as_bytes())) {
            return Ok(token);
        }
        let whose = match profile {
            Some(profile) => format!("the bearer token of profile {profile}"),
            None => "the bearer token".to_owned(),
        };
        let Resource { noun, id_rule, .. } = target.resource();
        Err(Error::new(
            Kind::Usage,
            format!("this is {whose}, not an id; it is not repeated here"),
        )
        .hint(format!(
            "a {noun} is looked up by its id: {id_rule}; remove the token from where it stands, such as your shell's history"
        )))
    }

    /// The bearer token, read from its source at the first look-up.
    fn current(&self, deadline: Instant) -> Result<Token> {
        let mut known = self.known();
        if let Some(token) = &known.current {
            return Ok(token.clone());
        }
        let token = self.read(0, deadline)?;
        known.current = Some(token.clone());
        Ok(token)
    }

    /// The token to try instead of one that was rejected: a helper is asked once more in a run, since its tokens may end
    /// before the run does.
    ///
    /// # Errors
    /// `auth` if its source fails now.
    pub fn renewed(&self, rejected: &Token, deadline: Instant) -> Result<Option<Token>> {
        let mut known = self.known();
        let newer = known
            .current
            .as_ref()
            .filter(|t| t.number > rejected.number);
        if newer.is_some() || known.is_renewed {
            return Ok(newer.cloned());
        }
        if !self.endpoint.token.value.is_command() {
            return Ok(None);
        }
        known.is_renewed = true;
        let token = self.read(rejected.number + 1, deadline)?;
        known.current = Some(token.clone());
        Ok(Some(token))
    }

    fn read(&self, number: u32, deadline: Instant) -> Result<Token> {
        let source = &self.endpoint.token.value;
        let secret = source.read(self.env, deadline, self.interrupt)?;
        Ok(Token::new(secret, number))
    }

    /// Has it read anew for the next look-up.
    pub fn forget(&self) {
        self.known().current = None;
    }

    /// Each change is a single step: a panic elsewhere leaves nothing half done.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
