//! DynamoDB: one table, one store per concern.
//!
//! Rows are private structs ending in `Item`, with conversions to and from the domain's types.
//! Every key string is made in [`keys`], whose docs list the access patterns and their cost.

mod access_requests;
mod accounts;
mod adding;
mod agent_tests;
mod agents;
mod audience;
mod audit;
mod changes;
mod chat_users;
mod closings;
mod connectors;
mod conversations;
mod counting;
mod decisions;
mod erased_conversations;
mod erased_history;
mod erased_people;
mod erased_rows;
mod erasures;
mod events;
mod first_messages;
mod given_up;
mod history;
mod intake;
mod items;
mod keyring;
pub mod keys;
mod lease;
mod lists;
mod marks;
mod merges;
mod message_changes;
mod outbox;
mod outgoing;
mod pace;
mod parking;
mod people;
mod profiles;
mod projects;
mod reports;
mod standings;
mod table;
mod writing;

pub use access_requests::DynamoAccessRequests;
pub use accounts::DynamoAccounts;
pub use agents::DynamoAgents;
pub use chat_users::DynamoChatUsers;
pub use closings::DynamoClosings;
pub use connectors::DynamoConnectors;
pub use conversations::DynamoConversations;
pub use erasures::DynamoErasures;
pub use given_up::DynamoGivenUp;
pub use history::DynamoHistory;
pub use intake::DynamoIntake;
pub use keyring::{KeyringStore, StoredKey};
pub use outbox::DynamoOutbox;
pub use outgoing::DynamoOutgoing;
pub use pace::DynamoSendPacer;
pub use parking::DynamoParking;
pub use projects::DynamoProjects;
pub use standings::DynamoStandings;
pub use table::Table;
pub use writing::DynamoConversationWriter;
