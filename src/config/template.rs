//! The file to begin with: `acctq config init`.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::opened::Opened;
use super::permissions::{quote, refuse_foreign_writers};
use super::{Flags, Origin, Setting, path};
use crate::error::{Error, Kind, Result};

/// A complete, commented configuration.
pub const TEMPLATE: &str = include_str!("../../config.example.toml");

/// Writes [`TEMPLATE`] where the configuration is looked for, for the user's eyes only; never over anything.
///
/// # Errors
/// `config`, if something is there already, there is no home directory, or others can write where it would be; `failed`, if
/// it cannot be written.
pub fn init(flags: &Flags, env: &Environment) -> Result<Written> {
    let Setting {
        value: path,
        origin,
    } = path(flags, env)?;
    write(&path).map_err(|error| {
        let shown = path.display();
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::new(Kind::Config, format!("{shown} exists already")).hint(
                    "edit it, or move it away first; `acctq config show` tells what is in effect",
                )
            }
            _ => Error::new(Kind::Failed, format!("cannot write {shown}")).because(error),
        }
        .at(&path, None)
    })?;
    if let Ok(opened) = Opened::open(&path) {
        refuse_foreign_writers(&opened).inspect_err(|_| {
            // What the next call refuses to read is no beginning.
            let _ = std::fs::remove_file(&path);
        })?;
    }
    let show = match origin {
        Origin::Flag(flag) => format!("acctq {flag} {} config show", quote(&path)),
        _ => "acctq config show".to_owned(),
    };
    Ok(Written { path, show })
}

/// The file that was written.
#[derive(Debug)]
pub struct Written {
    /// Its path.
    pub path: PathBuf,
    /// The command that shows what it sets.
    pub show: String,
}

fn write(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(directory) {
            // Something that is no directory stands in the way; the file itself does not exist.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(io::Error::from(io::ErrorKind::NotADirectory));
            }
            other => other?,
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file
        .write_all(TEMPLATE.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a configuration is none; that it was to be removed is no news beside why.
        let _ = std::fs::remove_file(path);
    }
    written
}
