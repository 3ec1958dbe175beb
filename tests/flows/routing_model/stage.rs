//! The store of routing over a table of its own, behind a proxy that breaks calls; and those who work with it, as the
//! worker and the callers of the API do.

use super::checks::Rows;
use crate::{explain::Draws, lifecycle::attribute};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
};
use vestibule_adapters::{
    aws::{AwsSettings, dynamodb_config, sdk_config},
    dynamo::{DynamoRouting, Table, keys::Key},
};
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::actor::Actor,
    chat::history::HistoryDays,
    ids::{AccountId, ClientId, ConversationId, MemberId, ProjectId, TeamId},
    ports::{Assignment, Changed, RoutedBy, RoutingStore, Settled},
    routing::{
        case::{Case, CaseState, NewCase},
        demand::{Demand, Desk, Skill},
        drain::{DRAIN_PAGE, Drain, Step, at_once},
        reply_right::ReplyRight,
        routed::{NamedMember, Verb},
        rule::may_keep,
        seat::{Presence, Seat},
    },
    secret::Secret,
    team::client_access::ClientAccess,
};
use vestibule_testkit::{dynamodb::DynamoDb, fault_proxy::FaultProxy};

/// Channels of the account.
pub const CHANNELS: [&str; 2] = ["slack", "sms"];
/// Number of members.
pub const MEMBERS: u64 = 6;
/// Number of clients.
pub const CLIENTS: u64 = 3;
/// Number of teams, and of skills.
pub const TEAMS: u64 = 2;
/// Attempts at a change whose case is changed meanwhile.
const ATTEMPTS: usize = 4;
const NOW: i64 = 1_800_000_000_000;

pub fn account() -> AccountScope {
    AccountScope::of_verified(AccountId::derive(&["a"]))
}

pub fn project() -> ProjectScope {
    account().project(ProjectId::derive(&["p"]))
}

pub fn desk(channel: &str) -> Desk {
    Desk {
        scope: account(),
        channel: channel.to_owned(),
    }
}

pub fn conversation(name: &str) -> ConversationId {
    ConversationId::derive(&[name])
}

pub fn client(number: u64) -> ClientId {
    ClientId::derive(&[&number.to_string()])
}

pub fn team(number: u64) -> TeamId {
    TeamId::derive(&[&number.to_string()])
}

pub fn skill(number: u64) -> Skill {
    Skill::new(&format!("Skill {number}")).unwrap()
}

pub fn member(name: &str) -> NamedMember {
    NamedMember {
        id: MemberId::derive(&[name]),
        name: name.to_owned(),
    }
}

/// The name of the member with this number.
pub fn numbered(number: u64) -> String {
    format!("m{number}")
}

/// The seat of an available member who answers every client.
pub fn seat(name: &str, limit: u32) -> Seat {
    Seat {
        member_id: member(name).id,
        name: name.to_owned(),
        limit: Some(limit),
        load: 0,
        clients: ClientAccess::All,
        teams: [].into(),
        skills: [].into(),
        reply_right: ReplyRight::Held,
        presence: Presence::Available,
        absent_since: None,
        idle_since: Timestamp::from_millis(NOW),
        moves: 0,
        version: 1,
    }
}

/// A demand for this client only.
pub fn demand(of: u64) -> Demand {
    Demand {
        client_id: client(of),
        team_id: None,
        skills: [].into(),
    }
}

/// Lets some of many in.
fn some<T: Ord>(draws: &mut Draws, count: u64, one: impl Fn(u64) -> T) -> BTreeSet<T> {
    (0..count).filter(|_| draws.coin()).map(one).collect()
}

/// A demand, which most often asks for the client only.
pub fn any_demand(draws: &mut Draws) -> Demand {
    let of_client = demand(draws.below(CLIENTS));
    match draws.below(6) {
        0 => Demand {
            team_id: Some(team(draws.below(TEAMS))),
            ..of_client
        },
        1 => Demand {
            skills: [skill(draws.below(TEAMS))].into(),
            ..of_client
        },
        _ => of_client,
    }
}

/// The same seat with other work.
pub fn any_work(draws: &mut Draws, seat: &Seat) -> Seat {
    let clients = some(draws, CLIENTS, client);
    Seat {
        clients: if draws.below(3) == 0 {
            ClientAccess::Only(clients)
        } else {
            ClientAccess::All
        },
        teams: some(draws, TEAMS, team),
        skills: some(draws, TEAMS, skill),
        presence: match draws.below(8) {
            0 => Presence::Away,
            1 => Presence::Paused,
            2 => Presence::Inactive,
            _ => Presence::Available,
        },
        ..seat.clone()
    }
}

