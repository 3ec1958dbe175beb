//! Requests that are decided without a person looking at them: with their connector's policy, with
//! the connector, or with another request of the same person.

use super::{
    items::{AccessRequestItem, ClosingItem, ExpiryItem, WaitingPlace},
    keys::{self, INDEX_BY_STATE, Key, PK, SK, STATE_PK, STATE_SK},
    people, request_lists,
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, delete_write, from_row, n,
        put_write, s, to_row, update_write,
    },
    tallies::TallyChange,
};
use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use serde::{Serialize, de::DeserializeOwned};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::closing::{Closing, ListPosition},
    access::expiry::{Expiry, OldestPending, Pending},
    access::request::{AccessRequest, RequestStatus},
    connector::Connector,
    ids::{ChatUserId, ConnectorId, EnvironmentId, LeaseId},
    job::{ClosePendingRequests, ExpireRequests},
    ports::{Claim, ImpliedDecision, Lease, PendingPage, Postponement, RequestCloser, Resume},
};

/// Number of pending requests read for one page, of all connectors together.
const PAGE: i32 = 100;

/// See [`RequestCloser`].
#[derive(Debug, Clone)]
pub struct DynamoClosings {
    table: Table,
}

impl DynamoClosings {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads a page of a project's pending requests behind this position, oldest first: those of one connector, or
    /// all.
    async fn pending_page(
        &self,
        scope: ProjectScope,
        position: Option<&ListPosition>,
        connector_id: Option<ConnectorId>,
    ) -> Result<PendingPage, PortError> {
        let list = keys::access_requests(scope, Some(RequestStatus::Pending));
        let start = position.and_then(|position| start_at(scope, &list, position));
        let mut query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX_BY_STATE)
            .key_condition_expression(format!("{STATE_PK} = :list"))
            .expression_attribute_values(":list", s(&list));
        if let Some(id) = connector_id {
            query = query
                .filter_expression("connector_id = :connector")
                .expression_attribute_values(":connector", s(id));
        }
        let answer = query
            .set_exclusive_start_key(start)
            .limit(PAGE)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query", error))?;
        let requests = answer
            .items
            .unwrap_or_default()
            .into_iter()
            .map(|row| Ok(from_row::<AccessRequestItem>(row, "access request")?.into()))
            .collect::<Result<_, PortError>>()?;
        let position = |last: &Attributes| last.get(STATE_SK)?.as_s().ok().cloned();
        let next = answer.last_evaluated_key.as_ref().and_then(position);
        Ok(PendingPage {
            requests,
            next: next.map(ListPosition),
        })
    }
}

impl Table {
    /// Makes the write of a closing, as a part of a transaction. A new closing replaces an earlier
    /// one, because the connector's state before that no longer matters.
    pub(super) fn closing_write(
        &self,
        closing: &Closing,
        due: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(to_row(&ClosingItem::new(closing, due))?))
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Put", error))?;
        Ok(put_write(put))
    }

    /// Makes the write of the order to close a connector's requests as they expire, if they do, as a part of a
    /// transaction. It replaces an earlier order, which began with the connector as it was before.
    pub(super) fn expiry_write(
        &self,
        connector: &Connector,
        due: Timestamp,
    ) -> Result<Option<TransactWriteItem>, PortError> {
        if connector.request_limits.expire_after_days.is_none() {
            return Ok(None);
        }
        let expiry = Expiry {
            scope: connector.scope,
            connector_id: connector.id,
            since: connector.updated_at,
            position: None,
            version: 1,
        };
        let put = self.replacing_part(&ExpiryItem::new(&expiry, due))?;
        Ok(Some(put_write(put)))
    }

    /// Stores the progress of an order, with the claim given back. `false` when somebody changed it since.
    async fn save_order<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        item: &T,
        version: u64,
        since: Timestamp,
    ) -> Result<bool, PortError> {
        let values = [(":read", n(version)), (":changed", s(since))];
        let put = self.put_part(item, UNTOUCHED, &values)?;
        match self.put(put).await? {
            Conditional::Done(_) => Ok(true),
            // Check whether an earlier attempt of this call took effect and its answer was lost.
            Conditional::Failed(Some(row)) => Ok(from_row::<T>(row, "order")? == *item),
            Conditional::Failed(None) => Ok(false),
        }
    }

    /// Removes an order. `false` when somebody changed it since.
    async fn finish_order(
        &self,
        key: &Key,
        version: u64,
        since: Timestamp,
    ) -> Result<bool, PortError> {
        let values = [(":read", n(version)), (":changed", s(since))];
        let delete = self.delete_part(key, UNTOUCHED, &values)?;
        match self.transact(vec![delete_write(delete)]).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => {
                // The order is gone: an earlier attempt or another worker removed it.
                let gone = matches!(reasons.into_iter().next(), Some(Cancelled::Condition(None)));
                Ok(gone)
            }
        }
    }
}

