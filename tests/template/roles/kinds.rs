//! Everything that the matrix tries: partitions, lists and actions.

/// Kinds of partitions, and future kinds that today's functions must not reach. Those that only the list of
/// calls names are tried as well.
pub const PARTITIONS: [(&str, &str); 59] = [
    ("the set-up", "SET_UP"),
    ("the data key", "KEYRING"),
    ("an account, its API keys and its members", "ACCOUNT#{id}"),
    ("an audit entry", "ACCOUNT#{id}#AUDIT#{month}"),
    ("a member by id", "ACCOUNT#{id}#MEMBER#{id}"),
    ("the roles of an account", "ACCOUNT#{id}#ROLES"),
    ("an invitation", "ACCOUNT#{id}#INVITATION#{id}"),
    ("an address", "ACCOUNT#{id}#ADDRESS#{hash}"),
    ("an identity", "ACCOUNT#{id}#IDENTITY#{hash}"),
    ("the login methods", "ACCOUNT#{id}#METHODS"),
    ("a login", "LOGIN#{id}"),
    ("the accounts of a login", "LOGIN#{id}#MEMBERS"),
    ("the sessions of a login", "LOGIN#{id}#SESSIONS"),
    ("the new addresses of a login", "LOGIN#{id}#NEW_ADDRESSES"),
    ("the browsers of a login", "LOGIN#{id}#DEVICES"),
    ("the login of an address", "EMAIL#{hash}"),
    ("a reset", "RESET#{hash}"),
    ("a sign-in at a provider", "FLOW#{hash}"),
    ("a throttle", "THROTTLE#other#{hash}"),
    ("a connector", "CONNECTOR#{id}"),
    ("a mail of an account", "ACCOUNT#{id}#MAIL#{id}"),
    ("a mail of a login", "LOGIN#{id}#MAIL#{id}"),
    ("a blocked address", "ACCOUNT#{id}#BLOCKED#{hash}"),
    ("an address that bounced", "BOUNCED#{hash}"),
    ("the pace of a connector", "CONNECTOR#{id}#PACE"),
    (
        "the unreadable events of a connector",
        "CONNECTOR#{id}#DEAD_LETTERS",
    ),
    ("an event that was handled", "CONNECTOR#{id}#EVENT#{id}"),
    ("the quotas of a connector", "CONNECTOR#{id}#NEW_REQUESTS"),
    (
        "the messages that a project's connectors held back",
        "ACCOUNT#{id}#PROJECT#{id}#HELD_BACK",
    ),
    ("the environments of a project", "ACCOUNT#{id}#PROJECT#{id}"),
    ("a chat user", "ACCOUNT#{id}#PROJECT#{id}#USER#{id}"),
    (
        "an access request",
        "ACCOUNT#{id}#PROJECT#{id}#REQUEST#{id}",
    ),
    (
        "a conversation",
        "ACCOUNT#{id}#PROJECT#{id}#CONVERSATION#{id}",
    ),
    (
        "the agent of an environment",
        "ACCOUNT#{id}#PROJECT#{id}#AGENT#{id}",
    ),
    (
        "an order to redrive",
        "ACCOUNT#{id}#PROJECT#{id}#REDRIVE#{id}",
    ),
    (
        "the closings of a project",
        "ACCOUNT#{id}#PROJECT#{id}#CLOSINGS",
    ),
    (
        "the erasures of a project",
        "ACCOUNT#{id}#PROJECT#{id}#ERASURES",
    ),
    (
        "the notices of a project",
        "ACCOUNT#{id}#PROJECT#{id}#NOTICES",
    ),
    (
        "the conversations that a person wrote in",
        "ACCOUNT#{id}#PROJECT#{id}#WRITER#{id}",
    ),
    ("an end user", "ACCOUNT#{id}#PROJECT#{id}#END_USER#{id}"),
    ("a phone number", "ACCOUNT#{id}#PROJECT#{id}#PHONE#{number}"),
    (
        "the search index of users",
        "ACCOUNT#{id}#PROJECT#{id}#SEARCH#u#{number}",
    ),
    ("an import", "ACCOUNT#{id}#PROJECT#{id}#IMPORT#{id}"),
    (
        "the import that runs in a project",
        "ACCOUNT#{id}#PROJECT#{id}#IMPORTS",
    ),
    ("the load of a member", "ACCOUNT#{id}#LOAD#{id}"),
    ("the orders of the first invitation", "FIRST_ADMIN"),
    ("the notices of a day", "ACCOUNT#{id}#NOTICE_DAYS"),
    (
        "a list of an index",
        "ACCOUNT#{id}#PROJECT#{id}#REQUESTS#pending",
    ),
    (
        "a desk, with its seats and queues",
        "ACCOUNT#{id}#DESK#{any}",
    ),
    (
        "the conversations that wait in a queue",
        "ACCOUNT#{id}#QUEUE#{id}",
    ),
    ("the conversations of a member", "ACCOUNT#{id}#HELD#{id}"),
    (
        "an order to requeue a member's conversations",
        "ACCOUNT#{id}#REQUEUE#{id}",
    ),
    ("the team of a name", "ACCOUNT#{id}#TEAM_NAME#{hash}"),
    ("a team", "ACCOUNT#{id}#TEAM#{id}"),
    (
        "the channels that an account added",
        "ACCOUNT#{id}#CHANNELS",
    ),
    ("an outgoing event", "ACCOUNT#{id}#OUTGOING_EVENT#{id}"),
    (
        "the subscriptions of an account",
        "ACCOUNT#{id}#SUBSCRIPTIONS",
    ),
    (
        "the deliveries to a subscription",
        "ACCOUNT#{id}#SUBSCRIPTION#{id}",
    ),
    ("a kind that is not known", "OTHER#{id}"),
];

