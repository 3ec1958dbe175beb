//! Desks straight from their store: seats, cases, and the router's jobs.

use super::World;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_adapters::dynamo::DynamoRouting;
use vestibule_domain::{
    account::actor::Actor,
    chat::history::HistoryDays,
    ids::{ConversationId, MemberId},
    job::{DrainDesk, OfferConversation, RequeueMember, RoutingJob},
    ports::{Changed, OUTBOX_PATIENCE, RoutedBy, RoutingQueue, RoutingStore},
    routing::{
        case::{Case, NewCase},
        demand::{Demand, Desk},
        queue::Queue,
        reply_right::ReplyRight,
        routed::{Routed, Verb},
        seat::{Presence, Seat},
    },
    team::client_access::ClientAccess,
};

/// The channel of the desk that tests use.
pub const CHANNEL: &str = "slack";

impl World {
    /// The desk of this channel.
    pub fn desk(&self, channel: &str) -> Desk {
        Desk {
            scope: self.scope.account(),
            channel: channel.to_owned(),
        }
    }

    /// The demand of a conversation of the open connector.
    pub fn demand(&self) -> Demand {
        Demand {
            client_id: self.open.client_id,
            team_id: None,
            skills: BTreeSet::new(),
        }
    }

    /// Seats an available member who answers every client, with this limit, and returns the seat.
    pub async fn seated(&self, name: &str, limit: u32) -> Seat {
        let seat = Seat {
            member_id: MemberId::derive(&[name]),
            name: name.to_owned(),
            limit: Some(limit),
            load: 0,
            clients: ClientAccess::All,
            teams: BTreeSet::new(),
            skills: BTreeSet::new(),
            reply_right: ReplyRight::Held,
            presence: Presence::Available,
            absent_since: None,
            idle_since: self.now(),
            moves: 0,
            version: 1,
        };
        self.put_seat(&seat).await;
        seat
    }

    /// The store of cases, for what no worker or function of the world does.
    pub fn routing_store(&self) -> &DynamoRouting {
        &self.stores.routing
    }

    /// Stores a seat as the change of a member does: its load and the time since which it is idle stay.
    pub async fn put_seat(&self, seat: &Seat) {
        let desk = self.desk(CHANNEL);
        let put = self.stores.routing.put_seat(&desk, seat).await;
        assert!(put.unwrap(), "{seat:?}");
    }

    /// Changes a seat, as the change of its member does.
    pub async fn change_seat(&self, member_id: MemberId, change: impl FnOnce(&mut Seat)) {
        let mut seat = self.seat(member_id).await;
        change(&mut seat);
        seat.version += 1;
        self.put_seat(&seat).await;
    }

    /// A member's seat.
    pub async fn seat(&self, member_id: MemberId) -> Seat {
        let desk = self.desk(CHANNEL);
        let seat = self.stores.routing.seat(&desk, member_id).await;
        seat.unwrap().unwrap()
    }

    /// The seats of a channel, by member.
    pub async fn seats_on(&self, channel: &str) -> BTreeMap<MemberId, Seat> {
        let seats = self.stores.routing.seats(&self.desk(channel)).await;
        let seats = seats.unwrap().into_iter();
        seats.map(|seat| (seat.member_id, seat)).collect()
    }

    /// The queues of the desk.
    pub async fn queues(&self) -> Vec<Queue> {
        let queues = self.stores.routing.queues(&self.desk(CHANNEL)).await;
        queues.unwrap()
    }

    /// Lets a conversation ask for a member, with a job that is yet to be worked off.
    pub async fn offers(&self, name: &str, demand: Demand) {
        self.offers_unheard(name, demand).await;
        let job = OfferConversation {
            scope: self.scope,
            conversation_id: ConversationId::derive(&[name]),
        };
        self.route(job).await;
    }

    /// The same, and its job is lost.
    pub async fn offers_unheard(&self, name: &str, demand: Demand) {
        let conversation_id = ConversationId::derive(&[name]);
        let before = self.stores.routing.case(self.scope, conversation_id);
        let before = before.await.unwrap();
        let new = NewCase {
            scope: self.scope,
            conversation_id,
            connector_id: Some(self.open.id),
            channel: CHANNEL.to_owned(),
            demand,
            history: HistoryDays::default(),
        };
        let case = Case::offered(new, before.as_ref(), self.now());
        let system = Actor::system();
        let by = RoutedBy::itself(&system, self.now());
        let offered = self.stores.routing.offer(&case, by).await.unwrap();
        assert!(matches!(offered, Changed::Done(_)), "{offered:?}");
    }

