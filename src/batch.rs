//! Many items at once: taken from one source, worked on by several threads, delivered in the source's order.
//!
//! The source is read no further than a window beyond the first undelivered item, and no more than [`MAX_BYTES`] of results wait for
//! their delivery. So memory does not grow with the number of items, and a slow source or a slow reader costs nothing but time. The
//! item that all others wait for never waits for room itself.

use std::collections::VecDeque;
use std::iter;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::Result;
use crate::process::catch_panics;

/// The window, in items for each worker: a slow answer among quick ones delays the others only after that many.
const WINDOW: usize = 16;

/// How many bytes of results may wait, beside the one whose turn it is.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How long results may gather after the sink has become idle, so that busy workers need not wake it for each of them.
const GATHER: Duration = Duration::from_millis(2);

/// Where results are delivered, on the calling thread.
pub trait Sink<T, R> {
    /// Takes the next result, in the source's order.
    fn deliver(&mut self, item: T, result: Result<R>);
    /// Learns that there is nothing more to deliver for now.
    fn idle(&mut self);
}

/// A closure that takes the results.
impl<T, R, F: FnMut(T, Result<R>)> Sink<T, R> for F {
    fn deliver(&mut self, item: T, result: Result<R>) {
        self(item, result);
    }

    fn idle(&mut self) {}
}

/// Works on every item of `source` in `jobs` threads, and delivers the results in order. `size` is what a result takes in memory.
///
/// A panic fails the item that it happened to, and no other. With one job, or where the system refuses threads, everything happens
/// on the calling thread.
pub fn run<T: Send, R: Send>(
    jobs: usize,
    source: impl Iterator<Item = T> + Send,
    work: impl Fn(&T) -> Result<R> + Sync,
    size: fn(&R) -> usize,
    sink: &mut impl Sink<T, R>,
) {
    let queue = Queue::new(jobs * WINDOW);
    let source = Mutex::new(source.enumerate());
    let next_item = || {
        // Other workers wait for the lock meanwhile; there is no room for their items either.
        let mut source = lock(&source);
        queue.wait_for_room().then(|| source.next()).flatten()
    };
    thread::scope(|scope| {
        let _close = Close(&queue);
        let spawn = || {
            let registered = Registered::new(&queue);
            let worker = thread::Builder::new().name("worker".to_owned());
            worker.spawn_scoped(scope, || {
                let _registered = registered;
                while let Some((index, item)) = next_item() {
                    let result = catch_panics(|| work(&item));
                    let bytes = result.as_ref().map_or(0, size);
                    queue.put(index, item, result, bytes);
                }
            })
        };
        let wanted = if jobs > 1 { jobs } else { 0 };
        let workers = iter::repeat_with(spawn).take(wanted);
        if workers.take_while(std::io::Result::is_ok).count() == 0 {
            while let Some((_, item)) = next_item() {
                let result = catch_panics(|| work(&item));
                sink.deliver(item, result);
                sink.idle();
                lock(&queue.state).first += 1;
            }
        }
        while let Some((item, result)) = queue.next(|| sink.idle()) {
            sink.deliver(item, result);
        }
    });
}

/// The results that wait for their delivery.
struct Queue<T, R> {
    state: Mutex<State<T, R>>,
    /// The first result is there, or the last worker has ended.
    ready: Condvar,
    /// A result was taken out.
    room: Condvar,
    window: usize,
}

struct State<T, R> {
    /// The index of the first undelivered item.
    first: usize,
    /// How many items were taken from the source.
    taken: usize,
    /// The results from the first undelivered item on, with their sizes.
    results: VecDeque<Option<(T, Result<R>, usize)>>,
    bytes: usize,
    workers: usize,
    /// How many workers wait for room.
    waiting: usize,
    is_sink_waiting: bool,
    /// Nothing is delivered any more.
    is_closed: bool,
}

impl<T, R> Queue<T, R> {
    fn new(window: usize) -> Self {
        Queue {
            state: Mutex::new(State {
                first: 0,
                taken: 0,
                results: VecDeque::new(),
                bytes: 0,
                workers: 0,
                waiting: 0,
                is_sink_waiting: false,
                is_closed: false,
            }),
            ready: Condvar::new(),
            room: Condvar::new(),
            window,
        }
    }

    /// Waits until one more item may be taken from the source; `false` if nothing is delivered any more.
    fn wait_for_room(&self) -> bool {
        let state = self.wait_while(|state| state.taken >= state.first + self.window);
        state.map(|mut state| state.taken += 1).is_some()
    }

    fn put(&self, index: usize, item: T, result: Result<R>, bytes: usize) {
        let is_full = |state: &State<T, R>| index != state.first && state.bytes + bytes > MAX_BYTES;
        let Some(mut state) = self.wait_while(is_full) else {
            return;
        };
        let place = index - state.first;
        if state.results.len() <= place {
            state.results.resize_with(place + 1, || None);
        }
        state.results[place] = Some((item, result, bytes));
        state.bytes += bytes;
        if place == 0 && state.is_sink_waiting {
            self.ready.notify_one();
        }
    }

