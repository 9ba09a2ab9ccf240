//! `cacc get`, `partner account get` and `get`: the look-up of one id, in a straight line. Its failure is the failure of the command.

use std::ffi::OsString;
use std::time::Instant;

use jiff::Timestamp;

use super::input::{self, STDIN};
use super::session::{Session, Target};
use super::violations::{self, Warnings};
use super::{CommandStatus, Context, curl, get_many};
use crate::account::{Id, Resource};
use crate::client::Throttle;
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::output::Format;

/// `<ID|->...`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The ids to look up; - reads ids from standard input, one a line, or from CSV
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<OsString>,
    #[command(flatten)]
    pub batch: input::Args,
}

impl Takes for Args {}

/// Looks up ids of `resources`; `parse` knows to which one an id belongs.
pub fn run(
    args: &Args,
    resources: &[&'static Resource],
    parse: fn(&str) -> Result<Id>,
    context: &Context<'_>,
) -> Result<CommandStatus> {
    let is_one = |id: &OsString| id != STDIN && args.batch.skip == 0 && args.batch.column.is_none();
    match &args.ids[..] {
        [id] if context.flags.curl && is_one(id) => {
            let id = parse(&id.to_string_lossy())?;
            curl::print(id.resource(), Some(&id), context)
        }
        _ if context.flags.curl => {
            Err(Error::new(Kind::Usage, "--curl shows the request for one id").hint("give one id as an argument"))
        }
        [id] if is_one(id) => look_up(&parse(&id.to_string_lossy())?, resources, context),
        _ => get_many::run(args, resources, parse, context),
    }
}

/// Looks up one account and prints it.
fn look_up(id: &Id, resources: &[&'static Resource], context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown, .. } = context;
    let started = Instant::now();
    let session = Session::open(context, &flags.for_config())?;
    let renderer = session.renderer(resources, false)?;
    let throttle = Throttle::single();
    let client = session.client(id.resource(), Some(id), &throttle)?;
    let target = Target::account(id, client.profile());
    shutdown.doing(format!("while looking up {target}"), target.context());

    let found = ui.during(env, || format!("looking up {target}"), || client.look_up(id, started, None))?;
    let violations = violations::check(&found, flags.strict, target)?;
    let output = renderer.document(&found.account, session.redactor())?;
    Warnings::new(ui, false).warn(violations, target, false);
    ui.print(&output)?;
    if session.settings.output.value == Format::Table {
        let notes = (id.resource().notes)(&found.account, Timestamp::now().into());
        for note in notes {
            ui.advise(&note);
        }
    }
    Ok(CommandStatus::Done)
}
