//! Many at once: items from one source, worked on by several threads, delivered in the source's order.
//!
//! What is done with an item is the caller's: this file knows threads, an order and bounds. The source is read as far as
//! there is room and no further: so many results may wait for an earlier one, and so many bytes; work that needs much
//! memory asks for it ([`Turn::claim`]). The item that everybody else waits for waits for nothing but the delivery of what is
//! before it. So memory does not grow with the number of items, and neither a slow source nor a slow reader costs anything but
//! time.
//!
//! The calling thread delivers. It waits only while there is nothing to deliver, and lets results gather for a moment after
//! it has delivered some, so that busy workers need not wake it for every single one.

use std::cell::Cell;
use std::collections::VecDeque;
use std::iter;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::process;

/// How many results, for each worker, may wait for an earlier one: a slow answer among quick ones holds nobody up for long.
const AHEAD: usize = 16;

/// How many bytes of results may wait or be on their way out, beside the one whose turn it is.
const WAITING: usize = 4 * 1024 * 1024;

/// How many bytes may be claimed at a time, beside the one whose turn it is: who wants more waits for that.
const CLAIMED: usize = 8 * 1024 * 1024;

/// How many results are delivered before room is made for others.
const PORTION: usize = 64;

/// How long results gather, unless they are a portion before.
const GATHERING: Duration = Duration::from_millis(5);

/// What takes memory while it waits for its delivery.
pub trait Weigh {
    /// How much, in bytes.
    fn weight(&self) -> usize;
}

