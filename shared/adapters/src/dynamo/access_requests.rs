//! The store of access requests for admins.

use super::{
    items::{
        AccessRequestItem, ChatUserItem, ConnectorItem, EnvironmentItem, PreviewItem, StandingItem,
        StatusAttributes, WaitingPlace,
    },
    keys,
    marks::Marked,
    people::standings_of,
    request_lists,
    search::OrderedIndex,
    standings::task_set,
    table::{
        Attributes, Cancelled, Table, Transacted, from_row, n, put_write, s, take, to_value,
        update_write,
    },
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::de::DeserializeOwned;
use std::{collections::HashMap, sync::Arc};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::{
        approval::Approval,
        direct_approval::{DirectApproval, WritingPlace},
        request::{AccessRequest, DecideOutcome, RequestDecision, Verdict, on_decided_again},
        standing::PendingTask,
    },
    account::{Environment, actor::Actor},
    chat::user::{ChatUser, Grant},
    ids::{AccessRequestId, ChatUserId},
    page::{ListError, Page, PageRequest},
    ports::{AccessRequestFilter, AccessRequestStore, AccessRequestView, By, OUTBOX_PATIENCE},
};

/// See [`AccessRequestStore`].
#[derive(Debug, Clone)]
pub struct DynamoAccessRequests {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoAccessRequests {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Adds the records shown beside each request, with one read per hundred rows.
    async fn views(
        &self,
        requests: Vec<AccessRequest>,
    ) -> Result<Vec<AccessRequestView>, PortError> {
        let places: Vec<_> = requests.iter().map(places_beside).collect();
        let mut wanted: Vec<keys::Key> = Vec::new();
        for key in places.iter().flatten() {
            if !wanted.contains(key) {
                wanted.push(key.clone());
            }
        }
        let rows = self.table.get_batch(&wanted).await?;
        requests
            .into_iter()
            .zip(places)
            .map(|(request, places)| view(&rows, request, places))
            .collect()
    }

