//! Rows that more than one store reads, with conversions both ways. A row's scope is part of its
//! key and is passed in, not stored a second time.

mod access_request;
mod account;
mod address_change;
mod agent;
mod api_key;
mod avatar;
mod chat_user;
mod closing;
mod connector;
mod conversation;
mod end_user;
mod environment;
mod erasure;
mod event_delivery;
mod expiry;
mod first_message;
mod given_up;
mod handled_event;
mod import;
mod invitation;
mod kept_block;
mod login;
mod login_method;
mod mail;
mod member;
mod member_image;
mod message;
mod outgoing;
mod outgoing_event;
mod parked;
mod project;
mod redrive;
mod rights;
mod routing;
mod sent_message;
mod session;
mod standing;
mod subscription;
mod team;
mod text_batch;

pub(super) use access_request::AccessRequestItem;
pub(super) use account::{AccountItem, ClientAttribute, ClientItem, RulesAttribute};
pub(super) use address_change::AddressChangeItem;
pub(super) use agent::{AgentItem, SlotAttribute};
pub(super) use api_key::{ApiKeyItem, KeyIdItem, MovedKeyItem};
pub(super) use avatar::AvatarItem;
pub(super) use chat_user::{ChatUserItem, SameAsItem, StatusAttributes};
pub(super) use closing::ClosingItem;
pub(super) use connector::ConnectorItem;
pub(super) use conversation::ConversationItem;
pub(super) use end_user::{EndUserItem, HolderItem, PhoneItem};
pub(super) use environment::EnvironmentItem;
pub(super) use erasure::{ErasureItem, WrittenConversationItem};
pub(super) use event_delivery::EventDeliveryItem;
pub(super) use expiry::ExpiryItem;
pub(super) use first_message::{HeldMessageItem, PreviewItem};
pub(super) use given_up::GivenUpItem;
pub(super) use handled_event::HandledEventItem;
pub(super) use import::{ImportChunkItem, ImportErrorItem, ImportItem, RunningImportItem};
pub(super) use invitation::InvitationItem;
pub(super) use kept_block::KeptBlockItem;
pub(super) use login::{EmailItem, LoginItem, ResetItem};
pub(super) use login_method::LoginMethodItem;
pub(super) use mail::{
    BlockAttribute, BlockedItem, BouncedItem, MailItem, MailSentItem, mail_expiry,
};
pub(super) use member::{
    AddressItem, IdentityItem, LoginIdentityItem, MemberItem, PointerItem, RolesItem, login_of,
};
pub(super) use member_image::MemberImageItem;
pub(super) use message::{MessageItem, Shortened, UnreadableMessage, content_of};
pub(super) use outgoing::OutgoingItem;
pub(super) use outgoing_event::OutgoingEventItem;
pub(super) use parked::{ParkedConversationItem, ParkedMessageItem, to_json as job_text};
pub(super) use project::{ProjectItem, ProjectSettingsItem};
pub(super) use redrive::RedriveItem;
pub(super) use routing::{
    CaseItem, HeldItem, QueueItem, QueueOrderItem, RehomingItem, RequeueItem, RoutedItem, SeatItem,
    WaitingItem, read_case,
};
pub(super) use sent_message::SentMessageItem;
pub(super) use session::{
    DeviceItem, FlowItem, MemberSeenItem, SessionItem, SessionUseItem, SessionsEndedItem,
};
pub(super) use standing::{StandingItem, WaitingPlace};
pub(super) use subscription::{SubscriptionHealthItem, SubscriptionItem};
pub(super) use team::{ChannelsItem, TeamItem, TeamNameItem};
pub(super) use text_batch::TextBatchItem;
