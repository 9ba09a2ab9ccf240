//! A list as it arrives: each account is checked as the answer to a look-up is, and one at a time is held.
//!
//! serde_json reads `{"data": [ … ]}` from the stream; a reader below it bounds what comes, and how long that takes, between two
//! accounts.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde::de::{self, DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::error::{AttemptError, Phase, explain};
use super::request::Attempt;
use super::response::{Response, Target, holds_token, repeats_token};
use super::{Client, ListEnd, MAX_BODY, PHASE};
use crate::account::{Account, Document, NotADocument, Resource};
use crate::error::{Error, Kind};
use crate::json::Flaw;

/// The member that holds the accounts.
const MEMBER: &str = "data";

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

type Each<'a> = dyn FnMut(Account) -> ControlFlow<()> + 'a;

impl Client<'_> {
    /// Asks for a list once, and gives each of its accounts to `each`.
    pub(super) fn get_list(
        &self,
        resource: &'static Resource,
        attempt: &Attempt<'_>,
        each: &mut Each<'_>,
    ) -> Result<(ListEnd, Option<String>), AttemptError> {
        let site = self.site();
        // Not put back: a list ends the run.
        let worker = self.agents.take();
        let (response, body) = self.send(&worker, attempt, true)?;
        if response.status != 200 || response.is_encoded() {
            let response = self.receive(response, body, self.limits.timeout.min(PHASE))?;
            return Err(response.refusal(Target::List(resource), site));
        }
        response.check_head(attempt.token, site)?;
        let request_id = response.request_id(site.redactor);
        let bounded = Bounded {
            body: body.into_reader(),
            timeout: self.limits.timeout,
            since: Progress::default(),
        };
        let mut list = ListReader {
            client: self,
            resource,
            response,
            attempt,
            each,
            accounts: 0,
            progress: bounded.since.clone(),
            unknown: Vec::new(),
            has_list: false,
            end: None,
        };
        let end = list.read(BufReader::with_capacity(CHUNK, bounded))?;
        Ok((end, request_id))
    }
}

/// What has come since the last account, and how long it took; shared by the reader and the visitor above it.
#[derive(Clone, Default)]
struct Progress(std::rc::Rc<std::cell::Cell<(usize, Duration)>>);

/// The body, bounded between two accounts.
struct Bounded<R> {
    body: R,
    timeout: Duration,
    since: Progress,
}

/// Why the bounds end a list.
#[derive(Debug)]
enum OutOfBounds {
    Size,
    Time,
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too much for one account")
    }
}

impl std::error::Error for OutOfBounds {}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let began = Instant::now();
        let read = self.body.read(buffer)?;
        let (size, time) = self.since.0.get();
        // A read takes longer only where this process was suspended.
        let (size, time) = (size + read, time + began.elapsed().min(PHASE));
        self.since.0.set((size, time));
        // What is buffered may belong to the account before and the one behind.
        if size > MAX_BODY + 2 * CHUNK {
            return Err(io::Error::other(OutOfBounds::Size));
        }
        if time > self.timeout {
            return Err(io::Error::other(OutOfBounds::Time));
        }
        Ok(read)
    }
}

/// Reads one list.
struct ListReader<'a, 'c> {
    client: &'a Client<'c>,
    resource: &'static Resource,
    /// The head; its body is the first chunk while that is looked at.
    response: Response,
    attempt: &'a Attempt<'a>,
    each: &'a mut Each<'a>,
    accounts: usize,
    progress: Progress,
    unknown: Vec<String>,
    has_list: bool,
    /// Why the visitor stopped, where serde_json's error does not say it: `None` inside if `each` asked for it.
    end: Option<Option<AttemptError>>,
}

impl ListReader<'_, '_> {
    fn read<R: Read>(&mut self, mut body: BufReader<R>) -> Result<ListEnd, AttemptError> {
        let first = body.fill_buf().map_err(|error| self.broken(error))?;
        self.response.body = first.to_vec();
        let site = self.client.site();
        if let Some(message) = self.response.not_json(site) {
            return Err(self.response.bad(message, site));
        }
        self.response.body = Vec::new();
        let mut json = serde_json::Deserializer::from_reader(body);
        let read = json.deserialize_map(&mut *self).and_then(|()| json.end());
        if let Some(end) = self.end.take() {
            return match end {
                Some(failure) => Err(failure),
                None => Ok(ListEnd { is_complete: false, unknown: Vec::new() }),
            };
        }
        read.map_err(|error| self.malformed(error))?;
        if !self.has_list {
            return Err(self.bad(&format!("is JSON, but without a list named `{MEMBER}`")));
        }
        Ok(ListEnd { is_complete: true, unknown: std::mem::take(&mut self.unknown) })
    }