    /// The next result, as soon as it is there; `None` after the last one. `idle` is called before any waiting.
    fn next(&self, idle: impl FnOnce()) -> Option<(T, Result<R>)> {
        let mut state = lock(&self.state);
        if !state.has_next() && state.workers > 0 {
            drop(state);
            idle();
            thread::sleep(GATHER);
            state = lock(&self.state);
            state.is_sink_waiting = true;
            let is_pending = |state: &mut State<T, R>| !state.has_next() && state.workers > 0;
            let waited = self.ready.wait_while(state, is_pending);
            state = waited.unwrap_or_else(PoisonError::into_inner);
            state.is_sink_waiting = false;
        }
        let (item, result, bytes) = state.results.pop_front().flatten()?;
        state.first += 1;
        state.bytes -= bytes;
        if state.waiting > 0 {
            self.room.notify_all();
        }
        Some((item, result))
    }

    /// Waits for room; `None` if nothing is delivered any more.
    fn wait_while(
        &self,
        is_full: impl Fn(&State<T, R>) -> bool,
    ) -> Option<MutexGuard<'_, State<T, R>>> {
        let mut state = lock(&self.state);
        while is_full(&state) && !state.is_closed {
            state.waiting += 1;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        (!state.is_closed).then_some(state)
    }
}

impl<T, R> State<T, R> {
    fn has_next(&self) -> bool {
        matches!(self.results.front(), Some(Some(_)))
    }
}

/// Counts a worker until it ends, even by a panic.
struct Registered<'a, T, R>(&'a Queue<T, R>);

impl<'a, T, R> Registered<'a, T, R> {
    fn new(queue: &'a Queue<T, R>) -> Self {
        lock(&queue.state).workers += 1;
        Registered(queue)
    }
}

impl<T, R> Drop for Registered<'_, T, R> {
    fn drop(&mut self) {
        lock(&self.0.state).workers -= 1;
        self.0.ready.notify_one();
    }
}

/// Closes the queue when nothing is delivered any more, even after a panic, so that no worker waits for ever.
struct Close<'a, T, R>(&'a Queue<T, R>);

impl<T, R> Drop for Close<'_, T, R> {
    fn drop(&mut self) {
        lock(&self.0.state).is_closed = true;
        self.0.room.notify_all();
    }
}

/// No code that may panic runs under these locks, but for the source's.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::error::{Error, Kind};

    /// The items with their results, `None` for a failure. A result is its own size.
    fn delivered(
        jobs: usize,
        items: impl Iterator<Item = usize> + Send,
        work: impl Fn(&usize) -> Result<usize> + Sync,
    ) -> Vec<(usize, Option<usize>)> {
        let mut delivered = Vec::new();
        let mut sink = |item, result: Result<usize>| delivered.push((item, result.ok()));
        run(jobs, items, work, |size| *size, &mut sink);
        delivered
    }

    #[test]
    fn every_item_is_delivered_once_and_in_order() {
        for jobs in [1, 2, 7, 64] {
            let got = delivered(jobs, 0..3_000, |item| {
                (0..fastrand::u8(..8)).for_each(|_| thread::yield_now());
                Ok(item * 2)
            });
            let expected: Vec<_> = (0..3_000).map(|item| (item, Some(item * 2))).collect();
            assert_eq!(got, expected, "{jobs} jobs");
        }
    }

    #[test]
    fn a_panic_and_a_failure_concern_one_item() {
        crate::process::quieten_panics();
        for jobs in [1, 4] {
            let got = delivered(jobs, 0..100, |item| match item {
                13 => panic!("a bug"),
                77 => Err(Error::new(Kind::NotFound, "none")),
                item => Ok(*item),
            });
            let failed: Vec<_> = got.iter().filter(|(_, result)| result.is_none()).collect();
            assert_eq!((got.len(), failed), (100, vec![&(13, None), &(77, None)]));
        }
    }

    /// Runs with a first item that waits until `taken` reaches `full`, and returns how many items were taken by then.
    fn taken_before_the_first(jobs: usize, full: usize, size: usize) -> usize {
        let (taken, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (open, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let items = (0..1_000).inspect(|_| {
            if taken.fetch_add(1, Ordering::SeqCst) + 1 == full {
                open.send(()).expect("it waits");
            }
        });
        let got = delivered(jobs, items, |item| {
            if *item == 0 {
                lock(&gate).recv().expect("it opens");
                most.store(taken.load(Ordering::SeqCst), Ordering::SeqCst);
            }
            Ok(size)
        });
        assert_eq!(got.len(), 1_000);
        most.into_inner()
    }

    #[test]
    fn the_source_is_read_no_further_than_the_window() {
        assert_eq!(taken_before_the_first(4, 4 * WINDOW, 1), 4 * WINDOW);
    }

    #[test]
    fn waiting_results_are_bounded_in_bytes() {
        // Four of them fill the queue; then each of three workers holds one more.
        let full = 1 + 4 + 3;
        assert_eq!(taken_before_the_first(4, full, MAX_BYTES / 4), full);
    }

    #[test]
    fn a_result_beyond_all_bounds_is_delivered() {
        let got = delivered(4, 0..50, |item| Ok(item * MAX_BYTES));
        assert_eq!(got.len(), 50);
    }
}
