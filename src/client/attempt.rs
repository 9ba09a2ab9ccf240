//! One attempt: a request on a connection, the answer's head and its body, each phase within its time.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::answer::{self, Answer};
use super::bearer::Token;
use super::connection::Connection;
use super::failure::{self, Failure};
use super::http::{self, Body};
use super::listing::{self, Listing};
use super::target::{self, Target};
use super::wire::{Broken, Phase, Time};
use super::{Client, LARGE, MAX_BODY, PHASE, USUAL_BODY};
use crate::account::{Account, Resource};
use crate::error::{Error, Kind};

/// How many times its own size a larger one takes, at most, until its account is rendered: one that is all small members, or
/// all small elements, each on a line of its own with as many blanks before it as JSON is laid out deep.
const TIMES: usize = 24;

/// The largest body of an error that is read, for the server's words.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// What a server may say as it closes a connection that nobody has used for long: whoever has just asked on it may ask again on
/// another (RFC 9110 15.5.9).
const REQUEST_TIMEOUT: u16 = 408;

/// How much later than the phases' own limits the backstop over all of them strikes, so that the phase is told.
const GRACE: Duration = Duration::from_millis(100);

/// One request.
pub struct Request<'r> {
    /// Where.
    pub url: &'r str,
    /// With what.
    pub token: &'r Token,
    /// When it began.
    pub began: Instant,
    /// When there has to be an answer.
    pub deadline: Instant,
    /// Whether it needs a connection of its own, since one that was kept was stale.
    pub is_fresh: bool,
    /// For how long it waited for memory, which is not its own time.
    pub held: &'r Cell<Duration>,
}

