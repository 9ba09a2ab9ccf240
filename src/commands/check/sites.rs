//! Where checks are asked: at each API of each profile that they name.

use std::slice::Iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::suite::Check;
use crate::client::{Client, Limits, Pace, Trace};
use crate::commands::Context;
use crate::commands::clients::{Clients, Endpoints};
use crate::commands::question::Question;
use crate::config::{Flags, Settings};
use crate::error::{Error, Kind, Result};

/// What is in force for the checks of one profile.
pub struct Site {
    /// The profile that these checks name; `None` for the one that is chosen for the call.
    named: Option<String>,
    settings: Result<Settings>,
    pace: Pace,
}

impl Site {
    /// Those of all checks.
    pub fn all(checks: &[Check], context: &Context<'_>) -> Vec<Self> {
        let mut sites: Vec<Site> = Vec::new();
        for Check { profile: named, .. } in checks {
            if sites.iter().any(|site| site.named == *named) {
                continue;
            }
            let flags = context.flags.for_config();
            let of_suite = named.clone().map(|name| (name, "--suite"));
            let flags = Flags {
                profile: of_suite.or(flags.profile),
                ..flags
            };
            sites.push(Site {
                named: named.clone(),
                settings: Settings::load(&flags, context.env),
                pace: match checks {
                    [_] => Pace::alone(),
                    _ => Pace::shared(None),
                },
            });
        }
        sites
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
}

/// The checks, one after the other, each with the client that asks.
pub struct Source<'a> {
    checks: Iter<'a, Arc<Check>>,
    sites: Vec<(&'a Site, Result<Clients<'a>>)>,
    /// Whose token could not be read: that is not tried again for every check.
    without_token: Vec<(Arc<Client<'a>>, Error)>,
    context: &'a Context<'a>,
}

impl<'a> Source<'a> {
    /// Of these checks; each site has its endpoints.
    pub fn new(
        checks: &'a [Arc<Check>],
        sites: &'a [Site],
        endpoints: &'a [Result<Endpoints<'a>>],
        context: &'a Context<'a>,
        trace: &'a (dyn Fn(&Trace<'_>) + Sync),
    ) -> Self {
        let clients = |(site, endpoints): (&'a Site, &'a Result<Endpoints<'a>>)| {
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
            (site, clients)
        };
        Source {
            checks: checks.iter(),
            sites: sites.iter().zip(endpoints).map(clients).collect(),
            without_token: Vec::new(),
            context,
        }
    }

    fn question(&mut self, check: &Check, began: Instant) -> Result<Question<'a>> {
        let mut site = self.sites.iter_mut();
        let site = site.find(|(site, _)| site.named == check.profile);
        let Some((_, clients)) = site else {
            return Err(Error::new(Kind::Failed, "a check belongs to no site"));
        };
        let clients = clients.as_mut().map_err(|error| error.clone())?;
        let client = clients.of(&check.id)?;
        let is_it = |(other, _): &&(Arc<Client<'a>>, Error)| Arc::ptr_eq(other, &client);
        if let Some((_, error)) = self.without_token.iter().find(is_it) {
            return Err(error.clone());
        }
        client.prepare(&check.id, began).inspect_err(|error| {
            // That the token stands for an id is the fault of this check only.
            if error.kind() != Kind::Usage {
                self.without_token.push((client.clone(), error.clone()));
            }
        })?;
        Ok(Question {
            id: check.id.clone(),
            client,
            expectations: check.expectations.clone(),
            strict: check.strict || self.context.flags.strict,
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
        let question = self.question(check, began).map_err(|error| {
            // Nor is the token told in the place of the id.
            let id = Some(check.id.as_str()).filter(|_| error.kind() != Kind::Usage);
            error.with(|facts| facts.id = id.map(str::to_owned))
        });
        let profile = match &question {
            Ok(question) => question.client.profile().map(str::to_owned),
            Err(error) => error.facts().profile.clone().or(check.profile.clone()),
        };
        Some(Asked {
            check,
            profile,
            spent: began.elapsed(),
            question,
        })
    }
}
