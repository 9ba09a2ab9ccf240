//! One attempt: a `GET`, the response's head, and its body within bounds.

use std::io::Read as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ureq::Body;
use ureq::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use ureq::http::{self, Uri};

use super::agent::Worker;
use super::error::{AttemptError, Phase, explain, is_stale};
use super::response::Response;
use super::token::Token;
use super::{Client, MAX_BODY, PHASE};
use crate::account::{Account, Id};
use crate::error::Kind;

/// How much of the body of an error is read, for the server's words.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// How far an attempt's time may fall short of the agent's own timeout and still be bounded by it.
const SLACK: Duration = Duration::from_millis(100);

/// How long a list may take altogether: the end of a server that sends nothing but framing.
const LONGEST_LIST: Duration = Duration::from_secs(60 * 60);

/// One attempt at a request.
pub struct Attempt<'r> {
    /// Where.
    pub uri: &'r Uri,
    /// With what.
    pub token: &'r Token,
    /// The time until the look-up's deadline.
    pub remaining: Duration,
}

impl Attempt<'_> {
    /// What a phase has of it.
    pub fn phase(&self) -> Duration {
        self.remaining.min(PHASE)
    }
}

impl Client<'_> {
    /// Asks for an account once; it comes with the server's name for the request.
    pub(super) fn get_account(
        &self,
        id: &Id,
        attempt: &Attempt<'_>,
    ) -> Result<(Account, Option<String>), AttemptError> {
        let site = self.site();
        let worker = self.agents.take();
        let (response, body) = self.send(&worker, attempt, false)?;
        let is_ambiguous = is_ambiguous(&response);
        let response = self.receive(response, body, attempt.phase())?;
        let request_id = response.request_id(site.redactor);
        let account = response.account(id, attempt.token, site);
        // After an answer that makes no sense, the next one on that connection may be another request's.
        let is_in_step = account.as_ref().err().is_none_or(is_answer);
        if is_in_step && !is_ambiguous {
            self.agents.put(worker);
        }
        Ok((account?, request_id))
    }

    /// Sends the request and waits for the head. A connection that had been kept, and was closed before an answer came, costs no
    /// retry: the request is sent once more on a new one.
    pub(super) fn send(
        &self,
        worker: &Worker,
        attempt: &Attempt<'_>,
        is_list: bool,
    ) -> Result<(Response, Body), AttemptError> {
        let mut is_first = true;
        loop {
            let mut request = http::Request::new(());
            *request.uri_mut() = attempt.uri.clone();
            request.headers_mut().clone_from(&attempt.token.headers);
            let request = self.bound(worker, request, attempt, is_list);
            worker.has_connected.store(false, Ordering::Relaxed);
            match worker.agent.run(request) {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let response = Response {
                        status: head.status.as_u16(),
                        headers: head.headers,
                        body: Vec::new(),
                    };
                    return Ok((response, body));
                }
                Err(error)
                    if is_first
                        && is_stale(&error)
                        && !worker.has_connected.load(Ordering::Relaxed) =>
                {
                    is_first = false;
                }
                Err(error) => {
                    return Err(explain(&error, Phase::Answer, self.site(), attempt.phase()));
                }
            }
        }
    }

    /// The request, with timeouts of its own where the agent's would be too long, or where it is a list, which has none as a
    /// whole.
    fn bound(
        &self,
        worker: &Worker,
        request: http::Request<()>,
        attempt: &Attempt<'_>,
        is_list: bool,
    ) -> http::Request<()> {
        let remaining = attempt.remaining;
        if is_list {
            let idle = self.limits.timeout.min(PHASE);
            let config = worker.agent.configure_request(request);
            return config
                .timeout_global(None)
                .timeout_resolve(Some(remaining))
                .timeout_connect(Some(attempt.phase()))
                .timeout_recv_response(Some(attempt.phase()))
                .timeout_recv_body(Some(LONGEST_LIST))
                .timeout_per_read(Some(idle))
                .build();
        }
        if remaining + SLACK >= self.limits.timeout {
            return request;
        }
        let config = worker.agent.configure_request(request);
        config.timeout_global(Some(remaining)).build()
    }

    /// Reads the body as far as it matters: all of a success, an error's as far as its words may be, none that is encoded.
    pub(super) fn receive(
        &self,
        mut response: Response,
        body: Body,
        phase: Duration,
    ) -> Result<Response, AttemptError> {
        if response.is_encoded() {
            return Ok(response);
        }
        let is_good = response.status == 200;
        let limit = if is_good { MAX_BODY } else { MAX_ERROR_BODY };
        let length = body.content_length().unwrap_or_default();
        if is_good && length > limit as u64 {
            return Err(response.too_large(self.site()));
        }
        let capacity = usize::try_from(length).unwrap_or(limit).min(limit);
        response.body.reserve_exact(capacity + 1);
        let mut reader = body.into_reader().take(limit as u64 + 1);
        let read = reader.read_to_end(&mut response.body);
        if is_good && response.body.len() > limit {
            return Err(response.too_large(self.site()));
        }
        response.body.truncate(limit);
        match read {
            // What a 404 means is told by its body; other refusals say enough by their status.
            Err(error) if is_good || response.status == 404 => {
                let failure = explain(&error.into(), Phase::Body, self.site(), phase);
                Err(response.with_head(failure, self.site()))
            }
            _ => Ok(response),
        }
    }
}

/// Whether a failure is an answer that the API gives, after which the connection is as good as before.
fn is_answer(failure: &AttemptError) -> bool {
    matches!(
        failure.error.kind(),
        Kind::NotFound | Kind::Gone | Kind::Auth | Kind::RateLimited | Kind::Server
    )
}

/// Whether a response has a length and is chunked: what follows it on the connection depends on the reader (RFC 9112 6.3).
fn is_ambiguous(response: &Response) -> bool {
    let headers = &response.headers;
    headers.contains_key(CONTENT_LENGTH) && headers.contains_key(TRANSFER_ENCODING)
}
