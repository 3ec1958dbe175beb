//! Requests that are decided without a person looking at them: with their connector's policy, with
//! the connector, or with another request of the same person.

use super::{
    items::{AccessRequestItem, ClosingItem, WaitingPlace},
    keys::{self, INDEX_BY_STATE, PK, SK, STATE_PK, STATE_SK},
    people,
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, from_row, n, put_write, s, take,
        to_row, update_write,
    },
};
use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::closing::{Closing, ListPosition},
    access::request::{AccessRequest, RequestStatus},
    ids::{ChatUserId, ConnectorId, EnvironmentId, LeaseId},
    job::ClosePendingRequests,
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

    /// Reads the requests with these keys.
    async fn requests(&self, keys: &[keys::Key]) -> Result<Vec<AccessRequest>, PortError> {
        let mut rows = self.table.get_batch(keys).await?;
        let mut requests = Vec::new();
        for key in keys {
            let item: Option<AccessRequestItem> = take(&mut rows, key, "access request")?;
            requests.extend(item.map(AccessRequest::from));
        }
        Ok(requests)
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
        let list = keys::access_requests(closing.scope, Some(RequestStatus::Pending));
        let pass = closing.pass.as_ref();
        let start = pass.and_then(|pass| start_at(closing.scope, &list, &pass.position));
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX_BY_STATE)
            .key_condition_expression(format!("{STATE_PK} = :list"))
            .filter_expression("connector_id = :connector")
            .expression_attribute_values(":list", s(&list))
            .expression_attribute_values(":connector", s(closing.connector_id))
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

    async fn pending_elsewhere(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
        connector_id: ConnectorId,
        environment_id: EnvironmentId,
    ) -> Result<Vec<AccessRequest>, PortError> {
        let pending: Vec<_> = people::standings_of(&self.table, scope, chat_user_id)
            .await?
            .into_iter()
            .filter(|standing| standing.request_pending && standing.connector_id != connector_id)
            .filter_map(|standing| standing.request_id)
            .map(|id| keys::access_request(scope, id))
            .collect();
        let mut requests = self.requests(&pending).await?;
        requests.retain(|request| {
            request.environment_id == environment_id && request.status() == RequestStatus::Pending
        });
        Ok(requests)
    }

    async fn decide_implied(&self, implied: &ImpliedDecision) -> Result<bool, PortError> {
        let ImpliedDecision {
            request, decision, ..
        } = implied;
        let decided = || {
            Ok::<_, PortError>(vec![
                self.table.decision_write(request, decision)?,
                self.table.audit_write(&implied.audit)?,
            ])
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
        let mut writes = decided()?;
        writes.push(update_write(standing));
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
                match self.table.transact(decided()?).await? {
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
        let put = self.table.put_part(
            &item,
            UNTOUCHED,
            &[
                (":read", n(closing.version)),
                (":changed", s(closing.since)),
            ],
        )?;
        match self.table.put(put).await? {
            Conditional::Done(_) => Ok(true),
            // Check whether an earlier attempt of this call took effect and its answer was lost.
            Conditional::Failed(Some(row)) => Ok(from_row::<ClosingItem>(row, "closing")? == item),
            Conditional::Failed(None) => Ok(false),
        }
    }

    async fn finish_closing(&self, closing: &Closing) -> Result<bool, PortError> {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(
                keys::closing(closing.scope, closing.connector_id).attributes(),
            ))
            .condition_expression(UNTOUCHED)
            .expression_attribute_values(":read", n(closing.version))
            .expression_attribute_values(":changed", s(closing.since))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Delete", error))?;
        let writes = vec![TransactWriteItem::builder().delete(delete).build()];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => {
                // The closing is gone: an earlier attempt or another worker removed it.
                let gone = matches!(reasons.into_iter().next(), Some(Cancelled::Condition(None)));
                Ok(gone)
            }
        }
    }
}

const CONTENDED: PortError = PortError::Conflict {
    what: "access request",
};

/// No other worker changed the closing, and no other change of the connector replaced it.
const UNTOUCHED: &str = "version = :read AND since = :changed";
