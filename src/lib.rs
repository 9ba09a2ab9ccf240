//! Looks up accounts in two billing APIs: a Connect connected account and a Partner billing account.
//!
//! [`run`] is the whole program. Dependencies point down: `commands` use `client`, `batch`, `expression`, `output`, `config` and
//! `sandbox`; these use `account`, which uses `json`, `error` and `text`.

mod account;
mod batch;
mod cli;
mod client;
mod commands;
mod config;
mod environment;
mod error;
mod expression;
mod flags;
mod hints;
mod json;
mod output;
mod process;
pub mod sandbox;
mod signals;
mod streams;
mod text;
mod ui;

pub use environment::Environment;
pub use text::is_forbidden;

/// What the fuzz targets reach into.
#[cfg(fuzzing)]
#[doc(hidden)]
#[allow(missing_docs)]
pub mod fuzzing {
    pub use crate::account::redact::{Redactor, Tokens};
    pub use crate::account::{Account, Document, PARTNER, RESOURCES, id::route};
    pub use crate::client::{Client, Limits, Run, Throttle};
    pub use crate::config::{BaseUrl, Endpoint, Flags, Settings};
    pub use crate::error::Error;
    pub use crate::expression::parse;
    pub use crate::output::{Format, Printer, Renderer, Screen};
    pub use crate::signals::Shutdown;
    pub use crate::text::escape;
}

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use account::redact::Tokens;
use cli::Parsed;
use commands::{CommandStatus, Context};
use error::{ErrorContext, Kind, Result};
use signals::Shutdown;
use ui::Ui;

/// Runs the program with these arguments (the first is its name) and this environment.
///
/// This is the one place that turns a result into an exit code.
pub fn run(args: &[OsString], env: Environment) -> ExitCode {
    process::harden();
    process::quieten_panics();
    let mut ui = Arc::new(Ui::new(cli::message_flags(args).ui_options(&env), &env));
    let (env, mut flags) = (Arc::new(env), config::Flags::default());
    let status = process::catch_panics(|| match cli::parse(args, ui.screen().width)? {
        Parsed::Text(text) => ui.print_page(&text).map(|()| CommandStatus::Done),
        Parsed::Run(cli) => {
            ui = Arc::new(Ui::new(cli.flags.ui_options(&env), &env));
            flags = cli.flags.for_config();
            run_command(*cli, env.clone(), ui.clone())
        }
    });
    // Arguments, suites and the configuration are parsed before a token is read, and errors repeat what is wrong with them.
    let status = status.map_err(|error| match error.kind() {
        Kind::Usage | Kind::Config => {
            let error = config::redactor(&flags, &env).withhold(error);
            // The error of an id names what its own text has.
            let hidden = hidden(args, &env).filter(|_| error.context().id.is_none());
            hidden.iter().fold(error, |error, words| error.with_suffix(words))
        }
        _ => error,
    });
    match status {
        _ if ui.is_reader_gone() => ExitCode::SUCCESS,
        Ok(CommandStatus::Done) => ExitCode::SUCCESS,
        Ok(CommandStatus::Failed(kind)) => ExitCode::from(kind.exit_code()),
        Err(error) => {
            let kind = error.kind();
            if let Kind::Interrupted | Kind::Terminated = kind {
                // A reader of standard error that has stalled must not delay the end.
                signals::within(signals::GRACE, move || {
                    ui.take_over();
                    ui.error(&error);
                });
            } else {
                ui.error(&error);
            }
            ExitCode::from(kind.exit_code())
        }
    }
}

/// Words about the first invisible character, or dash that is no hyphen, of the arguments and our variables.
fn hidden(args: &[OsString], env: &Environment) -> Option<String> {
    let args = args.iter().enumerate().skip(1).map(|(number, arg)| (format!("argument {number}"), arg));
    let variables = env.variables.iter().map(|(name, value)| (name.to_string_lossy().into_owned(), value));
    let is_hidden = |c: &char| *c != ' ' && (c.is_whitespace() || text::is_forbidden(*c) || text::is_dash(*c));
    args.chain(variables.filter(|(name, _)| name.starts_with("ACCTQ_"))).find_map(|(place, text)| {
        let c = text.to_string_lossy().chars().find(is_hidden)?;
        Some(format!("; {place} has {} in it", text::named(c)))
    })
}

/// Runs the command; one that waits for others can be ended by a signal.
fn run_command(cli: cli::Cli, env: Arc<Environment>, ui: Arc<Ui>) -> Result<CommandStatus> {
    let shutdown = Arc::new(Shutdown::default());
    let closed = ui.clone();
    shutdown.on_signal(move |_| closed.close());
    shutdown.doing("before anything was looked up".to_owned(), ErrorContext::default());
    let (supervised, waits) = (shutdown.clone(), cli.command.waits());
    let (tokens, tree) = (Tokens::default(), cli::tree);
    let work =
        move || cli.command.run(&Context { flags: &cli.flags, env: &env, ui: &ui, shutdown: &shutdown, tokens, tree });
    if waits { signals::supervise(&supervised, work) } else { work() }
}
