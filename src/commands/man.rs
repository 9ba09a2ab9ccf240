//! `man`: a page for each command.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::{Context, Ending};
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;

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
    write(&(context.tree)(), dir).map_err(|e| {
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

/// Writes the page of a command and those of the commands below it.
fn write(command: &clap::Command, dir: &Path) -> io::Result<()> {
    for below in command.get_subcommands() {
        write(below, dir)?;
    }
    let examples = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let man = Man::new(command.clone().after_help(None))
        // An empty date would be left out, and the source would stand in its place.
        .date(" ")
        .source(concat!("acctq ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render(&mut page)?;
    // clap_mangen would fill these lines like a paragraph, under the heading EXTRA.
    let lines = examples
        .lines()
        .filter(|line| !matches!(*line, "Example:" | "Examples:"));
    let mut section = Roff::new();
    section.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in lines {
        section.text([roman(line)]);
    }
    section.control("fi", []);
    section.to_writer(&mut page)?;
    fs::write(dir.join(man.get_filename()), page)
}
