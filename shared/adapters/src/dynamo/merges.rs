//! The merge of two records of one person (SPEC A29), by a webhook at once or by the worker that it waits for.

use super::{
    items::{AccessRequestItem, ChatUserItem, StandingItem, WaitingPlace},
    keys,
    marks::Marked,
    people::{alias_write, rows_of},
    search::OrderedIndex,
    table::{
        Conditional, Table, Transacted, delete_write, from_row, n, put_write, s, to_value,
        update_write,
    },
    tallies::TallyChange,
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use std::collections::{BTreeSet, HashMap};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::merging::{MergedRequest, approval_for, busy, is_granted, merge_standing, own},
    access::request::{AccessRequest, ReasonCode, RequestDecision, RequestStatus, Verdict},
    access::standing::{PendingTask, Standing},
    account::actor::Actor,
    chat::message::Identity,
    chat::recognition::{Merge, merge_of},
    chat::user::ChatUser,
    directory::end_user::EndUser,
    event::occasions::records_merged,
    ids::{AccessRequestId, AuditId, IdSource, LeaseId, SystemIds},
    job::OnboardChatUser,
    ports::{ClaimedStanding, FinishedMerge, Merged, OUTBOX_PATIENCE},
};

/// Maximum number of writes in one transaction (DynamoDB).
const TRANSACTION_MAX: usize = 100;
/// The key of an alias never holds any other row.
const ALIAS: &str = "attribute_not_exists(pk) OR attribute_exists(same_as)";

/// See [`vestibule_domain::ports::IntakeStore::merge`].
pub(super) async fn merge(
    table: &Table,
    scope: ProjectScope,
    merge: &Merge,
    now: Timestamp,
) -> Result<Merged, PortError> {
    let merging = Merging::load(table, scope, merge, now).await?;
    let Some(busy) = busy(&merging.absorbed, &merging.survivors).next() else {
        merging.write().await?;
        return Ok(Merged::ReadAgain);
    };
    if waits_already(&merging) {
        return Ok(Merged::NotNow(None));
    }
    let with = if busy.chat_user_id == merge.absorbed.id {
        &merge.survivor.identity
    } else {
        &merge.absorbed.identity
    };
    leave(table, scope, busy, with, now).await
}

/// Whether the merge waits already for one of the pending tasks.
fn waits_already(merging: &Merging<'_>) -> bool {
    busy(&merging.absorbed, &merging.survivors)
        .any(|standing| standing.pending_tasks.contains(&PendingTask::Merge))
}

/// Leaves the merge to the worker that does the pending tasks of `busy`. The worker does not wait for the
/// tasks themselves.
async fn leave(
    table: &Table,
    scope: ProjectScope,
    busy: &Standing,
    with: &Identity,
    now: Timestamp,
) -> Result<Merged, PortError> {
    let job = OnboardChatUser {
        scope,
        chat_user_id: busy.chat_user_id,
        connector_id: busy.connector_id,
    };
    let marked = Marked::by(job.into());
    let mark = marked.waiting(now.plus(OUTBOX_PATIENCE));
    let update = table.update_part(
        &marked.key,
        "SET merge_with = :with, outbox_pk = :part, outbox_due = :due, version = version + :one ADD owes :merge REMOVE not_before",
        "attribute_exists(outbox_pk)",
        &[],
        &[
            (":with", to_value(with)?),
            (":part", mark.pk()),
            (":due", mark.due()),
            (":one", n(1)),
            (":merge", AttributeValue::Ss(vec![PendingTask::Merge.key().to_owned()])),
        ],
    )?;
    Ok(match table.update(update).await? {
        Conditional::Done(_) => Merged::NotNow(Some(job)),
        // The tasks were done meanwhile.
        Conditional::Failed(_) => Merged::ReadAgain,
    })
}

