//! Rate limit, shared pauses (`Retry-After`) and retry budget of one batch run, all of whose waits end when it stops.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::process::lock;

/// The retry budget: some, and a share of the ids tried.
const FREE_RETRIES: u64 = 50;
const IDS_PER_RETRY: u64 = 10;

/// When the requests of one run may be made.
#[derive(Debug, Default)]
pub struct Throttle {
    is_batch: bool,
    interval: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    paused_until: Option<Instant>,
    /// The rate limit's next slot.
    next: Option<Instant>,
    tried: u64,
    retried: u64,
    is_stopped: bool,
}

impl Throttle {
    /// Of a single look-up: no rate, no budget.
    pub fn single() -> Self {
        Throttle::default()
    }

    /// Of many look-ups, with at most `rate` requests a second.
    pub fn shared(rate: Option<f64>) -> Self {
        let interval = rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate));
        Throttle { is_batch: true, interval, ..Throttle::default() }
    }

    pub fn is_batch(&self) -> bool {
        self.is_batch
    }

    /// Waits until one more id may be tried; `false` if the run has been stopped.
    pub fn acquire_id(&self) -> bool {
        let is_acquired = self.acquire(Duration::ZERO).is_some();
        lock(&self.state).tried += u64::from(is_acquired);
        is_acquired
    }

    /// Waits for `backoff`, then until a request may be made. Returns the time waited beyond `backoff`, which is not the look-up's
    /// own; `None` if the run has been stopped.
    pub fn acquire(&self, backoff: Duration) -> Option<Duration> {
        let mut state = lock(&self.state);
        let mut now = Instant::now();
        let ready = now + backoff;
        loop {
            if state.is_stopped {
                return None;
            }
            let turn = ready.max(state.paused_until.unwrap_or(ready));
            let turn = turn.max(state.next.unwrap_or(turn));
            if turn <= now {
                if !self.interval.is_zero() {
                    // A late request makes up for half an interval at most, however long a process was suspended: no second has
                    // more than one request too many.
                    let earliest = now.checked_sub(self.interval / 2).unwrap_or(now);
                    state.next = Some(state.next.unwrap_or(now).max(earliest) + self.interval);
                }
                return Some(now.saturating_duration_since(ready));
            }
            let waited = self.changed.wait_timeout(state, turn - now);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            now = Instant::now();
        }
    }

    /// Lets no request be made before `time`, as a server asks.
    pub fn pause_until(&self, time: Instant) {
        let mut state = lock(&self.state);
        state.paused_until = state.paused_until.max(Some(time));
    }

    /// Whether the retry budget allows one more retry, which is counted.
    pub fn allow_retry(&self) -> bool {
        let mut state = lock(&self.state);
        let budget = FREE_RETRIES + state.tried / IDS_PER_RETRY;
        let is_allowed = !self.is_batch || state.retried < budget;
        state.retried += u64::from(is_allowed);
        is_allowed
    }

    /// Ends all waiting; nothing may be tried any more.
    pub fn stop(&self) {
        lock(&self.state).is_stopped = true;
        self.changed.notify_all();
    }

    /// Whether the throttle has been stopped.
    pub fn is_stopped(&self) -> bool {
        lock(&self.state).is_stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn retries_are_a_share_of_the_ids_tried() {
        let throttle = Throttle::shared(None);
        let allowed = || (0..1_000).take_while(|_| throttle.allow_retry()).count();
        assert_eq!(allowed(), 50);
        assert!((0..100).all(|_| throttle.acquire_id()));
        assert_eq!(allowed(), 10);
        let single = Throttle::single();
        assert!((0..1_000).all(|_| single.allow_retry()));
    }

    #[test]
    fn a_stop_ends_every_wait() {
        let throttle = Throttle::shared(None);
        throttle.pause_until(Instant::now() + HOUR);
        std::thread::scope(|scope| {
            let paused = scope.spawn(|| throttle.acquire_id());
            let backing_off = scope.spawn(|| throttle.acquire(HOUR));
            throttle.stop();
            assert!(!paused.join().expect("no panic"));
            assert_eq!(backing_off.join().expect("no panic"), None);
        });
    }

    #[test]
    fn a_pause_is_not_the_look_ups_own_time() {
        let throttle = Throttle::shared(None);
        let short = Duration::from_millis(20);
        throttle.pause_until(Instant::now() + short);
        let held = throttle.acquire(Duration::ZERO).expect("not stopped");
        assert!(held > short / 2, "{held:?}");
    }

    #[test]
    fn what_was_missed_is_not_made_up_for() {
        let throttle = Throttle::shared(Some(1.0 / 3600.0));
        let long_ago = Instant::now().checked_sub(HOUR * 10);
        lock(&throttle.state).next = long_ago;
        assert!(throttle.acquire_id());
        let next = lock(&throttle.state).next.expect("a slot");
        if long_ago.is_some() {
            let wait = next.saturating_duration_since(Instant::now());
            assert!((HOUR / 3..=HOUR / 2).contains(&wait), "half an interval is made up for: {wait:?}");
        }
    }
}
