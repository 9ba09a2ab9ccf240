//! Standard output and standard error: the one owner of both, and of what a terminal changes.
//!
//! Results go to standard output and nothing else does. Messages go to standard error, for people or as one JSON object a
//! line; that it is closed or full changes nothing. A reader that goes away is no error: it is remembered, and the
//! program ends quietly.

mod progress;

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::account::Id;
use crate::client::Trace;
use crate::config::Environment;
use crate::error::{Error, Kind, Result};
use crate::escape::for_people;
use crate::json;
use crate::output::table::Screen;
use progress::Progress;

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Every choice.
    pub const ALL: [ColorChoice; 3] = [ColorChoice::Auto, ColorChoice::Always, ColorChoice::Never];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ColorChoice::Auto => "auto",
            ColorChoice::Always => "always",
            ColorChoice::Never => "never",
        }
    }
}

/// How messages are shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// One JSON object a line.
    pub json: bool,
    /// Errors only.
    pub quiet: bool,
    /// What each attempt did, too.
    pub verbose: bool,
    /// `--color`.
    pub color: ColorChoice,
}

/// That answers stray from the contract.
#[derive(Debug)]
pub struct Warning<'a> {
    /// What happened.
    pub message: &'a str,
    /// What to do.
    pub hint: &'a str,
    /// The account, if it is about one.
    pub id: Option<&'a Id>,
    /// The profile in use.
    pub profile: Option<&'a str>,
    /// The fields, each with how it strays.
    pub fields: Vec<(&'a str, String)>,
}

/// The streams.
#[derive(Debug)]
pub struct Ui {
    manner: Manner,
    color_out: bool,
    color_err: bool,
    screen: Screen,
    /// Standard error is a terminal.
    is_watched: bool,
    /// What stands on the terminal last is no whole line: an element of an array, which others may follow.
    is_line_open: AtomicBool,
    /// The reader of standard output has gone away.
    reader_gone: AtomicBool,
    progress: Progress,
}

