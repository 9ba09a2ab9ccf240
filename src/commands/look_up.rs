//! `cacc get`, `partner account get` and `get`: ids in, accounts out.
//!
//! One id: its account, or its failure as the result of the whole call. Several: results and failures as they come, one
//! failure stops nothing, but for what would fail alike for every further id of its API.

mod drifts;
mod endpoints;
mod results;
mod tally;

use std::ffi::OsString;
use std::sync::Arc;

use drifts::Drifts;
use endpoints::Endpoints;
use results::Results;
use tally::Tally;

use crate::account::{Id, Resource, Selection};
use crate::client::{Client, Limits, Trace};
use crate::commands::{Context, Ending};
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::flags::{LOOK_UP, Takes};
use crate::output::Printer;

/// `<ID>...`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The ids to look up
    #[arg(required = true, value_name = "ID")]
    ids: Vec<OsString>,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = LOOK_UP;
}

/// Looks up `args` among `resources`, with `parse` to tell whose id each is.
pub fn run(
    args: &Args,
    resources: &[&'static Resource],
    parse: impl Fn(&str) -> Result<Id>,
    context: &Context<'_>,
) -> Result<Ending> {
    let Args { ids } = args;
    let Context {
        flags,
        env,
        ui,
        interrupt,
        ..
    } = context;
    let settings = Settings::load(&flags.for_config(), env)?;
    let selection = match &flags.fields {
        Some(names) => Some(Selection::new(names, resources, flags.reveal)?),
        None => None,
    };
    let endpoints = Endpoints::new(&settings)?;
    let limits = Limits {
        timeout: settings.timeout.value,
        retries: settings.retries.value,
    };
    let mut clients: Vec<(&Resource, Client<'_>)> = Vec::new();

    let many = ids.len() > 1;
    let printer = Printer::new(
        settings.output.value,
        many,
        resources,
        selection,
        flags.reveal,
        ui.screen(),
    );
    let results = Arc::new(Results::new((*ui).clone(), ids.len(), printer));
    interrupt.leave(results.last_words());
    let trace = |trace: &Trace<'_>| {
        if results.output(interrupt).is_some() {
            ui.trace(trace);
        }
    };
    let mut drifts = Drifts::new(ui, many);
    let mut tally = Tally::default();

    for id in ids {
        let id = parse_argument(id, &parse);
        if id.as_ref().is_ok_and(|id| tally.is_closed_to(id)) {
            results.passed_over();
            continue;
        }
        let resource = id.as_ref().ok().map(Id::resource);
        let result = id.and_then(|id| {
            let resource = id.resource();
            let known = clients.iter().position(|(known, _)| *known == resource);
            let client = if let Some(known) = known {
                &clients[known].1
            } else {
                let endpoint = endpoints.of(resource);
                let (endpoint, profile) = endpoint
                    .map_err(|error| error.with(|facts| facts.id = Some(id.as_str().to_owned())))?;
                let client = Client::new(
                    endpoint,
                    env,
                    interrupt,
                    limits.clone(),
                    profile.clone(),
                    &trace,
                );
                let client = client.map_err(|error| about(error, &id, profile.as_deref()))?;
                clients.push((resource, client));
                &clients[clients.len() - 1].1
            };
            results.begin(&id, client.profile());
            let found = client.fetch(&id)?;
            Ok((found, id, client.profile().map(str::to_owned)))
        });
        let Some(mut output) = results.output(interrupt) else {
            // A signal has ended it, and nobody waits for this.
            return Ok(Ending::Done);
        };
        let result = result.and_then(|(found, id, profile)| {
            drifts
                .check(&found.account, &id, profile.as_deref(), flags.strict)
                .and_then(|()| output.printer.render(&found.account))
                .map_err(|error| {
                    about(error, &id, profile.as_deref()).with(|facts| {
                        facts.attempts = Some(found.attempts);
                        facts.elapsed = Some(found.elapsed);
                    })
                })
        });
        match result {
            Ok(text) => {
                tally.found();
                results.found(&mut output, &text)?;
            }
            Err(error) if !many => return Err(error),
            Err(error) => {
                results.failed(&error);
                tally.failed(&error, resource);
            }
        }
    }
    if let Some(mut output) = results.output(interrupt) {
        results.finish(&mut output)?;
        drifts.sum_up();
    }
    tally.ending(ids.len())
}

/// The id that an argument is.
fn parse_argument(argument: &OsString, parse: impl Fn(&str) -> Result<Id>) -> Result<Id> {
    if argument == "-" {
        return Err(Error::new(
            Kind::Usage,
            "this version does not read ids from standard input",
        )
        .hint("give them as arguments: xargs acctq get <ids"));
    }
    parse(&argument.to_string_lossy())
}

/// Adds what a failure outside the client's own look-up is about.
fn about(error: Error, id: &Id, profile: Option<&str>) -> Error {
    // What is wrong with the environment does not tell whose look-up it stopped.
    let aside = match profile {
        _ if error.kind() != Kind::Proxy => String::new(),
        Some(profile) => format!(" ({}, profile {profile})", id.as_str()),
        None => format!(" ({})", id.as_str()),
    };
    error.adding(&aside).with(|facts| {
        facts.id = Some(id.as_str().to_owned());
        facts.api = Some(id.resource().api);
        facts.profile = profile.map(str::to_owned);
    })
}
