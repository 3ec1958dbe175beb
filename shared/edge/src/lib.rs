//! The Lambda side of Vestibule, shared by all functions, between AWS and the rules.
//!
//! | module | content |
//! |---|---|
//! | [`intake`] | verify → parse → decide → write → acknowledge → enqueue, for every webhook |
//! | [`webhook`] | the Lambda event around it |
//! | [`gateway`] | repair of events at which `lambda_http` would panic |
//! | [`runtime`] | Lambda's runtime, which never learns the message of a panic |
//! | [`connectors`] | connectors with opened secrets, cached for seconds |
//! | [`chat`] | the platforms, called as their providers say |
//! | [`sender`] | the rules of sending a text |
//! | [`files`] | one reader of files for every platform |
//! | [`first_reply`] | first replies that were missed, counted |
//! | [`setup`] | testing and connecting connectors |
//! | `calls` | the calls to platforms that all of these make |
//! | [`batch`] | SQS batches, message by message |
//! | [`jobs`] | jobs of the queues: their reading, and the outcome of work that a lease admits |
//! | [`pace`] | each connector kept below its platform's limits |
//! | `limits` | the limits that single conversations met |
//! | [`agent`] | signed requests to agents, and the texts of their answers |
//! | [`subscriptions`] | signed requests to the addresses that hear an account's events |
//! | `signing` | what both have in common |
//! | [`standard_webhooks`] | their signatures |
//! | [`mail_tag`] | the tag by which what became of a mail finds its record |
//! | [`config`], [`logging`] | the process's environment; logs and metrics |

pub mod agent;
pub mod batch;
mod calls;
pub mod chat;
pub mod config;
pub mod connectors;
pub mod files;
pub mod first_reply;
pub mod gateway;
pub mod intake;
pub mod jobs;
mod limits;
pub mod logging;
pub mod mail_tag;
pub mod pace;
pub mod runtime;
pub mod sender;
pub mod setup;
mod signing;
pub mod spans;
pub mod subscriptions;
pub mod webhook;

pub use vestibule_providers::standard_webhooks;
