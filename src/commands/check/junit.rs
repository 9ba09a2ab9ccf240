//! The report that CI servers read: `JUnit` XML as Jenkins, GitLab and others import it.
//!
//! An unmet expectation is a `failure`, a look-up that failed an `error`. XML 1.0 cannot hold control characters at all, so
//! texts are escaped as in tables.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::result::{CheckResult, Outcome};
use crate::account::Redactor;
use crate::commands::poll::actual;
use crate::error::{Error, Kind, Result};
use crate::text::escape;

/// The report on these results of `suite`.
pub fn xml(results: &[CheckResult], suite: &Path, elapsed: Duration, redactor: &Redactor) -> io::Result<Vec<u8>> {
    let count = |outcome| results.iter().filter(|result| result.outcome() == outcome).count().to_string();
    let name = suite.file_stem().unwrap_or_default().to_string_lossy();
    let name = escape(&redactor.redact_known(&name)).into_owned();
    let (tests, failures, errors) = (results.len().to_string(), count(Outcome::Unmet), count(Outcome::Error));
    let counts = [("name", &*name), ("tests", &tests), ("failures", &failures), ("errors", &errors)];
    let time = seconds(elapsed);
    let started = Timestamp::now() - elapsed;
    // The schema has whole seconds, without a zone.
    let started = Timestamp::from_second(started.as_second()).unwrap_or(started);
    let started = Offset::UTC.to_datetime(started).to_string();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = writer.create_element("testsuites").with_attributes(counts).with_attribute(("time", &*time));
    suites.write_inner_content(|writer| {
        let suite = writer.create_element("testsuite").with_attributes(counts);
        let suite = suite.with_attributes([("skipped", "0"), ("time", &time), ("timestamp", &started)]);
        suite.write_inner_content(|writer| results.iter().try_for_each(|result| test_case(writer, result, &name)))?;
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
        ("time", &seconds(result.elapsed)),
    ]);
    let Some((element, kind, message, details)) = problem(result) else {
        case.write_empty()?;
        return Ok(());
    };
    let details: Vec<_> = details.iter().map(|line| escape(line)).collect();
    case.write_inner_content(|writer| {
        writer
            .create_element(element)
            .with_attributes([("type", kind), ("message", &*escape(&message))])
            .write_text_content(BytesText::new(&details.join("\n")))?;
        Ok(())
    })?;
    Ok(())
}

/// Element, type, message and details of a check that is not met.
fn problem(result: &CheckResult) -> Option<(&'static str, &'static str, String, Vec<String>)> {
    let profile = result.profile.as_ref().map_or(String::new(), |profile| format!(" (profile {profile})"));
    let (noun, id) = (result.check.id.resource().noun, result.id().unwrap_or("(not an id)"));
    let mut details = vec![format!("{noun} {id}{profile}")];
    match &result.verdicts {
        Err(error) => {
            details.push(error.to_string());
            details.extend(error.hint_text().map(|hint| format!("hint: {hint}")));
            Some(("error", error.kind().code(), error.to_string(), details))
        }
        Ok(verdicts) => {
            let mut unmet = Vec::new();
            for (expected, verdict) in result.expected().zip(&verdicts.list) {
                let sentence = format!("expected {expected}, is {}", actual(verdict));
                details.push(format!("{}: {sentence}", if verdict.holds { "met" } else { "unmet" }));
                if !verdict.holds {
                    unmet.push(sentence);
                }
            }
            (!unmet.is_empty()).then(|| ("failure", Kind::Unmet.code(), unmet.join("; "), details))
        }
    }
}

/// Seconds to the millisecond, as schemas have them.
fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// Writes the report to `path`: a file is replaced at once, so that no one reads half of it; what cannot be replaced (a bind mount, a
/// folder without write permission, a pipe, a device) is written in place.
pub fn write(path: &Path, xml: &[u8]) -> Result<()> {
    let old = fs::metadata(path).ok();
    let is_file = old.as_ref().is_none_or(Metadata::is_file);
    let written = match old.as_ref().and_then(own_stream) {
        Some(mut stream) => stream.write_all(xml),
        None if is_file => {
            // A link stays one: the file that it names is replaced, or made.
            let named = || Ok(path.with_file_name("").join(fs::read_link(path)?));
            let target = path.canonicalize().or_else(|_| named());
            let target = target.unwrap_or_else(|_: io::Error| path.to_owned());
            replace(&target, old, xml).or_else(|_| in_place(path, true, xml))
        }
        None => in_place(path, false, xml),
    };
    written.map_err(|e| {
        Error::new(Kind::Failed, format!("the report {} could not be written", path.display()))
            .hint("does the folder exist, may you write there, and if it is a pipe, does anything read it?")
            .at(path, None)
            .because(e)
    })
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
    let mut options = OpenOptions::new();
    options.write(true).create(truncate).truncate(truncate);
    // A pipe that nothing reads is an error, not a wait; once it is open, its reader may be slow.
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    let mut file = options.open(path)?;
    #[cfg(unix)]
    rustix::fs::fcntl_setfl(&file, rustix::fs::OFlags::empty())?;
    file.write_all(xml)
}

/// Our own stream, if the path names it: replacing the file would lose what else is written to the stream.
#[cfg(unix)]
fn own_stream(named: &Metadata) -> Option<File> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let streams = [stdout.as_fd(), stderr.as_fd()].into_iter();
    let mut files = streams.filter_map(|stream| stream.try_clone_to_owned().ok().map(File::from));
    let place = |metadata: &Metadata| (metadata.dev(), metadata.ino());
    files.find(|file| file.metadata().is_ok_and(|own| place(&own) == place(named)))
}

#[cfg(not(unix))]
fn own_stream(_: &Metadata) -> Option<File> {
    None
}
