//! Where the ids come from: the command line and, where `-` stands, standard input, one a line.
//!
//! Lines are read as they are asked for and never all at once, nor is a line kept beyond any id's length. Blank lines and
//! comments are passed over; a byte order mark, blanks around an id and either line end are no part of it.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Stdin};
use std::time::Duration;
use std::vec;

use memchr::memchr;

use crate::error::{Error, Kind, Result};

/// What stands for standard input.
const STDIN: &str = "-";

/// How much of a line is kept, in bytes: any id, and enough of anything else to say what it is.
const LONGEST: usize = 4096;

/// What some programs begin a text with, in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How often it is asked whether it is over, while there is nothing to read.
const OFTEN: Duration = Duration::from_millis(100);

/// How many lines are counted, at most, that are not looked up any more.
const COUNTED: usize = 10_000_000;

/// An id as it was given.
#[derive(Debug, PartialEq, Eq)]
pub struct Given {
    /// Its text; what is no UTF-8 is replaced, which no id is the better for.
    pub text: String,
    /// The line of standard input that it stands in, from 1.
    pub line: Option<usize>,
}

/// The ids of one call.
pub struct Input {
    before: vec::IntoIter<OsString>,
    lines: Option<Lines>,
    after: vec::IntoIter<OsString>,
}

impl Input {
    /// For these arguments, without the first `skipped` lines.
    ///
    /// # Errors
    /// `usage`: standard input is named twice, or lines are to be skipped and it is not named.
    pub fn new(arguments: &[OsString], skipped: usize) -> Result<Self> {
        let mut parts = arguments.splitn(2, |argument| argument == STDIN);
        let mut before = parts.next().unwrap_or_default().to_vec();
        let after = parts.next();
        let is_read = after.is_some();
        let after = after.unwrap_or_default().to_vec();
        if after.iter().any(|argument| argument == STDIN) {
            return Err(
                Error::new(Kind::Usage, "standard input (`-`) is named twice")
                    .hint("it can be read only once: leave one `-` out"),
            );
        }
        if skipped > 0 {
            if !is_read {
                return Err(Error::new(
                    Kind::Usage,
                    "--skip skips lines of standard input, which is not read",
                )
                .hint("name it with `-` among the ids, or leave --skip out"));
            }
            // They came before the first line.
            before.clear();
        }
        Ok(Input {
            before: before.into_iter(),
            lines: is_read.then(|| Lines::new(skipped)),
            after: after.into_iter(),
        })
    }

    /// Whether ids come from a person who types them.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        self.lines.is_some() && io::stdin().is_terminal()
    }

    /// How many ids there are, if all of them are arguments.
    #[must_use]
    pub fn known(&self) -> Option<usize> {
        self.lines.is_none().then(|| self.before.len())
    }

    /// How many ids are left, as far as that is known: standard input may have more until its end has been seen.
    #[must_use]
    pub fn left(&mut self) -> Option<usize> {
        let lines = match &mut self.lines {
            Some(lines) => lines.left()?,
            None => 0,
        };
        Some(self.before.len() + lines + self.after.len())
    }

    /// About how many ids there are altogether: a guess by the mean line where a file is read, `None` where it is a pipe.
    #[must_use]
    pub fn expected(&self) -> Option<usize> {
        match &self.lines {
            Some(lines) => lines.expected(),
            None => None,
        }
    }

    /// The next id; `None` after the last one, or when `is_over` says so while there is nothing to read.
    ///
    /// # Errors
    /// `failed` if standard input cannot be read, `usage` if it has fewer lines than are skipped.
    pub fn next(&mut self, is_over: &dyn Fn() -> bool) -> Result<Option<Given>> {
        let argument = |argument: OsString| Given {
            text: argument.to_string_lossy().into_owned(),
            line: None,
        };
        if let Some(given) = self.before.next() {
            return Ok(Some(argument(given)));
        }
        if let Some(lines) = &mut self.lines
            && let Some(given) = lines.next(is_over)?
        {
            return Ok(Some(given));
        }
        // What is not asked for any more is left.
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
    skipped: usize,
    is_at_end: bool,
    /// How many bytes have been read, and how many there are if it is a file.
    read: u64,
    size: Option<u64>,
}

impl Lines {
    fn new(skipped: usize) -> Self {
        Lines {
            reader: BufReader::with_capacity(64 * 1024, io::stdin()),
            number: 0,
            skipped,
            is_at_end: false,
            read: 0,
            size: size_of_stdin(),
        }
    }

