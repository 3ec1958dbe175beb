//! Ports: the interfaces of the rules to the outside. One file per concern; see the crate's docs on
//! adding one.

mod access_requests;
mod account_end;
mod admin;
mod agents;
mod by;
mod cases;
mod chat;
mod closed_seats;
mod conversations;
mod directory;
mod environments;
mod erasure;
mod events;
mod figures;
mod files;
mod given_up;
mod history;
mod imports;
mod intake;
mod mail;
mod member_images;
mod notices;
mod offers;
mod onboarding;
mod outbox;
mod own_login;
mod pace;
mod person;
mod queue;
mod rehoming;
mod routing;
mod search;
mod sign_in;
mod team;
mod teams;
mod traces;
mod vault;
mod writing;

pub use crate::page::CountUpTo;
pub use access_requests::{
    AccessRequestFilter, AccessRequestStore, AccessRequestView, RequestCounts,
};
pub use account_end::{AccountDeletion, AccountEndStore};
pub use admin::{
    AccountStore, ApiKeyStore, ChatUserFilter, ChatUserStore, ConnectorStore, Created,
    CredentialStore, DELETED_CONNECTORS_MAX, KEYS_ENDED_MAX, KeyEnding, NewAccount, PolicyEffects,
    ProjectDeletion, ProjectRemains, ProjectStore, Recovery, RecoveryOutcome, SetUp, SetUpOutcome,
    SetUpReceipt,
};
pub use agents::{
    AgentHealthReader, AgentHealthStore, AgentNote, AgentState, ClaimedAgent, GivenUp, HeldSlot,
    Parked, ParkedConversation, ParkedMessage, Parking, ParkingStore, SlotRequest, TakenSlot,
};
pub use by::By;
pub use cases::{CaseCounts, CaseFilter, CaseReader, OpenCases};
pub use chat::{
    ANSWER_TOO_LONG, AVATAR_MAX_BYTES, AgentClient, AgentReply, AgentRequest, AvatarImage,
    CONNECTION_BROKE, COULD_NOT_CONNECT, ChatPlatform, Destination, FailureClass, Mark,
    OutgoingText, ProfileOutcome, ProfileQuery, Receipt, RetryScope, SendOutcome, TIMED_OUT,
    is_unanswered, may_have_taken_effect, picture_type,
};
pub use closed_seats::ClosedSeats;
pub use conversations::{
    AbandonedText, ClaimedConversation, ConversationStore, DeliveryContext, DeliveryRecord,
    Original, OutgoingStore, Recorded, TextOutcome, UnreadableText, Unsent,
};
pub use directory::{
    EndUserCreated, EndUserFilter, EndUserStore, EndUserUpdated, Linked, Unlinked,
};
pub use environments::{
    EnvironmentDeletion, EnvironmentNeed, EnvironmentStore, NEED_SHOWN_MAX, TestStart,
};
pub use erasure::{ErasedPage, Eraser};
pub use events::{
    EVENTS_AT_ONCE, EventDeliveryFilter, EventPublisher, EventQueue, EventSender, Sending,
    SentAgain, SubscriptionAdded, SubscriptionStore, TestBegun,
};
pub use figures::{FigurePage, FigurePages, FigureReader, NextFigures};
pub use files::{FILE_RANGE_MAX, FileOutcome, FilePart, FileQuery, FileRange, FileReader};
pub use given_up::{
    GivenUpFilter, GivenUpStore, OrderedRedrive, Redrive, RedriveProgress, Redriven,
};
pub use history::{
    ConversationFilter, ConversationReader, ConversationState, ConversationView, Glimpse,
    KeptHistory, MESSAGE_NUMBER_MAX, MessageFilter, MessagePage,
};
pub use imports::{ClaimedImport, Holders, ImportStarted, ImportStore, ImportWork};
pub use intake::{
    ConnectorReader, Counted, FirstMessage, IntakeKey, IntakeStore, Introduction, Known,
    LateFailure, LateFailureOutcome, Loaded, Merged, OpenRequest, Opened, Preapproved,
    StandingPlace, UNREADABLE_BODY_MAX, UNREADABLE_EVENT_KEPT, UnreadableEvent, Written,
};
pub use mail::{
    Block, EmailQueue, MailOutcome, MailStore, Mailer, OutgoingMail, RecordedEvent, TeamQueue,
};
pub use member_images::{MEMBER_IMAGE_MAX_BYTES, MemberImage, MemberImageStore, StoredImage};
pub use notices::{
    NoticeChecker, NoticeCounter, NoticeLimit, NoticeOrders, NoticeStore, RecipientPage,
};
pub use offers::{NamedTeam, OfferReader, OfferTerms};
pub use onboarding::{
    Claim, ClaimedStanding, FetchedProfile, FinishedMerge, ImpliedDecision, PendingPage,
    RequestCloser, Resume, SentMessage, StandingStore, TaskResult,
};
pub use outbox::{
    Backlog, DispatchQueue, Lease, OUTBOX_PATIENCE, OUTBOX_SHARDS, OutboxEntry, OutboxPart,
    OutboxStore, OutboxView, PaceReader, Postponement,
};
pub use own_login::{
    AddressChange, AddressOutcome, AddressStore, AddressTaking, BoundIdentity, IdentityRemoval,
    LoginRemoval, OwnLoginStore,
};
pub use pace::{Limited, Pace, Room, SEND_BURST, SendPacer, Turn};
pub use person::{
    AskedRequest, MessageState, PersonIds, PersonPage, PersonPart, PersonReader, PersonsMessages,
};
pub use queue::{
    DrainQueue, InboxQueue, OnboardingQueue, OutgoingQueue, RoutingQueue, VisibilityExtender,
};
pub use rehoming::{ConnectorCases, REHOMING_GRACE, Rehoming, RehomingStore};
pub use routing::{
    Assignment, Changed, DeskView, GivingBack, HandingOff, NewPlace, Recount, RequeueOrder,
    RoutedBy, RoutingStore, Settled,
};
pub use search::{IndexQueue, IndexedPage, SearchIndexer};
pub use sign_in::{
    AccountPlace, Admission, DeviceToken, FlowPurpose, FlowStore, LoginChange, LoginStore, Opening,
    PasswordHasher, RefusalStore, Reset, SessionStore, SignInFlow, ThrottleStore, Verdict,
};
pub use team::{
    Acceptance, Accepted, AcceptingLogin, AuditFilter, AuditStore, ClientDeletion, ClientStore,
    ConnectorPlace, FirstAdmin, FirstAdminOrders, FirstAdminStore, InvitationStore, InvitationView,
    Invited, LastSeen, LoginMethodStore, MemberFilter, MemberOutcome, MemberStore, MethodOutcome,
    NewInvitation, RenewedLogin, SetUpReader, SetUpState, StoredAuditEntry,
};
pub use teams::{ChannelStore, TeamAdded, TeamOutcome, TeamStore};
pub use traces::{TraceReader, TracedKey};
pub use vault::{SecretVault, SetupToken, SetupTokenSource};
pub use writing::{
    AddedBefore, AddedTexts, ConversationWriter, HandoffChange, NewTexts, OpenConversation,
    TextBatch, WritingContext, WritingPlace,
};