/// Works on every item of `source` in `jobs` threads, and delivers what comes of each, in order.
///
/// A panic fails the item that it happened to, and no other. This thread calls `deliver` and, when there is nothing more to
/// deliver for now, `rest`. With one job, or where the system refuses threads, everything happens on this one.
pub fn run<T: Send, R: Weigh + Send>(
    jobs: usize,
    source: impl Iterator<Item = T> + Send,
    work: impl Fn(&T, &Turn<'_>) -> Result<R> + Sync,
    mut deliver: impl FnMut(T, Result<R>),
    mut rest: impl FnMut(),
) {
    let line = Line::new(jobs * AHEAD);
    let source = Mutex::new(source.enumerate());
    let take = || {
        let mut source = lock(&source);
        // Whoever comes next waits behind us, and there is room for nobody.
        line.wait_for_room().then(|| source.next()).flatten()
    };
    let turn = |index| Turn {
        line: &line,
        index,
        claimed: Cell::new(0),
    };
    thread::scope(|scope| {
        let _open = Open(&line);
        let spawn = || {
            let enlisted = Enlisted::new(&line);
            let worker = thread::Builder::new().name("worker".to_owned());
            worker.spawn_scoped(scope, || {
                let _enlisted = enlisted;
                process::schedule_as_batch();
                while let Some((index, item)) = take() {
                    let turn = turn(index);
                    let result = process::without_panics(|| work(&item, &turn));
                    line.put(index, item, result);
                    // What was claimed is free again only when the result stands in line.
                    drop(turn);
                }
            })
        };
        let wanted = if jobs > 1 { jobs } else { 0 };
        let workers = iter::repeat_with(spawn)
            .take(wanted)
            .take_while(std::io::Result::is_ok);
        if workers.count() == 0 {
            while let Some((index, item)) = take() {
                let result = process::without_panics(|| work(&item, &turn(index)));
                deliver(item, result);
                line.passed();
                rest();
            }
        }
        while let Some(portion) = line.portion(&mut rest) {
            for (item, result) in portion {
                deliver(item, result);
            }
            line.delivered();
        }
    });
}

/// What is worked on or waits for its delivery, in the source's order.
struct Line<T, R> {
    state: Mutex<State<T, R>>,
    /// The first result is there, or the last worker has gone.
    ready: Condvar,
    /// There is room, or it is somebody's turn.
    room: Condvar,
    /// How many may stand in line.
    most: usize,
}

struct State<T, R> {
    /// The index of the first in line: everything before it has been delivered.
    first: usize,
    /// How many items have been taken from the source.
    taken: usize,
    /// From the first one on, as far as there are any.
    results: VecDeque<Option<(T, Result<R>)>>,
    /// What the results take, in bytes, until they have been delivered.
    weight: usize,
    /// What of that is being delivered.
    leaving: usize,
    /// What is claimed by work under way, in bytes.
    claimed: usize,
    workers: usize,
    /// How many wait for room or for their turn.
    waiting: usize,
    /// How many results the delivering thread waits for.
    gathered: usize,
    /// Nobody delivers any more.
    is_closed: bool,
}

impl<T, R: Weigh> Line<T, R> {
    fn new(most: usize) -> Self {
        let state = State {
            first: 0,
            taken: 0,
            results: VecDeque::new(),
            weight: 0,
            leaving: 0,
            claimed: 0,
            workers: 0,
            waiting: 0,
            gathered: usize::MAX,
            is_closed: false,
        };
        Line {
            state: Mutex::new(state),
            ready: Condvar::new(),
            room: Condvar::new(),
            most,
        }
    }

    fn wait_for_room(&self) -> bool {
        let state = self.wait_while(|state| state.taken >= state.first + self.most);
        let is_open = state.is_some();
        if let Some(mut state) = state {
            state.taken += 1;
        }
        is_open
    }

    /// Waits for others to change that; `None` if nobody delivers any more.
    fn wait_while(
        &self,
        is_so: impl Fn(&State<T, R>) -> bool,
    ) -> Option<MutexGuard<'_, State<T, R>>> {
        let mut state = lock(&self.state);
        while is_so(&state) && !state.is_closed {
            state.waiting += 1;
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        (!state.is_closed).then_some(state)
    }

    fn put(&self, index: usize, item: T, result: Result<R>) {
        let weight = weight(&result);
        let is_full =
            |state: &State<T, R>| !state.must_pass(index) && state.weight + weight > WAITING;
        let Some(mut state) = self.wait_while(is_full) else {
            return;
        };
        let place = index - state.first;
        if state.results.len() <= place {
            state.results.resize_with(place + 1, || None);
        }
        state.results[place] = Some((item, result));
        state.weight += weight;
        let is_first = matches!(state.results.front(), Some(Some(_)));
        if is_first && state.results.len() >= state.gathered {
            state.gathered = usize::MAX;
            self.ready.notify_one();
        }
    }

    /// That the first one has been delivered without standing in line.
    fn passed(&self) {
        lock(&self.state).first += 1;
    }

    /// What can be delivered, as soon as there is something; `None` if nothing will come any more.
    fn portion(&self, rest: &mut impl FnMut()) -> Option<Vec<(T, Result<R>)>> {
        let mut portion = Vec::with_capacity(PORTION);
        if self.fill(&mut portion, &mut lock(&self.state)) {
            return Some(portion);
        }
        rest();
        let mut state = lock(&self.state);
        state.gathered = PORTION;
        let scarce = |state: &mut State<T, R>| state.results.len() < PORTION && state.workers > 0;
        let gathered = self.ready.wait_timeout_while(state, GATHERING, scarce);
        state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        while !self.fill(&mut portion, &mut state) {
            if state.workers == 0 {
                return None;
            }
            state.gathered = 1;
            state = self
                .ready
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.gathered = usize::MAX;
        Some(portion)
    }

    /// That a portion has been delivered.
    fn delivered(&self) {
        let mut state = lock(&self.state);
        if state.leaving > 0 {
            state.weight -= state.leaving;
            state.leaving = 0;
            if state.waiting > 0 {
                self.room.notify_all();
            }
        }
    }

    fn fill(&self, portion: &mut Vec<(T, Result<R>)>, state: &mut State<T, R>) -> bool {
        while portion.len() < PORTION && matches!(state.results.front(), Some(Some(_))) {
            if let Some((item, result)) = state.results.pop_front().flatten() {
                state.first += 1;
                state.leaving += weight(&result);
                portion.push((item, result));
            }
        }
        if !portion.is_empty() && state.waiting > 0 {
            self.room.notify_all();
        }
        !portion.is_empty()
    }
}

impl<T, R> State<T, R> {
    /// Whether nothing can be delivered before that item is done: it may wait for nothing then, or all would wait for ever.
    fn must_pass(&self, index: usize) -> bool {
        index == self.first && self.leaving == 0
    }
}

/// What a failure takes is not worth counting: its texts are excerpts.
fn weight<R: Weigh>(result: &Result<R>) -> usize {
    result.as_ref().map_or(0, Weigh::weight)
}

/// An item's place in line.
pub struct Turn<'a> {
    line: &'a dyn Claims,
    index: usize,
    claimed: Cell<usize>,
}

impl Turn<'_> {
    /// Asks for so many bytes altogether, for as long as the item is worked on, and waits until they are there. How long that
    /// took is returned.
    pub fn claim(&self, bytes: usize) -> Duration {
        let more = bytes.saturating_sub(self.claimed.get());
        if more == 0 {
            return Duration::ZERO;
        }
        let waited = self.line.claim(self.index, more);
        self.claimed.set(bytes);
        waited
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.claimed.get() > 0 {
            self.line.give_back(self.claimed.get());
        }
    }
}

/// A line, whatever stands in it.
trait Claims: Sync {
    fn claim(&self, index: usize, bytes: usize) -> Duration;
    fn give_back(&self, bytes: usize);
}

impl<T: Send, R: Weigh + Send> Claims for Line<T, R> {
    fn claim(&self, index: usize, bytes: usize) -> Duration {
        let began = Cell::new(None);
        let is_full = |state: &State<T, R>| {
            let is_full = !state.must_pass(index) && state.claimed + bytes > CLAIMED;
            if is_full && began.get().is_none() {
                began.set(Some(Instant::now()));
            }
            is_full
        };
        if let Some(mut state) = self.wait_while(is_full) {
            state.claimed += bytes;
        }
        began.get().map_or(Duration::ZERO, |began| began.elapsed())
    }

