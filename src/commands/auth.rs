//! `auth status`: whether the token of each API of each profile works. `login` stores and forgets tokens.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Subcommand;
use serde::Serialize;

use super::login::{self, Login, Logout};
use super::session::Session;
use super::{CommandStatus, Context};
use crate::account::{RESOURCES, Resource};
use crate::batch;
use crate::client::{Target, Throttle};
use crate::config::{self, DEFAULT_JOBS, Endpoint, Origin, SANDBOX, Setting, Settings};
use crate::error::{Error, ErrorContext, Kind, Result};
use crate::flags::{Deferred, Takes};
use crate::output::{documents, table};
use crate::process::lock;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Store a token for a profile, after trying it
    Login(Deferred<Login>),
    /// Try the token of every profile
    Status(Deferred<Status>),
    /// Forget a token that login has stored
    Logout(Deferred<Logout>),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each API of each profile is tried, or of those that -p names, and what the
environment's variables lead to. At Partner that is the look-up of an account
that cannot exist, at Connect the list, which is closed at once.

Exit code 0: all work; else the code that the failures share, or 1.

Examples:
  acctq -p sandbox auth status
  acctq auth status -p test -p prod -o json")]
pub struct Status {}

impl Takes for Command {
    const FLAGS: &'static [&'static str] = Status::FLAGS;
}

impl Takes for Status {
    const FLAGS: &'static [&'static str] = &["profile", "output", "timeout", "retries", "config"];
}

/// One token, and what became of it.
#[derive(Serialize)]
struct Row {
    /// `environment` for the pair of variables.
    profile: String,
    api: &'static str,
    base_url: Option<String>,
    token_from: Option<String>,
    /// `None`: it works.
    code: Option<&'static str>,
    exit_code: u8,
    elapsed_ms: u128,
}

pub fn run(command: &Command, context: &Context<'_>) -> Result<CommandStatus> {
    match command {
        Command::Login(Deferred(args)) => login::login(args, context),
        Command::Status(_) => status(context),
        Command::Logout(Deferred(args)) => login::logout(args, context),
    }
}

fn status(context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown, .. } = context;
    let mut settings = Settings::survey(&config::Flags { profile: None, ..flags.for_config() }, env)?;
    let mistake = settings.mistake.take();
    for name in flags.profiles.iter().filter(|name| *name != SANDBOX) {
        settings
            .require_profile(&Setting::new(name.clone(), Origin::Flag("--profile")))
            .map_err(|unknown| mistake.clone().unwrap_or(unknown))?;
    }
    let session = Session::of(context, settings)?;
    let mut targets = session.settings.endpoints_of(&flags.profiles, env);
    if flags.profiles.iter().any(|name| name == SANDBOX) || session.settings.is_sandbox() {
        let endpoint = session.built_in()?;
        targets.extend(RESOURCES.map(|resource| (Some(SANDBOX.to_owned()), resource, Ok(endpoint.clone()))));
    }
    if targets.is_empty() {
        let nothing = Error::new(Kind::Config, "there is no token to try: no profile has an API")
            .hint("`acctq auth login --help` shows how to store one; `-p sandbox` needs none");
        return Err(mistake.unwrap_or(nothing));
    }
    let timeout = session.settings.timeout.value;
    shutdown.doing("while trying the tokens".to_owned(), ErrorContext::default());
    // One program may print the token of several APIs, and ask for a fingerprint: one is run at a time, and each once.
    let printed = Mutex::new(BTreeMap::new());
    let with_token = |endpoint: &Result<Endpoint>| {
        let mut endpoint = endpoint.clone()?;
        if let Some(arguments) = endpoint.token.value.command() {
            let read = || endpoint.token.fixed(env, Instant::now() + timeout, shutdown);
            let source = lock(&printed).entry(arguments.to_vec()).or_insert_with(read).clone();
            endpoint.token.value = source?;
        }
        Ok(endpoint)
    };
    let throttle = Throttle::single();
    let probe = |(_, resource, endpoint): &(_, &'static Resource, Result<Endpoint>)| {
        let endpoint = with_token(endpoint);
        let started = Instant::now();
        let tried = endpoint.and_then(|endpoint| session.client_at(&endpoint, &throttle)?.probe(resource, started));
        Ok((tried.err(), started.elapsed()))
    };
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    let jobs = targets.len().min(DEFAULT_JOBS);
    batch::run(
        jobs,
        targets.into_iter(),
        probe,
        |_| 0,
        |done| {
            let Some(((profile, resource, endpoint), tried)) = done else { return };
            let (error, elapsed) = tried.unwrap_or_else(|error| (Some(error), Duration::ZERO));
            let target = Target { resource, id: None, profile: profile.as_deref() };
            let endpoint = endpoint.ok();
            rows.push(Row {
                api: resource.api,
                base_url: endpoint.as_ref().map(|endpoint| endpoint.base_url.value.to_string()),
                token_from: endpoint.as_ref().map(|endpoint| endpoint.token.value.describe()),
                code: error.as_ref().map(|error| error.kind().code()),
                exit_code: error.as_ref().map_or(0, |error| error.kind().exit_code()),
                elapsed_ms: elapsed.as_millis(),
                profile: profile.clone().unwrap_or_else(|| "environment".to_owned()),
            });
            // The commands of its hint are about its profile.
            let own = profile.as_ref().map_or((*flags).clone(), |name| flags.with_profile(name));
            let invocation = own.ui_options(env).invocation;
            failures.extend(error.map(|error| target.describe(error).with_commands(&invocation)));
        },
    );
    failures.extend(mistake.filter(|mistake| !failures.iter().any(|error| error.to_string() == mistake.to_string())));
    if shutdown.is_requested() {
        // The signal is told, and nothing of what it has interrupted.
        return Ok(CommandStatus::Done);
    }
    for error in &failures {
        ui.error(error);
    }
    let format = session.settings.output.value.for_other_results();
    if format.is_table() {
        let cells = |row: &Row| {
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
            let verdict = row.code.map_or("works".to_owned(), |code| format!("fails ({code})"));
            let time = format!("{} ms", row.elapsed_ms);
            let (base_url, token_from) = (or_none(&row.base_url), or_none(&row.token_from));
            vec![row.profile.clone(), row.api.to_owned(), verdict, base_url, token_from, time]
        };
        let rows: Vec<_> = rows.iter().map(cells).collect();
        let head = ["Profile", "API", "Verdict", "Base URL", "Token from", "Time"];
        ui.print(table(&head, &rows, ui.screen().of(format)).as_bytes())?;
    } else {
        ui.print(&documents(format, rows.iter()))?;
    }
    Ok(Kind::merge(failures.iter().map(Error::kind)).map_or(CommandStatus::Done, CommandStatus::Failed))
}
