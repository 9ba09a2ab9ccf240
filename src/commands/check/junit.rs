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

use super::result::{CheckResult, Counts, Outcome};
use crate::config::reading::open_at_once;
use crate::error::{Error, Kind, Result};
use crate::streams;
use crate::text::escape;

/// How much of the cases is held in memory, in bytes.
const SPOOL: usize = 1024 * 1024;

/// The verdicts so far: their counts, and the cases of a report if one is asked for.
pub struct Report {
    path: Option<PathBuf>,
    name: String,
    pub started: Instant,
    pub counts: Counts,
    cases: Writer<SpooledTempFile>,
    /// Why a case could not be written.
    failure: Option<io::Error>,
}

impl Report {
    /// For the file `path`, of a suite of this name.
    pub fn new(path: Option<PathBuf>, name: &str, started: Instant) -> Self {
        let (name, cases) = (escape(name).into_owned(), Writer::new(SpooledTempFile::new(SPOOL)));
        Report { path, name, started, counts: Counts::default(), cases, failure: None }
    }

    pub fn add(&mut self, result: &CheckResult) {
        let (noun, id) = (result.check.id.resource().noun, result.id().unwrap_or("(not an id)"));
        let profile = result.profile.as_ref().map_or(String::new(), |profile| format!(" (profile {profile})"));
        let about = format!("{noun} {id}{}\n", escape(&profile));
        let name = result.name().unwrap_or_else(|| id.to_owned());
        let unmet = || Error::new(Kind::Unmet, result.unmet());
        match &result.answer {
            Ok(answer) if answer.is_met() => self.add_case(&name, &about, None, result.elapsed),
            Ok(_) => self.add_case(&name, &about, Some(&unmet()), result.elapsed),
            Err(error) => self.add_case(&name, &about, Some(error), result.elapsed),
        }
    }

    /// Adds a case, and what is wrong with it.
    pub fn add_case(&mut self, name: &str, about: &str, problem: Option<&Error>, elapsed: Duration) {
        self.counts.add(match problem.map(Error::kind) {
            None => Outcome::Met,
            Some(Kind::Unmet) => Outcome::Unmet,
            Some(_) => Outcome::Error,
        });
        if self.path.is_some() {
            let written = self.write_case(&escape(name), about, problem, elapsed);
            self.failure = self.failure.take().or(written.err());
        }
    }

    fn write_case(&mut self, name: &str, about: &str, problem: Option<&Error>, elapsed: Duration) -> io::Result<()> {
        let time = format!("{:.3}", elapsed.as_secs_f64());
        self.cases.get_mut().write_all(b"\n    ")?;
        let case = self.cases.create_element("testcase");
        let case = case.with_attributes([("name", name), ("classname", &self.name), ("time", &time)]);
        let Some(error) = problem else { return case.write_empty().map(drop) };
        let element = if error.kind() == Kind::Unmet { "failure" } else { "error" };
        let message = error.to_string();
        let message = escape(&message);
        let hint = error.hint_text().map_or(String::new(), |hint| format!("\nhint: {}", escape(hint)));
        let details = format!("{about}{message}{hint}");
        case.write_inner_content(|writer| {
            let problem = writer.create_element(element);
            let problem = problem.with_attributes([("type", error.kind().code()), ("message", &message)]);
            problem.write_text_content(BytesText::new(&details)).map(drop)
        })?;
        Ok(())
    }

    /// Writes the report, if one is asked for. What has ended the run early is an error in it.
    pub fn write(&mut self, end: Option<&Error>) -> Result<()> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        if let Some(error) = end {
            self.add_case("the other ids", "", Some(error), self.started.elapsed());
        }
        let failure = self.failure.take().map_or(Ok(()), Err);
        failure.and_then(|()| self.write_file(&path)).map_err(|e| {
            Error::new(Kind::Failed, format!("the report {} could not be written", path.display()))
                .hint("does the folder exist, may you write there, and if it is a pipe, does anything read it?")
                .at(&path, None)
                .because(e)
        })
    }

    fn write_xml(&mut self, out: impl Write) -> io::Result<()> {
        let [_, failures, errors] = self.counts.0.map(|count| count.to_string());
        let tests = self.counts.total().to_string();
        let elapsed = self.started.elapsed();
        let time = format!("{:.3}", elapsed.as_secs_f64());
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