    /// Makes the write of the grant, under `condition`, which may name `#environment`. A blocked person
    /// gets none.
    fn grant_write(
        &self,
        request: &AccessRequest,
        by: &Actor,
        now: Timestamp,
        condition: &str,
    ) -> Result<TransactWriteItem, PortError> {
        let grant = Grant {
            granted_at: now,
            granted_by: by.name.clone(),
        };
        let environment = request.environment_id.to_string();
        let update = self.table.update_part(
            &keys::chat_user(request.scope, request.chat_user_id),
            "SET grants.#environment = :grant, state_pk = :active, updated_at = :now, version = version + :one",
            &format!("{condition} AND attribute_not_exists(#block)"),
            &[("#environment", &environment), ("#block", "block")],
            &[
                (":grant", to_value(&grant)?),
                (
                    ":active",
                    s(StatusAttributes::active(request.scope).state_pk),
                ),
                (":now", s(now)),
                (":one", n(1)),
            ],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write of a decision's traces on the standing, under `condition`, which may name `:no`.
    fn standing_write(
        &self,
        request: &AccessRequest,
        decision: &RequestDecision,
        condition: &str,
    ) -> Result<TransactWriteItem, PortError> {
        let now = decision.at;
        let key = keys::standing(request.scope, request.chat_user_id, request.connector_id);
        let waiting = WaitingPlace::REMOVED;
        let settled = "SET request_pending = :no, version = version + :one";
        let mut values = vec![(":no", AttributeValue::Bool(false)), (":one", n(1))];
        let update = match decision.verdict {
            Verdict::Approve => {
                let approval =
                    Approval::new(request.id, request.environment_id, decision.by.clone(), now);
                let marked =
                    Marked::standing(request.scope, request.chat_user_id, request.connector_id);
                let mark = marked.waiting(now.plus(OUTBOX_PATIENCE));
                values.extend([
                    (":approval", to_value(&approval)?),
                    (":shard", mark.pk()),
                    (":due", mark.due()),
                    (":owes", task_set(&PendingTask::AFTER_APPROVAL)),
                ]);
                // The attempts of earlier tasks go on counting: by them, a text that may have gone out is
                // recognised.
                format!(
                    "{settled}, approval = :approval, outbox_pk = :shard, outbox_due = :due ADD owes :owes REMOVE not_before, {waiting}"
                )
            }
            Verdict::Reject => {
                values.extend([(":zero", n(0)), (":now", s(now))]);
                format!(
                    "{settled}, rejection_count = if_not_exists(rejection_count, :zero) + :one, last_rejected_at = :now REMOVE {waiting}"
                )
            }
        };
        let update = self
            .table
            .update_part(&key, &update, condition, &[], &values)?;
        Ok(update_write(update))
    }
}

const EXISTS: &str = "attribute_exists(pk)";

/// The keys of the rows shown beside a request: chat user, standing, preview, environment, connector.
fn places_beside(request: &AccessRequest) -> [keys::Key; 5] {
    let (scope, user) = (request.scope, request.chat_user_id);
    [
        keys::chat_user(scope, user),
        keys::standing(scope, user, request.connector_id),
        keys::preview(scope, request.id),
        keys::environment(scope, request.environment_id),
        keys::connector(request.connector_id),
    ]
}

/// Makes a view of the rows that were read. Several requests may share a row.
fn view(
    rows: &HashMap<keys::Key, Attributes>,
    request: AccessRequest,
    [user, standing, preview, environment, connector]: [keys::Key; 5],
) -> Result<AccessRequestView, PortError> {
    let scope = request.scope;
    let user: Option<ChatUserItem> = shared(rows, &user, "chat user")?;
    let standing: Option<StandingItem> = shared(rows, &standing, "standing")?;
    let preview: Option<PreviewItem> = shared(rows, &preview, "preview")?;
    let environment: Option<EnvironmentItem> = shared(rows, &environment, "environment")?;
    let connector: Option<ConnectorItem> = shared(rows, &connector, "connector")?;
    let connector = connector.filter(|item| item.scope == scope);
    Ok(AccessRequestView {
        request,
        chat_user: user.map(Into::into),
        standing: standing.map(Into::into),
        preview: preview.and_then(PreviewItem::preview),
        environment_name: environment.map(|item| Environment::from(item).name),
        connector: connector.map(Into::into),
    })
}

/// Reads a row that others may need as well.
pub(super) fn shared<T: DeserializeOwned>(
    rows: &HashMap<keys::Key, Attributes>,
    key: &keys::Key,
    what: &'static str,
) -> Result<Option<T>, PortError> {
    let row = rows.get(key).cloned();
    row.map(|row| from_row(row, what)).transpose()
}

#[async_trait]
impl AccessRequestStore for DynamoAccessRequests {
    async fn get_access_request(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<AccessRequestView>, PortError> {
        let item: Option<AccessRequestItem> = self
            .table
            .get(&keys::access_request(scope, id), "access request")
            .await?;
        let Some(item) = item else { return Ok(None) };
        Ok(self.views(vec![item.into()]).await?.pop())
    }

    async fn find_access_request(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<AccessRequest>, PortError> {
        let key = keys::access_request(scope, id);
        let item: Option<AccessRequestItem> = self.table.get(&key, "access request").await?;
        Ok(item.map(Into::into))
    }

    async fn view_access_requests(
        &self,
        requests: Vec<AccessRequest>,
    ) -> Result<Vec<AccessRequestView>, PortError> {
        self.views(requests).await
    }

    async fn list_access_requests(
        &self,
        scope: ProjectScope,
        filter: &AccessRequestFilter,
        page: &PageRequest,
    ) -> Result<Page<AccessRequestView>, ListError> {
        let requests = request_lists::page(&self.table, &self.vault, scope, filter, page).await?;
        Ok(Page {
            items: self.views(requests.items).await?,
            next: requests.next,
        })
    }

    async fn decide(
        &self,
        request: &AccessRequest,
        decision: &RequestDecision,
        by: By<'_>,
    ) -> Result<DecideOutcome, PortError> {
        let (verdict, decided_by) = (decision.verdict, &decision.by);
        if request.decision.is_some() {
            return Ok(on_decided_again(request.clone(), verdict, decided_by));
        }
        let mut writes = vec![
            self.table.decision_write(request, decision)?,
            self.standing_write(request, decision, EXISTS)?,
        ];
        if verdict == Verdict::Approve {
            writes.push(self.grant_write(request, decided_by, decision.at, EXISTS)?);
        }
        let mut reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => {
                let decided = AccessRequest {
                    decision: Some(decision.clone()),
                    ..request.clone()
                };
                return Ok(DecideOutcome::Recorded(Box::new(decided)));
            }
            Transacted::Cancelled(reasons) => reasons,
        };
        let grant = if reasons.len() > 2 {
            reasons.pop()
        } else {
            None
        };
        match (reasons.into_iter().next(), grant) {
            (Some(Cancelled::Condition(Some(row))), _) => {
                let first: AccessRequestItem = from_row(row, "access request")?;
                Ok(on_decided_again(first.into(), verdict, decided_by))
            }
            (Some(Cancelled::Condition(None)), _) => Ok(DecideOutcome::NotFound),
            (_, Some(Cancelled::Condition(Some(_)))) => Ok(DecideOutcome::ChatUserBlocked),
            _ => Err(PortError::Conflict {
                what: "access request",
            }),
        }
    }

    async fn writing_places(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
    ) -> Result<Vec<WritingPlace>, PortError> {
        let standings = standings_of(&self.table, scope, chat_user_id).await?;
        let wanted: Vec<_> = standings
            .iter()
            .map(|standing| keys::connector(standing.connector_id))
            .collect();
        let mut rows = self.table.get_batch(&wanted).await?;
        let mut places = Vec::new();
        for (standing, key) in standings.into_iter().zip(&wanted) {
            let item: Option<ConnectorItem> = take(&mut rows, key, "connector")?;
            if let Some(item) = item.filter(|item| item.scope == scope) {
                places.push(WritingPlace {
                    connector: item.into(),
                    standing,
                });
            }
        }
        Ok(places)
    }

    async fn approve_directly(
        &self,
        approval: &DirectApproval,
        by: By<'_>,
    ) -> Result<DecideOutcome, PortError> {
        const CONTENDED: PortError = PortError::Conflict { what: "chat user" };
        let DirectApproval {
            request,
            decision,
            is_followed_up,
        } = approval;
        let decided = AccessRequest {
            decision: Some(decision.clone()),
            ..request.clone()
        };
        let item = AccessRequestItem::from(&decided);
        let not_granted = "attribute_exists(pk) AND attribute_not_exists(grants.#environment)";
        let mut writes = vec![
            self.grant_write(request, &decision.by, decision.at, not_granted)?,
            put_write(
                self.table
                    .put_part(&item, "attribute_not_exists(pk)", &[])?,
            ),
        ];
        if *is_followed_up {
            writes.push(self.standing_write(request, decision, "request_pending = :no")?);
        }
        let asked = [request.id];
        let index = OrderedIndex::of_chat_user(request.scope, request.chat_user_id, decision.at);
        writes.push(self.table.index_order_write(index.asking(&asked))?);
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(DecideOutcome::Recorded(Box::new(decided))),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(Some(row))) => {
                    let user: ChatUser = from_row::<ChatUserItem>(row, "chat user")?.into();
                    if user.block.is_some() {
                        Ok(DecideOutcome::ChatUserBlocked)
                    } else {
                        Err(CONTENDED)
                    }
                }
                _ => Err(CONTENDED),
            },
        }
    }
}
