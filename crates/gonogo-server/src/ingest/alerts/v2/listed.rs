//! The alerts of a source, taken and listed: `/api/v2/alerts` and `/api/v2/alerts/groups`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use gonogo_engine::Time;
use gonogo_engine::external::{Externals, Held, Pattern, RESOLVE_TIMEOUT, Word};
use gonogo_engine::input::Matcher;
use serde::Serialize;

use super::{No, Pairs, Shown, filters, wanted};
use crate::site::Site;

/// The receiver of alerts that nothing in the package takes: they are listed.
pub(super) const LISTED: &str = "listed";

/// An alert as Alertmanager lists it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    annotations: BTreeMap<String, String>,
    ends_at: String,
    fingerprint: String,
    receivers: Vec<Named>,
    starts_at: String,
    status: Status,
    updated_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<String>,
    labels: BTreeMap<String, String>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    inhibited_by: Vec<String>,
    muted_by: Vec<String>,
    silenced_by: Vec<String>,
    state: &'static str,
}

/// Something that has a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Named {
    pub(super) name: String,
}

/// Alerts that one receiver is told of together.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    alerts: Vec<Alert>,
    labels: BTreeMap<String, String>,
    receiver: Named,
    route_labels: BTreeMap<String, String>,
}

/// `POST …/api/v2/alerts`
pub(super) async fn take(
    State(site): State<Site>,
    Shown(source): Shown,
    request: Request,
) -> Result<StatusCode, No> {
    site.intake.post_alerts(&source, request).await?;
    Ok(StatusCode::OK)
}

/// `GET …/api/v2/alerts`
pub(super) async fn alerts(
    State(site): State<Site>,
    Shown(source): Shown,
    Query(pairs): Query<Pairs>,
) -> Result<Json<Vec<Alert>>, No> {
    let asked = Asked::read(&pairs)?;
    let (view, now) = (site.view(), site.clock.now());
    let known = view.externals.get(&source);
    Ok(Json(known.map_or_else(Vec::new, |k| asked.of(k, now))))
}

/// `GET …/api/v2/alerts/groups`
pub(super) async fn groups(
    State(site): State<Site>,
    Shown(source): Shown,
    Query(pairs): Query<Pairs>,
) -> Result<Json<Vec<Group>>, No> {
    let asked = Asked::read(&pairs)?;
    let (view, now) = (site.view(), site.clock.now());
    let known = view.externals.get(&source);
    let found = known.map_or_else(Vec::new, |k| asked.of(k, now));
    let mut groups: BTreeMap<Named, Vec<Alert>> = BTreeMap::new();
    for alert in found {
        let theirs = alert.receivers.iter().filter(|r| asked.receives(r));
        for receiver in theirs.cloned().collect::<Vec<_>>() {
            groups.entry(receiver).or_default().push(alert.clone());
        }
    }
    let group = |(receiver, alerts)| Group {
        alerts,
        labels: BTreeMap::new(),
        receiver,
        route_labels: BTreeMap::new(),
    };
    Ok(Json(groups.into_iter().map(group).collect()))
}

/// Which alerts are asked for.
struct Asked {
    active: bool,
    silenced: bool,
    filters: Vec<(Matcher, Pattern)>,
    receiver: Option<Pattern>,
    /// Receivers have no labels here, so only what matches none of them matches.
    of_receivers: Vec<(Matcher, Pattern)>,
}

impl Asked {
    fn read(pairs: &Pairs) -> Result<Self, No> {
        // Nothing is inhibited, muted or waits here, so leaving it out leaves out nothing.
        for name in ["inhibited", "unprocessed", "muted"] {
            wanted(pairs, name)?;
        }
        let receiver = pairs.iter().rev().find(|(name, _)| name == "receiver");
        let receiver = receiver.map(|(_, value)| Matcher {
            name: String::new(),
            value: value.clone(),
            regex: true,
            equal: true,
        });
        if let Some(said) = receiver.as_ref().filter(|m| !super::matcher::is_regex(m)) {
            let said = format!("failed to parse receiver param: {:?}", said.value);
            return Err(No::bad(said));
        }
        let ready = |m: Matcher| {
            let pattern = Pattern::from(&m);
            (m, pattern)
        };
        let all = |name: &str| -> Result<Vec<(Matcher, Pattern)>, No> {
            Ok(filters(pairs, name)?.into_iter().map(ready).collect())
        };
        Ok(Self {
            active: wanted(pairs, "active")?,
            silenced: wanted(pairs, "silenced")?,
            filters: all("filter")?,
            receiver: receiver.map(|m| Pattern::from(&m)),
            of_receivers: all("receiver_matchers")?,
        })
    }

    fn of(&self, known: &Externals, now: Time) -> Vec<Alert> {
        let all = known.alerts.iter();
        all.filter(|(_, held)| self.takes(held, now))
            .map(|(fingerprint, held)| alert(fingerprint, held))
            .filter(|alert| alert.receivers.iter().any(|r| self.receives(r)))
            .collect()
    }

    fn takes(&self, held: &Held, now: Time) -> bool {
        let fires = held.standing == Word::Firing && held.ends_at.is_none_or(|at| at > now);
        let wanted = match held.silenced_by.is_empty() {
            true => self.active,
            false => self.silenced,
        };
        fires && wanted && matches_all(&self.filters, &held.labels)
    }

    fn receives(&self, receiver: &Named) -> bool {
        let name = BTreeMap::from([(String::new(), receiver.name.clone())]);
        self.receiver.as_ref().is_none_or(|p| p.matches(&name))
            && matches_all(&self.of_receivers, &BTreeMap::new())
    }
}

fn matches_all(all: &[(Matcher, Pattern)], labels: &BTreeMap<String, String>) -> bool {
    all.iter().all(|(_, pattern)| pattern.matches(labels))
}

fn alert(fingerprint: &str, held: &Held) -> Alert {
    let mut receivers: Vec<Named> = held.taken_by.iter().map(|id| named(id.as_str())).collect();
    if receivers.is_empty() {
        receivers.push(named(LISTED));
    }
    let ends_at = held.ends_at.unwrap_or(held.updated_at + RESOLVE_TIMEOUT);
    Alert {
        annotations: held.annotations.clone(),
        ends_at: written(ends_at),
        fingerprint: fingerprint.to_owned(),
        receivers,
        starts_at: written(held.starts_at),
        status: Status {
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
            silenced_by: held.silenced_by.clone(),
            state: match held.silenced_by.is_empty() {
                true => "active",
                false => "suppressed",
            },
        },
        updated_at: written(held.updated_at),
        generator_url: held.url.clone(),
        labels: held.labels.clone(),
    }
}

pub(super) fn named(name: &str) -> Named {
    Named { name: name.into() }
}

/// A time as Alertmanager writes it.
pub(super) fn written(at: Time) -> String {
    format!("{:.3}", at.timestamp())
}
