//! What becomes of the answers, in the order of the ids: results, failures, warnings.

use std::sync::MutexGuard;

use super::Answer;
use super::results::{Output, Results};
use super::source::Asked;
use crate::commands::drifts::Drifts;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::output::Renderer;

/// Delivers the answers of one call.
pub struct Delivery<'a> {
    pub results: &'a Results,
    pub renderer: &'a Renderer,
    pub interrupt: &'a Interrupt,
    pub drifts: Drifts<'a>,
    /// The failure of a look-up alone, which is that of the call.
    pub alone: Option<Error>,
    /// How many ids were not asked for any more.
    pub untried: usize,
}

impl Delivery<'_> {
    /// Delivers one.
    pub fn deliver(&mut self, asked: &Asked<'_>, answer: Result<Answer>) {
        let Some(mut output) = self.results.output(self.interrupt) else {
            // A signal has ended it, and nobody waits for this.
            return;
        };
        // What comes behind an id that is untried will be looked up with it.
        let answer = match answer {
            _ if self.untried > 0 => Ok(None),
            Ok(Answer::Untried) => Ok(None),
            Ok(Answer::Found(piece, strays)) => Ok(Some((piece, strays))),
            Ok(Answer::Large(found, strays)) => {
                super::render(self.renderer, asked, &found).map(|piece| Some((piece, strays)))
            }
            Err(error) => Err(error),
        };
        let written = match answer {
            Ok(None) => {
                self.untried += 1;
                Ok(())
            }
            Ok(Some((piece, strays))) => {
                if let (Ok((id, client)), false) = (&asked.id, strays.is_empty()) {
                    let written = self.results.flush(&mut output);
                    self.drifts.warn(strays, id, client.profile());
                    if written.is_err() {
                        return self.give_up(output, written);
                    }
                }
                self.results.found(&mut output, piece, asked.line)
            }
            Err(error) if !self.results.are_many() => {
                self.alone = Some(error);
                Ok(())
            }
            Err(error) => {
                let error = error.with(|facts| {
                    if asked.line.is_some() {
                        // The line is the input's: it stands in no file that the failure is about.
                        (facts.file, facts.line) = (None, asked.line);
                    }
                    if let (None, Ok((id, _))) = (&facts.id, &asked.id) {
                        facts.id = Some(id.as_str().to_owned());
                    }
                });
                self.results.failed(&mut output, &error, asked.line)
            }
        };
        self.give_up(output, written);
    }

    /// Writes what waits: nothing more comes for now.
    pub fn rest(&self) {
        if let Some(mut output) = self.results.output(self.interrupt) {
            let written = self.results.flush(&mut output);
            self.give_up(output, written);
        }
    }

    /// What cannot be written ends it all.
    fn give_up(&self, output: MutexGuard<'_, Output>, written: Result<()>) {
        drop(output);
        if let Err(error) = written {
            self.results.end_progress();
            self.interrupt.give_up(error);
        }
    }
}
