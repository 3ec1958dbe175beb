use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vestibule_domain::{
    ProjectScope, Timestamp,
    ids::RedriveId,
    page::Cursor,
    ports::{Redrive, RedriveProgress},
};

/// Time for which a call is recognised when it is made again.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// An order to try again what was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct RedriveItem {
    pk: String,
    sk: String,
    /// Absent in rows of the release before, as the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_sk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    ordered_at: Timestamp,
    /// Cursor of the next page.
    #[serde(default)]
    next_page: Option<String>,
    redriven: u64,
    left_over: u64,
    is_done: bool,
    expires_at: i64,
}

impl RedriveItem {
    /// Makes the row of a new order.
    pub(in crate::dynamo) fn new(order: &Redrive) -> Self {
        let key = keys::redrive(order.scope, order.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: Some(keys::redrives(order.scope)),
            all_sk: Some(keys::by_creation(order.at, order.id)),
            request_hash: order.request_hash.clone(),
            ordered_at: order.at,
            next_page: None,
            redriven: 0,
            left_over: 0,
            is_done: false,
            expires_at: order.at.plus(KEPT).seconds(),
        }
    }

    /// The order, which has this id.
    pub(in crate::dynamo) fn of(self, scope: ProjectScope, id: RedriveId) -> Redrive {
        Redrive {
            id,
            scope,
            request_hash: self.request_hash,
            at: self.ordered_at,
            progress: RedriveProgress {
                next: self.next_page.map(Cursor),
                redriven: self.redriven,
                left: self.left_over,
                is_done: self.is_done,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    #[test]
    fn an_order_reads_back_as_it_was_made() {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let order = Redrive {
            id: RedriveId::derive(&["r"]),
            scope,
            request_hash: Some("hash".to_owned()),
            at: Timestamp::from_millis(5_000),
            progress: RedriveProgress::default(),
        };
        let item = RedriveItem::new(&order);
        assert_eq!(item.expires_at, 5 + 30 * 86_400);
        let read: RedriveItem = from_row(to_row(&item).unwrap(), "order").unwrap();
        assert_eq!(read, item);
        assert_eq!(read.of(scope, order.id), order);
    }
}
