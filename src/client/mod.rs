//! Look-ups: an id in, an account out, within a deadline; or all accounts, as they arrive. `GET` and nothing else.
//!
//! ureq speaks HTTP and TLS; this folder sets it up, decides what an answer means, and what is tried again. A client belongs to
//! one API of one profile: its bearer token goes to that base URL and to no other, since no other URL can be formed. Redirects
//! are not followed, compression is not asked for; a proxy of the environment sees the name of the host, and TLS.

mod agent;
mod connector;
mod error;
mod list;
mod proxy;
mod request;
mod resolver;
mod response;
mod retry;
mod roots;
mod throttle;
mod token;

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::Uri;
use ureq::http::header::{ACCEPT, ACCEPT_ENCODING, HOST, HeaderMap, HeaderValue, USER_AGENT};

use self::agent::AgentPool;
use self::error::AttemptError;
use self::proxy::Proxy;
use self::request::{Attempt, Attempted};
use self::response::{Site, Target};
pub use self::retry::LONGEST_PAUSE;
pub use self::throttle::Throttle;
use self::token::{Token, TokenCache};
use crate::account::{Account, Id, Redactor, Resource};
use crate::config::Endpoint;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::signals::Shutdown;

/// How long each phase of a request may take at most: connecting (TLS included), sending, answering, the body.
const PHASE: Duration = Duration::from_secs(10);

/// The largest body that is read: an account is about a kilobyte, its metadata is the platform's own.
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
    /// The environment, for proxies, CA certificates and token helpers.
    pub env: &'a Environment,
    /// Ends token helpers on a signal.
    pub shutdown: &'a Shutdown,
    /// When requests may be made.
    pub throttle: &'a Throttle,
    /// Learns the tokens that are read; a server's words go through it.
    pub redactor: &'a Redactor,
    /// Gets every attempt, for `--verbose`.
    pub trace: &'a (dyn Fn(&Trace<'_>) + Sync),
}

/// What one attempt did, for `--verbose`.
#[derive(Debug)]
pub struct Trace<'a> {
    pub url: &'a str,
    pub proxy: Option<&'a str>,
    /// The attempt's number, from 1.
    pub attempt: u32,
    pub status: Option<u16>,
    /// The server's name for the request.
    pub request_id: Option<&'a str>,
    pub error: Option<&'a Error>,
    pub elapsed: Duration,
    /// After what time it is repeated, if it is.
    pub retry_in: Option<Duration>,
}

/// An account, and what it took to get it.
#[derive(Debug)]
pub struct Found {
    pub account: Account,
    pub attempts: u32,
    /// From the start of the look-up.
    pub elapsed: Duration,
}

/// How a list ended.
#[derive(Debug)]
pub struct ListEnd {
    /// Whether all of it was read.
    pub is_complete: bool,
    /// The members beside `data` that say something, fit to be shown; known if all of it was read.
    pub unknown: Vec<String>,
}

/// Looks up accounts at one API of one profile.
pub struct Client<'a> {
    endpoint: &'a Endpoint,
    profile: Option<String>,
    limits: Limits,
    run: Run<'a>,
    proxy: Option<Proxy>,
    agents: AgentPool,
    tokens: TokenCache<'a>,
}

impl<'a> Client<'a> {
    /// Prepares look-ups at `endpoint`, which is `profile`'s, if it is one's.
    pub fn new(
        endpoint: &'a Endpoint,
        profile: Option<String>,
        limits: Limits,
        run: Run<'a>,
    ) -> Result<Self> {
        let url = &endpoint.base_url.value;
        let proxy = Proxy::choose(url, run.env)?;
        let roots = if url.is_https() {
            roots::load(endpoint.ca_file.as_ref(), run.env)?
        } else {
            Vec::new()
        };
        let agents = AgentPool::new(limits.timeout, proxy.as_ref(), roots)?;
        let host = url.origin().split_once("://").unwrap_or_default().1;
        let mut headers = HeaderMap::with_capacity(5);
        headers.insert(HOST, header(host)?);
        headers.insert(USER_AGENT, HeaderValue::from_static(agent::USER_AGENT));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(Client {
            endpoint,
            profile,
            limits,
            run,
            proxy,
            agents,
            tokens: TokenCache::new(&endpoint.token, headers, run),
        })
    }

