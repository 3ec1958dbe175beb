//! Names and ids that several resources share on the wire.

use vestibule_admin::{paths, wire_enum};
use vestibule_domain::{
    access::explanation::{ChangeAction, FactKind},
    access::request::{ReasonCode, RequestStatus, Verdict},
    account::{agent_event::AgentEvent, agent_health::HealthStatus},
    chat::user::ChatUserStatus,
    connector::{ApprovalMode, ExistingUsers, Handler, Policy, TestOutcome},
    directory::registration::DirectoryAction,
    ids::{AccessRequestId, ChatUserId, ConnectorId, EnvironmentId, KeptBlockId, ProjectId},
};

wire_enum! {
    /// Access policy of a connector: anybody may talk to the agent (`AllowAll`), people whom an admin
    /// approved (`OnBoarding`), or people approved at another connector of the environment
    /// (`AllowList`).
    PolicyName = Policy {
        /// Anybody.
        AllowAll = "AllowAll",
        /// People whom an admin approved.
        OnBoarding = "OnBoarding",
        /// People approved at another connector of the environment.
        AllowList = "AllowList",
    }
}

wire_enum! {
    /// Treatment of people already seen on a connector when its policy becomes `OnBoarding`: `keep`
    /// treats them as approved, `require_approval` asks for their approval like anybody else's. Their
    /// status is shown unchanged until they write.
    ExistingUsersName = ExistingUsers {
        /// Treated as approved.
        Keep = "keep",
        /// Need approval.
        RequireApproval = "require_approval",
    }
}

wire_enum! {
    /// Side that answers a connector's conversations: the `agent` of its environment, until it hands one off, or the
    /// `team`, whose members get each new conversation.
    HandlerName = Handler {
        /// Agent of the environment.
        Agent = "agent",
        /// Members.
        Team = "team",
    }
}

wire_enum! {
    /// A platform's answer to a test of a connector's credentials.
    TestOutcomeName = TestOutcome {
        /// They work.
        Ok = "ok",
        /// The platform refuses them.
        Failed = "failed",
        /// The platform was not available.
        Unavailable = "unavailable",
    }
}

wire_enum! {
    /// Follow-up to an approval: the person gets the approval notice (`notify`), the message that made
    /// the request is handed to the agent if it is younger than 24 hours (`replay`), both in this order
    /// (`both`), or nothing (`silent`).
    AfterApprovalName = ApprovalMode {
        /// Send the approval notice.
        Notify = "notify",
        /// Hand the message to the agent.
        Replay = "replay",
        /// Send the approval notice, then hand the message over.
        Both = "both",
        /// Do nothing.
        Silent = "silent",
    }
}

wire_enum! {
    /// Reason for a decision that followed from something else, without anybody reviewing the request.
    ReasonCodeName = ReasonCode {
        /// The connector no longer asks for approval.
        PolicyOff = "policy_off",
        /// The connector was deleted.
        ConnectorDeleted = "connector_deleted",
        /// The connector serves another environment now; the person's next message makes a new request.
        ConnectorMoved = "connector_moved",
        /// The person was approved at another connector of the environment.
        GrantedElsewhere = "granted_elsewhere",
        /// The person is on record under another id too, and asks again under that one.
        Merged = "merged",
        /// Nobody decided within the days after which the connector's requests expire.
        Expired = "expired",
    }
}

wire_enum! {
    /// Place of an approved person among the users of the project.
    DirectoryActionName = DirectoryAction {
        /// The person becomes a new user.
        CreateNew = "create_new",
        /// The person is linked to a user.
        AddToExisting = "add_to_existing",
        /// The person is no user, and stays so until an admin links them.
        Apart = "none",
    }
}

wire_enum! {
    /// Fact that a decision about a message depends on.
    FactName = FactKind {
        /// An admin blocked the person.
        Blocked = "blocked",
        /// The connector is open to everybody.
        OpenConnector = "open_connector",
        /// The person has access to the environment.
        Granted = "granted",
        /// A user with the person's phone number has access to the environment, and the connector heeds that.
        KnownPerson = "known_person",
        /// The connector ignores people without access.
        AllowList = "allow_list",
        /// The person was let in before the connector began to ask for approval.
        Kept = "kept",
        /// A request of the person is pending at the connector.
        RequestPending = "request_pending",
        /// The person was rejected too recently to ask again.
        CoolingDown = "cooling_down",
    }
}

