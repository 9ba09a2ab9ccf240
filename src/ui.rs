//! Standard output and standard error: the one owner of both, and of what a terminal changes.
//!
//! Messages go to standard error, for people or as one JSON object a line; if it is closed or full, that changes nothing. A reader of
//! the results that goes away is no error. After a signal only the shutdown hook writes: every write asks for permission under the
//! lock of its stream.

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use clap::ColorChoice;
use jiff::Timestamp;
use serde::Serialize;

use crate::client::Trace;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::hints::Invocation;
use crate::json;
use crate::output::Screen;
use crate::process::lock;
use crate::streams;
use crate::text::{escape, span};

/// How messages are shown.
#[derive(Clone, Debug, Default)]
pub struct UiOptions {
    /// As one JSON object a line.
    pub json: bool,
    pub quiet: bool,
    pub color: ColorChoice,
    /// What the commands in hints take over.
    pub invocation: Invocation,
}

/// A warning that answers violate the contract.
#[derive(Debug, Serialize)]
pub struct Warning<'a> {
    pub code: &'static str,
    pub message: &'a str,
    pub hint: &'a str,
    /// The account, if it is about one.
    pub id: Option<&'a str>,
    pub api: Option<&'static str>,
    pub profile: Option<&'a str>,
    /// The fields, each with its violation.
    pub fields: Vec<FieldWarning<'a>>,
}

/// A field that violates the contract.
#[derive(Debug, Serialize)]
pub struct FieldWarning<'a> {
    pub name: &'a str,
    /// How it does, or for how many accounts.
    pub drift: String,
}

impl<'a> Warning<'a> {
    /// A warning about no account and no field in particular.
    pub fn new(message: &'a str, hint: &'a str) -> Self {
        Warning { code: "drift", message, hint, id: None, api: None, profile: None, fields: Vec::new() }
    }
}

/// A line of standard error where messages are JSON.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Message<'a, P: Serialize = ()> {
    Error(&'a Error),
    Warning(&'a Warning<'a>),
    Trace(&'a Trace<'a>),
    Progress(P),
}

/// Stands for a blank at which no line breaks; no escaped text has it.
const GLUE: &str = "\u{1f}";

/// The streams.
#[derive(Debug)]
pub struct Ui {
    options: UiOptions,
    screen: Screen,
    has_color_on_stderr: bool,
    is_stderr_terminal: bool,
    /// The terminal's last line is unfinished: an element of an array that others may follow.
    is_line_open: AtomicBool,
    is_reader_gone: AtomicBool,
    progress: Arc<Mutex<Option<Progress>>>,
    /// The one thread that may write, after a signal.
    writer: Mutex<Option<ThreadId>>,
}

impl Ui {
    /// Looks at the streams and the environment, once.
    pub fn new(options: UiOptions, env: &Environment) -> Self {
        let (is_terminal, is_stderr_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let color = options.color;
        let has_color = |is_terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if env.get("NO_COLOR").is_some() => false,
            ColorChoice::Auto if env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            ColorChoice::Auto => is_terminal && env.get("TERM").is_some_and(|term| term != "dumb"),
        };
        Ui {
            options,
            screen: Screen {
                width: is_terminal.then(|| width(env)),
                color: has_color(is_terminal),
                now: is_terminal.then(Timestamp::now),
                markdown: false,
            },
            has_color_on_stderr: has_color(is_stderr_terminal),
            is_stderr_terminal,
            is_line_open: AtomicBool::new(false),
            is_reader_gone: AtomicBool::new(false),
            progress: Arc::default(),
            writer: Mutex::default(),
        }
    }

