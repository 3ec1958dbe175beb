//! The clients whose records a caller may touch (SPEC B39). A conversation belongs to its connector's client. For
//! others it does not exist. Nothing is read for a caller who may touch the records of every client.

use crate::Deps;
use std::collections::HashMap;
use vestibule_admin::{Call, problem::ApiError};
use vestibule_domain::{
    ProjectScope,
    connector::Connector,
    ids::{ClientId, ConnectorId, ConversationId},
    team::client_access::ClientAccess,
};
use vestibule_providers::catalogue::{ConnectorKind, connector_kind};

/// The place of a connector's conversations in routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedPlace {
    /// The client.
    pub client_id: ClientId,
    /// Key of the channel, unless its conversations name their own.
    pub channel: Option<String>,
}

/// The connectors of a project of which it is known whose they are.
pub struct Serving<'a> {
    deps: &'a Deps,
    call: &'a Call,
    scope: ProjectScope,
    known: HashMap<ConnectorId, Option<ServedPlace>>,
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
        let place = self.place(id).await?;
        Ok(place.is_some_and(|place| self.call.may_serve(place.client_id)))
    }

    /// The place of a connector's conversations; `None` for a deleted one.
    pub async fn place(&mut self, id: ConnectorId) -> Result<Option<ServedPlace>, ApiError> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let found = self.deps.connectors.find_connector(id).await?;
        let found = found.filter(|connector| connector.scope == self.scope);
        let place = found.map(|connector| ServedPlace {
            client_id: connector.client_id,
            channel: connector_kind(&connector.provider).map(|kind| channel(kind, &connector)),
        });
        self.known.insert(id, place.clone());
        Ok(place)
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

/// Key of the channel of a connector: the one that it names, if a customer's own system brings its messages.
fn channel(kind: &dyn ConnectorKind, connector: &Connector) -> String {
    let named = kind
        .own_system()
        .and_then(|fields| connector.settings.get(fields.channel));
    named.map_or_else(|| kind.channel().to_owned(), Clone::clone)
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
