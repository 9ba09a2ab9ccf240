//! The report that CI servers read: the XML of `JUnit`, as Jenkins, GitLab and their like take it.
//!
//! A verdict is a `failure`, a question that could not be asked an `error`. XML 1.0 has no notation for control characters at
//! all, so texts stand here as they do for people.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::report::Finding;
use crate::commands::question::is;
use crate::error::{Error, Kind, Result};
use crate::escape::for_people;

/// The report on these checks of `suite`, which took so long.
pub fn xml(findings: &[Finding<'_>], suite: &Path, elapsed: Duration) -> String {
    let count = |verdict| findings.iter().filter(|f| f.verdict() == verdict).count();
    let name = suite.file_stem().unwrap_or_default().to_string_lossy();
    let name = escaped(&name);
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
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts} time=\"{time}\">\n  \
         <testsuite {counts} skipped=\"0\" time=\"{time}\" timestamp=\"{}\">\n",
        Offset::UTC.to_datetime(began)
    );
    for finding in findings {
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "    <testcase name=\"{}\" classname=\"{name}\" time=\"{}\"",
            escaped(finding.check.name.as_deref().unwrap_or_default()),
            seconds(finding.elapsed)
        );
        let _ = match outcome(finding) {
            None => writeln!(out, "/>"),
            Some((element, kind, message, details)) => writeln!(
                out,
                ">\n      <{element} type=\"{kind}\" message=\"{}\">{}</{element}>\n    </testcase>",
                escaped(&message),
                escaped_lines(&details)
            ),
        };
    }
    out + "  </testsuite>\n</testsuites>\n"
}

/// Element, type, message and details of what is not as expected.
fn outcome(finding: &Finding<'_>) -> Option<(&'static str, &'static str, String, Vec<String>)> {
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
            let pairs = finding.check.expectations.iter().zip(&judgement.verdicts);
            let mut unmet = Vec::new();
            for (expectation, verdict) in pairs {
                let is = is(verdict);
                let word = if verdict.holds { "met" } else { "unmet" };
                details.push(format!("{word}: expected {expectation}, is {is}"));
                if !verdict.holds {
                    unmet.push(format!("expected {expectation}, is {is}"));
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

/// Writes the report, whole or not at all. What is no file (a pipe, a device) is written to as it is.
///
/// # Errors
/// `failed`: it cannot be written.
pub fn write(path: &Path, report: &str) -> Result<()> {
    // Where a link leads to.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_special = fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file());
    let written = if is_special {
        special(&target).and_then(|mut file| file.write_all(report.as_bytes()))
    } else {
        replace(&target, report.as_bytes())
    };
    written.map_err(|e| {
        let message = format!("the report {} could not be written", path.display());
        Error::new(Kind::Failed, message)
            .hint("does the folder exist, may you write there, and if it is a pipe, does anybody read it?")
            .at(path, None)
            .because(e)
    })
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

/// Puts a new file in the place of an old one at once, so that nobody reads half of it.
fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = target.with_file_name(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| fs::rename(&temporary, target));
    written.inspect_err(|_| {
        // Nothing is left to do if even that fails.
        let _ = fs::remove_file(&temporary);
    })
}
