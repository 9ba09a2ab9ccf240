//! The ids of a command: its arguments and, where `-` stands among them, standard input, one a line.
//!
//! Lines are read when they are needed, never all at once, and no line is kept beyond the length of any id. Blank lines and
//! comments are skipped; a byte order mark, blanks around an id and either line end are no part of it.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, ErrorKind, IsTerminal as _, Stdin};
use std::time::Duration;
use std::vec;

use memchr::memchr;

use crate::error::{Error, Kind, Result};

/// Standard input among the arguments.
pub const STDIN: &str = "-";

/// How much of a line is kept, in bytes: any id, and enough of anything else to name it.
const MAX_LINE: usize = 4096;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How often a wait for input looks whether the run is over.
const POLL: Duration = Duration::from_millis(100);

/// An id as it was given.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its text. Invalid UTF-8 is replaced: no valid id has any.
    pub text: String,
    /// Its line in standard input, from 1.
    pub line: Option<usize>,
}

/// The ids of one command.
pub struct Input {
    before: vec::IntoIter<OsString>,
    lines: Option<Lines>,
    after: vec::IntoIter<OsString>,
}

impl Input {
    /// The ids of these arguments, without the first `skip` lines of standard input.
    /// Err: `usage`: standard input is named twice, or lines are to be skipped and it is not named.
    pub fn new(arguments: &[OsString], skip: usize) -> Result<Self> {
        let usage = |message: &str| Error::new(Kind::Usage, message);
        let mut parts = arguments.splitn(3, |argument| argument == STDIN);
        let mut before = parts.next().unwrap_or_default().to_vec();
        let after = parts.next();
        if parts.next().is_some() {
            return Err(usage("standard input (`-`) is named twice")
                .hint("it can be read only once: leave one `-` out"));
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
            lines: after.map(|_| Lines::new(skip)),
            after: after.unwrap_or_default().to_vec().into_iter(),
        })
    }

    /// Whether a person types the ids.
    pub fn is_typed(&self) -> bool {
        self.lines.is_some() && io::stdin().is_terminal()
    }

    /// The number of ids, if all of them are arguments.
    pub fn count(&self) -> Option<usize> {
        self.lines.is_none().then(|| self.before.len())
    }

    /// An estimate of the number of lines, if standard input is a file.
    pub fn estimate(&self) -> Option<usize> {
        self.lines.as_ref()?.estimate()
    }

    /// Whether there may be further ids: standard input may have some until its end has been seen.
    pub fn may_have_more(&mut self) -> bool {
        let has_lines = self.lines.as_mut().is_some_and(Lines::may_have_more);
        has_lines || self.before.len() + self.after.len() > 0
    }

    /// The next id; `None` after the last one, or when `is_over` says so while there is nothing to read.
    /// Err: `failed` if standard input cannot be read, `usage` if it has fewer lines than are skipped.
    pub fn next(&mut self, is_over: &dyn Fn() -> bool) -> Result<Option<Entry>> {
        let argument = |argument: OsString| Entry {
            text: argument.to_string_lossy().into_owned(),
            line: None,
        };
        if let Some(id) = self.before.next() {
            return Ok(Some(argument(id)));
        }
        if let Some(lines) = &mut self.lines
            && let Some(entry) = lines.next(is_over)?
        {
            return Ok(Some(entry));
        }
        if is_over() {
            return Ok(None);
        }
        Ok(self.after.next().map(argument))
    }
}

/// The lines of standard input.
struct Lines {
    reader: BufReader<Stdin>,
    /// The number of the last line that was read.
    number: usize,
    skip: usize,
    is_at_end: bool,
    /// How many bytes were read, and how many there are if it is a file.
    read: u64,
    size: Option<u64>,
}

impl Lines {
    fn new(skip: usize) -> Self {
        Lines {
            reader: BufReader::with_capacity(64 * 1024, io::stdin()),
            number: 0,
            skip,
            is_at_end: false,
            read: 0,
            size: size_of_stdin(),
        }
    }

    fn estimate(&self) -> Option<usize> {
        let lines = u128::from(self.size?) * self.number as u128 / u128::from(self.read.max(1));
        Some(usize::try_from(lines).ok()?.saturating_sub(self.skip))
    }

