//! Where look-ups go, and the clients that make them: what every command that looks accounts up has in common.

use std::sync::Arc;

use crate::account::{Id, RESOURCES, Resource};
use crate::client::{Client, Limits, Pace, Trace};
use crate::config::{BaseUrl, Endpoint, Environment, Given, Origin, Secret, Settings};
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::process;
use crate::sandbox;
use crate::ui::Ui;

/// Where look-ups go: to the profile's servers, or to a sandbox that lives as long as this value.
pub enum Endpoints<'a> {
    Configured(&'a Settings),
    Sandbox {
        settings: &'a Settings,
        endpoint: Box<Endpoint>,
        _server: sandbox::Server,
    },
}

impl<'a> Endpoints<'a> {
    /// For a call with these settings.
    ///
    /// # Errors
    /// `failed`: the sandbox cannot be started.
    pub fn new(settings: &'a Settings) -> Result<Self> {
        if !settings.is_sandbox() {
            return Ok(Endpoints::Configured(settings));
        }
        let broken = |what: &str| Error::new(Kind::Failed, format!("the built-in sandbox {what}"));
        let server =
            sandbox::Server::start(0).map_err(|e| broken("could not be started").because(e))?;
        let url = BaseUrl::parse(&server.base_url()).map_err(|e| broken(&e))?;
        let token = Secret::new(sandbox::TOKEN).map_err(broken)?;
        Ok(Endpoints::Sandbox {
            settings,
            endpoint: Box::new(Endpoint::built_in(url, token)),
            _server: server,
        })
    }

    /// Where look-ups of `resource` go, and the name of the profile that says so: none if the environment does.
    ///
    /// # Errors
    /// `config`, `auth`: what is missing.
    pub fn of(&self, resource: &'static Resource) -> Result<(&Endpoint, Option<String>)> {
        let (settings, endpoint) = match self {
            Endpoints::Configured(settings) => (settings, settings.endpoint(resource)?),
            Endpoints::Sandbox {
                settings, endpoint, ..
            } => (settings, endpoint.as_ref()),
        };
        let of_environment = matches!(endpoint.base_url.origin, Origin::Variable(_));
        let profile = settings.profile.as_ref().filter(|_| !of_environment);
        Ok((endpoint, profile.map(|profile| profile.value.clone())))
    }
}

/// How many look-ups are under way at once, where so many were asked for, and each may leave so many sockets open; people are told
/// if the system has no room for them.
pub fn at_once(jobs: usize, sockets: usize, ui: &Ui) -> usize {
    /// Beside the sockets: what a program that prints a token, the resolver and the CA files take for a while.
    const OTHERS: usize = 16;
    if jobs <= 1 {
        return jobs;
    }
    let needed = jobs * sockets + OTHERS;
    let room = process::make_room_for_files(needed);
    if room == needed {
        return jobs;
    }
    let fit = (room.saturating_sub(OTHERS) / sockets).max(1);
    ui.note(&format!(
        "look-ups under way at once: {fit}, not {jobs}: they need {needed} files open, and the limit leaves {room} (`ulimit -Hn`)"
    ));
    fit
}

impl Endpoints<'_> {
    /// How many sockets of this process a connection to it takes: the sandbox has the other end.
    pub fn sockets(&self) -> usize {
        match self {
            Endpoints::Configured(_) => 1,
            Endpoints::Sandbox { .. } => 2,
        }
    }

    /// The tokens that look-ups are made with.
    pub fn tokens(&self) -> impl Iterator<Item = Given> {
        let endpoints = RESOURCES
            .iter()
            .filter_map(|resource| self.of(resource).ok());
        endpoints.map(|(endpoint, _)| endpoint.token.value.given())
    }
}

/// The clients of one call: one for each API, made when its first id comes.
pub struct Clients<'a> {
    pub endpoints: &'a Endpoints<'a>,
    pub env: &'a Environment,
    pub interrupt: &'a Interrupt,
    pub limits: Limits,
    pub pace: &'a Pace,
    pub trace: &'a (dyn Fn(&Trace<'_>) + Sync),
    pub known: Vec<(&'static Resource, Arc<Client<'a>>)>,
}

impl<'a> Clients<'a> {
    /// The client that looks up `id`.
    ///
    /// # Errors
    /// Of the configuration, or of a proxy or CA that cannot be used.
    pub fn of(&mut self, id: &Id) -> Result<Arc<Client<'a>>> {
        let resource = id.resource();
        if let Some((_, client)) = self.known.iter().find(|(known, _)| *known == resource) {
            return Ok(client.clone());
        }
        let endpoint = self.endpoints.of(resource);
        let (endpoint, profile) = endpoint
            .map_err(|error| error.with(|facts| facts.id = Some(id.as_str().to_owned())))?;
        let client = Client::new(
            endpoint,
            self.env,
            self.interrupt,
            self.limits.clone(),
            self.pace,
            profile.clone(),
            self.trace,
        );
        let client = Arc::new(client.map_err(|error| about(error, id, profile.as_deref()))?);
        self.known.push((resource, client.clone()));
        Ok(client)
    }
}

/// Adds what a failure outside the client's own look-up is about.
pub fn about(error: Error, id: &Id, profile: Option<&str>) -> Error {
    // What is wrong with the environment does not tell whose look-up it stopped.
    let aside = match profile {
        _ if error.kind() != Kind::Proxy => String::new(),
        Some(profile) => format!(" ({}, profile {profile})", id.as_str()),
        None => format!(" ({})", id.as_str()),
    };
    error.adding(&aside).with(|facts| {
        facts.id = Some(id.as_str().to_owned());
        facts.api = Some(id.resource().api);
        facts.profile = profile.map(str::to_owned);
    })
}
