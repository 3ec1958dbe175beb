//! The store of access requests for admins.

use super::{
    admission::Admission,
    beside::shared,
    items::{
        AccessRequestItem, ChatUserItem, ConnectorItem, EndUserItem, EnvironmentItem, PhoneItem,
        PreviewItem, StandingItem, WaitingPlace,
    },
    keys,
    marks::Marked,
    people::standings_of,
    request_lists, revocations,
    search::OrderedIndex,
    standings::task_set,
    table::{
        Attributes, Cancelled, Table, Transacted, from_row, n, put_write, s, take, to_value,
        update_write,
    },
    tallies::{self, TallyChange},
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::{
        approval::Approval,
        direct_approval::{DirectApproval, WritingPlace},
        quota::HeldBack,
        request::{
            AccessRequest, DecideOutcome, RequestDecision, RequestStatus, Verdict, on_decided_again,
        },
        revocation::Revoking,
        standing::PendingTask,
    },
    account::Environment,
    directory::registration::DirectoryChoice,
    ids::{AccessRequestId, ChatUserId, ConnectorId},
    page::{ListError, Page, PageRequest},
    ports::{
        AccessRequestFilter, AccessRequestStore, AccessRequestView, By, OUTBOX_PATIENCE,
        RequestCounts,
    },
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
        let mut views = requests
            .into_iter()
            .zip(places)
            .map(|(request, places)| view(&rows, request, places))
            .collect::<Result<Vec<_>, PortError>>()?;
        self.add_end_users(&mut views).await?;
        Ok(views)
    }

    /// Adds the people of the directory, with at most two more reads per hundred rows.
    async fn add_end_users(&self, views: &mut [AccessRequestView]) -> Result<(), PortError> {
        let numbers: Vec<_> = views.iter().filter_map(number_beside).collect();
        let holders = self.table.get_batch(&unique(numbers)).await?;
        let mut people = Vec::new();
        for view in views.iter() {
            people.push(person_beside(view, &holders)?);
        }
        let wanted = unique(people.iter().flatten().cloned().collect());
        let rows = self.table.get_batch(&wanted).await?;
        for (view, key) in views.iter_mut().zip(people) {
            let Some(key) = key else { continue };
            let item: Option<EndUserItem> = shared(&rows, &key, "end user")?;
            let person = item.map(|item| item.into_end_user(view.request.scope));
            if view.is_linked() {
                view.end_user = person;
            } else {
                view.suggested = person;
            }
        }
        Ok(())
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
/// The error that another writer of the same records came first.
const CONTENDED: PortError = PortError::Conflict {
    what: "access request",
};

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
        end_user: None,
        suggested: None,
    })
}

/// The keys without repetitions, which a batch read refuses.
fn unique(keys: Vec<keys::Key>) -> Vec<keys::Key> {
    let mut wanted = Vec::new();
    for key in keys {
        if !wanted.contains(&key) {
            wanted.push(key);
        }
    }
    wanted
}

/// The key of the phone number of somebody who waits and is linked to nobody.
fn number_beside(view: &AccessRequestView) -> Option<keys::Key> {
    let is_pending = view.request.status() == RequestStatus::Pending;
    let user = view.chat_user.as_ref().filter(|_| is_pending)?;
    let phone = user
        .asserted_phone()
        .filter(|_| user.end_user_id.is_none())?;
    Some(keys::phone(view.request.scope, &phone.key()))
}

