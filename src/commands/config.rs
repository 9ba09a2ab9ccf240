//! `config init`, `config show`, `config path`.

use clap::Subcommand;
use serde_json::{Map, json};

use super::{CommandStatus, Context};
use crate::config::{self, Settings};
use crate::error::Result;
use crate::flags::{Deferred, Takes};
use crate::output::{self, Screen};

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented template that only you can read; never overwrites
    #[command(after_help = "Example:\n  acctq config init")]
    Init(Deferred<File>),
    /// Show the values in effect, where each comes from, and the profiles; never a token
    #[command(after_help = "Examples:\n  acctq config show\n  acctq -p prod config show -o json")]
    Show(Deferred<Show>),
    /// Print the path of the configuration file
    #[command(after_help = "Example:\n  acctq config path")]
    Path(Deferred<File>),
}

/// A command about the configuration file only.
#[derive(Debug, clap::Args)]
pub struct File {}

#[derive(Debug, clap::Args)]
pub struct Show {}

impl Takes for Show {
    const FLAGS: &'static [&'static str] = &["profile", "output", "timeout", "retries", "config"];
}

impl Takes for File {
    const FLAGS: &'static [&'static str] = &["config"];
}

impl Takes for Command {
    const FLAGS: &'static [&'static str] = Show::FLAGS;
}

/// Runs the command.
pub fn run(command: &Command, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, .. } = context;
    let flags = flags.for_config();
    match command {
        Command::Init(_) => {
            let path = config::config_path(&flags, env)?;
            config::init(&path.value)?;
            ui.print(format!("{}\n", path.value.display()).as_bytes())?;
            ui.note("next: put your base URLs and token sources into it, then run `acctq config show`");
        }
        Command::Path(_) => {
            let path = config::config_path(&flags, env)?;
            ui.print(format!("{}\n", path.value.display()).as_bytes())?;
        }
        Command::Show(_) => {
            let settings = Settings::survey(&flags, env)?;
            let rows = settings.rows(&config::redactor(&flags, env));
            ui.print(&show(&settings, rows, ui.screen()))?;
            settings.mistake.map_or(Ok(()), Err)?;
        }
    }
    Ok(CommandStatus::Done)
}

fn show(settings: &Settings, rows: Vec<(String, String, String)>, screen: Screen) -> Vec<u8> {
    let rows = rows.into_iter();
    let format = settings.output.value.for_other_results();
    if !format.is_table() {
        let values = rows.map(|(name, value, origin)| (name, json!({"value": value, "origin": origin})));
        let profiles = ("profiles".to_owned(), json!(settings.profiles));
        let document: Map<_, _> = values.chain([profiles]).collect();
        return output::document(format, &document);
    }
    let profiles = ("profiles".to_owned(), settings.profiles.join(", "), String::new());
    let rows: Vec<_> = rows.chain([profiles]).map(|(name, value, origin)| vec![name, value, origin]).collect();
    output::table(&["Setting", "Value", "From"], &rows, screen.of(format)).into_bytes()
}