    fn give_back(&self, bytes: usize) {
        let mut state = lock(&self.state);
        state.claimed = state.claimed.saturating_sub(bytes);
        self.room.notify_all();
    }
}

/// A worker, for as long as it works.
struct Enlisted<'a, T, R: Weigh>(&'a Line<T, R>);

impl<'a, T, R: Weigh> Enlisted<'a, T, R> {
    fn new(line: &'a Line<T, R>) -> Self {
        lock(&line.state).workers += 1;
        Enlisted(line)
    }
}

impl<T, R: Weigh> Drop for Enlisted<'_, T, R> {
    fn drop(&mut self) {
        lock(&self.0.state).workers -= 1;
        self.0.ready.notify_one();
    }
}

/// That somebody delivers: when nobody does any more, nobody waits for it either.
struct Open<'a, T, R>(&'a Line<T, R>);

impl<T, R> Drop for Open<'_, T, R> {
    fn drop(&mut self) {
        lock(&self.0.state).is_closed = true;
        self.0.room.notify_all();
    }
}

/// Nothing that panics holds the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::error::{Error, Kind};

    impl Weigh for usize {
        /// As much as it says.
        fn weight(&self) -> usize {
            *self
        }
    }

    /// Delivered items with their results, `None` for a failure.
    fn delivered(
        jobs: usize,
        items: impl Iterator<Item = usize> + Send,
        work: impl Fn(&usize, &Turn<'_>) -> Result<usize> + Sync,
    ) -> Vec<(usize, Option<usize>)> {
        let mut delivered = Vec::new();
        let deliver = |item, result: Result<usize>| delivered.push((item, result.ok()));
        run(jobs, items, work, deliver, || ());
        delivered
    }

    #[test]
    fn every_item_once_and_in_order_with_any_number_of_jobs() {
        for jobs in [1, 2, 7, 64] {
            let got = delivered(jobs, 0..3_000, |item, _| {
                for _ in 0..fastrand::u8(..8) {
                    thread::yield_now();
                }
                Ok(item * 2)
            });
            let expected: Vec<_> = (0..3_000).map(|item| (item, Some(item * 2))).collect();
            assert_eq!(got, expected, "{jobs} jobs");
        }
    }

    #[test]
    fn a_panic_and_a_failure_are_of_one_item() {
        process::quieten_panics();
        for jobs in [1, 4] {
            let got = delivered(jobs, 0..100, |item, _| match item {
                13 => panic!("a bug"),
                77 => Err(Error::new(Kind::NotFound, "none")),
                item => Ok(*item),
            });
            let failed: Vec<_> = got.iter().filter(|(_, result)| result.is_none()).collect();
            assert_eq!((got.len(), failed), (100, vec![&(13, None), &(77, None)]));
        }
    }

    #[test]
    fn results_wait_for_the_first_but_only_so_many() {
        let (jobs, taken) = (4, AtomicUsize::new(0));
        let (go, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let items = (0..1_000).inspect(|_| {
            if taken.fetch_add(1, Ordering::SeqCst) + 1 == jobs * AHEAD {
                // There is room for no more: the first one may go on.
                go.send(()).expect("it waits");
            }
        });
        let most = AtomicUsize::new(0);
        let got = delivered(jobs, items, |item, _| {
            if *item == 0 {
                lock(&gate).recv().expect("the line fills up");
                most.store(taken.load(Ordering::SeqCst), Ordering::SeqCst);
            }
            Ok(*item)
        });
        assert_eq!(got.len(), 1_000);
        assert_eq!(most.into_inner(), jobs * AHEAD);
    }

    #[test]
    fn what_waits_is_bounded_in_bytes_and_so_is_what_is_claimed() {
        let (waiting, claimed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let got = delivered(8, 0..64, |_, turn| {
            turn.claim(CLAIMED / 2);
            let now = claimed.fetch_add(1, Ordering::SeqCst) + 1;
            waiting.fetch_max(now, Ordering::SeqCst);
            thread::yield_now();
            claimed.fetch_sub(1, Ordering::SeqCst);
            Ok(WAITING)
        });
        assert_eq!(got.len(), 64);
        // Two claims fill it, and whose turn it is never waits.
        assert!(waiting.into_inner() <= 3);
    }

    #[test]
    fn nobody_is_left_waiting_when_the_delivery_fails() {
        process::quieten_panics();
        let failed = process::without_panics(|| {
            run(
                4,
                0..10_000_usize,
                |item, _| Ok(*item),
                |_, _| panic!("the delivery fails"),
                || (),
            );
            Ok(())
        });
        assert!(failed.is_err());
    }
}
