//! Look-ups: an id in, an account out, within a deadline. `GET` and nothing else.
//!
//! Everything that knows ureq is in this folder. A client belongs to one API of one profile: its bearer token goes to that
//! base URL and nowhere else, since no other URL can be formed. Redirects, compression and proxies of ureq's own are off;
//! a proxy that the environment asks for sees the name of the host, and TLS.

mod answer;
mod failure;
mod proxy;
mod resolve;
pub mod retry;
mod tls;
mod tunnel;
mod verifier;

use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::HeaderValue;
use ureq::http::header::AUTHORIZATION;
use ureq::unversioned::transport::Connector as _;

use self::answer::{Answer, Place};
use self::failure::Failure;
use self::proxy::Proxy;
use self::retry::{Decision, Outcome};
use crate::account::{Account, Id};
use crate::config::{Endpoint, Environment, Secret};
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;

/// How long each phase of a request may take: resolving, connecting (TLS included), sending, answering, the body.
const PHASE: Duration = Duration::from_secs(10);

/// The largest body that is read: an account is about a kilobyte, its metadata is the platform's own.
const MAX_BODY: u64 = 1024 * 1024;

/// The largest body of an error that is read, for the server's words.
const MAX_ERROR_BODY: u64 = 64 * 1024;

/// The largest head of an answer.
const MAX_HEAD: usize = 16 * 1024;

/// ureq's buffers: one head must fit, and a little of what makes it too large, or ureq takes it for cut off.
const BUFFER: usize = MAX_HEAD + 1024;

/// How much later than the phases' own limits the backstop over all of them strikes, so that the phase is told.
const GRACE: Duration = Duration::from_millis(100);

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

/// Looks up accounts at one API of one profile.
pub struct Client<'a> {
    endpoint: &'a Endpoint,
    env: &'a Environment,
    interrupt: &'a Interrupt,
    limits: Limits,
    profile: Option<String>,
    scheme: String,
    host: String,
    agent: ureq::Agent,
    proxy: Option<Arc<Proxy>>,
    resolver: Arc<resolve::Remembering>,
    opened: Arc<AtomicU64>,
    token: Mutex<Option<Token>>,
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

/// The bearer token, and the header made of it.
#[derive(Clone)]
struct Token {
    secret: Arc<Secret>,
    header: HeaderValue,
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
        let config = ureq::Agent::config_builder()
            .https_only(url.is_https())
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("acctq/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .accept_encoding("identity")
            .max_response_header_size(MAX_HEAD)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .build();
        let resolver = Arc::new(resolve::Remembering::new(url, proxy.as_deref()));
        let opened = Arc::new(AtomicU64::new(0));
        let tunnel = tunnel::Tunnel {
            proxy: proxy.clone(),
        };
        let connector = ().chain(tunnel).chain(tls::TlsConnector {
            tls,
            opened: opened.clone(),
        });
        let agent = ureq::Agent::with_parts(config, connector, resolve::Shared(resolver.clone()));
        let origin = url.origin();
        let (scheme, host) = origin.split_once("://").unwrap_or_default();
        Ok(Client {
            endpoint,
            env,
            interrupt,
            limits,
            profile,
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            agent,
            proxy,
            resolver,
            opened,
            token: Mutex::new(None),
            trace,
        })
    }

    /// The profile that it works for, if it is one's.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Looks up the account of that id.
    ///
    /// # Errors
    /// Whatever went wrong, with the facts: id, API, profile, attempts, time.
    pub fn fetch(&self, id: &Id) -> Result<Found> {
        let started = Instant::now();
        let mut attempts = 0;
        let result = self.attempts(id, started + self.limits.timeout, &mut attempts);
        let elapsed = started.elapsed();
        match result {
            Ok(account) => Ok(Found {
                account,
                attempts,
                elapsed,
            }),
            Err(error) => {
                let aside = self.aside(&error, id, attempts);
                Err(error.adding(&aside).with(|facts| {
                    facts.id = Some(id.as_str().to_owned());
                    facts.api = Some(id.resource().api);
                    facts.profile.clone_from(&self.profile);
                    facts.attempts = Some(attempts);
                    facts.elapsed = Some(elapsed);
                }))
            }
        }
    }

