//! Replaces the secrets of a connector without losing a message: the previous secret is kept, and
//! accepted for [`PREVIOUS_SECRETS_KEPT`]. That is for a rotation. When the connector comes to speak for
//! another app, account or number, no secret of the former one stays valid beside a new one.

use super::{CONNECT_FIRST, Section};
use std::collections::{BTreeMap, BTreeSet};
use vestibule_admin::problem::ApiError;
use vestibule_domain::{
    Timestamp,
    connector::{Connector, PREVIOUS_SECRETS_KEPT},
    ports::SecretVault,
    secret::Secret,
};
use vestibule_providers::catalogue::{ConnectorKind, FieldSpec, Fill, keeps_previous};

/// Replaces the secrets of `connector`, whose settings are already changed from those of `before`, with
/// those of a section. Returns the names of the fields that were replaced.
///
/// A verification secret moves to the field of the previous secret, unless that field is in the section
/// too. A secret that we draw is not replaced again until the platform has the last one: the platform
/// may still use the previous one, which would be lost.
///
/// With another identity, previous secrets end, and the secret that is replaced is not kept: now, or
/// later if the new one comes in a call of its own.
pub(super) async fn replace(
    vault: &dyn SecretVault,
    kind: &dyn ConnectorKind,
    before: &Connector,
    connector: &mut Connector,
    section: Section,
    now: Timestamp,
) -> Result<BTreeSet<String>, ApiError> {
    let mut given = section.fields.secrets;
    let mut cleared = section.cleared;
    let by_hand = |name: &str| given.contains_key(name) || cleared.contains(name);
    let previous_by_hand = kind
        .fields()
        .iter()
        .any(|spec| by_hand(spec.name) && keeps_previous(kind, spec.name));

    let old = opened(vault, connector).await?;
    let is_other = speaks_for_another(kind, before, connector, &old, &given);
    let has_ended = is_other || connector.webhook.previous_has_lapsed(now);
    let is_secret_given = rotated(kind).any(|spec| given.contains_key(spec.name));
    given.retain(|name, secret| old.get(name) != Some(secret));
    if previous_by_hand || has_ended {
        connector.webhook.previous_secrets_until = None;
    }
    if has_ended && !previous_by_hand {
        let names = kind.fields().iter().map(|spec| spec.name);
        cleared.extend(
            names
                .filter(|name| keeps_previous(kind, name))
                .map(str::to_owned),
        );
    }
    let replaced: BTreeSet<_> = given.keys().cloned().collect();
    let keeps_previous_one =
        !previous_by_hand && !is_other && !connector.webhook.secret_precedes_identity;
    for spec in kind.fields().iter().filter(|_| keeps_previous_one) {
        if let Some((previous, secret)) = moved(spec, &given, &old) {
            check_told(connector, spec, now)?;
            given.insert(previous.to_owned(), secret);
            cleared.remove(previous);
            connector.webhook.previous_secrets_until = Some(now.plus(PREVIOUS_SECRETS_KEPT));
        }
    }
    if replaced.iter().any(|name| !keeps_previous(kind, name)) {
        connector.webhook.connected_at = None;
    }
    if is_other {
        connector.webhook.secret_precedes_identity =
            !is_secret_given && rotated(kind).any(|spec| old.contains_key(spec.name));
    } else if rotated(kind).any(|spec| replaced.contains(spec.name)) {
        connector.webhook.secret_precedes_identity = false;
    }

    let goes = old.keys().any(|name| cleared.contains(name));
    if given.is_empty() && !goes {
        return Ok(replaced);
    }
    let mut all = old;
    all.extend(given);
    all.retain(|name, _| !cleared.contains(name));
    // All share one data key, so the unchanged secrets are sealed together with the new ones.
    connector.secrets = vault
        .seal(&all, &|field| connector.secret_context(field))
        .await?;
    Ok(replaced)
}

/// The fields whose previous secret can be kept.
fn rotated(kind: &dyn ConnectorKind) -> impl Iterator<Item = &'static FieldSpec> {
    kind.fields()
        .iter()
        .filter(|spec| spec.previous_in.is_some())
}

