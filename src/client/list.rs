//! A list as it arrives: each account is checked as the answer to a look-up is, and one at a time is held. `serde_json` reads
//! `{"data": [ … ]}` from the stream; a reader below it bounds what comes between two accounts, and for how long. A failure
//! after an account was shown is an answer outside the contract, whatever its cause, and not retried.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::de::{self, DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use ureq::{Body, BodyReader};

use super::error::{Phase, explain};
use super::request::{Attempt, Attempted};
use super::response::Response;
use super::{MAX_BODY, PHASE};
use crate::account::Account;
use crate::error::{Error, Kind, Result};
use crate::text::grouped;

/// The member that holds the accounts.
const MEMBER: &str = "data";

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// What became of an account of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// It was left out or held back: if the list fails now, it can begin anew.
    Held,
    /// It was shown.
    Shown,
    /// It is the last one that is wanted.
    Last,
}

impl Attempt<'_> {
    /// Asks for a list once, and gives each of its accounts to `each`. Returns the members beside them that say something.
    pub fn list(&self, each: &mut dyn FnMut(Option<Account>) -> Listed) -> Attempted<Vec<String>> {
        each(None);
        // Not put back: a list ends the run.
        let worker = self.client.agents.take();
        let (response, body) = self.send(&worker)?;
        if response.status != 200 {
            return Err(self.receive(response, body)?.refusal(self));
        }
        response.check_head(self)?;
        if !response.may_be_json() {
            return Err(response.not_json(self));
        }
        let body = Bounded::new(body, self.client.limits.timeout);
        let since_account = Rc::clone(&body.since_account);
        let mut list = List {
            attempt: self,
            response,
            each,
            since_account,
            read: 0,
            shown: 0,
            unknown: Vec::new(),
            has_member: false,
            stop: None,
        };
        match list.read(body) {
            Ok(()) => Ok((list.unknown, list.response.headers)),
            Err(error) if list.shown > 0 => Err(list.break_off(&error)),
            Err(error) => Err(error),
        }
    }
}

/// A body, bounded: between two accounts if it is a list's.
pub struct Bounded {
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

/// A list that is being read.
struct List<'a> {
    attempt: &'a Attempt<'a>,
    /// The head.
    response: Response,
    each: &'a mut dyn FnMut(Option<Account>) -> Listed,
    since_account: Rc<Cell<(usize, Duration)>>,
    read: usize,
    shown: usize,
    unknown: Vec<String>,
    has_member: bool,
    /// Why the visitor stopped: no more is wanted, or a failure. `serde_json`'s error does not say it.
    stop: Option<Result<()>>,
}

impl List<'_> {
    fn read(&mut self, body: Bounded) -> Result<()> {
        let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(CHUNK, body));
        let read = json.deserialize_map(&mut *self).and_then(|()| json.end());
        match (self.stop.take(), read) {
            (Some(stop), _) => stop,
            (None, Err(error)) => Err(self.broken(error)),
            (None, Ok(())) if !self.has_member => {
                Err(self.bad(&format!("is JSON, but without a list named `{MEMBER}`")))
            }
            (None, Ok(())) => Ok(()),
        }
    }

    fn account(&mut self, text: &str) -> Result<Listed> {
        self.read += 1;
        self.since_account.set((0, Duration::ZERO));
        if text.len() > MAX_BODY {
            return Err(self.response.too_large(self.attempt));
        }
        let place = format!("is no list of accounts: number {} ", grouped(self.read));
        let account = self.response.read_account(text.to_owned(), &place, self.attempt)?;
        let listed = (self.each)(Some(account));
        self.shown += usize::from(listed == Listed::Shown);
        Ok(listed)
    }

    /// The failure of a list of which accounts were shown.
    fn break_off(&self, error: &Error) -> Error {
        let (shown, s) = (grouped(self.shown), if self.shown == 1 { "" } else { "s" });
        let message = format!("{error}; the list is cut off after {shown} account{s}");
        let hint = error.hint_text().unwrap_or("try again");
        Error::new(Kind::BadResponse, message)
            .hint(format!("what was printed is incomplete; {hint}"))
            .retryable(error.is_retryable())
            .with_context(|context| context.clone_from(error.context()))
    }

    /// A failure of `serde_json`'s, the words of which repeat the text.
    fn broken(&self, error: serde_json::Error) -> Error {
        match error.classify() {
            Category::Eof if (error.line(), error.column()) == (1, 0) => self.bad("is empty"),
            Category::Eof => self.response.cut_off(self.attempt),
            Category::Syntax => self.bad("is not JSON"),
            Category::Data => self.bad("is not an object that holds a list"),
            Category::Io => {
                let error = io::Error::from(error);
                if error.kind() == io::ErrorKind::FileTooLarge {
                    return self.response.too_large(self.attempt);
                }
                let error = explain(&error.into(), Phase::More, self.attempt);
                self.response.with_head(error, self.attempt)
            }
        }
    }

    fn bad(&self, what: &str) -> Error {
        self.response.bad(what, self.attempt)
    }
}

/// The object.
impl<'de> Visitor<'de> for &mut List<'_> {
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
            if name != MEMBER {
                let value: Box<RawValue> = map.next_value()?;
                // These say nothing.
                if !matches!(value.get(), "null" | "false" | "\"\"" | "[]" | "{}") {
                    self.unknown.push(self.attempt.excerpt(&name, 80));
                }
                continue;
            }
            self.has_member = true;
            map.next_value_seed(&mut *self)?;
        }
        Ok(())
    }

    /// The list in it.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(text) = list.next_element::<Box<RawValue>>()? {
            let stop = match self.account(text.get()) {
                Ok(Listed::Held | Listed::Shown) => continue,
                Ok(Listed::Last) => Ok(()),
                Err(error) => Err(error),
            };
            self.stop = Some(stop);
            return Err(de::Error::custom("the end of what is read"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut List<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}
