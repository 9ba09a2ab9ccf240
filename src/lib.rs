//! Looks up accounts in two billing APIs: a Connect connected account and a Partner billing account.
//!
//! [`run`] is the whole program; the modules below it are its rooms. `commands` bring the others together; `account` knows
//! what an account is, `client` how to ask for one, `config` where and with which token, `output` how to show it.

pub mod account;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod error;
pub mod escape;
pub mod flags;
pub mod json;
mod nearest;
pub mod output;
mod process;
pub mod sandbox;
pub mod ui;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Parsed;
use commands::{Context, Ending};
use config::Environment;
use error::Result;
use ui::Ui;

/// Runs the program with these arguments (the first is its name) and this environment, and says how it ended.
///
/// This is the one place that turns a result into an exit code.
#[must_use]
pub fn run(args: &[OsString], env: &Environment) -> ExitCode {
    process::harden();
    let mut ui = Ui::new(cli::manner_of(args, env), env);
    let ending = process::without_panics(|| {
        let Some(cli) = parse(args, &ui)? else {
            return Ok(Ending::Done);
        };
        ui = Ui::new(cli.flags.manner(env), env);
        cli.command.run(&Context {
            flags: &cli.flags,
            env,
            ui: &ui,
            tree: cli::documented,
        })
    });
    match ending {
        _ if ui.reader_gone() => ExitCode::SUCCESS,
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Failed(kind)) => ExitCode::from(kind.exit_code()),
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// Understands the command line; what it asks to be told (help, version) is told.
fn parse(args: &[OsString], ui: &Ui) -> Result<Option<cli::Cli>> {
    match cli::parse(args, ui.screen().width)? {
        Parsed::Text(text) => ui.print(text.as_bytes()).map(|()| None),
        Parsed::Run(cli) => Ok(Some(*cli)),
    }
}
