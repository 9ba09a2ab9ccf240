//! A list as it arrives: each account is checked as the answer to a look-up is, and no more than one is held.

use std::time::{Duration, Instant};

use super::answer::{self, Answer};
use super::bearer::Token;
use super::failure::Failure;
use super::http::Body;
use super::target::Place;
use super::wire::{self, Deadline, Phase};
use super::{MAX_BODY, USUAL_BODY};
use crate::account::id::repeatable;
use crate::account::{Account, Document, Resource, Undocumented};
use crate::error::{Error, Kind};
use crate::json::Flaw;
use crate::json::elements::{Broken, Elements};

/// The member that holds the accounts.
const MEMBER: &str = "data";

/// What a list is read from.
pub(super) struct Source<'a> {
    pub resource: &'static Resource,
    /// A good one, without its body.
    pub answer: Answer,
    pub place: Place<'a>,
    pub token: &'a Token,
    /// How long an account may take to arrive.
    pub timeout: Duration,
    /// The body.
    pub body: Body<'a>,
    /// How long a read may take.
    pub idle: Duration,
    /// Tells a failure of the transport.
    pub explain: &'a dyn Fn(wire::Broken) -> Failure,
}

/// The accounts of a list.
pub struct Listing<'a> {
    source: Source<'a>,
    elements: Elements,
    /// What has arrived; up to `at` it is taken.
    chunk: Vec<u8>,
    at: usize,
    /// How long has been waited for since the last account.
    waited: Duration,
    accounts: usize,
    has_begun: bool,
}

impl<'a> Listing<'a> {
    pub(super) fn new(source: Source<'a>) -> Self {
        Listing {
            source,
            elements: Elements::new(MEMBER, MAX_BODY),
            chunk: Vec::new(),
            at: 0,
            waited: Duration::ZERO,
            accounts: 0,
            has_begun: false,
        }
    }

    /// The next account, if all of it has arrived.
    ///
    /// # Errors
    /// The list is broken: there is no next one.
    pub fn account(&mut self) -> Result<Option<Account>, Failure> {
        let mut rest = &self.chunk[self.at..];
        let found = self.elements.next(&mut rest);
        self.at = self.chunk.len() - rest.len();
        let Some(text) = found.map_err(|broken| self.broken(&broken))? else {
            return Ok(None);
        };
        self.accounts += 1;
        self.waited = Duration::ZERO;
        let Source {
            resource,
            answer,
            place,
            token,
            ..
        } = &self.source;
        let bad = |what: &str| {
            let (number, host) = (self.accounts, place.host);
            let message = format!("account {number} in the list of {host} {what}");
            let error =
                Error::new(Kind::BadResponse, message).hint("whoever runs that server should know");
            answer.with_head(Failure::lasting(error))
        };
        if token.is_repeated_by(text.as_bytes()) {
            return Err(answer::repeated(place.host));
        }
        let document = Document::parse(text).map_err(|why| match why {
            // It does go on.
            Undocumented::Flaw(Flaw::Incomplete | Flaw::Trailing) => bad(Flaw::Syntax.words()),
            Undocumented::Flaw(flaw) => bad(flaw.words()),
            Undocumented::NotAnObject => bad("is no object"),
        })?;
        Ok(Some(Account { resource, document }))
    }

    /// The names of what has come beside the accounts and says something; none for one that may not be told.
    #[must_use]
    pub fn beside(&self) -> Vec<Option<&str>> {
        let token = self.source.token;
        let names = self.elements.beside().iter();
        // As with an id, what may be a secret is not repeated.
        let told = |name: &&str| !token.is_repeated_by(name.as_bytes());
        names.map(|name| repeatable(name).filter(told)).collect()
    }

    /// Waits until more has arrived; `false` if the list is complete.
    ///
    /// # Errors
    /// The list is cut off, or what comes of it comes too slowly.
    pub fn receive(&mut self) -> Result<bool, Failure> {
        let began = Instant::now();
        let deadline = Deadline::of(Phase::More, self.source.idle);
        self.chunk.clear();
        self.at = 0;
        let read = self.source.body.next(USUAL_BODY, deadline);
        // A read takes longer only where this program was stopped meanwhile, and what came of it is no less worth.
        self.waited += began.elapsed().min(self.source.idle);
        let read = read.map_err(|broken| {
            let failure = (self.source.explain)(broken);
            self.source.answer.with_head(failure)
        })?;
        self.chunk.extend_from_slice(read);
        if self.chunk.is_empty() {
            return match self.elements.end() {
                Ok(()) => Ok(false),
                Err(broken) => Err(self.broken(&broken)),
            };
        }
        if !self.has_begun {
            self.has_begun = true;
            self.source.answer.body.clone_from(&self.chunk);
            let unreadable = self.source.answer.unreadable(self.source.place);
            self.source.answer.body = Vec::new();
            if let Some(why) = unreadable {
                return Err(self.source.answer.bad(why));
            }
        }
        if self.waited > self.source.timeout {
            return Err(self.slow());
        }
        Ok(true)
    }

    /// A server that is never silent for long, and never says much.
    fn slow(&self) -> Failure {
        let host = self.source.place.host;
        let message = format!("the list of {host} takes longer for one account than a look-up may");
        let error = Error::new(Kind::Timeout, message)
            .hint("try again; --timeout gives each account more time");
        self.source.answer.with_head(Failure::passing(error))
    }

    fn broken(&self, broken: &Broken) -> Failure {
        let host = self.source.place.host;
        let bad = |what: &str| {
            self.source
                .answer
                .bad(format!("the answer of {host} {what}"))
        };
        match broken {
            Broken::Empty => bad("is empty"),
            Broken::Flaw(Flaw::Incomplete) => {
                let message = format!("the answer of {host} {}", Flaw::Incomplete.words());
                let error = Error::new(Kind::Network, message).hint(answer::CUT_OFF);
                self.source.answer.with_head(Failure::passing(error))
            }
            Broken::Flaw(flaw) => bad(flaw.words()),
            Broken::NotUtf8 => bad("is not UTF-8"),
            Broken::NotAnObject => bad("is not an object that holds a list"),
            Broken::NoArray => bad(&format!("is JSON, but without a list named `{MEMBER}`")),
            Broken::TooLong => {
                let kib = MAX_BODY / 1024;
                bad(&format!(
                    "holds something that is larger than any account ({kib} KiB)"
                ))
            }
        }
    }
}
