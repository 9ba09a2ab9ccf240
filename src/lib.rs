//! Looks up accounts in two billing APIs: a Connect connected account and a Partner billing account.
//!
//! [`run`] is the whole program; the modules below it are its rooms. `commands` bring the others together; `account` knows
//! what an account is, `client` how to ask for one, `config` where and with which token, `output` how to show it.

pub mod account;
mod amount;
pub mod batch;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod error;
pub mod escape;
pub mod expression;
pub mod flags;
pub mod interrupt;
pub mod json;
mod nearest;
pub mod output;
mod process;
pub mod sandbox;
mod toml_document;
pub mod ui;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use cli::Parsed;
use commands::{Context, Ending};
use config::Environment;
use error::{Kind, Result};
use interrupt::{Interrupt, Outcome};
use ui::Ui;

/// Runs the program with these arguments (the first is its name) and this environment, and says how it ended.
///
/// This is the one place that turns a result into an exit code.
#[must_use]
pub fn run(args: &[OsString], env: Environment) -> ExitCode {
    process::harden();
    process::quieten_panics();
    let mut ui = Arc::new(Ui::new(cli::manner_of(args, &env), &env));
    let ending = process::without_panics(|| {
        let Some(cli) = parse(args, &ui)? else {
            return Ok(Ending::Done);
        };
        ui = Arc::new(Ui::new(cli.flags.manner(&env), &env));
        obey(cli, env, ui.clone())
    });
    match ending {
        _ if ui.reader_gone() => ExitCode::SUCCESS,
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Failed(kind)) => ExitCode::from(kind.exit_code()),
        Err(error) => {
            let kind = error.kind();
            if let Kind::Interrupted | Kind::Terminated = kind {
                // Who has stalled standard error does not keep us either.
                interrupt::within(interrupt::PATIENCE, move || ui.error(&error));
            } else {
                ui.error(&error);
            }
            ExitCode::from(kind.exit_code())
        }
    }
}

/// Does what the command line says; what waits for others, so that a signal ends it.
fn obey(cli: cli::Cli, env: Environment, ui: Arc<Ui>) -> Result<Ending> {
    let interrupt = Arc::new(Interrupt::default());
    let heard = interrupt.clone();
    let waits = cli.command.waits();
    // A panic is told by the thread that it happened on.
    let work = move || {
        process::without_panics(|| {
            cli.command.run(&Context {
                flags: &cli.flags,
                env: &env,
                ui: &ui,
                interrupt: &interrupt,
                tree: cli::documented,
            })
        })
    };
    if !waits {
        return work();
    }
    match interrupt::supervise(&heard, work)? {
        Outcome::Ended(ending) => ending,
        Outcome::Signalled(_, Some(error)) => Err(error),
        Outcome::Signalled(kind, None) => Ok(Ending::Failed(kind)),
    }
}

/// Understands the command line; what it asks to be told (help, version) is told.
fn parse(args: &[OsString], ui: &Ui) -> Result<Option<cli::Cli>> {
    match cli::parse(args, ui.screen().width)? {
        Parsed::Text(text) => ui.print(text.as_bytes()).map(|()| None),
        Parsed::Run(cli) => Ok(Some(*cli)),
    }
}
