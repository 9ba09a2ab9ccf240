//! Look-ups: an id in, an account out, within a deadline; or all accounts, as they arrive. ureq speaks HTTP and TLS; this folder
//! sets it up, decides what an answer means, and what is tried again. A client's bearer token goes to the base URL of one API of
//! one profile, and to no other, since no other URL can be formed: redirects are not followed, and a proxy sees TLS only.

mod agent;
mod certificates;
mod connector;
mod error;
mod list;
mod proxy;
mod request;
mod resolver;
mod response;
mod retry;
mod target;
mod throttle;
mod token;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::Serialize;
use ureq::http::Uri;

use self::agent::AgentPool;
pub use self::list::Listed;
use self::proxy::Proxy;
use self::request::{Attempt, Attempted};
pub use self::retry::LONGEST_PAUSE;
pub use self::target::Target;
pub use self::throttle::Throttle;
use self::token::TokenCache;
use crate::account::{Account, Id, Redactor, Resource};
use crate::config::Endpoint;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::signals::Shutdown;

/// How long each phase of a request may take at most: connecting (TLS included), sending, answering, the body.
const PHASE: Duration = Duration::from_secs(10);

/// The largest account that is read: most are about a kilobyte, but the metadata is the platform's own.
const MAX_BODY: usize = 1024 * 1024;

/// What bounds a look-up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the whole look-up, token helper and retries included.
    pub timeout: Duration,
    /// How often a failed attempt is repeated.
    pub retries: u32,
}

/// What all clients of one run share.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// For proxies, CA certificates and token helpers.
    pub env: &'a Environment,
    /// Ends token helpers on a signal.
    pub shutdown: &'a Shutdown,
    pub throttle: &'a Throttle,
    /// Learns the tokens that are read; a server's words go through it.
    pub redactor: &'a Redactor,
    /// Gets every attempt, with `--verbose`.
    pub trace: Option<&'a (dyn Fn(&Trace<'_>) + Sync)>,
}

/// What one attempt did, for `--verbose`.
#[derive(Debug, Serialize)]
pub struct Trace<'a> {
    pub method: &'static str,
    pub url: String,
    pub proxy: Option<&'a str>,
    pub attempt: u32,
    pub status: Option<u16>,
    pub request_id: Option<String>,
    pub error: Option<&'static str>,
    #[serde(skip)]
    pub failure: Option<&'a Error>,
    pub elapsed_ms: u128,
    /// The wait before the next attempt, if there is one.
    pub retry_in_ms: Option<u128>,
}

#[derive(Debug)]
pub struct Found {
    pub account: Account,
    pub attempts: u32,
    /// From the start of the look-up.
    pub elapsed: Duration,
}

/// Looks up accounts at one API of one profile.
pub struct Client<'a> {
    endpoint: &'a Endpoint,
    limits: Limits,
    run: Run<'a>,
    proxy: Option<Proxy>,
    agents: AgentPool,
    token_cache: Mutex<TokenCache>,
}

impl<'a> Client<'a> {
    /// Prepares look-ups at `endpoint`.
    pub fn new(endpoint: &'a Endpoint, limits: Limits, run: Run<'a>) -> Result<Self> {
        let url = &endpoint.base_url.value;
        let proxy = Proxy::choose(url, run.env)?;
        let (roots, client_cert) = if url.is_https() {
            let client_cert = endpoint.client_cert.as_ref().map(certificates::client_cert).transpose()?;
            (certificates::roots(endpoint.ca_file.as_ref(), run.env)?, client_cert)
        } else {
            (Vec::new(), None)
        };
        let agents = AgentPool::new(limits.timeout, proxy.as_ref(), roots, client_cert);
        Ok(Client { endpoint, limits, run, proxy, agents, token_cache: Mutex::default() })
    }

    /// The profile that the endpoint belongs to, unless the environment names it.
    pub fn profile(&self) -> Option<&str> {
        self.endpoint.profile.as_deref()
    }

    /// Reads the token now if it is not known, so that a helper's time is not a worker's.
    pub fn prepare(&self, started: Instant) -> Result<()> {
        self.token(started + self.limits.timeout).map(drop).map_err(lead_to_status)
    }

    /// Looks up the account of that id; its timeout began at `started`, and it ends by `deadline` if that is earlier.
    pub fn look_up(&self, id: &Id, started: Instant, deadline: Option<Instant>) -> Result<Found> {
        let target = Target::account(id, self.profile());
        let timeout = started + self.limits.timeout;
        let deadline = deadline.map_or(timeout, |deadline| deadline.min(timeout));
        let mut attempts = 0;
        match self.repeat(target, deadline, &mut attempts, &mut |attempt| attempt.account(id)) {
            Ok(account) => Ok(Found { account, attempts, elapsed: started.elapsed() }),
            Err(error) => Err(lead_to_status(self.complete(error, target, attempts, started))),
        }
    }

    /// Lists all accounts. `each` gets `None` when the list begins, or begins anew after a failure, which it may until an account
    /// has been shown; then each account as it arrives. Limits bound the way to the first byte and to each account, not the whole.
    /// Returns the members beside the accounts that say something, fit to be shown.
    pub fn list(
        &self,
        resource: &'static Resource,
        started: Instant,
        each: &mut dyn FnMut(Option<Account>) -> Listed,
    ) -> Result<Vec<String>> {
        let target = Target { resource, id: None, profile: self.profile() };
        let deadline = started + self.limits.timeout;
        let mut attempts = 0;
        let listed = self.repeat(target, deadline, &mut attempts, &mut |attempt| attempt.list(each));
        listed.map_err(|error| lead_to_status(self.complete(error, target, attempts, started)))
    }

