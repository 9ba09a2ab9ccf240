//! Which token goes to which origin.
//!
//! So that no token meets a foreign origin: a URL from the environment needs its own token from the environment; a token
//! from the environment alone goes to the profile's URL; and an explicit `--profile` sets the variables of both aside.

use std::path::PathBuf;
use std::sync::Arc;

use super::base_url::BaseUrl;
use super::token::{TokenSource, stored_token_name};
use super::{Origin, SANDBOX, Setting, Settings, no_file};
use crate::account::{RESOURCES, Resource};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// A client certificate and its private key, for a gateway that wants one: files in PEM form.
#[derive(Clone)]
pub struct ClientCert {
    pub cert_file: Setting<PathBuf>,
    pub key_file: Setting<PathBuf>,
}

/// Where the look-ups of one API go, and with which token.
#[derive(Clone)]
pub struct Endpoint {
    /// The profile; `None` where the environment has both URL and token.
    pub profile: Option<String>,
    /// The one origin that the token is sent to.
    pub base_url: Setting<BaseUrl>,
    /// The token's source.
    pub token: Setting<Arc<TokenSource>>,
    /// A file of CA certificates that are trusted beside the system's.
    pub ca_file: Option<Setting<PathBuf>>,
    pub client_cert: Option<ClientCert>,
}

impl Endpoint {
    /// How to replace a token that is not accepted, in words that follow a question; nothing unless `auth login` stored it.
    pub fn token_hint(&self, api: &str) -> String {
        let profile = self.profile.as_deref().unwrap_or_default();
        match &*self.token.value {
            TokenSource::File(path) if path.ends_with(stored_token_name(api, profile)) => {
                format!(" `acctq auth login {api}` stores a new one")
            }
            _ => String::new(),
        }
    }

    /// The endpoint of the built-in sandbox.
    pub fn built_in(base_url: BaseUrl, token: &str) -> Self {
        let token = Arc::new(TokenSource::Literal(token.to_owned(), "the sandbox".to_owned()));
        Endpoint {
            profile: Some(SANDBOX.to_owned()),
            base_url: Setting::new(base_url, Origin::BuiltIn),
            token: Setting::new(token, Origin::BuiltIn),
            ca_file: None,
            client_cert: None,
        }
    }
}

/// The names of an API's variables: token and URL.
pub fn variable_names(api: &str) -> [String; 2] {
    let api = api.to_uppercase();
    [format!("ACCTQ_{api}_TOKEN"), format!("ACCTQ_{api}_URL")]
}

impl Settings {
    /// The endpoint of the selected profile and the environment.
    pub(super) fn resolve_endpoint(&self, resource: &Resource, env: &Environment) -> Result<Endpoint> {
        let api = resource.api;
        let profile = self.profile.as_ref();
        if let Some(profile) = profile.filter(|profile| matches!(profile.origin, Origin::Flag(_))) {
            return self.endpoint_of_profile(profile, api, None);
        }
        let [token_name, url_name] = variable_names(api);
        let token = env.get_allowing_empty(&token_name).map(|_| {
            let source = TokenSource::Variable(token_name.clone());
            Setting::new(Arc::new(source), Origin::Variable(token_name.clone()))
        });
        let Some(url) = env.get(&url_name) else {
            return self.endpoint_of_profile(profile.ok_or_else(|| self.no_profile())?, api, token);
        };
        let token = token.ok_or_else(|| {
            Error::new(Kind::Config, format!("{url_name} is set, but {token_name} is not"))
                .hint(format!("set {token_name} too: a URL from the environment gets no other token"))
        })?;
        // What is not Unicode is not ASCII either, and refused as that.
        let base_url = BaseUrl::parse(&url.to_string_lossy()).map_err(|words| {
            Error::new(Kind::Config, format!("{url_name} {words}"))
                .hint("it takes a URL such as https://api.example.com")
        })?;
        let base_url = Setting::new(base_url, Origin::Variable(url_name));
        Ok(Endpoint { profile: None, base_url, token, ca_file: None, client_cert: None })
    }

    /// The endpoints of all APIs of these profiles, or else of every profile of the file and of the environment; in their order.
    pub fn endpoints_of(
        &self,
        names: &[String],
        env: &Environment,
    ) -> Vec<(Option<String>, &'static Resource, Result<Endpoint>)> {
        let has_url = |resource: &Resource| env.get(&variable_names(resource.api)[1]).is_some();
        let apis = self.file.iter().flat_map(|file| &file.apis);
        let wanted = apis.filter(|(name, ..)| names.is_empty() || names.contains(name));
        let of_file = wanted.map(|(name, resource, _)| {
            let is_selected = self.profile.as_ref().is_some_and(|profile| profile.value == *name);
            let endpoint = if names.is_empty() && is_selected && !has_url(resource) {
                self.resolve_endpoint(resource, env)
            } else {
                self.endpoint_of_profile(&Setting::new(name.clone(), Origin::Flag("--profile")), resource.api, None)
            };
            (Some(name.clone()), *resource, endpoint)
        });
        let of_environment = RESOURCES.into_iter().filter(|resource| names.is_empty() && has_url(resource));
        let of_environment = of_environment.map(|resource| (None, resource, self.resolve_endpoint(resource, env)));
        of_file.chain(of_environment).collect()
    }

    /// The profile's endpoint; `token` replaces its own.
    fn endpoint_of_profile(
        &self,
        profile: &Setting<String>,
        api: &str,
        token: Option<Setting<Arc<TokenSource>>>,
    ) -> Result<Endpoint> {
        let name = &profile.value;
        let Some((_, found)) = self.apis(name).find(|(resource, _)| resource.api == api) else {
            let hint = "add it with its `base_url` and a token, or choose another profile; ";
            return Err(self.unsuitable(format!("the profile {name} has no section `{api}`"), hint));
        };
        let found = found.as_ref().map_err(Error::clone)?;
        let lacks = |kind, what: &str| {
            let message = format!("the profile {name} has no {what} for {api} ({})", found.origin);
            found.origin.blame(Error::new(kind, message))
        };
        let base_url = found.base_url.clone();
        let base_url =
            base_url.ok_or_else(|| lacks(Kind::Config, "`base_url`").hint("add base_url = \"https://…\""))?;
        let token = token.or_else(|| found.token.clone()).ok_or_else(|| {
            let [token_name, _] = variable_names(api);
            let or = match profile.origin {
                Origin::Flag(flag) => format!("; {flag} sets {token_name} aside"),
                _ => format!(", or set {token_name}"),
            };
            let add = format!("add one of token_env, token_file, token_command and token{or}");
            lacks(Kind::Auth, "token").hint(format!("`acctq auth login {api}` stores one; or {add}"))
        })?;
        let (ca_file, client_cert) = (found.ca_file.clone(), found.client_cert.clone());
        Ok(Endpoint { profile: Some(name.clone()), base_url, token, ca_file, client_cert })
    }

    fn no_profile(&self) -> Error {
        if self.file.is_none() {
            return no_file(self.path.as_ref());
        }
        let hint = "choose one with -p, ACCTQ_PROFILE or `default_profile` in the configuration; ";
        self.unsuitable("no profile is selected".to_owned(), hint)
    }
}
