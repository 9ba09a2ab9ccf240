//! Which token goes to which origin.
//!
//! So that no token meets a foreign origin: a URL from the environment needs its own token from the environment; a token
//! from the environment alone goes to the profile's URL; and an explicit `--profile` sets the variables of both aside.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use super::base_url::BaseUrl;
use super::document::section;
use super::precedence::variable;
use super::token::{Secret, TokenSource};
use super::{Origin, SANDBOX, Setting, Settings, at, no_file};
use crate::account::Resource;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// Where the look-ups of one API go, and with which token.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The profile; `None` where the environment has both URL and token.
    pub profile: Option<String>,
    /// The one origin that the token is sent to.
    pub base_url: Setting<BaseUrl>,
    /// The token's source.
    pub token: Setting<Arc<TokenSource>>,
    /// A file of CA certificates that are trusted beside the system's.
    pub ca_file: Option<Setting<PathBuf>>,
}

impl Endpoint {
    /// The endpoint of the built-in sandbox.
    pub fn built_in(base_url: BaseUrl, token: Secret) -> Self {
        let source = TokenSource::Literal(Ok(token), Origin::BuiltIn);
        Endpoint {
            profile: Some(SANDBOX.to_owned()),
            base_url: Setting::new(base_url, Origin::BuiltIn),
            token: Setting::new(Arc::new(source), Origin::BuiltIn),
            ca_file: None,
        }
    }
}

/// The names of an API's variables: token and URL.
pub(super) fn variables(api: &str) -> [String; 2] {
    let api = api.to_uppercase();
    [format!("ACCTQ_{api}_TOKEN"), format!("ACCTQ_{api}_URL")]
}

impl Settings {
    /// Where look-ups of `resource` go in the profile of that name, as if `flag` had named it: the environment is set aside.
    pub fn endpoint_of(
        &self,
        profile: &str,
        flag: &'static str,
        resource: &'static Resource,
    ) -> Result<Endpoint> {
        let profile = Setting::new(profile.to_owned(), Origin::Flag(flag));
        self.require_profile(&profile)?;
        self.of_profile(&profile, resource.api, None)
    }

    /// The endpoint of the selected profile and the environment.
    pub(super) fn resolve(&self, api: &str, env: &Environment) -> Result<Endpoint> {
        let profile = self.profile.as_ref();
        if let Some(profile) = profile.filter(|p| matches!(p.origin, Origin::Flag(_))) {
            return self.of_profile(profile, api, None);
        }
        let [token_name, url_name] = variables(api);
        if env.raw(&token_name).is_some_and(OsStr::is_empty) {
            let message = format!("{token_name} is set but empty");
            return Err(Error::new(Kind::Auth, message)
                .hint("put the token there, or unset it to use the profile's own"));
        }
        let token = env.raw(&token_name).map(|_| {
            let source = TokenSource::Variable(token_name.clone(), None);
            Setting::new(Arc::new(source), variable(&token_name))
        });
        match (env.get(&url_name), token, profile) {
            (Some(_), None, _) => {
                let message = format!("{url_name} is set, but {token_name} is not");
                Err(Error::new(Kind::Config, message).hint(format!(
                    "set {token_name} too: a URL from the environment needs its own token, so that no other token is sent there"
                )))
            }
            (Some(url), Some(token), _) => {
                // What is not Unicode is not ASCII either, and refused as that.
                let base_url = BaseUrl::parse(&url.to_string_lossy()).map_err(|words| {
                    Error::new(Kind::Config, format!("{url_name} {words}"))
                        .hint("it takes a URL such as https://api.example.com")
                })?;
                Ok(Endpoint {
                    profile: None,
                    base_url: Setting::new(base_url, variable(&url_name)),
                    token,
                    ca_file: None,
                })
            }
            (None, token, Some(profile)) => self.of_profile(profile, api, token),
            (None, _, None) => Err(self.no_profile(&token_name, &url_name)),
        }
    }

    /// The profile's endpoint; `token` replaces its own.
    fn of_profile(
        &self,
        profile: &Setting<String>,
        api: &str,
        token: Option<Setting<Arc<TokenSource>>>,
    ) -> Result<Endpoint> {
        let name = &profile.value;
        let section = section(&["profiles", name, api]);
        let profiles = self.file.as_ref().map(|file| &file.profiles);
        let Some(found) = profiles.and_then(|profiles| profiles.get(name)?.get(api)) else {
            let message = format!("the profile {name} has no {section}");
            let hint = format!(
                "add it with its `base_url` and a token, or choose another profile: {}",
                self.profiles.join(", ")
            );
            let error = Error::new(Kind::Config, message).hint(hint);
            return Err(match &self.path {
                Some(path) => error.at(&path.value, None),
                None => error,
            });
        };
        let lacks = |kind, what: &str| {
            let message = format!("{section} has no {what} ({})", found.origin);
            at(Error::new(kind, message), &found.origin)
        };
        let base_url = found.base_url.clone().ok_or_else(|| {
            lacks(Kind::Config, "`base_url`").hint("add base_url = \"https://…\"")
        })?;
        let token = token.or_else(|| found.token.clone()).ok_or_else(|| {
            let [token_name, _] = variables(api);
            let or = match profile.origin {
                Origin::Flag(flag) => format!("; {flag} sets {token_name} aside"),
                _ => format!(", or set {token_name}"),
            };
            lacks(Kind::Auth, "token")
                .hint(format!("add one of token_env, token_file, token_command and token{or}"))
        })?;
        Ok(Endpoint {
            profile: Some(name.clone()),
            base_url,
            token,
            ca_file: found.ca_file.clone(),
        })
    }

    fn no_profile(&self, token_name: &str, url_name: &str) -> Error {
        let (Some(_), Some(path)) = (&self.file, &self.path) else {
            let error = no_file(self.path.as_ref());
            let hint = error.hint_text().unwrap_or_default().to_owned();
            return error.hint(format!("{hint}; or set {url_name} and {token_name}"));
        };
        let path = path.value.as_path();
        let hint = format!(
            "choose one with -p, with ACCTQ_PROFILE or with `default_profile` in {}: {}",
            path.display(),
            self.profiles.join(", ")
        );
        Error::new(Kind::Config, "no profile is selected").hint(hint).at(path, None)
    }
}
