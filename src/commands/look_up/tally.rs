//! What has come of several look-ups: the counts, and the exit code that follows from them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::watch::Stop;
use crate::amount::{grouped, span};
use crate::commands::Ending;
use crate::error::{Error, Kind, Result};

/// What has come of the look-ups so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub found: usize,
    /// The failures of each kind, by its exit code and name.
    failed: BTreeMap<(u8, &'static str), (Kind, usize)>,
    /// The last line of standard input up to which everything is done.
    pub line: Option<usize>,
}

impl Tally {
    /// Counts a failure.
    pub fn failed(&mut self, kind: Kind) {
        let key = (kind.exit_code(), kind.code());
        self.failed.entry(key).or_insert((kind, 0)).1 += 1;
    }

    /// How many failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failed.values().map(|(_, count)| count).sum()
    }

    /// How many ids were tried.
    #[must_use]
    pub fn done(&self) -> usize {
        self.found + self.failures()
    }

    /// `found 99,812 · failed 188 (not found 180, server 8) · 3 m 12 s`
    #[must_use]
    pub fn summary(&self, elapsed: Duration) -> String {
        let mut text = format!("found {}", grouped(self.found));
        if !self.failed.is_empty() {
            let kinds = self.failed.iter().map(|((_, code), (_, count))| {
                format!("{} {}", code.replace('_', " "), grouped(*count))
            });
            let kinds: Vec<_> = kinds.collect();
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                " · failed {} ({})",
                grouped(self.failures()),
                kinds.join(", ")
            );
        }
        format!("{text} · {}", span(elapsed))
    }

    /// How it ended: with what stopped it, so many ids being left, or with what all failures have in common.
    ///
    /// # Errors
    /// What left ids untried, or may have: `None` is an unknown number of them.
    pub fn ending(&self, stop: Option<Stop>, left: Option<usize>) -> Result<Ending> {
        if let Some(stop) = stop.filter(|stop| left != Some(0) || stop.input.is_some()) {
            return Err(self.stopped(stop, left));
        }
        let kinds = self.failed.values().map(|(kind, _)| *kind);
        Ok(Kind::in_common(kinds).map_or(Ending::Done, Ending::Failed))
    }

    fn stopped(&self, stop: Stop, left: Option<usize>) -> Error {
        let done = self.done();
        let ids = ids(done, left.map(|left| done + left));
        let message = format!("stopped after {ids}: {}", stop.why);
        let (upto, hint) = self.resuming("mend that first", "; the other ids have not been tried");
        Error::new(stop.kind, message + &upto)
            .hint(hint)
            .retryable(stop.retryable)
            .with(|facts| {
                facts.api = stop.api;
                facts.profile = stop.profile;
                facts.line = self.line;
            })
    }

    /// Up to where everything is done, for the message, and what to do next: `first`, then to go on where lines were read,
    /// or else `otherwise`.
    #[must_use]
    pub fn resuming(&self, first: &str, otherwise: &str) -> (String, String) {
        match self.line {
            Some(line) => (
                format!("; everything up to input line {line} is done"),
                format!("{first}; --skip {line} goes on behind that line"),
            ),
            None => (String::new(), format!("{first}{otherwise}")),
        }
    }
}

/// `1 id`, `1 of 2 ids`
#[must_use]
pub fn ids(done: usize, of: Option<usize>) -> String {
    let noun = if of.unwrap_or(done) == 1 { "id" } else { "ids" };
    let of = of.map_or(String::new(), |of| format!(" of {}", grouped(of)));
    format!("{}{of} {noun}", grouped(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_kinds_in_the_order_of_exit_codes() {
        let mut tally = Tally {
            found: 99_812,
            ..Tally::default()
        };
        assert_eq!(tally.summary(Duration::ZERO), "found 99,812 · 0.0 s");
        for _ in 0..8 {
            tally.failed(Kind::Server);
        }
        for _ in 0..180 {
            tally.failed(Kind::NotFound);
        }
        assert_eq!(
            tally.summary(Duration::from_secs(192)),
            "found 99,812 · failed 188 (not found 180, server 8) · 3 m 12 s"
        );
    }

    #[test]
    fn failures_of_one_exit_code_keep_it() {
        let mut tally = Tally::default();
        let ending = |tally: &Tally| tally.ending(None, Some(0)).expect("nothing stopped it");
        assert_eq!(ending(&tally), Ending::Done);
        tally.failed(Kind::Gone);
        tally.failed(Kind::NotFound);
        assert!(matches!(ending(&tally), Ending::Failed(kind) if kind.exit_code() == 5));
        tally.failed(Kind::Server);
        assert_eq!(ending(&tally), Ending::Failed(Kind::Failed));
    }
}
