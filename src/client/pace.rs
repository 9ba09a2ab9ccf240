//! When a request may be made: what all look-ups of one run have in common, so that many of them are no burden.
//!
//! A pause that a server asks for holds everybody. A rate that the operator has been told to keep spaces the requests
//! evenly. Retries come out of one budget: a server that fails for everybody gets hardly more requests than there are ids.
//! And once the run is to stop, nobody begins or waits any more. A look-up alone has none of this but the waiting.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many retries are free; beyond them, one for every [`SHARE`] ids tried.
const FREE: u64 = 50;

/// See [`FREE`].
const SHARE: u64 = 10;

/// The pace of one run.
#[derive(Debug)]
pub struct Pace {
    is_shared: bool,
    /// The time between two requests.
    interval: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Nothing is sent before.
    held_until: Option<Instant>,
    /// From then on the next request keeps to the rate.
    next: Option<Instant>,
    tried: u64,
    retried: u64,
    is_stopped: bool,
}

impl Pace {
    /// Of a look-up alone.
    #[must_use]
    pub fn alone() -> Self {
        Pace {
            is_shared: false,
            ..Pace::shared(None)
        }
    }

    /// Of many look-ups, with at most `rate` requests a second.
    #[must_use]
    pub fn shared(rate: Option<f64>) -> Self {
        Pace {
            is_shared: true,
            interval: rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate)),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Whether there are many look-ups.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Waits until one more id may be tried; `false` if none may any more.
    #[must_use]
    pub fn admits(&self) -> bool {
        let is_admitted = self.wait_for_leave().is_some();
        self.lock().tried += u64::from(is_admitted);
        is_admitted
    }

    /// Whether a failed request may be repeated; that is counted.
    #[must_use]
    pub fn grants_retry(&self) -> bool {
        let mut state = self.lock();
        let is_granted = !self.is_shared || state.retried < FREE + state.tried / SHARE;
        state.retried += u64::from(is_granted);
        is_granted
    }

    /// Holds everybody for so long, as a server asks.
    pub fn hold(&self, time: Duration) {
        let mut state = self.lock();
        state.held_until = state.held_until.max(Some(Instant::now() + time));
    }

    /// Waits for `backoff`, then until a request may be made. How much of it was not the look-up's own is returned; `None`
    /// if no request may be made any more.
    pub fn wait(&self, backoff: Duration) -> Option<Duration> {
        self.wait_until(Instant::now() + backoff)?;
        self.wait_for_leave()
    }

    /// Nobody begins or waits any more.
    pub fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Whether that is so.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// Waits as long as everybody is held and as the rate demands, and says how long that took.
    fn wait_for_leave(&self) -> Option<Duration> {
        let began = Instant::now();
        let mut now = began;
        loop {
            let turn = {
                let mut state = self.lock();
                if state.is_stopped {
                    return None;
                }
                // What is in the past holds nobody.
                let turn = now.max(state.held_until.unwrap_or(now));
                if self.interval.is_zero() {
                    turn
                } else {
                    let turn = turn.max(state.next.unwrap_or(turn));
                    state.next = Some(turn + self.interval);
                    turn
                }
            };
            if turn <= now {
                return Some(now - began);
            }
            self.wait_until(turn)?;
            now = Instant::now();
            if self.lock().held_until.is_none_or(|until| until <= turn) {
                return Some(now - began);
            }
        }
    }

    fn wait_until(&self, then: Instant) -> Option<()> {
        let mut state = self.lock();
        loop {
            if state.is_stopped {
                return None;
            }
            let left = then.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some(());
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Each change is a single step: a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_a_share_of_what_is_tried() {
        let pace = Pace::shared(None);
        let granted = || (0..1_000).take_while(|_| pace.grants_retry()).count();
        assert_eq!(granted(), 50);
        assert!((0..100).all(|_| pace.admits()));
        assert_eq!(granted(), 10);
        let alone = Pace::alone();
        assert!((0..1_000).all(|_| alone.grants_retry()));
    }

    #[test]
    fn a_stop_ends_every_wait() {
        let pace = Pace::shared(None);
        let hour = Duration::from_secs(3600);
        pace.hold(hour);
        std::thread::scope(|scope| {
            let held = scope.spawn(|| pace.admits());
            let backing_off = scope.spawn(|| pace.wait(hour));
            pace.stop();
            assert!(!held.join().expect("no panic"));
            assert_eq!(backing_off.join().expect("no panic"), None);
        });
    }

    #[test]
    fn what_holds_everybody_is_not_the_look_ups_own_time() {
        let pace = Pace::shared(Some(1_000.0));
        let short = Duration::from_millis(20);
        pace.hold(short);
        assert!(
            pace.wait(Duration::ZERO)
                .is_some_and(|held| held > short / 2)
        );
    }
}