    /// What a message about the wire does not tell of itself: the account, the profile, the proxy, how often it
    /// was tried.
    fn aside(&self, error: &Error, id: &Id, attempts: u32) -> String {
        let message = error.to_string();
        let mut aside = Vec::new();
        if !message.split_whitespace().any(|word| word == id.as_str()) {
            aside.push(id.as_str().to_owned());
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

    fn attempts(&self, id: &Id, deadline: Instant, attempts: &mut u32) -> Result<Account> {
        let token = self.token(deadline)?;
        let url =
            self.endpoint
                .base_url
                .value
                .join(&format!("{}{}", id.resource().path, id.as_str()));
        let proxy = self.proxy.as_ref().map(|proxy| proxy.place());
        let mut spare = true;
        loop {
            *attempts += 1;
            let began = Instant::now();
            let opened = self.opened.load(Ordering::Relaxed);
            let mut trace = Trace {
                url: &url,
                proxy: proxy.as_deref(),
                attempt: *attempts,
                status: None,
                request_id: None,
                error: None,
                elapsed: Duration::ZERO,
                retry_in: None,
            };
            let failure = match self.attempt(id, &url, &token, deadline) {
                Ok((account, request_id)) => {
                    trace.status = Some(200);
                    trace.request_id = request_id.as_deref();
                    trace.elapsed = began.elapsed();
                    (self.trace)(&trace);
                    return Ok(account);
                }
                Err(failure) => failure,
            };
            let stale = failure.dropped && opened == self.opened.load(Ordering::Relaxed);
            if stale && spare {
                // The server had closed a kept connection: that is no attempt, and costs no retry (RFC 9112 9.3.1).
                spare = false;
                *attempts -= 1;
                continue;
            }
            spare = true;
            trace.elapsed = began.elapsed();
            trace.status = failure.error.facts().status;
            trace.request_id = failure.error.facts().request_id.as_deref();
            trace.error = Some(&failure.error);
            let outcome = Outcome {
                transient: failure.transient,
                retry_after: failure.error.facts().retry_after,
            };
            let remaining = deadline.saturating_duration_since(Instant::now());
            let retries = self.limits.retries;
            let decision = retry::decide(*attempts, retries, outcome, remaining, fastrand::f64());
            if let Decision::Retry(wait) = decision {
                trace.retry_in = Some(wait);
                (self.trace)(&trace);
                if failure.error.facts().status.is_none() {
                    self.resolver.forget();
                }
                thread::sleep(wait);
            } else {
                (self.trace)(&trace);
                return Err(failure.error);
            }
        }
    }

    /// The bearer token, read from its source at the first look-up.
    fn token(&self, deadline: Instant) -> Result<Token> {
        let mut known = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = &*known {
            return Ok(token.clone());
        }
        let source = &self.endpoint.token.value;
        let secret = source.read(self.env, deadline, self.interrupt)?;
        let mut header = HeaderValue::try_from(format!("Bearer {}", secret.expose()))
            .map_err(|_| Error::new(Kind::Auth, "the token cannot be sent in a header"))?;
        header.set_sensitive(true);
        let token = Token {
            secret: Arc::new(secret),
            header,
        };
        *known = Some(token.clone());
        Ok(token)
    }

    fn attempt(
        &self,
        id: &Id,
        url: &str,
        token: &Token,
        deadline: Instant,
    ) -> Result<(Account, Option<String>), Failure> {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let phase = remaining.min(PHASE);
        let of_transport =
            |error| failure::of_transport(error, &self.host, self.proxy.as_deref(), phase);
        let response = self
            .agent
            .get(url)
            .header(AUTHORIZATION, token.header.clone())
            .config()
            .timeout_global(Some(remaining + GRACE))
            .timeout_resolve(Some(phase))
            .timeout_connect(Some(phase))
            .timeout_send_request(Some(phase))
            .timeout_recv_response(Some(phase))
            .timeout_recv_body(Some(phase))
            .build()
            .call()
            .map_err(of_transport)?;
        let (head, body) = response.into_parts();
        let values = |name: &str| {
            let values = head.headers.get_all(name).iter();
            values
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .collect()
        };
        let bearer = token.secret.expose();
        let mut answer = Answer::of_head(head.status.as_u16(), bearer, values);
        let good = answer.status == 200;
        let most = if good { MAX_BODY } else { MAX_ERROR_BODY };
        if answer.encoding.is_none() {
            let announced = body.content_length().unwrap_or_default();
            let read = body
                .into_reader()
                .take(most + 1)
                .read_to_end(&mut answer.body);
            let with_head = |failure: Failure| Failure {
                error: failure.error.with(|facts| {
                    facts.status = Some(answer.status);
                    facts.request_id.clone_from(&answer.request_id);
                }),
                dropped: false,
                ..failure
            };
            if good && announced.max(answer.body.len() as u64) > most {
                let message = format!(
                    "the answer of {} is larger than any account ({} KiB)",
                    self.host,
                    most / 1024
                );
                return Err(with_head(Failure::lasting(
                    Error::new(Kind::BadResponse, message).hint(answer::CHECK_URL),
                )));
            }
            // What a 404 means is told by its body; other refusals say enough by their status.
            if good || answer.status == 404 {
                read.map_err(|error| with_head(of_transport(error.into())))?;
            }
        }
        if answer.drop_repeated(bearer) && good {
            let message = format!(
                "the answer of {} repeats the bearer token; it is not shown",
                self.host
            );
            let hint = "whoever runs that server should know; consider the token compromised";
            return Err(Failure::lasting(
                Error::new(Kind::BadResponse, message)
                    .hint(hint)
                    .with(|facts| facts.status = Some(200)),
            ));
        }
        let request_id = answer.request_id.clone();
        let place = Place {
            scheme: &self.scheme,
            host: &self.host,
            profile: self.profile.as_deref(),
        };
        Ok((answer.read(id, place)?, request_id))
    }
}
