//! The report that CI servers read: `JUnit` XML as Jenkins, GitLab and others import it.
//!
//! An unmet expectation is a `failure`, a look-up that failed an `error`. XML 1.0 cannot hold control characters at all, so
//! texts are escaped as in tables. The counts stand in its head, so the cases wait in a temporary file.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::Offset;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use tempfile::SpooledTempFile;

use super::result::{CheckResult, Outcome};
use crate::account::RESOURCES;
use crate::config::reading::open_at_once;
use crate::error::{Error, Kind, Result};
use crate::streams;
use crate::text::{escape, grouped, span};

/// How much of the cases is held in memory, in bytes.
const SPOOL: usize = 1024 * 1024;

/// The verdicts so far: their counts, and the cases of a report if one is asked for.
pub struct Report {
    path: Option<PathBuf>,
    name: String,
    pub started: Instant,
    /// How many results have each outcome.
    pub counts: [usize; 3],
    cases: Writer<SpooledTempFile>,
    /// Why a case could not be written.
    failure: Option<io::Error>,
}

impl Report {
    /// For the file `path`, of a suite of this name.
    pub fn new(path: Option<PathBuf>, name: &str, started: Instant) -> Self {
        let (name, cases) = (escape(name).into_owned(), Writer::new(SpooledTempFile::new(SPOOL)));
        Report { path, name, started, counts: [0; 3], cases, failure: None }
    }

    pub fn add(&mut self, result: &CheckResult) {
        self.counts[result.verdict as usize] += 1;
        if self.path.is_some() {
            let written = self.write_case(result);
            self.failure = self.failure.take().or(written.err());
        }
    }

    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// `10 met · 1 unmet · 1 not answered · 3 s`
    pub fn text(&self) -> String {
        let parts = self.counts.iter().zip(["met", "unmet", "not answered"]).enumerate();
        let parts = parts.filter(|(place, (count, _))| **count > 0 || *place == 0);
        let parts = parts.map(|(_, (count, word))| format!("{} {word}", grouped(*count)));
        parts.chain([span(self.started.elapsed())]).collect::<Vec<_>>().join(" · ")
    }

    fn write_case(&mut self, result: &CheckResult) -> io::Result<()> {
        let title = result.title();
        let name = if title.is_empty() { "(not an id)".into() } else { escape(&title) };
        let time = seconds(result.elapsed.unwrap_or_default());
        self.cases.get_mut().write_all(b"\n    ")?;
        let case = self.cases.create_element("testcase");
        let case = case.with_attributes([("name", &*name), ("classname", &self.name), ("time", &time)]);
        let (element, kind, message, hint) = match (&result.error, result.verdict) {
            (Some(error), _) => ("error", error.kind(), error.to_string(), error.hint_text()),
            (None, Outcome::Met) => return case.write_empty().map(drop),
            (None, _) => ("failure", Kind::Unmet, result.unmet(), None),
        };
        let message = escape(&message);
        let noun = RESOURCES.iter().find(|resource| Some(resource.api) == result.api).map(|resource| resource.noun);
        let about = noun.zip(result.id.as_ref()).map(|(noun, id)| {
            let profile = result.profile.as_ref().map_or(String::new(), |profile| format!(" (profile {profile})"));
            escape(&format!("{noun} {id}{profile}")).into_owned()
        });
        let hint = hint.map(|hint| format!("hint: {}", escape(hint)));
        let details = about.into_iter().chain([message.to_string()]).chain(hint).collect::<Vec<_>>().join("\n");
        case.write_inner_content(|writer| {
            let problem = writer.create_element(element);
            let problem = problem.with_attributes([("type", kind.code()), ("message", &message)]);
            problem.write_text_content(BytesText::new(&details)).map(drop)
        })?;
        Ok(())
    }

    /// Writes the report, if one is asked for.
    pub fn write(&mut self) -> Result<()> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        let failure = self.failure.take().map_or(Ok(()), Err);
        failure.and_then(|()| self.write_file(&path)).map_err(|e| {
            Error::new(Kind::Failed, format!("the report {} could not be written", path.display()))
                .hint("does the folder exist, may you write there, and if it is a pipe, does anything read it?")
                .at(&path, None)
                .because(e)
        })
    }

    fn write_xml(&mut self, out: impl Write) -> io::Result<()> {
        let [_, failures, errors] = self.counts.map(|count| count.to_string());
        let (tests, elapsed) = (self.total().to_string(), self.started.elapsed());
        let time = seconds(elapsed);
        let (name, cases) = (&*self.name, self.cases.get_mut());
        let attributes =
            [("name", name), ("tests", &tests), ("failures", &failures), ("errors", &errors), ("time", &time)];
        // The schema has whole seconds, without a zone.
        let started = format!("{:.0}", Offset::UTC.to_datetime(Timestamp::now() - elapsed));
        cases.rewind()?;
        let mut writer = Writer::new_with_indent(out, b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let suites = writer.create_element("testsuites").with_attributes(attributes);
        suites.write_inner_content(|writer| {
            let element = writer.create_element("testsuite").with_attributes(attributes);
            let element = element.with_attributes([("skipped", "0"), ("timestamp", &started)]);
            element.write_inner_content(|writer| io::copy(cases, writer.get_mut()).map(drop)).map(drop)
        })?;
        writer.into_inner().write_all(b"\n")
    }

    /// A file is replaced at once, so that no one reads half of it; what cannot be replaced (a bind mount, a folder without write
    /// permission, a pipe, a device) is written in place, and our own streams as such, which may lead to files.
    fn write_file(&mut self, path: &Path) -> io::Result<()> {
        match path.to_str() {
            Some("/dev/stdout" | "/dev/fd/1") => return self.write_xml(streams::stdout()),
            Some("/dev/stderr" | "/dev/fd/2") => return self.write_xml(streams::stderr()),
            _ => {}
        }
        let old = fs::metadata(path).ok();
        if !old.as_ref().is_none_or(Metadata::is_file) {
            return self.write_in_place(path, false);
        }
        // A link stays one: the file that it names is replaced, or made.
        let named = || Ok(path.with_file_name("").join(fs::read_link(path)?));
        let target = path.canonicalize().or_else(|_| named());
        let target = target.unwrap_or_else(|_: io::Error| path.to_owned());
        self.replace(&target, old).or_else(|_| self.write_in_place(path, true))
    }

    fn replace(&mut self, path: &Path, old: Option<Metadata>) -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        // Of a new file, less what the umask takes away.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix(".acctq-").tempfile_in(path.parent().unwrap_or(path))?;
        self.write_xml(&mut file)?;
        if let Some(old) = old {
            file.as_file().set_permissions(old.permissions())?;
        }
        file.persist(path)?;
        Ok(())
    }

    fn write_in_place(&mut self, path: &Path, truncate: bool) -> io::Result<()> {
        // A pipe that nothing reads is an error, not a wait; once it is open, its reader may be slow.
        let file = open_at_once(OpenOptions::new().write(true).create(truncate).truncate(truncate), path)?;
        #[cfg(unix)]
        rustix::fs::fcntl_setfl(&file, rustix::fs::OFlags::empty())?;
        self.write_xml(file)
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}
