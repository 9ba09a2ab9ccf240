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

const MEMBER: &str = "data";

const CHUNK: usize = 16 * 1024;

/// What became of an account of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// It was left out or held back: if the list fails now, it can begin anew.
    Held,
    Shown,
    /// It is the last one that is wanted.
    Last,
}

impl Attempt<'_> {
    /// Asks for a list once, and gets the head of the answer, which is checked.
    pub fn open_list(&self) -> Result<(Response, Body)> {
        // Not put back: a list ends the run.
        let worker = self.client.agents.take();
        let (response, body) = self.send(&worker)?;
        if response.status != 200 {
            return Err(self.receive(response, body)?.refusal(self));
        }
        response.check_head(self)?;
        Ok((response, body))
    }

    /// Asks for a list once, and gives each of its accounts to `each`. Returns the members beside them that say something.
    pub fn list(&self, each: &mut dyn FnMut(Option<Account>) -> Listed) -> Attempted<Vec<String>> {
        each(None);
        let (response, body) = self.open_list()?;
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
            names: BTreeSet::new(),
            stop: None,
        };
        let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(CHUNK, body));
        let read = json.deserialize_map(&mut list).and_then(|()| json.end());
        let outcome = match (list.stop.take(), read) {
            (Some(stop), _) => stop,
            (None, Err(error)) => Err(list.broken(error)),
            (None, Ok(())) if list.names.contains(MEMBER) => Ok(()),
            (None, Ok(())) => Err(list.bad(&format!("is JSON, but without a list named `{MEMBER}`"))),
        };
        match outcome {
            Ok(()) => Ok((list.unknown, list.response.headers)),
            Err(error) if list.shown > 0 => Err(list.end_unclosed(error)),
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
            Err(io::ErrorKind::FileTooLarge.into())
        } else if time > self.timeout {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(read)
        }
    }
}

struct List<'a> {
    attempt: &'a Attempt<'a>,
    /// The head.
    response: Response,
    each: &'a mut dyn FnMut(Option<Account>) -> Listed,
    since_account: Rc<Cell<(usize, Duration)>>,
    read: usize,
    shown: usize,
    unknown: Vec<String>,
    names: BTreeSet<String>,
    /// Why the visitor stopped: no more is wanted, or a failure. `serde_json`'s error does not say it.
    stop: Option<Result<()>>,
}

impl List<'_> {
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

    fn end_unclosed(&self, error: Error) -> Error {
        let (shown, s) = (grouped(self.shown), if self.shown == 1 { "" } else { "s" });
        let hint = format!("what was printed is incomplete; {}", error.hint_text().unwrap_or("try again"));
        let cut_off = format!("; the list is cut off after {shown} account{s}");
        error.with_kind(Kind::BadResponse).with_suffix(&cut_off).hint(hint)
    }

    /// A failure of `serde_json`'s, the words of which repeat the text.
    fn broken(&self, error: serde_json::Error) -> Error {
        match error.classify() {
            Category::Eof if (error.line(), error.column()) == (1, 0) => self.bad("is empty"),
            Category::Eof => self.response.cut_off(self.attempt),
            Category::Syntax => self.bad("is not JSON"),
            Category::Data => self.bad("is not an object that holds a list"),
            Category::Io if error.io_error_kind() == Some(io::ErrorKind::FileTooLarge) => {
                self.response.too_large(self.attempt)
            }
            Category::Io => {
                let error = explain(&io::Error::from(error).into(), Phase::More, self.attempt);
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
        while let Some(name) = map.next_key::<String>()? {
            if !self.names.insert(name.clone()) {
                self.stop = Some(Err(self.bad("names a member of an object twice")));
                return Err(de::Error::custom("a member twice"));
            }
            if name == MEMBER {
                map.next_value_seed(&mut *self)?;
            } else if !matches!(map.next_value::<Box<RawValue>>()?.get(), "null" | "false" | "\"\"" | "[]" | "{}") {
                self.unknown.push(self.attempt.redactor.excerpt(&name, 80));
            }
        }
        Ok(())
    }

    /// The list in it.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(text) = list.next_element::<Box<RawValue>>()? {
            self.stop = match self.account(text.get()) {
                Ok(Listed::Held | Listed::Shown) => continue,
                Ok(Listed::Last) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            };
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
