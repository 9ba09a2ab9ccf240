//! Many items at once: taken from one source, worked on by several threads, delivered in the source's order.
//!
//! The source is read no further than a window beyond the first undelivered item, and not at all while [`MAX_BYTES`] of results wait
//! for their delivery. So memory does not grow with the number of items, and a slow source or a slow reader costs nothing but time.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::Result;
use crate::process::{catch_panics, lock};

/// The window, in items for each worker: a slow answer among quick ones delays the others only after that many.
const WINDOW: usize = 16;
/// How many bytes of results may wait before no further item is taken.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How long results may gather while the delivery has nothing to do, so that busy workers need not wake it for each of them. Quick
/// answers fill half of the window sooner, which wakes it before any worker has to wait for room.
const GATHER: Duration = Duration::from_millis(2);

/// Works on every item of `source` in `jobs` threads, and delivers the results in order, on the calling thread. `size` is the memory
/// that a result takes. `deliver` gets `None` when there is nothing to deliver for now. A panic fails the item that it happened to.
/// With one job, or where the system refuses threads, everything happens on the calling thread.
pub fn run<T: Send, R: Send>(
    jobs: usize,
    source: impl Iterator<Item = T> + Send,
    work: impl Fn(&T) -> Result<R> + Sync,
    size: fn(&R) -> usize,
    mut deliver: impl FnMut(Option<(T, Result<R>)>),
) {
    let window = Window { items: jobs * WINDOW, ..Window::default() };
    let source = Mutex::new(source.enumerate());
    let next_item = || {
        // Other workers wait for the lock meanwhile; there is no room for their items either.
        let mut source = lock(&source);
        window.wait_for_room().then(|| source.next()).flatten()
    };
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        let _close = Close(&window);
        let mut workers = 0;
        while jobs > 1 && workers < jobs {
            let sender = sender.clone();
            let (next_item, work, window) = (&next_item, &work, &window);
            let worker = thread::Builder::new().name("worker".to_owned());
            let spawned = worker.spawn_scoped(scope, move || {
                while let Some((index, item)) = next_item() {
                    let result = catch_panics(|| work(&item));
                    let bytes = result.as_ref().map_or(0, size);
                    lock(&window.state).bytes += bytes;
                    if sender.send((index, item, result, bytes)).is_err() {
                        break;
                    }
                }
            });
            if spawned.is_err() {
                break;
            }
            workers += 1;
        }
        drop(sender);
        while workers == 0
            && let Some((_, item)) = next_item()
        {
            let result = catch_panics(|| work(&item));
            deliver(Some((item, result)));
            deliver(None);
            window.remove(0);
        }
        let mut waiting = BTreeMap::new();
        let mut first = 0;
        loop {
            let received = match results.try_recv() {
                Err(TryRecvError::Empty) => {
                    deliver(None);
                    window.gather(GATHER);
                    results.recv().ok()
                }
                received => received.ok(),
            };
            let Some((index, item, result, bytes)) = received else {
                break;
            };
            waiting.insert(index, (item, result, bytes));
            while let Some((item, result, bytes)) = waiting.remove(&first) {
                deliver(Some((item, result)));
                first += 1;
                window.remove(bytes);
            }
        }
    });
}

/// Bounds what has been taken from the source and is not delivered yet.
#[derive(Default)]
struct Window {
    state: Mutex<State>,
    room: Condvar,
    half_full: Condvar,
    items: usize,
}

#[derive(Default)]
struct State {
    items: usize,
    /// The size of the results among them.
    bytes: usize,
    /// Nothing is delivered any more.
    is_closed: bool,
    is_waited_for: bool,
}

impl Window {
    /// Waits until one more item may be taken from the source; `false` if nothing is delivered any more.
    fn wait_for_room(&self) -> bool {
        let mut state = lock(&self.state);
        while !state.is_closed && (state.items >= self.items || state.bytes >= MAX_BYTES) {
            state.is_waited_for = true;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.items += 1;
        if state.items == self.items / 2 {
            self.half_full.notify_one();
        }
        !state.is_closed
    }

    /// Waits for `time`, but no longer than until half of the window is full.
    fn gather(&self, time: Duration) {
        let has_room = |state: &mut State| state.items < self.items / 2;
        drop(self.half_full.wait_timeout_while(lock(&self.state), time, has_room));
    }

    fn remove(&self, bytes: usize) {
        let mut state = lock(&self.state);
        state.items -= 1;
        state.bytes -= bytes;
        // One worker at most waits here: it holds the lock of the source. Notifying is a system call.
        if std::mem::take(&mut state.is_waited_for) {
            self.room.notify_one();
        }
    }
}

/// Closes the window when nothing is delivered any more, even after a panic, so that no worker waits for ever.
struct Close<'a>(&'a Window);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).is_closed = true;
        self.0.room.notify_all();
    }
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
        run(
            jobs,
            items,
            work,
            |size| *size,
            |next| {
                delivered.extend(next.map(|(item, result)| (item, result.ok())));
            },
        );
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
    fn results_gather_until_half_of_the_window_is_full() {
        // The other thread takes a while to begin, so most of the time it finds this one waiting.
        for _ in 0..100 {
            let window = Window { items: 8, ..Window::default() };
            thread::scope(|scope| {
                scope.spawn(|| assert!((0..4).all(|_| window.wait_for_room())));
                window.gather(Duration::from_secs(3600));
            });
        }
    }

    #[test]
    fn waiting_results_are_bounded_in_bytes() {
        // The other worker fills the queue with four of them.
        assert_eq!(taken_before_the_first(2, 1 + 4, MAX_BYTES / 4), 1 + 4);
    }

    #[test]
    fn a_result_beyond_all_bounds_is_delivered() {
        let got = delivered(4, 0..50, |item| Ok(item * MAX_BYTES));
        assert_eq!(got.len(), 50);
    }
}
