//! `cacc get`, `partner account get` and `get`: ids in, accounts out.
//!
//! One id: its account, or its failure as the result of the whole call. Several: results and failures as they come, one
//! failure stops nothing, but for what would fail alike for every further id.

mod results;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use results::Results;

use crate::account::{Account, Drift, Id, Resource, Selection};
use crate::client::{Client, Limits, Trace};
use crate::commands::{Context, Ending};
use crate::config::{BaseUrl, Endpoint, Secret, Settings};
use crate::error::{Error, Kind, Result};
use crate::flags::{LOOK_UP, Takes};
use crate::output::Printer;
use crate::sandbox;
use crate::ui::{Ui, Warning};

/// So many failures in a row of one kind among network and server are an outage.
const OUTAGE: usize = 20;

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
    let profile = settings
        .profile
        .as_ref()
        .map(|profile| profile.value.clone());
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
    let results = Results::new((*ui).clone(), ids.len(), profile.clone(), printer);
    let results = Arc::new(results);
    interrupt.leave(results.last_words());
    let trace = |trace: &Trace<'_>| {
        if results.output(interrupt).is_some() {
            ui.trace(trace);
        }
    };
    let mut drifts = Drifts {
        ui,
        profile: profile.as_deref(),
        many,
        seen: BTreeMap::new(),
        accounts: 0,
    };
    let mut tally = Tally::default();

    for (number, id) in ids.iter().enumerate() {
        let result = parse_argument(id, &parse).and_then(|id| {
            results.begin(&id);
            let resource = id.resource();
            let client =
                if let Some(known) = clients.iter().position(|(known, _)| *known == resource) {
                    &clients[known].1
                } else {
                    let client = endpoints
                        .of(resource)
                        .and_then(|endpoint| {
                            let limits = limits.clone();
                            Client::new(endpoint, env, interrupt, limits, profile.clone(), &trace)
                        })
                        .map_err(|error| about(error, &id, profile.as_deref()))?;
                    clients.push((resource, client));
                    &clients[clients.len() - 1].1
                };
            client.fetch(&id).map(|account| (id, account))
        });
        let Some(mut output) = results.output(interrupt) else {
            // A signal has ended it, and nobody waits for this.
            return Ok(Ending::Done);
        };
        let result = result.and_then(|(id, account)| {
            drifts.check(&account, &id, flags.strict)?;
            output
                .printer
                .render(&account)
                .map_err(|error| about(error, &id, profile.as_deref()))
        });
        match result {
            Ok(text) => {
                tally.found();
                results.found(&mut output, &text)?;
            }
            Err(error) if !many => return Err(error),
            Err(error) => {
                let why = tally.failed(&error);
                results.failed(&error);
                if let Some(why) = why {
                    results.cut_short(&mut output)?;
                    let why = format!("stopped after {} of {} ids: {why}", number + 1, ids.len());
                    return Err(stopped(&error, why, profile));
                }
            }
        }
    }
    if let Some(mut output) = results.output(interrupt) {
        results.finish(&mut output)?;
        drifts.sum_up();
    }
    Ok(tally.ending())
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

