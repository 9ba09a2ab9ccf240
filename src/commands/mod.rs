//! The tree of the commands. Each has a file with its arguments and what it does; the other files are what several of them share.

mod auth;
mod breaker;
mod check;
mod compare;
mod completions;
mod config;
mod curl;
mod get;
mod help;
mod input;
mod list;
mod list_count;
mod list_sort;
mod login;
mod man;
mod many;
mod poll;
mod records;
mod redeem_url;
mod results;
mod sandbox;
mod schema;
mod session;
mod violations;
mod wait;

pub use help::TOPICS;

use std::sync::Arc;

use clap::Subcommand;

use crate::account::redact::Tokens;
use crate::account::{CONNECTED, PARTNER, RESOURCES, Redactor};
use crate::environment::Environment;
use crate::error::{Kind, Result};
use crate::flags::{Deferred, GlobalFlags, Takes};
use crate::signals::Shutdown;
use crate::ui::Ui;

/// What a command works with.
pub struct Context<'a> {
    pub flags: &'a GlobalFlags,
    pub env: &'a Environment,
    pub ui: &'a Arc<Ui>,
    pub shutdown: &'a Shutdown,
    /// The tokens that are read.
    pub tokens: Tokens,
    /// The whole tree of commands, which stands above them.
    pub tree: fn() -> clap::Command,
}

impl Context<'_> {
    /// What must not be shown in this run.
    pub fn redactor(&self) -> Redactor {
        let redactor = Redactor::new(self.flags.reveal, self.tokens.clone());
        if self.flags.redact { redactor.for_tickets() } else { redactor }
    }
}

/// How a command that could do its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandStatus {
    Done,
    /// Something failed or the answer is no, and that has been reported; or a signal was the expected end.
    Failed(Kind),
}

impl From<Kind> for CommandStatus {
    fn from(kind: Kind) -> Self {
        CommandStatus::Failed(kind)
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look up and list connected accounts at Connect
    #[command(subcommand)]
    Cacc(Deferred<Cacc>),
    /// Look up billing accounts of 1Password, and the links to redeem them
    #[command(subcommand)]
    Partner(Deferred<Partner>),
    /// Look up any account: cacc_… at Connect, anything else at Partner
    #[command(after_help = "\
Examples:
  acctq -p sandbox get cacc_7n42DGM5Tflk9n8mt7Fhc7
  acctq -p sandbox get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b -F status,ends_at
  acctq get - -o ndjson <ids >found.ndjson 2>failed.ndjson
  acctq get - --column 3 -o csv -F id,status <export.csv >answer.csv")]
    Get(Deferred<input::Args>),
    /// Check expectations about one account, or a suite of them: exit 0 or 10
    Check(Deferred<check::Args>),
    /// Compare an account in several profiles, field by field: exit 0 or 10
    Compare(Deferred<compare::Args>),
    /// Wait until an account is in the wanted state
    Wait(Deferred<wait::Args>),
    /// Store the tokens of profiles, and try them
    #[command(subcommand)]
    Auth(Deferred<auth::Command>),
    /// Show the configuration in effect, or write a template
    #[command(subcommand, after_help = "Example:\n  acctq config show")]
    Config(Deferred<config::Command>),
    /// Print the JSON Schema of what -o json prints
    #[command(after_help = "Example:\n  acctq schema cacc")]
    Schema(Deferred<schema::Args>),
    /// Serve both APIs on loopback with made-up accounts, until interrupted
    Sandbox(Deferred<sandbox::Args>),
    /// Print the completions of a shell
    Completions(Deferred<completions::Args>),
    /// Write the man pages into a directory
    #[command(after_help = "Example:\n  acctq man ~/.local/share/man/man1")]
    Man(Deferred<man::Args>),
    /// Help on a command or a topic: environment, exit-codes, output, config, expressions, fields
    #[command(after_help = "Examples:\n  acctq help cacc get\n  acctq help exit-codes")]
    Help(Deferred<help::Args>),
}

#[derive(Debug, Subcommand)]
pub enum Cacc {
    /// Look up connected accounts by id
    #[command(after_help = "\
Examples:
  acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7
  acctq -p sandbox cacc get cacc_activestandard cacc_pendingexpress -F id,status
  acctq cacc get - -o ndjson <ids >found.ndjson 2>failed.ndjson
  acctq cacc get - --column 3 -o csv -F id,status <export.csv >answer.csv")]
    Get(Deferred<input::Args>),
    /// List the connected accounts of the platform
    #[command(after_help = include_str!("help/list.txt").trim_end())]
    List(Deferred<list::Args>),
}

#[derive(Debug, Subcommand)]
pub enum Partner {
    /// Look up billing accounts, and the links to redeem them
    #[command(subcommand)]
    Account(Deferred<PartnerAccount>),
}

#[derive(Debug, Subcommand)]
pub enum PartnerAccount {
    /// Look up billing accounts by uid
    #[command(after_help = "\
Examples:
  acctq -p sandbox partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b
  acctq -p sandbox partner account get ending --reveal -F activation_token
  acctq partner account get - --rate 10/s -F status,ends_at <uids")]
    Get(Deferred<input::Args>),
    /// Print the link with which the customer of an entitled account signs up
    RedeemUrl(Deferred<redeem_url::Args>),
}

impl Takes for Cacc {}
impl Takes for Partner {}
impl Takes for PartnerAccount {}

impl Command {
    /// Whether the command waits for others, so that a signal has to end it: the other commands return at once.
    pub fn waits(&self) -> bool {
        use Command::{Auth, Cacc, Check, Compare, Get, Partner, Sandbox, Wait};
        matches!(self, Auth(_) | Cacc(_) | Partner(_) | Get(_) | Check(_) | Compare(_) | Wait(_) | Sandbox(_))
    }

    pub fn run(&self, context: &Context<'_>) -> Result<CommandStatus> {
        match self {
            Command::Cacc(Deferred(Cacc::Get(Deferred(args)))) => get::run(args, &[&CONNECTED], context),
            Command::Cacc(Deferred(Cacc::List(Deferred(args)))) => list::run(args, context),
            Command::Partner(Deferred(Partner::Account(Deferred(command)))) => match command {
                PartnerAccount::Get(Deferred(args)) => get::run(args, &[&PARTNER], context),
                PartnerAccount::RedeemUrl(Deferred(args)) => redeem_url::run(args, context),
            },
            Command::Get(Deferred(args)) => get::run(args, &RESOURCES, context),
            Command::Check(Deferred(args)) => check::run(args, context),
            Command::Compare(Deferred(args)) => compare::run(args, context),
            Command::Wait(Deferred(args)) => wait::run(args, context),
            Command::Auth(Deferred(command)) => auth::run(command, context),
            Command::Config(Deferred(command)) => config::run(command, context),
            Command::Schema(Deferred(args)) => schema::run(args, context),
            Command::Sandbox(Deferred(args)) => sandbox::run(args, context),
            Command::Completions(Deferred(args)) => completions::run(args, context),
            Command::Man(Deferred(args)) => man::run(args, context),
            Command::Help(Deferred(args)) => help::run(args, context),
        }
    }
}
