//! Recognition of people whom the platform knows by two ids (SPEC A24, A29).
//!
//! `WhatsApp` provides a phone number, a business-scoped user id, or both. The user id is stable:
//! one person has it for as long as they use `WhatsApp`. A number may pass to another person, who
//! has another user id. So the stable id decides. A number that arrives with a new stable id proves
//! nothing, and approval never follows the number.

use crate::{
    access::standing::Standing,
    chat::{kept_block::KeptBlock, message::Identity, user::ChatUser},
    ids::EnvironmentId,
};

/// The records under one id.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The id.
    pub identity: Identity,
    /// The chat user whose record is under this id.
    pub user: Option<ChatUser>,
    /// The id that has the record instead, when this id is an alias.
    pub same_as: Option<Identity>,
    /// Whether this id is a phone number that led to another person's record before.
    pub had_another_holder: bool,
    /// The chat user's standing at the connector.
    pub standing: Option<Standing>,
    /// The block of an erased person that counts for this id. Under a phone number that arrives with a stable id, it is
    /// that of a person without another stable id.
    pub kept_block: Option<KeptBlock>,
}

impl Candidate {
    /// Whether the chat user of the record is blocked.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.block.is_some())
    }

    /// Whether the id is a phone number that nobody else is known to have had. Only such a number says who its
    /// holder is: one that passed to another person proves nothing about them.
    #[must_use]
    pub fn identifies_its_holder(&self) -> bool {
        let user = self.user.as_ref();
        self.identity.is_phone()
            && !self.had_another_holder
            && user.is_none_or(|user| user.number_now_of.is_none())
    }

    fn is_granted(&self, environment: EnvironmentId) -> bool {
        let user = self.user.as_ref();
        user.is_some_and(|user| user.grants.contains_key(&environment))
    }

    /// The weight of the record beside another of the same person, from the first fact to the last.
    fn weight(&self, environment: EnvironmentId) -> [bool; 5] {
        let standing = self.standing.as_ref();
        [
            self.is_blocked(),
            self.is_granted(environment),
            standing.is_some_and(|standing| standing.request_pending),
            standing.is_some_and(|standing| standing.rejections.is_some()),
            standing.is_some(),
        ]
    }
}

/// A link between two ids of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The alias: the id that leads to the record from now on.
    pub alias: Identity,
    /// The id that the alias led to before.
    pub replaces: Option<Identity>,
    /// The id of the record.
    pub person: Identity,
    /// Whether the record exists. If not, it is about to be created.
    pub person_exists: bool,
}

/// A phone number's new holder. The number arrived with another stable id than that of the record
/// under it, so the number alone no longer leads to the record. Or the number returned to the
/// person of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The phone number, which is also the id of the record.
    pub phone: Identity,
    /// The new holder's stable id; `None` for the person of the record.
    pub now_of: Option<Identity>,
    /// Version of the record.
    pub version: u64,
}

/// Two records of one person that become one.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The record that stays, as it is to be stored; `version` is that of the record it was made from.
    pub survivor: ChatUser,
    /// The record that is absorbed.
    pub absorbed: ChatUser,
}

/// The result of recognising a sender.
#[derive(Debug, Clone)]
pub enum Recognition {
    /// The chat user of the stable id, or a new one under this id.
    Stable,
    /// The chat user of the phone number.
    Phone,
    /// A new chat user under the stable id, with the phone number as an alias from the start.
    NewUnderBoth,
    /// The chat user whose record is under this third id.
    Elsewhere(Identity),
    /// The phone number has a new holder with this stable id. Read again with this id.
    PassedOn(Identity),
    /// Store the handover, then read again.
    HandsOver(Box<Handover>),
    /// Store the link, then read again.
    Links(Box<Link>),
    /// Merge the records, then read again.
    Merges(Box<Merge>),
}

/// Chooses the record that counts while two records of one person cannot be merged yet. A block
/// under either id counts, and so does an approval under either id. Else the record counts under which
/// the person asked, was rejected, or wrote at this connector, in this order, so that nobody is welcomed
/// or asks twice.
#[must_use]
pub fn for_now(
    stable: Candidate,
    phone: Option<Candidate>,
    environment: EnvironmentId,
) -> Candidate {
    match phone {
        Some(phone) if phone.weight(environment) > stable.weight(environment) => phone,
        _ => stable,
    }
}

/// Returns the block of an erased person that counts for a sender with these ids. An id alone may lead to the record of
/// somebody who has it by now, which then counts.
#[must_use]
pub fn kept_block<'a>(
    stable: &'a Candidate,
    phone: Option<&'a Candidate>,
) -> Option<&'a KeptBlock> {
    let own = stable.kept_block.as_ref();
    match phone {
        None => own.filter(|_| stable.user.is_none() && stable.same_as.is_none()),
        Some(phone) => own.or(phone.kept_block.as_ref()),
    }
}

/// Recognises a sender by the records under the ids that the platform provided: one id, or a stable
/// id and a phone number.
#[must_use]
pub fn recognise(stable: &Candidate, phone: Option<&Candidate>) -> Recognition {
    let Some(phone) = phone else {
        return match (&stable.user, &stable.same_as) {
            (None, Some(elsewhere)) => Recognition::Elsewhere(elsewhere.clone()),
            (Some(user), _) => match &user.number_now_of {
                Some(holder) => Recognition::PassedOn(holder.clone()),
                None => Recognition::Stable,
            },
            (None, None) => Recognition::Stable,
        };
    };
    if let Some(handover) = handover(stable, phone) {
        return Recognition::HandsOver(Box::new(handover));
    }
    match (&stable.user, &stable.same_as) {
        (Some(person), _) => known_by_stable(stable, person, phone),
        (None, Some(home)) => recorded_elsewhere(home, phone),
        (None, None) => new_stable(stable, phone),
    }
}