    /// Enqueues a job of the router.
    pub async fn route(&self, job: impl Into<RoutingJob>) {
        let enqueued = self.stores.routing_queue.enqueue_routing(job.into());
        enqueued.await.unwrap();
    }

    /// Enqueues a drain of the desk.
    pub async fn orders_drain(&self) {
        let job = DrainDesk {
            scope: self.scope.account(),
            channel: CHANNEL.to_owned(),
        };
        self.route(job).await;
    }

    /// The case of a conversation.
    pub async fn case(&self, name: &str) -> Case {
        let id = ConversationId::derive(&[name]);
        let case = self.stores.routing.case(self.scope, id).await;
        case.unwrap().unwrap()
    }

    /// The member who has a conversation, if one does.
    pub async fn holder_of(&self, name: &str) -> Option<MemberId> {
        self.case(name).await.member_id()
    }

    /// Ends the work on a conversation.
    pub async fn releases(&self, name: &str) {
        let (case, system) = (self.case(name).await, Actor::system());
        let by = RoutedBy::itself(&system, self.now());
        let released = self.stores.routing.release(&case, by).await.unwrap();
        assert!(matches!(released, Changed::Done(_)), "{released:?}");
    }

    /// Lets a conversation wait again. With `refuses`, whoever has it is not offered it in this wait.
    pub async fn requeues(&self, name: &str, refuses: bool) {
        let (case, system) = (self.case(name).await, Actor::system());
        let by = RoutedBy::itself(&system, self.now());
        let declined = case.member_id().filter(|_| refuses);
        let requeued = self.stores.routing.requeue(&case, declined, by).await;
        let requeued = requeued.unwrap();
        assert!(matches!(requeued, Changed::Done(_)), "{requeued:?}");
    }

    /// Orders that the conversations wait again that a member may no longer have, with a job.
    pub async fn orders_requeue(&self, member_id: MemberId) {
        let scope = self.scope.account();
        let due = self.now().plus(OUTBOX_PATIENCE);
        let ordered = self.stores.routing.order_requeue(scope, member_id, due);
        ordered.await.unwrap();
        self.route(RequeueMember { scope, member_id }).await;
    }

    /// Closes the seat of a member, as a removal does, and orders what follows.
    pub async fn removes(&self, member_id: MemberId) {
        let close = |seat: &mut Seat| {
            seat.limit = None;
            seat.presence = Presence::Inactive;
        };
        self.change_seat(member_id, close).await;
        self.orders_requeue(member_id).await;
    }

    /// The lines of a conversation's thread.
    pub async fn lines(&self, name: &str) -> Vec<Routed> {
        let id = ConversationId::derive(&[name]);
        let lines = self.stores.routing.routed(self.scope, id, 0, 100).await;
        lines.unwrap()
    }

    /// The lines of a conversation's thread that say this.
    pub async fn lines_of(&self, name: &str, verb: Verb) -> usize {
        let lines = self.lines(name).await;
        lines.iter().filter(|line| line.verb == verb).count()
    }

    /// Asserts that loads, queues and what members have are those of the cases.
    pub async fn assert_desk_agrees(&self) {
        let mut loads: BTreeMap<MemberId, u32> = BTreeMap::new();
        let mut waiting = BTreeSet::new();
        for row in self.rows("CASE") {
            let own = row["pk"].as_str().unwrap();
            if row["sk"] != "CASE" || !own.contains("#CONVERSATION#") {
                continue;
            }
            let id: ConversationId = own.rsplit('#').next().unwrap().parse().unwrap();
            let case = self.stores.routing.case(self.scope, id).await;
            let case = case.unwrap().unwrap();
            if let Some(member_id) = case.member_id() {
                *loads.entry(member_id).or_default() += 1;
            }
            if case.is_waiting() {
                waiting.insert(id);
            }
        }
        let desk = self.stores.routing.desk(&self.desk(CHANNEL)).await.unwrap();
        for seat in &desk.seats {
            let counted = loads.remove(&seat.member_id).unwrap_or(0);
            assert_eq!(seat.load, counted, "{}", seat.name);
        }
        assert_eq!(loads, BTreeMap::new(), "assigned to nobody");
        let counted: u32 = desk.queues.iter().map(|queue| queue.waiting).sum();
        assert_eq!(usize::try_from(counted).unwrap(), waiting.len());
        assert_eq!(self.rows("WAITING#").len(), waiting.len());
    }
}
