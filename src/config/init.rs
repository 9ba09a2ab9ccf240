//! The file to begin with: `acctq config init`.

use std::fs::{DirBuilder, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::permissions::{refuse_other_writers, shell_quoted};
use super::{Flags, Origin, Setting, config_path};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// A complete, commented configuration.
pub const TEMPLATE: &str = include_str!("../../config.example.toml");

/// The file that was written.
#[derive(Debug)]
pub struct Written {
    /// Its path.
    pub path: PathBuf,
    /// The command that shows what it sets.
    pub show: String,
}

/// Writes [`TEMPLATE`] where the configuration is looked for, closed to others; never over anything.
pub fn init(flags: &Flags, env: &Environment) -> Result<Written> {
    let Setting { value: path, origin } = config_path(flags, env)?;
    let shown = path.display();
    let metadata = write(&path).map_err(|error| {
        let error = match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::new(Kind::Config, format!("{shown} exists already")).hint(
                    "edit it, or move it away first; `acctq config show` tells what is in effect",
                )
            }
            _ => Error::new(Kind::Failed, format!("cannot write {shown}")).because(error),
        };
        error.at(&path, None)
    })?;
    refuse_other_writers(&path, &metadata).inspect_err(|_| {
        // The next call would refuse to read it.
        let _ = std::fs::remove_file(&path);
    })?;
    let show = match origin {
        Origin::Flag(flag) => format!("acctq {flag} {} config show", shell_quoted(&path)),
        _ => "acctq config show".to_owned(),
    };
    Ok(Written { path, show })
}

fn write(path: &Path) -> io::Result<Metadata> {
    let mut directory = DirBuilder::new();
    let mut options = OpenOptions::new();
    directory.recursive(true);
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        directory.mode(0o700);
        options.mode(0o600);
    }
    if let Some(parent) = path.parent() {
        directory.create(parent).map_err(|error| match error.kind() {
            // A file stands where the directory belongs; the configuration itself does not exist.
            io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
            _ => error,
        })?;
    }
    let mut file = options.open(path)?;
    let written = file.write_all(TEMPLATE.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a configuration is none; why it could not be written matters more than whether it is removed.
        let _ = std::fs::remove_file(path);
    }
    written.and_then(|()| file.metadata())
}
