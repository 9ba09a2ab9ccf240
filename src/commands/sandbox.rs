//! `sandbox`: serve the built-in sandbox, for curl and scripts.

use std::fmt::Write as _;
use std::thread;

use serde_json::json;

use super::help::HELP_SCREEN;
use super::{CommandStatus, Context};
use crate::account::RESOURCES;
use crate::config;
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::output;
use crate::sandbox::{self, TOKEN};

/// `[--port N] [--accounts N]`
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub struct Args {
    /// Listen on this port of 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0, allow_hyphen_values = true)]
    port: u16,
    /// Serve this number of made-up accounts in Connect's list
    #[arg(long, value_name = "N", default_value_t = sandbox::ACCOUNTS, allow_hyphen_values = true)]
    accounts: u32,
}

/// The examples, and every id that the sandbox knows.
fn after_help() -> String {
    let mut text = include_str!("help/sandbox.txt").replace("{TOKEN}", TOKEN) + "\n";
    for resource in RESOURCES {
        let rows: Vec<_> = sandbox::rows(resource).map(Vec::from).collect();
        let head = format!("Answer of GET {}ID", resource.path);
        text += &output::table(&["ID", "Exit", &head], &rows, HELP_SCREEN);
        text.push('\n');
    }
    text
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &["output"];
}

/// Serves until a signal ends it, quietly: that is the end that is meant.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Args { port, accounts } = args;
    let Context { flags, env, ui, shutdown, .. } = context;
    shutdown.explain(|_| None);
    let format = config::output_setting(&flags.for_config(), env)?.value;
    let base_url = &sandbox::start(*port, *accounts).map_err(|e| {
        Error::new(Kind::Failed, format!("the sandbox cannot listen on 127.0.0.1:{port}"))
            .hint("is another program using that port? --port 0 takes a free one")
            .because(e)
    })?;
    if format.is_table() {
        let mut text = String::new();
        for resource in RESOURCES {
            let api = resource.api.to_uppercase();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "export ACCTQ_{api}_URL={base_url} ACCTQ_{api}_TOKEN={TOKEN}");
        }
        ui.print(text.as_bytes())?;
        ui.note(&format!("serving at {base_url} until interrupted (Ctrl-C); `acctq sandbox --help` lists the ids"));
    } else {
        ui.print(&output::document(format, &json!({"base_url": base_url, "token": TOKEN})))?;
    }
    loop {
        thread::park();
    }
}
