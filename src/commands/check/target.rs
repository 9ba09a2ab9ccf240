//! The targets of a check run: one for each API of each profile that its checks name.
//!
//! A Retry-After pauses all checks of a target, and its circuit breaker keeps checks from failing one by one in the same way.

use super::suite::Check;
use crate::account::Resource;
use crate::account::redact::Tokens;
use crate::client::Throttle;
use crate::commands::Context;
use crate::commands::breaker::CircuitBreaker;
use crate::commands::session::Session;
use crate::config::{Origin, Setting};
use crate::error::Result;

/// One API of one profile.
pub struct CheckTarget<'a> {
    /// The profile that its checks name; `None` for the selected one.
    named: Option<String>,
    resource: &'static Resource,
    /// Or why nothing can be looked up there.
    pub session: Result<Session<'a>>,
    pub throttle: Throttle,
}

impl<'a> CheckTarget<'a> {
    /// The targets of these checks.
    pub fn all(checks: &[Check], context: &'a Context<'a>, tokens: &Tokens) -> Vec<Self> {
        let mut targets: Vec<CheckTarget<'a>> = Vec::new();
        for check in checks {
            if targets.iter().any(|target| target.is_of(check)) {
                continue;
            }
            let mut flags = context.flags.for_config();
            if let Some(name) = &check.profile {
                flags.profile = Some(Setting::new(name.clone(), Origin::Flag("--suite")));
            }
            targets.push(CheckTarget {
                named: check.profile.clone(),
                resource: check.id.resource(),
                session: Session::open(context, &flags, tokens.clone()),
                throttle: if checks.len() == 1 {
                    Throttle::single()
                } else {
                    Throttle::shared(None)
                },
            });
        }
        targets
    }

    /// Whether the check is made there.
    pub fn is_of(&self, check: &Check) -> bool {
        self.named == check.profile && self.resource == check.id.resource()
    }

    /// Its circuit breaker.
    pub fn breaker(&self) -> CircuitBreaker<'_> {
        CircuitBreaker::new(&self.throttle, true)
    }
}
