//! How far it has come: a line at the end of a terminal, which whatever else is written goes around.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The columns that the line takes beside its text: the spinner, a blank, and the margin, which stays free.
const SPINNER: usize = 3;

/// The line, from [`Progress::begin`] to [`Progress::end`]; outside of them nothing is shown.
#[derive(Debug, Default)]
pub struct Progress(Mutex<Option<ProgressBar>>);

impl Progress {
    /// Shows the line on standard error, which is a terminal.
    pub fn begin(&self) {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(None, target)
            .with_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(100));
        *self.bar() = Some(bar);
    }

    /// Changes its text; nobody is asked for it where there is no line.
    pub fn show(&self, text: impl FnOnce() -> String) {
        if let Some(bar) = &*self.bar() {
            let terminal = terminal_size::terminal_size_of(io::stderr());
            let width = terminal.map_or(80, |(terminal_size::Width(width), _)| width);
            let columns = usize::from(width).saturating_sub(SPINNER);
            bar.set_message(in_columns(&text(), columns));
        }
    }

    /// Takes it away.
    pub fn end(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }

    /// Writes something, with the line taken away for as long.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        let bar = self.bar().clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn bar(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As much of a text as stands in so many columns of every terminal. The line is drawn again and again, filled up with blanks
/// and taken back by the number of columns that it should have: where a terminal thinks otherwise of a character's width, other
/// lines would go with it, or it would stay. What is not ASCII is left to the lines that stay.
fn in_columns(text: &str, columns: usize) -> String {
    let plain = |c| if matches!(c, ' '..='~') { c } else { '?' };
    text.chars().take(columns).map(plain).collect()
}
