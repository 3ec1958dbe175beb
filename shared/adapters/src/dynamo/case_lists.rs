//! The reader of open cases, and of the lines that routing leaves, for admins.

use super::{
    items::{RoutedItem, read_case},
    keys::{self, PK, ROUTED_PREFIX, SK},
    lists::{Index, List, open_cursor, seal_cursor},
    row_counts::{COUNT_MAX, up_to_max},
    table::{Attributes, Table, from_row, key_of, s},
};
use crate::{aws::port_error, vault::KmsVault};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use std::sync::Arc;
use vestibule_domain::{
    PortError, ProjectScope,
    ids::{ConversationId, MemberId},
    page::{ListError, Order, Page, PageRequest},
    ports::{CaseCounts, CaseFilter, CaseReader, OpenCases},
    routing::{case::Case, routed::Routed},
    team::client_access::ClientAccess,
};

const LINE: &str = "line of routing";

/// See [`CaseReader`].
#[derive(Debug, Clone)]
pub struct DynamoCaseLists {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoCaseLists {
    /// Makes the reader of this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }
}

/// The list of open cases.
fn list_of(scope: ProjectScope, which: OpenCases, filter: &CaseFilter) -> List {
    let (partition, member) = match which {
        OpenCases::Unassigned => (keys::unassigned_cases(scope), None),
        OpenCases::Assigned => (keys::assigned_cases(scope), None),
        OpenCases::Of(id) => (keys::assigned_cases(scope), Some(id)),
    };
    let member = member.map(|id| ("state.member.id", s(id)));
    let client = filter.client_id.map(|id| ("demand.client_id", s(id)));
    let channel = filter.channel.as_ref().map(|key| ("channel", s(key)));
    let team = filter.team_id.map(|id| ("demand.team_id", s(id)));
    List {
        index: Index::ByState,
        equal: [member, client, channel, team]
            .into_iter()
            .flatten()
            .collect(),
        ..List::all(partition)
    }
}

/// The parts of a case by which it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// No member has it.
    Unassigned,
    /// A member has it.
    Assigned(Option<MemberId>),
}

/// Reads a case by which of these it is counted. `None` for one of another client.
fn counted(row: &Attributes, clients: &ClientAccess) -> Option<Counted> {
    let text = |map: &str, name: &str| -> Option<String> {
        let value = row.get(map)?.as_m().ok()?.get(name)?;
        value.as_s().ok().cloned()
    };
    let client_id = text("demand", "client_id")?.parse().ok()?;
    if !clients.contains(client_id) {
        return None;
    }
    if text("state", "kind")? != "assigned" {
        return Some(Counted::Unassigned);
    }
    let member = row.get("state")?.as_m().ok()?.get("member");
    let id = member.and_then(|member| member.as_m().ok()?.get("id")?.as_s().ok());
    Some(Counted::Assigned(id.and_then(|id| id.parse().ok())))
}

/// Adds up cases. `has_more` says that there may be more of each kind than were read.
fn add_up(
    cases: impl Iterator<Item = Counted>,
    member_id: Option<MemberId>,
    has_more: bool,
) -> CaseCounts {
    let (mut unassigned, mut assigned, mut own) = (0, 0, 0);
    for case in cases {
        match case {
            Counted::Unassigned => unassigned += 1,
            Counted::Assigned(id) => {
                assigned += 1;
                own += usize::from(id.is_some() && id == member_id);
            }
        }
    }
    let [unassigned, assigned, own] = [unassigned, assigned, own].map(|number| {
        let mut count = up_to_max(number);
        count.more |= has_more;
        count
    });
    CaseCounts {
        unassigned,
        assigned,
        own,
    }
}

/// The context that a cursor among the lines of a conversation is bound to.
fn context(scope: ProjectScope, id: ConversationId, order: Order) -> String {
    let partition = keys::conversation(scope, id).pk;
    format!("routed|{order:?}|{partition}")
}

