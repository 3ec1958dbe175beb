//! Lists: pages of an index, with cursors that can be neither made up nor used elsewhere.

use super::{
    keys::{ALL_PK, ALL_SK, INDEX_ALL, INDEX_BY_STATE, PK, SK, STATE_PK, STATE_SK},
    table::{Attributes, Table, s},
};
use crate::{aws::port_error, vault::KmsVault};
use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::{self, Write as _},
};
use vestibule_domain::page::{Cursor, ListError, Order, Page, PageRequest};

/// Maximum number of reads for one page, even if a filter keeps few of the rows. A page may then be
/// short, but always has a cursor while there is more.
const READS_MAX: usize = 4;
/// Number of rows in one read of a list with a filter: a page looks at a thousand rows whatever its limit.
const FILTERED_ROWS: usize = 250;

/// The index that a list reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Index {
    /// Records in one state.
    ByState,
    /// All records of a kind.
    All,
}

impl Index {
    fn keys(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ByState => (INDEX_BY_STATE, STATE_PK, STATE_SK),
            Self::All => (INDEX_ALL, ALL_PK, ALL_SK),
        }
    }
}

/// A list.
#[derive(Debug)]
pub(super) struct List {
    /// The index.
    pub(super) index: Index,
    /// The partition of the index; names kind and scope.
    pub(super) partition: String,
    /// Lower bound of sort keys, included.
    pub(super) from: Option<String>,
    /// Upper bound of sort keys, excluded.
    pub(super) below: Option<String>,
    /// Attributes with required values.
    pub(super) equal: Vec<(&'static str, AttributeValue)>,
    /// An attribute that is a list, with a value that it must contain.
    pub(super) contains: Option<(&'static str, AttributeValue)>,
    /// Attributes with some values, one of which is required.
    pub(super) any_of: Vec<(&'static str, Vec<AttributeValue>)>,
}

impl List {
    /// Makes a list of a whole partition.
    pub(super) fn all(partition: String) -> Self {
        Self {
            index: Index::All,
            partition,
            from: None,
            below: None,
            equal: Vec::new(),
            contains: None,
            any_of: Vec::new(),
        }
    }

    /// The context that a cursor of this list is bound to.
    fn context(&self, order: Order) -> String {
        let order = if order == Order::NewestFirst {
            "newest"
        } else {
            "oldest"
        };
        let mut context = format!(
            "cursor|{order}|{}|{:?}|{:?}|{:?}",
            self.partition, self.from, self.below, self.equal
        );
        if !self.any_of.is_empty() {
            let _ = write!(context, "|{:?}", self.any_of);
        }
        if let Some(contains) = &self.contains {
            let _ = write!(context, "|{contains:?}");
        }
        context
    }

    /// The conditions on keys, the filter, and the values and names that they use.
    fn conditions(&self) -> (String, String, Attributes, HashMap<String, String>) {
        let (_, partition, sort) = self.index.keys();
        let mut values = Attributes::from([(":partition".to_owned(), s(&self.partition))]);
        let mut conditions = vec![format!("{partition} = :partition")];
        // BETWEEN includes both ends; the upper bound is a bare time, which no sort key equals.
        let range = match (&self.from, &self.below) {
            (None, None) => None,
            (from, below) => Some((
                from.clone().unwrap_or_else(|| "0".to_owned()),
                below.clone().unwrap_or_else(|| "~".to_owned()),
            )),
        };
        if let Some((from, below)) = range {
            conditions.push(format!("{sort} BETWEEN :from AND :below"));
            values.insert(":from".to_owned(), s(from));
            values.insert(":below".to_owned(), s(below));
        }
        let mut filters = Vec::new();
        // Attributes have names of their own here, because some are reserved words.
        let mut names = HashMap::new();
        for (index, (attribute, value)) in self.equal.iter().enumerate() {
            let mut path = Vec::new();
            for (depth, part) in attribute.split('.').enumerate() {
                let name = format!("#equal{index}_{depth}");
                names.insert(name.clone(), part.to_owned());
                path.push(name);
            }
            filters.push(format!("{} = :equal{index}", path.join(".")));
            values.insert(format!(":equal{index}"), value.clone());
        }
        if let Some((attribute, value)) = &self.contains {
            filters.push("contains(#contains, :contains)".to_owned());
            names.insert("#contains".to_owned(), (*attribute).to_owned());
            values.insert(":contains".to_owned(), value.clone());
        }
        for (index, (attribute, allowed)) in self.any_of.iter().enumerate() {
            let name = format!("#any{index}");
            let mut one_of = Vec::new();
            for (place, value) in allowed.iter().enumerate() {
                let text = format!(":any{index}_{place}");
                values.insert(text.clone(), value.clone());
                one_of.push(text);
            }
            filters.push(format!("{name} IN ({})", one_of.join(", ")));
            names.insert(name, (*attribute).to_owned());
        }
        (
            conditions.join(" AND "),
            filters.join(" AND "),
            values,
            names,
        )
    }
}

impl Table {
    /// Begins a query of a whole list of the index of all records of a kind.
    pub(super) fn list_query(&self, list: impl fmt::Display) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .index_name(INDEX_ALL)
            .key_condition_expression(format!("{ALL_PK} = :list"))
            .expression_attribute_values(":list", s(list))
    }

    /// Begins a query of a whole list of this index.
    pub(super) fn index_query(&self, index: Index, partition: &str) -> QueryFluentBuilder {
        let (name, key, _) = index.keys();
        self.client
            .query()
            .table_name(&self.name)
            .index_name(name)
            .key_condition_expression(format!("{key} = :list"))
            .expression_attribute_values(":list", s(partition))
    }

    /// Reads one page of a list.
    pub(super) async fn page(
        &self,
        list: &List,
        page: &PageRequest,
        vault: &KmsVault,
    ) -> Result<Page<Attributes>, ListError> {
        let context = list.context(page.order);
        let mut start = match &page.cursor {
            None => None,
            Some(cursor) => Some(open_cursor(vault, cursor, &context).await?),
        };
        let (index, _, _) = list.index.keys();
        let (condition, filter, values, names) = list.conditions();
        let wanted = usize::from(page.limit);
        let rows = if filter.is_empty() {
            wanted + 1
        } else {
            FILTERED_ROWS
        };
        let mut items: Vec<Attributes> = Vec::new();
        for _ in 0..READS_MAX {
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .index_name(index)
                .key_condition_expression(&condition)
                .set_filter_expression((!filter.is_empty()).then(|| filter.clone()))
                .set_expression_attribute_values(Some(values.clone()))
                .set_expression_attribute_names((!names.is_empty()).then(|| names.clone()))
                .scan_index_forward(page.order == Order::OldestFirst)
                .set_exclusive_start_key(start.take())
                .limit(i32::try_from(rows).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query", error))?;
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if items.len() > wanted {
                items.truncate(wanted);
                start = items.last().map(|row| position(list.index, row));
                break;
            }
            if start.is_none() || items.len() == wanted {
                break;
            }
        }
        let next = match start {
            None => None,
            Some(position) => Some(seal_cursor(vault, &position, &context).await?),
        };
        Ok(Page { items, next })
    }
}

fn position(index: Index, row: &Attributes) -> Attributes {
    let (_, partition, sort) = index.keys();
    [PK, SK, partition, sort]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), row.get(name)?.clone())))
        .collect()
}

/// Seals a place in a list, for `context` alone.
pub(super) async fn seal_cursor(
    vault: &KmsVault,
    position: &Attributes,
    context: &str,
) -> Result<Cursor, ListError> {
    let texts: BTreeMap<&str, &str> = position
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_s().ok()?.as_str())))
        .collect();
    let plain = serde_json::to_vec(&texts)
        .map_err(|error| vestibule_domain::PortError::rejected("cursor", error))?;
    Ok(Cursor(vault.seal_text(&plain, context).await?))
}

/// Opens a place in a list that was sealed for `context`.
pub(super) async fn open_cursor(
    vault: &KmsVault,
    cursor: &Cursor,
    context: &str,
) -> Result<Attributes, ListError> {
    let plain = vault
        .open_text(&cursor.0, context)
        .await?
        .ok_or(ListError::InvalidCursor)?;
    let texts: BTreeMap<String, String> =
        serde_json::from_slice(&plain).map_err(|_| ListError::InvalidCursor)?;
    Ok(texts
        .into_iter()
        .map(|(name, value)| (name, AttributeValue::S(value)))
        .collect())
}