/// Recognises a sender by the id that another id led to. If the record there was absorbed since, that id
/// leads on: a number to a stable id, and the stable id to another number's record.
#[must_use]
pub fn led_to(home: &Candidate) -> Recognition {
    match (&home.user, &home.same_as) {
        (None, Some(elsewhere)) => Recognition::Elsewhere(elsewhere.clone()),
        _ => Recognition::Stable,
    }
}

/// The longest way from an id to its person's record: a number, a stable id, another number.
pub const ALIASES_MAX: usize = 2;

/// The handover to store, if the record under the phone number belongs to a person with another
/// stable id, or the number returned to its person.
fn handover(stable: &Candidate, phone: &Candidate) -> Option<Handover> {
    let record = phone.user.as_ref()?;
    let theirs = record.other_id.as_ref()?;
    // The second id on the record may be a newer number of the same person, whose stable id then leads here.
    let is_theirs = *theirs == stable.identity || stable.same_as.as_ref() == Some(&phone.identity);
    let now_of = (!is_theirs).then(|| stable.identity.clone());
    (record.number_now_of != now_of).then(|| Handover {
        phone: phone.identity.clone(),
        now_of,
        version: record.version,
    })
}

fn known_by_stable(stable: &Candidate, person: &ChatUser, phone: &Candidate) -> Recognition {
    match (&phone.user, &phone.same_as) {
        // One record was made by a message with the number alone, the other by a message with the
        // stable id alone. They may be linked already, if a record was made at the same time.
        (Some(other), _)
            if other
                .other_id
                .as_ref()
                .is_none_or(|id| *id == stable.identity) =>
        {
            Recognition::Merges(Box::new(merge(other, person)))
        }
        (Some(_), _) => Recognition::Stable,
        (None, Some(before)) if *before == stable.identity => Recognition::Stable,
        (None, before) => links(&phone.identity, before.as_ref(), &stable.identity, true),
    }
}

/// Recognises a sender whose stable id leads to a record under a phone number.
fn recorded_elsewhere(home: &Identity, phone: &Candidate) -> Recognition {
    if *home == phone.identity {
        return Recognition::Phone;
    }
    match (&phone.user, &phone.same_as) {
        (Some(other), _) if other.other_id.is_none() && other.block.is_some() => Recognition::Phone,
        (Some(_), _) => Recognition::Elsewhere(home.clone()),
        (None, Some(before)) if before == home => Recognition::Elsewhere(home.clone()),
        (None, before) => links(&phone.identity, before.as_ref(), home, true),
    }
}

fn new_stable(stable: &Candidate, phone: &Candidate) -> Recognition {
    match (&phone.user, &phone.same_as) {
        (Some(person), _) if person.other_id.is_none() => {
            links(&stable.identity, None, &phone.identity, true)
        }
        // The number belonged to another stable id, so it has a new holder.
        (None, Some(before)) if *before != stable.identity => {
            links(&phone.identity, Some(before), &stable.identity, false)
        }
        (None, _) => Recognition::NewUnderBoth,
        (Some(_), _) => Recognition::Stable,
    }
}

fn links(
    alias: &Identity,
    replaces: Option<&Identity>,
    person: &Identity,
    person_exists: bool,
) -> Recognition {
    Recognition::Links(Box::new(Link {
        alias: alias.clone(),
        replaces: replaces.cloned(),
        person: person.clone(),
        person_exists,
    }))
}

/// Makes the merge of two records of one person, one of them under a phone number. `None` if the number's
/// record belongs to another stable id by now.
#[must_use]
pub fn merge_of(one: &ChatUser, two: &ChatUser) -> Option<Merge> {
    let (phone, stable) = match (one.identity.is_phone(), two.identity.is_phone()) {
        (true, false) => (one, two),
        (false, true) => (two, one),
        _ => return None,
    };
    let owner = phone.other_id.as_ref();
    owner
        .is_none_or(|owner| *owner == stable.identity)
        .then(|| merge(phone, stable))
}

/// The record under the number stays, because admins know that identifier (SPEC A28). Grants of
/// both records are kept, and so is a block of either (SPEC A45). So is the link of the record that stays, else that
/// of the other.
fn merge(stays: &ChatUser, goes: &ChatUser) -> Merge {
    let mut survivor = stays.clone();
    survivor.other_id = Some(goes.identity.clone());
    survivor.profile = stays.profile.clone().over(&goes.profile);
    survivor.admitted_openly |= goes.admitted_openly;
    survivor.block = survivor.block.or_else(|| goes.block.clone());
    survivor.end_user_id = stays.end_user_id.or(goes.end_user_id);
    survivor.is_apart = survivor.end_user_id.is_none() && (stays.is_apart || goes.is_apart);
    for (environment, grant) in &goes.grants {
        survivor
            .grants
            .entry(*environment)
            .or_insert_with(|| grant.clone());
    }
    Merge {
        survivor,
        absorbed: goes.clone(),
    }
}

#[cfg(test)]
mod tests;