    fn account(&mut self, text: &RawValue) -> Result<ControlFlow<()>, AttemptError> {
        let token = self.attempt.token;
        let host = self.client.site().host;
        let text = text.get();
        self.accounts += 1;
        self.progress.0.set((0, Duration::ZERO));
        if text.len() > MAX_BODY {
            return Err(self.too_large());
        }
        if token.appears_in(text.as_bytes()) {
            return Err(repeats_token(host));
        }
        let number = self.accounts;
        let document = Document::parse(text.to_owned()).map_err(|flaw| {
            let words = match flaw {
                NotADocument::Flaw(Flaw::Invalid(words)) => words,
                NotADocument::Flaw(Flaw::Incomplete) => "is not JSON",
                NotADocument::NotAnObject => "is no object",
            };
            let message = format!("account {number} in the list of {host} {words}");
            self.response.bad(message, self.client.site())
        })?;
        if holds_token(&document, token) {
            return Err(repeats_token(host));
        }
        let resource = self.resource;
        Ok((self.each)(Account { resource, document }))
    }

    /// A failure of serde_json's, which repeats the text.
    fn malformed(&self, error: serde_json::Error) -> AttemptError {
        match error.classify() {
            Category::Io => self.broken(error.into()),
            Category::Eof if error.column() == 0 && error.line() <= 1 => self.bad("is empty"),
            Category::Eof => self.response.cut_off(self.client.site()),
            Category::Syntax => self.bad("is not JSON"),
            Category::Data => self.bad("is not an object that holds a list"),
        }
    }

    fn broken(&self, error: io::Error) -> AttemptError {
        let site = self.client.site();
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(OutOfBounds::Size) => self.too_large(),
            Some(OutOfBounds::Time) => {
                let message = format!(
                    "the list of {} takes longer for one account than a look-up may",
                    site.host
                );
                let error = Error::new(Kind::Timeout, message)
                    .hint("try again; --timeout gives each account more time");
                self.response.with_head(AttemptError::transient(error), site)
            }
            None => {
                let idle = self.client.limits.timeout.min(PHASE);
                let failure = explain(&error.into(), Phase::More, site, idle);
                self.response.with_head(failure, site)
            }
        }
    }

    fn bad(&self, what: &str) -> AttemptError {
        let site = self.client.site();
        self.response.bad(format!("the answer of {} {what}", site.host), site)
    }

    fn too_large(&self) -> AttemptError {
        let kib = MAX_BODY / 1024;
        self.bad(&format!("holds something that is larger than any account ({kib} KiB)"))
    }
}

/// The object.
impl<'de> Visitor<'de> for &mut ListReader<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == MEMBER {
                self.has_list = true;
                map.next_value_seed(Elements(self))?;
            } else {
                let value: Box<RawValue> = map.next_value()?;
                // These say nothing.
                if !matches!(value.get(), "null" | "false" | "\"\"" | "[]" | "{}") {
                    let redactor = self.client.site().redactor;
                    self.unknown.push(redactor.excerpt(&name, 80));
                }
            }
            if !names.insert(name) {
                self.end = Some(Some(self.bad("names a member of an object twice")));
                return Err(de::Error::custom("a member twice"));
            }
        }
        Ok(())
    }
}

/// The list in it.
struct Elements<'r, 'a, 'c>(&'r mut ListReader<'a, 'c>);

impl<'de> DeserializeSeed<'de> for Elements<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(text) = list.next_element::<Box<RawValue>>()? {
            let end = match self.0.account(&text) {
                Ok(ControlFlow::Continue(())) => continue,
                Ok(ControlFlow::Break(())) => None,
                Err(failure) => Some(failure),
            };
            self.0.end = Some(end);
            return Err(de::Error::custom("the end of what is read"));
        }
        Ok(())
    }
}
