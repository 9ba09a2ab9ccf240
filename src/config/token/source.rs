//! The closed set of places that a bearer token may come from.
//!
//! A source that is named is the source that counts: if it fails, no other is tried, for that might be another account's.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{MAX, Secret};
use crate::config::environment::Environment;
use crate::config::helper::Helper;
use crate::config::opened::Opened;
use crate::config::{Origin, permissions};
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;

/// Without the line end that editors, programs and the stores of CI servers put there; one only.
fn without_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    bytes
}

/// Where a token comes from.
#[derive(Debug)]
pub enum Source {
    /// It stands in the configuration file, or is the sandbox's own.
    Literal(Literal),
    /// It is in an environment variable.
    Variable(Variable),
    /// It is in a file of its own.
    File(PathBuf),
    /// A program prints it.
    Command(Helper),
}

/// A token as it was written, not yet checked.
pub struct Literal {
    text: String,
    origin: Origin,
}

impl Literal {
    pub(in crate::config) fn new(text: String, origin: Origin) -> Self {
        Literal { text, origin }
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Literal(…)")
    }
}

/// The name of a variable.
#[derive(Debug)]
pub struct Variable {
    name: String,
    /// Where it is named, if it is not one of ours.
    named_in: Option<Origin>,
}

impl Variable {
    /// `ACCTQ_…_TOKEN`.
    pub(in crate::config) fn ours(name: String) -> Self {
        Variable {
            name,
            named_in: None,
        }
    }

    /// What a `token_env` names, if that can be a variable's name.
    pub(in crate::config) fn named(name: &str, origin: Origin) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let starts = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
        (starts && name.bytes().all(legal) && name.len() <= 128).then(|| Variable {
            name: name.to_owned(),
            named_in: Some(origin),
        })
    }

    pub(in crate::config) fn name(&self) -> &str {
        &self.name
    }

    /// The name, in words if it is not in capitals: then it may be the token itself, put in the wrong place.
    fn shown(&self) -> String {
        match &self.named_in {
            Some(origin) if self.name.bytes().any(|b| b.is_ascii_lowercase()) => {
                format!("the variable that `token_env` names in {origin}")
            }
            _ => format!("variable {}", self.name),
        }
    }

    fn read(&self, env: &Environment) -> Result<Vec<u8>> {
        let shown = self.shown();
        match env.raw(&self.name) {
            Some(value) if value.is_empty() => Err(self.empty(&shown)),
            // What is not Unicode is not ASCII either, and refused as that.
            Some(value) => Ok(value.to_string_lossy().into_owned().into_bytes()),
            None => {
                let error = Error::new(Kind::Auth, format!("{shown} is not set"));
                Err(match &self.named_in {
                    Some(origin) => error.hint(format!(
                        "{origin} says that it holds the token; `token_env` takes a variable's name, not the token itself"
                    )),
                    None => error,
                })
            }
        }
    }

    fn empty(&self, shown: &str) -> Error {
        Error::new(Kind::Auth, format!("{shown} is set but empty")).hint(
            if self.named_in.is_some() {
                "put the token there; no other source is tried"
            } else {
                "put the token there, or unset it to use the profile's own source"
            },
        )
    }
}

impl Source {
    /// A token that is at hand.
    pub(in crate::config) fn of(token: Secret) -> Self {
        Source::Literal(Literal::new(token.0, Origin::BuiltIn))
    }

    /// Whether it is a program that gives a token of its own each time.
    #[must_use]
    pub fn is_command(&self) -> bool {
        matches!(self, Source::Command(_))
    }

