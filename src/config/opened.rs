//! Opening a file that may hold a secret: without waiting, without surprises, and what is checked is what is read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// An open regular file. Its metadata are those of the open file, not of what its name may have come to mean since.
pub(crate) struct Opened {
    pub file: File,
    pub metadata: Metadata,
    pub path: PathBuf,
}

/// Why a file could not be opened or read.
pub(crate) struct Unreadable {
    /// There is nothing of that name at all.
    pub absent: bool,
    /// What is wrong, in words that follow "the file …".
    pub words: String,
}

impl Unreadable {
    fn new(words: impl Into<String>) -> Self {
        Unreadable {
            absent: false,
            words: words.into(),
        }
    }

    fn from_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::new("may not be read by this user"),
            _ => Self::new(format!("cannot be read: {error}")),
        }
    }
}

impl Opened {
    pub fn open(path: &Path) -> Result<Self, Unreadable> {
        let mut options = OpenOptions::new();
        options.read(true);
        // A FIFO without a writer would be waited for, and a terminal become ours.
        #[cfg(unix)]
        {
            use rustix::fs::OFlags;
            use std::os::unix::fs::OpenOptionsExt as _;
            options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
        }
        let file = options.open(path).map_err(|error| {
            let nothing = matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            );
            if nothing && path.symlink_metadata().is_ok() {
                Unreadable::new("is a link to something that does not exist")
            } else if nothing {
                Unreadable {
                    absent: true,
                    words: "does not exist".to_owned(),
                }
            } else {
                Unreadable::from_io(&error)
            }
        })?;
        let metadata = file
            .metadata()
            .map_err(|error| Unreadable::from_io(&error))?;
        if metadata.is_dir() {
            return Err(Unreadable::new("is a directory"));
        }
        if !metadata.is_file() {
            return Err(Unreadable::new("is not a regular file"));
        }
        Ok(Opened {
            file,
            metadata,
            path: path.to_owned(),
        })
    }

    /// All of it, or `None` if that is more than `limit` bytes: then it was read no further.
    pub fn read(&self, limit: usize) -> Result<Option<Vec<u8>>, Unreadable> {
        let mut bytes = Vec::new();
        (&self.file)
            .take(limit as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Unreadable::from_io(&error))?;
        Ok((bytes.len() <= limit).then_some(bytes))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn words(path: &Path) -> String {
        match Opened::open(path) {
            Ok(_) => panic!("{} was opened", path.display()),
            Err(unreadable) => unreadable.words,
        }
    }

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let dir = tempfile::tempdir().expect("directory");
        let at = |name: &str| dir.path().join(name);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .expect("FIFO");
        symlink(at("nowhere"), at("dangling")).expect("link");
        symlink(at("loop"), at("loop")).expect("link");
        std::fs::write(at("file"), "12345").expect("file");

        assert_eq!(words(&at("fifo")), "is not a regular file");
        assert_eq!(words(Path::new("/dev/null")), "is not a regular file");
        assert_eq!(words(dir.path()), "is a directory");
        assert!(words(&at("dangling")).contains("link"));
        assert!(words(&at("loop")).contains("cannot be read"));
        for absent in ["nowhere", "file/below"] {
            assert!(
                Opened::open(&at(absent)).is_err_and(|e| e.absent),
                "{absent}"
            );
        }
        let opened = Opened::open(&at("file")).ok().expect("opened");
        assert_eq!(opened.read(4).ok().expect("read"), None);
        let opened = Opened::open(&at("file")).ok().expect("opened");
        assert_eq!(
            opened.read(5).ok().expect("read").as_deref(),
            Some(&b"12345"[..])
        );
    }
}
