//! What every command that calls an API shares: the settings, the endpoints and the clients made for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::Context;
use crate::account::redact::{Redactor, Tokens};
use crate::account::{Id, Resource, Selection};
pub use crate::client::Target;
use crate::client::{Client, Limits, Run, Throttle, Trace};
use crate::config::{BaseUrl, Endpoint, Flags, Secret, Settings};
use crate::error::{Error, Kind, Result};
use crate::output::Renderer;
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
    /// Err: `config`: of the configuration; `failed`: the sandbox cannot be started.
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
    /// Err: `config`, `auth`: what is missing.
    pub fn endpoint(&self, resource: &'static Resource) -> Result<(&Endpoint, Option<&str>)> {
        let endpoint = match &self.sandbox {
            Some((endpoint, _)) => endpoint,
            None => self.settings.endpoint(resource)?,
        };
        Ok((endpoint, endpoint.profile.as_deref()))
    }

    /// How accounts of these resources are rendered.
    /// Err: `usage`: `--fields` makes no sense.
    pub fn renderer(&self, resources: &[&'static Resource], many: bool) -> Result<Renderer> {
        let Context { flags, ui, .. } = self.context;
        let selection = flags.fields.as_ref();
        let selection =
            selection.map(|names| Selection::new(names, resources, flags.reveal)).transpose()?;
        let format = self.settings.output.value;
        Ok(Renderer::new(format, many, resources, selection, ui.screen()))
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
            failed: Mutex::default(),
        }
    }
}

fn start_sandbox() -> Result<(Endpoint, sandbox::Server)> {
    let broken = |what: &str| Error::new(Kind::Failed, format!("the built-in sandbox {what}"));
    let server =
        sandbox::Server::start(0, sandbox::ACCOUNTS).map_err(|e| broken("could not be started").because(e))?;
    let url = BaseUrl::parse(&server.base_url()).map_err(broken)?;
    let token = Secret::new(sandbox::TOKEN).map_err(broken)?;
    Ok((Endpoint::built_in(url, token), server))
}

/// The clients of one run: one for each API, made when it is first needed.
pub struct Clients<'s> {
    session: &'s Session<'s>,
    run: Run<'s>,
    known: Mutex<Vec<(&'static Resource, Arc<Client<'s>>)>>,
    /// The APIs for which no look-up can be made, and why.
    failed: Mutex<Vec<(&'static Resource, Error)>>,
}

impl<'s> Clients<'s> {
    /// The client that looks up `id`, or lists the accounts of `resource` without one.
    /// Err: of the configuration, or of a proxy or CA that cannot be used.
    pub fn of(&self, resource: &'static Resource, id: Option<&Id>) -> Result<Arc<Client<'s>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = known.iter().find(|(other, _)| *other == resource) {
            return Ok(client.clone());
        }
        let selected = self.session.settings.profile.as_ref();
        let selected = selected.map(|profile| profile.value.as_str());
        let mut target = Target { resource, id, profile: selected };
        let (endpoint, profile) =
            self.session.endpoint(resource).map_err(|error| target.describe(error))?;
        target.profile = profile;
        let limits = Limits {
            timeout: self.session.settings.timeout.value,
            retries: self.session.settings.retries.value,
        };
        let client =
            Client::new(endpoint, limits, self.run).map_err(|error| target.describe(error))?;
        let client = Arc::new(client);
        known.push((resource, client.clone()));
        Ok(client)
    }

    /// The client that looks up `id`, with its token read: a token helper is run once, not by all look-ups that begin together. What
    /// fails then is not tried again for other ids.
    /// Err: of the configuration, a proxy, a CA or the token.
    pub fn prepared(&self, id: &Id, started: Instant) -> Result<Arc<Client<'s>>> {
        let resource = id.resource();
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, error)) = failed.iter().find(|(other, _)| *other == resource) {
            let id = id.as_str().to_owned();
            return Err(error.clone().with_context(|context| context.id = Some(id)));
        }
        let client = self.of(resource, Some(id)).and_then(|client| {
            let target = Target::account(id, client.profile());
            client.prepare(started).map_err(|error| target.describe(error))?;
            Ok(client)
        });
        client.inspect_err(|error| failed.push((resource, error.clone())))
    }
}
