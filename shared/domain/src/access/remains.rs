//! The remains of a standing after an erasure of its person (SPEC A50, F07).

use crate::{Timestamp, access::standing::Standing, chat::conversation::ConversationRef};
use std::collections::BTreeSet;

impl Standing {
    /// Returns what an erasure at this time leaves of the standing: the wishes for silence, without the
    /// place. `None` if there are none.
    #[must_use]
    pub fn erased(&self, at: Timestamp) -> Option<Self> {
        let consents = self.consents.stops();
        if consents.is_empty() {
            return None;
        }
        let conversation = ConversationRef {
            id: self.conversation.id,
            kind: self.conversation.kind,
            provider_conversation_id: String::new(),
            thread: None,
            channel: None,
            reply_url: None,
            member_id: None,
            name: None,
        };
        Some(Self {
            connector_id: self.connector_id,
            chat_user_id: self.chat_user_id,
            first_seen_at: at,
            conversation,
            admitted_openly_at: None,
            request_id: None,
            request_pending: false,
            message_count: 0,
            awaits_content: false,
            content_key: None,
            last_message_at: None,
            recent_events: Vec::new(),
            rejections: None,
            onboarding_message: None,
            onboarding_in_doubt: false,
            consents,
            approval: None,
            pending_tasks: BTreeSet::new(),
            merge_with: None,
            version: self.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::AccessRequestId,
        samples::{at, opted_out, standing},
    };

    #[test]
    fn an_erasure_leaves_nothing_of_a_standing_but_a_wish_for_silence() {
        let known = Standing {
            request_id: Some(AccessRequestId::derive(&["r"])),
            request_pending: true,
            message_count: 2,
            onboarding_in_doubt: true,
            conversation: ConversationRef {
                name: Some("Payroll".into()),
                ..standing().conversation
            },
            ..standing()
        };
        assert_eq!(known.erased(at(9)), None);
        let silent = Standing {
            consents: opted_out(at(7)),
            ..known
        };
        let kept = silent.erased(at(9)).unwrap();
        assert_eq!(kept.consents.opted_out_at(None), Some(at(7)));
        assert_eq!((kept.request_id, kept.request_pending), (None, false));
        assert!(!kept.onboarding_in_doubt);
        assert!(!kept.awaits_a_way());
        assert_eq!(kept.conversation.provider_conversation_id, "");
        assert_eq!(kept.conversation.name, None);
        assert_eq!(kept.version, silent.version);
    }
}
