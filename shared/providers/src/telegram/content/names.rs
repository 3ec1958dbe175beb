//! Names of people and chats.

use crate::fields::string;
use serde_json::Value;

/// Name of a user, a chat or a contact: the title, the first and last name, or the username.
pub(super) fn name_of(of: &Value) -> Option<String> {
    let said = |name: &str| string(of, name).map(str::to_owned);
    let names: Vec<String> = ["first_name", "last_name"]
        .into_iter()
        .filter_map(said)
        .collect();
    said("title")
        .or_else(|| (!names.is_empty()).then(|| names.join(" ")))
        .or_else(|| said("username"))
}