/// Every kind of partition of the indexes, and of the table.
pub const LISTS: [&str; 60] = [
    "OUTBOX#{number}",
    "OUTBOX#onboard_chat_user#{number}",
    "OUTBOX#close_pending_requests#{number}",
    "OUTBOX#send_messages#{number}",
    "OUTBOX#drain_parked#{number}",
    "OUTBOX#erase_data#{number}",
    "OUTBOX#expire_requests#{number}",
    "OUTBOX#send_mail#{number}",
    "OUTBOX#send_notices#{number}",
    "OUTBOX#index_record#{number}",
    "OUTBOX#import_users#{number}",
    "OUTBOX#offer_conversation#{number}",
    "OUTBOX#drain_queue#{number}",
    "OUTBOX#requeue_member#{number}",
    "OUTBOX#rehome_connector#{number}",
    "OUTBOX#publish_event#{number}",
    "OUTBOX#send_event#{number}",
    "ACCOUNT#{id}#KEYS",
    "ACCOUNT#{id}#MEMBERS",
    "ACCOUNT#{id}#MEMBERS#super_admin",
    "ACCOUNT#{id}#INVITATIONS",
    "ACCOUNT#{id}#CLIENTS",
    "ACCOUNT#{id}#TEAMS",
    "ACCOUNT#{id}#METHODS",
    "ACCOUNT#{id}#AUDIT_BY#{any}",
    "ACCOUNT#{id}#AUDIT_ON#{any}",
    "ACCOUNT#{id}#SUBSCRIPTION#{id}#DELIVERIES",
    "ACCOUNT#{id}#SUBSCRIPTION#{id}#OTHER",
    "LOGIN#{id}#MEMBERS",
    "LOGIN#{id}#SESSIONS",
    "LOGIN#{id}#SESSION_USES",
    "LOGIN#{id}#NEW_ADDRESSES",
    "ACCOUNT#{id}#PROJECTS",
    "ACCOUNT#{id}#PROJECT#{id}#ENVIRONMENTS",
    "ACCOUNT#{id}#PROJECT#{id}#IMPORTS",
    "ACCOUNT#{id}#PROJECT#{id}#IMPORT#{id}#ERRORS#{number}",
    "ACCOUNT#{id}#PROJECT#{id}#IMPORT#{id}#OTHERS#{number}",
    "ACCOUNT#{id}#PROJECT#{id}#CONNECTORS",
    "ACCOUNT#{id}#PROJECT#{id}#REQUESTS",
    "ACCOUNT#{id}#PROJECT#{id}#WAITING",
    "ACCOUNT#{id}#PROJECT#{id}#REQUESTS#pending",
    "ACCOUNT#{id}#PROJECT#{id}#REQUESTS#approved",
    "ACCOUNT#{id}#PROJECT#{id}#REQUESTS#rejected",
    "ACCOUNT#{id}#PROJECT#{id}#USERS",
    "ACCOUNT#{id}#PROJECT#{id}#USERS#onboarding",
    "ACCOUNT#{id}#PROJECT#{id}#USERS#active",
    "ACCOUNT#{id}#PROJECT#{id}#USERS#blocked",
    "ACCOUNT#{id}#PROJECT#{id}#KEPT_BLOCKS",
    "ACCOUNT#{id}#PROJECT#{id}#ADMITTED#{id}",
    "ACCOUNT#{id}#PROJECT#{id}#END_USERS",
    "ACCOUNT#{id}#PROJECT#{id}#END_USERS#by_name",
    "ACCOUNT#{id}#PROJECT#{id}#CONVERSATIONS",
    "ACCOUNT#{id}#PROJECT#{id}#CONVERSATIONS#open",
    "ACCOUNT#{id}#PROJECT#{id}#CONVERSATIONS#handed_off",
    "ACCOUNT#{id}#PROJECT#{id}#CONVERSATIONS#closed",
    "ACCOUNT#{id}#PROJECT#{id}#USER#{id}",
    "ACCOUNT#{id}#PROJECT#{id}#AGENT#{id}",
    "ACCOUNT#{id}#PROJECT#{id}#WRITER#{id}",
    "ACCOUNT#{id}",
    "OTHER#{id}",
];

/// The actions on single rows.
pub const ROW_ACTIONS: [&str; 6] = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
];

/// The rows that the invitation of the first admin makes, without its mail.
pub const FIRST_ADMIN: [&str; 6] = [
    "SET_UP",
    "KEYRING",
    "ACCOUNT#{id}",
    "ACCOUNT#{id}#MEMBER#{id}",
    "ACCOUNT#{id}#INVITATION#{id}",
    "ACCOUNT#{id}#ADDRESS#{hash}",
];

/// The actions that change a row that is there.
pub const CHANGES: [&str; 2] = ["dynamodb:UpdateItem", "dynamodb:DeleteItem"];

/// The partition of audit entries.
pub const AUDIT: &str = "ACCOUNT#{id}#AUDIT#{month}";

/// Actions that are not about particular rows. Each is tried on every resource.
pub const OTHER_ACTIONS: [&str; 21] = [
    "dynamodb:Scan",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "dynamodb:UpdateTable",
    "kms:Encrypt",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
    "secretsmanager:GetSecretValue",
    "lambda:InvokeFunction",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:PurgeQueue",
    "secretsmanager:PutSecretValue",
    "lambda:UpdateFunctionCode",
    "logs:DeleteLogGroup",
];
