//! Which token goes to which origin.
//!
//! So that no token meets a foreign origin: a URL from the environment needs its own token from the environment; a token
//! from the environment alone goes to the profile's URL; and an explicit `--profile` sets the variables of both aside, for
//! whoever names a profile wants that one and no mixture.

use std::path::PathBuf;

use super::base_url::BaseUrl;
use super::environment::Environment;
use super::file::{self, Api, Profile};
use super::permissions::quote;
use super::token::{Secret, Source, Tokens, Variable};
use super::{Origin, SANDBOX, Setting, variable};
use crate::account::RESOURCES;
use crate::error::{Error, Kind, Result};

/// Where the look-ups of an API go, and with what.
#[derive(Debug)]
pub struct Endpoint {
    /// The one origin that the token is sent to.
    pub base_url: Setting<BaseUrl>,
    /// Where the token comes from.
    pub token: Setting<Tokens>,
    /// A file with certificates to trust beside the system's.
    pub ca_file: Option<Setting<PathBuf>>,
}

impl Endpoint {
    /// The server that is built in.
    #[must_use]
    pub fn built_in(base_url: BaseUrl, token: Secret) -> Self {
        Endpoint {
            base_url: Setting::new(base_url, Origin::BuiltIn),
            token: Setting::new(Tokens::new(Source::of(token)), Origin::BuiltIn),
            ca_file: None,
        }
    }

    /// Key, value and origin of each setting; the token's is described.
    pub(super) fn rows(&self) -> Vec<(&'static str, String, &Origin)> {
        let mut rows = vec![
            (
                "base_url",
                self.base_url.value.to_string(),
                &self.base_url.origin,
            ),
            ("token", self.token.value.describe(), &self.token.origin),
        ];
        if let Some(ca_file) = &self.ca_file {
            rows.push((
                "ca_file",
                ca_file.value.display().to_string(),
                &ca_file.origin,
            ));
        }
        rows
    }
}

/// What an API lacks. It becomes an error only when that API is used, so it can be told more than once.
#[derive(Clone, Debug)]
pub(super) struct Lack {
    kind: Kind,
    message: String,
    hint: String,
    at: Option<(PathBuf, Option<usize>)>,
}

impl Lack {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Lack {
            kind: Kind::Config,
            message: message.into(),
            hint: hint.into(),
            at: None,
        }
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn error(&self) -> Error {
        let error = Error::new(self.kind, self.message.as_str()).hint(self.hint.as_str());
        match &self.at {
            Some((path, line)) => error.at(path, *line),
            None => error,
        }
    }

    pub fn prefixed(mut self, words: &str) -> Self {
        self.message.insert_str(0, words);
        self
    }

    fn at(mut self, origin: &Origin) -> Self {
        if let Origin::File { path, line } = origin {
            self.at = Some((path.clone(), Some(*line)));
        }
        self
    }

    /// There is no place to look for a file in.
    pub fn no_home() -> Self {
        Lack::new(
            "there is no home directory to look for a configuration file in",
            "set HOME or XDG_CONFIG_HOME to an absolute path, or name a file with --config",
        )
    }

    /// There is no file where one was looked for.
    pub fn no_file(path: Option<&Setting<PathBuf>>, profiles: &[String]) -> Self {
        let Some(path) = path else {
            return Lack::no_home();
        };
        let looked_at = path.value.display();
        let (place, init) = match path.origin {
            Origin::BuiltIn => (String::new(), "acctq config init".to_owned()),
            // The file would be written where nobody looks without it.
            ref origin => (
                format!(" ({origin})"),
                format!("acctq --config {} config init", quote(&path.value)),
            ),
        };
        let sandbox = if profiles.is_empty() {
            ""
        } else {
            "; `-p sandbox` needs none"
        };
        let mut lack = Lack::new(
            format!("there is no configuration file {looked_at}{place}"),
            format!("`{init}` writes one to begin with{sandbox}"),
        );
        lack.at = Some((path.value.clone(), None));
        lack
    }

    /// The caller has not asked whether it is the sandbox.
    pub fn sandbox() -> Self {
        Lack::new("the sandbox has no configured address", "")
    }
}

/// The names of an API's variables: token and URL.
pub(super) fn variables(api: &str) -> (String, String) {
    let api = api.to_uppercase();
    (format!("ACCTQ_{api}_TOKEN"), format!("ACCTQ_{api}_URL"))
}

/// What decides over the endpoints, beside the profile's own words.
pub(super) struct Context<'a> {
    pub profile: Option<&'a Setting<String>>,
    pub profiles: &'a [String],
    pub path: Option<&'a Setting<PathBuf>>,
    pub is_read: bool,
    pub env: &'a Environment,
}

