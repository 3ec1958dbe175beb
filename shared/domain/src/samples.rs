//! Sample values for the tests of the rules. Each test changes the part that it is about.

use crate::{
    AccountScope, ProjectScope, Timestamp,
    access::{
        consent::{Consents, Wish},
        request::{AccessRequest, RequestDecision, Verdict},
        standing::Standing,
    },
    account::{
        Account,
        actor::Actor,
        api_key::{ApiKey, KeyOwner},
        email_address::EmailAddress,
        permission::Permission,
        rules::AccountRules,
    },
    chat::{
        content::Parts,
        conversation::{ConversationKind, ConversationRef},
        entity::Entities,
        history::HistoryDays,
        kept_block::KeptBlock,
        message::{Identity, InboundMessage},
        profile::Profile,
        user::{Block, ChatUser, Grant},
    },
    connector::{
        AfterApproval, Connector, ExistingUsers, Handler, Policy, Provider, QueueNotice,
        RequestLimits, SealedSecrets, WebhookState,
    },
    directory::{
        end_user::{EndUser, EndUserSource, Names},
        phone::PhoneNumber,
    },
    event::{
        catalogue::EventType,
        delivery::{EventDelivery, EventDeliveryStatus},
        subscription::{EventFilter, Subscription},
    },
    ids::{
        AccessRequestId, AccountId, ApiKeyId, ChatUserId, ClientId, ConnectorId, ConversationId,
        EndUserId, EnvironmentId, InvitationId, KeptBlockId, LoginId, MemberId, OutgoingEventId,
        ProjectId, SubscriptionId,
    },
    language::TextVariants,
    routing::{
        case::{Case, NewCase},
        demand::Demand,
        reply_right::ReplyRight,
        seat::{Presence, Seat},
    },
    team::{
        availability::Availability,
        client_access::ClientAccess,
        invitation::{Invitation, InvitedMethod},
        login::{Login, Preferences},
        member::{Member, MemberStatus},
        role::RoleKey,
        session::{Device, SESSION_LIFE, Session, SessionStage, SignInMethod},
        work::Work,
    },
};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

pub fn scope() -> ProjectScope {
    AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
}

pub fn environment(name: &str) -> EnvironmentId {
    EnvironmentId::derive(&[name])
}

pub fn actor(name: &str) -> Actor {
    Actor {
        id: format!("member:{name}"),
        name: name.to_owned(),
    }
}

