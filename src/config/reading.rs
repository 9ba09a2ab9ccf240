//! Reads regular files of bounded size, and never waits, as it would for a FIFO or a terminal.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use crate::account::redact::hide_credentials;
use crate::error::{Error, Kind};

/// Reads a regular file of at most `limit` bytes, with the metadata of the open file, whatever its name has come to mean
/// since; `None` if nothing of that name exists. Err: what is wrong, in words that follow "the file …".
pub fn read_file(path: &Path, limit: usize) -> Result<Option<(Vec<u8>, Metadata)>, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let file = match open_at_once(OpenOptions::new().read(true), path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let is_dangling = path.is_symlink();
            return if is_dangling { Err("is a link to nothing".into()) } else { Ok(None) };
        }
        opened => opened.map_err(unreadable)?,
    };
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "is a directory" } else { "is not a regular file" };
        return Err(what.into());
    }
    let size = usize::try_from(metadata.len()).unwrap_or(limit).min(limit);
    let mut bytes = Vec::with_capacity(size + 1);
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > limit {
        return Err(format!("is larger than {} KiB", limit >> 10));
    }
    Ok(Some((bytes, metadata)))
}

/// Opens a file. Otherwise that would wait for the other end of a FIFO, and a terminal may become this process's own.
pub fn open_at_once(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    options.open(path)
}

/// Whether a secret was given as the name of a file: it looks like one, and no such file exists.
pub(super) fn is_pasted_secret(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    hide_credentials(&name) != name && path.symlink_metadata().is_err()
}

/// Refuses a secret given as the name of a file, without repeating it. `place`: the flag or variable that it was given to.
pub fn refuse_pasted_secret(path: &Path, kind: Kind, place: &str) -> Result<(), Error> {
    if !is_pasted_secret(path) {
        return Ok(());
    }
    let message = format!("{place} takes the name of a file; this looks like a credential, and is not repeated here");
    let hint = "name a TOML file; if it was a secret, remove it from where it stands, such as your shell's history";
    Err(Error::new(kind, message).hint(hint))
}
