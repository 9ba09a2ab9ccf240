//! Who else can read or write a file that decides over tokens.
//!
//! Others are everybody but the user and root. The group counts as others, unless it is the user's own primary group and
//! only for writing: many systems give each user a group of their own and a umask of 002. Whoever owns a file can give
//! themselves any right to it, so a foreign owner can read and write whatever the mode says; and whoever can write a
//! directory can replace the files in it, unless it is sticky. What root put on a read-only mount, as Kubernetes and Docker
//! do with secrets, is fine as it is: nobody can change it, and who enters that mount is root's decision.
//!
//! The file is judged by its open descriptor. A POSIX access control list makes the mode's group bits those of its mask: what
//! they allow may be allowed to anybody then, and the exception does not hold. Other kinds of lists are not looked at.

#![cfg_attr(not(unix), allow(unused_variables, clippy::unnecessary_wraps))]

use std::borrow::Cow;
use std::path::Path;

use super::opened::Opened;
use crate::error::{Error, Kind, Result};

/// Refuses a file that others can write, or whose directory they can write: that in which it lies and that in which it
/// is named, which a link makes two.
///
/// # Errors
/// `config`, with the command that mends it.
pub(super) fn refuse_foreign_writers(opened: &Opened) -> Result<()> {
    #[cfg(unix)]
    {
        use unix::{Facts, Identity, foreign};
        let me = Identity::of_process();
        if unix::is_mounted_by_root(opened) {
            return Ok(());
        }
        let facts = Facts::of_file(opened);
        if let Some(who) = foreign(&facts, me, Right::Write) {
            return Err(refusal(
                &opened.path,
                Right::Write,
                who,
                facts.uid == me.uid,
            ));
        }
        let canonical = opened.path.canonicalize().ok();
        let mut checked = None;
        for file in [Some(opened.path.as_path()), canonical.as_deref()] {
            let Some(directory) = file.and_then(Path::parent) else {
                continue;
            };
            if checked.replace(directory) == Some(directory) {
                continue;
            }
            let facts = Facts::of_directory(directory).map_err(|error| {
                Error::new(
                    Kind::Config,
                    format!(
                        "cannot tell who may write {}: {}",
                        directory.display(),
                        error.kind()
                    ),
                )
            })?;
            if let Some(who) = foreign(&facts, me, Right::Write) {
                return Err(refusal(directory, Right::Write, who, facts.uid == me.uid));
            }
        }
    }
    Ok(())
}

/// Refuses a file that others can read: it holds a token.
///
/// # Errors
/// `config`, with the command that mends it.
pub(super) fn refuse_foreign_readers(opened: &Opened) -> Result<()> {
    #[cfg(unix)]
    {
        use unix::{Facts, Identity, foreign};
        let (facts, me) = (Facts::of_file(opened), Identity::of_process());
        if let Some(who) = foreign(&facts, me, Right::Read)
            && !unix::is_mounted_by_root(opened)
        {
            return Err(refusal(&opened.path, Right::Read, who, facts.uid == me.uid));
        }
    }
    Ok(())
}

/// What others must not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Right {
    Read,
    Write,
}

/// Who the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Foreign {
    /// It belongs to a user who is neither this one nor root.
    Owner(u32),
    Group(u32),
    /// Whom an access control list names.
    Listed,
    World,
}

fn refusal(path: &Path, right: Right, who: Foreign, is_mine: bool) -> Error {
    let (done, holds, mode) = match right {
        Right::Read => ("read", ", and it holds a token", "600"),
        Right::Write => ("written", "", "go-w"),
    };
    let whom = match who {
        Foreign::Owner(uid) => format!("its owner, user {uid}"),
        Foreign::Group(gid) => format!("its group, {gid}"),
        Foreign::Listed => "its access control list".to_owned(),
        Foreign::World => "everybody".to_owned(),
    };
    let quoted = quote(path);
    let own = format!("sudo chown \"$(id -u)\" {quoted}");
    let hint = match (who, right) {
        (Foreign::Owner(_), _) => format!("make it yours: `{own}`"),
        (Foreign::Listed, _) => {
            format!("run `setfacl -b {quoted} && chmod {mode} {quoted}`, which takes the list away")
        }
        _ if is_mine => format!("run `chmod {mode} {quoted}`"),
        // What root keeps to itself, this user could not read.
        (_, Right::Read) => format!("make it yours alone: `{own} && chmod {mode} {quoted}`"),
        (_, Right::Write) => format!("run `sudo chmod {mode} {quoted}`"),
    };
    let shown = path.display();
    Error::new(
        Kind::Config,
        format!("{shown} can be {done} by others ({whom}){holds}"),
    )
    .hint(hint)
    .at(path, None)
}

