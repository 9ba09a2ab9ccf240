//! When to stop: what would fail alike for every further id.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::account::RESOURCES;
use crate::client::{LONGEST_PAUSE, Pace};
use crate::error::{Error, Kind};

/// So many failures in a row of one kind among network and server are an outage.
const OUTAGE: usize = 20;

/// Sees what comes of look-ups, as soon as it is known.
pub struct Watch<'a> {
    pace: &'a Pace,
    /// Whether all ids are of one API, so that what is wrong with its configuration concerns all of them.
    is_one_api: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_a_row: Option<(Kind, usize)>,
    stop: Option<Stop>,
}

/// Why no further id is tried.
#[derive(Clone)]
pub struct Stop {
    pub kind: Kind,
    pub why: String,
    pub retryable: bool,
    pub api: Option<&'static str>,
    pub profile: Option<String>,
    /// The failure of the input itself, where that is why.
    pub input: Option<Error>,
}

impl<'a> Watch<'a> {
    /// Of look-ups at that pace.
    pub fn new(pace: &'a Pace, is_one_api: bool) -> Self {
        Watch {
            pace,
            is_one_api,
            state: Mutex::default(),
        }
    }

    /// Sees that an account was found.
    pub fn found(&self) {
        self.lock().in_a_row = None;
    }

    /// Sees a failure; if every further one would be like it, the others are not tried.
    pub fn failed(&self, error: &Error) {
        let mut state = self.lock();
        if let Some(why) = self.judge(&mut state.in_a_row, error) {
            state.stop.get_or_insert_with(|| Stop::new(why, error));
            self.pace.stop();
        }
    }

    /// Ends it because the ids cannot be read.
    pub fn stop(&self, error: &Error) {
        let mut state = self.lock();
        let stop = || Stop {
            input: Some(error.clone()),
            ..Stop::new(error.to_string(), error)
        };
        state.stop.get_or_insert_with(stop);
        self.pace.stop();
    }

    /// Why it has been stopped, if it has.
    pub fn stopped(&self) -> Option<Stop> {
        self.lock().stop.clone()
    }

    /// Why it was stopped, if it was.
    pub fn why(self) -> Option<Stop> {
        let state = self.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).stop
    }

    fn judge(&self, in_a_row: &mut Option<(Kind, usize)>, error: &Error) -> Option<String> {
        let kind = error.kind();
        let before = in_a_row
            .filter(|(other, _)| *other == kind)
            .map_or(0, |(_, count)| count);
        *in_a_row = Some((kind, before + 1));
        let facts = error.facts();
        let too_long = |pause| pause > LONGEST_PAUSE;
        let why = match (kind, facts.status) {
            // What is wrong with one API's configuration, server or way there is not wrong with the other's.
            (Kind::Config | Kind::Tls | Kind::Proxy, _) if !error.is_retryable() => {
                if !self.is_one_api {
                    return None;
                }
                "no further id can be looked up like this"
            }
            (Kind::Auth, None) => "there is no token",
            (Kind::Auth, Some(status)) if rejects_token(error, status) => "the token is rejected",
            _ if facts.retry_after.is_some_and(too_long) => {
                "the server asks to wait for longer than five minutes"
            }
            (Kind::Network | Kind::Tls | Kind::Proxy | Kind::Timeout | Kind::Server, _)
                if before + 1 >= OUTAGE =>
            {
                "the last 20 failed alike; it looks like an outage"
            }
            _ => return None,
        };
        Some(why.to_owned())
    }

    /// Each change is a single step: a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stop {
    fn new(why: String, error: &Error) -> Self {
        Stop {
            kind: error.kind(),
            why,
            retryable: error.is_retryable(),
            api: error.facts().api,
            profile: error.facts().profile.clone(),
            input: None,
        }
    }
}

fn rejects_token(error: &Error, status: u16) -> bool {
    let api = error.facts().api;
    RESOURCES
        .iter()
        .any(|r| Some(r.api) == api && r.token_rejected.contains(&status))
}
