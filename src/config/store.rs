//! What is written: the configuration to begin with, and the token that `auth login` stores in a file of its own beside it.
//!
//! The configuration keeps its comments. It is replaced as a whole, at its target if it is a link; both files belong to their
//! user only.

use std::fmt;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

use super::token::stored_token_name;
use super::{Secret, permissions};
use crate::error::{Error, Kind, Result};

/// A commented configuration.
pub const TEMPLATE: &str = include_str!("../../config.example.toml");

/// Writes [`TEMPLATE`] for `config init`, closed to others; never over anything.
pub fn init(path: &Path) -> Result<()> {
    make_directory(path)?;
    let persist = |file: NamedTempFile| Ok(file.persist_noclobber(path).map(drop)?);
    complete(path, TEMPLATE.as_bytes(), None).and_then(persist).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::new(Kind::Config, format!("{} exists already", path.display()))
            .hint("edit it, or move it away first; `acctq config show` shows its values")
            .at(path, None),
        _ => failed(path, error),
    })
}

/// Where the token of one API of one profile is stored.
pub struct Store<'a> {
    /// The configuration file, as it is named.
    pub config: &'a Path,
    pub profile: &'a str,
    pub api: &'static str,
}

/// The source of a token that the configuration is to name.
pub enum NewSource {
    Stored(Secret),
    Command(Vec<String>),
}

/// `connect in the profile test`
impl fmt::Display for Store<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the profile {}", self.api, self.profile)
    }
}

impl Store<'_> {
    /// The file of the stored token.
    pub fn token_path(&self) -> PathBuf {
        self.config.with_file_name(stored_token_name(self.api, self.profile))
    }

    /// Stores the token, or names the program, and makes the configuration and the profile where they are missing.
    pub fn save(&self, source: &NewSource, base_url: &str) -> Result<()> {
        make_directory(self.config)?;
        permissions::refuse_other_writers_of_parents(self.config)?;
        let (old_text, permissions) = self.read()?;
        let mut document: DocumentMut = old_text.parse().map_err(|_| self.unwritable())?;
        let is_first =
            document.get("profiles").is_none_or(|profiles| profiles.as_table_like().is_none_or(TableLike::is_empty));
        if is_first && !document.contains_key("default_profile") {
            document.insert("default_profile", value(self.profile));
        }
        // Comments after the last table would else stand behind the new one.
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        let section = self.section(&mut document).and_then(Item::as_table_like_mut).ok_or_else(|| self.unwritable())?;
        let is_new = section.is_empty();
        if !section.contains_key("base_url") {
            section.insert("base_url", value(base_url));
        }
        let (key, other, text) = match source {
            NewSource::Stored(_) => ("token_file", "token_command", value(stored_token_name(self.api, self.profile))),
            NewSource::Command(words) => ("token_command", "token_file", value(words.iter().collect::<Array>())),
        };
        if let Some(decor) = section.key(other).map(|key| key.leaf_decor().clone()) {
            section.remove(other);
            section.insert(key, text);
            section.key_mut(key).into_iter().for_each(|mut key| *key.leaf_decor_mut() = decor.clone());
        } else if !section.contains_key(key) {
            section.insert(key, text);
        }
        if let (true, Some(table)) = (is_new, self.section(&mut document).and_then(Item::as_table_mut)) {
            table.decor_mut().set_prefix(format!("{}\n", trailing.trim_end_matches('\n')));
            document.set_trailing("");
        }
        if let NewSource::Stored(secret) = source {
            let line = format!("{}\n", secret.expose());
            replace(&self.token_path(), line.as_bytes(), None)?;
        }
        replace(&self.target(), document.to_string().as_bytes(), permissions)?;
        if let NewSource::Command(_) = source {
            self.forget_token()?;
        }
        Ok(())
    }

    /// Removes line `line`, from 1, which names the stored token, from the configuration, and the token.
    pub fn forget(&self, line: usize) -> Result<()> {
        let (text, permissions) = self.read()?;
        let is_named = |text: &str| text.trim_start().starts_with("token_file");
        let mut lines: Vec<_> = text.split_inclusive('\n').collect();
        if !lines.get(line - 1).is_some_and(|line| is_named(line)) {
            let message =
                format!("`token_file` does not stand in a line of its own ({}:{line})", self.config.display());
            return Err(Error::new(Kind::Config, message).hint("remove it by hand").at(self.config, Some(line)));
        }
        lines.remove(line - 1);
        replace(&self.target(), lines.concat().as_bytes(), permissions)?;
        self.forget_token()
    }

    fn forget_token(&self) -> Result<()> {
        match fs::remove_file(self.token_path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&self.token_path(), error)),
            _ => Ok(()),
        }
    }

    /// The configuration's text, without a byte order mark, and its permissions; nothing if there is none yet.
    fn read(&self) -> Result<(String, Option<Permissions>)> {
        match fs::read_to_string(self.config).and_then(|text| Ok((text, fs::metadata(self.config)?.permissions()))) {
            Ok((text, permissions)) => Ok((text.trim_start_matches('\u{feff}').to_owned(), Some(permissions))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((String::new(), None)),
            Err(error) => Err(failed(self.config, error)),
        }
    }

    /// The file that a link leads to.
    fn target(&self) -> PathBuf {
        self.config.canonicalize().unwrap_or_else(|_| self.config.to_owned())
    }

    /// The section of the API, made if it is missing.
    fn section<'d>(&self, document: &'d mut DocumentMut) -> Option<&'d mut Item> {
        let mut item = document.as_item_mut();
        for (key, is_implicit) in [("profiles", true), (self.profile, true), (self.api, false)] {
            item = item.as_table_like_mut()?.entry(key).or_insert_with(|| {
                let mut table = Table::new();
                table.set_implicit(is_implicit);
                Item::Table(table)
            });
        }
        Some(item)
    }

    fn unwritable(&self) -> Error {
        let message = format!("{} has no place for [profiles.{}.{}]", self.config.display(), self.profile, self.api);
        Error::new(Kind::Config, message)
            .hint("write that section by hand first, with its base_url")
            .at(self.config, None)
    }
}

/// Makes the directory of a file, for its user only.
fn make_directory(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path.parent().unwrap_or(path)).map_err(|error| failed(path, error))
}

/// Replaces a file; the old one stays until the new one is complete.
fn replace(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> Result<()> {
    let persist = |file: NamedTempFile| Ok(file.persist(path).map(drop)?);
    complete(path, bytes, permissions).and_then(persist).map_err(|error| failed(path, error))
}

/// A complete file beside `path` that only its user can read, or with these permissions.
fn complete(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".acctq-").tempfile_in(path.parent().unwrap_or(path))?;
    file.as_file_mut().write_all(bytes)?;
    permissions.map_or(Ok(()), |permissions| file.as_file().set_permissions(permissions))?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn failed(path: &Path, error: io::Error) -> Error {
    let message = format!("cannot write {}", path.display());
    Error::new(Kind::Failed, message)
        .hint("is the disk full, or the directory not yours?")
        .because(error)
        .at(path, None)
}
