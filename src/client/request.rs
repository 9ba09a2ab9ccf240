//! One attempt: a `GET`, the response's head, and its body within bounds.

use std::io::{self, Read as _};
use std::time::Duration;

use ureq::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use ureq::http::{self, Uri};
use ureq::{Body, Timeout};

use super::agent::Worker;
use super::error::{AttemptError, Phase, explain, is_closed};
use super::list::Bounded;
use super::response::Response;
use super::token::Token;
use super::{Client, MAX_BODY, PHASE, lock};
use crate::account::{Account, Id};
use crate::error::Kind;

/// How much of the body of an error is read, for the server's words.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// How far an attempt's time may fall short of the agent's own timeout and still be bounded by it.
const SLACK: Duration = Duration::from_millis(100);

/// How long a list may take altogether: the end of a server that sends nothing but framing.
const LONGEST_LIST: Duration = Duration::from_secs(60 * 60);

/// What comes of an attempt, with the server's name for the request.
pub type Attempted<T> = Result<(T, Option<String>), AttemptError>;

/// One attempt at a request.
pub struct Attempt<'r> {
    pub uri: &'r Uri,
    pub token: &'r Token,
    /// The time until the look-up's deadline.
    pub remaining: Duration,
}

impl Attempt<'_> {
    fn phase(&self) -> Duration {
        self.remaining.min(PHASE)
    }
}

impl Client<'_> {
    /// Asks for an account once.
    pub(super) fn get_account(&self, id: &Id, attempt: &Attempt<'_>) -> Attempted<Account> {
        let worker = self.agents.take();
        let (response, body) = self.send(&worker, attempt, false)?;
        // What follows a response with both depends on the reader (RFC 9112 6.3).
        let headers = &response.headers;
        let is_ambiguous =
            headers.contains_key(CONTENT_LENGTH) && headers.contains_key(TRANSFER_ENCODING);
        let response = self.receive(response, body, attempt.phase())?;
        let request_id = response.request_id(self.run.redactor);
        let account = response.account(id, attempt.token, self.site());
        // After an answer that makes no sense, the next one on that connection may be another request's.
        let is_answer = account.as_ref().err().is_none_or(|failure| {
            use Kind::{Auth, Gone, NotFound, RateLimited, Server};
            matches!(failure.error.kind(), NotFound | Gone | Auth | RateLimited | Server)
        });
        if is_answer && !is_ambiguous {
            self.agents.put(worker);
        }
        Ok((account?, request_id))
    }

    /// Sends the request and waits for the head. A connection that had been kept, and was closed before an answer came, costs no
    /// retry: the request is sent once more.
    pub(super) fn send(
        &self,
        worker: &Worker,
        attempt: &Attempt<'_>,
        is_list: bool,
    ) -> Result<(Response, Body), AttemptError> {
        let mut is_first = true;
        loop {
            *lock(&worker.progress) = None;
            let error = match worker.agent.run(self.request(worker, attempt, is_list)) {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let (status, headers) = (head.status.as_u16(), head.headers);
                    return Ok((Response { status, headers, body: Vec::new() }, body));
                }
                Err(error) => error,
            };
            let phase = *lock(&worker.progress);
            let is_stale = phase.is_none() && is_closed(&error);
            if !is_stale || !is_first {
                let phase = phase.unwrap_or(Phase::Answer);
                return Err(explain(&error, phase, self.site(), attempt.phase()));
            }
            is_first = false;
        }
    }

    /// The request, with timeouts of its own where the agent's are too long, or where it is a list, which has none as a whole.
    fn request(&self, worker: &Worker, attempt: &Attempt<'_>, is_list: bool) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.uri_mut() = attempt.uri.clone();
        request.headers_mut().clone_from(&attempt.token.headers);
        let remaining = attempt.remaining;
        if !is_list && remaining + SLACK >= self.limits.timeout {
            return request;
        }
        let config = worker.agent.configure_request(request);
        if !is_list {
            return config.timeout_global(Some(remaining)).build();
        }
        let phase = Some(attempt.phase());
        config
            .timeout_global(None)
            .timeout_resolve(Some(remaining))
            .timeout_connect(phase)
            .timeout_recv_response(phase)
            .timeout_recv_body(Some(LONGEST_LIST))
            .timeout_per_read(Some(self.limits.timeout.min(PHASE)))
            .build()
    }

    /// Reads the body as far as it matters: all of a success, an error's as far as its words may be, none that is encoded.
    pub(super) fn receive(
        &self,
        mut response: Response,
        body: Body,
        phase: Duration,
    ) -> Result<Response, AttemptError> {
        if !response.encodings().is_empty() {
            return Ok(response);
        }
        let is_good = response.status == 200;
        let limit = if is_good { MAX_BODY } else { MAX_ERROR_BODY };
        let length = body.content_length().unwrap_or_default();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut read = Ok(0);
        if !is_good || length <= limit {
            response.body.reserve_exact(length.min(limit) + 1);
            read = Bounded::new(body, phase).take(limit as u64 + 1).read_to_end(&mut response.body);
        }
        if is_good && length.max(response.body.len()) > limit {
            let (host, kib) = (self.site().host, limit / 1024);
            let message = format!("the answer of {host} is larger than any account ({kib} KiB)");
            return Err(response.bad(message, self.site()));
        }
        match read {
            // What a 404 means is told by its body; other refusals say enough by their status.
            Err(error) if is_good || response.status == 404 => {
                let error = match error.kind() {
                    io::ErrorKind::TimedOut => ureq::Error::Timeout(Timeout::RecvBody),
                    _ => error.into(),
                };
                let failure = explain(&error, Phase::Body, self.site(), phase);
                Err(response.with_head(failure, self.site()))
            }
            _ => Ok(response),
        }
    }
}
