//! What every command that calls an API shares: the settings, the endpoints and the clients made for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::Context;
use crate::account::Redactor;
use crate::account::{Id, Resource, Selection};
pub use crate::client::Target;
use crate::client::{Client, Limits, Run, Throttle, Trace};
use crate::config::{BaseUrl, Endpoint, Flags, Settings};
use crate::error::{Error, Kind, Result};
use crate::output::Renderer;
use crate::process::lock;
use crate::sandbox;

/// The settings of one profile, and where its look-ups go.
pub struct Session<'a> {
    pub context: &'a Context<'a>,
    pub settings: Settings,
    redactor: Redactor,
    /// The built-in sandbox.
    sandbox: Option<Endpoint>,
    trace: Box<dyn Fn(&Trace<'_>) + Sync + 'a>,
}

impl<'a> Session<'a> {
    /// Loads the settings for these flags.
    pub fn open(context: &'a Context<'a>, flags: &Flags) -> Result<Self> {
        Session::of(context, Settings::load(flags, context.env)?)
    }

    /// A session with these settings.
    pub fn of(context: &'a Context<'a>, settings: Settings) -> Result<Self> {
        let sandbox = settings.is_sandbox().then(start_sandbox).transpose()?;
        let trace = Box::new(|trace: &Trace<'_>| context.ui.trace(trace));
        Ok(Session { context, settings, redactor: context.redactor(), sandbox, trace })
    }

    /// What must not be shown.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The endpoint of the built-in sandbox, which is started unless it runs.
    pub fn built_in(&self) -> Result<Endpoint> {
        self.sandbox.clone().map_or_else(start_sandbox, Ok)
    }

    /// How accounts of these resources are rendered.
    pub fn renderer(&self, resources: &[&'static Resource], many: bool) -> Result<Renderer> {
        let Context { flags, ui, .. } = self.context;
        let selection = flags.fields.as_ref();
        let selection = selection.map(|names| Selection::new(names, resources, flags.reveal)).transpose()?;
        let format = self.settings.output.value;
        Ok(Renderer::new(format, many, resources, selection, ui.screen()))
    }

    /// A client that looks up accounts of `resource`: the account `id`, if there is only one, for errors.
    pub fn client<'s>(
        &'s self,
        resource: &'static Resource,
        id: Option<&Id>,
        throttle: &'s Throttle,
    ) -> Result<Client<'s>> {
        let selected = self.settings.profile.as_ref().map(|profile| profile.value.as_str());
        let about = |profile| move |error| Target { resource, id, profile }.describe(error);
        let endpoint = self.sandbox.as_ref().map_or_else(|| self.settings.endpoint(resource), Ok);
        let endpoint = endpoint.map_err(about(selected))?;
        self.client_at(endpoint, throttle).map_err(about(endpoint.profile.as_deref()))
    }

    /// A client that calls this endpoint.
    pub fn client_at<'s>(&'s self, endpoint: &'s Endpoint, throttle: &'s Throttle) -> Result<Client<'s>> {
        let Session { context: Context { env, shutdown, flags, .. }, settings, redactor, .. } = self;
        let limits = Limits { timeout: settings.timeout.value, retries: settings.retries.value };
        let trace = (flags.verbose > 0 && !flags.quiet).then_some(&*self.trace);
        let run = Run { env, shutdown, throttle, redactor, trace };
        Client::new(endpoint, limits, run)
    }
}

fn start_sandbox() -> Result<Endpoint> {
    let broken = |what: &str| Error::new(Kind::Failed, format!("the built-in sandbox {what}"));
    let url = sandbox::start(0, sandbox::ACCOUNTS).map_err(|e| broken("could not be started").because(e))?;
    Ok(Endpoint::built_in(BaseUrl::parse(&url).map_err(broken)?, sandbox::TOKEN))
}

/// The clients of many look-ups: one for each API, made when it is first needed.
pub struct Clients<'s> {
    session: &'s Session<'s>,
    throttle: &'s Throttle,
    /// By API; or why no look-up can be made.
    made: Mutex<BTreeMap<&'static str, Result<Arc<Client<'s>>>>>,
}

impl<'s> Clients<'s> {
    pub fn new(session: &'s Session<'s>, throttle: &'s Throttle) -> Self {
        Clients { session, throttle, made: Mutex::default() }
    }

    /// The client that looks up `id`, with its token read: a token helper is run once, not by all look-ups that begin together. What
    /// fails then is not tried again for other ids.
    pub fn of(&self, id: &Id, started: Instant) -> Result<Arc<Client<'s>>> {
        let make = || {
            let client = self.session.client(id.resource(), Some(id), self.throttle)?;
            let target = Target::account(id, client.profile());
            client.prepare(started).map_err(|error| target.describe(error))?;
            Ok(Arc::new(client))
        };
        let client = lock(&self.made).entry(id.resource().api).or_insert_with(make).clone();
        client.map_err(|error| error.with_context(|context| context.id = Some(id.as_str().to_owned())))
    }
}