    /// The profile that it works for, if it is one's.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Reads the token now if it is not known, so that a helper's time is not a worker's.
    pub fn prepare(&self, started: Instant) -> Result<()> {
        self.tokens.get(started + self.limits.timeout).map(drop)
    }

    /// Has the token read anew for the next look-up: one that was accepted and is not any more may have ended.
    pub fn forget_token(&self) {
        self.tokens.forget();
    }

    /// Looks up the account of that id; its timeout began at `started`, and it ends by `deadline` if that is earlier.
    pub fn look_up(&self, id: &Id, started: Instant, deadline: Option<Instant>) -> Result<Found> {
        let target = Target::Account(id);
        let timeout = started + self.limits.timeout;
        let deadline = deadline.map_or(timeout, |deadline| deadline.min(timeout));
        let (account, attempts) =
            self.attempts(target, started, deadline, &mut |attempt| self.get_account(id, attempt))?;
        Ok(Found { account, attempts, elapsed: started.elapsed() })
    }

    /// Lists all accounts, each given to `each` as it arrives; its error or `Break` ends the list. A look-up's limits bound the
    /// way to the list's first byte and each of its accounts, not the list as a whole. Failures are retried as a look-up's are
    /// until the first account has been given to `each`.
    pub fn list(
        &self,
        resource: &'static Resource,
        started: Instant,
        each: &mut dyn FnMut(Account) -> Result<ControlFlow<()>>,
    ) -> Result<ListEnd> {
        let deadline = started + self.limits.timeout;
        let mut is_retryable = true;
        let mut failed = None;
        let read = self.attempts(Target::List(resource), started, deadline, &mut |attempt| {
            let mut each = |account| {
                is_retryable = false;
                each(account).unwrap_or_else(|error| {
                    failed = Some(error);
                    ControlFlow::Break(())
                })
            };
            let listed = self.get_list(resource, attempt, &mut each);
            listed.map_err(|failure| AttemptError {
                transient: failure.transient && is_retryable,
                ..failure
            })
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(read?.0),
        }
    }

    /// The retry loop: makes the attempts that the limits allow; what comes of them, and how many they were.
    fn attempts<T>(
        &self,
        target: Target<'_>,
        started: Instant,
        deadline: Instant,
        attempt: &mut dyn FnMut(&Attempt<'_>) -> Attempted<T>,
    ) -> Result<(T, u32)> {
        let mut attempts = 0;
        match self.repeat(target, deadline, &mut attempts, attempt) {
            Ok(found) => Ok((found, attempts)),
            Err(error) => Err(self.about(error, target, attempts, started)),
        }
    }

    fn repeat<T>(
        &self,
        target: Target<'_>,
        mut deadline: Instant,
        attempts: &mut u32,
        attempt: &mut dyn FnMut(&Attempt<'_>) -> Attempted<T>,
    ) -> Result<T> {
        let throttle = self.run.throttle;
        let mut token = self.tokens.get(deadline)?;
        refuse_token_as_id(target, &token)?;
        let (base, path) = (&self.endpoint.base_url.value, target.resource().path);
        let url = match target {
            Target::Account(id) => base.join(path, id.as_str()),
            Target::List(_) => base.join(path.trim_end_matches('/'), ""),
        };
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        let proxy = self.proxy.as_ref().map(Proxy::authority);
        let mut retries = 0;
        loop {
            *attempts += 1;
            let began = Instant::now();
            let outcome = attempt(&Attempt {
                uri: &uri,
                token: &token,
                remaining: deadline.saturating_duration_since(began),
            });
            let mut trace = Trace {
                url: &url,
                proxy: proxy.as_deref(),
                attempt: *attempts,
                status: Some(200),
                request_id: None,
                error: None,
                elapsed: began.elapsed(),
                retry_in: None,
            };
            let failure = match outcome {
                Ok((found, request_id)) => {
                    trace.request_id = request_id.as_deref();
                    (self.run.trace)(&trace);
                    return Ok(found);
                }
                Err(failure) => failure,
            };
            let context = failure.error.context();
            trace.status = context.status;
            trace.request_id = context.request_id.as_deref();
            trace.error = Some(&failure.error);
            let rejected = &target.resource().token_rejected;
            if failure.error.kind() == Kind::Auth
                && context.status.is_some_and(|s| rejected.contains(&s))
                && throttle.is_shared()
                && let Some(renewed) = self.tokens.renew(&token, deadline)?
            {
                (self.run.trace)(&trace);
                token = renewed;
                continue;
            }
            let backoff = retry::backoff(retries + 1, fastrand::f64());
            // In a batch the pause that a server asks for holds all workers, and is no look-up's own time.
            let shared =
                context.retry_after.filter(|asked| throttle.is_shared() && *asked <= LONGEST_PAUSE);
            if let Some(asked) = shared {
                throttle.pause_until(Instant::now() + asked);
            }
            let is_held = shared.is_some_and(|asked| asked > backoff);
            let remaining = if is_held {
                Duration::MAX
            } else {
                deadline.saturating_duration_since(Instant::now())
            };
            trace.retry_in = retry::pause(backoff, context.retry_after, remaining).filter(|_| {
                failure.transient && retries < self.limits.retries && throttle.allow_retry()
            });
            (self.run.trace)(&trace);
            let Some(wait) = trace.retry_in else {
                return Err(failure.error);
            };
            if context.status.is_none() {
                self.agents.forget_addresses();
            }
            let own = if is_held { Duration::ZERO } else { wait };
            match throttle.acquire(own) {
                Some(held) => deadline += held,
                None => return Err(failure.error),
            }
            retries += 1;
        }
    }

    /// The failure with its context, and with what its message does not say: id, profile, proxy, attempts.
    fn about(&self, error: Error, target: Target<'_>, attempts: u32, started: Instant) -> Error {
        let kind = error.kind();
        let mut said = Vec::new();
        // These two name the account in their sentence.
        if !matches!(kind, Kind::NotFound | Kind::Gone) {
            said.extend(target.id().map(str::to_owned));
        }
        said.extend(self.profile.as_ref().map(|name| format!("profile {name}")));
        if let (Some(proxy), Kind::Network | Kind::Tls | Kind::Timeout) = (&self.proxy, kind) {
            said.push(format!("via {proxy}"));
        }
        if attempts > 1 {
            said.push(format!("tried {attempts} times"));
        }
        let suffix = if attempts == 0 || said.is_empty() {
            String::new()
        } else {
            format!(" ({})", said.join(", "))
        };
        error.with_suffix(&suffix).with_context(|context| {
            // The only usage error is that the id is the token.
            let id = target.id().filter(|_| kind != Kind::Usage);
            context.id = id.map(str::to_owned);
            context.api = Some(target.resource().api);
            context.profile.clone_from(&self.profile);
            context.attempts = Some(attempts);
            context.elapsed = Some(started.elapsed());
        })
    }

    fn site(&self) -> Site<'_> {
        let url = &self.endpoint.base_url.value;
        Site {
            host: url.origin().split_once("://").unwrap_or_default().1,
            scheme: if url.is_https() { "https" } else { "http" },
            profile: self.profile.as_deref(),
            proxy: self.proxy.as_ref(),
            redactor: self.run.redactor,
        }
    }
}

/// An id that holds the token is not sent, for a URL stands in logs.
fn refuse_token_as_id(target: Target<'_>, token: &Token) -> Result<()> {
    if !target.id().is_some_and(|id| token.appears_in(id.as_bytes())) {
        return Ok(());
    }
    let Resource { noun, id_rule, .. } = target.resource();
    let message = "this is the bearer token, not an id; it is not repeated here";
    Err(Error::new(Kind::Usage, message)
        .hint(format!("a {noun} is looked up by its id: {id_rule}")))
}

/// Each change of shared state is a single step: a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value of a header.
fn header(value: &str) -> Result<HeaderValue> {
    HeaderValue::try_from(value).map_err(|_| malformed())
}

/// Base URL, id and token have been checked before.
fn malformed() -> Error {
    Error::new(Kind::Failed, "no request can be made of base_url, id and token")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
