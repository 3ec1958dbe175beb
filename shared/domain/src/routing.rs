//! Routing: which member a conversation is assigned to, and why (SPEC E20–E39).
//!
//! A *desk* is an account's channel with those who answer on it. A *seat* is a member's place at a desk, with its limit
//! and load. A *demand* is what a conversation asks of a member. A *case* is the routing record of one conversation, from
//! its offer until its release. A *queue* holds the waiting cases of one demand at one desk.
//!
//! | module | contents |
//! |---|---|
//! | [`demand`] | skills, demands, desks |
//! | [`seat`] | seats |
//! | [`reply_right`] | whether a seat's member may reply |
//! | [`seat_of`] | seats as they follow from members, and the work that a change of a member orders |
//! | [`case`] | cases and their changes |
//! | [`routed`] | the lines that routing leaves in a conversation's thread |
//! | [`rule`] | who takes a conversation, and why it waits otherwise |
//! | [`queue`] | queues, and a desk at one moment |
//! | [`assignment`] | assignments that are asked for, and their outcome |
//! | [`drain`] | which waiting conversation is next |

pub mod assignment;
pub mod case;
pub mod demand;
pub mod drain;
pub mod queue;
pub mod reply_right;
pub mod routed;
pub mod rule;
pub mod seat;
pub mod seat_of;
