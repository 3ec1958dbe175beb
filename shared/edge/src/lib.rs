//! The Lambda side of Vestibule: what functions share between AWS and the rules.
//!
//! | module | what it holds |
//! |---|---|
//! | [`intake`] | verify → parse → decide → write → enqueue → acknowledge, for every webhook |
//! | [`webhook`] | the Lambda event around it |
//! | [`gateway`] | events that `lambda_http` would panic at |
//! | [`connectors`] | connectors with opened secrets, remembered for seconds |
//! | [`chat`] | one sender for every platform |
//! | [`setup`] | testing and connecting connectors |
//! | `calls` | the calls to platforms that both make |
//! | [`batch`] | SQS batches, message by message |
//! | [`standard_webhooks`] | signatures of what agents get |
//! | [`config`], [`logging`] | the process's environment; logs and metrics |

pub mod batch;
mod calls;
pub mod chat;
pub mod config;
pub mod connectors;
pub mod gateway;
pub mod intake;
pub mod logging;
pub mod pace;
pub mod setup;
pub mod standard_webhooks;
pub mod webhook;