/// The key of the person of the directory whom somebody is linked to, or whose phone number they have.
fn person_beside(
    view: &AccessRequestView,
    holders: &HashMap<keys::Key, Attributes>,
) -> Result<Option<keys::Key>, PortError> {
    let scope = view.request.scope;
    let linked = view.chat_user.as_ref().and_then(|user| user.end_user_id);
    if let Some(id) = linked {
        return Ok(Some(keys::end_user(scope, id)));
    }
    let Some(number) = number_beside(view) else {
        return Ok(None);
    };
    let holder: Option<PhoneItem> = shared(holders, &number, "phone number")?;
    Ok(holder.map(|holder| keys::end_user(scope, holder.end_user_id)))
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

    async fn find_access_requests(
        &self,
        scope: ProjectScope,
        ids: &[AccessRequestId],
    ) -> Result<Vec<AccessRequest>, PortError> {
        let wanted: Vec<_> = ids
            .iter()
            .map(|id| keys::access_request(scope, *id))
            .collect();
        request_lists::requests(&self.table, &wanted).await
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

    async fn held_back(
        &self,
        scope: ProjectScope,
        now: Timestamp,
    ) -> Result<Vec<HeldBack>, PortError> {
        self.table.held_back(scope, now).await
    }

    async fn count_access_requests(
        &self,
        scope: ProjectScope,
        connectors: Option<&BTreeSet<ConnectorId>>,
    ) -> Result<RequestCounts, PortError> {
        tallies::counts(&self.table, scope, |id| {
            connectors.is_none_or(|some| some.contains(&id))
        })
        .await
    }

    async fn decide(
        &self,
        request: &AccessRequest,
        decision: &RequestDecision,
        directory: DirectoryChoice,
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
            let admission = self.table.admission(request, decision, directory, by);
            match admission.await? {
                Admission::Granted { writes: more, .. } => writes.extend(more),
                Admission::Blocked => return Ok(DecideOutcome::ChatUserBlocked),
                Admission::Misplaced(reason) => return Ok(DecideOutcome::Misplaced(reason)),
                Admission::Gone => return Err(CONTENDED),
            }
        }
        let tally = TallyChange::judged(request, decision);
        writes.extend(self.table.tally_writes(request.scope, &tally)?);
        let reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => {
                let decided = AccessRequest {
                    decision: Some(decision.clone()),
                    ..request.clone()
                };
                return Ok(DecideOutcome::Recorded(Box::new(decided)));
            }
            Transacted::Cancelled(reasons) => reasons,
        };
        match reasons.into_iter().next() {
            Some(Cancelled::Condition(Some(row))) => {
                let first: AccessRequestItem = from_row(row, "access request")?;
                Ok(on_decided_again(first.into(), verdict, decided_by))
            }
            Some(Cancelled::Condition(None)) => Ok(DecideOutcome::NotFound),
            _ => Err(CONTENDED),
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

    async fn revoke(
        &self,
        scope: ProjectScope,
        revoking: &Revoking,
        by: By<'_>,
    ) -> Result<(), PortError> {
        revocations::revoke(&self.table, scope, revoking, by).await
    }

    async fn approve_directly(
        &self,
        approval: &DirectApproval,
        directory: DirectoryChoice,
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
        let admission = self.table.admission(request, decision, directory, by);
        let mut writes = match admission.await? {
            Admission::Granted {
                writes,
                is_renewed: false,
            } => writes,
            Admission::Granted { .. } | Admission::Gone => return Err(CONTENDED),
            Admission::Blocked => return Ok(DecideOutcome::ChatUserBlocked),
            Admission::Misplaced(reason) => return Ok(DecideOutcome::Misplaced(reason)),
        };
        let item = AccessRequestItem::from(&decided);
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        writes.push(put_write(put));
        if *is_followed_up {
            writes.push(self.standing_write(request, decision, "request_pending = :no")?);
        }
        let tally = TallyChange::made(&decided);
        writes.extend(self.table.tally_writes(request.scope, &tally)?);
        let asked = [request.id];
        let index = OrderedIndex::of_chat_user(request.scope, request.chat_user_id, decision.at);
        writes.push(self.table.index_order_write(index.asking(&asked))?);
        let creation = decided.creation();
        writes.push(self.table.outgoing_event_write(&creation)?);
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(DecideOutcome::Recorded(Box::new(decided))),
            Transacted::Cancelled(_) => Err(CONTENDED),
        }
    }
}
