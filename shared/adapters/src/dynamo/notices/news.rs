//! The requests that notices tell of.

use crate::{
    aws::port_error,
    dynamo::{
        items::{AccessRequestItem, ChatUserItem, ConnectorItem, PreviewItem},
        keys::{self, INDEX_BY_STATE, Key, STATE_PK, STATE_SK},
        table::{Attributes, Table, from_row, s},
    },
};
use std::collections::{BTreeMap, HashMap, HashSet};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::request::{AccessRequest, RequestStatus},
    chat::user::ChatUser,
    connector::Connector,
    error::Chain,
    ids::ConnectorId,
    team::mail::NoticedRequest,
    team::notices::{ConnectorRequests, NOTICE_LISTED_MAX, NewRequests},
};

/// Number of requests read by one call.
const PAGE: i32 = 100;
/// Maximum number of calls. Beyond 5,000 requests in a round, their number is no news.
const PAGES_MAX: usize = 50;

/// The requests of one connector.
#[derive(Default)]
struct Found {
    count: u32,
    first: Vec<AccessRequest>,
}

/// See [`NoticeStore::new_requests`](vestibule_domain::ports::NoticeStore::new_requests).
pub(super) async fn new_requests(
    table: &Table,
    scope: ProjectScope,
    span: (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<NewRequests, PortError> {
    let found = listed(table, scope, span).await?;
    if found.is_empty() {
        return Ok(NewRequests::default());
    }
    let connectors: Vec<Key> = found.keys().map(|id| keys::connector(*id)).collect();
    let connectors = table.get_batch(&connectors).await?;
    let first = found.values().flat_map(|found| &found.first);
    let about: HashSet<Key> = first.flat_map(|request| about(scope, request)).collect();
    let about: Vec<Key> = about.into_iter().collect();
    let rows = table.get_batch(&about).await?;
    let rows = Rows {
        scope,
        now,
        found: rows,
    };
    let mut of_connectors = Vec::new();
    for (id, found) in found {
        let Some(row) = connectors.get(&keys::connector(id)).cloned() else {
            continue;
        };
        let connector: Connector = match from_row::<ConnectorItem>(row, "connector") {
            Ok(item) => item.into(),
            Err(error) => {
                tracing::error!(
                    connector.id = %id,
                    error = %Chain(&error),
                    "the requests of a connector are left out of notices"
                );
                continue;
            }
        };
        if connector.scope == scope {
            of_connectors.push(rows.shown(&connector, &found));
        }
    }
    Ok(NewRequests { of_connectors })
}

/// Reads the pending requests of a span of time, the oldest first, as the list shows them.
async fn listed(
    table: &Table,
    scope: ProjectScope,
    (since, until): (Timestamp, Timestamp),
) -> Result<BTreeMap<ConnectorId, Found>, PortError> {
    let mut found: BTreeMap<ConnectorId, Found> = BTreeMap::new();
    if since >= until {
        return Ok(found);
    }
    let list = keys::access_requests(scope, Some(RequestStatus::Pending));
    let mut start: Option<Attributes> = None;
    for _ in 0..PAGES_MAX {
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(INDEX_BY_STATE)
            .key_condition_expression(format!(
                "{STATE_PK} = :list AND {STATE_SK} BETWEEN :from AND :to"
            ))
            .expression_attribute_values(":list", s(&list))
            .expression_attribute_values(":from", s(behind(since)))
            .expression_attribute_values(":to", s(behind(until)))
            .set_exclusive_start_key(start)
            .limit(PAGE)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (new requests)", error))?;
        for row in answer.items.unwrap_or_default() {
            match from_row::<AccessRequestItem>(row, "access request") {
                Ok(item) => note(&mut found, item.into()),
                // One row that cannot be read keeps nobody from hearing of the others.
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "a request is left out of notices");
                }
            }
        }
        start = answer.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    Ok(found)
}

/// The place behind the last request of this time, in a list by creation.
fn behind(time: Timestamp) -> String {
    format!("{time}~")
}

fn note(found: &mut BTreeMap<ConnectorId, Found>, request: AccessRequest) {
    let of_one = found.entry(request.connector_id).or_default();
    of_one.count = of_one.count.saturating_add(1);
    if of_one.first.len() < NOTICE_LISTED_MAX {
        of_one.first.push(request);
    }
}

/// The keys of a request as it is now, its person, and the beginning of its message.
fn about(scope: ProjectScope, request: &AccessRequest) -> [Key; 3] {
    [
        keys::access_request(scope, request.id),
        keys::chat_user(scope, request.chat_user_id),
        keys::preview(scope, request.id),
    ]
}

/// Rows about requests.
struct Rows {
    scope: ProjectScope,
    now: Timestamp,
    found: HashMap<Key, Attributes>,
}

impl Rows {
    /// The requests of a connector without those that are no longer to be shown.
    fn shown(&self, connector: &Connector, found: &Found) -> ConnectorRequests {
        let mut count = found.count;
        let mut first = Vec::new();
        for request in &found.first {
            match self.noticed(connector, request) {
                Ok(Some(request)) => first.push(request),
                Ok(None) => count = count.saturating_sub(1),
                Err(error) => {
                    tracing::error!(
                        access_request.id = %request.id,
                        error = %Chain(&error),
                        "a request is only counted in notices"
                    );
                }
            }
        }
        ConnectorRequests {
            client_id: connector.client_id,
            count,
            first,
        }
    }

    /// A request as a notice shows it, unless it is decided or the person is blocked.
    fn noticed(
        &self,
        connector: &Connector,
        listed: &AccessRequest,
    ) -> Result<Option<NoticedRequest>, PortError> {
        let [request, user, preview] = about(self.scope, listed);
        let item = self.found.get(&request).cloned();
        let item = item.map(|row| from_row::<AccessRequestItem>(row, "access request"));
        let Some(item) = item.transpose()? else {
            return Ok(None);
        };
        let request = AccessRequest::from(item);
        if request.status() != RequestStatus::Pending {
            return Ok(None);
        }
        let user = self.found.get(&user).cloned();
        let user = user.map(|row| from_row::<ChatUserItem>(row, "chat user"));
        let user: Option<ChatUser> = user.transpose()?.map(Into::into);
        if user.as_ref().is_some_and(|user| user.block.is_some()) {
            return Ok(None);
        }
        let preview = self.found.get(&preview).cloned();
        let preview = preview.map(|row| from_row::<PreviewItem>(row, "preview"));
        let preview = preview.transpose()?.and_then(PreviewItem::preview);
        let name = user.as_ref().map(ChatUser::display_name);
        Ok(Some(NoticedRequest::of(
            &request,
            connector.client_id,
            name.unwrap_or(&request.identifier),
            preview
                .as_ref()
                .and_then(|preview| preview.shown_at(self.now)),
        )))
    }
}
