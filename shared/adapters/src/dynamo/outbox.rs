//! The store of outbox marks for the sweeper.

use super::{
    keys::{self, INDEX_OUTBOX, Key, OUTBOX_DUE, OUTBOX_PK},
    marks::{Mark, Marked, Position, State},
    table::{Attributes, Conditional, Table, key_of, n, s},
};
use crate::aws::port_error;
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;
use vestibule_domain::{
    PortError, Timestamp,
    erasure::EraseData,
    job::{
        ClosePendingRequests, DrainParked, ExpireRequests, JobOwner, OnboardChatUser, OutboxJob,
        SendMessages, SendNotices,
    },
    ports::{Backlog, OUTBOX_SHARDS, OutboxEntry, OutboxPart, OutboxStore, OutboxView},
    search::IndexRecord,
};

/// Maximum number of marks read by one call: keys only, some 200 bytes each.
const PAGE: i32 = 300;
/// Maximum number of calls for one partition and sweep. Each shows at least one more connector, or 300
/// marks of the same. The next sweep begins elsewhere.
const PAGES_MAX: usize = 100;
/// Number of old marks moved at once.
const CONCURRENCY: usize = 10;

/// See [`OutboxStore`].
#[derive(Debug, Clone)]
pub struct DynamoOutbox {
    table: Table,
}

impl DynamoOutbox {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads one page of a partition, and returns the start of the next page if there is one.
    async fn page(
        &self,
        partition: &str,
        from: &From,
        to: Position,
    ) -> Result<(Vec<Attributes>, Option<Attributes>), PortError> {
        let (first, start) = match from {
            From::Position(first) => (*first, None),
            From::Behind(row) => (Position::FIRST, Some(row.clone())),
        };
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX_OUTBOX)
            .key_condition_expression(format!(
                "{OUTBOX_PK} = :part AND {OUTBOX_DUE} BETWEEN :first AND :last"
            ))
            .expression_attribute_values(":part", s(partition))
            .expression_attribute_values(":first", n(first.0))
            .expression_attribute_values(":last", n(to.0))
            .set_exclusive_start_key(start)
            .limit(PAGE)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (outbox)", error))?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// Goes through a partition from `first` to `last`, and skips marks that the sweep has no use for.
    async fn look(
        &self,
        part: OutboxPart,
        (first, last): (Position, Position),
        looked: &mut Looked,
    ) -> Result<(), PortError> {
        let partition = keys::outbox(part);
        let mut from = From::Position(first);
        while looked.pages < PAGES_MAX {
            looked.pages += 1;
            let (rows, next) = self.page(&partition, &from, last).await?;
            let mut at = None;
            for row in rows {
                at = looked.see(part, &row).or(at);
            }
            let (Some(next), Some(at)) = (next, at) else {
                return Ok(());
            };
            from = if !looked.has_enough(at) {
                From::Behind(next)
            } else if at.next_group() <= last {
                From::Position(at.next_group())
            } else {
                return Ok(());
            };
        }
        Ok(())
    }

    /// Changes a mark, unless another writer changed it. `true` also when the mark is already as wanted.
    async fn change(&self, key: &Key, seen: &Mark, wanted: &Mark) -> Result<bool, PortError> {
        let update = self.table.update_part(
            key,
            "SET outbox_pk = :part, outbox_due = :due, version = version + :one",
            "outbox_pk = :seen_part AND outbox_due = :seen_due",
            &[],
            &[
                (":part", wanted.pk()),
                (":due", wanted.due()),
                (":seen_part", seen.pk()),
                (":seen_due", seen.due()),
                (":one", n(1)),
            ],
        )?;
        Ok(match self.table.update(update).await? {
            Conditional::Done(_) => true,
            // The mark is already as wanted if an earlier attempt of this call took effect and its
            // answer was lost.
            Conditional::Failed(row) => row.is_some_and(|row| wanted.is_on(&row)),
        })
    }

    /// Moves an old mark.
    async fn adopt(&self, partition: &str, row: Attributes) -> Result<Adopted, PortError> {
        let key = key_of(&row);
        let job = key.as_ref().and_then(job_of).zip(position_of(&row));
        let Some((job, position)) = job else {
            let row = key.map(|key| key.to_string());
            return Ok(Adopted::Unreadable(row.unwrap_or_default()));
        };
        let marked = Marked::by(job);
        let seen = Mark {
            partition: partition.to_owned(),
            position,
        };
        // The position of an old mark is its time.
        let wanted = marked.waiting(Timestamp::from_millis(position.0));
        let moved = self.change(&marked.key, &seen, &wanted).await?;
        Ok(if moved {
            Adopted::Moved
        } else {
            Adopted::GoneMeanwhile
        })
    }
}

/// The outcome for an old mark.
enum Adopted {
    Moved,
    GoneMeanwhile,
    /// The row with this key does not order a job.
    Unreadable(String),
}

/// The start of a page.
enum From {
    Position(Position),
    Behind(Attributes),
}

/// The results of looking through a partition.
struct Looked {
    now: Timestamp,
    each: usize,
    backlogs: BTreeMap<JobOwner, Backlog>,
    unreadable: Vec<String>,
    /// The group seen last, and the number of its marks that are of use.
    group: (i64, usize),
    pages: usize,
}

