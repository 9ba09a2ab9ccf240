//! One file a command: its arguments beside what it does. Here they are brought together.

mod check;
mod clients;
mod completions;
mod config;
mod drifts;
mod help;
mod list;
mod look_up;
mod man;
mod portions;
mod question;
mod sandbox;
mod schema;
mod under_way;
mod veil;
mod wait;

pub use help::TOPICS;

use std::sync::Arc;

use clap::Subcommand;

use crate::account::{CONNECTED, Id, PARTNER, RESOURCES, id};
use crate::config::Environment;
use crate::error::{Kind, Result};
use crate::flags::{GlobalFlags, Group, LOOK_UP, Leaf, Takes};
use crate::interrupt::Interrupt;
use crate::ui::Ui;

/// What a command works with.
pub struct Context<'a> {
    /// The global flags.
    pub flags: &'a GlobalFlags,
    /// The process's environment.
    pub env: &'a Environment,
    /// The streams.
    pub ui: &'a Arc<Ui>,
    /// What it does about a signal.
    pub interrupt: &'a Interrupt,
    /// The tree of commands that is documented.
    pub tree: fn() -> clap::Command,
}

/// How a command that could do its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All is well.
    Done,
    /// Some of it failed, or the answer is no, and that has been reported; or a signal was the end that was meant.
    Failed(Kind),
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Connected accounts, at Connect
    #[command(
        subcommand,
        after_help = "Example:\n  acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7"
    )]
    Cacc(Group<Cacc>),
    /// Partner billing accounts, at Partner
    #[command(
        subcommand,
        after_help = "Example:\n  acctq -p sandbox partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b"
    )]
    Partner(Group<Partner>),
    /// Look up any account: cacc_… at Connect, anything else at Partner
    #[command(after_help = "\
Examples:
  acctq -p sandbox get cacc_7n42DGM5Tflk9n8mt7Fhc7
  acctq -p sandbox get cacc_activestandard provisioned-family -o ndjson
  acctq -p sandbox get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b -F status,ends_at
  acctq get - -o ndjson <ids >found.ndjson 2>failed.ndjson")]
    Get(Leaf<look_up::Args>),
    /// Whether what is expected of an account holds, or of all accounts of a suite: exit 0, or 10
    Check(Leaf<check::Args>),
    /// Wait until an account is in the wanted state
    Wait(Leaf<wait::Args>),
    /// The configuration: write a template, show what is in force
    #[command(subcommand, after_help = "Example:\n  acctq config show")]
    Config(Group<config::Command>),
    /// The JSON Schema of what -o json prints
    #[command(after_help = "Example:\n  acctq schema cacc")]
    Schema(Leaf<schema::Args>),
    /// Serve both APIs on loopback, for trying things, until interrupted
    Sandbox(Leaf<sandbox::Args>),
    /// The completions of a shell
    Completions(Leaf<completions::Args>),
    /// Write the man pages into a folder
    #[command(after_help = "Example:\n  acctq man ~/.local/share/man/man1")]
    Man(Leaf<man::Args>),
    /// Help on a command or a topic: environment, exit-codes, output, config, expressions
    #[command(after_help = "Examples:\n  acctq help cacc get\n  acctq help exit-codes")]
    Help(Leaf<help::Args>),
}

/// `acctq cacc`
#[derive(Debug, Subcommand)]
pub enum Cacc {
    /// Look up connected accounts by id
    #[command(after_help = "\
Examples:
  acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7
  acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7 -o json
  acctq -p sandbox cacc get cacc_activestandard cacc_pendingexpress -F id,status
  acctq cacc get - -o ndjson <ids >found.ndjson 2>failed.ndjson")]
    Get(Leaf<look_up::Args>),
    /// List the connected accounts of the platform
    #[command(after_help = "\
Examples:
  acctq -p sandbox cacc list
  acctq -p sandbox cacc list --where status=pending --sort created_at
  acctq -p sandbox cacc list --where 'metadata.plan=pro|starter' -F id,status
  acctq -p sandbox cacc list --sort -created_at --limit 3 -o json
  acctq cacc list -o ndjson >accounts.ndjson

Accounts are shown as they arrive. --timeout bounds the way to the first one and
the time that each takes, not the list. A list that is cut off exits 9 and
leaves a JSON array open; an empty one is a success.")]
    List(Leaf<list::Args>),
}

/// `acctq partner`
#[derive(Debug, Subcommand)]
pub enum Partner {
    /// Billing accounts
    #[command(
        subcommand,
        after_help = "Example:\n  acctq -p sandbox partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b"
    )]
    Account(Group<PartnerAccount>),
}

/// `acctq partner account`
#[derive(Debug, Subcommand)]
pub enum PartnerAccount {
    /// Look up partner billing accounts by uid
    #[command(after_help = "\
Examples:
  acctq -p sandbox partner account get aabee51b-0be2-4a0c-aa39-5bbcbb903d1b
  acctq -p sandbox partner account get provisioned-family -o yaml
  acctq -p sandbox partner account get ending --reveal -F activation_token
  acctq partner account get - --rate 10/s -F status,ends_at <uids")]
    Get(Leaf<look_up::Args>),
}

impl Takes for Cacc {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

impl Takes for Partner {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

impl Takes for PartnerAccount {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

impl Command {
    /// Whether it waits for others, so that a signal has to end it: the other commands are over in no time.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(
            self,
            Command::Cacc(_)
                | Command::Partner(_)
                | Command::Get(_)
                | Command::Check(_)
                | Command::Wait(_)
                | Command::Sandbox(_)
        )
    }

    /// Does it.
    ///
    /// # Errors
    /// What ended it; failures of single accounts among several have been reported before.
    pub fn run(&self, context: &Context<'_>) -> Result<Ending> {
        let connected = |text: &str| -> Result<Id> { CONNECTED.parse_id(text) };
        let partner = |text: &str| -> Result<Id> { PARTNER.parse_id(text) };
        match self {
            Command::Cacc(Group(Cacc::Get(Leaf(args)))) => {
                look_up::run(args, &[&CONNECTED], connected, context)
            }
            Command::Cacc(Group(Cacc::List(Leaf(args)))) => list::run(args, context),
            Command::Partner(Group(Partner::Account(Group(PartnerAccount::Get(Leaf(args)))))) => {
                look_up::run(args, &[&PARTNER], partner, context)
            }
            Command::Get(Leaf(args)) => look_up::run(args, &RESOURCES, id::route, context),
            Command::Wait(Leaf(args)) => wait::run(args, context),
            Command::Check(Leaf(args)) => check::run(args, context),
            Command::Config(Group(command)) => config::run(command, context),
            Command::Schema(Leaf(args)) => schema::run(args, context),
            Command::Sandbox(Leaf(args)) => sandbox::run(args, context),
            Command::Completions(Leaf(args)) => completions::run(args, context),
            Command::Man(Leaf(args)) => man::run(args, context),
            Command::Help(Leaf(args)) => help::run(args, context),
        }
    }
}