#[async_trait]
impl CaseReader for DynamoCaseLists {
    async fn list_cases(
        &self,
        scope: ProjectScope,
        which: OpenCases,
        filter: &CaseFilter,
        page: &PageRequest,
    ) -> Result<Page<Case>, ListError> {
        let list = list_of(scope, which, filter);
        let rows = self.table.page(&list, page, &self.vault).await?;
        let mut items = Vec::new();
        for row in rows.items {
            let key = key_of(&row);
            let case = read_case(row)?;
            // IAM does not restrict the attributes by which an index leads to rows.
            if key == Some(keys::case(scope, case.conversation_id)) && case.scope == scope {
                items.push(case);
            }
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn count_cases(
        &self,
        scope: ProjectScope,
        clients: &ClientAccess,
        member_id: Option<MemberId>,
    ) -> Result<CaseCounts, PortError> {
        let mut found = Vec::new();
        let mut read = 0;
        let mut start = None;
        loop {
            let answer = self
                .table
                .list_query(keys::open_cases(scope))
                .projection_expression("#state, demand")
                .expression_attribute_names("#state", "state")
                .limit(i32::try_from(COUNT_MAX + 1 - read).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (count of cases)", error))?;
            let rows = answer.items.unwrap_or_default();
            read += rows.len();
            found.extend(rows.iter().filter_map(|row| counted(row, clients)));
            start = answer.last_evaluated_key;
            let is_full = read > COUNT_MAX;
            if start.is_none() || is_full {
                return Ok(add_up(found.into_iter(), member_id, is_full));
            }
        }
    }

    async fn list_routed(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<Routed>, ListError> {
        let context = context(scope, id, page.order);
        let start = match &page.cursor {
            None => None,
            Some(cursor) => Some(open_cursor(&self.vault, cursor, &context).await?),
        };
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(format!("{PK} = :conversation AND begins_with({SK}, :line)"))
            .expression_attribute_values(":conversation", s(keys::conversation(scope, id).pk))
            .expression_attribute_values(":line", AttributeValue::S(ROUTED_PREFIX.to_owned()))
            .scan_index_forward(page.order == Order::OldestFirst)
            .set_exclusive_start_key(start)
            .limit(i32::from(page.limit))
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (lines of routing)", error))?;
        let mut items = Vec::new();
        for row in answer.items.unwrap_or_default() {
            items.push(from_row::<RoutedItem>(row, LINE)?.into());
        }
        let next = match &answer.last_evaluated_key {
            None => None,
            Some(end) => Some(seal_cursor(&self.vault, end, &context).await?),
        };
        Ok(Page { items, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::{items::CaseItem, table::to_row};
    use std::collections::BTreeSet;
    use vestibule_domain::{
        AccountScope, Timestamp,
        chat::history::HistoryDays,
        ids::{AccountId, ClientId, ProjectId},
        page::CountUpTo,
        routing::{
            case::{Assigned, CaseState, NewCase},
            demand::Demand,
            routed::NamedMember,
        },
    };

    fn case(client: &str) -> Case {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let new = NewCase {
            scope,
            conversation_id: ConversationId::derive(&["d"]),
            connector_id: None,
            channel: "slack".to_owned(),
            demand: Demand {
                client_id: ClientId::derive(&[client]),
                team_id: None,
                skills: BTreeSet::new(),
            },
            history: HistoryDays::default(),
        };
        Case::offered(new, None, Timestamp::from_millis(0))
    }

    fn member(name: &str) -> MemberId {
        MemberId::derive(&[name])
    }

    fn had_by(name: &str) -> Case {
        let assigned = Assigned {
            member: NamedMember {
                id: member(name),
                name: name.to_owned(),
            },
            at: Timestamp::from_millis(1),
            basis: None,
            over_limit: false,
        };
        let state = CaseState::Assigned(assigned);
        case("c").with_state(state, Timestamp::from_millis(1))
    }

    #[test]
    fn a_stored_case_is_counted_by_its_state_member_and_client() {
        let row = |case: &Case| to_row(&CaseItem::from(case)).unwrap();
        let all = ClientAccess::All;
        let waiting = case("c");
        assert_eq!(counted(&row(&waiting), &all), Some(Counted::Unassigned));
        assert_eq!(
            counted(&row(&had_by("ana")), &all),
            Some(Counted::Assigned(Some(member("ana"))))
        );
        let own = ClientAccess::Only([ClientId::derive(&["c"])].into());
        assert!(counted(&row(&waiting), &own).is_some());
        assert_eq!(counted(&row(&case("other")), &own), None);
    }

    #[test]
    fn cases_are_added_up_by_who_has_them_and_beyond_a_thousand_there_may_be_more_of_each() {
        let ana = Some(member("ana"));
        let of = |name: &str| Counted::Assigned(Some(member(name)));
        let cases = [
            Counted::Unassigned,
            of("ana"),
            of("bo"),
            Counted::Assigned(None),
        ];
        let counts = |number| CountUpTo {
            count: number,
            more: false,
        };
        let expected = CaseCounts {
            unassigned: counts(1),
            assigned: counts(3),
            own: counts(1),
        };
        assert_eq!(add_up(cases.into_iter(), ana, false), expected);
        assert_eq!(add_up(cases.into_iter(), None, false).own, counts(0));
        let more = add_up(cases.into_iter(), ana, true);
        assert!(more.unassigned.more && more.assigned.more && more.own.more);
    }
}