impl Ui {
    /// Looks at the streams and the environment, once.
    #[must_use]
    pub fn new(manner: Manner, env: &Environment) -> Self {
        let terminal = io::stdout().is_terminal();
        let color = |terminal: bool| match manner.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if env.get("NO_COLOR").is_some() => false,
            ColorChoice::Auto if env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") => {
                true
            }
            ColorChoice::Auto => terminal && env.get("TERM").is_some_and(|term| term != "dumb"),
        };
        let color_out = color(terminal);
        let screen = Screen {
            width: if terminal { Some(width(env)) } else { None },
            color: color_out,
            now: terminal.then(Timestamp::now),
        };
        Ui {
            manner,
            color_out,
            color_err: color(io::stderr().is_terminal()),
            screen,
            is_watched: io::stderr().is_terminal(),
            is_line_open: AtomicBool::new(false),
            reader_gone: AtomicBool::new(false),
            progress: Progress::default(),
        }
    }

    /// What the terminal adds to a table.
    #[must_use]
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// Whether standard output shows colour.
    #[must_use]
    pub fn color(&self) -> bool {
        self.color_out
    }

    /// Whether the reader of standard output has gone away.
    #[must_use]
    pub fn reader_gone(&self) -> bool {
        self.reader_gone.load(Ordering::Relaxed)
    }

    /// Writes results, whole or not at all as far as the system allows.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn print(&self, result: &[u8]) -> Result<()> {
        let write = || {
            let mut out = io::stdout().lock();
            out.write_all(result).and_then(|()| out.flush())
        };
        let is_open = self.screen.width.is_some() && !result.ends_with(b"\n");
        self.is_line_open.store(is_open, Ordering::Relaxed);
        self.progress.aside(write).map_err(|e| {
            if e.kind() == io::ErrorKind::BrokenPipe {
                self.reader_gone.store(true, Ordering::Relaxed);
            }
            unwritable(e)
        })
    }

    /// Writes the report on a verdict, as `write` does it. The verdict is told by the exit code first of all: that nobody reads
    /// the report changes nothing.
    ///
    /// # Errors
    /// `failed` if it cannot be written.
    pub fn report(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let written = self.progress.aside(|| {
            let mut out = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
            write(&mut out).and_then(|()| out.flush())
        });
        match written {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(unwritable),
        }
    }

    /// Shows how far it has come, where a person sees it: on a terminal, until [`Ui::end_progress`]. Between lines of JSON there
    /// is nothing else.
    pub fn begin_progress(&self, env: &Environment) {
        let is_dumb = env.get("TERM").is_none_or(|term| term == "dumb");
        let is_among_json = self.manner.json && self.screen.width.is_some();
        if !self.manner.quiet && !is_dumb && self.is_watched && !is_among_json {
            self.progress.begin();
        }
    }

    /// Changes what is shown, if it is shown.
    pub fn progress(&self, text: impl FnOnce() -> String) {
        self.progress.show(text);
    }

    /// Takes it away.
    pub fn end_progress(&self) {
        self.progress.end();
    }

    /// One write a message, so that those of several processes do not mix. Nobody is left to tell if it fails.
    fn line(&self, text: &str) {
        let is_open = self.is_watched && self.is_line_open.swap(false, Ordering::Relaxed);
        let begin = if is_open { "\n" } else { "" };
        let _ = self.progress.aside(|| {
            io::stderr()
                .lock()
                .write_all(format!("{begin}{text}\n").as_bytes())
        });
    }

    /// Reports a failure.
    pub fn error(&self, error: &Error) {
        if self.manner.json {
            self.line(&format!("{{\"error\":{}}}", error_object(error)));
        } else {
            self.say("error", "31", &error.to_string(), error.hint_text());
        }
    }

    /// Reports one failure among several: people are told which id and line it is about, as scripts always are.
    pub fn failure(&self, error: &Error) {
        if self.manner.json {
            return self.error(error);
        }
        let mut message = error.to_string();
        let facts = error.facts();
        if let Some(id) = facts.id.as_deref().filter(|id| !message.contains(id)) {
            message = format!("{id}: {message}");
        }
        if let (Some(line), None) = (facts.line, &facts.file) {
            message = format!("line {line}: {message}");
        }
        self.say("error", "31", &message, error.hint_text());
    }

    /// Warns that answers stray from the contract.
    pub fn warning(&self, warning: &Warning<'_>) {
        if self.manner.quiet {
            return;
        }
        if !self.manner.json {
            self.say("warning", "33", warning.message, Some(warning.hint));
            return;
        }
        let fields: Vec<_> = warning
            .fields
            .iter()
            .map(|(name, what)| {
                format!(
                    "{{\"name\":{},\"drift\":{}}}",
                    json::string(name),
                    json::string(what)
                )
            })
            .collect();
        self.line(&format!(
            "{{\"warning\":{{\"code\":\"drift\",\"message\":{},\"hint\":{},\"id\":{},\"api\":{},\"profile\":{},\"fields\":[{}]}}}}",
            json::string(warning.message),
            json::string(warning.hint),
            or_null(warning.id.map(|id| json::string(id.as_str()))),
            or_null(warning.id.map(|id| json::string(id.resource().api))),
            or_null(warning.profile.map(json::string)),
            fields.join(",")
        ));
    }

    /// Whether it is told what an attempt did.
    #[must_use]
    pub fn traces(&self) -> bool {
        self.manner.verbose && !self.manner.quiet
    }

    /// Tells what an attempt did, if that was asked for.
    pub fn trace(&self, trace: &Trace<'_>) {
        if !self.traces() {
            return;
        }
        let elapsed = trace.elapsed.as_millis();
        if self.manner.json {
            self.line(&format!(
                "{{\"trace\":{{\"method\":\"GET\",\"url\":{},\"proxy\":{},\"attempt\":{},\"status\":{},\"request_id\":{},\"error\":{},\"elapsed_ms\":{elapsed},\"retry_in_ms\":{}}}}}",
                json::string(trace.url),
                or_null(trace.proxy.map(json::string)),
                trace.attempt,
                or_null(trace.status),
                or_null(trace.request_id.map(json::string)),
                or_null(trace.error.map(|error| json::string(error.kind().code()))),
                or_null(trace.retry_in.map(|wait| wait.as_millis())),
            ));
            return;
        }
        let via = trace
            .proxy
            .map_or_else(String::new, |proxy| format!(" via proxy {proxy}"));
        let mut text = format!("> GET {}{via} (attempt {})\n< ", trace.url, trace.attempt);
        // Writing to a String cannot fail.
        let _ = match (trace.status, trace.error) {
            (Some(status), _) => write!(text, "{status} in {elapsed} ms"),
            (None, Some(error)) => {
                write!(text, "{}: {error}, after {elapsed} ms", error.kind().code())
            }
            (None, None) => write!(text, "nothing, after {elapsed} ms"),
        };
        if let Some(id) = trace.request_id {
            let _ = write!(text, ", request {id}");
        }
        if let Some(wait) = trace.retry_in {
            let _ = write!(text, "; again in {} ms", wait.as_millis());
        }
        for told in text.lines() {
            self.line(&for_people(told));
        }
    }

    /// Tells people something that is neither result nor error; scripts never see it.
    pub fn note(&self, text: &str) {
        if !self.manner.quiet && !self.manner.json {
            self.line(&for_people(text));
        }
    }

    /// Tells what was seen to change: people in words, scripts by an object, which is JSON.
    pub fn change(&self, words: &str, object: impl FnOnce() -> String) {
        if self.manner.json && !self.manner.quiet {
            self.line(&format!("{{\"progress\":{}}}", object()));
        } else {
            self.note(words);
        }
    }

    fn say(&self, what: &str, color: &str, message: &str, hint: Option<&str>) {
        let mut text = if self.color_err {
            format!("\u{1b}[1;{color}m{what}:\u{1b}[0m {}", for_people(message))
        } else {
            format!("{what}: {}", for_people(message))
        };
        if let Some(hint) = hint {
            let hint = for_people(hint);
            let _ = write!(text, "\n  hint: {hint}");
        }
        self.line(&text);
    }
}

