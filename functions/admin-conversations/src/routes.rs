//! The routes, one file per resource. The access that each requires is declared here, and nowhere else.

pub mod attachments;
pub mod conversations;
pub mod deliveries;
pub mod documentation;
pub mod handoff;
pub mod messages;
pub mod typing;

use crate::Deps;
use utoipa::OpenApi as _;
use utoipa_axum::routes;
use vestibule_admin::routes::Routes;
use vestibule_domain::account::permission::Permission;

/// Every route, with its documentation and the access it requires.
pub(crate) fn all() -> Routes<Deps> {
    Routes::new(documentation::Document::openapi())
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