/// Whether the connector comes to speak for another app, account or number than before.
fn speaks_for_another<'a>(
    kind: &dyn ConnectorKind,
    before: &'a Connector,
    connector: &'a Connector,
    old: &'a BTreeMap<String, Secret>,
    given: &'a BTreeMap<String, Secret>,
) -> bool {
    let setting = |of: &'a Connector, name: &str| of.settings.get(name).map(String::as_str);
    kind.fields().iter().any(|spec| {
        let name = spec.name;
        let (was, is) = if spec.secret {
            let was = old.get(name);
            let is = given.get(name).or(was);
            (was.map(Secret::reveal), is.map(Secret::reveal))
        } else {
            (setting(before, name), setting(connector, name))
        };
        let identity = |value: Option<&'a str>| kind.identity(name, value?);
        identity(was) != identity(is)
    })
}

/// The field for the previous secret, and that secret, when `spec`'s own is replaced.
fn moved(
    spec: &FieldSpec,
    given: &BTreeMap<String, Secret>,
    old: &BTreeMap<String, Secret>,
) -> Option<(&'static str, Secret)> {
    let previous = spec.previous_in?;
    given.get(spec.name)?;
    Some((previous, old.get(spec.name)?.clone()))
}

fn check_told(connector: &Connector, spec: &FieldSpec, now: Timestamp) -> Result<(), ApiError> {
    let webhook = &connector.webhook;
    let is_rotating = webhook.previous_secrets_until.is_some() && !webhook.previous_has_lapsed(now);
    if spec.fill == Fill::RandomSecret && is_rotating && webhook.connected_at.is_none() {
        return Err(ApiError::new(&CONNECT_FIRST));
    }
    Ok(())
}