/// See [`vestibule_domain::ports::StandingStore::finish_merge`].
pub(super) async fn finish_merge(
    table: &Table,
    scope: ProjectScope,
    claimed: &ClaimedStanding,
    now: Timestamp,
) -> Result<FinishedMerge, PortError> {
    let Some(with) = &claimed.standing.merge_with else {
        return Ok(FinishedMerge::Nothing);
    };
    let own = keys::chat_user(scope, claimed.standing.chat_user_id);
    let other = keys::chat_user(scope, with.chat_user_id(scope));
    let mut rows = table.get_batch(&[own.clone(), other.clone()]).await?;
    let (Some(own), Some(other)) = (rows.remove(&own), rows.remove(&other)) else {
        return Ok(FinishedMerge::Nothing);
    };
    let own: ChatUserItem = from_row(own, "chat user")?;
    let other: ChatUserItem = from_row(other, "chat user")?;
    let Some(merge) = merge_of(&own.into(), &other.into()) else {
        return Ok(FinishedMerge::Nothing);
    };
    let mut merging = Merging::load(table, scope, &merge, now).await?;
    // The claimed standing goes last: until then, it says that the merge is still to be done.
    let at = claimed.standing.connector_id;
    merging
        .absorbed
        .sort_by_key(|standing| standing.connector_id == at);
    if merging.is_in_work_elsewhere(claimed.lease) || !merging.write().await? {
        return Ok(FinishedMerge::NotNow);
    }
    Ok(FinishedMerge::Done(merge.survivor.id))
}

/// Writes that stand in one transaction, and the numbers of requests that they change.
#[derive(Default)]
struct Step {
    writes: Vec<TransactWriteItem>,
    tally: TallyChange,
}

impl Step {
    fn add(&mut self, other: Self) {
        self.writes.extend(other.writes);
        self.tally.add(other.tally);
    }

    /// Maximum number of writes.
    fn len(&self) -> usize {
        self.writes.len() + self.tally.writes()
    }
}

/// A merge with the standings of both records.
struct Merging<'a> {
    table: &'a Table,
    scope: ProjectScope,
    merge: &'a Merge,
    absorbed: Vec<Standing>,
    survivors: Vec<Standing>,
    /// The people of the directory that the two records are linked to.
    people: Vec<EndUser>,
    /// Leases on the affected standings that have not ended.
    leases: Vec<LeaseId>,
    now: Timestamp,
}

impl<'a> Merging<'a> {
    async fn load(
        table: &'a Table,
        scope: ProjectScope,
        merge: &'a Merge,
        now: Timestamp,
    ) -> Result<Self, PortError> {
        let absorbed = rows_of(table, scope, merge.absorbed.id).await?;
        let survivors = rows_of(table, scope, merge.survivor.id).await?;
        let leases = absorbed
            .iter()
            .chain(&survivors)
            .filter(|row| row.lease_until.is_some_and(|until| until > now.millis()))
            .filter_map(|row| row.lease_id)
            .collect();
        let linked: BTreeSet<_> = [&merge.survivor, &merge.absorbed]
            .into_iter()
            .filter_map(|user| user.end_user_id)
            .collect();
        let mut people = Vec::new();
        for id in linked {
            people.extend(table.end_user(scope, id).await?);
        }
        Ok(Self {
            table,
            scope,
            merge,
            people,
            absorbed: absorbed.into_iter().map(Into::into).collect(),
            survivors: survivors.into_iter().map(Into::into).collect(),
            leases,
            now,
        })
    }

    /// Whether another worker than that with this lease may be sending something to the person.
    fn is_in_work_elsewhere(&self, own: LeaseId) -> bool {
        self.leases.iter().any(|lease| *lease != own)
    }

    /// Writes the merge, in as many transactions as it takes. The last one merges the records. Each
    /// holds for itself: when one of them fails, the next attempt goes on from there. `false` when
    /// another writer came first.
    async fn write(&self) -> Result<bool, PortError> {
        let records = self.record_writes()?;
        let mut all = Step::default();
        for step in self.steps().await? {
            if all.len() + step.len() + records.len() > TRANSACTION_MAX {
                let before = std::mem::take(&mut all);
                if !self.is_written(before).await? {
                    return Ok(false);
                }
            }
            all.add(step);
        }
        all.writes.extend(records);
        self.is_written(all).await
    }

    /// Writes these steps in one transaction. `false` when another writer came first.
    async fn is_written(&self, step: Step) -> Result<bool, PortError> {
        let mut writes = step.writes;
        writes.extend(self.table.tally_writes(self.scope, &step.tally)?);
        let written = self.table.transact(writes).await?;
        Ok(matches!(written, Transacted::Done))
    }

