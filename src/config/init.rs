//! The file to begin with: `acctq config init`.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::error::{Error, Kind, Result};

/// A commented configuration.
pub const TEMPLATE: &str = include_str!("../../config.example.toml");

/// Writes [`TEMPLATE`], closed to others; never over anything.
pub fn init(path: &Path) -> Result<()> {
    let shown = path.display();
    let failed = |error| Error::new(Kind::Failed, format!("cannot write {shown}")).because(error).at(path, None);
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
        directory.create(parent).map_err(failed)?;
    }
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::new(Kind::Config, format!("{shown} exists already"))
            .hint("edit it, or move it away first; `acctq config show` shows its values")
            .at(path, None),
        _ => failed(error),
    })?;
    file.write_all(TEMPLATE.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
        // Half a configuration is none.
        let _ = std::fs::remove_file(path);
        failed(error)
    })
}
