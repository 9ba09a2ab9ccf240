//! The file to begin with: `acctq config init`.

use std::fs::{DirBuilder, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::permissions::refuse_other_writers;
use crate::error::{Error, Kind, Result};

/// A commented configuration.
pub const TEMPLATE: &str = include_str!("../../config.example.toml");

/// Writes [`TEMPLATE`], closed to others; never over anything.
pub fn init(path: &Path) -> Result<()> {
    let shown = path.display();
    let metadata = write(path).map_err(|error| {
        let error = match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::new(Kind::Config, format!("{shown} exists already"))
                    .hint("edit it, or move it away first; `acctq config show` shows its values")
            }
            _ => Error::new(Kind::Failed, format!("cannot write {shown}")).because(error),
        };
        error.at(path, None)
    })?;
    refuse_other_writers(path, &metadata).inspect_err(|_| {
        // The next call would refuse to read it.
        let _ = std::fs::remove_file(path);
    })
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
        // A file in the place of the directory is not the configuration.
        directory.create(parent).map_err(|error| io::Error::other(error.to_string()))?;
    }
    let mut file = options.open(path)?;
    // Half a configuration is none.
    file.write_all(TEMPLATE.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
        let _ = std::fs::remove_file(path);
    })?;
    file.metadata()
}
