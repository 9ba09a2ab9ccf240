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
pub mod json;
mod nearest;
pub mod output;
mod process;
pub mod sandbox;
pub mod ui;
mod wrap;

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
    let early = Ui::new(cli::manner_of(args, env), env);
    let (ui, ending) = match parse(args, env, &early) {
        Ok(None) => (early, Ok(Ending::Done)),
        Ok(Some((cli, ui))) => {
            let context = Context {
                flags: &cli.flags,
                env,
                ui: &ui,
            };
            let ending = process::without_panics(|| cli.command.run(&context));
            (ui, ending)
        }
        Err(error) => (early, Err(error)),
    };
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
fn parse(args: &[OsString], env: &Environment, early: &Ui) -> Result<Option<(cli::Cli, Ui)>> {
    match cli::parse(args, early.screen().width)? {
        Parsed::Text(text) => {
            early.print(text.as_bytes())?;
            Ok(None)
        }
        Parsed::Run(cli) => {
            let ui = Ui::new(cli.flags.manner(env), env);
            Ok(Some((*cli, ui)))
        }
    }
}
