//! The sender of a message: the ids under which they are looked up, and what is made of their records.

use vestibule_domain::{
    Timestamp,
    access::decision::{Decision, DirectoryMatch, Facts, decide},
    access::preapproval::KnownNumber,
    access::standing::Standing,
    chat::message::{Identity, InboundMessage},
    chat::recognition::Candidate,
    chat::renaming::ProfileChange,
    chat::user::ChatUser,
    connector::Connector,
    directory::phone::{PhoneKey, PhoneNumber},
    job::OnboardChatUser,
    ports::{Known, Loaded},
};

/// The facts about this sender at a connector.
#[must_use]
pub fn facts<'a>(connector: &Connector, known: &'a Known) -> Facts<'a> {
    let user = known.chat_user.as_ref();
    let holder = known.number.as_ref().map(|number| &number.holder);
    let directory = DirectoryMatch::of(holder, user, connector.environment_id);
    Facts {
        kept_block: known.kept_block.as_ref(),
        ..Facts::of(connector, user, known.standing.as_ref(), directory)
    }
}

/// The decision about a message of this sender.
pub(super) fn decision(connector: &Connector, known: &Known) -> Decision {
    decide(&facts(connector, known))
}

/// The ids under which a sender is looked up.
pub(super) struct SenderIds {
    pub(super) sender: Identity,
    pub(super) also_known_as: Option<Identity>,
    /// Whether another id led to `sender`, as the id of the sender's record.
    pub(super) is_home: bool,
    /// The phone number that the platform asserts, unless it had another holder.
    pub(super) phone: Option<PhoneNumber>,
}

impl SenderIds {
    pub(super) fn of(message: &InboundMessage) -> Self {
        Self {
            sender: message.sender.clone(),
            also_known_as: message.also_known_as.clone(),
            is_home: false,
            phone: message.asserted_phone(),
        }
    }

    /// Goes on to another id of the sender.
    pub(super) fn turn_to(&mut self, sender: Identity, is_home: bool) {
        self.sender = sender;
        self.also_known_as = None;
        self.is_home = is_home;
    }

    /// Takes the sender's number out of what was read, if it is in the directory. A number that had another holder
    /// is forgotten.
    pub(super) fn known_number(
        &mut self,
        phone: Option<PhoneKey>,
        loaded: &mut Loaded,
    ) -> Option<KnownNumber> {
        let mut read = [Some(&loaded.sender), loaded.also_known_as.as_ref()]
            .into_iter()
            .flatten();
        let passed_on = |candidate: &Candidate| {
            let number = candidate.identity.phone_number();
            number.is_some() && number == self.phone && !candidate.identifies_its_holder()
        };
        if read.any(passed_on) {
            self.phone = None;
            return None;
        }
        let (phone, holder) = phone.zip(loaded.holder.take())?;
        Some(KnownNumber { phone, holder })
    }
}

/// A new chat user, unless the sender is on record in the project.
pub(super) fn newcomer(
    connector: &Connector,
    message: &InboundMessage,
    known: &Known,
    now: Timestamp,
) -> Option<ChatUser> {
    let other_id = known.other_id.clone();
    known
        .chat_user
        .is_none()
        .then(|| ChatUser::first(message, other_id, connector, now))
}

/// The change of a known sender's profile.
pub(super) fn profile_change(
    message: &InboundMessage,
    known: &Known,
    now: Timestamp,
) -> Option<ProfileChange> {
    ProfileChange::told_by(message, known.chat_user.as_ref()?, now)
}

/// The record that a message makes of its sender, or else changes: a new chat user, or the profile of a known one.
pub(super) fn made_or_changed(
    connector: &Connector,
    message: &InboundMessage,
    known: &Known,
    now: Timestamp,
) -> (Option<ChatUser>, Option<ProfileChange>) {
    (
        newcomer(connector, message, known, now),
        profile_change(message, known, now),
    )
}

/// The sender's standing, or the first one. An erasure may have left wishes on that of a stranger, but no
/// place.
pub(super) fn standing_here(
    connector: &Connector,
    message: &InboundMessage,
    known: &Known,
    now: Timestamp,
) -> Standing {
    let first = || Standing::first(message, connector, now);
    match &known.standing {
        Some(standing) if known.chat_user.is_none() => Standing {
            consents: standing.consents.clone(),
            version: standing.version,
            ..first()
        },
        Some(standing) => standing.clone(),
        None => first(),
    }
}

pub(super) fn job(connector: &Connector, standing: &Standing) -> OnboardChatUser {
    OnboardChatUser {
        scope: connector.scope,
        chat_user_id: standing.chat_user_id,
        connector_id: connector.id,
    }
}
