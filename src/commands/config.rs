//! `config init`, `config show`, `config path`.

use clap::Subcommand;

use super::{Context, Ending};
use crate::config::{self, Settings};
use crate::error::Result;
use crate::flags::{Leaf, Takes};
use crate::json;
use crate::output::{Format, document};

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented template, for nobody else to read; never overwrites
    #[command(after_help = "Example:\n  acctq config init")]
    Init(Leaf<Init>),
    /// The effective values, where each came from, and the profiles; tokens are not shown
    #[command(after_help = "Examples:\n  acctq config show\n  acctq -p prod config show -o json")]
    Show(Leaf<Show>),
    /// Where the configuration is looked for
    #[command(after_help = "Example:\n  acctq config path")]
    Path(Leaf<Path>),
}

/// `config init`
#[derive(Debug, clap::Args)]
pub struct Init {}

impl Takes for Init {
    const FLAGS: &'static [&'static str] = &["config"];
}

/// `config show`
#[derive(Debug, clap::Args)]
pub struct Show {}

impl Takes for Show {
    const FLAGS: &'static [&'static str] = &["profile", "output", "timeout", "retries", "config"];
}

/// `config path`
#[derive(Debug, clap::Args)]
pub struct Path {}

impl Takes for Path {
    const FLAGS: &'static [&'static str] = &["config"];
}

impl Takes for Command {
    const FLAGS: &'static [&'static str] = &["profile", "output", "timeout", "retries", "config"];
}

/// Does it.
pub fn run(command: &Command, context: &Context<'_>) -> Result<Ending> {
    let Context { flags, env, ui, .. } = context;
    let flags = flags.for_config();
    match command {
        Command::Init(Leaf(Init {})) => {
            let written = config::init(&flags, env)?;
            ui.print(format!("{}\n", written.path.display()).as_bytes())?;
            ui.note(&format!(
                "written; next: put your base URLs and token sources into it, then `{}`",
                written.show
            ));
        }
        Command::Path(Leaf(Path {})) => {
            let path = config::path(&flags, env)?;
            ui.print(format!("{}\n", path.value.display()).as_bytes())?;
        }
        Command::Show(Leaf(Show {})) => {
            let settings = Settings::load(&flags, env)?;
            ui.print(&show(&settings, ui.screen()))?;
        }
    }
    Ok(Ending::Done)
}

fn show(settings: &Settings, screen: crate::output::table::Screen) -> Vec<u8> {
    let rows = settings.rows();
    if settings.output.value == Format::Table {
        let profiles = (
            "profiles".to_owned(),
            settings.profiles.join(", "),
            String::new(),
        );
        let rows = rows.into_iter().chain([profiles]);
        let rows: Vec<_> = rows
            .map(|(name, value, origin)| [name, value, origin])
            .collect();
        return crate::output::table::grid(&["Setting", "Value", "From"], &rows, screen);
    }
    let mut members: Vec<_> = rows
        .iter()
        .map(|(name, value, origin)| {
            let (name, value, origin) = (
                json::string(name),
                json::string(value),
                json::string(origin),
            );
            format!("{name}:{{\"value\":{value},\"origin\":{origin}}}")
        })
        .collect();
    let profiles: Vec<_> = settings
        .profiles
        .iter()
        .map(|name| json::string(name))
        .collect();
    members.push(format!("\"profiles\":[{}]", profiles.join(",")));
    document(settings.output.value, format!("{{{}}}", members.join(",")))
}