    fn may_have_more(&mut self) -> bool {
        // What is there already may be nothing but blank lines and comments.
        while !self.is_at_end && self.is_ready(Duration::ZERO).unwrap_or(false) {
            match self.line() {
                Ok(Some(line)) if is_id(&line) => return true,
                Ok(Some(_)) => (),
                Ok(None) | Err(_) => self.is_at_end = true,
            }
        }
        !self.is_at_end
    }

    fn next(&mut self, is_over: &dyn Fn() -> bool) -> Result<Option<Entry>> {
        let refused =
            |e: io::Error| Error::new(Kind::Failed, "standard input cannot be read").because(e);
        while !self.is_at_end && self.wait(is_over).map_err(refused)? {
            let Some(line) = self.line().map_err(refused)? else {
                self.is_at_end = true;
                break;
            };
            self.number += 1;
            if self.number > self.skip && is_id(&line) {
                return Ok(Some(Entry {
                    text: String::from_utf8_lossy(&line).into_owned(),
                    line: Some(self.number),
                }));
            }
        }
        if self.is_at_end && self.number < self.skip {
            let s = if self.number == 1 { "" } else { "s" };
            let message =
                format!("--skip {}: standard input has only {} line{s}", self.skip, self.number);
            return Err(Error::new(Kind::Usage, message)
                .hint("is it the same input as before? nothing has been looked up"));
        }
        Ok(None)
    }

    /// Reads one line, without the blanks around it; `None` at the end.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let is_first = self.read == 0;
        let mut line = Vec::with_capacity(32);
        let mut is_some = false;
        loop {
            let chunk = match self.reader.fill_buf() {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            let end = memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            keep(&mut line, part);
            let consumed = part.len() + usize::from(end.is_some());
            self.reader.consume(consumed);
            self.read += consumed as u64;
            is_some |= consumed > 0;
            if end.is_some() || consumed == 0 {
                break;
            }
        }
        // A line that is too long is no id, whatever is taken off it.
        if line.len() <= MAX_LINE {
            if is_first && let Some(rest) = line.strip_prefix(BYTE_ORDER_MARK) {
                line = rest.trim_ascii_start().to_vec();
            }
            line.truncate(line.trim_ascii_end().len());
        }
        Ok(is_some.then_some(line))
    }

    /// Waits until there is something to read; `false` when the run is over before.
    fn wait(&self, is_over: &dyn Fn() -> bool) -> io::Result<bool> {
        while !is_over() {
            if self.is_ready(POLL)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether there is something to read within that time, or the end.
    #[cfg(unix)]
    fn is_ready(&self, within: Duration) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, poll};
        if !self.reader.buffer().is_empty() {
            return Ok(true);
        }
        let stdin = io::stdin();
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut fds, within.try_into().ok().as_ref()) {
            Err(rustix::io::Errno::INTR) => Ok(false),
            ready => Ok(ready? > 0),
        }
    }

    /// There is no way to know here: a read waits, even when the run is over.
    #[cfg(not(unix))]
    fn is_ready(&self, within: Duration) -> io::Result<bool> {
        Ok(!within.is_zero())
    }
}

/// The size of standard input, in bytes, if it is a file.
#[cfg(unix)]
fn size_of_stdin() -> Option<u64> {
    let stat = rustix::fs::fstat(io::stdin()).ok()?;
    let is_file = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file();
    u64::try_from(stat.st_size).ok().filter(|_| is_file)
}

/// Not known here.
#[cfg(not(unix))]
fn size_of_stdin() -> Option<u64> {
    None
}

/// Appends the next part of a line: [`MAX_LINE`] bytes from the first non-blank on, and one non-blank byte beyond them, which makes
/// the line too long.
fn keep(line: &mut Vec<u8>, part: &[u8]) {
    let part = if line.is_empty() { part.trim_ascii_start() } else { part };
    let (kept, rest) = part.split_at(part.len().min(MAX_LINE.saturating_sub(line.len())));
    line.extend_from_slice(kept);
    if line.len() == MAX_LINE {
        line.extend(rest.trim_ascii_start().first());
    }
}

/// Whether a trimmed line is neither empty nor a comment.
fn is_id(line: &[u8]) -> bool {
    !line.is_empty() && !line.starts_with(b"#")
}
