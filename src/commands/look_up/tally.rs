//! What has come of several look-ups, and when to stop trying.

use crate::account::{Id, Resource};
use crate::commands::Ending;
use crate::error::{Error, Kind, Result};

/// So many failures in a row of one kind among network and server are an outage.
const OUTAGE: usize = 20;

/// What has come of the look-ups so far.
#[derive(Default)]
pub struct Tally {
    kind: Option<Kind>,
    mixed: bool,
    in_a_row: Option<(Kind, usize)>,
    /// The APIs at which every further look-up would fail alike.
    closed: Vec<&'static str>,
    untried: usize,
    /// Why the first of them is closed.
    why: Option<Stop>,
}

struct Stop {
    kind: Kind,
    why: &'static str,
    retryable: bool,
    api: Option<&'static str>,
    profile: Option<String>,
}

impl Tally {
    /// Counts an account.
    pub fn found(&mut self) {
        self.in_a_row = None;
    }

    /// Whether look-ups of this id need not be tried any more; it is counted then.
    pub fn is_closed_to(&mut self, id: &Id) -> bool {
        let closed = self.closed.contains(&id.resource().api);
        self.untried += usize::from(closed);
        closed
    }

    /// Counts the failure of an id, if it was one. If every further look-up at its API would fail alike, that is closed.
    pub fn failed(&mut self, error: &Error, resource: Option<&Resource>) {
        let why = self.judge(error);
        let (Some(why), Some(resource)) = (why, resource) else {
            return;
        };
        self.closed.push(resource.api);
        self.why.get_or_insert(Stop {
            kind: error.kind(),
            why,
            retryable: error.is_retryable(),
            api: Some(resource.api),
            profile: error.facts().profile.clone(),
        });
    }

    fn judge(&mut self, error: &Error) -> Option<&'static str> {
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

    /// How it ended, of `total` ids.
    ///
    /// # Errors
    /// What left ids untried.
    pub fn ending(self, total: usize) -> Result<Ending> {
        match (self.why, self.kind) {
            (Some(stop), _) if self.untried > 0 => {
                let tried = total - self.untried;
                let message = format!("stopped after {tried} of {total} ids: {}", stop.why);
                Err(Error::new(stop.kind, message)
                    .hint("mend that first; the other ids have not been tried")
                    .retryable(stop.retryable)
                    .with(|facts| {
                        facts.api = stop.api;
                        facts.profile = stop.profile;
                    }))
            }
            (_, None) => Ok(Ending::Done),
            (_, Some(_)) if self.mixed => Ok(Ending::Failed(Kind::Failed)),
            (_, Some(kind)) => Ok(Ending::Failed(kind)),
        }
    }
}

fn rejects_token(error: &Error, status: u16) -> bool {
    let api = error.facts().api;
    crate::account::RESOURCES
        .iter()
        .any(|r| Some(r.api) == api && r.token_rejected.contains(&status))
}
