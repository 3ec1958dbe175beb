//! Removes everything in a deleted project (SPEC C63). Only the claims of ids and the audit log stay.
//!
//! Lists lead to partitions, and rows of a partition to further ones, which are emptied first, some rows at a time.
//! Rows that are still there are found again, so a page that was cut short is repeated. The project's connectors went with
//! the project itself, so nothing comes in. Its open cases [end](super::erased_cases) at once. Nothing else goes before the
//! last pass, when nobody can still write by what they read before: rows that lead nowhere any more would not be found. Only the search index is written from jobs that
//! may be older: a record is marked before its rows are read, and none is written after that.
//!
//! | found through | partitions |
//! |---|---|
//! | the order | `P`; those of each environment's agent and holders; pace and unreadable events of each connector |
//! | lists of chat users and of wishes | `P#USER#…`; from there `P#WRITER#…` with its conversations, the second id, and messages that were sent |
//! | list of blocks of erased people | `P#USER#…`, with the rows under further ids |
//! | lists of requests, conversations, cases, end users, redrives, imports, and of what was given up | one for each row |
//! | chat users and end users | their rows in the search index; of end users, the row of the phone number |
//! | their key | orders to close, to erase and to notify; messages held back; numbers of requests; the import that runs |

use super::{
    erased_cases,
    erased_rows::{self, Found, read_place, removed},
    items::{ChatUserItem, EndUserItem, StandingItem},
    kept_blocks::further_keys,
    keys::{
        self, ALL_PK, INDEX_ALL, INDEX_BY_STATE, Key, PARKED_PREFIX, STANDING_PREFIX, STATE_PK,
    },
    table::{Attributes, Table, from_row, key_of, s},
};
use crate::aws::port_error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::standing::Standing,
    chat::{send_status::SendStatus, user::ChatUser},
    erasure::{Erasure, ErasureTarget},
    ids::ConversationId,
    ports::ErasedPage,
    search::SearchTarget,
};

/// Maximum number of steps of a page. Each is a query and, if there is something to do, a transaction.
const STEPS: usize = 60;
/// Number of rows of a list read at once. Each leads to a partition.
const LISTED: i32 = 20;
/// Number of rows of a partition read at once.
const ROWS: i32 = 30;

/// A place among everything in a project.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    /// Partitions that are to be emptied first, the last one next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    partitions: Vec<String>,
    /// Number of the stage: see [`Erasing::stage`].
    stage: usize,
    /// The last row of the stage's list that is done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    behind: BTreeMap<String, String>,
}

/// A part of the work.
enum Stage {
    /// Partitions whose keys are known.
    Partitions(Vec<String>),
    /// A list whose rows lead to partitions.
    List(&'static str, &'static str, String),
}

/// The work on one page.
struct Erasing<'a> {
    table: &'a Table,
    erasure: &'a Erasure,
    scope: ProjectScope,
    now: Timestamp,
}

/// Rows and the partition to which a row leads.
#[derive(Debug, Default, PartialEq, Eq)]
struct Beside {
    rows: Vec<Key>,
    partition: Option<String>,
    /// The record whose rows in the search index go with it.
    indexed: Option<SearchTarget>,
}

/// See [`vestibule_domain::ports::Eraser::erase_page`].
pub(super) async fn page(
    table: &Table,
    erasure: &Erasure,
    now: Timestamp,
) -> Result<ErasedPage, PortError> {
    if !erasure.is_last_pass(now) {
        return erased_cases::page(table, erasure, now).await;
    }
    let erasing = Erasing {
        table,
        erasure,
        scope: erasure.scope,
        now,
    };
    let place: Place = read_place(erasure)?.unwrap_or_default();
    erased_rows::page(place, STEPS, |place| erasing.step(place)).await
}