fn store(url: &str, table: &str) -> DynamoRouting {
    let settings = AwsSettings {
        region: "us-east-1".to_owned(),
        access_key_id: "test".to_owned(),
        secret_access_key: Secret::new("test".to_owned()),
        session_token: None,
        endpoint_url: None,
        dynamodb_endpoint_url: Some(url.to_owned()),
    };
    let config = dynamodb_config(&sdk_config(&settings), &settings);
    DynamoRouting::new(Table::new(&config, table))
}

/// The table and its stores.
pub struct Stage {
    pub db: DynamoDb,
    pub to_db: FaultProxy,
    /// Through the proxy.
    pub store: DynamoRouting,
    /// Past the proxy.
    pub plain: DynamoRouting,
    now: AtomicI64,
    /// Conversations whose offer was answered.
    known: Mutex<BTreeSet<ConversationId>>,
}

/// An assignment by a drain.
pub type Given = (ConversationId, MemberId);

impl Stage {
    pub async fn open() -> Self {
        let db = DynamoDb::start().await.unwrap();
        let to_db = FaultProxy::start(db.url()).await.unwrap();
        Self {
            store: store(&to_db.url(), db.table_name()),
            plain: store(db.url(), db.table_name()),
            db,
            to_db,
            now: AtomicI64::new(NOW),
            known: Mutex::default(),
        }
    }

    /// The conversations whose offer was answered: none of them may be lost.
    pub fn known(&self) -> BTreeSet<ConversationId> {
        self.known.lock().unwrap().clone()
    }