    /// What it is, for people: no token, and no argument that may hold one.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Source::Literal(_) => "literal (hidden)".to_owned(),
            Source::Variable(variable) => variable.shown(),
            Source::File(path) => format!("file {}", path.display()),
            Source::Command(helper) => helper.name(),
        }
    }

    /// Gets the token, now: a helper is started, a file is read.
    ///
    /// # Errors
    /// `auth`, if there is none or it is none; `config`, if others can read the file.
    pub fn read(
        &self,
        env: &Environment,
        deadline: Instant,
        interrupt: &Interrupt,
    ) -> Result<Secret> {
        let (bytes, place) = match self {
            Source::Literal(literal) => (
                literal.text.clone().into_bytes(),
                format!("in {}", literal.origin),
            ),
            Source::Variable(variable) => (variable.read(env)?, format!("in {}", variable.shown())),
            Source::File(path) => (read_file(path)?, format!("in file {}", path.display())),
            Source::Command(helper) => (
                helper.run(env, deadline, interrupt)?,
                format!("that {} printed", helper.name()),
            ),
        };
        Secret::new(without_line_end(bytes)).map_err(|flaw| {
            let error = Error::new(Kind::Auth, format!("the token {place} {flaw}"));
            match self {
                Source::Literal(Literal {
                    origin: Origin::File { path, line },
                    ..
                }) => error.at(path, Some(*line)),
                Source::File(path) => error.at(path, None),
                _ => error,
            }
        })
    }
}

