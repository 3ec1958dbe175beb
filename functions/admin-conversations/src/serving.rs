//! The clients whose records a caller may touch (SPEC B39). A conversation belongs to its connector's client. For
//! others it does not exist. Nothing is read for a caller who may touch the records of every client.

use crate::Deps;
use std::collections::HashMap;
use vestibule_admin::{Call, problem::ApiError};
use vestibule_domain::{
    ProjectScope,
    ids::{ConnectorId, ConversationId},
    team::client_access::ClientAccess,
};

/// The connectors of a project of which it is known whether the caller serves them.
pub struct Serving<'a> {
    deps: &'a Deps,
    call: &'a Call,
    scope: ProjectScope,
    known: HashMap<ConnectorId, bool>,
}

impl<'a> Serving<'a> {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(deps: &'a Deps, call: &'a Call, scope: ProjectScope) -> Self {
        Self {
            deps,
            call,
            scope,
            known: HashMap::new(),
        }
    }

    /// Whether the caller may touch records of this connector. Those of a deleted connector are nobody's.
    pub async fn serves(&mut self, id: ConnectorId) -> Result<bool, ApiError> {
        if serves_all(self.call) {
            return Ok(true);
        }
        if let Some(known) = self.known.get(&id) {
            return Ok(*known);
        }
        let found = self.deps.connectors.find_connector(id).await?;
        let serves = found.is_some_and(|connector| {
            connector.scope == self.scope && self.call.may_serve(connector.client_id)
        });
        self.known.insert(id, serves);
        Ok(serves)
    }

    /// The items of a page whose connectors the caller serves.
    pub async fn of<T>(
        &mut self,
        items: Vec<T>,
        connector_of: impl Fn(&T) -> ConnectorId,
    ) -> Result<Vec<T>, ApiError> {
        let mut served = Vec::with_capacity(items.len());
        for item in items {
            if self.serves(connector_of(&item)).await? {
                served.push(item);
            }
        }
        Ok(served)
    }
}

/// Whether the caller may touch the records of every client.
#[must_use]
pub fn serves_all(call: &Call) -> bool {
    call.caller.clients == ClientAccess::All
}

/// Checks that the caller may touch a conversation, where its connector is not read anyway.
pub async fn check_served(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ConversationId,
) -> Result<(), ApiError> {
    if serves_all(call) {
        return Ok(());
    }
    let no_conversation = || ApiError::not_found("conversation");
    let found = deps.conversations.get_conversation(scope, id).await?;
    let view = found.ok_or_else(no_conversation)?;
    let mut serving = Serving::new(deps, call, scope);
    if serving.serves(view.connector_id).await? {
        Ok(())
    } else {
        Err(no_conversation())
    }
}