    /// About how many lines are not skipped.
    fn expected(&self) -> Option<usize> {
        let lines = u128::from(self.size?) * self.number as u128 / u128::from(self.read.max(1));
        Some(usize::try_from(lines).ok()?.saturating_sub(self.skipped))
    }

    fn next(&mut self, is_over: &dyn Fn() -> bool) -> Result<Option<Given>> {
        let refused = |error: io::Error| {
            Error::new(Kind::Failed, "standard input cannot be read").because(error)
        };
        while !self.is_at_end && self.wait(is_over).map_err(refused)? {
            let Some(line) = self.line().map_err(refused)? else {
                self.is_at_end = true;
                break;
            };
            self.number += 1;
            if self.number <= self.skipped {
                continue;
            }
            if is_id(&line) {
                return Ok(Some(Given {
                    text: String::from_utf8_lossy(&line).into_owned(),
                    line: Some(self.number),
                }));
            }
        }
        if self.is_at_end && self.number < self.skipped {
            let lines = if self.number == 1 { "line" } else { "lines" };
            let message = format!(
                "--skip {}: standard input has only {} {lines}",
                self.skipped, self.number
            );
            return Err(Error::new(Kind::Usage, message)
                .hint("is it the same input as before? nothing has been looked up"));
        }
        Ok(None)
    }

    /// Reads one line, without the blanks around it; `None` at the end.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let is_first = self.read == 0;
        let mut line = Vec::with_capacity(32);
        let mut has_begun = false;
        loop {
            let chunk = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            let end = memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            keep(&mut line, part);
            let taken = part.len() + usize::from(end.is_some());
            self.reader.consume(taken);
            self.read += taken as u64;
            has_begun |= taken > 0;
            if end.is_some() || taken == 0 {
                break;
            }
        }
        // One that is too long is kept as it is: it is no id, whatever is taken off it.
        if line.len() <= LONGEST {
            if is_first && let Some(rest) = line.strip_prefix(BYTE_ORDER_MARK) {
                line = rest.trim_ascii_start().to_vec();
            }
            line.truncate(line.trim_ascii_end().len());
        }
        Ok(has_begun.then_some(line))
    }

    /// Waits until there is something to read; `false` when it is over before.
    fn wait(&self, is_over: &dyn Fn() -> bool) -> io::Result<bool> {
        while !is_over() {
            if self.is_ready(OFTEN)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether there is something to read within that time, be it the end.
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

    /// There is no way to know: reading waits, even when it is over.
    #[cfg(not(unix))]
    fn is_ready(&self, within: Duration) -> io::Result<bool> {
        Ok(!within.is_zero())
    }

    /// How many ids are left, if all of them are there already.
    fn left(&mut self) -> Option<usize> {
        let mut left = 0;
        for _ in 0..COUNTED {
            if self.is_at_end {
                return Some(left);
            }
            if !self.is_ready(Duration::ZERO).ok()? {
                return None;
            }
            match self.line().ok()? {
                Some(line) => left += usize::from(is_id(&line)),
                None => self.is_at_end = true,
            }
        }
        None
    }
}

/// How large standard input is, in bytes, if it is a file.
#[cfg(unix)]
fn size_of_stdin() -> Option<u64> {
    let stat = rustix::fs::fstat(io::stdin()).ok()?;
    let is_file = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file();
    u64::try_from(stat.st_size).ok().filter(|_| is_file)
}

/// It is not asked for here.
#[cfg(not(unix))]
fn size_of_stdin() -> Option<u64> {
    None
}

/// Keeps of the next part of a line what tells whose id it is, or that it is none: [`LONGEST`] bytes from the first one on that
/// is no blank, and one that is no blank behind them.
fn keep(line: &mut Vec<u8>, part: &[u8]) {
    let part = if line.is_empty() {
        part.trim_ascii_start()
    } else {
        part
    };
    let room = LONGEST.saturating_sub(line.len());
    let (kept, rest) = part.split_at(part.len().min(room));
    line.extend_from_slice(kept);
    if line.len() == LONGEST {
        line.extend(rest.trim_ascii_start().first());
    }
}

/// Whether a line without the blanks around it holds an id: it is neither empty nor a comment.
fn is_id(line: &[u8]) -> bool {
    !line.is_empty() && !line.starts_with(b"#")
}