impl Client<'_> {
    /// Asks for an account once; it comes with the server's name for the request.
    pub(super) fn attempt(
        &self,
        target: Target<'_>,
        request: &Request<'_>,
        claim: &dyn Fn(usize) -> Duration,
    ) -> Result<(Account, Option<String>), Failure> {
        let remaining = request.deadline.saturating_duration_since(request.began);
        let time = Time {
            phase: remaining.min(PHASE),
            end: Some(request.deadline + GRACE),
        };
        let mut connection = self.connect(request, time)?;
        let read = self.ask(&mut connection, request, time, claim);
        let read = read.and_then(|answer| {
            if answer.status == REQUEST_TIMEOUT && connection.is_reused {
                return Err(self.explain(Broken::Stale, time.phase, request.token));
            }
            let request_id = answer.request_id();
            Ok((answer.read(target, self.place())?, request_id))
        });
        // After a failure of which nobody knows where on the connection it ends, that is not used again.
        let in_step = read.as_ref().err().is_none_or(Failure::is_in_step);
        if in_step && connection.may_be_kept() {
            self.connections.keep(connection);
        }
        read
    }

    /// Asks for a list once, and lets `read` read it.
    pub(super) fn attempt_list<T>(
        &self,
        resource: &'static Resource,
        request: &Request<'_>,
        read: &mut impl FnMut(&mut Listing<'_>) -> Result<T, Failure>,
    ) -> Result<(T, Option<String>), Failure> {
        let token = request.token;
        let remaining = request.deadline.saturating_duration_since(request.began);
        // Nothing bounds the whole, so that each wait for more of it is bounded by itself.
        let time = Time {
            phase: remaining.min(PHASE),
            end: None,
        };
        let idle = self.limits.timeout.min(PHASE);
        let mut connection = self.connect(request, time)?;
        let (mut answer, body) = self.head(&mut connection, request, time)?;
        if answer.status != 200 || answer.encoding.is_some() {
            let time = Time {
                phase: idle,
                end: None,
            };
            self.receive(&mut answer, body, token, time, &|_| Duration::ZERO)?;
            return Err(answer.refuse(Target::List(resource), self.place()));
        }
        self.refuse_repeated(&mut answer, token)?;
        let request_id = answer.request_id();
        let explain = |broken| self.explain(broken, idle, token);
        let mut listing = Listing::new(listing::Source {
            resource,
            answer,
            place: self.place(),
            token,
            timeout: self.limits.timeout,
            body,
            idle,
            explain: &explain,
        });
        Ok((read(&mut listing)?, request_id))
    }

    fn connect(&self, request: &Request<'_>, time: Time) -> Result<Connection, Failure> {
        let connection = self.connections.get(request.is_fresh, request.began, time);
        connection.map_err(|broken| self.explain(broken, time.phase, request.token))
    }

    /// Sends the request, and receives the answer.
    fn ask(
        &self,
        connection: &mut Connection,
        request: &Request<'_>,
        time: Time,
        claim: &dyn Fn(usize) -> Duration,
    ) -> Result<Answer, Failure> {
        let (mut answer, body) = self.head(connection, request, time)?;
        let claim = |bytes| {
            let held = claim(bytes);
            request.held.set(request.held.get() + held);
            held
        };
        self.receive(&mut answer, body, request.token, time, &claim)?;
        Ok(answer)
    }

    /// Sends the request, and receives the answer's head.
    fn head<'c>(
        &self,
        connection: &'c mut Connection,
        request: &Request<'_>,
        time: Time,
    ) -> Result<(Answer, Body<'c>), Failure> {
        let origin = self.endpoint.base_url.value.origin();
        let path = request.url.strip_prefix(origin).unwrap_or_default();
        let question = http::question(&self.host, path, request.token.expose());
        let sent = connection.send(&question, time.of(Phase::Send));
        let head = sent.and_then(|()| {
            http::head(connection, time.of(Phase::Answer), |status, lines| {
                Answer::of_head(status, request.token, lines)
            })
        });
        head.map_err(|broken| self.explain(broken, time.phase, request.token))
    }

    /// Receives the answer's body, as far as it matters.
    fn receive(
        &self,
        answer: &mut Answer,
        mut body: Body<'_>,
        token: &Token,
        time: Time,
        claim: &dyn Fn(usize) -> Duration,
    ) -> Result<(), Failure> {
        let good = answer.status == 200;
        let most = if good { MAX_BODY } else { MAX_ERROR_BODY };
        if answer.encoding.is_none() {
            let length = body
                .length()
                .map(|l| usize::try_from(l).unwrap_or(usize::MAX));
            let announced = length.unwrap_or_default();
            let received = if good && announced > most {
                Ok(())
            } else {
                collect(&mut answer.body, &mut body, length, most, time, claim)
            };
            if good && announced.max(answer.body.len()) > most {
                let message = format!(
                    "the answer of {} is larger than any account ({} KiB)",
                    self.host,
                    most / 1024
                );
                let error = Error::new(Kind::BadResponse, message).hint(target::CHECK_URL);
                return Err(answer.with_head(Failure::lasting(error)));
            }
            // What a 404 means is told by its body; other refusals say enough by their status.
            if good || answer.status == 404 {
                received
                    .map_err(|broken| answer.with_head(self.explain(broken, time.phase, token)))?;
            }
        }
        self.refuse_repeated(answer, token)
    }

    /// That a good answer repeats the bearer token, if what has come of it does.
    fn refuse_repeated(&self, answer: &mut Answer, token: &Token) -> Result<(), Failure> {
        if answer.drop_repeated(token) && answer.status == 200 {
            return Err(answer::repeated(&self.host));
        }
        Ok(())
    }

    /// What broke in our own words; each phase had so long.
    fn explain(&self, broken: Broken, time: Duration, token: &Token) -> Failure {
        let bearer = token.expose();
        failure::of_wire(broken, &self.host, self.proxy.as_deref(), time, bearer)
    }
}

/// Collects a body of that length, if it is known, up to a byte more than the `most`. Memory is claimed before it is used.
fn collect(
    whole: &mut Vec<u8>,
    body: &mut Body<'_>,
    length: Option<usize>,
    most: usize,
    time: Time,
    claim: &dyn Fn(usize) -> Duration,
) -> Result<(), Broken> {
    let all = most + 1;
    let size = length.unwrap_or(all).min(all);
    // With room for what makes JSON end. A liar's length gets no more than a usual account takes.
    whole.reserve_exact(length.unwrap_or_default().min(USUAL_BODY) + 32);
    let mut deadline = time.of(Phase::Body);
    let mut limit = USUAL_BODY;
    while whole.len() < all {
        if whole.len() == limit {
            // Nobody knows how long one is that does not say so: first it is taken for one that is not large.
            let is_large = limit == LARGE;
            let next = match length {
                None if !is_large => LARGE,
                _ => size,
            };
            deadline.at += claim(TIMES * next);
            if is_large {
                whole.reserve_exact((size + 32).saturating_sub(LARGE));
            }
            limit = if is_large { all } else { LARGE };
        }
        let arrived = body.next(limit - whole.len(), deadline)?;
        if arrived.is_empty() {
            break;
        }
        whole.extend_from_slice(arrived);
    }
    Ok(())
}
