//! The routes, one file per resource. The access that each requires is declared here, and nowhere else.

pub mod attachments;
pub mod conversations;
pub mod deliveries;
pub mod desks;
pub mod documentation;
pub mod figures;
pub mod handoff;
pub mod messages;
pub mod routing;
pub mod typing;

use crate::Deps;
use utoipa::OpenApi as _;
use utoipa_axum::routes;
use vestibule_admin::routes::Routes;
use vestibule_domain::account::permission::Permission;

/// Every route, with its documentation and the access it requires.
pub(crate) fn all() -> Routes<Deps> {
    of_members(of_conversations(Routes::new(
        documentation::Document::openapi(),
    )))
}

/// Conversations, their messages, and what was given up.
fn of_conversations(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(
            Permission::ConversationsRead,
            routes!(conversations::list_conversations),
        )
        .authorised(
            Permission::ConversationsRead,
            routes!(conversations::get_conversation),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(conversations::update::update_conversation),
        )
        .authorised(
            Permission::ConversationsRead,
            routes!(messages::list_messages),
        )
        .authorised(
            Permission::ConversationsRead,
            routes!(messages::get_message),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(messages::create::create_messages),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(handoff::hand_off_conversation),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(handoff::give_conversation_back),
        )
        .authorised(Permission::ConversationsReply, routes!(typing::show_typing))
        .authorised(
            Permission::ConversationsRead,
            routes!(attachments::get_attachment),
        )
        .authorised(
            Permission::DeliveriesRead,
            routes!(deliveries::list_deliveries),
        )
        .authorised(
            Permission::DeliveriesRedrive,
            routes!(deliveries::redrive::redrive_deliveries),
        )
}

/// Who has conversations among the members.
fn of_members(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(
            Permission::ConversationsRead,
            routes!(conversations::counts::count_conversations),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(routing::verbs::offer_conversation),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(routing::verbs::claim_conversation),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(routing::verbs::assign_conversation),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(routing::verbs::transfer_conversation),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(routing::verbs::requeue_conversation),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(routing::verbs::release_conversation),
        )
        .authorised(
            Permission::ConversationsRead,
            routes!(routing::lines::list_routing),
        )
        .authorised(Permission::ConversationsRead, routes!(desks::list_desks))
        .authorised(Permission::ConversationsRead, routes!(figures::get_figures))
}
