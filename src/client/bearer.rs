//! The bearer token of a client: read from its source at the first look-up, and for nobody else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::target::Target;
use crate::account::Resource;
use crate::config::{Endpoint, Environment, Secret, TELLING};
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;

/// The bearer token.
#[derive(Clone)]
pub struct Token {
    pub secret: Arc<Secret>,
    /// Which answer of its source it is, from 0.
    number: u32,
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
        let secret = token.secret.expose();
        let lengths = TELLING..=target.id().map_or(0, str::len);
        let holds = |id: &str| lengths.contains(&secret.len()) && id.contains(secret);
        if !target.id().is_some_and(holds) {
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
        Ok(Token {
            secret: Arc::new(secret),
            number,
        })
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