    /// Tries the token, by a request that needs it and reads no account: the look-up of one that cannot exist, or the list.
    pub fn probe(&self, resource: &'static Resource, started: Instant) -> Result<()> {
        let id = resource.nobodys_id.map(|id| resource.parse_id(id)).transpose()?;
        let about = Target { resource, id: None, profile: self.profile() };
        let mut attempts = 0;
        let tried = self.repeat(
            Target { id: id.as_ref(), ..about },
            started + self.limits.timeout,
            &mut attempts,
            &mut |attempt| match &id {
                Some(id) => attempt.account(id).map(|(_, headers)| ((), headers)),
                None => attempt.open_list().map(|(response, _)| ((), response.headers)),
            },
        );
        let error = match tried {
            Err(error) if id.is_none() && error.kind() == Kind::NotFound => error.with_kind(Kind::BadResponse),
            Err(error) if !matches!(error.kind(), Kind::NotFound | Kind::Gone) => error,
            _ => return Ok(()),
        };
        Err(self.complete(error, about, attempts, started))
    }

    /// Makes the attempts that the limits allow, and counts them.
    fn repeat<T>(
        &self,
        target: Target<'_>,
        mut deadline: Instant,
        attempts: &mut u32,
        make: &mut dyn FnMut(&Attempt<'_>) -> Attempted<T>,
    ) -> Result<T> {
        let Run { throttle, redactor, .. } = self.run;
        let mut token = self.token(deadline)?;
        let resource = target.resource;
        if target.id.is_some_and(|id| token.appears_in(id.as_str().as_bytes())) {
            // It is not sent, since URLs stand in logs.
            let message = "this is the bearer token, not an id; it is not repeated here";
            let hint = format!("a {} is looked up by its id: {}", resource.noun, resource.id_rule);
            return Err(Error::new(Kind::Usage, message).hint(hint));
        }
        // Base URL and id have been checked: it is below the base URL, at its origin.
        let uri = format!("{}{}", self.endpoint.base_url.value, target.path());
        let uri = Uri::try_from(uri).map_err(|_| token::malformed())?;
        let mut retries = 0;
        loop {
            *attempts += 1;
            let began = Instant::now();
            let remaining = deadline.saturating_duration_since(began);
            let got = make(&Attempt { client: self, target, uri: &uri, token: &token, redactor, remaining });
            let elapsed_ms = began.elapsed().as_millis();
            let failure = got.as_ref().err();
            let retry = failure.and_then(|error| retry::plan_retry(error, retries, self.limits, deadline, throttle));
            if let Some(trace) = self.run.trace {
                let (status, request_id) = match &got {
                    Ok((_, headers)) => (Some(200), response::request_id(headers, redactor)),
                    Err(error) => (error.context().status, error.context().request_id.clone()),
                };
                trace(&Trace {
                    method: "GET",
                    url: uri.to_string(),
                    proxy: self.proxy.as_ref().map(|proxy| &*proxy.authority),
                    attempt: *attempts,
                    status,
                    request_id,
                    error: failure.map(|failure| failure.kind().code()),
                    failure,
                    elapsed_ms,
                    retry_in_ms: retry.map(|(wait, _)| wait.as_millis()),
                });
            }
            let error = match got {
                Ok((got, _)) => return Ok(got),
                Err(error) => error,
            };
            if error.context().status.is_none() {
                self.agents.forget_addresses();
            }
            let may_renew = resource.rejects_token(&error) && throttle.is_batch();
            let renewed = if may_renew { self.renewed_token(&token, deadline)? } else { None };
            let wait = match (renewed, retry) {
                (Some(renewed), _) => {
                    token = renewed;
                    Duration::ZERO
                }
                (None, Some((_, own_wait))) => {
                    retries += 1;
                    own_wait
                }
                (None, None) => return Err(error),
            };
            match throttle.acquire(wait) {
                Some(held) => deadline += held,
                None => return Err(error),
            }
        }
    }

    /// The failure with what else is known: id, profile, proxy, attempts.
    fn complete(&self, error: Error, target: Target<'_>, attempts: u32, started: Instant) -> Error {
        let kind = error.kind();
        let mut said = Vec::new();
        // These two name the account in their sentence.
        let id = target.id.filter(|_| !matches!(kind, Kind::NotFound | Kind::Gone));
        said.extend(id.map(|id| id.as_str().to_owned()));
        said.extend(target.profile.map(|name| format!("profile {name}")));
        if let (Some(proxy), Kind::Network | Kind::Tls | Kind::Timeout) = (&self.proxy, kind) {
            said.push(format!("via {proxy}"));
        }
        if attempts > 1 {
            said.push(format!("tried {attempts} times"));
        }
        let suffix = if attempts == 0 || said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
        target.describe(error.with_suffix(&suffix)).with_context(|context| {
            // The id of a usage error is the token.
            context.id = context.id.take().filter(|_| kind != Kind::Usage);
            context.attempts = Some(attempts);
            context.elapsed = Some(started.elapsed());
        })
    }
}

/// An error about a token with the command first that tries all of them.
fn lead_to_status(error: Error) -> Error {
    if error.kind() != Kind::Auth {
        return error;
    }
    let hint = error.hint_text().map(|hint| format!("; {hint}")).unwrap_or_default();
    error.hint(format!("`acctq auth status` tries every token{hint}"))
}
