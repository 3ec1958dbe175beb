//! Switches for the relation between people and connectors.

use serde::Deserialize;

use super::error::SimulatorError;
use super::people::WhatsAppShows;
use super::shared::Shared;

/// A change of a person's relation to a connector, or of the facts that a platform reveals about them. Absent
/// fields stay.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Switch {
    /// The connector. Only `whatsapp_shows` and `new_bsuid` do not need one.
    pub connector_id: Option<String>,
    /// The person. Only `upgrade_general`, `leave_general` and `revoke` do not need one.
    pub user_id: Option<String>,
    /// They block the bot; by WhatsApp and SMS they are unreachable.
    pub blocked: Option<bool>,
    /// They have written to the Telegram bot, or installed the Teams app.
    pub started: Option<bool>,
    /// They wrote STOP to the number at Twilio.
    pub stopped: Option<bool>,
    /// WhatsApp's 24-hour window for answers to them is open or closed.
    pub window_open: Option<bool>,
    /// The ids of theirs that WhatsApp reveals.
    pub whatsapp_shows: Option<WhatsAppShows>,
    /// They get another business-scoped id, as with a new phone number.
    pub new_bsuid: Option<String>,
    /// The Telegram group becomes a supergroup with another id.
    pub upgrade_general: bool,
    /// The app or bot is removed from its group.
    pub leave_general: bool,
    /// The platform refuses the account's token or key from now on.
    pub revoke: bool,
}

/// Applies a switch.
pub(super) fn turn(shared: &Shared, switch: &Switch) -> Result<(), SimulatorError> {
    let now_ms = shared.clock.now_ms();
    shared.change(|world| {
        if let Some(user_id) = &switch.user_id {
            let person = world
                .people
                .get_mut(user_id)
                .ok_or_else(|| SimulatorError::no_person(user_id))?;
            person.whatsapp_shows = switch.whatsapp_shows.unwrap_or(person.whatsapp_shows);
            if let Some(bsuid) = &switch.new_bsuid {
                person.bsuid.clone_from(bsuid);
            }
        }
        let Some(connector_id) = &switch.connector_id else {
            return Ok(());
        };
        let connector = world
            .connector_mut(connector_id)
            .ok_or_else(|| SimulatorError::no_connector(connector_id))?;
        connector.upgrades += u32::from(switch.upgrade_general);
        connector.left_general |= switch.leave_general;
        connector.is_revoked |= switch.revoke;
        if let Some(user_id) = &switch.user_id {
            let forgets = shared.platform(connector.platform()).forgets_who_leaves();
            let standing = connector.standing_mut(user_id);
            standing.has_blocked = switch.blocked.unwrap_or(standing.has_blocked);
            if let Some(has_started) = switch.started {
                standing.has_started = has_started;
                standing.is_known = has_started || (standing.is_known && !forgets);
            }
            standing.has_stopped = switch.stopped.unwrap_or(standing.has_stopped);
            match switch.window_open {
                Some(true) => standing.last_wrote_ms = Some(now_ms),
                Some(false) => standing.last_wrote_ms = None,
                None => {}
            }
        }
        Ok(())
    })
}
