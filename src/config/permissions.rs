//! Permissions of the configuration and of files with tokens, by the rule of ssh.
//!
//! A file that holds a token and belongs to the user must be closed to group and world. A configuration and its directory
//! must belong to the user or root, and no other user may write them, except through the user's own primary group: many
//! systems give each user a group of their own and a umask of 002. The metadata are those of the open file, not of its name.

#![cfg_attr(not(unix), allow(unused_variables, clippy::unnecessary_wraps))]

use std::borrow::Cow;
use std::fs::Metadata;
use std::path::Path;

use crate::error::{Error, Kind, Result};

/// Refuses a configuration that others can write or replace. A link has two directories: its own and its target's.
pub(super) fn refuse_other_writers(path: &Path, metadata: &Metadata) -> Result<()> {
    #[cfg(unix)]
    check_writers(path, metadata)?;
    refuse_other_writers_of_parents(path)
}

/// Refuses a configuration that others can replace, whether it exists or not.
pub(super) fn refuse_other_writers_of_parents(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        for directory in [path, &target].into_iter().filter_map(Path::parent) {
            let metadata = directory.metadata().map_err(|error| {
                let message = format!("cannot tell who may write {}", directory.display());
                Error::new(Kind::Config, message).because(error)
            })?;
            check_writers(directory, &metadata)?;
        }
    }
    Ok(())
}

/// Refuses a file with a secret that belongs to this user and is open to others.
pub fn refuse_other_readers(path: &Path, metadata: &Metadata) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let is_mine = metadata.uid() == rustix::process::geteuid().as_raw();
        if is_mine && metadata.mode() & 0o077 != 0 {
            let message = format!("{} holds a secret, and others can read it", path.display());
            return Err(Error::new(Kind::Config, message)
                .hint(format!("run `chmod 600 {}`", shell_quoted(path)))
                .at(path, None));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn check_writers(path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    const ROOT: u32 = 0;
    const STICKY: u32 = 0o1000;
    let me = rustix::process::geteuid().as_raw();
    let is_my_group = metadata.gid() == rustix::process::getegid().as_raw();
    let (owner, mode) = (metadata.uid(), metadata.mode());
    // In a sticky directory, as /tmp is, users cannot replace each other's files.
    let is_sticky = metadata.is_dir() && mode & STICKY != 0;
    let quoted = shell_quoted(path);
    let remedy = match mode & 0o022 {
        _ if owner != me && owner != ROOT => format!("sudo chown \"$(id -u)\" {quoted}"),
        0 => return Ok(()),
        0o020 if is_my_group => return Ok(()),
        _ if is_sticky => return Ok(()),
        _ => format!("chmod go-w {quoted}"),
    };
    let message = format!("{} can be written by others", path.display());
    Err(Error::new(Kind::Config, message).hint(format!("run `{remedy}`")).at(path, None))
}

/// The path as a shell takes it: macOS keeps configurations in `~/Library/Application Support`.
pub fn shell_quoted<P: AsRef<Path> + ?Sized>(path: &P) -> Cow<'_, str> {
    let text = path.as_ref().to_string_lossy();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+:,@%".contains(&b);
    if text.bytes().all(is_plain) && !text.starts_with('-') && !text.is_empty() {
        return text;
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}
