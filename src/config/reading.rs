//! Reading a file that may be anything: without waiting, and never more than a bound.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use crate::account::id::hide_credentials;

/// What a file holds, and the metadata of the open file, whatever its name has come to mean since.
pub struct FileContent {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Owner and mode among others.
    pub metadata: Metadata,
}

/// Why a file could not be read.
pub struct Unreadable {
    /// Nothing of that name exists.
    pub is_absent: bool,
    /// What is wrong, in words that follow "the file …".
    pub words: String,
}

impl<W: Into<String>> From<W> for Unreadable {
    fn from(words: W) -> Self {
        Unreadable { is_absent: false, words: words.into() }
    }
}

/// Reads a regular file of at most `limit` bytes.
pub fn read_file(path: &Path, limit: usize) -> Result<FileContent, Unreadable> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Otherwise opening a FIFO waits for a writer, and a terminal may become this process's own.
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    let file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => "may not be read by this user".into(),
        io::ErrorKind::NotFound if path.is_symlink() => {
            "is a link to something that does not exist".into()
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Unreadable { is_absent: true, words: "does not exist".to_owned() }
        }
        _ => unreadable(&error),
    })?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err("is a directory".into());
    }
    if !metadata.is_file() {
        return Err("is not a regular file".into());
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() > limit {
        return Err(format!("is larger than {} KiB", limit >> 10).into());
    }
    Ok(FileContent { bytes, metadata })
}

fn unreadable(error: &io::Error) -> Unreadable {
    format!("cannot be read: {error}").into()
}

/// Whether a secret was given as the name of a file: it looks like one, and no such file exists.
pub fn is_pasted_secret(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    hide_credentials(&name) != name && path.symlink_metadata().is_err()
}