    /// What the terminal adds to a table.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    pub fn is_reader_gone(&self) -> bool {
        self.is_reader_gone.load(Ordering::Relaxed)
    }

    /// Lets only the calling thread write from now on; what is being written is completed first.
    pub fn close(&self) {
        let streams = (streams::stdout(), streams::stderr());
        self.take_over();
        drop(streams);
        self.end_progress();
    }

    /// The same, even while another write is stalled.
    pub fn take_over(&self) {
        *lock(&self.writer) = Some(thread::current().id());
    }

    fn may_write(&self) -> bool {
        lock(&self.writer).is_none_or(|writer| writer == thread::current().id())
    }

    pub fn print(&self, result: &[u8]) -> Result<()> {
        let is_on_terminal = self.screen.width.is_some();
        self.is_line_open.store(is_on_terminal && !result.ends_with(b"\n"), Ordering::Relaxed);
        let written: io::Result<bool> = self.without_progress(is_on_terminal, || {
            let mut out = streams::stdout();
            let may_write = self.may_write();
            if may_write {
                out.write_all(result).and_then(|()| out.flush())?;
            }
            Ok(may_write)
        });
        match written {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::new(Kind::Interrupted, "a signal has ended the command")),
            Err(e) => {
                // A socket in the place of a pipe is reset.
                let is_gone = matches!(e.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset);
                self.is_reader_gone.fetch_or(is_gone, Ordering::Relaxed);
                Err(Error::new(Kind::Failed, "the output could not be written")
                    .hint("is the disk full? what was written before this is incomplete")
                    .because(e))
            }
        }
    }

    /// Prints verdicts. The exit code tells them too, so a reader that goes away changes nothing.
    pub fn report(&self, verdicts: &[u8]) -> Result<()> {
        let printed = self.print(verdicts);
        if self.is_reader_gone.swap(false, Ordering::Relaxed) { Ok(()) } else { printed }
    }

    /// Prints a page of help, its headings in bold where there is colour.
    pub fn print_page(&self, text: &str) -> Result<()> {
        let heading = |line: &str| match line.split_once(':') {
            Some((head, rest)) if head == "Usage" || rest == "\n" && head.starts_with(char::is_uppercase) => {
                format!("\u{1b}[1m{head}:\u{1b}[0m{rest}")
            }
            _ => line.to_owned(),
        };
        let page = if self.screen.color { text.split_inclusive('\n').map(heading).collect() } else { text.to_owned() };
        self.print(page.as_bytes())
    }

    pub fn error(&self, error: &Error) {
        self.error_as(error, &error.to_string());
    }

    /// Reports one failure among several: people see its id and line, which JSON has anyway.
    pub fn failure(&self, error: &Error) {
        let (mut message, context) = (error.to_string(), error.context());
        if let Some(id) = context.id.as_deref().filter(|id| !names(&message, id)) {
            message = format!("{id}: {message}");
        }
        if let (Some(line), None) = (context.line, &context.file) {
            message = format!("line {line}: {message}");
        }
        self.error_as(error, &message);
    }

    fn error_as(&self, error: &Error, message: &str) {
        let error = &error.clone().with_commands(&self.options.invocation);
        self.message(&Message::Error(error), message, error.hint_text());
    }

    /// Warns that answers violate the contract.
    pub fn warning(&self, warning: Warning<'_>) {
        if !self.options.quiet {
            let (hint, _) = self.options.invocation.complete(warning.hint);
            self.message(&Message::Warning(&Warning { hint: &hint, ..warning }), warning.message, Some(&hint));
        }
    }

    /// Shows what an attempt did, with `--verbose`.
    pub fn trace(&self, trace: &Trace<'_>) {
        if self.options.json {
            return self.line(&json::to_string(&Message::<()>::Trace(trace)));
        }
        let Trace { method, url, attempt, elapsed_ms, .. } = trace;
        let proxy = trace.proxy.map(|proxy| format!(" via proxy {proxy}")).unwrap_or_default();
        let outcome = match (trace.status, trace.failure) {
            (Some(status), _) => format!("{status} in"),
            (None, Some(failure)) => format!("{}: {failure}, after", failure.kind().code()),
            (None, None) => "no answer, after".to_owned(),
        };
        let request = trace.request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default();
        let again = trace.retry_in_ms.map(|wait| format!("; again in {wait} ms")).unwrap_or_default();
        self.line(&escape(&format!("> {method} {url}{proxy} (attempt {attempt})")));
        self.line(&escape(&format!("< {outcome} {elapsed_ms} ms{request}{again}")));
    }

    /// Tells people something that is neither result nor error; scripts never see it.
    pub fn note(&self, text: &str) {
        if !self.options.quiet && !self.options.json {
            let (text, _) = self.options.invocation.complete(text);
            self.line(&self.wrapped(&escape(&text)));
        }
    }

    /// The text with line breaks between words where the terminal's width ends, its further lines indented. What stands in backticks
    /// stays in one piece to be copied.
    fn wrapped(&self, text: &str) -> String {
        if !self.is_stderr_terminal {
            return text.to_owned();
        }
        let glue = |(number, part): (usize, &str)| part.replace(' ', if number % 2 == 1 { GLUE } else { " " });
        let text = text.split('`').enumerate().map(glue).collect::<Vec<_>>().join("`");
        let (width, mut out, mut column) = (stderr_width(), String::new(), 0);
        for (number, word) in text.split(' ').enumerate() {
            let length = word.chars().count();
            let gap = match number {
                0 => "",
                _ if column + 1 + length > width => "\n  ",
                _ => " ",
            };
            column = length + if gap.starts_with('\n') { 2 } else { column + gap.len() };
            out.extend([gap, word]);
        }
        out.replace(GLUE, " ")
    }

    /// Tells who sits at the terminal what a result means; cron mails nothing of it.
    pub fn advise(&self, text: &str) {
        if self.is_stderr_terminal {
            self.note(&format!("note: {text}"));
        }
    }

    /// Reports a change that was seen: people read `text`, scripts the object that `record` makes.
    pub fn change<P: Serialize>(&self, text: &str, record: impl FnOnce() -> P) {
        if self.options.json && !self.options.quiet {
            self.line(&json::to_string(&Message::Progress(record())));
        } else {
            self.note(text);
        }
    }

    /// Reports that nothing has changed for a while, unless a terminal shows the time that runs.
    pub fn no_change<P: Serialize>(&self, text: &str, record: impl FnOnce() -> P) {
        if !self.is_stderr_terminal {
            self.change(text, record);
        }
    }

    /// Writes an error or a warning: `record` for scripts, `text` and `hint` for people.
    fn message(&self, record: &Message<'_>, text: &str, hint: Option<&str>) {
        if self.options.json {
            return self.line(&json::to_string(record));
        }
        let (label, color) = if let Message::Warning(_) = record { ("warning:", 33) } else { ("error:", 31) };
        let mut text = self.wrapped(&format!("{label} {}", escape(text)));
        if self.has_color_on_stderr {
            text.replace_range(..label.len(), &format!("\u{1b}[1;{color}m{label}\u{1b}[0m"));
        }
        let hint = hint.map(|hint| self.wrapped(&format!("\n  hint: {}", escape(hint))));
        self.line(&(text + &hint.unwrap_or_default()));
    }

    /// Writes a message at once, so that those of several processes do not mix.
    fn line(&self, text: &str) {
        let is_open = self.is_stderr_terminal && self.is_line_open.swap(false, Ordering::Relaxed);
        let line = format!("{}{text}\n", if is_open { "\n" } else { "" });
        self.without_progress(true, || {
            let mut stderr = streams::stderr();
            if self.may_write() {
                // If that fails there is no stream left to say so.
                let _ = stderr.write_all(line.as_bytes());
            }
        });
    }

    /// Shows the progress line until [`Ui::end_progress`], if standard error is a terminal that has no lines of JSON on it, and only
    /// while that terminal is ours. It is taken away while anything else is written.
    pub fn begin_progress(&self, env: &Environment) {
        self.begin_progress_after(Duration::from_millis(100), env);
    }

    fn begin_progress_after(&self, after: Duration, env: &Environment) {
        let is_dumb = env.get("TERM").is_none_or(|term| term == "dumb");
        let is_among_json = self.options.json && self.screen.width.is_some();
        if self.options.quiet || is_dumb || !self.is_stderr_terminal || is_among_json {
            return;
        }
        let text = String::new();
        *lock(&self.progress) = Some(Progress { text, began: Instant::now(), after, is_drawn: false });
        let progress = self.progress.clone();
        let _ = thread::Builder::new().spawn(move || {
            while lock(&progress).as_mut().map(Progress::draw).is_some() {
                thread::sleep(Duration::from_millis(100));
            }
        });
    }

    pub fn progress(&self, text: impl FnOnce() -> String) {
        if lock(&self.progress).is_some() {
            // It may want locks that a writer holds.
            let text = text();
            lock(&self.progress).iter_mut().for_each(|progress| progress.text.clone_from(&text));
        }
    }

    /// Shows after half a second that this is done, while `work` does it.
    pub fn during<T>(&self, env: &Environment, text: impl FnOnce() -> String, work: impl FnOnce() -> T) -> T {
        self.begin_progress_after(Duration::from_millis(500), env);
        self.progress(text);
        let done = work();
        self.end_progress();
        done
    }

    pub fn end_progress(&self) {
        lock(&self.progress).take().iter_mut().for_each(Progress::clear);
    }

    fn without_progress<T>(&self, is_on_terminal: bool, write: impl FnOnce() -> T) -> T {
        let mut progress = lock(&self.progress);
        if progress.as_mut().filter(|_| is_on_terminal).map(Progress::clear).is_none() {
            // A reader that stalls must not hold up other messages.
            drop(progress);
        }
        write()
    }
}

