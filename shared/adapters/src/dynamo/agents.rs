//! The store of agents' health and slots.

use super::{
    items::{AgentItem, SlotAttribute},
    keys::{self, Key},
    table::{Attributes, Conditional, Table, from_row, n, s, take, to_value},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use vestibule_domain::{
    PortError, ProjectScope,
    account::agent_health::{AgentHealth, Slot},
    ids::EnvironmentId,
    job::DrainParked,
    ports::{
        AgentHealthReader, AgentHealthStore, AgentNote, AgentState, HeldSlot, SlotRequest,
        TakenSlot,
    },
};

pub(super) const WHAT: &str = "agent";
/// Number of attempts at a write that other workers come before.
const ATTEMPTS: u32 = 8;

/// See [`AgentHealthStore`] and [`AgentHealthReader`].
#[derive(Debug, Clone)]
pub struct DynamoAgents {
    table: Table,
}

/// The row of an agent.
pub(super) fn key_of_agent(agent: DrainParked) -> Key {
    keys::agent(agent.scope, agent.environment_id)
}

fn read(row: Option<Attributes>) -> Result<AgentState, PortError> {
    let item: Option<AgentItem> = row.map(|row| from_row(row, WHAT)).transpose()?;
    Ok(item.map(Into::into).unwrap_or_default())
}

impl DynamoAgents {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Tries to take this slot of the agent.
    async fn try_slot(
        &self,
        agent: DrainParked,
        is_stored: bool,
        number: u8,
        request: &SlotRequest,
    ) -> Result<Conditional, PortError> {
        let slot = SlotAttribute::from(Slot {
            id: request.id,
            until: request.now.plus(request.time),
        });
        let key = key_of_agent(agent);
        let name = number.to_string();
        let update = if is_stored {
            self.table.update_part(
                &key,
                "SET slots.#number = :slot, version = if_not_exists(version, :zero) + :one",
                "attribute_exists(slots) AND attribute_not_exists(next_probe) AND \
                 (attribute_not_exists(slots.#number) OR slots.#number.until_ms <= :now)",
                &[("#number", name.as_str())],
                &[
                    (":slot", to_value(&slot)?),
                    (":now", n(request.now.millis())),
                    (":zero", n(0)),
                    (":one", n(1)),
                ],
            )?
        } else {
            let slots = HashMap::from([(name, to_value(&slot)?)]);
            self.table.update_part(
                &key,
                "SET slots = :slots, version = :one",
                "attribute_not_exists(pk)",
                &[],
                &[(":slots", AttributeValue::M(slots)), (":one", n(1))],
            )?
        };
        self.table.update(update).await
    }

    /// Writes the health that follows from `note`, if the row still says what `state` does.
    async fn try_note(
        &self,
        agent: DrainParked,
        state: &AgentState,
        next: &AgentHealth,
        slot: Option<HeldSlot>,
    ) -> Result<Conditional, PortError> {
        let mut set = vec![
            "version = if_not_exists(version, :zero) + :one",
            "failures = :failures",
            "notes = :notes",
        ];
        let mut remove = Vec::new();
        let mut condition = vec!["(attribute_not_exists(notes) OR notes = :read)"];
        let mut values = vec![
            (":zero", n(0)),
            (":one", n(1)),
            (":failures", n(next.failures)),
            (":notes", n(next.notes)),
            (":read", n(state.health.notes)),
        ];
        match next.failing_since {
            Some(since) => {
                set.push("failing_since = :since");
                values.push((":since", to_value(&since)?));
            }
            None => remove.push("failing_since"),
        }
        match &next.last_failure {
            Some(failure) => {
                set.push("last_failure = :failure");
                values.push((":failure", to_value(failure)?));
            }
            None => remove.push("last_failure"),
        }
        match &next.breaker {
            Some(breaker) => {
                set.push("probes = :probes, next_probe = :next");
                values.push((":probes", n(breaker.probes)));
                values.push((":next", to_value(&breaker.next_probe)?));
            }
            None => remove.push("probes, next_probe"),
        }
        let number = slot.map(|slot| slot.number.to_string());
        if let Some(slot) = slot {
            remove.push("slots.#number");
            condition.push("slots.#number.id = :holder");
            values.push((":holder", s(slot.id)));
        } else {
            set.push("slots = if_not_exists(slots, :empty)");
            values.push((":empty", AttributeValue::M(HashMap::new())));
        }
        let removed = if remove.is_empty() {
            String::new()
        } else {
            format!(" REMOVE {}", remove.join(", "))
        };
        let names: Vec<(&str, &str)> = number
            .iter()
            .map(|number| ("#number", number.as_str()))
            .collect();
        let update = self.table.update_part(
            &key_of_agent(agent),
            &format!("SET {}{removed}", set.join(", ")),
            &condition.join(" AND "),
            &names,
            &values,
        )?;
        self.table.update(update).await
    }

    /// Gives a slot back, unless its time is over and another call has it. Returns the row.
    async fn give_back(
        &self,
        agent: DrainParked,
        slot: HeldSlot,
    ) -> Result<Option<Attributes>, PortError> {
        let name = slot.number.to_string();
        let update = self.table.update_part(
            &key_of_agent(agent),
            "SET version = version + :one REMOVE slots.#number",
            "slots.#number.id = :holder",
            &[("#number", name.as_str())],
            &[(":one", n(1)), (":holder", s(slot.id))],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(row) | Conditional::Failed(row) => Ok(row),
        }
    }
}

/// Whether this slot is held as `slot` says.
fn holds(health: &AgentHealth, slot: HeldSlot) -> bool {
    let found = health.slots.get(&slot.number);
    found.is_some_and(|found| found.id == slot.id)
}

/// Whether there is nothing to be noted: an answer of an agent that is well, or a failure of a call that
/// began before the breaker opened.
fn changes_nothing(health: &AgentHealth, note: &AgentNote) -> bool {
    match note {
        AgentNote::Answered => !health.is_unwell(),
        AgentNote::Failed { is_probe, .. } => health.breaker.is_some() && !is_probe,
    }
}

#[async_trait]
impl AgentHealthStore for DynamoAgents {
    async fn take_slot(
        &self,
        agent: DrainParked,
        state: &AgentState,
        request: &SlotRequest,
    ) -> Result<TakenSlot, PortError> {
        let mut state = state.clone();
        for attempt in 0..ATTEMPTS {
            let from = request
                .from
                .wrapping_add(u8::try_from(attempt).unwrap_or(0));
            let free = state.health.free_slot(request.limit, from, request.now);
            let Some(number) = free else {
                return Ok(TakenSlot::Full);
            };
            let held = HeldSlot {
                number,
                id: request.id,
            };
            let row = match self
                .try_slot(agent, state.is_stored, number, request)
                .await?
            {
                Conditional::Done(_) => return Ok(TakenSlot::Taken(held)),
                Conditional::Failed(row) => row,
            };
            state = read(row)?;
            // An earlier attempt of this call took effect and its answer was lost.
            if holds(&state.health, held) {
                return Ok(TakenSlot::Taken(held));
            }
        }
        // So many others take slots at the same time that none is left for this call.
        Ok(TakenSlot::Full)
    }

    async fn note(
        &self,
        agent: DrainParked,
        state: &AgentState,
        note: &AgentNote,
        mut slot: Option<HeldSlot>,
    ) -> Result<AgentHealth, PortError> {
        let mut state = state.clone();
        for _ in 0..ATTEMPTS {
            if changes_nothing(&state.health, note) {
                break;
            }
            let next = match note {
                AgentNote::Failed {
                    failure,
                    wait,
                    is_probe,
                } => state.health.failed(failure, *wait, *is_probe),
                AgentNote::Answered => state.health.answered(),
            };
            match self.try_note(agent, &state, &next, slot).await? {
                Conditional::Done(_) => return Ok(next),
                Conditional::Failed(row) => {
                    state = read(row)?;
                    slot = slot.filter(|slot| holds(&state.health, *slot));
                }
            }
        }
        // The health after many others is told by their notes.
        match slot {
            Some(slot) => Ok(read(self.give_back(agent, slot).await?)?.health),
            None => Ok(state.health),
        }
    }
}

#[async_trait]
impl AgentHealthReader for DynamoAgents {
    async fn agent_health(
        &self,
        scope: ProjectScope,
        environments: &[EnvironmentId],
    ) -> Result<HashMap<EnvironmentId, AgentHealth>, PortError> {
        let wanted: Vec<Key> = environments
            .iter()
            .map(|id| keys::agent(scope, *id))
            .collect();
        let mut rows = self.table.get_batch(&wanted).await?;
        let mut found = HashMap::new();
        for (id, key) in environments.iter().zip(&wanted) {
            if let Some(item) = take::<AgentItem>(&mut rows, key, WHAT)? {
                found.insert(*id, item.into());
            }
        }
        Ok(found)
    }
}
