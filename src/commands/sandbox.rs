//! `sandbox`: the built-in sandbox, for curl and scripts.

use std::fmt::Write as _;

use super::{Context, Ending};
use crate::account::RESOURCES;
use crate::config::{self, parse_accounts, parse_port};
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::interrupt::LastWords;
use crate::json::string;
use crate::output::table::{Screen, grid};
use crate::output::{Format, document};
use crate::sandbox::{self, Server};

/// How wide the help is at the least, in columns.
const HELP_WIDTH: u16 = 80;

/// `[--port N] [--accounts N]`
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub struct Args {
    /// The port on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_port, allow_hyphen_values = true)]
    port: u16,
    /// How many made-up accounts Connect's list has; each is found by its id, too
    #[arg(long, value_name = "N", default_value_t = sandbox::ACCOUNTS, value_parser = parse_accounts, allow_hyphen_values = true)]
    accounts: u32,
}

/// The examples, and every id that the sandbox knows.
fn after_help() -> String {
    format!(
        "\
Examples:
  acctq sandbox --port 4010
  acctq sandbox --accounts 100000
  curl --oauth2-bearer {token} \\
    http://127.0.0.1:4010/api/v1/partners/accounts/ending
  curl --oauth2-bearer {token} \\
    http://127.0.0.1:4010/api/v1/connected-accounts
  ACCTQ_PARTNER_URL=http://127.0.0.1:4010 \\
    ACCTQ_PARTNER_TOKEN={token} acctq get gone

The same accounts are there without a server, in the profile `sandbox`:
  acctq -p sandbox get gone

{ids}",
        token = sandbox::TOKEN,
        ids = ids()
    )
}

/// Every id that the sandbox knows, and what comes of it.
fn ids() -> String {
    let screen = Screen {
        width: Some(HELP_WIDTH),
        ..Screen::default()
    };
    let mut text = String::new();
    for resource in RESOURCES {
        let rows = sandbox::rows().filter(|row| row.resource == resource);
        let rows: Vec<_> = rows
            .map(|row| {
                [
                    row.id.to_owned(),
                    row.exit_code.to_string(),
                    row.what.to_owned(),
                ]
            })
            .collect();
        let table = grid(
            &["ID", "Exit", &format!("Answer of GET {}ID", resource.path)],
            &rows,
            screen,
        );
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", String::from_utf8_lossy(&table));
    }
    text
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &["output"];
}

/// Serves until a signal ends it, quietly: that is what it waits for.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Args { port, accounts } = args;
    let Context {
        flags,
        env,
        ui,
        interrupt,
        ..
    } = context;
    interrupt.leave(LastWords {
        complete: Box::new(|_| ()),
        say: Box::new(|_| None),
    });
    let format = config::output(&flags.for_config(), env)?.value;
    let server = Server::with_accounts(*port, *accounts).map_err(|e| {
        Error::new(
            Kind::Failed,
            format!("the sandbox cannot listen on 127.0.0.1:{port}"),
        )
        .hint("is another program using that port? --port 0 takes a free one")
        .because(e)
    })?;
    let url = server.base_url();
    if format == Format::Table {
        let mut text = String::new();
        for resource in RESOURCES {
            let api = resource.api.to_uppercase();
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "export ACCTQ_{api}_URL={url} ACCTQ_{api}_TOKEN={}",
                sandbox::TOKEN
            );
        }
        ui.print(text.as_bytes())?;
        ui.note(&format!("the sandbox serves at {url} until interrupted (Ctrl-C); `acctq sandbox --help` lists its ids"));
    } else {
        let text = format!(
            "{{\"base_url\":{},\"token\":{}}}",
            string(&url),
            string(sandbox::TOKEN)
        );
        ui.print(&document(format, text))?;
    }
    server.wait();
    Ok(Ending::Done)
}
