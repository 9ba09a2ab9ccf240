//! A list as it arrives: each account is checked as the answer to a look-up is, and one at a time is held.
//!
//! `serde_json` reads `{"data": [ … ]}` from the stream; a reader below it bounds what comes between two accounts, and for how
//! long.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::de::{self, DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use ureq::{Body, BodyReader};

use super::error::{AttemptError, Phase, explain};
use super::request::{Attempt, Attempted};
use super::response::{Response, Target};
use super::{Client, ListEnd, MAX_BODY, PHASE};
use crate::account::{Account, Document, NotADocument, Resource};
use crate::error::Kind;

/// The member that holds the accounts.
const MEMBER: &str = "data";

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

impl Client<'_> {
    /// Asks for a list once, and gives each of its accounts to `each`.
    pub(super) fn get_list(
        &self,
        resource: &'static Resource,
        attempt: &Attempt<'_>,
        each: &mut dyn FnMut(Account) -> ControlFlow<()>,
    ) -> Attempted<ListEnd> {
        let site = self.site();
        // Not put back: a list ends the run.
        let worker = self.agents.take();
        let (response, body) = self.send(&worker, attempt, true)?;
        if response.status != 200 || response.not_json(site).is_some() {
            let response = self.receive(response, body, self.limits.timeout.min(PHASE))?;
            return Err(response.refusal(Target::List(resource), site));
        }
        response.check_head(attempt.token, site)?;
        let request_id = response.request_id(site.redactor);
        let body = Bounded::new(body, self.limits.timeout);
        let mut list = List {
            client: self,
            resource,
            response,
            attempt,
            each,
            accounts: 0,
            since_account: Rc::clone(&body.since_account),
            unknown: Vec::new(),
            has_member: false,
            stop: None,
        };
        Ok((list.read(body)?, request_id))
    }
}

/// A body, bounded: between two accounts if it is a list's.
pub(super) struct Bounded {
    body: BodyReader<'static>,
    timeout: Duration,
    /// What has come since the last account, in bytes, and how long it took.
    since_account: Rc<Cell<(usize, Duration)>>,
}

impl Bounded {
    pub fn new(body: Body, timeout: Duration) -> Self {
        Bounded { body: body.into_reader(), timeout, since_account: Rc::default() }
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let began = Instant::now();
        let read = self.body.read(buffer)?;
        let (size, time) = self.since_account.get();
        // A read takes longer than a phase only where this process was suspended.
        let (size, time) = (size + read, time + began.elapsed().min(PHASE));
        self.since_account.set((size, time));
        // A chunk may begin with the end of the account before.
        if size > MAX_BODY + CHUNK {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if time > self.timeout {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(read)
    }
}

/// A list under way.
struct List<'a, 'c> {
    client: &'a Client<'c>,
    resource: &'static Resource,
    /// The head.
    response: Response,
    attempt: &'a Attempt<'a>,
    each: &'a mut dyn FnMut(Account) -> ControlFlow<()>,
    accounts: usize,
    since_account: Rc<Cell<(usize, Duration)>>,
    unknown: Vec<String>,
    has_member: bool,
    /// Why the visitor stopped, which `serde_json`'s error does not say: `each` wants no more, or a failure.
    stop: Option<Result<(), AttemptError>>,
}

impl List<'_, '_> {
    fn read(&mut self, body: Bounded) -> Result<ListEnd, AttemptError> {
        let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(CHUNK, body));
        let read = json.deserialize_map(&mut *self).and_then(|()| json.end());
        let unknown = std::mem::take(&mut self.unknown);
        match (self.stop.take(), read) {
            (Some(Err(failure)), _) => Err(failure),
            (Some(Ok(())), _) => Ok(ListEnd { is_complete: false, unknown }),
            (None, Err(error)) => Err(self.broken(error)),
            (None, Ok(())) if !self.has_member => {
                Err(self.bad(&format!("is JSON, but without a list named `{MEMBER}`")))
            }
            (None, Ok(())) => Ok(ListEnd { is_complete: true, unknown }),
        }
    }

    fn account(&mut self, text: &str) -> Result<ControlFlow<()>, AttemptError> {
        self.accounts += 1;
        self.since_account.set((0, Duration::ZERO));
        if text.len() > MAX_BODY {
            return Err(self.too_large());
        }
        let (site, resource) = (self.client.site(), self.resource);
        let document = Document::parse(text.to_owned()).map_err(|flaw| {
            let words = match &flaw {
                NotADocument::Flaw(flaw) => flaw.words(),
                NotADocument::NotAnObject => "is no object",
            };
            let message = format!("account {} in the list of {} {words}", self.accounts, site.host);
            self.response.bad(message, site)
        })?;
        self.attempt.token.check_document(&document, site)?;
        Ok((self.each)(Account { resource, document }))
    }

    /// A failure of `serde_json`'s, the words of which repeat the text.
    fn broken(&self, error: serde_json::Error) -> AttemptError {
        let site = self.client.site();
        let host = site.host;
        match error.classify() {
            Category::Eof if (error.line(), error.column()) == (1, 0) => self.bad("is empty"),
            Category::Eof => self.response.cut_off(site),
            Category::Syntax => self.bad("is not JSON"),
            Category::Data => self.bad("is not an object that holds a list"),
            Category::Io => {
                let error = io::Error::from(error);
                let failure = match error.kind() {
                    io::ErrorKind::FileTooLarge => return self.too_large(),
                    io::ErrorKind::TimedOut => AttemptError::transient(
                        Kind::Timeout,
                        format!(
                            "the list of {host} takes longer for one account than a look-up may"
                        ),
                        "try again; --timeout gives each account more time",
                    ),
                    _ => {
                        let idle = self.client.limits.timeout.min(PHASE);
                        explain(&error.into(), Phase::More, site, idle)
                    }
                };
                self.response.with_head(failure, site)
            }
        }
    }

    fn too_large(&self) -> AttemptError {
        self.bad("holds something that is larger than any account (1024 KiB)")
    }

    fn bad(&self, what: &str) -> AttemptError {
        let site = self.client.site();
        self.response.bad(format!("the answer of {} {what}", site.host), site)
    }
}

/// The object.
impl<'de> Visitor<'de> for &mut List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                self.stop = Some(Err(self.bad("names a member of an object twice")));
                return Err(de::Error::custom("a member twice"));
            }
            if name == MEMBER {
                self.has_member = true;
                map.next_value_seed(&mut *self)?;
                continue;
            }
            let value: Box<RawValue> = map.next_value()?;
            // These say nothing.
            if !matches!(value.get(), "null" | "false" | "\"\"" | "[]" | "{}") {
                self.unknown.push(self.client.run.redactor.excerpt(&name, 80));
            }
        }
        Ok(())
    }

    /// The list in it.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(text) = list.next_element::<Box<RawValue>>()? {
            let stop = match self.account(text.get()) {
                Ok(ControlFlow::Continue(())) => continue,
                Ok(ControlFlow::Break(())) => Ok(()),
                Err(failure) => Err(failure),
            };
            self.stop = Some(stop);
            return Err(de::Error::custom("the end of what is read"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut List<'_, '_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}