impl Erasing<'_> {
    /// The parts of the work, one after the other.
    fn stage(&self, number: usize) -> Option<Stage> {
        let scope = self.scope;
        let all = |partition: String| Stage::List(INDEX_ALL, ALL_PK, partition);
        Some(match number {
            0 => Stage::Partitions(self.known()),
            1 => all(keys::chat_users(scope, None)),
            2 => all(keys::wishes(scope)),
            3 => all(keys::access_requests(scope, None)),
            4 => all(keys::conversations(scope)),
            5 => Stage::List(INDEX_BY_STATE, STATE_PK, keys::given_up_deliveries(scope)),
            6 => all(keys::end_users(scope)),
            7 => all(keys::redrives(scope)),
            8 => all(keys::imports(scope)),
            9 => all(keys::kept_blocks(scope)),
            10 => all(keys::open_cases(scope)),
            11 => all(keys::released_cases(scope)),
            _ => return None,
        })
    }

    /// The partitions whose keys the order tells.
    fn known(&self) -> Vec<String> {
        let scope = self.scope;
        let mut known = vec![
            keys::rows_of_project(scope),
            keys::notices(scope).pk,
            keys::held_back_in(scope),
            keys::closings_in(scope),
            keys::tallies_in(scope),
            keys::running_import(scope).pk,
            keys::erasure(scope, ErasureTarget::Project).pk,
        ];
        for id in &self.erasure.environments {
            known.push(keys::agent(scope, *id).pk);
            known.push(keys::holders(scope, *id));
        }
        for id in &self.erasure.connectors {
            known.push(keys::pace(*id).pk);
            known.push(keys::unreadable_events_of(*id));
        }
        known
    }

    /// Goes one step on. Returns the number of rows that were removed, and the next place.
    async fn step(&self, mut place: Place) -> Result<(usize, Option<Place>), PortError> {
        if let Some(partition) = place.partitions.last().cloned() {
            return self.empty(place, &partition).await;
        }
        let Some(stage) = self.stage(place.stage) else {
            return Ok((0, None));
        };
        match stage {
            Stage::Partitions(partitions) => {
                place.partitions = partitions;
                place.stage += 1;
            }
            Stage::List(index, attribute, list) => {
                let behind = std::mem::take(&mut place.behind);
                let (partitions, behind) = self.listed(index, attribute, &list, behind).await?;
                place.partitions = partitions;
                match behind {
                    Some(behind) => place.behind = behind,
                    None => place.stage += 1,
                }
            }
        }
        Ok((0, Some(place)))
    }

    /// Removes the next rows of a partition, with those to which they lead. Where one leads to a partition that is
    /// not empty, that one comes first.
    async fn empty(
        &self,
        mut place: Place,
        partition: &str,
    ) -> Result<(usize, Option<Place>), PortError> {
        let order = keys::erasure(self.scope, ErasureTarget::Project);
        let found = Found::partition(self.table, partition, "", ROWS).await?;
        let mut gone = Vec::new();
        for row in found.rows {
            let Some(key) = key_of(&row).filter(|key| *key != order) else {
                continue;
            };
            if let Some(case) = keys::parse_case(&key) {
                let id = case.conversation_id;
                let end = self.table.end_case(self.scope, id, &[], self.now);
                Box::pin(end).await?;
            }
            let beside = self.beside(&key, row);
            if let Some(target) = beside.indexed {
                self.table.keep_out_of_index(&key).await?;
                gone.extend(self.table.index_keys(self.scope, target).await?);
            }
            if let Some(further) = beside.partition {
                let is_there = Found::partition(self.table, &further, "", 1).await?;
                if !is_there.rows.is_empty() {
                    place.partitions.push(further);
                    return Ok((0, Some(place)));
                }
            }
            gone.extend(beside.rows);
            gone.push(key);
        }
        if !found.has_more {
            place.partitions.pop();
        }
        Ok((removed(self.table, &gone).await?, Some(place)))
    }

    /// Finds where a row leads. One that cannot be read leads nowhere, and goes all the same.
    fn beside(&self, key: &Key, row: Attributes) -> Beside {
        let scope = self.scope;
        let mut beside = Beside::default();
        let prefixes = [keys::WROTE_IN_PREFIX, PARKED_PREFIX].into_iter();
        let conversation = prefixes
            .filter_map(|prefix| key.sk.strip_prefix(prefix))
            .find_map(|id| id.parse::<ConversationId>().ok());
        if let Some(id) = conversation {
            beside.partition = Some(keys::conversation(scope, id).pk);
        } else if key.sk.starts_with(STANDING_PREFIX) {
            if let Ok(item) = from_row::<StandingItem>(row, "standing") {
                beside.rows = self.sent(&item.into());
            }
        } else if keys::is_kept_block(key) {
            beside.rows = further_keys(scope, row);
        } else if keys::is_chat_user(key) {
            if let Ok(item) = from_row::<ChatUserItem>(row, "chat user") {
                let user = ChatUser::from(item);
                beside.partition = Some(keys::written_by(scope, user.id));
                beside.indexed = Some(SearchTarget::ChatUser(user.id));
                let other = user.other_id.map(|id| id.chat_user_id(scope));
                beside.rows.extend(other.map(|id| keys::same_as(scope, id)));
            }
        } else if keys::is_end_user(key)
            && let Ok(item) = from_row::<EndUserItem>(row, "end user")
        {
            let user = item.into_end_user(scope);
            let phone = user.phone.as_ref();
            let phone = phone.map(|phone| keys::phone(scope, &phone.key()));
            beside.rows.extend(phone);
            beside.indexed = Some(SearchTarget::EndUser(user.id));
        }
        beside
    }

    /// The rows of messages that were sent to a person at a connector.
    fn sent(&self, standing: &Standing) -> Vec<Key> {
        let notice = standing.approval.as_ref().map(|approval| &approval.notice);
        let all = [standing.onboarding_message.as_ref(), notice];
        let ids = all.into_iter().flatten().filter_map(|status| match status {
            SendStatus::Sent { message_id, .. } => message_id.as_deref(),
            _ => None,
        });
        ids.map(|id| keys::sent_message(self.scope, standing.connector_id, id))
            .collect()
    }

    /// Reads the partitions to which the next rows of a list lead. Also returns the place behind them, if more
    /// follow.
    async fn listed(
        &self,
        index: &str,
        attribute: &str,
        list: &str,
        behind: BTreeMap<String, String>,
    ) -> Result<(Vec<String>, Option<BTreeMap<String, String>>), PortError> {
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(index)
            .key_condition_expression(format!("{attribute} = :list"))
            .expression_attribute_values(":list", s(list))
            .set_exclusive_start_key(Found::start(behind))
            .limit(LISTED)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (project)", error))?;
        let rows = answer.items.unwrap_or_default();
        let mut partitions: Vec<String> =
            rows.iter().filter_map(key_of).map(|key| key.pk).collect();
        partitions.sort_unstable();
        partitions.dedup();
        let behind = answer.last_evaluated_key.as_ref().map(Found::behind);
        Ok((partitions, behind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::{AwsSettings, sdk_config},
        dynamo::table::to_row,
    };
    use std::collections::BTreeSet;
    use vestibule_domain::{
        AccountScope,
        directory::{
            end_user::{EndUser, EndUserSource, Names},
            phone::PhoneNumber,
        },
        ids::{AccountId, ChatUserId, EndUserId, EnvironmentId, ProjectId},
        vars::Vars,
    };

    fn scope() -> ProjectScope {
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
    }

    fn table() -> Table {
        let variable = |name: &str| (!name.contains("ENDPOINT")).then(|| "test".to_owned());
        let settings = AwsSettings::read(&mut Vars::new(&variable));
        Table::new(&sdk_config(&settings), "table")
    }

    fn led_to(key: &Key, row: Attributes) -> Beside {
        let erasure = Erasure::of_project(scope(), vec![], vec![], Timestamp::from_millis(0));
        let table = table();
        let erasing = Erasing {
            table: &table,
            erasure: &erasure,
            scope: scope(),
            now: Timestamp::from_millis(0),
        };
        erasing.beside(key, row)
    }

    /// SPEC C63.
    #[test]
    fn a_conversation_is_found_by_who_wrote_in_it_and_by_what_waits_and_an_end_user_leads_to_the_number()
     {
        let id = ConversationId::derive(&["d"]);
        let wanted = Beside {
            partition: Some(keys::conversation(scope(), id).pk),
            ..Beside::default()
        };
        let wrote = keys::written_conversation(scope(), ChatUserId::derive(&["u"]), id);
        assert_eq!(led_to(&wrote, Attributes::new()), wanted);
        let environment = EnvironmentId::derive(&["e"]);
        let parked = keys::parked_conversation(scope(), environment, id);
        assert_eq!(led_to(&parked, Attributes::new()), wanted);
        let message = keys::parked_message(scope(), environment, id, 1);
        assert_eq!(led_to(&message, Attributes::new()), Beside::default());
        let phone = PhoneNumber::parse("+4915112345678").unwrap();
        let number = keys::phone(scope(), &phone.key());
        let user = EndUser {
            id: EndUserId::derive(&["u"]),
            scope: scope(),
            source: EndUserSource::Invited,
            names: Names::default(),
            phone: Some(phone),
            email: None,
            environments: BTreeSet::new(),
            chat_users: BTreeSet::new(),
            version: 1,
            links_version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        };
        let key = keys::end_user(scope(), user.id);
        let row = to_row(&EndUserItem::from(&user)).unwrap();
        assert_eq!(led_to(&key, row).rows, [number]);
        // Rows that cannot be read go too.
        assert_eq!(led_to(&key, Attributes::new()), Beside::default());
    }
}
