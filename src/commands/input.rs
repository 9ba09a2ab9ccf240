//! The ids of a command: its arguments and, where `-` stands among them, standard input, one a line or in a column of CSV.
//!
//! A thread of its own reads the lines into a bounded channel, so that a run that is over need not wait for a line. Blank lines and
//! comments are skipped; a byte order mark, blanks around an id and either line end are no part of it.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::mem;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use std::vec;

use super::records::{Records, unreadable};
use crate::config::DEFAULT_JOBS;
use crate::config::values::{self, parse_rate};
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::streams;

/// Standard input among the arguments.
const STDIN: &str = "-";
/// How many ids go through the channel together, and how many such portions are read ahead: each wakes a thread.
const PORTION: usize = 64;
const AHEAD: usize = 4;
/// How often a wait for a line looks whether the run is over.
const POLL: Duration = Duration::from_millis(100);

/// `<ID|->...`, and how many of them are read and looked up.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    /// The ids to look up; - reads ids from standard input, one a line, or from CSV
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<OsString>,
    /// Look up to N ids at once: 1 to 256
    #[arg(long, value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = values::jobs(), allow_hyphen_values = true)]
    pub jobs: usize,
    /// Make at most this number of requests a second: 10/s, 0.5/s
    #[arg(long, value_name = "N/s", value_parser = parse_rate, allow_hyphen_values = true)]
    pub rate: Option<f64>,
    /// Go on after this line of standard input, without what was given before it
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true, allow_hyphen_values = true)]
    pub skip: usize,
    /// Read the ids from this column of CSV on standard input: its name in the header, or its number from 1
    #[arg(long, value_name = "NAME|N", allow_hyphen_values = true)]
    pub column: Option<String>,
}

impl Takes for Args {}

impl Args {
    /// The id, if it is the one of a single account.
    pub fn single(&self) -> Option<Cow<'_, str>> {
        match &self.ids[..] {
            [id] if id != STDIN && self.skip == 0 && self.column.is_none() => Some(id.to_string_lossy()),
            _ => None,
        }
    }
}

/// An id as it was given.
pub struct Entry {
    /// Its text, or why it cannot be read. Invalid UTF-8 is replaced: no valid id has any.
    pub text: Result<String>,
    /// Its line in standard input, from 1.
    pub line: Option<usize>,
}

/// The ids of one command.
pub struct Input {
    /// The arguments before `-`, or the rest of a portion of standard input.
    at_hand: vec::IntoIter<Result<Entry>>,
    /// The ids of standard input in portions, or why there are none (any more).
    lines: Option<Receiver<Vec<Result<Entry>>>>,
    /// The arguments behind `-`.
    after: Vec<Result<Entry>>,
}

impl Input {
    /// The ids among the arguments, and of standard input.
    pub fn new(args: &Args) -> Result<Self> {
        let usage = |message: &str| Error::new(Kind::Usage, message);
        let mut parts = args.ids.splitn(3, |argument| argument == STDIN);
        let (before, after) = (parts.next().unwrap_or_default(), parts.next());
        if parts.next().is_some() {
            let error = usage("standard input (`-`) is named twice");
            return Err(error.hint("it can be read only once: leave one `-` out"));
        }
        for (flag, is_given) in [("--skip", args.skip > 0), ("--column", args.column.is_some())] {
            if is_given && after.is_none() {
                return Err(usage(&format!("{flag} is about standard input, which is not read"))
                    .hint(format!("name it with `-` among the ids, or leave {flag} out")));
            }
        }
        let entry = |id: &OsString| Ok(Entry { text: Ok(id.to_string_lossy().into_owned()), line: None });
        // With --skip, those before were looked up before the first line.
        let before: Vec<_> = before.iter().filter(|_| args.skip == 0).map(entry).collect();
        Ok(Input {
            at_hand: before.into_iter(),
            lines: after.map(|_| read_stdin(args.skip, args.column.clone())).transpose()?,
            after: after.unwrap_or_default().iter().map(entry).collect(),
        })
    }

    pub fn is_typed(&self) -> bool {
        self.lines.is_some() && io::stdin().is_terminal()
    }

    /// The number of ids, if all of them are arguments.
    pub fn count(&self) -> Option<usize> {
        self.lines.is_none().then(|| self.at_hand.len())
    }

    /// Whether there may be further ids: standard input may have some until its end has been seen.
    pub fn may_have_more(&self) -> bool {
        let is_open = |lines: &Receiver<_>| !matches!(lines.recv_timeout(POLL), Err(RecvTimeoutError::Disconnected));
        self.at_hand.len() + self.after.len() > 0 || self.lines.as_ref().is_some_and(is_open)
    }

    /// The next id; `None` after the last one, or as soon as `is_over` says so.
    pub fn next(&mut self, is_over: &dyn Fn() -> bool) -> Result<Option<Entry>> {
        while !is_over() {
            if let Some(entry) = self.at_hand.next() {
                return entry.map(Some);
            }
            match self.lines.as_ref().map(|lines| lines.recv_timeout(POLL)) {
                Some(Ok(portion)) => self.at_hand = portion.into_iter(),
                Some(Err(RecvTimeoutError::Timeout)) => {}
                Some(Err(RecvTimeoutError::Disconnected)) => self.lines = None,
                None if self.after.is_empty() => break,
                None => self.at_hand = mem::take(&mut self.after).into_iter(),
            }
        }
        Ok(None)
    }
}

/// Reads the ids of standard input on a thread that lives as long as the process.
fn read_stdin(skip: usize, column: Option<String>) -> Result<Receiver<Vec<Result<Entry>>>> {
    let (sender, lines) = mpsc::sync_channel(AHEAD);
    let read = move || {
        let mut records = match Records::open(streams::stdin(), column.as_deref()) {
            Ok(records) => records,
            Err(error) => return drop(sender.send(vec![Err(error)])),
        };
        let (mut portion, mut is_open) = (Vec::new(), true);
        while is_open {
            let next = records.next();
            is_open = matches!(next, Ok(Some(_)));
            match next {
                Ok(Some((number, text))) if number > skip => {
                    portion.extend(text.transpose().map(|text| Ok(Entry { text, line: Some(number) })));
                }
                Ok(None) if records.lines() < skip => {
                    let message = format!("--skip {skip}: standard input ends after line {}", records.lines());
                    let error = Error::new(Kind::Usage, message);
                    portion.push(Err(error.hint("is it the same input as before? nothing has been looked up")));
                }
                Ok(_) => {}
                Err(e) => portion.push(Err(unreadable(e))),
            }
            // Ids go on together as long as the next line is there already: one that is waited for must not hold them.
            let is_due = !is_open || portion.len() >= PORTION || records.has_to_wait();
            if is_due && !portion.is_empty() {
                is_open &= sender.send(mem::take(&mut portion)).is_ok();
            }
        }
    };
    thread::Builder::new().name("stdin".to_owned()).spawn(read).map_err(unreadable)?;
    Ok(lines)
}
