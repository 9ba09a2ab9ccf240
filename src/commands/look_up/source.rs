//! What is looked up, one id after the other: parsed, and with the client that asks for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::input::Input;
use super::results::Results;
use super::watch::Watch;
use crate::account::Id;
use crate::client::Client;
use crate::commands::clients::Clients;
use crate::error::Result;

/// An id that is looked up, or why it cannot be.
pub struct Asked<'a> {
    /// The line of standard input that it stands in.
    pub line: Option<usize>,
    /// What the token has taken of the time that the look-up has.
    pub spent: Duration,
    /// The id, and who asks for it.
    pub id: Result<(Id, Arc<Client<'a>>)>,
}

/// The ids of one call, as they are asked for.
pub struct Source<'a, P> {
    pub input: &'a mut Input,
    /// Tells whose id a text is.
    pub parse: P,
    pub clients: Clients<'a>,
    pub results: &'a Results,
    pub watch: &'a Watch<'a>,
}

impl<'a, P: Fn(&str) -> Result<Id>> Iterator for Source<'a, P> {
    type Item = Asked<'a>;

    /// The next one; none after the last, nor after a stop or a signal.
    fn next(&mut self) -> Option<Asked<'a>> {
        let Clients {
            pace, interrupt, ..
        } = self.clients;
        let given = self
            .input
            .next(&|| pace.is_stopped() || interrupt.is_over())
            .inspect_err(|error| self.watch.stop(error))
            .ok()??;
        self.results.expect(self.input.expected());
        let mut spent = Duration::ZERO;
        let id = (self.parse)(&given.text).and_then(|id| {
            let client = self.clients.of(&id);
            let client = client.inspect_err(|error| self.watch.failed(error))?;
            self.results.begin(&id, client.profile());
            // A token helper is asked by one look-up, not by all that begin together.
            let began = Instant::now();
            let token = client.prepare(&id, began);
            spent = began.elapsed();
            token.inspect_err(|error| self.watch.failed(error))?;
            Ok((id, client))
        });
        Some(Asked {
            line: given.line,
            spent,
            id,
        })
    }
}