/// The path as a shell takes it: `~/Library/Application Support` is where macOS keeps configurations.
pub(super) fn quote(path: &Path) -> Cow<'_, str> {
    let text = path.to_string_lossy();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+:,@%".contains(&b);
    if text.bytes().all(plain) && !text.starts_with('-') {
        text
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::Metadata;
    use std::io;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use super::{Foreign, Opened, Right};

    const ROOT: u32 = 0;
    const STICKY: u32 = 0o1000;

    /// What the judgement needs to know of a file or directory.
    pub(super) struct Facts {
        pub uid: u32,
        pub gid: u32,
        pub mode: u32,
        pub is_dir: bool,
        /// Whether it has a POSIX access control list.
        pub is_listed: bool,
    }

    impl Facts {
        pub fn of_file(opened: &Opened) -> Self {
            Self::new(&opened.metadata, |name| {
                rustix::fs::fgetxattr(&opened.file, name, &mut [0; 0][..])
            })
        }

        pub fn of_directory(path: &Path) -> io::Result<Self> {
            Ok(Self::new(&path.metadata()?, |name| {
                rustix::fs::getxattr(path, name, &mut [0; 0][..])
            }))
        }

        /// `attribute` tells the length of an extended attribute.
        fn new(metadata: &Metadata, attribute: impl Fn(&str) -> rustix::io::Result<usize>) -> Self {
            Facts {
                uid: metadata.uid(),
                gid: metadata.gid(),
                mode: metadata.mode(),
                is_dir: metadata.is_dir(),
                // A list that allows more than the mode says to owner and others shows as bits of the group.
                is_listed: metadata.mode() & 0o060 != 0
                    && attribute("system.posix_acl_access").is_ok(),
            }
        }
    }

    /// The user and their own primary group.
    #[derive(Clone, Copy)]
    pub(super) struct Identity {
        pub uid: u32,
        pub gid: u32,
    }

    impl Identity {
        pub fn of_process() -> Self {
            Identity {
                uid: rustix::process::geteuid().as_raw(),
                gid: rustix::process::getegid().as_raw(),
            }
        }
    }

    /// Who else has the right; the widest circle first, but a foreign owner before all.
    pub(super) fn foreign(facts: &Facts, me: Identity, right: Right) -> Option<Foreign> {
        let (world, group) = match right {
            Right::Read => (0o004, 0o040),
            Right::Write => (0o002, 0o020),
        };
        if facts.uid != me.uid && facts.uid != ROOT {
            return Some(Foreign::Owner(facts.uid));
        }
        if facts.is_dir && facts.mode & STICKY != 0 {
            return None;
        }
        if facts.mode & world != 0 {
            return Some(Foreign::World);
        }
        let own_group = right == Right::Write && facts.gid == me.gid;
        match facts.mode & group != 0 {
            true if facts.is_listed => Some(Foreign::Listed),
            true if !own_group => Some(Foreign::Group(facts.gid)),
            _ => None,
        }
    }

    /// Whether root put it there and nobody can change it.
    pub(super) fn is_mounted_by_root(opened: &Opened) -> bool {
        use rustix::fs::StatVfsMountFlags;
        opened.metadata.uid() == ROOT
            && rustix::fs::fstatvfs(&opened.file)
                .is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
    use std::path::PathBuf;

    use super::unix::{Facts, Identity, foreign};
    use super::*;

    const ME: Identity = Identity {
        uid: 1000,
        gid: 1000,
    };

    fn judge(uid: u32, gid: u32, mode: u32, is_dir: bool, right: Right) -> Option<Foreign> {
        let facts = Facts {
            uid,
            gid,
            mode,
            is_dir,
            is_listed: false,
        };
        foreign(&facts, ME, right)
    }

    #[test]
    fn who_may_write() {
        let file = |uid, gid, mode| judge(uid, gid, mode, false, Right::Write);
        assert_eq!(file(1000, 1000, 0o644), None);
        assert_eq!(file(0, 0, 0o644), None);
        assert_eq!(file(1000, 1000, 0o664), None, "the user's own group");
        assert_eq!(file(1000, 50, 0o664), Some(Foreign::Group(50)));
        assert_eq!(file(0, 0, 0o664), Some(Foreign::Group(0)));
        assert_eq!(file(1000, 1000, 0o646), Some(Foreign::World));
        assert_eq!(file(1001, 1000, 0o400), Some(Foreign::Owner(1001)));
        let dir = |uid, mode| judge(uid, 50, mode, true, Right::Write);
        assert_eq!(dir(0, 0o1777), None, "/tmp");
        assert_eq!(dir(1000, 0o777), Some(Foreign::World));
        assert_eq!(dir(1001, 0o1777), Some(Foreign::Owner(1001)));
        assert_eq!(file(1000, 50, 0o1666), Some(Foreign::World), "no directory");
    }

    #[test]
    fn who_may_read() {
        let file = |uid, gid, mode| judge(uid, gid, mode, false, Right::Read);
        assert_eq!(file(1000, 1000, 0o600), None);
        assert_eq!(file(1000, 1000, 0o622), None);
        assert_eq!(file(1000, 1000, 0o640), Some(Foreign::Group(1000)));
        assert_eq!(file(1000, 1000, 0o604), Some(Foreign::World));
        assert_eq!(file(0, 0, 0o600), None);
        assert_eq!(file(1001, 1000, 0o000), Some(Foreign::Owner(1001)));
    }

    fn with_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
    }

    fn file_in(dir: &Path, mode: u32) -> PathBuf {
        let path = dir.join("config.toml");
        fs::write(&path, "x").expect("file");
        with_mode(&path, mode);
        path
    }

    fn writers(path: &Path) -> Result<()> {
        refuse_foreign_writers(&Opened::open(path).ok().expect("opened"))
    }

    #[test]
    fn the_refusal_names_the_command_that_mends_it() {
        let dir = tempfile::tempdir().expect("directory");
        let path = file_in(dir.path(), 0o646);
        let error = writers(&path).expect_err("everybody can write");
        assert_eq!(error.kind(), Kind::Config);
        let command = format!("run `chmod go-w {}`", path.display());
        assert_eq!(error.hint_text(), Some(command.as_str()));
        with_mode(&path, 0o644);
        writers(&path).expect("mended");

        let opened = Opened::open(&path).ok().expect("opened");
        let error = refuse_foreign_readers(&opened).expect_err("everybody can read");
        let command = format!("run `chmod 600 {}`", path.display());
        assert_eq!(error.hint_text(), Some(command.as_str()));
        with_mode(&path, 0o600);
        refuse_foreign_readers(&Opened::open(&path).ok().expect("opened")).expect("mended");
    }

    /// The files of others, which only root can make, are in words only.
    #[test]
    fn what_is_anothers_takes_root_to_mend() {
        let mine_alone = "make it yours alone: `sudo chown \"$(id -u)\" /c && chmod 600 /c`";
        let mine = "make it yours: `sudo chown \"$(id -u)\" /c`";
        for (who, right, said, hint) in [
            (
                Foreign::World,
                Right::Write,
                "written by others (everybody)",
                "run `sudo chmod go-w /c`",
            ),
            (
                Foreign::Group(7),
                Right::Read,
                "read by others (its group, 7), and it holds a token",
                mine_alone,
            ),
            (
                Foreign::Owner(7),
                Right::Write,
                "written by others (its owner, user 7)",
                mine,
            ),
            (
                Foreign::Owner(7),
                Right::Read,
                "read by others (its owner, user 7), and it holds a token",
                mine,
            ),
        ] {
            let error = refusal(Path::new("/c"), right, who, false);
            assert_eq!(
                (error.to_string(), error.hint_text()),
                (format!("/c can be {said}"), Some(hint))
            );
        }
    }

    #[test]
    fn both_directories_count() {
        let named = tempfile::tempdir().expect("directory");
        let real = tempfile::tempdir().expect("directory");
        let file = file_in(real.path(), 0o600);
        let link = named.path().join("config.toml");
        symlink(&file, &link).expect("link");
        writers(&link).expect("fine");
        for dir in [named.path(), real.path()] {
            with_mode(dir, 0o703);
            let error = writers(&link).expect_err("replaceable");
            assert!(
                error.to_string().starts_with(&*dir.to_string_lossy()),
                "{error}"
            );
            with_mode(dir, 0o1703);
            writers(&link).expect("sticky");
            with_mode(dir, 0o700);
        }
    }

    #[test]
    fn what_is_judged_is_the_open_file() {
        let dir = tempfile::tempdir().expect("directory");
        let path = file_in(dir.path(), 0o646);
        let opened = Opened::open(&path).ok().expect("opened");
        // Another file has its name by now, which nobody else may touch.
        fs::remove_file(&path).expect("removed");
        file_in(dir.path(), 0o600);
        refuse_foreign_writers(&opened).expect_err("everybody can write");
        refuse_foreign_readers(&opened).expect_err("everybody can read");
    }

    #[test]
    fn what_belongs_to_another_is_theirs_to_change() {
        let dir = tempfile::tempdir().expect("directory");
        let path = file_in(dir.path(), 0o600);
        // Only root can give a file away.
        if chown(&path, Some(4242), None).is_ok() {
            let error = writers(&path).expect_err("foreign");
            assert!(error.to_string().contains("user 4242"), "{error}");
            assert!(refuse_foreign_readers(&Opened::open(&path).ok().expect("opened")).is_err());
        }
    }

    #[test]
    fn paths_are_quoted_for_a_shell() {
        for (path, quoted) in [
            ("/a/b.toml", "/a/b.toml"),
            ("/A-1_b/c+d:e,f@g%h", "/A-1_b/c+d:e,f@g%h"),
            ("/Application Support/x", "'/Application Support/x'"),
            ("/it's", r"'/it'\''s'"),
            ("/$(id)", "'/$(id)'"),
            ("/`id`", "'/`id`'"),
            ("/a;b&c|d", "'/a;b&c|d'"),
            ("~/x", "'~/x'"),
            ("/ä", "'/ä'"),
            ("-R", "'-R'"),
        ] {
            assert_eq!(quote(Path::new(path)), quoted);
        }
    }
}
