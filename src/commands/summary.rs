//! The summary of many look-ups: how many succeeded and failed, where to go on, and the exit code that follows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::CommandStatus;
use super::breaker::Stop;
use crate::error::{Error, Kind, Result};
use crate::text::{grouped, span};

/// Counts of what has been written.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub found: usize,
    /// The failures of each kind, in the order of exit codes.
    failed: BTreeMap<Kind, usize>,
    /// The last line of standard input up to which everything is done.
    pub line: Option<usize>,
}

impl Summary {
    pub fn add_failure(&mut self, kind: Kind) {
        *self.failed.entry(kind).or_default() += 1;
    }

    pub fn failures(&self) -> usize {
        self.failed.values().sum()
    }

    /// How many results and failures have been written.
    pub fn done(&self) -> usize {
        self.found + self.failures()
    }

    /// `found 99,812 · failed 188 (not found 180, server 8) · 3 m 12 s`
    pub fn text(&self, elapsed: Duration) -> String {
        let mut text = format!("found {}", grouped(self.found));
        let kind = |(kind, count): (&Kind, &usize)| format!("{} {}", kind.code().replace('_', " "), grouped(*count));
        let kinds: Vec<_> = self.failed.iter().map(kind).collect();
        if !kinds.is_empty() {
            text = format!("{text} · failed {} ({})", grouped(self.failures()), kinds.join(", "));
        }
        format!("{text} · {}", span(elapsed))
    }

    /// The status of the run of `total` ids, if that is known; `stop` is what left some of them untried.
    pub fn status(&self, total: Option<usize>, stop: Option<Stop>) -> Result<CommandStatus> {
        let Some(stop) = stop else {
            let kind = Kind::merge(self.failed.keys().copied());
            return Ok(kind.map_or(CommandStatus::Done, CommandStatus::Failed));
        };
        let cause = stop.error.context();
        let (done, hint) = self.resume("fix that first", "; the other ids have not been tried");
        let message = format!("stopped after {}: {}{done}", ids(self.done(), total), stop.reason);
        let error = Error::new(stop.error.kind(), message).hint(hint).retryable(stop.error.is_retryable());
        Err(error.with_context(|context| {
            context.api = cause.api;
            context.profile.clone_from(&cause.profile);
            context.line = self.line;
        }))
    }

    /// The error that says how far a run of `total` ids had come when a signal ended it.
    pub fn interrupted(&self, total: Option<usize>, kind: Kind) -> Error {
        let (done, hint) = self.resume("run it again", " if you still want it");
        let message = match self.done() {
            0 => format!("{} before anything was looked up", kind.code()),
            count => {
                let (found, failed) = (grouped(self.found), grouped(self.failures()));
                format!("{} after {} ({found} answered, {failed} failed){done}", kind.code(), ids(count, total))
            }
        };
        Error::new(kind, message).hint(hint).with_context(|context| context.line = self.line)
    }

    /// How far everything is done, for the message, and the hint: `first`, then where to go on in standard input, or `otherwise`.
    fn resume(&self, first: &str, otherwise: &str) -> (String, String) {
        match self.line {
            Some(line) => (
                format!("; everything up to input line {line} is done"),
                format!("{first}; --skip {line} goes on after that line"),
            ),
            None => (String::new(), format!("{first}{otherwise}")),
        }
    }
}

/// `1 id`, `2 of 2,345 ids`
fn ids(count: usize, total: Option<usize>) -> String {
    let s = if total.unwrap_or(count) == 1 { "" } else { "s" };
    let of = total.map_or(String::new(), |total| format!(" of {}", grouped(total)));
    format!("{}{of} id{s}", grouped(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(failures: &[(Kind, usize)]) -> Summary {
        let mut summary = Summary::default();
        for (kind, count) in failures {
            (0..*count).for_each(|_| summary.add_failure(*kind));
        }
        summary
    }

    #[test]
    fn failures_are_counted_in_the_order_of_exit_codes() {
        let mut counted = summary(&[(Kind::Server, 8), (Kind::NotFound, 1_180)]);
        counted.found = 99_812;
        assert_eq!(
            counted.text(Duration::from_secs(192)),
            "found 99,812 · failed 1,188 (not found 1,180, server 8) · 3 m 12 s"
        );
        let none = Summary::default();
        assert_eq!(none.text(Duration::ZERO), "found 0 · 0 s");
    }
}
