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
        let (kind, cause) = (stop.error.kind(), stop.error.context());
        let message = format!("stopped after {}: {}", ids(self.done(), total), stop.reason);
        let error = self.cut_short(kind, &message, "fix that first").retryable(stop.error.is_retryable());
        Err(error.with_context(|context| (context.api, context.profile) = (cause.api, cause.profile.clone())))
    }

    /// The error that says how far a run of `total` ids had come when a signal ended it.
    pub fn interrupted(&self, total: Option<usize>, kind: Kind) -> Error {
        let (done, found, failed) = (ids(self.done(), total), grouped(self.found), grouped(self.failures()));
        let message = format!("{} after {done} ({found} answered, {failed} failed)", kind.code());
        self.cut_short(kind, &message, "run it again if you still want it")
    }

    /// An error that says up to which line of standard input everything is done, and where to go on.
    fn cut_short(&self, kind: Kind, message: &str, hint: &str) -> Error {
        let Some(line) = self.line else { return Error::new(kind, message).hint(hint) };
        Error::new(kind, format!("{message}; everything up to input line {line} is done"))
            .hint(format!("{hint}; --skip {line} goes on after that line"))
            .with_context(|context| context.line = Some(line))
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
