//! The tokens that a run has in use: what its source has given, by which a token is known where it does not belong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::{Secret, Source};
use crate::config::environment::Environment;
use crate::error::Result;
use crate::interrupt::Interrupt;

/// From this length on, a token is looked for where it does not belong; a shorter one, as people give to a mock server, may
/// stand there by accident.
pub const TELLING: usize = 8;

/// So many of the tokens that a source has given are looked for, the newest ones: those before have ended.
const IN_USE: usize = 8;

/// A source, and what it has given.
#[derive(Debug)]
pub struct Tokens {
    source: Source,
    given: Given,
}

/// The tokens that a source has given so far, by which they are known where somebody else has spelt them out.
#[derive(Clone, Debug, Default)]
pub struct Given(Arc<Mutex<Vec<Secret>>>);

impl Tokens {
    /// Of this source, which has not been asked yet.
    pub(in crate::config) fn new(source: Source) -> Self {
        Tokens {
            source,
            given: Given::default(),
        }
    }

    /// What it has given, now and later.
    #[must_use]
    pub fn given(&self) -> Given {
        self.given.clone()
    }

    /// What it has given and, unless a program would have to be asked, what it has to give.
    #[must_use]
    pub fn at_hand(&self, env: &Environment, interrupt: &Interrupt) -> Given {
        if !self.is_command() {
            // Whoever needs the token is told what is wrong with it.
            let _ = self.read(env, Instant::now(), interrupt);
        }
        self.given()
    }

    /// [`Source::is_command`]
    #[must_use]
    pub fn is_command(&self) -> bool {
        self.source.is_command()
    }

    /// [`Source::describe`]
    #[must_use]
    pub fn describe(&self) -> String {
        self.source.describe()
    }

    /// [`Source::read`]
    ///
    /// # Errors
    /// Its.
    pub fn read(
        &self,
        env: &Environment,
        deadline: Instant,
        interrupt: &Interrupt,
    ) -> Result<Secret> {
        let token = self.source.read(env, deadline, interrupt)?;
        self.given.add(&token);
        Ok(token)
    }
}

impl Given {
    fn add(&self, token: &Secret) {
        self.with(|tokens| {
            if token.0.len() >= TELLING && tokens.iter().all(|known| known.0 != token.0) {
                tokens.truncate(IN_USE - 1);
                tokens.insert(0, Secret(token.0.clone()));
            }
        });
    }

    /// Shows each of them to `see`.
    pub fn each(&self, mut see: impl FnMut(&str)) {
        self.with(|tokens| tokens.iter().for_each(|token| see(token.expose())));
    }

    fn with<T>(&self, see: impl FnOnce(&mut Vec<Secret>) -> T) -> T {
        see(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Variable;
    use super::*;

    #[test]
    fn what_a_source_has_given_is_known_if_it_is_long_enough() {
        let tokens = Tokens::new(Source::Variable(Variable::ours("V".to_owned())));
        let given = || {
            let mut given = Vec::new();
            tokens.given().each(|token| given.push(token.to_owned()));
            given
        };
        let give = |token: &str| {
            let env = Environment::from_pairs([("V", token)]);
            let _ = tokens.at_hand(&env, &Interrupt::default());
        };
        for (token, known) in [
            ("seven77", &[][..]),
            ("eight888", &["eight888"]),
            ("no token", &["eight888"]),
            ("nine99999", &["nine99999", "eight888"]),
            ("eight888", &["nine99999", "eight888"]),
        ] {
            give(token);
            assert_eq!(given(), known);
        }
        (10..20).for_each(|i| give(&format!("token-{i}")));
        let newest: Vec<_> = (12..20).rev().map(|i| format!("token-{i}")).collect();
        assert_eq!(given(), newest);
        assert!(!format!("{tokens:?}").contains("token-1"));
    }
}
