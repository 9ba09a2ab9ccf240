//! The process's environment, read once at the edge. Below it, it is a value like any other, and
//! tests that build theirs from pairs can run side by side.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The variables, the home directory and the place of the configuration, as they were when the process began.
pub struct Environment {
    pub(crate) variables: BTreeMap<OsString, OsString>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// Where the platform keeps this program's configuration.
    pub config_dir: Option<PathBuf>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let project = directories::ProjectDirs::from("", "", "acctq");
        let base = directories::BaseDirs::new();
        Environment {
            home: absolute(base.map(|dirs| dirs.home_dir().to_owned())),
            config_dir: absolute(project.map(|dirs| dirs.config_dir().to_owned())),
            ..Environment::from_pairs(std::env::vars_os())
        }
    }

    /// An environment of these variables and no others; `HOME` among them is the home directory, and the configuration
    /// is looked for in its `.config/acctq`.
    pub fn from_pairs<N: Into<OsString>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables: BTreeMap<OsString, OsString> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let home = absolute(variables.get(OsStr::new("HOME")).map(PathBuf::from));
        let config_dir = home.as_ref().map(|home| home.join(".config/acctq"));
        Environment { variables, home, config_dir }
    }

    /// The variable, if it is set to something.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.get_allowing_empty(name).filter(|value| !value.is_empty())
    }

    /// The variable, if it is set, even to nothing; without one line end, which the stores of CI servers put there.
    pub fn get_allowing_empty(&self, name: &str) -> Option<&OsStr> {
        let value = self.variables.get(OsStr::new(name))?;
        let line = value.to_str().and_then(|text| text.strip_suffix("\r\n").or(text.strip_suffix(['\n', '\r'])));
        Some(line.map_or(value, OsStr::new))
    }

    /// The path, with `~/` at its beginning replaced by the home directory, if there is one.
    pub fn expand_home(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }
}

/// A relative `HOME` would make the current directory, maybe a stranger's checkout, the place of the configuration.
fn absolute(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|path| path.is_absolute())
}
