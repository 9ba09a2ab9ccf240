//! Look-ups: an id in, an account out, within a deadline; or all accounts, as they arrive. `GET` and nothing else.
//!
//! Everything that knows HTTP is in this folder. A client belongs to one API of one profile: its bearer token goes to that
//! base URL and nowhere else, since no other URL can be formed. Redirects are not followed, compression is not asked for; a
//! proxy that the environment asks for sees the name of the host, and TLS.

mod answer;
mod attempt;
mod bearer;
mod connection;
mod connections;
mod failure;
mod http;
mod listing;
mod pace;
mod proxy;
mod resolve;
pub mod retry;
mod roots;
mod target;
mod tcp;
mod tls;
mod tunnel;
mod verifier;
mod wire;

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use self::attempt::Request;
use self::bearer::Bearer;
use self::connections::Connections;
pub use self::failure::Failure;
pub use self::listing::Listing;
pub use self::pace::Pace;
use self::proxy::Proxy;
pub use self::retry::LONGEST_ASKED as LONGEST_PAUSE;
use self::retry::{Decision, Outcome};
use self::target::{Place, Target};
use crate::account::{Account, Id, Resource};
use crate::config::{Endpoint, Environment};
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;

/// How long each phase of a request may take: resolving, connecting (TLS included), sending, answering, the body.
const PHASE: Duration = Duration::from_secs(10);

/// The largest body that is read: an account is about a kilobyte, its metadata is the platform's own.
const MAX_BODY: usize = 1024 * 1024;

/// The largest body that is read without asking for memory: more than that of nearly every account takes.
const USUAL_BODY: usize = 16 * 1024;

/// From this size on a body is large. One that does not say how large it is, is taken to be no larger until it is.
const LARGE: usize = 64 * 1024;

/// The largest head of an answer.
const MAX_HEAD: usize = 16 * 1024;

/// What bounds a look-up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For the whole look-up, token helper and retries included.
    pub timeout: Duration,
    /// How often a failed attempt is repeated.
    pub retries: u32,
}

/// What one attempt did, for `--verbose`.
#[derive(Debug)]
pub struct Trace<'a> {
    /// The URL, which holds no secret.
    pub url: &'a str,
    /// Host and port of the proxy that the way leads through.
    pub proxy: Option<&'a str>,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// The server's name for the request.
    pub request_id: Option<&'a str>,
    /// The failure, if it was one.
    pub error: Option<&'a Error>,
    /// How long the attempt took.
    pub elapsed: Duration,
    /// After what time it is repeated, if it is.
    pub retry_in: Option<Duration>,
}

impl<'a> Trace<'a> {
    /// Of an attempt that begins.
    fn of(url: &'a str, proxy: Option<&'a str>, attempt: u32) -> Self {
        Trace {
            url,
            proxy,
            attempt,
            status: None,
            request_id: None,
            error: None,
            elapsed: Duration::ZERO,
            retry_in: None,
        }
    }
}

/// Looks up accounts at one API of one profile.
pub struct Client<'a> {
    endpoint: &'a Endpoint,
    limits: Limits,
    pace: &'a Pace,
    profile: Option<String>,
    scheme: String,
    host: String,
    connections: Connections,
    proxy: Option<Arc<Proxy>>,
    bearer: Bearer<'a>,
    trace: &'a (dyn Fn(&Trace<'_>) + Sync),
}

/// An account, and what it took to get it.
#[derive(Debug)]
pub struct Found {
    /// The account.
    pub account: Account,
    /// How many requests were made.
    pub attempts: u32,
    /// From the start of the look-up.
    pub elapsed: Duration,
}