    /// The time, which is never the same twice.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.fetch_add(1, Ordering::SeqCst))
    }

    /// Lets members sit at a desk.
    pub async fn sit(&self, channel: &str, seats: &[Seat]) {
        for seat in seats {
            assert!(self.plain.put_seat(&desk(channel), seat).await.unwrap());
        }
    }

    /// Waits until no call of a process that died is on its way to the table.
    pub async fn rest(&self) {
        let mut before = self.db.items().unwrap();
        loop {
            for channel in CHANNELS {
                self.plain.desk(&desk(channel)).await.unwrap();
            }
            let now = self.db.items().unwrap();
            if now == before {
                return;
            }
            before = now;
        }
    }

    /// Writes a row past the store.
    pub fn put(&self, row: Value) {
        self.db.put_raw(&attribute(row)["M"]).unwrap();
    }

    /// The row at a place.
    pub fn row(&self, key: &Key) -> Option<Value> {
        let mut rows = self.db.items().unwrap().into_iter();
        let row = rows.find(|row| row["pk"] == key.pk.as_str() && row["sk"] == key.sk.as_str());
        row.map(Value::Object)
    }

    pub fn rows(&self) -> Rows {
        Rows::of(self.db.items().unwrap())
    }

    pub async fn case(&self, name: &str) -> Case {
        let case = self.plain.case(project(), conversation(name)).await;
        case.unwrap().unwrap()
    }

    pub async fn seat_of(&self, channel: &str, name: &str) -> Seat {
        let seat = self.plain.seat(&desk(channel), member(name).id).await;
        seat.unwrap().unwrap()
    }

    /// A case that is offered, past the proxy.
    pub async fn offered(&self, name: &str, channel: &str, demand: Demand) -> Case {
        let case = self.new_case(conversation(name), channel, demand, None);
        done(
            self.plain
                .offer(&case, by(&Actor::system(), self.now()))
                .await,
        )
    }

    /// A case that waits, past the proxy.
    pub async fn waits(&self, name: &str, channel: &str, demand: Demand) -> Case {
        let case = self.offered(name, channel, demand).await;
        done(self.plain.enqueue(&case, self.now()).await)
    }

    fn new_case(
        &self,
        conversation_id: ConversationId,
        channel: &str,
        demand: Demand,
        before: Option<&Case>,
    ) -> Case {
        let new = NewCase {
            scope: project(),
            conversation_id,
            connector_id: None,
            channel: channel.to_owned(),
            demand,
            history: HistoryDays::default(),
        };
        Case::offered(new, before, self.now())
    }

    /// Offers a conversation, unless it has an open case.
    pub async fn offer(
        &self,
        id: ConversationId,
        channel: &str,
        demand: Demand,
    ) -> Result<(), PortError> {
        let before = self.store.case(project(), id).await?;
        if before.as_ref().is_some_and(Case::is_open) {
            return Ok(());
        }
        let case = self.new_case(id, channel, demand, before.as_ref());
        let system = Actor::system();
        let outcome = self.store.offer(&case, by(&system, self.now())).await?;
        if matches!(outcome, Changed::Done(_)) {
            self.known.lock().unwrap().insert(id);
        }
        self.work_offer(id).await
    }

    /// Does the job of an offer.
    pub async fn work_offer(&self, id: ConversationId) -> Result<(), PortError> {
        let mut case = self.store.case(project(), id).await?;
        for _ in 0..ATTEMPTS {
            let offered = case.filter(|case| case.state == CaseState::Offered);
            let Some(offered) = offered else {
                return Ok(());
            };
            let view = self.store.desk(&offered.desk()).await?;
            let outcome = match at_once(&offered, &view) {
                Some(assignment) => {
                    let system = Actor::system();
                    let by = by(&system, self.now());
                    self.store.assign(&offered, &assignment, by).await?
                }
                None => self.store.enqueue(&offered, self.now()).await?,
            };
            case = match outcome {
                Changed::Done(_) => return self.drain(&offered.desk()).await.map(|_| ()),
                Changed::Stale(now) => Some(*now),
                Changed::NoRoom | Changed::NotAvailable => Some(offered),
                Changed::Gone => None,
            };
        }
        Ok(())
    }

    /// Drains a desk, and returns who got what.
    pub async fn drain(&self, desk: &Desk) -> Result<Vec<Given>, PortError> {
        let mut given = Vec::new();
        let mut drain = Drain::new(self.store.desk(desk).await?, self.now());
        let system = Actor::system();
        loop {
            match drain.step() {
                Step::Read(page) => {
                    let (id, after) = (page.queue_id, page.after);
                    let cases = self.store.waiting(desk.scope, id, DRAIN_PAGE, after);
                    drain.read(page, cases.await?);
                }
                Step::Assign(next) => {
                    let by = by(&system, self.now());
                    let outcome = self.store.assign(&next.case, &next.assignment, by).await?;
                    if matches!(outcome, Changed::Done(_)) {
                        given.push((next.case.conversation_id, next.assignment.member.id));
                    }
                    drain.assigned(&next, &outcome);
                }
                Step::Done => return Ok(given),
            }
        }
    }

    /// Drains the desk of a queue, and settles it.
    pub async fn drain_queue(&self, case: &Case) -> Result<Settled, PortError> {
        let id = case.queue_id();
        let Some(desk) = self.store.desk_of_queue(account(), id).await? else {
            return Ok(Settled::Empty);
        };
        self.drain(&desk).await?;
        self.store.settle_queue(&desk, id, self.now()).await
    }

    /// Gives a case to a member by hand, as the member's seat stands.
    pub async fn hand(
        &self,
        case: &Case,
        name: &str,
        (verb, may_exceed): (Verb, bool),
    ) -> Result<Changed, PortError> {
        let member = member(name);
        let seat = self.store.seat(&case.desk(), member.id).await?;
        let Some(seat) = seat else {
            return Ok(Changed::NotAvailable);
        };
        let assignment = Assignment {
            verb,
            seat_version: seat.version,
            member: member.clone(),
            facts: None,
            may_exceed,
            queue: None,
        };
        let actor = Actor::member(member.id, member.name);
        self.store
            .assign(case, &assignment, by(&actor, self.now()))
            .await
    }

    /// Takes from a member what they may no longer have.
    pub async fn requeue_member(&self, member_id: MemberId) -> Result<(), PortError> {
        let Some(order) = self.store.requeue_order(account(), member_id).await? else {
            return Ok(());
        };
        let system = Actor::system();
        let mut after: Option<Case> = None;
        loop {
            let page = self
                .store
                .cases_of(account(), member_id, None, after.as_ref(), 3);
            let page = page.await?;
            for case in &page {
                let seat = self.store.seat(&case.desk(), member_id).await?;
                if !seat.is_some_and(|seat| may_keep(&case.demand, &seat)) {
                    let by = by(&system, self.now());
                    self.store.requeue(case, None, by).await?;
                }
            }
            match page.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        self.store.end_requeue(account(), order).await.map(|_| ())
    }
}

pub const fn by(actor: &Actor, at: Timestamp) -> RoutedBy<'_> {
    RoutedBy::itself(actor, at)
}

/// The case of a change that took effect.
pub fn done(outcome: Result<Changed, PortError>) -> Case {
    match outcome {
        Ok(Changed::Done(case)) => *case,
        other => panic!("it did not take effect: {other:?}"),
    }
}