/// What a command is doing, on one line of standard error.
#[derive(Debug)]
struct Progress {
    text: String,
    began: Instant,
    /// What takes less time shows none.
    after: Duration,
    is_drawn: bool,
}

impl Progress {
    fn draw(&mut self) {
        const SPINNER: [char; 8] = ['⠁', '⠂', '⠄', '⡀', '⢀', '⠠', '⠐', '⠈'];
        let elapsed = self.began.elapsed();
        if elapsed >= self.after && streams::is_terminal_ours() {
            // The line must not wrap. Terminals disagree on the width of what is not ASCII.
            let plain = |c| if matches!(c, ' '..='~') { c } else { '?' };
            let text = format!("{}  {}", span(Duration::from_secs(elapsed.as_secs())), self.text);
            let text: String = text.chars().take(stderr_width().saturating_sub(3)).map(plain).collect();
            let spinner = SPINNER[elapsed.subsec_millis() as usize / 125];
            let line = format!("\r{spinner} {text}\u{1b}[K");
            self.is_drawn = streams::stderr().write_all(line.as_bytes()).is_ok();
        }
    }

    /// Takes the line away, unless the terminal has come into other hands.
    fn clear(&mut self) {
        if std::mem::take(&mut self.is_drawn) && streams::is_terminal_ours() {
            let _ = streams::stderr().write_all(b"\r\x1b[K");
        }
    }
}

/// Whether a message names this id, and not just a longer word that contains it.
fn names(message: &str, id: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    message.split(|c| !is_part(c)).any(|word| word == id) || message.contains(&format!("`{id}`"))
}

/// The width of the terminal that messages go to.
fn stderr_width() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| width.0.into())
}

/// The width of the terminal: `COLUMNS`, else the terminal's own, else 80 columns.
fn width(env: &Environment) -> u16 {
    let variable = env.get("COLUMNS").and_then(|value| value.to_str()?.parse().ok());
    let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
    variable.filter(|width| *width > 0).or_else(terminal).filter(|width| *width > 0).unwrap_or(80)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn an_id_is_named_as_a_word_only() {
        assert!(names("the billing account a was not found", "a"));
        assert!(names("`cacc_1`: no such account", "cacc_1"));
        assert!(!names("an answer", "a"));
        assert!(!names("the account cacc_12 was not found", "cacc_1"));
    }
}