    /// Makes the writes that make one record of two.
    fn record_writes(&self) -> Result<Vec<TransactWriteItem>, PortError> {
        let (table, scope, merge) = (self.table, self.scope, self.merge);
        let survivor = ChatUser {
            version: merge.survivor.version + 1,
            updated_at: self.now,
            ..merge.survivor.clone()
        };
        let put = table.put_part(
            &ChatUserItem::new(scope, &survivor),
            "version = :read",
            &[(":read", n(merge.survivor.version))],
        )?;
        let delete = table.delete_part(
            &keys::chat_user(scope, merge.absorbed.id),
            "version = :read",
            &[(":read", n(merge.absorbed.version))],
        )?;
        let led_to = |alias| alias_write(table, scope, (alias, &survivor.identity), ALIAS);
        let mut writes = vec![
            put_write(put),
            delete_write(delete),
            led_to(&merge.absorbed.identity)?,
        ];
        // An alias of the absorbed record now leads to the survivor.
        let led_here = merge.absorbed.other_id.as_ref();
        if let Some(other) = led_here.filter(|other| **other != survivor.identity) {
            writes.push(led_to(other)?);
        }
        for person in &self.people {
            writes.extend(self.link_write(person)?);
        }
        let asked: Vec<AccessRequestId> = self
            .absorbed
            .iter()
            .filter_map(|standing| standing.request_id)
            .collect();
        let gone = OrderedIndex::of_chat_user(scope, merge.absorbed.id, self.now).erased();
        let one = OrderedIndex::of_chat_user(scope, survivor.id, self.now).asking(&asked);
        for index in [gone, one] {
            writes.push(table.index_order_write(index)?);
        }
        let event = records_merged(scope, merge, self.now);
        writes.push(table.outgoing_event_write(&event)?);
        Ok(writes)
    }

    /// Makes the write of a person's links, if the merge changes them: the survivor takes the place of the absorbed
    /// record, and is linked to one person alone.
    fn link_write(&self, person: &EndUser) -> Result<Option<TransactWriteItem>, PortError> {
        let (survivor, absorbed) = (&self.merge.survivor, &self.merge.absorbed);
        let mut links = person.chat_users.clone();
        links.remove(&absorbed.id);
        if survivor.end_user_id == Some(person.id) {
            links.insert(survivor.id);
        }
        if links == person.chat_users {
            return Ok(None);
        }
        let update = self.table.update_part(
            &keys::end_user(self.scope, person.id),
            "SET chat_users = :links, links_version = links_version + :one",
            "version = :version AND links_version = :read",
            &[],
            &[
                (":links", to_value(&links)?),
                (":one", n(1)),
                (":version", n(person.version)),
                (":read", n(person.links_version)),
            ],
        )?;
        Ok(Some(update_write(update)))
    }

    /// Whether the survivor brings environments to the person that they are. A worker takes these to the person's
    /// other chat users.
    fn widens_person(&self) -> bool {
        let survivor = &self.merge.survivor;
        let mut own = self
            .people
            .iter()
            .filter(|person| survivor.end_user_id == Some(person.id));
        own.any(|person| {
            let mut held = survivor.grants.keys();
            held.any(|environment| !person.environments.contains(environment))
        })
    }

    /// Makes the writes about standings, in steps that each stand in one transaction.
    async fn steps(&self) -> Result<Vec<Step>, PortError> {
        let requests = self.pending_requests().await?;
        let pending = |standing: &Standing| {
            let id = standing.request_id.filter(|_| standing.request_pending);
            id.and_then(|id| requests.get(&id))
        };
        let mut steps = Vec::new();
        for own in &self.survivors {
            let Some(request) = pending(own).filter(|one| is_granted(&self.merge.survivor, one))
            else {
                continue;
            };
            let mut absorbed = self.absorbed.iter();
            // A standing that is joined is written with the one that joins it, in the same transaction.
            if absorbed.any(|moving| moving.connector_id == own.connector_id) {
                continue;
            }
            let mut step = self.closed(request, ReasonCode::GrantedElsewhere)?;
            step.writes.push(self.closed_standing_write(request)?);
            steps.push(step);
        }
        for moving in &self.absorbed {
            let own = own(&self.survivors, moving);
            let closes = own
                .and_then(pending)
                .filter(|one| is_granted(&self.merge.survivor, one));
            let own = own.cloned().map(|own| Standing {
                request_pending: own.request_pending && closes.is_none(),
                ..own
            });
            let mut step = self.moved(own.as_ref(), moving, pending(moving))?;
            if let Some(request) = closes {
                step.add(self.closed(request, ReasonCode::GrantedElsewhere)?);
            }
            steps.push(step);
        }
        Ok(steps)
    }