/// Finds the start of a position in the list of pending requests: the last request before it.
fn start_at(scope: ProjectScope, list: &str, position: &ListPosition) -> Option<Attributes> {
    let (_, id) = position.0.rsplit_once('#')?;
    let key = keys::access_request(scope, id.parse().ok()?);
    Some(Attributes::from([
        (PK.to_owned(), s(key.pk)),
        (SK.to_owned(), s(key.sk)),
        (STATE_PK.to_owned(), s(list)),
        (STATE_SK.to_owned(), s(&position.0)),
    ]))
}

#[async_trait]
impl RequestCloser for DynamoClosings {
    async fn claim_closing(
        &self,
        job: ClosePendingRequests,
        lease: &Lease,
    ) -> Result<Claim<Closing>, PortError> {
        let claim = self.table.claim(job.into(), lease, "closing").await?;
        Ok(claim.map(|item: ClosingItem| item.into()))
    }

    async fn postpone_closing(
        &self,
        job: ClosePendingRequests,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError> {
        // A closing is never given up, so its attempts are not counted.
        let postponement = Postponement::failed(0, until);
        self.table.postpone(job.into(), lease, postponement).await
    }

    async fn pending_requests(&self, closing: &Closing) -> Result<PendingPage, PortError> {
        let position = closing.pass.as_ref().map(|pass| &pass.position);
        let connector_id = Some(closing.connector_id);
        self.pending_page(closing.scope, position, connector_id)
            .await
    }

    async fn pending_elsewhere(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
        except: Option<ConnectorId>,
        environment_id: EnvironmentId,
    ) -> Result<Vec<AccessRequest>, PortError> {
        let pending: Vec<_> = people::standings_of(&self.table, scope, chat_user_id)
            .await?
            .into_iter()
            .filter(|standing| standing.request_pending && Some(standing.connector_id) != except)
            .filter_map(|standing| standing.request_id)
            .map(|id| keys::access_request(scope, id))
            .collect();
        let mut requests = request_lists::requests(&self.table, &pending).await?;
        requests.retain(|request| {
            request.environment_id == environment_id && request.status() == RequestStatus::Pending
        });
        Ok(requests)
    }

    async fn decide_implied(&self, implied: &ImpliedDecision) -> Result<bool, PortError> {
        let ImpliedDecision {
            request, decision, ..
        } = implied;
        let decided = |standing: Option<TransactWriteItem>| {
            let mut writes = vec![
                self.table.decision_write(request, decision)?,
                self.table.audit_write(&implied.audit)?,
            ];
            writes.extend(standing);
            let tally = TallyChange::decided(request, decision.verdict);
            writes.extend(self.table.tally_writes(request.scope, &tally)?);
            writes.extend(self.table.told_writes(&implied.audit)?);
            Ok::<_, PortError>(writes)
        };
        let standing = self.table.update_part(
            &keys::standing(request.scope, request.chat_user_id, request.connector_id),
            &format!(
                "SET request_pending = :no, version = version + :one REMOVE {}",
                WaitingPlace::REMOVED
            ),
            "request_id = :request",
            &[],
            &[
                (":no", AttributeValue::Bool(false)),
                (":one", n(1)),
                (":request", s(request.id)),
            ],
        )?;
        let writes = decided(Some(update_write(standing)))?;
        let mut reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(true),
            Transacted::Cancelled(reasons) => reasons.into_iter(),
        };
        match (reasons.next(), reasons.nth(1)) {
            (Some(Cancelled::Condition(_)), _) => Ok(false),
            (_, Some(Cancelled::Condition(_))) => {
                let key = keys::access_request(request.scope, request.id);
                let now: Option<AccessRequestItem> = self.table.get(&key, "access request").await?;
                // The request moved to another record. The next attempt finds it there.
                if now.is_some_and(|now| {
                    AccessRequest::from(now).chat_user_id != request.chat_user_id
                }) {
                    return Err(CONTENDED);
                }
                // The standing belongs to a later request, or was deleted. The request is decided
                // all the same.
                match self.table.transact(decided(None)?).await? {
                    Transacted::Done => Ok(true),
                    Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                        Some(Cancelled::Condition(_)) => Ok(false),
                        _ => Err(CONTENDED),
                    },
                }
            }
            _ => Err(CONTENDED),
        }
    }

    async fn save_closing(&self, closing: &Closing, resume: Resume) -> Result<bool, PortError> {
        let next = Closing {
            version: closing.version + 1,
            ..closing.clone()
        };
        let item = match resume {
            Resume::Enqueued(lost_at) => ClosingItem::new(&next, lost_at),
            Resume::At(at) => ClosingItem::later(&next, at),
        };
        self.table
            .save_order(&item, closing.version, closing.since)
            .await
    }

    async fn finish_closing(&self, closing: &Closing) -> Result<bool, PortError> {
        let key = keys::closing(closing.scope, closing.connector_id);
        self.table
            .finish_order(&key, closing.version, closing.since)
            .await
    }

    async fn claim_expiry(
        &self,
        job: ExpireRequests,
        lease: &Lease,
    ) -> Result<Claim<Expiry>, PortError> {
        let claim = self.table.claim(job.into(), lease, "expiry").await?;
        Ok(claim.map(|item: ExpiryItem| item.into()))
    }

    async fn postpone_expiry(
        &self,
        job: ExpireRequests,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError> {
        // Never given up, like a closing.
        let postponement = Postponement::failed(0, until);
        self.table.postpone(job.into(), lease, postponement).await
    }

    async fn oldest_pending(&self, expiry: &Expiry) -> Result<OldestPending, PortError> {
        let position = expiry.position.as_ref();
        let page = self.pending_page(expiry.scope, position, None).await?;
        let requests = page.requests.into_iter().map(|request| Pending {
            position: ListPosition(keys::by_creation(request.created_at, request.id)),
            request,
        });
        Ok(OldestPending {
            requests: requests.collect(),
            has_more: page.next.is_some(),
        })
    }

    async fn save_expiry(&self, expiry: &Expiry, resume: Resume) -> Result<bool, PortError> {
        let next = Expiry {
            version: expiry.version + 1,
            ..expiry.clone()
        };
        let item = match resume {
            Resume::Enqueued(lost_at) => ExpiryItem::new(&next, lost_at),
            Resume::At(at) => ExpiryItem::later(&next, at),
        };
        self.table
            .save_order(&item, expiry.version, expiry.since)
            .await
    }

    async fn finish_expiry(&self, expiry: &Expiry) -> Result<bool, PortError> {
        let key = keys::expiry(expiry.scope, expiry.connector_id);
        self.table
            .finish_order(&key, expiry.version, expiry.since)
            .await
    }
}

const CONTENDED: PortError = PortError::Conflict {
    what: "access request",
};

/// No other worker changed the order, and no other change of the connector replaced it.
const UNTOUCHED: &str = "version = :read AND since = :changed";
