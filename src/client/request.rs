//! One attempt: a `GET`, the response's head, and its body within bounds.

use std::io::Read as _;
use std::time::Duration;

use ureq::Body;
use ureq::http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use ureq::http::{self, Uri};

use super::agent::Worker;
use super::error::{Phase, explain, is_closed};
use super::list::Bounded;
use super::response::Response;
use super::target::Target;
use super::token::Token;
use super::{Client, MAX_BODY, PHASE};
use crate::account::{Account, Id, Redactor};
use crate::error::{Kind, Result};
use crate::process::lock;

/// The part of an error's body that is read, for the server's words.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// How far an attempt's time may fall short of the agent's own timeout and still be bounded by it.
const SLACK: Duration = Duration::from_millis(100);

/// How long a list may take altogether: the end of a server that sends nothing but framing.
const LONGEST_LIST: Duration = Duration::from_secs(60 * 60);

/// What an attempt got, with the headers of the response.
pub type Attempted<T> = Result<(T, HeaderMap)>;

#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    pub client: &'a Client<'a>,
    pub target: Target<'a>,
    pub uri: &'a Uri,
    pub token: &'a Token,
    pub redactor: &'a Redactor,
    /// The time until the look-up's deadline.
    pub remaining: Duration,
}

impl Attempt<'_> {
    /// The host, with the port if it is not the usual one.
    pub fn host(&self) -> &str {
        self.client.endpoint.base_url.value.authority()
    }

    /// What to check after a refusal that may be about a client certificate; none without TLS.
    pub fn gateway_hint(&self) -> Option<&'static str> {
        self.client.endpoint.base_url.value.is_https().then_some(
            "is base_url right? Its operator can tell; a gateway that wants a client certificate (client_cert_file), or another one, may do this",
        )
    }

    pub fn account(&self, id: &Id) -> Attempted<Account> {
        let worker = self.client.agents.take();
        let (response, body) = self.send(&worker)?;
        // What follows a response with both depends on the reader (RFC 9112 6.3).
        let headers = &response.headers;
        let is_ambiguous = headers.contains_key(CONTENT_LENGTH) && headers.contains_key(TRANSFER_ENCODING);
        let mut response = self.receive(response, body)?;
        let account = response.account(id, self);
        // After an answer that makes no sense, the next one on that connection may be another request's.
        let is_answer = account.as_ref().err().is_none_or(|error| {
            use Kind::{Auth, Gone, NotFound, RateLimited, Server};
            matches!(error.kind(), NotFound | Gone | Auth | RateLimited | Server)
        });
        if is_answer && !is_ambiguous {
            self.client.agents.put(worker);
        }
        Ok((account?, response.headers))
    }

    /// Sends the request and waits for the head. A pooled connection that was closed before a byte of an answer came costs no
    /// retry: the request is sent once more.
    pub fn send(&self, worker: &Worker) -> Result<(Response, Body)> {
        let mut is_first = true;
        loop {
            *lock(&worker.progress) = None;
            let error = match worker.agent.run(self.request(worker)) {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let (status, headers) = (head.status.as_u16(), head.headers);
                    return Ok((Response { status, headers, body: Vec::new() }, body));
                }
                Err(error) => error,
            };
            let phase = *lock(&worker.progress);
            if phase.is_some() || !is_closed(&error) || !is_first {
                return Err(explain(&error, phase.unwrap_or(Phase::Answer), self));
            }
            is_first = false;
        }
    }

    /// The request, with timeouts of its own where the agent's are too long, and for a list, which has none as a whole.
    fn request(&self, worker: &Worker) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().clone_from(&self.token.headers);
        let is_list = self.target.id.is_none();
        let (remaining, timeout) = (self.remaining, self.client.limits.timeout);
        if !is_list && remaining + SLACK >= timeout {
            return request;
        }
        let config = worker.agent.configure_request(request);
        if !is_list {
            return config.timeout_global(Some(remaining)).build();
        }
        let phase = Some(remaining.min(PHASE));
        config
            .timeout_global(None)
            .timeout_resolve(Some(remaining))
            .timeout_connect(phase)
            .timeout_recv_response(phase)
            .timeout_recv_body(Some(LONGEST_LIST))
            .timeout_per_read(Some(timeout.min(PHASE)))
            .build()
    }

    /// Reads the body as far as it matters: all of a success, an error's as far as its words may be, none that is encoded.
    pub fn receive(&self, mut response: Response, body: Body) -> Result<Response> {
        if response.encoding().is_some() {
            return Ok(response);
        }
        let is_good = response.status == 200;
        let limit = if is_good { MAX_BODY } else { MAX_ERROR_BODY };
        let length = usize::try_from(body.content_length().unwrap_or_default()).unwrap_or(usize::MAX);
        if is_good && length > limit {
            return Err(response.too_large(self));
        }
        response.body.reserve_exact(length.min(limit) + 1);
        let body = Bounded::new(body, self.remaining.min(PHASE));
        let read = body.take(limit as u64 + 1).read_to_end(&mut response.body);
        if is_good && response.body.len() > limit {
            return Err(response.too_large(self));
        }
        match read {
            // What a 404 means depends on its body; for other refusals the status is enough.
            Err(error) if is_good || response.status == 404 => {
                Err(response.with_head(explain(&error.into(), Phase::Body, self), self))
            }
            _ => Ok(response),
        }
    }
}
