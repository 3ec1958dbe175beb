//! Access to the agent: the decision, the access request, the standing at a connector, and the
//! follow-up of an approval (SPEC A and B).

pub mod approval;
pub mod audience;
pub mod closing;
pub mod consent;
pub mod decision;
pub mod direct_approval;
pub mod expiry;
pub mod explanation;
pub mod follow_up;
pub mod held_message;
pub mod merging;
pub mod preapproval;
pub mod quota;
mod remains;
pub mod request;
pub mod revocation;
pub mod standing;
