//! `man`: a page for each command, and one for expressions.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::help::EXPRESSIONS;
use super::{CommandStatus, Context};
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;

/// `<DIR>`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to write into; it must exist
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    dir: PathBuf,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[];
}

/// What stands at the foot of each page.
const SOURCE: &str = concat!("acctq ", env!("CARGO_PKG_VERSION"));

/// Writes the pages.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let dir = args.dir.display();
    let written = write_page(&(context.tree)(), &args.dir).and_then(|()| write_expressions(&args.dir));
    written.map_err(|e| {
        Error::new(Kind::Failed, format!("the man pages could not be written to {dir}"))
            .hint("does the folder exist, and may you write there?")
            .because(e)
    })?;
    context.ui.note(&format!("man pages written to {dir}"));
    Ok(CommandStatus::Done)
}

/// Writes the page of a command and those of its subcommands.
fn write_page(command: &clap::Command, dir: &Path) -> io::Result<()> {
    for subcommand in command.get_subcommands() {
        write_page(subcommand, dir)?;
    }
    let examples = command.get_after_help().map(ToString::to_string);
    let man = Man::new(command.clone().after_help(None))
        // Without a date the source would take its place.
        .date(" ")
        .source(SOURCE);
    let mut page = Vec::new();
    man.render(&mut page)?;
    // clap_mangen would fill these lines like a paragraph, under the heading EXTRA.
    let mut section = Roff::new();
    unfilled(&mut section, "EXAMPLES", &examples.unwrap_or_default());
    section.to_writer(&mut page)?;
    write(&dir.join(man.get_filename()), &page)
}

/// Writes the page of `acctq help expressions`.
fn write_expressions(dir: &Path) -> io::Result<()> {
    let mut page = Roff::new();
    page.control("TH", ["acctq-expressions", "1", " ", SOURCE])
        .control("SH", ["NAME"])
        .text([roman("acctq-expressions - what check, wait and list compare accounts with")]);
    let (text, examples) = EXPRESSIONS.split_once("\nExamples:\n").unwrap_or((EXPRESSIONS, ""));
    let (_, text) = text.split_once("\n\n").unwrap_or(("", text));
    unfilled(&mut page, "DESCRIPTION", text);
    unfilled(&mut page, "EXAMPLES", examples);
    let mut bytes = Vec::new();
    page.to_writer(&mut bytes)?;
    write(&dir.join("acctq-expressions.1"), &bytes)
}

/// Writes a page whose commands can be copied: groff 1.23 makes typography of the signs that roff does not escape.
fn write(path: &Path, page: &[u8]) -> io::Result<()> {
    let page = String::from_utf8_lossy(page);
    fs::write(path, page.replace('~', r"\(ti").replace('^', r"\(ha").replace('`', r"\(ga"))
}

/// A section whose lines stay as they are.
fn unfilled(page: &mut Roff, heading: &str, text: &str) {
    page.control("SH", [heading]).control("nf", []);
    let lines = text.lines().filter(|line| !matches!(*line, "Example:" | "Examples:"));
    for line in lines {
        page.text([roman(line)]);
    }
    page.control("fi", []);
}
