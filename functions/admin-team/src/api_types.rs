//! Names and ids that several resources share on the wire.

use vestibule_admin::{paths, wire_enum};
use vestibule_domain::{
    account::permission::PermissionArea,
    event::{
        delivery::EventDeliveryStatus,
        health::{PauseReason, SubscriptionStatus},
    },
    ids::{
        ApiKeyId, ClientId, InvitationId, LoginMethodId, MemberId, OutgoingEventId, RoleId,
        SubscriptionId, TeamId,
    },
    team::{
        availability::AvailabilityState,
        invitation::InvitationStatus,
        mail::{MailEventKind, MailStatus},
        member::MemberStatus,
    },
};

wire_enum! {
    /// Status of a membership.
    MemberStatusName = MemberStatus {
        /// Invited, and not in yet.
        Pending = "pending",
        /// May call.
        Active = "active",
        /// May not call for now.
        Suspended = "suspended",
        /// May not call any more.
        Removed = "removed",
    }
}

wire_enum! {
    /// Availability of a member (SPEC E34).
    AvailabilityStateName = AvailabilityState {
        /// Takes conversations.
        Available = "available",
        /// Takes none for a while.
        Away = "away",
        /// Has ended the day's work.
        Offline = "offline",
    }
}

wire_enum! {
    /// Status of an invitation, by the clock.
    InvitationStatusName = InvitationStatus {
        /// Can be accepted.
        Pending = "pending",
        /// Was accepted.
        Accepted = "accepted",
        /// Was revoked.
        Revoked = "revoked",
        /// Its time is over; sending it again makes it pending.
        Expired = "expired",
    }
}

wire_enum! {
    /// Status of a mail (SPEC D25).
    MailStatusName = MailStatus {
        /// Waits to be sent.
        Queued = "queued",
        /// The mail service has it.
        Sent = "sent",
        /// The other mail server does not take it for now.
        Delayed = "delayed",
        /// The other mail server has it.
        Delivered = "delivered",
        /// The other mail server refused it.
        Bounced = "bounced",
        /// The recipient called it spam.
        Complained = "complained",
        /// It could not be sent.
        Failed = "failed",
        /// It was not sent, since the address is blocked.
        Suppressed = "suppressed",
    }
}

wire_enum! {
    /// Part of the system that a permission is about.
    PermissionAreaName = PermissionArea {
        /// Projects, environments, connectors, clients and deliveries.
        Projects = "projects",
        /// People who write to the agent.
        ChatUsers = "chat_users",
        /// Requests for access to the agent.
        AccessRequests = "access_requests",
        /// The users of projects.
        EndUsers = "end_users",
        /// Conversations and their messages.
        Conversations = "conversations",
        /// Members, invitations and roles.
        Team = "team",
        /// API keys.
        ApiKeys = "api_keys",
        /// The account itself.
        Account = "account",
    }
}

wire_enum! {
    /// Status of a webhook (SPEC F04).
    WebhookStatusName = SubscriptionStatus {
        /// The last call was answered, or none was made.
        Active = "active",
        /// The last calls failed. Each is tried again.
        Failing = "failing",
        /// It failed several times in a row: one event at a time is tried, and all others wait.
        Down = "down",
        /// It gets no events until somebody resumes it.
        Paused = "paused",
    }
}

wire_enum! {
    /// Reason of a pause.
    PauseReasonName = PauseReason {
        /// It failed for 3 days.
        Failing = "failing",
        /// It answered with the status 410, by which it says that it is gone for good.
        Gone = "gone",
    }
}

wire_enum! {
    /// Status of an event on its way to a webhook.
    EventDeliveryStatusName = EventDeliveryStatus {
        /// It is tried, or tried again.
        Waiting = "waiting",
        /// The webhook has it.
        Delivered = "delivered",
        /// It is not tried any more.
        Failed = "failed",
    }
}

/// Event of an invitation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// The invitation was made.
    Invited,
    /// It was sent again.
    Resent,
    /// A link was copied.
    LinkCopied,
    /// Its page was opened.
    Opened,
    /// It was accepted.
    Accepted,
    /// It was revoked.
    Revoked,
    /// A mail waits to be sent.
    MailQueued,
    /// The mail service has a mail.
    MailSent,
    /// The other mail server does not take a mail for now.
    MailDelayed,
    /// The other mail server has a mail.
    MailDelivered,
    /// The other mail server refused a mail for good.
    MailBouncedHard,
    /// The other mail server refused a mail this time.
    MailBouncedSoft,
    /// The recipient called a mail spam.
    MailComplained,
    /// The mail service refused a mail.
    MailRejected,
    /// A mail could not be sent.
    MailFailed,
}

impl From<MailEventKind> for TimelineKind {
    fn from(kind: MailEventKind) -> Self {
        match kind {
            MailEventKind::Queued => Self::MailQueued,
            MailEventKind::Sent => Self::MailSent,
            MailEventKind::Delayed => Self::MailDelayed,
            MailEventKind::Delivered => Self::MailDelivered,
            MailEventKind::BouncedHard => Self::MailBouncedHard,
            MailEventKind::BouncedSoft => Self::MailBouncedSoft,
            MailEventKind::Complained => Self::MailComplained,
            MailEventKind::Rejected => Self::MailRejected,
            MailEventKind::Failed => Self::MailFailed,
        }
    }
}

paths! {
    /// A member.
    MemberPath {
        /// The member's id.
        member_id: MemberId
    }

    /// A custom role.
    RolePath {
        /// The role's id.
        role_id: RoleId
    }

    /// A team.
    TeamPath {
        /// The team's id.
        team_id: TeamId
    }

    /// An invitation.
    InvitationPath {
        /// The invitation's id.
        invitation_id: InvitationId
    }

    /// A client.
    ClientPath {
        /// The client's id.
        client_id: ClientId
    }

    /// A login method.
    LoginMethodPath {
        /// The login method's id.
        login_method_id: LoginMethodId
    }

    /// An API key.
    ApiKeyPath {
        /// The key's id.
        api_key_id: ApiKeyId
    }

    /// A webhook.
    WebhookPath {
        /// The webhook's id.
        webhook_id: SubscriptionId
    }

    /// An event on its way to a webhook.
    WebhookEventPath {
        /// The webhook's id.
        webhook_id: SubscriptionId,
        /// The event's id.
        event_id: OutgoingEventId
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_on_the_wire_is_the_domain_s_own() {
        macro_rules! check {
            ($($name:ident = $domain:ident),*) => {$(
                for text in $name::SPELLINGS {
                    let value: $domain = $name::parse(text).unwrap().into();
                    assert_eq!(serde_json::to_value(value).unwrap(), *text);
                }
            )*};
        }
        check!(
            MemberStatusName = MemberStatus,
            AvailabilityStateName = AvailabilityState,
            InvitationStatusName = InvitationStatus,
            MailStatusName = MailStatus,
            PermissionAreaName = PermissionArea,
            WebhookStatusName = SubscriptionStatus,
            PauseReasonName = PauseReason,
            EventDeliveryStatusName = EventDeliveryStatus
        );
    }
}
