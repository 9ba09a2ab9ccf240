//! Where checks are asked: at each API of each profile that they name. What a server asks for holds all that goes there, and
//! what would fail alike for all of them is not asked any more.

use std::cell::RefCell;
use std::slice::Iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::suite::Check;
use crate::account::Resource;
use crate::client::{Limits, Pace, Trace};
use crate::commands::Context;
use crate::commands::clients::{Clients, Endpoints};
use crate::commands::look_up::watch::Watch;
use crate::commands::question::Question;
use crate::commands::veil::Veil;
use crate::config::{Flags, Settings};
use crate::error::{Error, Kind, Result};

/// What is in force for the checks of one API of one profile.
pub struct Site {
    /// The profile that these checks name; `None` for the one that is chosen for the call.
    named: Option<String>,
    resource: &'static Resource,
    settings: Result<Settings>,
    pace: Pace,
}

impl Site {
    /// Those of all checks.
    pub fn all(checks: &[Check], context: &Context<'_>) -> Vec<Self> {
        let mut sites: Vec<Site> = Vec::new();
        for check in checks {
            if sites.iter().any(|site| site.is_of(check)) {
                continue;
            }
            let named = &check.profile;
            let flags = context.flags.for_config();
            let of_suite = named.clone().map(|name| (name, "--suite"));
            let flags = Flags {
                profile: of_suite.or(flags.profile),
                ..flags
            };
            sites.push(Site {
                named: named.clone(),
                resource: check.id.resource(),
                settings: Settings::load(&flags, context.env),
                pace: match checks {
                    [_] => Pace::alone(),
                    _ => Pace::shared(None),
                },
            });
        }
        sites
    }

    fn is_of(&self, check: &Check) -> bool {
        self.named == check.profile && self.resource == check.id.resource()
    }

    /// Who sees when it is of no use to ask it any more.
    pub fn watch(&self) -> Watch<'_> {
        Watch::new(&self.pace, true)
    }

    /// Where its look-ups go.
    ///
    /// # Errors
    /// `config`, or `failed` for a sandbox that cannot be started.
    pub fn endpoints(&self) -> Result<Endpoints<'_>> {
        Endpoints::new(self.settings.as_ref().map_err(Clone::clone)?)
    }
}

/// A check that is asked.
pub struct Asked<'a> {
    pub check: &'a Arc<Check>,
    /// The profile that it is asked in, as far as that is known.
    pub profile: Option<String>,
    /// What the token has taken of the time that the look-up has.
    pub spent: Duration,
    /// The question, or why it cannot be asked.
    pub question: Result<Question<'a>>,
    watch: &'a Watch<'a>,
    pace: &'a Pace,
}

impl Asked<'_> {
    /// Waits until it may be asked.
    ///
    /// # Errors
    /// That it is not, since it would fail like others have.
    pub fn admitted(&self) -> Result<()> {
        if self.pace.admits() {
            return Ok(());
        }
        let id = &self.check.id;
        let Some(stop) = self.watch.stopped() else {
            return Err(Error::new(Kind::Failed, "nothing is asked any more"));
        };
        let profile = self.profile.as_ref();
        let profile = profile.map_or(String::new(), |profile| format!(" (profile {profile})"));
        let message = format!("not asked: {}{profile}", stop.why);
        Err(Error::new(stop.kind, message)
            .hint("an error above tells more")
            .retryable(stop.retryable)
            .with(|facts| {
                facts.id = Some(id.as_str().to_owned());
                facts.api = Some(id.resource().api);
                facts.profile.clone_from(&self.profile);
            }))
    }

    /// Sees what has come of it.
    pub fn answered<T>(&self, result: &Result<T>) {
        match result {
            Ok(_) => self.watch.found(),
            Err(error) => self.watch.failed(error),
        }
    }
}

/// The checks, one after the other, each with the client that asks.
pub struct Source<'a> {
    checks: Iter<'a, Arc<Check>>,
    sites: Vec<(&'a Site, Result<Clients<'a>>, &'a Watch<'a>)>,
    context: &'a Context<'a>,
    veil: Veil,
}

impl<'a> Source<'a> {
    /// Of these checks; each site has its endpoints.
    pub fn new(
        checks: &'a [Arc<Check>],
        sites: &'a [Site],
        endpoints: &'a [Result<Endpoints<'a>>],
        watches: &'a [Watch<'a>],
        context: &'a Context<'a>,
        veil: Veil,
        trace: &'a (dyn Fn(&Trace<'_>) + Sync),
    ) -> Self {
        let clients =
            |((site, endpoints), watch): ((&'a Site, &'a Result<Endpoints<'a>>), &'a Watch<'a>)| {
                let settings = site.settings.as_ref().map_err(Clone::clone);
                let clients = settings.and_then(|settings| {
                    Ok(Clients {
                        endpoints: endpoints.as_ref().map_err(Clone::clone)?,
                        env: context.env,
                        interrupt: context.interrupt,
                        limits: Limits {
                            timeout: settings.timeout.value,
                            retries: settings.retries.value,
                        },
                        pace: &site.pace,
                        trace,
                        known: Vec::new(),
                    })
                });
                (site, clients, watch)
            };
        Source {
            checks: checks.iter(),
            sites: sites
                .iter()
                .zip(endpoints)
                .zip(watches)
                .map(clients)
                .collect(),
            context,
            veil,
        }
    }

    /// The question, prepared, if it is of any use.
    fn question(
        check: &Check,
        began: Instant,
        clients: &mut Result<Clients<'a>>,
        watch: &Watch<'_>,
        strict: bool,
        veil: &Veil,
    ) -> Result<Question<'a>> {
        let clients = clients.as_mut().map_err(|error| error.clone())?;
        let client = clients.of(&check.id)?;
        // A token that cannot be read is not tried again for every check.
        if watch.stopped().is_none() {
            let prepared = client.prepare(&check.id, began);
            prepared.inspect_err(|error| watch.failed(error))?;
        }
        Ok(Question {
            id: check.id.clone(),
            client,
            name: check.name.clone(),
            expectations: check.expectations.clone(),
            veil: RefCell::new(veil.clone()),
            strict: check.strict || strict,
        })
    }
}

impl<'a> Iterator for Source<'a> {
    type Item = Asked<'a>;

    /// The next one; none after a signal.
    fn next(&mut self) -> Option<Asked<'a>> {
        if self.context.interrupt.is_over() {
            return None;
        }
        let check = self.checks.next()?;
        let began = Instant::now();
        let mut sites = self.sites.iter_mut();
        // There is one for every check.
        let (site, clients, watch) = sites.find(|(site, ..)| site.is_of(check))?;
        let strict = self.context.flags.strict;
        let question = Self::question(check, began, clients, watch, strict, &self.veil);
        let question = question.map_err(|error| {
            // A token that stands for an id is not told in its place either.
            let id = Some(check.id.as_str()).filter(|_| error.kind() != Kind::Usage);
            error.with(|facts| facts.id = id.map(str::to_owned))
        });
        let profile = match &question {
            Ok(question) => question.client.profile().map(str::to_owned),
            Err(error) => error.facts().profile.clone().or(check.profile(&self.veil)),
        };
        Some(Asked {
            check,
            profile,
            spent: began.elapsed(),
            question,
            watch,
            pace: &site.pace,
        })
    }
}
