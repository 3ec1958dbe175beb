//! The views of conversations: the caller's own, those that wait, those that members have, and those of the agent.

use super::ConversationQuery;
use crate::{Deps, serving::Serving};
use std::collections::HashMap;
use vestibule_admin::{Call, ListQuery, problem::ApiError, project_of_empty_list, wire_enum};
use vestibule_domain::{
    ProjectScope,
    ids::ConversationId,
    page::{Page, PageRequest},
    ports::{CaseFilter, ConversationFilter, ConversationState, ConversationView, OpenCases},
};

/// A view of the conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Those that the caller has.
    Mine,
    /// Those that wait for a member.
    Queue,
    /// Those that members have.
    Assigned,
    /// Those that the agent has.
    Agent,
    /// All of them.
    #[default]
    All,
}

wire_enum! {
    /// View of the conversations.
    ConversationViewName = View {
        /// Those that the caller has.
        Mine = "mine",
        /// Those that wait for a member.
        Queue = "queue",
        /// Those that members have.
        Assigned = "assigned",
        /// Those that the agent has.
        Agent = "agent",
        /// All of them.
        All = "all",
    }
}

/// One page of a view, of what the caller may know of.
pub(super) async fn page(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    query: ListQuery<ConversationQuery>,
) -> Result<Page<ConversationView>, ApiError> {
    let (mut filter, cases, page) = (query.filter.filter, query.filter.cases, query.page);
    let nothing = Page {
        items: Vec::new(),
        next: None,
    };
    let which = match (query.filter.view, call.caller.member_id) {
        (View::Mine, Some(id)) => Some(OpenCases::Of(id)),
        (View::Mine, None) => return Ok(nothing),
        (View::Queue, _) => Some(OpenCases::Unassigned),
        (View::Assigned, _) => Some(OpenCases::Assigned),
        (View::Agent | View::All, _) => None,
    };
    if !call.narrow(&mut filter.environment_id) {
        return Ok(nothing);
    }
    let mut serving = Serving::new(deps, call, scope);
    let found = if let Some(which) = which {
        let found = of_cases(deps, scope, which, &cases, &page).await?;
        project_of_empty_list(deps.projects.as_ref(), scope, &page, &found).await?;
        Page {
            items: found
                .items
                .into_iter()
                .filter(|view| passes(view, &filter))
                .collect(),
            next: found.next,
        }
    } else {
        if query.filter.view == View::Agent && !of_the_agent(&mut filter) {
            return Ok(nothing);
        }
        let found = deps
            .conversations
            .list_conversations(scope, &filter, &page)
            .await?;
        project_of_empty_list(deps.projects.as_ref(), scope, &page, &found).await?;
        Page {
            items: of_demand(deps, scope, &mut serving, found.items, &cases).await?,
            next: found.next,
        }
    };
    Ok(Page {
        items: serving.of(found.items, |view| view.connector_id).await?,
        next: found.next,
    })
}

/// Narrows a filter to conversations that the agent has. `false` if nothing is left.
fn of_the_agent(filter: &mut ConversationFilter) -> bool {
    *filter.state.get_or_insert(ConversationState::Open) == ConversationState::Open
}

/// The conversations of a page of cases, in its order.
async fn of_cases(
    deps: &Deps,
    scope: ProjectScope,
    which: OpenCases,
    filter: &CaseFilter,
    page: &PageRequest,
) -> Result<Page<ConversationView>, ApiError> {
    let found = deps.cases.list_cases(scope, which, filter, page).await?;
    let ids: Vec<ConversationId> = found
        .items
        .iter()
        .map(|case| case.conversation_id)
        .collect();
    let views = deps.conversations.get_conversations(scope, &ids).await?;
    let with_id = |view: ConversationView| (view.id, view);
    let mut views: HashMap<_, _> = views.into_iter().map(with_id).collect();
    Ok(Page {
        items: ids.iter().filter_map(|id| views.remove(id)).collect(),
        next: found.next,
    })
}

/// Whether a conversation passes the filter of the list of all.
fn passes(view: &ConversationView, filter: &ConversationFilter) -> bool {
    let (of, place) = (&view.conversation, view.connector_id);
    filter.state.is_none_or(|state| state == view.state)
        && filter.connector_id.is_none_or(|id| id == place)
        && filter
            .chat_user_id
            .is_none_or(|id| Some(id) == of.chat_user_id)
        && filter
            .environment_id
            .is_none_or(|id| Some(id) == of.environment_id)
}

/// The conversations of this client, on this channel, that ask for this team.
async fn of_demand(
    deps: &Deps,
    scope: ProjectScope,
    serving: &mut Serving<'_>,
    views: Vec<ConversationView>,
    filter: &CaseFilter,
) -> Result<Vec<ConversationView>, ApiError> {
    let mut passed = Vec::new();
    for view in views {
        if filter.client_id.is_none() && filter.channel.is_none() {
            passed.push(view);
            continue;
        }
        let Some(place) = serving.place(view.connector_id).await? else {
            continue;
        };
        let own = view.conversation.place.as_ref();
        let channel = own.and_then(|own| own.channel.as_deref());
        let channel = channel.or(place.channel.as_deref());
        let is_of_client = filter.client_id.is_none_or(|id| id == place.client_id);
        let is_on_channel = filter.channel.is_none() || filter.channel.as_deref() == channel;
        if is_of_client && is_on_channel {
            passed.push(view);
        }
    }
    let Some(team_id) = filter.team_id else {
        return Ok(passed);
    };
    let ids: Vec<_> = passed.iter().map(|view| view.id).collect();
    let cases = deps.routing.cases(scope, &ids).await?;
    passed.retain(|view| {
        let mut cases = cases.iter();
        let case = cases.find(|case| case.conversation_id == view.id);
        case.is_some_and(|case| case.demand.team_id == Some(team_id))
    });
    Ok(passed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        chat::conversation::Conversation,
        ids::{ChatUserId, ConnectorId},
    };

    #[test]
    fn a_view_is_spelled_in_one_way_and_all_is_the_default() {
        let all = ["mine", "queue", "assigned", "agent", "all"];
        assert_eq!(ConversationViewName::SPELLINGS, all);
        assert_eq!(
            ConversationViewName::from(View::default()).spelling(),
            "all"
        );
    }

    #[test]
    fn what_the_agent_has_is_open() {
        for (state, left) in [
            (None, true),
            (Some(ConversationState::Open), true),
            (Some(ConversationState::HandedOff), false),
            (Some(ConversationState::Closed), false),
        ] {
            let mut filter = ConversationFilter {
                state,
                ..ConversationFilter::default()
            };
            assert_eq!(of_the_agent(&mut filter), left, "{state:?}");
        }
    }

    #[test]
    fn a_conversation_of_a_case_passes_the_filters_of_the_list_of_all() {
        let [one, other] = ["u", "v"].map(|name| ChatUserId::derive(&[name]));
        let view = ConversationView {
            id: ConversationId::derive(&["d"]),
            connector_id: ConnectorId::derive(&["c"]),
            state: ConversationState::HandedOff,
            conversation: Conversation {
                chat_user_id: Some(one),
                ..Conversation::default()
            },
        };
        let all = ConversationFilter::default();
        let of = |chat_user_id| ConversationFilter {
            chat_user_id: Some(chat_user_id),
            ..all
        };
        let open = ConversationFilter {
            state: Some(ConversationState::Open),
            ..all
        };
        for (filter, is_shown) in [
            (all, true),
            (of(one), true),
            (of(other), false),
            (open, false),
        ] {
            assert_eq!(passes(&view, &filter), is_shown, "{filter:?}");
        }
    }
}