fn unwritable(error: io::Error) -> Error {
    Error::new(Kind::Failed, "the output could not be written")
        .hint("is the disk full? what was written before this is incomplete")
        .because(error)
}

/// The width of the terminal: `COLUMNS`, else what the terminal says, else 80 columns.
fn width(env: &Environment) -> u16 {
    let asked = env
        .get("COLUMNS")
        .and_then(|value| value.to_str())
        .and_then(|value| value.parse().ok());
    asked
        .filter(|&width| width > 0)
        .or_else(|| {
            terminal_size::terminal_size_of(io::stdout())
                .map(|(terminal_size::Width(width), _)| width)
        })
        .filter(|&width| width > 0)
        .unwrap_or(80)
}

/// A JSON value, or null.
fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

/// The error as the JSON object of the contract: all keys, always.
#[must_use]
pub fn error_object(error: &Error) -> String {
    let facts = error.facts();
    let text = |text: Option<&str>| or_null(text.map(json::string));
    let millis = |time: Option<Duration>| or_null(time.map(|time| time.as_millis()));
    let members = [
        ("code", json::string(error.kind().code())),
        ("exit_code", error.kind().exit_code().to_string()),
        ("retryable", error.is_retryable().to_string()),
        ("message", json::string(&error.to_string())),
        ("hint", text(error.hint_text())),
        ("id", text(facts.id.as_deref())),
        ("api", text(facts.api)),
        ("profile", text(facts.profile.as_deref())),
        ("status", or_null(facts.status)),
        ("server_code", text(facts.server_code.as_deref())),
        ("server_message", text(facts.server_message.as_deref())),
        ("request_id", text(facts.request_id.as_deref())),
        (
            "retry_after_s",
            or_null(facts.retry_after.map(|time| time.as_secs())),
        ),
        ("attempts", or_null(facts.attempts)),
        ("elapsed_ms", millis(facts.elapsed)),
        (
            "file",
            text(
                facts
                    .file
                    .as_deref()
                    .map(|file| file.to_string_lossy())
                    .as_deref(),
            ),
        ),
        ("line", or_null(facts.line)),
    ];
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}