impl Looked {
    /// Records a mark and returns its position.
    fn see(&mut self, part: OutboxPart, row: &Attributes) -> Option<Position> {
        let (position, key) = (position_of(row)?, key_of(row)?);
        let job = job_of(&key).filter(|job| job.kind() == part.kind);
        let Some(job) = job else {
            self.unreadable.push(key.to_string());
            return Some(position);
        };
        // A worker of an earlier release that postpones a mark of this one writes milliseconds, which is
        // no position of the row's own: such a mark is dispatched, and gets its position.
        let is_own = position.is_of(&Marked::by(job));
        let overdue = !is_own || position.due() <= self.now;
        if position.group() != self.group.0 {
            self.group = (position.group(), 0);
        }
        if (overdue || position.state() == State::InFlight) && self.group.1 < self.each {
            self.group.1 += 1;
            let owner = job.owner();
            let backlog = self.backlogs.entry(owner).or_insert(Backlog {
                owner,
                overdue: Vec::new(),
                in_flight: 0,
            });
            if overdue {
                backlog.overdue.push(OutboxEntry {
                    job,
                    due: position.due(),
                    position: position.0,
                });
            } else {
                backlog.in_flight += 1;
            }
        }
        Some(position)
    }

    /// Whether the rest of this mark's group has no marks that the sweep can use.
    fn has_enough(&self, last: Position) -> bool {
        let is_early = last.state() == State::Waiting && last.due() > self.now;
        is_early || (self.group.0 == last.group() && self.group.1 >= self.each)
    }
}

fn position_of(row: &Attributes) -> Option<Position> {
    row.get(OUTBOX_DUE)?.as_n().ok()?.parse().ok().map(Position)
}

/// Finds the job that a marked row orders. The job follows from the row's key alone.
fn job_of(key: &Key) -> Option<OutboxJob> {
    if let Some((scope, conversation_id, connector_id)) = keys::parse_outgoing(key) {
        let job = SendMessages {
            scope,
            connector_id,
            conversation_id,
        };
        return Some(job.into());
    }
    if let Some((scope, environment_id)) = keys::parse_agent(key) {
        let job = DrainParked {
            scope,
            environment_id,
        };
        return Some(job.into());
    }
    if let Some((scope, connector_id)) = keys::parse_closing(key) {
        let job = ClosePendingRequests {
            scope,
            connector_id,
        };
        return Some(job.into());
    }
    if let Some((scope, connector_id)) = keys::parse_expiry(key) {
        let job = ExpireRequests {
            scope,
            connector_id,
        };
        return Some(job.into());
    }
    if let Some((scope, target)) = keys::parse_erasure(key) {
        return Some(EraseData { scope, target }.into());
    }
    if let Some(job) = keys::parse_mail(key) {
        return Some(job.into());
    }
    if let Some(job) = keys::parse_import(key) {
        return Some(job.into());
    }
    if let Some(scope) = keys::parse_notices(key) {
        return Some(SendNotices { scope }.into());
    }
    if let Some((scope, target)) = keys::parse_index_order(key) {
        return Some(IndexRecord { scope, target }.into());
    }
    if let Some(job) = keys::parse_case(key) {
        return Some(job.into());
    }
    if let Some(job) = keys::parse_queue_order(key) {
        return Some(job.into());
    }
    if let Some(job) = keys::parse_requeue(key) {
        return Some(job.into());
    }
    if let Some(job) = keys::parse_rehoming(key) {
        return Some(job.into());
    }
    if let Some(job) = keys::parse_outgoing_event(key) {
        return Some(job.into());
    }
    if let Some(job) = keys::parse_event_delivery(key) {
        return Some(job.into());
    }
    let (scope, chat_user_id, connector_id) = keys::parse_standing(key)?;
    let job = OnboardChatUser {
        scope,
        chat_user_id,
        connector_id,
    };
    Some(job.into())
}

/// Returns the mark of an entry as the sweep saw it, with its row.
fn seen(entry: &OutboxEntry) -> (Marked, Mark) {
    let marked = Marked::by(entry.job);
    let mark = Mark {
        position: Position(entry.position),
        ..marked.waiting(entry.due)
    };
    (marked, mark)
}

#[async_trait]
impl OutboxStore for DynamoOutbox {
    async fn overdue(
        &self,
        part: OutboxPart,
        now: Timestamp,
        each: usize,
    ) -> Result<OutboxView, PortError> {
        let mut looked = Looked {
            now,
            each,
            backlogs: BTreeMap::new(),
            unreadable: Vec::new(),
            group: (-1, 0),
            pages: 0,
        };
        // Every sweep begins at another place, so that sweeps that cannot see everything do not
        // always miss the same marks.
        let begin = Position::of_share(u64::try_from(now.seconds() / 60 * 389).unwrap_or(0));
        self.look(part, (begin, Position::LAST), &mut looked)
            .await?;
        if begin > Position::FIRST {
            self.look(part, (Position::FIRST, begin.before()), &mut looked)
                .await?;
        }
        Ok(OutboxView {
            backlogs: looked.backlogs.into_values().collect(),
            unreadable: looked.unreadable,
        })
    }

