//! The report that CI servers read: the XML of `JUnit`, as Jenkins, GitLab and their like take it.
//!
//! A verdict is a `failure`, a question that could not be asked an `error`. XML 1.0 has no notation for control characters at
//! all, so texts stand here as they do for people.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::report::Finding;
use crate::commands::question::is;
use crate::commands::veil::Veil;
use crate::error::{Error, Kind, Result};
use crate::escape::for_people;

/// Writes the report on these checks of `suite`, which took so long.
///
/// # Errors
/// Those of `out`.
pub fn write_xml(
    out: &mut dyn Write,
    findings: &[Finding],
    suite: &Path,
    elapsed: Duration,
    veil: &Veil,
) -> io::Result<()> {
    let count = |verdict| findings.iter().filter(|f| f.verdict() == verdict).count();
    let name = suite.file_stem().unwrap_or_default().to_string_lossy();
    let name = escaped(&veil.over_known(&name));
    let counts = format!(
        "name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        findings.len(),
        count("unmet"),
        count("error")
    );
    let time = seconds(elapsed);
    let began = Timestamp::now() - elapsed;
    // Whole seconds, of which there is always a timestamp.
    let began = Timestamp::from_second(began.as_second()).unwrap_or(began);
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts} time=\"{time}\">\n  \
         <testsuite {counts} skipped=\"0\" time=\"{time}\" timestamp=\"{}\">\n",
        Offset::UTC.to_datetime(began)
    )?;
    for finding in findings {
        write!(
            out,
            "    <testcase name=\"{}\" classname=\"{name}\" time=\"{}\"",
            escaped(&finding.name().unwrap_or_default()),
            seconds(finding.elapsed)
        )?;
        match outcome(finding) {
            None => writeln!(out, "/>"),
            Some((element, kind, message, details)) => writeln!(
                out,
                ">\n      <{element} type=\"{kind}\" message=\"{}\">{}</{element}>\n    </testcase>",
                escaped(&message),
                escaped_lines(&details)
            ),
        }?;
    }
    out.write_all(b"  </testsuite>\n</testsuites>\n")
}

/// Element, type, message and details of what is not as expected.
fn outcome(finding: &Finding) -> Option<(&'static str, &'static str, String, Vec<String>)> {
    let subject = format!(
        "{} {}",
        finding.check.id.resource().noun,
        finding.id().unwrap_or("(not an id)")
    );
    let profile = finding.profile.as_ref();
    let profile = profile.map_or(String::new(), |profile| format!(" (profile {profile})"));
    let mut details = vec![format!("{subject}{profile}")];
    match &finding.result {
        Err(error) => {
            details.push(error.to_string());
            details.extend(error.hint_text().map(|hint| format!("hint: {hint}")));
            Some(("error", error.kind().code(), error.to_string(), details))
        }
        Ok(judgement) => {
            let mut unmet = Vec::new();
            for (expected, verdict) in finding.expected().zip(&judgement.verdicts) {
                let is = is(verdict);
                let word = if verdict.holds { "met" } else { "unmet" };
                details.push(format!("{word}: expected {expected}, is {is}"));
                if !verdict.holds {
                    unmet.push(format!("expected {expected}, is {is}"));
                }
            }
            let kind = Kind::Unmet.code();
            (!unmet.is_empty()).then(|| ("failure", kind, unmet.join("; "), details))
        }
    }
}

/// Seconds, to the millisecond: what schemas allow.
fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// The text as an attribute or an element holds it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in for_people(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

fn escaped_lines(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| escaped(line)).collect();
    lines.join("\n")
}

/// Writes the report as `render` does it, whole or not at all. What is no file (a pipe, a device) is written to as it is.
/// `unfinished` names what is to be removed if it is not completed.
///
/// # Errors
/// `failed`: it cannot be written.
pub fn write(
    path: &Path,
    unfinished: &Mutex<Option<PathBuf>>,
    render: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let old = fs::metadata(path).ok();
    let mut write = |file: File| {
        let mut out = BufWriter::new(file);
        render(&mut out).and_then(|()| out.flush())
    };
    let written = if let Some(stream) = old.as_ref().and_then(stream) {
        write(stream)
    } else if old.as_ref().is_some_and(|old| !old.is_file()) {
        special(path).and_then(write)
    } else {
        replace(&target(path), old, unfinished, &mut write)
    };
    written.map_err(|e| {
        let message = format!("the report {} could not be written", path.display());
        Error::new(Kind::Failed, message)
            .hint("does the folder exist, may you write there, and if it is a pipe, does anybody read it?")
            .at(path, None)
            .because(e)
    })
}

/// Our own stream, if that is what is there: what else is written to it would be lost with a file that is replaced.
#[cfg(unix)]
fn stream(there: &Metadata) -> Option<File> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let streams = [stdout.as_fd(), stderr.as_fd()].into_iter();
    let mut files = streams.filter_map(|stream| stream.try_clone_to_owned().ok().map(File::from));
    let place = |metadata: &Metadata| (metadata.dev(), metadata.ino());
    files.find(|file| {
        file.metadata()
            .is_ok_and(|ours| place(&ours) == place(there))
    })
}

#[cfg(not(unix))]
fn stream(_: &Metadata) -> Option<File> {
    None
}

/// Where a link leads to, be it there yet or not.
fn target(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    // As many as the system follows.
    for _ in 0..40 {
        match fs::read_link(&target) {
            Ok(next) => target = target.with_file_name("").join(next),
            Err(_) => break,
        }
    }
    target
}

/// What is no file, opened without waiting for somebody who reads it.
fn special(target: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    let file = options.open(target)?;
    // Who reads it may be slow.
    #[cfg(unix)]
    rustix::fs::fcntl_setfl(&file, rustix::fs::OFlags::empty())?;
    Ok(file)
}

/// Puts a new file in the place of an old one at once, so that nobody reads half of it. Who may read it stays as it was.
fn replace(
    target: &Path,
    old: Option<Metadata>,
    unfinished: &Mutex<Option<PathBuf>>,
    write: &mut dyn FnMut(File) -> io::Result<()>,
) -> io::Result<()> {
    // Not the target's own name, which may be as long as a name can be.
    let temporary = target.with_file_name(format!(".acctq-{:016x}.tmp", fastrand::u64(..)));
    let is_left = || unfinished.lock().unwrap_or_else(PoisonError::into_inner);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)?;
    *is_left() = Some(temporary.clone());
    let kept = old.map_or(Ok(()), |old| file.set_permissions(old.permissions()));
    let written = kept
        .and_then(|()| write(file))
        .and_then(|()| fs::rename(&temporary, target));
    *is_left() = None;
    written.inspect_err(|_| {
        // Nothing is left to do if even that fails.
        let _ = fs::remove_file(&temporary);
    })
}