/// What ends several look-ups because of the failure of one.
fn stopped(error: &Error, why: String, profile: Option<String>) -> Error {
    Error::new(error.kind(), why)
        .hint("mend that first; the ids after it have not been tried")
        .retryable(error.is_retryable())
        .with(|facts| {
            facts.api = error.facts().api;
            facts.profile = profile;
        })
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

/// Where look-ups go: to the profile's servers, or to a sandbox that lives as long as this value.
enum Endpoints<'a> {
    Configured(&'a Settings),
    Sandbox {
        endpoint: Box<Endpoint>,
        _server: sandbox::Server,
    },
}

impl<'a> Endpoints<'a> {
    fn new(settings: &'a Settings) -> Result<Self> {
        if !settings.is_sandbox() {
            return Ok(Endpoints::Configured(settings));
        }
        let broken = |what: &str| Error::new(Kind::Failed, format!("the built-in sandbox {what}"));
        let server =
            sandbox::Server::start(0).map_err(|e| broken("could not be started").because(e))?;
        let url = BaseUrl::parse(&server.base_url()).map_err(|e| broken(&e))?;
        let token = Secret::new(sandbox::TOKEN).map_err(broken)?;
        Ok(Endpoints::Sandbox {
            endpoint: Box::new(Endpoint::built_in(url, token)),
            _server: server,
        })
    }

    fn of(&self, resource: &'static Resource) -> Result<&Endpoint> {
        match self {
            Endpoints::Configured(settings) => settings.endpoint(resource),
            Endpoints::Sandbox { endpoint, .. } => Ok(endpoint),
        }
    }
}

/// What has come of the look-ups so far.
#[derive(Default)]
struct Tally {
    kind: Option<Kind>,
    mixed: bool,
    in_a_row: Option<(Kind, usize)>,
}

impl Tally {
    fn found(&mut self) {
        self.in_a_row = None;
    }

    /// Counts a failure; if every further id would fail alike, says why.
    fn failed(&mut self, error: &Error) -> Option<&'static str> {
        let kind = error.kind();
        self.mixed |= self
            .kind
            .is_some_and(|other| other.exit_code() != kind.exit_code());
        self.kind.get_or_insert(kind);
        let before = self
            .in_a_row
            .take()
            .filter(|(other, _)| *other == kind)
            .map_or(0, |(_, count)| count);
        if error.kind() != Kind::Usage {
            self.in_a_row = Some((kind, before + 1));
        }
        match (kind, error.facts().status) {
            (Kind::Config | Kind::Tls, _) => Some("no further id can be looked up like this"),
            (Kind::Proxy, _) if !error.is_retryable() => {
                Some("no further id can be looked up like this")
            }
            (Kind::Auth, None) => Some("there is no token"),
            (Kind::Auth, Some(status)) if rejects_token(error, status) => {
                Some("the token is rejected")
            }
            (Kind::Network | Kind::Proxy | Kind::Timeout | Kind::Server, _)
                if before + 1 >= OUTAGE =>
            {
                Some("the last 20 failed alike; it looks like an outage")
            }
            _ => None,
        }
    }

    fn ending(&self) -> Ending {
        match self.kind {
            None => Ending::Done,
            Some(_) if self.mixed => Ending::Failed(Kind::Failed),
            Some(kind) => Ending::Failed(kind),
        }
    }
}

fn rejects_token(error: &Error, status: u16) -> bool {
    let api = error.facts().api;
    crate::account::RESOURCES
        .iter()
        .any(|r| Some(r.api) == api && r.token_rejected.contains(&status))
}

/// Warnings about answers that stray from the contract: for one account all at once, among several once for each field.
struct Drifts<'a> {
    ui: &'a Ui,
    profile: Option<&'a str>,
    many: bool,
    seen: BTreeMap<(&'static str, &'static str), usize>,
    accounts: usize,
}

impl Drifts<'_> {
    fn check(&mut self, account: &Account, id: &Id, strict: bool) -> Result<()> {
        let drifts: Vec<(&str, Drift)> = account
            .drift()
            .map(|(field, drift)| (field.name, drift))
            .collect();
        if drifts.is_empty() {
            return Ok(());
        }
        let list = |drifts: &[(&str, Drift)]| {
            let list: Vec<_> = drifts
                .iter()
                .map(|(name, drift)| format!("{name} ({})", drift.words()))
                .collect();
            format!(
                "the {} {} strays from the contract: {}",
                id.resource().noun,
                id.as_str(),
                list.join(", ")
            )
        };
        if strict {
            let error = Error::new(Kind::BadResponse, list(&drifts))
                .hint("without --strict it is shown, with a warning");
            return Err(about(error, id, self.profile).with(|facts| facts.status = Some(200)));
        }
        self.accounts += 1;
        let fresh = |(name, _): &(&'static str, Drift)| {
            let count = self.seen.entry((id.resource().api, *name)).or_default();
            *count += 1;
            !self.many || *count == 1
        };
        let drifts: Vec<_> = drifts.into_iter().filter(fresh).collect();
        if !drifts.is_empty() {
            self.ui.warning(&Warning {
                message: &list(&drifts),
                hint: "it is shown as it came; --strict makes this an error",
                id: Some(id),
                profile: self.profile,
                fields: drifts
                    .iter()
                    .map(|(name, drift)| (*name, drift.words().to_owned()))
                    .collect(),
            });
        }
        Ok(())
    }

    /// At the end of several look-ups, how many strayed in which field.
    fn sum_up(&self) {
        if !self.many || self.accounts < 2 {
            return;
        }
        let fields: Vec<_> = self
            .seen
            .iter()
            .map(|((_, name), count)| (*name, count.to_string()))
            .collect();
        let list: Vec<_> = fields
            .iter()
            .map(|(name, count)| format!("{name} ({count})"))
            .collect();
        self.ui.warning(&Warning {
            message: &format!(
                "{} accounts stray from the contract: {}",
                self.accounts,
                list.join(", ")
            ),
            hint: "they are shown as they came; --strict makes this an error",
            id: None,
            profile: self.profile,
            fields,
        });
    }
}
