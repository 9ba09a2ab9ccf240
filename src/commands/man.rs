//! `man`: a page for each command.

use std::path::PathBuf;

use super::{Context, Ending};
use crate::cli::{self, Takes};
use crate::error::{Error, Kind, Result};

/// `<DIR>`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to write into; it must exist
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[];
}

/// Writes them.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Args { dir } = args;
    clap_mangen::generate_to(cli::documented(), dir).map_err(|e| {
        Error::new(
            Kind::Failed,
            format!("the man pages could not be written to {}", dir.display()),
        )
        .hint("does the folder exist, and may you write there?")
        .because(e)
    })?;
    context
        .ui
        .note(&format!("man pages written to {}", dir.display()));
    Ok(Ending::Done)
}