    async fn dispatch(&self, entry: &OutboxEntry, until: Timestamp) -> Result<bool, PortError> {
        let (marked, seen) = seen(entry);
        self.change(&marked.key, &seen, &marked.in_flight(until))
            .await
    }

    async fn take_back(&self, entry: &OutboxEntry, until: Timestamp) -> Result<(), PortError> {
        let (marked, seen) = seen(entry);
        self.change(&marked.key, &marked.in_flight(until), &seen)
            .await
            .map(|_| ())
    }

    async fn adopt_old_marks(&self) -> Result<(usize, Vec<String>), PortError> {
        let mut moved = 0;
        let mut unreadable = Vec::new();
        let mut failed = None;
        for partition in (0..OUTBOX_SHARDS).map(keys::old_outbox) {
            let from = From::Position(Position::FIRST);
            let (rows, _) = self.page(&partition, &from, Position::LAST).await?;
            let results: Vec<Result<Adopted, PortError>> = stream::iter(rows)
                .map(|row| self.adopt(&partition, row))
                .buffer_unordered(CONCURRENCY)
                .collect()
                .await;
            for result in results {
                match result {
                    Ok(Adopted::Moved) => moved += 1,
                    Ok(Adopted::GoneMeanwhile) => {}
                    Ok(Adopted::Unreadable(row)) => unreadable.push(row),
                    Err(error) => failed = Some(error),
                }
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok((moved, unreadable)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope,
        directory::import::ImportUsers,
        erasure::ErasureTarget,
        ids::{
            AccountId, ChatUserId, ConnectorId, ConversationId, EndUserId, EnvironmentId, ImportId,
            MailId, MemberId, OutgoingEventId, ProjectId, QueueId, SubscriptionId,
        },
        job::{
            DrainQueue, JobKind, OfferConversation, PublishEvent, RehomeConnector, RequeueMember,
            SendEvent, SendMail,
        },
        search::SearchTarget,
        team::mail::MailOwner,
    };

    /// The outbox index holds keys only.
    #[test]
    fn the_job_of_a_marked_row_follows_from_its_key_alone() {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let connector_id = ConnectorId::derive(&["c"]);
        let onboard = OnboardChatUser {
            scope,
            chat_user_id: ChatUserId::derive(&["u"]),
            connector_id,
        };
        let close = ClosePendingRequests {
            scope,
            connector_id,
        };
        let send = SendMessages {
            scope,
            connector_id,
            conversation_id: ConversationId::derive(&["d"]),
        };
        let drain = DrainParked {
            scope,
            environment_id: EnvironmentId::derive(&["e"]),
        };
        let erase = EraseData {
            scope,
            target: ErasureTarget::ChatUser(onboard.chat_user_id),
        };
        let expire = ExpireRequests {
            scope,
            connector_id,
        };
        let mail = SendMail {
            owner: MailOwner::Account(scope.account()),
            mail_id: MailId::derive(&["m"]),
        };
        let index = IndexRecord {
            scope,
            target: SearchTarget::EndUser(EndUserId::derive(&["u"])),
        };
        let import = ImportUsers {
            scope,
            import_id: ImportId::derive(&["i"]),
        };
        let offer = OfferConversation {
            scope,
            conversation_id: send.conversation_id,
        };
        let drain_queue = DrainQueue {
            scope: scope.account(),
            queue_id: QueueId::derive(&["q"]),
        };
        let requeue = RequeueMember {
            scope: scope.account(),
            member_id: MemberId::derive(&["m"]),
        };
        let rehome = RehomeConnector {
            scope,
            connector_id,
        };
        let publish = PublishEvent {
            scope: scope.account(),
            event_id: OutgoingEventId::derive(&["e"]),
        };
        let send_event = SendEvent {
            scope: scope.account(),
            subscription_id: SubscriptionId::derive(&["s"]),
            event_id: publish.event_id,
        };
        let jobs = [
            OutboxJob::from(onboard),
            close.into(),
            send.into(),
            drain.into(),
            erase.into(),
            expire.into(),
            mail.into(),
            SendNotices { scope }.into(),
            index.into(),
            import.into(),
            offer.into(),
            drain_queue.into(),
            requeue.into(),
            rehome.into(),
            publish.into(),
            send_event.into(),
        ];
        assert_eq!(jobs.map(OutboxJob::kind), JobKind::ALL);
        for job in jobs {
            let marked = Marked::by(job);
            assert_eq!(job_of(&marked.key), Some(job));
            let mark = marked.waiting(Timestamp::from_millis(0));
            let kind = format!("OUTBOX#{}#", job.kind().key());
            assert!(mark.partition.starts_with(&kind), "{}", mark.partition);
            assert!(mark.position.is_of(&marked));
        }
        let conversation = keys::conversation(scope, send.conversation_id);
        assert_eq!(job_of(&conversation), None);
        let parked = keys::parked_conversation(scope, drain.environment_id, send.conversation_id);
        assert_eq!(job_of(&parked), None);
    }
}
