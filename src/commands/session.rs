//! What every command that calls an API shares: the settings, the endpoints and the clients made for them.

use std::sync::{Arc, Mutex, PoisonError};

use super::Context;
use crate::account::redact::{Redactor, Tokens};
use crate::account::{Id, RESOURCES, Resource};
use crate::client::{Client, Limits, Run, Throttle, Trace};
use crate::config::{BaseUrl, Endpoint, Flags, Secret, Settings};
use crate::error::{Error, Kind, Result};
use crate::sandbox;

/// The settings of one profile, and where its look-ups go.
pub struct Session<'a> {
    context: &'a Context<'a>,
    /// The settings in effect.
    pub settings: Settings,
    redactor: Redactor,
    /// The built-in sandbox, which serves as long as the session lives.
    sandbox: Option<(Endpoint, sandbox::Server)>,
}

impl<'a> Session<'a> {
    /// Loads the settings for these flags. `tokens` gets to know the tokens that are read; the sessions of one run share it.
    ///
    /// # Errors
    /// `config`: of the configuration; `failed`: the sandbox cannot be started.
    pub fn open(context: &'a Context<'a>, flags: &Flags, tokens: Tokens) -> Result<Self> {
        let settings = Settings::load(flags, context.env)?;
        let sandbox = settings.is_sandbox().then(start_sandbox).transpose()?;
        Ok(Session {
            context,
            settings,
            redactor: Redactor::new(context.flags.reveal, tokens),
            sandbox,
        })
    }

    /// What must not be shown.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Where look-ups of `resource` go, and the name of the profile that says so; no name if the environment says so.
    ///
    /// # Errors
    /// `config`, `auth`: what is missing.
    pub fn endpoint(&self, resource: &'static Resource) -> Result<(&Endpoint, Option<&str>)> {
        let endpoint = match &self.sandbox {
            Some((endpoint, _)) => endpoint,
            None => self.settings.endpoint(resource)?,
        };
        Ok((endpoint, self.settings.profile_of(endpoint)))
    }

    /// The clients of one run.
    pub fn clients<'s>(
        &'s self,
        throttle: &'s Throttle,
        trace: &'s (dyn Fn(&Trace<'_>) + Sync),
    ) -> Clients<'s> {
        Clients {
            session: self,
            run: Run {
                env: self.context.env,
                shutdown: self.context.shutdown,
                throttle,
                redactor: &self.redactor,
                trace,
            },
            known: Mutex::default(),
        }
    }
}

fn start_sandbox() -> Result<(Endpoint, sandbox::Server)> {
    let broken = |what: &str| Error::new(Kind::Failed, format!("the built-in sandbox {what}"));
    let server =
        sandbox::Server::start(0).map_err(|e| broken("could not be started").because(e))?;
    let url = BaseUrl::parse(&server.base_url()).map_err(|e| broken(&e))?;
    let token = Secret::new(sandbox::TOKEN).map_err(broken)?;
    Ok((Endpoint::built_in(url, token), server))
}

/// The clients of one run: one for each API, made when it is first needed.
pub struct Clients<'s> {
    session: &'s Session<'s>,
    run: Run<'s>,
    known: Mutex<Vec<(&'static Resource, Arc<Client<'s>>)>>,
}

impl<'s> Clients<'s> {
    /// The client of an API.
    ///
    /// # Errors
    /// Of the configuration, or of a proxy or CA that cannot be used.
    pub fn of(&self, resource: &'static Resource) -> Result<Arc<Client<'s>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = known.iter().find(|(other, _)| *other == resource) {
            return Ok(client.clone());
        }
        let (endpoint, profile) = self.session.endpoint(resource)?;
        let limits = Limits {
            timeout: self.session.settings.timeout.value,
            retries: self.session.settings.retries.value,
        };
        let client = Client::new(endpoint, profile.map(str::to_owned), limits, self.run)
            .map_err(|error| about(error, resource, None, profile))?;
        let client = Arc::new(client);
        known.push((resource, client.clone()));
        Ok(client)
    }
}

/// Adds what an error outside the client's own look-up is about: the one place where an error learns its id, API and profile.
pub fn about(
    error: Error,
    resource: &'static Resource,
    id: Option<&Id>,
    profile: Option<&str>,
) -> Error {
    error.with_context(|context| {
        context.id = id.map(|id| id.as_str().to_owned());
        context.api = Some(resource.api);
        context.profile = profile.map(str::to_owned);
    })
}