async fn opened(
    vault: &dyn SecretVault,
    connector: &Connector,
) -> Result<BTreeMap<String, Secret>, ApiError> {
    let mut all = BTreeMap::new();
    for field in connector.secrets.fields.keys() {
        let context = connector.secret_context(field);
        let secret = vault.open(&connector.secrets, field, &context).await?;
        all.extend(secret.map(|secret| (field.clone(), secret)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixtures::{self, GlassVault, Pigeon},
        *,
    };
    use std::time::Duration;
    use vestibule_edge::connectors::OpenConnector;
    use vestibule_providers::catalogue::ValidFields;

    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn after(time: Duration) -> Timestamp {
        START.plus(time)
    }

    fn section(given: &[(&str, &str)], cleared: &[&str]) -> Section {
        let secret = |(name, value): &(&str, &str)| ((*name).to_owned(), Secret::new(*value));
        Section {
            fields: ValidFields {
                secrets: given.iter().map(secret).collect(),
                ..ValidFields::default()
            },
            cleared: cleared.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    async fn change(
        connector: &mut Connector,
        given: &[(&str, &str)],
        cleared: &[&str],
        now: Timestamp,
    ) -> Result<Vec<String>, ApiError> {
        let before = connector.clone();
        let section = section(given, cleared);
        let replaced = replace(&GlassVault, &Pigeon, &before, connector, section, now).await?;
        Ok(replaced.into_iter().collect())
    }

    /// Moves the pigeon to this flock, with these secrets in the same call.
    async fn move_to(connector: &mut Connector, flock: &str, given: &[(&str, &str)]) {
        let before = connector.clone();
        let settings = &mut connector.settings;
        settings.insert("flock".to_owned(), flock.to_owned());
        let section = section(given, &[]);
        replace(&GlassVault, &Pigeon, &before, connector, section, START)
            .await
            .unwrap();
    }

    /// A pigeon with these secrets, which the platform has.
    async fn told(secrets: &[(&str, &str)]) -> Connector {
        let mut connector = fixtures::connector();
        change(&mut connector, secrets, &[], START).await.unwrap();
        connector.webhook.connected_at = Some(START);
        connector
    }

    async fn shown(connector: &Connector) -> BTreeMap<String, String> {
        opened(&GlassVault, connector)
            .await
            .unwrap()
            .into_iter()
            .map(|(name, secret)| (name, secret.reveal().to_owned()))
            .collect()
    }

    fn are(expected: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        expected.iter().map(owned).collect()
    }

    #[tokio::test]
    async fn a_secret_that_is_replaced_is_kept_for_a_day_under_its_own_context() {
        let mut pigeon = told(&[("ring", "one"), ("grain", "rye")]).await;
        let replaced = change(&mut pigeon, &[("ring", "two")], &[], START).await;
        assert_eq!(replaced.unwrap(), ["ring"]);
        assert_eq!(
            shown(&pigeon).await,
            are(&[("grain", "rye"), ("previous_ring", "one"), ("ring", "two")])
        );
        assert_eq!(
            pigeon.webhook.previous_secrets_until,
            Some(after(Duration::from_hours(24)))
        );
        assert_eq!(pigeon.webhook.connected_at, None);
    }

    #[tokio::test]
    async fn the_same_secret_once_more_replaces_nothing() {
        let mut pigeon = told(&[("ring", "one")]).await;
        change(&mut pigeon, &[("ring", "two")], &[], START)
            .await
            .unwrap();
        let before = pigeon.clone();
        let later = after(Duration::from_hours(1));
        let replaced = change(&mut pigeon, &[("ring", "two")], &[], later).await;
        assert!(replaced.unwrap().is_empty());
        assert_eq!(pigeon, before);
    }

    #[tokio::test]
    async fn what_is_said_of_the_one_before_wins_and_has_no_end() {
        let mut pigeon = told(&[("ring", "one")]).await;
        let given = [("ring", "two"), ("previous_ring", "zero")];
        change(&mut pigeon, &given, &[], START).await.unwrap();
        assert_eq!(
            shown(&pigeon).await,
            are(&[("previous_ring", "zero"), ("ring", "two")])
        );
        assert_eq!(pigeon.webhook.previous_secrets_until, None);

        let mut pigeon = told(&[("ring", "one")]).await;
        change(&mut pigeon, &[("ring", "two")], &["previous_ring"], START)
            .await
            .unwrap();
        assert_eq!(shown(&pigeon).await, are(&[("ring", "two")]));
        assert_eq!(pigeon.webhook.previous_secrets_until, None);
    }

    #[tokio::test]
    async fn the_one_before_is_cleared_by_the_first_change_after_its_time() {
        let mut pigeon = told(&[("ring", "one")]).await;
        change(&mut pigeon, &[("ring", "two")], &[], START)
            .await
            .unwrap();
        let last_moment = after(Duration::from_hours(24) - Duration::from_millis(1));
        change(&mut pigeon, &[], &[], last_moment).await.unwrap();
        assert!(shown(&pigeon).await.contains_key("previous_ring"));
        change(&mut pigeon, &[], &[], after(Duration::from_hours(24)))
            .await
            .unwrap();
        assert_eq!(shown(&pigeon).await, are(&[("ring", "two")]));
        assert_eq!(pigeon.webhook.previous_secrets_until, None);
    }

    #[tokio::test]
    async fn the_next_one_waits_until_the_platform_knows_the_last() {
        let mut pigeon = told(&[("ring", "one")]).await;
        change(&mut pigeon, &[("ring", "two")], &[], START)
            .await
            .unwrap();
        let before = pigeon.clone();
        let third = [("ring", "three")];
        let refused = change(&mut pigeon, &third, &[], after(Duration::from_hours(1))).await;
        assert_eq!(refused.unwrap_err().kind(), &CONNECT_FIRST);
        assert_eq!(shown(&pigeon).await, shown(&before).await);

        pigeon.webhook.connected_at = Some(after(Duration::from_hours(1)));
        change(&mut pigeon, &third, &[], after(Duration::from_hours(2)))
            .await
            .unwrap();
        assert_eq!(
            shown(&pigeon).await,
            are(&[("previous_ring", "two"), ("ring", "three")])
        );

        let mut pigeon = before;
        let lapsed = after(Duration::from_hours(24));
        change(&mut pigeon, &third, &[], lapsed).await.unwrap();
        assert_eq!(
            shown(&pigeon).await,
            are(&[("previous_ring", "two"), ("ring", "three")])
        );
    }

    #[tokio::test]
    async fn another_secret_is_replaced_without_any_before() {
        let mut pigeon = told(&[("ring", "one"), ("grain", "rye")]).await;
        let replaced = change(&mut pigeon, &[("grain", "oats")], &[], START).await;
        assert_eq!(replaced.unwrap(), ["grain"]);
        assert_eq!(
            shown(&pigeon).await,
            are(&[("grain", "oats"), ("ring", "one")])
        );
        assert_eq!(pigeon.webhook.previous_secrets_until, None);
        assert_eq!(pigeon.webhook.connected_at, None);
    }

    #[tokio::test]
    async fn a_secret_replaced_together_with_its_identity_leaves_no_previous_one() {
        let mut pigeon = told(&[("ring", "one")]).await;
        move_to(&mut pigeon, "blue", &[("ring", "two")]).await;
        assert_eq!(shown(&pigeon).await, are(&[("ring", "two")]));
        assert_eq!(pigeon.webhook.previous_secrets_until, None);
        // The next rotation is one of the same identity.
        pigeon.webhook.connected_at = Some(START);
        change(&mut pigeon, &[("ring", "three")], &[], START)
            .await
            .unwrap();
        assert_eq!(
            shown(&pigeon).await,
            are(&[("previous_ring", "two"), ("ring", "three")])
        );
    }

    #[tokio::test]
    async fn a_secret_that_follows_its_identity_in_a_call_of_its_own_leaves_no_previous_one() {
        let mut pigeon = told(&[("ring", "one")]).await;
        move_to(&mut pigeon, "blue", &[]).await;
        assert_eq!(shown(&pigeon).await, are(&[("ring", "one")]));
        change(&mut pigeon, &[("ring", "two")], &[], START)
            .await
            .unwrap();
        assert_eq!(shown(&pigeon).await, are(&[("ring", "two")]));
        assert_eq!(pigeon.webhook.previous_secrets_until, None);
        assert!(!pigeon.webhook.secret_precedes_identity);
    }

    #[tokio::test]
    async fn a_secret_that_comes_before_its_identity_loses_its_previous_one_with_it() {
        for by_hand in [false, true] {
            let mut pigeon = told(&[("ring", "one")]).await;
            let given: &[_] = if by_hand {
                &[("ring", "two"), ("previous_ring", "one")]
            } else {
                &[("ring", "two")]
            };
            change(&mut pigeon, given, &[], START).await.unwrap();
            assert!(shown(&pigeon).await.contains_key("previous_ring"));
            move_to(&mut pigeon, "blue", &[]).await;
            assert_eq!(shown(&pigeon).await, are(&[("ring", "two")]));
            assert_eq!(pigeon.webhook.previous_secrets_until, None);
        }
    }

    #[tokio::test]
    async fn an_identity_within_a_secret_counts_and_a_new_secret_of_the_same_one_does_not() {
        for (grain, expected) in [
            ("blue/rye", are(&[("grain", "blue/rye"), ("ring", "two")])),
            (
                "grey/oats",
                are(&[
                    ("grain", "grey/oats"),
                    ("previous_ring", "one"),
                    ("ring", "two"),
                ]),
            ),
        ] {
            let mut pigeon = told(&[("ring", "one"), ("grain", "grey/rye")]).await;
            let given = [("ring", "two"), ("grain", grain)];
            change(&mut pigeon, &given, &[], START).await.unwrap();
            assert_eq!(shown(&pigeon).await, expected);
        }
    }

    #[tokio::test]
    async fn a_previous_secret_that_is_given_with_another_identity_is_that_ones() {
        let mut pigeon = told(&[("ring", "one")]).await;
        let given = [("ring", "two"), ("previous_ring", "two-before")];
        move_to(&mut pigeon, "blue", &given).await;
        assert_eq!(
            shown(&pigeon).await,
            are(&[("previous_ring", "two-before"), ("ring", "two")])
        );
    }

    #[tokio::test]
    async fn what_has_had_its_time_is_not_opened_for_anybody() {
        let mut slack = fixtures::connector();
        slack.provider = vestibule_domain::connector::Provider::new("slack");
        let names = ["signing_secret", "previous_signing_secret"];
        let secrets = names.map(|name| (name.to_owned(), Secret::new(name)));
        let id = slack.clone();
        slack.secrets = GlassVault
            .seal(&BTreeMap::from(secrets), &move |field| {
                id.secret_context(field)
            })
            .await
            .unwrap();
        slack.webhook.previous_secrets_until = Some(START);
        for (now, expected) in [(START.millis() - 1, 2), (START.millis(), 1)] {
            let now = Timestamp::from_millis(now);
            let open = OpenConnector::open(slack.clone(), &names, &GlassVault, now).await;
            assert_eq!(open.unwrap().secrets.len(), expected, "{now}");
        }
        slack.webhook.previous_secrets_until = None;
        let by_hand = OpenConnector::open(slack, &names, &GlassVault, START).await;
        assert_eq!(by_hand.unwrap().secrets.len(), 2);
    }
}