impl<'a> Client<'a> {
    /// Prepares look-ups at `endpoint`; `trace` is told of every attempt.
    ///
    /// # Errors
    /// `proxy` if one applies that cannot be used, `config` if the roots cannot be loaded.
    pub fn new(
        endpoint: &'a Endpoint,
        env: &'a Environment,
        interrupt: &'a Interrupt,
        limits: Limits,
        pace: &'a Pace,
        profile: Option<String>,
        trace: &'a (dyn Fn(&Trace<'_>) + Sync),
    ) -> Result<Self> {
        let url = &endpoint.base_url.value;
        let proxy = Proxy::of(url, env)?.map(Arc::new);
        let tls = if url.is_https() {
            Some(tls::config(endpoint.ca_file.as_ref(), env)?)
        } else {
            None
        };
        let connections = Connections {
            host: url.host().to_owned(),
            tls,
            proxy: proxy.clone(),
            resolver: resolve::Remembering::new(url, proxy.as_deref()),
            idle: Mutex::default(),
        };
        let origin = url.origin();
        let (scheme, host) = origin.split_once("://").unwrap_or_default();
        Ok(Client {
            endpoint,
            limits,
            pace,
            profile,
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            connections,
            proxy,
            bearer: Bearer {
                endpoint,
                env,
                interrupt,
                known: Mutex::default(),
            },
            trace,
        })
    }

    /// The profile that it works for, if it is one's.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Reads the bearer token for a look-up of `id` that began at `started`, if it is not known yet.
    ///
    /// # Errors
    /// `auth` if its source fails, `usage` if it is given as the id.
    pub fn prepare(&self, id: &Id, started: Instant) -> Result<()> {
        let target = Target::Account(id);
        match self
            .bearer
            .get(target, self.profile(), started + self.limits.timeout)
        {
            Ok(_) => Ok(()),
            Err(error) => Err(self.told(error, target, 0, started)),
        }
    }

    /// Looks up the account of that id; the time that it has began at `started`. `claim` is asked for so much memory
    /// altogether, in bytes, before a body is read that is larger than most; it may wait, and says how long that took.
    ///
    /// # Errors
    /// Whatever went wrong, with the facts: id, API, profile, attempts, time.
    pub fn fetch(
        &self,
        id: &Id,
        started: Instant,
        claim: &dyn Fn(usize) -> Duration,
    ) -> Result<Found> {
        self.fetch_by(id, started, started + self.limits.timeout, claim)
    }

    /// The same, but it ends by `deadline`, if that is earlier.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub fn fetch_by(
        &self,
        id: &Id,
        started: Instant,
        deadline: Instant,
        claim: &dyn Fn(usize) -> Duration,
    ) -> Result<Found> {
        let deadline = deadline.min(started + self.limits.timeout);
        let target = Target::Account(id);
        let (account, attempts) = self.attempts(target, started, deadline, |request| {
            self.attempt(target, request, claim)
        })?;
        Ok(Found {
            account,
            attempts,
            elapsed: started.elapsed(),
        })
    }

    /// Asks for the list of all accounts, and lets `read` read it, which may stop before the end. What bounds a look-up
    /// bounds the way to the list's first byte and each of its accounts, but not the list. An attempt that fails is repeated as
    /// a look-up's is, until `read` calls the failure a lasting one, having made of the list what cannot be taken back; each
    /// attempt reads it from the beginning.
    ///
    /// # Errors
    /// Whatever went wrong, with the facts: API, profile, attempts, time.
    pub fn list<T>(
        &self,
        resource: &'static Resource,
        started: Instant,
        mut read: impl FnMut(&mut Listing<'_>) -> Result<T, Failure>,
    ) -> Result<T> {
        let target = Target::List(resource);
        let deadline = started + self.limits.timeout;
        let (read, _) = self.attempts(target, started, deadline, |request| {
            self.attempt_list(resource, request, &mut read)
        })?;
        Ok(read)
    }

    /// Has the token read anew for the next look-up: one that was accepted and is not any more may have ended.
    pub fn forget_token(&self) {
        self.bearer.forget();
    }

    /// A failure with what it is about.
    fn told(&self, error: Error, target: Target<'_>, attempts: u32, started: Instant) -> Error {
        let (kind, aside) = (error.kind(), self.aside(&error, target, attempts));
        error.adding(&aside).with(|facts| {
            // The only failure of that kind is that the id holds the token.
            let id = target.id().filter(|_| kind != Kind::Usage);
            facts.id = id.map(str::to_owned);
            facts.api = Some(target.resource().api);
            facts.profile.clone_from(&self.profile);
            facts.attempts = Some(attempts);
            facts.elapsed = Some(started.elapsed());
        })
    }

    /// What a message about the wire does not tell of itself: the account, the profile, the proxy, how often it
    /// was tried.
    fn aside(&self, error: &Error, target: Target<'_>, attempts: u32) -> String {
        let message = error.to_string();
        let mut aside = Vec::new();
        // An id may be any word, so that it is looked for where messages name one.
        let is_told = |id: &&str| {
            let named = |before: &str| message.contains(&format!("{before} {id}"));
            named("account") || named("instead of")
        };
        if let Some(id) = target.id().filter(|id| !is_told(id)) {
            aside.push(id.to_owned());
        }
        if let Some(profile) = &self.profile {
            let named = format!("profile {profile}");
            if !message.contains(&named) {
                aside.push(named);
            }
        }
        if let (Some(proxy), Kind::Network | Kind::Tls | Kind::Timeout) =
            (&self.proxy, error.kind())
        {
            aside.push(format!("via {proxy}"));
        }
        if attempts > 1 {
            aside.push(format!("tried {attempts} times"));
        }
        if attempts == 0 || aside.is_empty() {
            return String::new();
        }
        format!(" ({})", aside.join(", "))
    }

    /// Makes the attempts that the limits allow; what comes of them, and how many they were.
    fn attempts<T>(
        &self,
        target: Target<'_>,
        started: Instant,
        deadline: Instant,
        attempt: impl FnMut(&Request<'_>) -> Result<(T, Option<String>), Failure>,
    ) -> Result<(T, u32)> {
        let mut attempts = 0;
        match self.repeat(target, deadline, &mut attempts, attempt) {
            Ok(found) => Ok((found, attempts)),
            Err(error) => Err(self.told(error, target, attempts, started)),
        }
    }

    fn repeat<T>(
        &self,
        target: Target<'_>,
        mut deadline: Instant,
        attempts: &mut u32,
        mut attempt: impl FnMut(&Request<'_>) -> Result<(T, Option<String>), Failure>,
    ) -> Result<T> {
        let mut token = self.bearer.get(target, self.profile(), deadline)?;
        let base = &self.endpoint.base_url.value;
        let (path, name) = target.path();
        let url = base.join(path, name);
        let proxy = self.proxy.as_ref().map(|proxy| proxy.place());
        let mut spare = true;
        let mut retries = 0;
        loop {
            *attempts += 1;
            let began = Instant::now();
            let mut trace = Trace::of(&url, proxy.as_deref(), *attempts);
            let held = Cell::new(Duration::ZERO);
            let made = attempt(&Request {
                url: &url,
                token: &token,
                began,
                deadline,
                is_fresh: !spare,
                held: &held,
            });
            let failure = match made {
                Ok((found, request_id)) => {
                    trace.status = Some(200);
                    trace.request_id = request_id.as_deref();
                    trace.elapsed = began.elapsed();
                    (self.trace)(&trace);
                    return Ok(found);
                }
                Err(failure) => failure,
            };
            deadline += held.get();
            if failure.stale && spare {
                // That is no attempt, and costs no retry. The other connections may be no better.
                spare = false;
                *attempts -= 1;
                continue;
            }
            spare = true;
            let was_held = !held.get().is_zero();
            if was_held && matches!(failure.error.kind(), Kind::Network | Kind::Timeout) {
                // We kept the server waiting, not it us. That is no attempt either, and now the memory is there.
                *attempts -= 1;
                deadline += self.pace.wait(Duration::ZERO).unwrap_or_default();
                continue;
            }
            let facts = failure.error.facts();
            trace.elapsed = began.elapsed();
            trace.status = facts.status;
            trace.request_id = facts.request_id.as_deref();
            trace.error = Some(&failure.error);
            let is_rejected = facts
                .status
                .is_some_and(|status| target.resource().token_rejected.contains(&status));
            if is_rejected
                && self.pace.is_shared()
                && let Some(renewed) = self.bearer.renewed(&token, deadline)?
            {
                (self.trace)(&trace);
                token = renewed;
                continue;
            }
            let backoff = retry::backoff(retries + 1, fastrand::f64());
            let outcome = Outcome {
                transient: failure.transient,
                retry_after: facts.retry_after,
            };
            // Among many, what a server asks for holds all of them, and is nobody's own time; what is waited anyway is.
            let asked = facts.retry_after.filter(|_| self.pace.is_shared());
            if let Some(asked) = asked.filter(|asked| *asked <= retry::LONGEST_ASKED) {
                self.pace.hold(asked);
            }
            let is_held = asked.is_some_and(|asked| asked > backoff);
            let remaining = if is_held {
                Duration::MAX
            } else {
                deadline.saturating_duration_since(Instant::now())
            };
            let allowed = self.limits.retries;
            let decision = retry::decide(retries + 1, allowed, outcome, remaining, backoff);
            let wait = match decision {
                Decision::Retry(wait) if self.pace.grants_retry() => wait,
                _ => {
                    (self.trace)(&trace);
                    return Err(failure.error);
                }
            };
            trace.retry_in = Some(wait);
            (self.trace)(&trace);
            if facts.status.is_none() {
                self.connections.resolver.forget();
            }
            let own = if is_held { Duration::ZERO } else { wait };
            match self.pace.wait(own) {
                Some(held) => deadline += held,
                None => return Err(failure.error),
            }
            retries += 1;
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            scheme: &self.scheme,
            host: &self.host,
            profile: self.profile.as_deref(),
        }
    }
}