    /// Reads the pending requests of both records.
    async fn pending_requests(&self) -> Result<HashMap<AccessRequestId, AccessRequest>, PortError> {
        let wanted: Vec<_> = self
            .absorbed
            .iter()
            .chain(&self.survivors)
            .filter(|standing| standing.request_pending)
            .filter_map(|standing| standing.request_id)
            .map(|id| keys::access_request(self.scope, id))
            .collect();
        let rows = self.table.get_batch(&wanted).await?;
        let mut requests = HashMap::new();
        for row in rows.into_values() {
            let request =
                AccessRequest::from(from_row::<AccessRequestItem>(row, "access request")?);
            if request.status() == RequestStatus::Pending {
                requests.insert(request.id, request);
            }
        }
        Ok(requests)
    }

    /// Makes the step that moves a standing to the survivor's record: see [`merge_standing`].
    fn moved(
        &self,
        own: Option<&Standing>,
        moving: &Standing,
        pending: Option<&AccessRequest>,
    ) -> Result<Step, PortError> {
        let (table, scope, survivor) = (self.table, self.scope, &self.merge.survivor);
        let merged = merge_standing(survivor, own, moving, pending);
        let standing = merged.standing.registering(self.widens_person());
        let item = StandingItem::new(scope, &standing, self.now.plus(OUTBOX_PATIENCE));
        let put = match own {
            None => table.put_part(&item, "attribute_not_exists(pk)", &[])?,
            Some(own) => table.put_part(&item, "version = :read", &[(":read", n(own.version))])?,
        };
        let delete = table.delete_part(
            &keys::standing(scope, moving.chat_user_id, moving.connector_id),
            "version = :read",
            &[(":read", n(moving.version))],
        )?;
        let mut step = Step {
            writes: vec![put_write(put), delete_write(delete)],
            tally: TallyChange::default(),
        };
        match (pending, merged.request) {
            (Some(request), MergedRequest::Moves) => {
                step.writes.push(update_write(table.update_part(
                    &keys::access_request(scope, request.id),
                    "SET chat_user_id = :survivor",
                    "attribute_exists(pk) AND attribute_not_exists(decision)",
                    &[],
                    &[(":survivor", s(survivor.id))],
                )?));
            }
            (Some(request), MergedRequest::Closes(reason)) => {
                step.add(self.closed(request, reason)?);
            }
            (None, _) | (_, MergedRequest::None) => {}
        }
        Ok(step)
    }

    /// Makes the write of a standing whose request is closed. A worker may hold it meanwhile.
    fn closed_standing_write(
        &self,
        request: &AccessRequest,
    ) -> Result<TransactWriteItem, PortError> {
        let update = self.table.update_part(
            &keys::standing(self.scope, request.chat_user_id, request.connector_id),
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
        Ok(update_write(update))
    }

    /// Makes the step that closes a request. The access that the person has counts as given by whoever
    /// gave it.
    fn closed(&self, request: &AccessRequest, reason: ReasonCode) -> Result<Step, PortError> {
        let is_granted = reason == ReasonCode::GrantedElsewhere;
        let standings = self.survivors.iter().chain(&self.absorbed);
        let approval = approval_for(standings, request.environment_id).filter(|_| is_granted);
        let decision = RequestDecision {
            verdict: if is_granted {
                Verdict::Approve
            } else {
                Verdict::Reject
            },
            by: approval.map_or_else(Actor::system, |approval| approval.by.clone()),
            at: self.now,
            note: None,
            reason: Some(reason),
        };
        let cause = approval.map_or_else(
            || "webhook".to_owned(),
            |approval| format!("access_request:{}", approval.request_id),
        );
        let audit_id = AuditId::new(SystemIds.draw());
        let audit = decision.audit_entry(request, audit_id, cause);
        let mut writes = vec![self.table.decision_write(request, &decision)?];
        writes.extend(self.table.entry_writes(&audit)?);
        Ok(Step {
            writes,
            tally: TallyChange::decided(request, decision.verdict),
        })
    }
}
