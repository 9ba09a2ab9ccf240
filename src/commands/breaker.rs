//! The circuit breaker of many look-ups: it stops a run when every further id would fail alike.

use std::sync::Mutex;

use crate::account::RESOURCES;
use crate::client::{LONGEST_PAUSE, Throttle};
use crate::error::{Error, Kind};
use crate::process::lock;

/// This number of failures in a row, of one kind among network and server, is an outage.
const OUTAGE: usize = 20;

/// Learns every outcome as soon as it is known, and stops the throttle.
pub struct CircuitBreaker<'a> {
    throttle: &'a Throttle,
    /// Whether all ids belong to one API: a wrong configuration of it then concerns every id.
    is_one_api: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The kind of the last failures in a row, and their number.
    streak: Option<(Kind, usize)>,
    stop: Option<Stop>,
}

/// Why a run was stopped.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The failure that stopped it.
    pub error: Error,
    /// What that means for the other ids.
    pub reason: String,
    /// It is no failure of an id, but of the input or of what was asked for: if nothing is done yet, it is the error of the run.
    pub is_fatal: bool,
}

impl<'a> CircuitBreaker<'a> {
    pub fn new(throttle: &'a Throttle, is_one_api: bool) -> Self {
        CircuitBreaker { throttle, is_one_api, state: Mutex::default() }
    }

    pub fn record_success(&self) {
        lock(&self.state).streak = None;
    }

    /// Records the failure of an id, and stops the run if the other ids would fail alike.
    pub fn record_failure(&self, error: &Error) {
        let mut state = lock(&self.state);
        if let Some(reason) = self.judge(&mut state.streak, error) {
            self.stop(&mut state, error, reason.to_owned(), false);
        }
    }

    /// Stops the run for a failure that concerns no id.
    pub fn stop_run(&self, error: &Error) {
        self.stop(&mut lock(&self.state), error, error.to_string(), true);
    }

    pub fn stopped(&self) -> Option<Stop> {
        lock(&self.state).stop.clone()
    }

    /// The first reason to stop counts.
    fn stop(&self, state: &mut State, error: &Error, reason: String, is_fatal: bool) {
        state.stop.get_or_insert_with(|| Stop { error: error.clone(), reason, is_fatal });
        self.throttle.stop();
    }

    fn judge(&self, streak: &mut Option<(Kind, usize)>, error: &Error) -> Option<&'static str> {
        let (kind, context) = (error.kind(), error.context());
        let count = match *streak {
            Some((last, count)) if last == kind => count + 1,
            _ => 1,
        };
        *streak = Some((kind, count));
        let is_too_long = context.retry_after.is_some_and(|pause| pause > LONGEST_PAUSE);
        match (kind, context.status) {
            // A wrong configuration of one API, or of the way to it, does not concern the other API.
            (Kind::Config | Kind::Tls | Kind::Proxy, _) if !error.is_retryable() => {
                self.is_one_api.then_some("no further id can be looked up like this")
            }
            (Kind::Auth, None) => Some("there is no token"),
            _ if RESOURCES.iter().any(|r| Some(r.api) == context.api && r.rejects_token(error)) => {
                Some("the token is rejected")
            }
            _ if is_too_long => Some("the server asks for a pause of more than five minutes"),
            (Kind::Network | Kind::Tls | Kind::Proxy | Kind::Timeout | Kind::Server, _) if count >= OUTAGE => {
                Some("the last 20 failed alike; it looks like an outage")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of failures, each with its status and API, and whether it stops.
    #[test]
    fn a_run_stops_when_every_further_id_would_fail_alike() {
        use Kind::{Auth, Config, NotFound, Server, Timeout, Tls};
        let outage = vec![(Server, Some(503), "connect"); OUTAGE];
        let mut mixed = outage.clone();
        mixed[OUTAGE / 2] = (Timeout, None, "connect");
        for (failures, one_api, two_apis) in [
            (outage, true, true),
            (mixed, false, false),
            (vec![(NotFound, Some(404), "connect"); 50], false, false),
            (vec![(Auth, None, "connect")], true, true),
            (vec![(Auth, Some(401), "connect")], true, true),
            (vec![(Auth, Some(403), "connect"); 50], false, false),
            (vec![(Auth, Some(403), "partner")], true, true),
            (vec![(Config, None, "connect")], true, false),
            (vec![(Tls, None, "connect")], true, false),
        ] {
            for (is_one_api, stops) in [(true, one_api), (false, two_apis)] {
                let throttle = Throttle::shared(None);
                let breaker = CircuitBreaker::new(&throttle, is_one_api);
                for &(kind, status, api) in &failures {
                    breaker.record_failure(&Error::new(kind, "").with_context(|context| {
                        (context.status, context.api) = (status, Some(api));
                    }));
                }
                let stopped = (breaker.stopped().is_some(), throttle.is_stopped());
                assert_eq!(stopped, (stops, stops), "{failures:?}");
            }
        }
    }
}