/// A connector that has asked for approval since second 0, and leads to environment `e`.
pub fn connector() -> Connector {
    Connector {
        id: ConnectorId::derive(&["c"]),
        scope: scope(),
        environment_id: environment("e"),
        client_id: ClientId::derive(&["c"]),
        name: "Support".into(),
        provider: Provider::new("slack"),
        policy: Policy::OnBoarding,
        environment_since: None,
        onboarding_since: Some(at(0)),
        existing_users: ExistingUsers::Keep,
        onboarding_message: Some("Wait".into()),
        onboarding_messages: TextVariants::default(),
        request_cooldown: Duration::from_hours(24),
        preapprove_known_users: true,
        request_limits: RequestLimits::default(),
        is_archived: false,
        after_approval: AfterApproval::default(),
        handler: Handler::default(),
        team_id: None,
        skills: [].into(),
        shows_author: false,
        queue_notice: QueueNotice::default(),
        settings: BTreeMap::new(),
        secrets: SealedSecrets::default(),
        webhook: WebhookState::default(),
        request_hash: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// An account with the default rules.
pub fn account(name: &str) -> Account {
    Account {
        id: AccountId::derive(&[name]),
        name: name.to_owned(),
        rules: AccountRules::default(),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A key of the account that reads projects, for a year.
pub fn api_key(name: &str) -> ApiKey {
    ApiKey {
        id: ApiKeyId::derive(&[name]),
        scope: scope().account(),
        name: "script".to_owned(),
        hash: "00ff".to_owned(),
        previous: None,
        permissions: [Permission::ProjectsRead].into_iter().collect(),
        environment_id: None,
        created_by: Actor::set_up(),
        made_by_credential: None,
        created_at: at(0),
        expires_at: at(365 * 24 * 60 * 60),
        owner: KeyOwner::Account,
        last_used_at: None,
        request_hash: None,
        version: 1,
    }
}

pub fn email(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

/// A login with a proven address and no password.
pub fn login(name: &str) -> Login {
    Login {
        id: LoginId::derive(&[name]),
        email: email(name),
        address_since: at(0),
        name: name.to_owned(),
        verified_at: Some(at(0)),
        password: None,
        factor: None,
        preferences: Preferences::default(),
        left_at: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// An active agent.
pub fn member(name: &str) -> Member {
    Member {
        id: MemberId::derive(&[name]),
        scope: scope().account(),
        login_id: Some(LoginId::derive(&[name])),
        email: email(name),
        name: name.to_owned(),
        role: RoleKey::Agent,
        extra: BTreeSet::new(),
        clients: ClientAccess::All,
        work: Work::default(),
        availability: Availability::available(at(0)),
        limit: None,
        status: MemberStatus::Active,
        invitation_id: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// The seat of an available member who answers every client, with room for five.
pub fn seat(name: &str) -> Seat {
    Seat {
        member_id: MemberId::derive(&[name]),
        name: name.to_owned(),
        limit: Some(5),
        load: 0,
        clients: ClientAccess::All,
        teams: BTreeSet::new(),
        skills: BTreeSet::new(),
        reply_right: ReplyRight::Held,
        presence: Presence::Available,
        absent_since: None,
        idle_since: at(0),
        moves: 0,
        version: 1,
    }
}

/// The case of a conversation offered in this second, which waits and asks for its client only.
pub fn waiting_case(name: &str, second: i64) -> Case {
    let demand = Demand {
        client_id: ClientId::derive(&["c"]),
        team_id: None,
        skills: BTreeSet::new(),
    };
    let new = NewCase {
        scope: scope(),
        conversation_id: ConversationId::derive(&[name]),
        connector_id: None,
        channel: "slack".to_owned(),
        demand,
        history: HistoryDays::default(),
    };
    Case::offered(new, None, at(second)).waiting(at(second))
}

/// A full session by password, of this second.
pub fn session(name: &str, second: i64) -> Session {
    Session {
        login_id: LoginId::derive(&[name]),
        hash: "0a0b".to_owned(),
        method: SignInMethod::Password,
        stage: SessionStage::Full,
        factor_at: None,
        device: Device::default(),
        created_at: at(second),
        expires_at: at(second).plus(SESSION_LIFE),
        last_active_at: at(second),
        has_factor: false,
        login_version: 1,
        seen: BTreeMap::new(),
    }
}

/// A pending invitation of second 0, for a week.
pub fn invitation(name: &str) -> Invitation {
    Invitation {
        id: InvitationId::derive(&[name]),
        scope: scope().account(),
        member_id: MemberId::derive(&[name]),
        email: email(name),
        method: InvitedMethod::Password,
        invited_by: actor("inviter"),
        tokens: Vec::new(),
        copied_rights: None,
        sends: 1,
        resent_at: Vec::new(),
        opened_at: None,
        accepted_at: None,
        revoked_at: None,
        expires_at: at(7 * 24 * 60 * 60),
        request_hash: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub fn identity(platform_scope: &str, identifier: &str) -> Identity {
    Identity {
        provider: Provider::new("slack"),
        platform_scope: platform_scope.to_owned(),
        identifier: identifier.to_owned(),
    }
}

pub fn conversation(name: &str) -> ConversationRef {
    ConversationRef::new(
        connector().id,
        ConversationKind::Direct,
        name.to_owned(),
        None,
    )
}

/// The message `Hello` of second 7.
pub fn message() -> InboundMessage {
    InboundMessage {
        sender: identity("T1", "U1"),
        also_known_as: None,
        profile: Profile::default(),
        conversation: conversation("D1"),
        text: "Hello".into(),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: "Ev1".into(),
        event_keys: vec!["slack:Ev1".into(), "slack:ts1".into()],
        sent_at: at(7),
    }
}

/// An end user of whom nothing is known but a phone number.
pub fn end_user() -> EndUser {
    EndUser {
        id: EndUserId::derive(&["eu"]),
        scope: scope(),
        source: EndUserSource::Invited,
        names: Names::default(),
        phone: PhoneNumber::parse("+4915112345678").ok(),
        email: None,
        environments: BTreeSet::from([environment("e")]),
        chat_users: BTreeSet::new(),
        version: 1,
        links_version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A chat user without access anywhere.
pub fn chat_user() -> ChatUser {
    ChatUser {
        id: ChatUserId::derive(&["u"]),
        identity: identity("T1", "U1"),
        other_id: None,
        number_now_of: None,
        profile: Profile::default(),
        profile_told_at: None,
        admitted_openly: false,
        grants: BTreeMap::new(),
        block: None,
        end_user_id: None,
        is_apart: false,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub fn grant() -> Grant {
    Grant {
        granted_at: at(0),
        granted_by: "Grace".into(),
    }
}

pub fn block() -> Block {
    Block {
        blocked_at: at(0),
        blocked_by: "Grace".into(),
        note: None,
    }
}

/// A block from second 1 whose person was erased in second 9.
pub fn kept_block() -> KeptBlock {
    KeptBlock {
        id: KeptBlockId::derive(&["b"]),
        further_ids: BTreeSet::new(),
        provider: Provider::new("slack"),
        connectors: BTreeSet::from([ConnectorId::derive(&["c"])]),
        blocked_at: at(1),
        blocked_by: "Grace".into(),
        erased_at: at(9),
        version: 1,
    }
}

/// The wishes of a person who opted out at this time, at a connector with one channel.
pub fn opted_out(at: Timestamp) -> Consents {
    let stop = Wish {
        channel: None,
        may_write: false,
        at,
        event_key: None,
    };
    Consents::default().with(&stop).unwrap_or_default()
}

/// The standing of a person who first wrote in second 5, and of whom nothing else is known.
pub fn standing() -> Standing {
    Standing {
        connector_id: connector().id,
        chat_user_id: ChatUserId::derive(&["u"]),
        first_seen_at: at(5),
        conversation: conversation("D1"),
        admitted_openly_at: None,
        request_id: None,
        request_pending: false,
        message_count: 0,
        last_message_at: None,
        recent_events: Vec::new(),
        rejections: None,
        onboarding_message: None,
        onboarding_in_doubt: false,
        consents: Consents::default(),
        approval: None,
        pending_tasks: BTreeSet::new(),
        awaits_content: false,
        content_key: None,
        merge_with: None,
        version: 3,
    }
}

/// The pending request made in second 5.
pub fn request() -> AccessRequest {
    let connector = connector();
    AccessRequest {
        id: AccessRequestId::derive(&["r"]),
        scope: connector.scope,
        environment_id: connector.environment_id,
        connector_id: connector.id,
        connector_name: connector.name,
        provider: connector.provider,
        chat_user_id: ChatUserId::derive(&["u"]),
        identifier: "U1".into(),
        conversation: conversation("D1"),
        rejected_before: 0,
        created_at: at(5),
        decision: None,
        revocation: None,
    }
}

/// A subscription to all events of the account.
pub fn subscription() -> Subscription {
    Subscription {
        id: SubscriptionId::derive(&["s"]),
        scope: scope().account(),
        name: "CRM".to_owned(),
        url: "https://crm.example.com/events".to_owned(),
        events: EventFilter::All,
        project_id: None,
        signing_secret: SealedSecrets::default(),
        previous_signing_secrets: Vec::new(),
        request_hash: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// The delivery of an event of second 0 that was not tried yet.
pub fn event_delivery() -> EventDelivery {
    EventDelivery {
        scope: scope().account(),
        subscription_id: subscription().id,
        event_id: OutgoingEventId::derive(&["e"]),
        kind: EventType::MemberJoined,
        project_id: None,
        sequence: 1,
        status: EventDeliveryStatus::Waiting,
        tries: 0,
        since: at(0),
        next_try_at: Some(at(0)),
        last: None,
        created_at: at(0),
    }
}

pub fn decision(verdict: Verdict, by: Actor) -> RequestDecision {
    RequestDecision {
        verdict,
        by,
        at: at(6),
        note: None,
        reason: None,
    }
}

pub fn any_policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::AllowAll),
        Just(Policy::OnBoarding),
        Just(Policy::AllowList)
    ]
}
