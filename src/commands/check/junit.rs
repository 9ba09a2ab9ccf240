//! The report that CI servers read: `JUnit` XML as Jenkins, GitLab and others import it.
//!
//! An unmet expectation is a `failure`, a look-up that failed an `error`. XML 1.0 cannot hold control characters at all, so
//! texts are escaped as in tables.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::result::{self, CheckResult, Outcome};
use super::run::CheckRun;
use crate::config::reading::open_at_once;
use crate::error::{Error, Kind, Result};
use crate::streams;
use crate::text::escape;

/// Reports the results of `suite` to the file `path`.
pub fn report(path: &Path, suite: &Path, results: &[CheckResult], run: &CheckRun) -> Result<()> {
    let name = suite.file_stem().unwrap_or_default().to_string_lossy();
    let name = run.redactor.redact_known(&name);
    let written = xml(results, &escape(&name), run.started.elapsed()).and_then(|xml| write(path, &xml));
    written.map_err(|e| {
        Error::new(Kind::Failed, format!("the report {} could not be written", path.display()))
            .hint("does the folder exist, may you write there, and if it is a pipe, does anything read it?")
            .at(path, None)
            .because(e)
    })
}

fn xml(results: &[CheckResult], suite: &str, elapsed: Duration) -> io::Result<Vec<u8>> {
    let count = |outcome| result::count(results, outcome).to_string();
    let (tests, failures, errors) = (results.len().to_string(), count(Outcome::Unmet), count(Outcome::Error));
    let time = format!("{:.3}", elapsed.as_secs_f64());
    let attributes =
        [("name", suite), ("tests", &tests), ("failures", &failures), ("errors", &errors), ("time", &time)];
    // The schema has whole seconds, without a zone.
    let started = format!("{:.0}", Offset::UTC.to_datetime(Timestamp::now() - elapsed));
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = writer.create_element("testsuites").with_attributes(attributes);
    suites.write_inner_content(|writer| {
        let element = writer.create_element("testsuite").with_attributes(attributes);
        let element = element.with_attributes([("skipped", "0"), ("timestamp", &started)]);
        element.write_inner_content(|writer| results.iter().try_for_each(|result| test_case(writer, result, suite)))?;
        Ok(())
    })?;
    let mut xml = writer.into_inner();
    xml.push(b'\n');
    Ok(xml)
}

fn test_case(writer: &mut Writer<Vec<u8>>, result: &CheckResult, suite: &str) -> io::Result<()> {
    let name = result.name().unwrap_or_default();
    let case = writer.create_element("testcase").with_attributes([
        ("name", &*escape(&name)),
        ("classname", suite),
        ("time", &format!("{:.3}", result.elapsed.as_secs_f64())),
    ]);
    let (element, kind, message, hint) = match &result.answer {
        Ok(answer) if answer.is_met() => {
            case.write_empty()?;
            return Ok(());
        }
        Ok(_) => ("failure", Kind::Unmet, result.unmet(), None),
        Err(error) => ("error", error.kind(), error.to_string(), error.hint_text()),
    };
    let message = escape(&message);
    let profile = result.profile.as_ref().map_or(String::new(), |profile| format!(" (profile {profile})"));
    let (noun, id) = (result.check.id.resource().noun, result.id().unwrap_or("(not an id)"));
    let hint = hint.map_or(String::new(), |hint| format!("\nhint: {}", escape(hint)));
    let details = format!("{noun} {id}{}\n{message}{hint}", escape(&profile));
    case.write_inner_content(|writer| {
        let problem = writer.create_element(element).with_attributes([("type", kind.code()), ("message", &message)]);
        problem.write_text_content(BytesText::new(&details))?;
        Ok(())
    })?;
    Ok(())
}

/// Writes the report: a file is replaced at once, so that no one reads half of it; what cannot be replaced (a bind mount, a folder
/// without write permission, a pipe, a device) is written in place, and our own streams as such, which may lead to files.
fn write(path: &Path, xml: &[u8]) -> io::Result<()> {
    match path.to_str() {
        Some("/dev/stdout" | "/dev/fd/1") => return streams::stdout().write_all(xml),
        Some("/dev/stderr" | "/dev/fd/2") => return streams::stderr().write_all(xml),
        _ => {}
    }
    let old = fs::metadata(path).ok();
    if !old.as_ref().is_none_or(Metadata::is_file) {
        return in_place(path, false, xml);
    }
    // A link stays one: the file that it names is replaced, or made.
    let named = || Ok(path.with_file_name("").join(fs::read_link(path)?));
    let target = path.canonicalize().or_else(|_| named());
    let target = target.unwrap_or_else(|_: io::Error| path.to_owned());
    replace(&target, old, xml).or_else(|_| in_place(path, true, xml))
}

fn replace(path: &Path, old: Option<Metadata>, xml: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // Of a new file, less what the umask takes away.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".acctq-").tempfile_in(path.parent().unwrap_or(path))?;
    file.write_all(xml)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(path)?;
    Ok(())
}

fn in_place(path: &Path, truncate: bool, xml: &[u8]) -> io::Result<()> {
    // A pipe that nothing reads is an error, not a wait; once it is open, its reader may be slow.
    let mut file = open_at_once(OpenOptions::new().write(true).create(truncate).truncate(truncate), path)?;
    #[cfg(unix)]
    rustix::fs::fcntl_setfl(&file, rustix::fs::OFlags::empty())?;
    file.write_all(xml)
}