impl Context<'_> {
    /// Where each API's look-ups go; nowhere for the sandbox.
    pub fn endpoints(&self, mut profile: Profile) -> Vec<(&'static str, Result<Endpoint, Lack>)> {
        if self.profile.is_some_and(|profile| profile.value == SANDBOX) {
            return Vec::new();
        }
        RESOURCES
            .iter()
            .map(|resource| {
                let of_profile = profile.remove(resource.api);
                (resource.api, self.endpoint(resource.api, of_profile))
            })
            .collect()
    }

    fn endpoint(&self, api: &str, of_profile: Option<Api>) -> Result<Endpoint, Lack> {
        let (token_name, url_name) = variables(api);
        let set_aside = self
            .profile
            .is_some_and(|profile| matches!(profile.origin, Origin::Flag(_)));
        let token = (!set_aside && self.env.raw(&token_name).is_some()).then(|| {
            let source = Source::Variable(Variable::ours(token_name.clone()));
            Setting::new(source, variable(&token_name))
        });
        if token.is_some() && self.env.get(&token_name).is_none() {
            let mut lack = Lack::new(
                format!("{token_name} is set but empty"),
                "put the token there, or unset it to use the profile's own",
            );
            lack.kind = Kind::Auth;
            return Err(lack);
        }
        let url = if set_aside {
            None
        } else {
            self.env.get(&url_name)
        };
        match (url, token) {
            (Some(_), None) => Err(Lack::new(
                format!("{url_name} is set, but {token_name} is not"),
                format!(
                    "set {token_name} too: a URL from the environment needs its own token, so that no other token is sent there"
                ),
            )),
            (Some(url), Some(token)) => {
                let base_url = url
                    .to_str()
                    .ok_or_else(|| "is not valid UTF-8".to_owned())
                    .and_then(BaseUrl::parse)
                    .map_err(|words| {
                        Lack::new(
                            format!("{url_name} {words}"),
                            "it takes a URL such as https://api.example.com",
                        )
                    })?;
                Ok(Endpoint {
                    base_url: Setting::new(base_url, variable(&url_name)),
                    token: Setting::new(Tokens::new(token.value), token.origin),
                    ca_file: None,
                })
            }
            (None, token) => self.of_profile(api, of_profile, token),
        }
    }

    /// The profile's endpoint; its token may be overridden.
    fn of_profile(
        &self,
        api: &str,
        of_profile: Option<Api>,
        token: Option<Setting<Source>>,
    ) -> Result<Endpoint, Lack> {
        let (token_name, url_name) = variables(api);
        let Some(profile) = self.profile else {
            if !self.is_read {
                let mut lack = Lack::no_file(self.path, self.profiles);
                lack.hint = format!("{}; or set {url_name} and {token_name}", lack.hint);
                return Err(lack);
            }
            let file = self.path.map(|path| path.value.clone());
            let shown = file.as_deref().map(|file| file.display().to_string());
            let mut lack = Lack::new(
                "no profile is selected",
                format!(
                    "choose one with -p, with ACCTQ_PROFILE or with `default_profile` in {}: {}",
                    shown.unwrap_or_default(),
                    self.profiles.join(", ")
                ),
            );
            lack.at = file.map(|file| (file, None));
            return Err(lack);
        };
        let section = file::section(&profile.value, Some(api));
        let path = self
            .path
            .map(|path| path.value.display().to_string())
            .unwrap_or_default();
        let Some(of_profile) = of_profile else {
            return Err(Lack::new(
                format!("the profile {} has no {section} in {path}", profile.value),
                format!(
                    "add it with its `base_url` and a token, or choose another profile: {}",
                    self.profiles.join(", ")
                ),
            ));
        };
        let lacks = |what: &str, hint: &str| {
            Lack::new(
                format!("{section} has no {what} ({})", of_profile.origin),
                hint,
            )
            .at(&of_profile.origin)
        };
        let base_url = of_profile
            .base_url
            .ok_or_else(|| lacks("`base_url`", "add base_url = \"https://…\""))?;
        let token = token.or(of_profile.token).ok_or_else(|| {
            let variable = match &profile.origin {
                Origin::Flag(flag) => format!(
                    "; {token_name} counts with ACCTQ_PROFILE={}, {flag} sets it aside",
                    profile.value
                ),
                _ => format!(", or set {token_name}"),
            };
            let hint =
                format!("add one of token_env, token_file, token_command and token{variable}");
            lacks("token", &hint)
        })?;
        Ok(Endpoint {
            base_url,
            token: Setting::new(Tokens::new(token.value), token.origin),
            ca_file: of_profile.ca_file,
        })
    }
}
