use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use vestibule_domain::{
    Timestamp,
    account::agent_health::{AgentFailure, AgentHealth, OpenBreaker, Slot},
    ids::{ConversationId, LeaseId},
    ports::AgentState,
};

/// The health of an environment's agent, its slots, and the order to hand over what waits for it with the
/// lease on that. It is written some attributes at a time, so it is only read as a whole.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(in crate::dynamo) struct AgentItem {
    failures: u32,
    failing_since: Option<Timestamp>,
    last_failure: Option<AgentFailure>,
    probes: u32,
    /// Present while the breaker is open.
    next_probe: Option<Timestamp>,
    /// By number, as text: names of attributes are strings.
    slots: HashMap<String, SlotAttribute>,
    notes: u64,

    /// Counts the orders to drain.
    pub(in crate::dynamo) orders: u64,
    /// Number of claims since a worker last reported back.
    pub(in crate::dynamo) attempts: u32,
    /// The last parked conversation that the drain before looked at.
    pub(in crate::dynamo) drained_to: Option<ConversationId>,
    outbox_pk: Option<String>,
    pub(in crate::dynamo) lease_id: Option<LeaseId>,
    pub(in crate::dynamo) settled_lease: Option<LeaseId>,
}

/// A slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct SlotAttribute {
    id: LeaseId,
    /// In milliseconds since 1970, so that a condition can compare it.
    until_ms: i64,
}

impl From<Slot> for SlotAttribute {
    fn from(slot: Slot) -> Self {
        Self {
            id: slot.id,
            until_ms: slot.until.millis(),
        }
    }
}

impl From<AgentItem> for AgentHealth {
    fn from(item: AgentItem) -> Self {
        let slot = |(number, slot): (String, SlotAttribute)| {
            let until = Timestamp::from_millis(slot.until_ms);
            Some((number.parse::<u8>().ok()?, Slot { id: slot.id, until }))
        };
        Self {
            failures: item.failures,
            failing_since: item.failing_since,
            last_failure: item.last_failure,
            breaker: item.next_probe.map(|next_probe| OpenBreaker {
                probes: item.probes,
                next_probe,
            }),
            slots: item.slots.into_iter().filter_map(slot).collect(),
            notes: item.notes,
        }
    }
}

impl From<AgentItem> for AgentState {
    fn from(item: AgentItem) -> Self {
        Self {
            is_stored: true,
            has_drain: item.outbox_pk.is_some(),
            health: item.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_agent_is_down_while_its_row_names_the_next_probe() {
        let id = LeaseId::derive(&["l"]);
        let row = json!({
            "pk": "p", "sk": "AGENT", "version": 3, "notes": 4, "failures": 3, "probes": 2,
            "failing_since": "2026-11-22T10:00:00.000Z", "next_probe": "2026-11-22T10:01:00.000Z",
            "last_failure": {"at": "2026-11-22T10:00:10.000Z", "reason": "http 503"},
            "slots": {"7": {"id": id, "until_ms": 1000}}, "outbox_pk": "OUTBOX#drain_parked#1",
            "orders": 1
        });
        let item: AgentItem = serde_json::from_value(row).unwrap();
        let state = AgentState::from(item);
        assert!(state.is_stored && state.has_drain);
        let breaker = state.health.breaker.unwrap();
        assert_eq!(breaker.probes, 2);
        assert_eq!(
            Some(breaker.next_probe),
            Timestamp::parse("2026-11-22T10:01:00Z")
        );
        let slot = state.health.slots[&7];
        assert_eq!((slot.id, slot.until), (id, Timestamp::from_millis(1000)));
    }

    #[test]
    fn an_agent_that_only_took_slots_is_well() {
        let row = json!({"pk": "p", "sk": "AGENT", "version": 1, "slots": {}});
        let item: AgentItem = serde_json::from_value(row).unwrap();
        assert_eq!(AgentHealth::from(item), AgentHealth::default());
    }
}
