//! Reading a file that somebody else may have put there: without waiting, and never more than a bound.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// What a file holds, and the metadata of the open file itself, whatever its name has come to mean since.
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

impl From<&str> for Unreadable {
    fn from(words: &str) -> Self {
        Unreadable {
            is_absent: false,
            words: words.to_owned(),
        }
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => "may not be read by this user".into(),
            _ => format!("cannot be read: {error}").as_str().into(),
        }
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
    let file = options.open(path).map_err(|error| {
        let is_absent = matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        );
        if !is_absent {
            return error.into();
        }
        if path.symlink_metadata().is_ok() {
            return "is a link to something that does not exist".into();
        }
        Unreadable {
            is_absent,
            words: "does not exist".to_owned(),
        }
    })?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err("is a directory".into());
    }
    if !metadata.is_file() {
        return Err("is not a regular file".into());
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        let limit = match limit >> 20 {
            0 => format!("{} KiB", limit >> 10),
            mebibytes => format!("{mebibytes} MiB"),
        };
        return Err(format!("is larger than {limit}").as_str().into());
    }
    Ok(FileContent { bytes, metadata })
}
