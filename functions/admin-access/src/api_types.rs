//! Names and ids that several resources have in common on the wire.

use vestibule_admin::{paths, wire_enum};
use vestibule_domain::{
    access::request::{ReasonCode, RequestStatus},
    account::permission::Permission,
    chat::{conversation::ConversationKind, user::ChatUserStatus},
    connector::{ApprovalMode, ExistingUsers, Policy},
    ids::{AccessRequestId, ApiKeyId, ChatUserId, ConnectorId, EnvironmentId, ProjectId},
};

wire_enum! {
    /// Who may talk to the agent through a connector: anybody (`AllowAll`), people whom an admin
    /// approved (`OnBoarding`), or people approved at another connector of the environment (`AllowList`).
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
    /// What happens to people already seen on a connector whose policy becomes `OnBoarding`: `keep`
    /// treats them as approved, `require_approval` asks for approval like anybody else. They are shown
    /// as they were until they write.
    ExistingUsersName = ExistingUsers {
        /// They are treated as approved.
        Keep = "keep",
        /// They need approval.
        RequireApproval = "require_approval",
    }
}

wire_enum! {
    /// What follows an approval: the person is told (`notify`), the message that made the request is
    /// handed to the agent if it is younger than 24 hours (`replay`), both, in this order, or nothing
    /// (`silent`).
    AfterApprovalName = ApprovalMode {
        /// The person is told.
        Notify = "notify",
        /// The message is handed to the agent.
        Replay = "replay",
        /// They are told, then it is handed over.
        Both = "both",
        /// Nothing.
        Silent = "silent",
    }
}

wire_enum! {
    /// Why a request was decided without anybody looking at it.
    ReasonCodeName = ReasonCode {
        /// Its connector no longer asks for approval.
        PolicyOff = "policy_off",
        /// Its connector was deleted.
        ConnectorDeleted = "connector_deleted",
        /// Its connector serves another environment now; the person asks again with their next message.
        ConnectorMoved = "connector_moved",
        /// The person was approved at another connector of the environment.
        GrantedElsewhere = "granted_elsewhere",
        /// The person turned out to be one who is on record under another id, and asks again under that.
        Merged = "merged",
    }
}

wire_enum! {
    /// Where a chat user stands in the project. Somebody who was let in because a connector was open
    /// stays `active` when that connector comes to ask for their approval, until they write and are held.
    ChatUserStatusName = ChatUserStatus {
        /// Wrote, and may not talk to the agent yet.
        Onboarding = "onboarding",
        /// May talk to the agent somewhere in the project.
        Active = "active",
        /// Was shut out.
        Blocked = "blocked",
    }
}

wire_enum! {
    /// Where an access request stands.
    RequestStatusName = RequestStatus {
        /// Awaits a decision.
        Pending = "pending",
        /// The person was let in.
        Approved = "approved",
        /// The person was not let in.
        Rejected = "rejected",
    }
}

wire_enum! {
    /// Whether others read along in a conversation.
    ConversationKindName = ConversationKind {
        /// One person and the agent.
        Direct = "direct",
        /// A closed group.
        Group = "group",
        /// A channel that its members read.
        Channel = "channel",
    }
}

wire_enum! {
    /// What an API key may do.
    #[derive(PartialOrd, Ord)]
    PermissionName = Permission {
        /// Read projects, environments and connectors.
        ProjectsRead = "projects.read",
        /// Create and change projects and environments.
        ProjectsWrite = "projects.write",
        /// Create, change and delete connectors.
        ConnectorsWrite = "connectors.write",
        /// Read chat users.
        ChatUsersRead = "chat_users.read",
        /// Block and unblock chat users.
        ChatUsersBlock = "chat_users.block",
        /// Read access requests.
        AccessRequestsRead = "access_requests.read",
        /// Approve and reject access requests.
        AccessRequestsDecide = "access_requests.decide",
        /// List, create and revoke API keys.
        ApiKeysManage = "api_keys.manage",
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

    /// An access request of a project.
    AccessRequestPath {
        /// The project's id.
        project_id: ProjectId,
        /// The access request's id.
        access_request_id: AccessRequestId
    }

    /// An API key.
    ApiKeyPath {
        /// The key's id.
        api_key_id: ApiKeyId
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
            ReasonCodeName = ReasonCode,
            ChatUserStatusName = ChatUserStatus,
            RequestStatusName = RequestStatus,
            ConversationKindName = ConversationKind,
            PermissionName = Permission
        );
        assert_eq!(PermissionName::SPELLINGS.len(), Permission::ALL.len());
    }
}
