//! The clients of one call: one for each API, made when its first id comes.

use std::sync::Arc;

use super::about;
use super::endpoints::Endpoints;
use crate::account::{Id, Resource};
use crate::client::{Client, Limits, Pace, Trace};
use crate::config::Environment;
use crate::error::Result;
use crate::interrupt::Interrupt;

/// What every client of a call needs.
pub struct Clients<'a> {
    pub endpoints: &'a Endpoints<'a>,
    pub env: &'a Environment,
    pub interrupt: &'a Interrupt,
    pub limits: Limits,
    pub pace: &'a Pace,
    pub trace: &'a (dyn Fn(&Trace<'_>) + Sync),
    pub known: Vec<(&'static Resource, Arc<Client<'a>>)>,
}

impl<'a> Clients<'a> {
    /// The client that looks up `id`.
    ///
    /// # Errors
    /// Of the configuration, or of a proxy, CA or token that cannot be used.
    pub fn of(&mut self, id: &Id) -> Result<Arc<Client<'a>>> {
        let resource = id.resource();
        if let Some((_, client)) = self.known.iter().find(|(known, _)| *known == resource) {
            return Ok(client.clone());
        }
        let endpoint = self.endpoints.of(resource);
        let (endpoint, profile) = endpoint
            .map_err(|error| error.with(|facts| facts.id = Some(id.as_str().to_owned())))?;
        let client = Client::new(
            endpoint,
            self.env,
            self.interrupt,
            self.limits.clone(),
            self.pace,
            profile.clone(),
            self.trace,
        );
        let client = Arc::new(client.map_err(|error| about(error, id, profile.as_deref()))?);
        self.known.push((resource, client.clone()));
        Ok(client)
    }
}