wire_enum! {
    /// Action of an admin that changes a decision.
    ChangeActionName = ChangeAction {
        /// Block the person.
        Block = "block",
        /// Unblock the person.
        Unblock = "unblock",
        /// Lift the block of the person, who is erased.
        LiftBlock = "lift_block",
        /// Approve the person.
        Approve = "approve",
        /// Revoke the person's access.
        Revoke = "revoke",
        /// Change the connector.
        ChangeConnector = "change_connector",
        /// Change the user with the person's phone number.
        ChangeDirectory = "change_directory",
    }
}

wire_enum! {
    /// Standing of a chat user in the project. A chat user admitted because a connector was open stays
    /// `active` when that connector starts to ask for approval, until they write and are held.
    ChatUserStatusName = ChatUserStatus {
        /// Wrote, and may not talk to the agent yet.
        Onboarding = "onboarding",
        /// May talk to the agent somewhere in the project.
        Active = "active",
        /// Blocked by an admin.
        Blocked = "blocked",
    }
}

wire_enum! {
    /// State of an access request.
    RequestStatusName = RequestStatus {
        /// Awaits a decision.
        Pending = "pending",
        /// The person was approved.
        Approved = "approved",
        /// The person was rejected.
        Rejected = "rejected",
    }
}

wire_enum! {
    /// Content of a decision about an access request.
    VerdictName = Verdict {
        /// Let the person in.
        Approve = "approve",
        /// Do not let the person in.
        Reject = "reject",
    }
}

wire_enum! {
    /// Event that an agent gets if its environment asks for it.
    AgentEventName = AgentEvent {
        /// A person edited a message.
        Edited = "message.edited",
        /// A person deleted a message.
        Deleted = "message.deleted",
        /// A person wrote something that the platform does not hand over.
        Unsupported = "message.unsupported",
    }
}

wire_enum! {
    /// State of an agent.
    AgentHealthStatusName = HealthStatus {
        /// Its last call was answered, or none was made.
        Ok = "ok",
        /// Its last calls failed. It still gets every message.
        Failing = "failing",
        /// It does not answer: messages wait, and one at a time tries it.
        Down = "down",
    }
}

paths! {
    /// A project.
    ProjectPath {
        /// The project's id.
        project_id: ProjectId
    }

    /// An environment of a project.
    EnvironmentPath {
        /// The project's id.
        project_id: ProjectId,
        /// The environment's id.
        environment_id: EnvironmentId
    }

    /// A connector of a project.
    ConnectorPath {
        /// The project's id.
        project_id: ProjectId,
        /// The connector's id.
        connector_id: ConnectorId
    }

    /// A chat user of a project.
    ChatUserPath {
        /// The project's id.
        project_id: ProjectId,
        /// The chat user's id.
        chat_user_id: ChatUserId
    }

    /// A block of an erased person.
    KeptBlockPath {
        /// The project's id.
        project_id: ProjectId,
        /// The block's id.
        kept_block_id: KeptBlockId
    }

    /// An access request of a project.
    AccessRequestPath {
        /// The project's id.
        project_id: ProjectId,
        /// The access request's id.
        access_request_id: AccessRequestId
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[test]
    fn every_spelling_on_the_wire_is_the_domain_s_own() {
        fn spelled<W: Copy + Into<D>, D: Serialize>(all: &[Option<W>]) -> Vec<String> {
            let spell = |one: &Option<W>| {
                let value: D = (*one).unwrap().into();
                serde_json::to_value(value)
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            all.iter().map(spell).collect()
        }
        macro_rules! check {
            ($($name:ident = $domain:ident),*) => {$(
                let all: Vec<_> = $name::SPELLINGS.iter().map(|text| $name::parse(text)).collect();
                assert_eq!(spelled::<$name, $domain>(&all), $name::SPELLINGS);
            )*};
        }
        check!(
            PolicyName = Policy,
            ExistingUsersName = ExistingUsers,
            AfterApprovalName = ApprovalMode,
            TestOutcomeName = TestOutcome,
            ReasonCodeName = ReasonCode,
            FactName = FactKind,
            ChangeActionName = ChangeAction,
            ChatUserStatusName = ChatUserStatus,
            RequestStatusName = RequestStatus,
            VerdictName = Verdict,
            AgentEventName = AgentEvent,
            AgentHealthStatusName = HealthStatus
        );
    }
}
