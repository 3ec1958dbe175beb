//! The clients whose records a caller may touch (SPEC B39). A record belongs to its connector's client; a person
//! to those of every connector through which they wrote. For others it does not exist. Nothing is read for a
//! caller who may touch the records of every client.

use crate::Deps;
use std::collections::BTreeSet;
use vestibule_admin::{Call, FieldErrors, problem::ApiError};
use vestibule_domain::{
    PortError, ProjectScope,
    ids::{ChatUserId, ClientId, ConnectorId},
    page::{Order, PAGE_MAX, PageRequest},
    team::client_access::ClientAccess,
};

/// Whether the caller may touch the records of every client.
#[must_use]
pub fn serves_all(call: &Call) -> bool {
    call.caller.clients == ClientAccess::All
}

/// Whether the caller may touch records of this connector. Those of a deleted connector are nobody's.
pub async fn serves_connector(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ConnectorId,
) -> Result<bool, ApiError> {
    if serves_all(call) {
        return Ok(true);
    }
    let connector = deps.connectors.get_connector(scope, id).await?;
    Ok(connector.is_some_and(|connector| call.may_serve(connector.client_id)))
}

/// The connectors of a project whose records the caller may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// All of them, also deleted ones.
    All,
    /// These.
    Only(BTreeSet<ConnectorId>),
}

impl Served {
    /// Whether records of this connector may be touched.
    #[must_use]
    pub fn contains(&self, id: ConnectorId) -> bool {
        match self {
            Self::All => true,
            Self::Only(some) => some.contains(&id),
        }
    }
}

/// Finds the connectors whose records the caller may touch, for a list.
pub async fn served(deps: &Deps, call: &Call, scope: ProjectScope) -> Result<Served, ApiError> {
    if serves_all(call) {
        return Ok(Served::All);
    }
    let mut ids = BTreeSet::new();
    let mut wanted = PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::NewestFirst,
    };
    loop {
        let page = deps.connectors.list_connectors(scope, &wanted).await?;
        let own = page
            .items
            .iter()
            .filter(|connector| call.may_serve(connector.client_id));
        ids.extend(own.map(|connector| connector.id));
        wanted.cursor = page.next;
        if wanted.cursor.is_none() {
            return Ok(Served::Only(ids));
        }
    }
}

/// Whether the caller may know of a person: one who wrote through a connector that the caller serves.
pub async fn serves_chat_user(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ChatUserId,
) -> Result<bool, ApiError> {
    if serves_all(call) {
        return Ok(true);
    }
    let places = deps.access_requests.writing_places(scope, id).await?;
    let mut clients = places.iter().map(|place| place.connector.client_id);
    Ok(clients.any(|client_id| call.may_serve(client_id)))
}

/// The client of a new connector: the one that is named, else the account's default one.
pub async fn client_of_connector(
    deps: &Deps,
    call: &Call,
    named: Option<ClientId>,
    errors: &mut FieldErrors,
) -> Result<ClientId, ApiError> {
    let client = deps.accounts.default_client(call.scope()).await?;
    let client = client.ok_or_else(|| PortError::corrupt("account", "no default client"))?;
    let id = named.unwrap_or(client.id);
    // The default client may stand in the account's own row.
    let exists = id == client.id || deps.clients.get_client(call.scope(), id).await?.is_some();
    if exists && call.may_serve(id) {
        return Ok(id);
    }
    let rule = if named.is_some() {
        "must be the id of a client of this account"
    } else {
        "is required from a caller without access to the default client"
    };
    errors.add("client_id", rule);
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_of_some_clients_is_served_their_connectors_only() {
        let [one, other] = ["c", "d"].map(|name| ConnectorId::derive(&[name]));
        assert!(Served::All.contains(one));
        let some = Served::Only([one].into());
        assert!(some.contains(one));
        assert!(!some.contains(other));
    }
}
