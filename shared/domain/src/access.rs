//! Who may talk to the agent: the decision, the request, the standing at a connector, and what follows
//! an approval (SPEC A and B).

pub mod approval;
pub mod closing;
pub mod decision;
pub mod follow_up;
pub mod merging;
pub mod request;
pub mod standing;
