//! The ids of a command: its arguments and, where `-` stands among them, standard input, one a line.
//!
//! A thread of its own reads the lines into a bounded channel, so that a run that is over need not wait for a line. Blank lines and
//! comments are skipped; a byte order mark, blanks around an id and either line end are no part of it.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read as _};
use std::mem;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use std::vec;

use memchr::memchr;

use crate::error::{Error, Kind, Result};
use crate::streams;
use crate::text::{UTF16_HINT, is_utf16};

/// Standard input among the arguments.
pub const STDIN: &str = "-";
/// How much of a line is kept, in bytes: any id, and enough of anything else to name it.
const MAX_LINE: u64 = 4096;
/// How many ids go through the channel together, and how many such portions are read ahead: each wakes a thread.
const PORTION: usize = 64;
const AHEAD: usize = 4;
/// How often a wait for a line looks whether the run is over.
const POLL: Duration = Duration::from_millis(100);

/// An id as it was given.
pub struct Entry {
    /// Its text. Invalid UTF-8 is replaced: no valid id has any.
    pub text: String,
    /// Its line in standard input, from 1.
    pub line: Option<usize>,
}

/// The ids of one command.
pub struct Input {
    before: vec::IntoIter<OsString>,
    /// The ids of standard input in portions, or why there are none (any more).
    lines: Option<Receiver<Vec<Result<Entry>>>>,
    /// The rest of a portion.
    portion: vec::IntoIter<Result<Entry>>,
    after: vec::IntoIter<OsString>,
}

impl Input {
    /// The ids of these arguments, without the first `skip` lines of standard input.
    pub fn new(arguments: &[OsString], skip: usize) -> Result<Self> {
        let usage = |message: &str| Error::new(Kind::Usage, message);
        let mut parts = arguments.splitn(3, |argument| argument == STDIN);
        let mut before = parts.next().unwrap_or_default().to_vec();
        let after = parts.next();
        if parts.next().is_some() {
            let error = usage("standard input (`-`) is named twice");
            return Err(error.hint("it can be read only once: leave one `-` out"));
        }
        if skip > 0 && after.is_none() {
            return Err(usage("--skip skips lines of standard input, which is not read")
                .hint("name it with `-` among the ids, or leave --skip out"));
        }
        if skip > 0 {
            // They were looked up before the first line.
            before.clear();
        }
        Ok(Input {
            before: before.into_iter(),
            lines: after.map(|_| read_stdin(skip)).transpose()?,
            portion: Vec::new().into_iter(),
            after: after.unwrap_or_default().to_vec().into_iter(),
        })
    }

    pub fn is_typed(&self) -> bool {
        self.lines.is_some() && io::stdin().is_terminal()
    }

    /// The number of ids, if all of them are arguments.
    pub fn count(&self) -> Option<usize> {
        self.lines.is_none().then(|| self.before.len())
    }

    /// Whether there may be further ids: standard input may have some until its end has been seen.
    pub fn may_have_more(&self) -> bool {
        let is_open = |lines: &Receiver<_>| !matches!(lines.recv_timeout(POLL), Err(RecvTimeoutError::Disconnected));
        self.before.len() + self.portion.len() + self.after.len() > 0 || self.lines.as_ref().is_some_and(is_open)
    }

    /// The next id; `None` after the last one, or as soon as `is_over` says so.
    pub fn next(&mut self, is_over: &dyn Fn() -> bool) -> Result<Option<Entry>> {
        if is_over() {
            return Ok(None);
        }
        let argument = |argument: OsString| Entry { text: argument.to_string_lossy().into_owned(), line: None };
        if let Some(id) = self.before.next() {
            return Ok(Some(argument(id)));
        }
        while let Some(lines) = &self.lines {
            if let Some(entry) = self.portion.next() {
                return entry.map(Some);
            }
            match lines.recv_timeout(POLL) {
                Ok(portion) => self.portion = portion.into_iter(),
                Err(RecvTimeoutError::Timeout) if is_over() => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.lines = None,
            }
        }
        Ok(self.after.next().map(argument))
    }
}

/// Reads the ids of standard input on a thread that lives as long as the process.
fn read_stdin(skip: usize) -> Result<Receiver<Vec<Result<Entry>>>> {
    let unreadable = |e| Error::new(Kind::Failed, "standard input cannot be read").because(e);
    let (sender, lines) = mpsc::sync_channel(AHEAD);
    let read = move || {
        let mut stdin = BufReader::new(streams::stdin());
        let (mut number, mut portion, mut is_open) = (0, Vec::new(), true);
        while is_open {
            let line = read_line(&mut stdin, number == 0);
            is_open = matches!(line, Ok(Some(_)));
            match line {
                Ok(Some(line)) if number == 0 && is_utf16(&line) => {
                    is_open = false;
                    portion =
                        vec![Err(Error::new(Kind::Usage, "standard input is UTF-16, not UTF-8").hint(UTF16_HINT))];
                }
                Ok(Some(line)) => {
                    number += 1;
                    if number > skip && !line.is_empty() && !line.starts_with(b"#") {
                        let text = String::from_utf8_lossy(&line).into_owned();
                        portion.push(Ok(Entry { text, line: Some(number) }));
                    }
                }
                Ok(None) if number < skip => {
                    let message = format!("--skip {skip}: standard input ends after line {number}");
                    let error = Error::new(Kind::Usage, message);
                    portion.push(Err(error.hint("is it the same input as before? nothing has been looked up")));
                }
                Ok(None) => {}
                Err(e) => portion.push(Err(unreadable(e))),
            }
            // Ids go on together as long as the next line is there already: one that is waited for must not hold them.
            let is_due = !is_open || portion.len() >= PORTION || memchr(b'\n', stdin.buffer()).is_none();
            if is_due && !portion.is_empty() {
                is_open &= sender.send(mem::take(&mut portion)).is_ok();
            }
        }
    };
    thread::Builder::new().name("stdin".to_owned()).spawn(read).map_err(unreadable)?;
    Ok(lines)
}

/// Reads one line, without the blanks around it; `None` at the end.
fn read_line(input: &mut impl BufRead, is_first: bool) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::with_capacity(32);
    if input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() as u64 == MAX_LINE && !line.ends_with(b"\n") {
        // Too long for an id, even if blanks were taken off it.
        input.skip_until(b'\n')?;
        return Ok(Some(line));
    }
    let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| is_first).unwrap_or(&line);
    Ok(Some(text.trim_ascii().to_vec()))
}