/// What `token_file` names.
fn read_file(path: &Path) -> Result<Vec<u8>> {
    let failed = |words: &str| {
        Error::new(Kind::Auth, format!("token file {} {words}", path.display())).at(path, None)
    };
    let opened = Opened::open(path).map_err(|unreadable| failed(&unreadable.words))?;
    permissions::refuse_foreign_readers(&opened)?;
    // The longest token and its line end.
    match opened.read(MAX + 2) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(failed("is longer than 8 KiB")),
        Err(unreadable) => Err(failed(&unreadable.words)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::*;

    const SECRET: &str = "s3cr3t-hunter2";

    /// What is no token, and a word of what is said about it.
    const FLAWED: &[(&str, &str)] = &[
        ("", "is empty"),
        ("s3cr3t-hunter2\n\n", "line break"),
        ("s3cr3t-\nhunter2", "line break"),
        ("s3cr3t-\rhunter2", "line break"),
        ("s3cr3t-hunter2\r", "line break"),
        ("\ns3cr3t-hunter2", "line break"),
        ("s3cr3t-\thunter2", "a tab"),
        ("s3cr3t-hunter2 ", "a space"),
        (" s3cr3t-hunter2", "a space"),
        ("s3cr3t-\0hunter2", "a NUL"),
        ("s3cr3t-hunter2\u{e9}", "not ASCII"),
        ("\u{feff}s3cr3t-hunter2", "not ASCII"),
        ("s3cr3t-\x1bhunter2", "control character"),
        ("s3cr3t-\x7fhunter2", "control character"),
        ("Bearer s3cr3t-hunter2", "without the word Bearer"),
        ("bEARER s3cr3t-hunter2", "without the word Bearer"),
        ("\"s3cr3t-hunter2\"", "without quotes"),
        ("'s3cr3t-hunter2'", "without quotes"),
    ];

    fn env(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_pairs(pairs.iter().copied().chain([("PATH", "/usr/bin:/bin")]))
    }

    fn read(source: &Source, pairs: &[(&str, &str)]) -> Result<Secret> {
        let deadline = Instant::now() + Duration::from_secs(30);
        source.read(&env(pairs), deadline, &Interrupt::default())
    }

    fn refused(result: Result<Secret>, kind: Kind) -> String {
        let error = result.expect_err("no token");
        assert_eq!(error.kind(), kind, "{error}");
        let all = format!("{error} | {}", error.hint_text().unwrap_or_default());
        assert!(!format!("{all}{error:?}").contains("hunter2"), "{all}");
        all
    }

    fn in_file() -> Origin {
        Origin::File {
            path: "/c.toml".into(),
            line: 7,
        }
    }

    fn token_file(dir: &Path, content: impl AsRef<[u8]>) -> Source {
        let path = dir.join("token");
        fs::write(&path, content).expect("file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        Source::File(path)
    }

    fn printf(text: &str) -> Source {
        let arguments = ["printf", "%b", text].map(str::to_owned);
        Source::Command(Helper::new(arguments.into()).expect("program"))
    }

    #[test]
    fn every_source_is_checked_alike() {
        let dir = tempfile::tempdir().expect("directory");
        for (text, words) in FLAWED {
            let literal = Source::Literal(Literal::new((*text).to_owned(), in_file()));
            let error = refused(read(&literal, &[]), Kind::Auth);
            assert!(
                error.contains(words) && error.contains("/c.toml:7"),
                "{error}"
            );

            let source = token_file(dir.path(), text);
            let error = refused(read(&source, &[]), Kind::Auth);
            assert!(error.contains(words) && error.contains("/token"), "{error}");

            let helper = printf(&text.replace('\0', "\\0"));
            let error = refused(read(&helper, &[]), Kind::Auth);
            assert!(
                error.contains(words) && error.contains("`printf`"),
                "{error}"
            );

            let ours = Source::Variable(Variable::ours("V".to_owned()));
            let error = refused(read(&ours, &[("V", text)]), Kind::Auth);
            assert!(error.contains("empty") || error.contains(words), "{error}");
            assert!(error.contains("variable V"), "{error}");
        }
    }

    #[test]
    fn one_line_end_is_stripped() {
        let dir = tempfile::tempdir().expect("directory");
        for end in ["", "\n", "\r\n"] {
            let text = format!("{SECRET}{end}");
            for source in [
                token_file(dir.path(), &text),
                printf(&text),
                Source::Literal(Literal::new(text.clone(), in_file())),
                Source::Variable(Variable::ours("V".to_owned())),
            ] {
                assert_eq!(
                    read(&source, &[("V", &text)]).expect("token").expose(),
                    SECRET
                );
            }
        }
        let longest = format!("{}\r\n", "x".repeat(MAX));
        assert!(read(&token_file(dir.path(), longest), &[]).is_ok());
        let longer = "x".repeat(MAX + 3);
        let error = refused(read(&token_file(dir.path(), longer), &[]), Kind::Auth);
        assert!(error.contains("longer than 8 KiB"), "{error}");
    }

    #[test]
    fn variables() {
        let named = |name: &str| Variable::named(name, in_file()).map(Source::Variable);
        let source = named("MY_TOKEN").expect("name");
        assert_eq!(
            read(&source, &[("MY_TOKEN", SECRET)])
                .expect("token")
                .expose(),
            SECRET
        );
        let error = refused(read(&source, &[]), Kind::Auth);
        assert!(error.contains("variable MY_TOKEN is not set"), "{error}");
        let error = refused(read(&source, &[("MY_TOKEN", "")]), Kind::Auth);
        assert!(
            error.contains("variable MY_TOKEN is set but empty"),
            "{error}"
        );
        // The token itself, in the wrong place.
        let pasted = named("sk_live_hunter2").expect("could be a name");
        let error = refused(read(&pasted, &[]), Kind::Auth);
        assert!(
            error.contains("`token_env` names in /c.toml:7 is not set"),
            "{error}"
        );
        assert!(!pasted.describe().contains("hunter2"));
        for name in ["", "1A", "A-B", "A=B", "A B", "A\0", &"A".repeat(129)] {
            assert!(named(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_variable_that_is_not_unicode() {
        use std::os::unix::ffi::OsStringExt as _;
        let value = std::ffi::OsString::from_vec(b"hunter2\xff".to_vec());
        let env = Environment::from_pairs([("V", value)]);
        let source = Source::Variable(Variable::ours("V".to_owned()));
        let error = refused(
            source.read(&env, Instant::now(), &Interrupt::default()),
            Kind::Auth,
        );
        assert!(error.contains("not ASCII"), "{error}");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().expect("directory");
        let source = token_file(dir.path(), SECRET);
        let path = dir.path().join("token");
        for mode in [0o640, 0o604, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
            let error = refused(read(&source, &[]), Kind::Config);
            assert!(
                error.contains(&format!("chmod 600 {}", path.display())),
                "{error}"
            );
        }
        fs::remove_file(&path).expect("removed");
        let error = refused(read(&source, &[]), Kind::Auth);
        assert!(error.contains("/token does not exist"), "{error}");
        let directory = Source::File(dir.path().to_owned());
        assert!(refused(read(&directory, &[]), Kind::Auth).contains("is a directory"));
        refused(read(&Source::File("/dev/zero".into()), &[]), Kind::Auth);
    }

    #[test]
    fn descriptions_hold_no_secret() {
        let command = printf(SECRET);
        let literal = Source::Literal(Literal::new(SECRET.to_owned(), in_file()));
        assert_eq!(command.describe(), "command `printf`");
        assert_eq!(literal.describe(), "literal (hidden)");
        assert!(!format!("{command:?} {literal:?}").contains(SECRET));
    }
}
