//! The capacity of the table that calls consume.

use std::ops::AddAssign;

use axum::body::Bytes;
use serde_json::Value;

/// Units of capacity, as `DynamoDB` counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Capacity {
    /// Read units.
    pub reads: f64,
    /// Write units of the table itself.
    pub table_writes: f64,
    /// Write units of its indexes.
    pub index_writes: f64,
}

impl Capacity {
    /// The capacity that the answer to a call of this class names.
    pub(super) fn told(class: &str, answer: &[u8]) -> Self {
        let answer: Value = serde_json::from_slice(answer).unwrap_or(Value::Null);
        let mut told = Self::default();
        match answer.get("ConsumedCapacity") {
            Some(Value::Array(tables)) => {
                for table in tables {
                    told += Self::of_table(class, table);
                }
            }
            Some(table) => told += Self::of_table(class, table),
            None => {}
        }
        told
    }

    fn of_table(class: &str, consumed: &Value) -> Self {
        let is_write = ["Put", "Update", "Delete", "Write"]
            .iter()
            .any(|verb| class.contains(verb));
        if !is_write {
            return Self {
                reads: units(consumed),
                ..Self::default()
            };
        }
        let indexes = consumed.get("GlobalSecondaryIndexes");
        let indexes = indexes.and_then(Value::as_object).into_iter().flatten();
        Self {
            reads: 0.0,
            table_writes: consumed.get("Table").map_or(0.0, units),
            index_writes: indexes.map(|(_, index)| units(index)).sum(),
        }
    }
}

impl AddAssign for Capacity {
    fn add_assign(&mut self, other: Self) {
        self.reads += other.reads;
        self.table_writes += other.table_writes;
        self.index_writes += other.index_writes;
    }
}

fn units(consumed: &Value) -> f64 {
    let units = consumed.get("CapacityUnits").and_then(Value::as_f64);
    units.unwrap_or_default()
}

/// The request, which asks for the capacity that it consumes.
pub(super) fn asked_for(request: Bytes) -> Bytes {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&request) else {
        return request;
    };
    fields.insert("ReturnConsumedCapacity".into(), "INDEXES".into());
    Bytes::from(Value::Object(fields).to_string())
}
