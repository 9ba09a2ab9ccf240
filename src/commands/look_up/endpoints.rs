//! Where look-ups go.

use crate::account::Resource;
use crate::config::{BaseUrl, Endpoint, Origin, Secret, Settings};
use crate::error::{Error, Kind, Result};
use crate::sandbox;

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
