//! `partner account redeem-url`: the link with which a customer signs up. It holds the activation token, so standard output is the
//! only place that shows it.

use serde_json::json;

use super::get::show;
use super::session::Session;
use super::{CommandStatus, Context};
use crate::account::PARTNER;
use crate::account::redeem_url;
use crate::error::Result;
use crate::flags::Takes;
use crate::output::document;

/// `<UID>`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The link is a secret: it redeems the promotion, whoever opens it. An account
whose sign-up is completed has none (exit code 10).

Examples:
  acctq -p sandbox partner account redeem-url entitled-family
  acctq -p sandbox partner account redeem-url entitled-family -o json")]
pub struct Args {
    /// The uid of an entitled account
    #[arg(value_name = "UID")]
    uid: String,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &["profile", "output", "strict", "timeout", "retries", "config", "verbose"];
}

/// Prints the link.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let id = PARTNER.parse_id(&args.uid)?;
    let session = Session::open(context, &context.flags.for_config())?;
    show(&id, &session, context, |account, target| {
        let url = redeem_url(account).map_err(|error| target.describe(error.with_prefix(&format!("{target}: "))))?;
        Ok(match session.settings.output.value.for_other_results() {
            format if format.is_table() => format!("{url}\n").into_bytes(),
            format => document(format, &json!({ "redeem_url": url })),
        })
    })?;
    Ok(CommandStatus::Done)
}
