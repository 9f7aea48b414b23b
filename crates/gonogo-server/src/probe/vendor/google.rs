//! Google Cloud's `incidents.json`.
//!
//! What it really holds: `end` missing, null or empty while an incident is open; incidents that
//! ended and still list locations; one that nobody ever ended; `global`; "Multiple Products".
//! Invariant: an incident is over if and only if it says when, or says that all is available.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Feed, VendorNotice, Word, link, title, wanted};
use crate::probe::outcome::code;

/// What stands for every product.
const EVERY_PRODUCT: [&str; 3] = ["Multiple Products", "zall", "Google Cloud"];

#[derive(Deserialize)]
struct Incident {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    begin: Option<String>,
    #[serde(default)]
    end: Option<String>,
    #[serde(default)]
    modified: Option<String>,
    #[serde(default)]
    external_desc: Option<String>,
    #[serde(default)]
    status_impact: Option<String>,
    #[serde(default)]
    service_key: Option<String>,
    #[serde(default)]
    service_name: Option<String>,
    #[serde(default)]
    affected_products: Option<Vec<Named>>,
    #[serde(default)]
    currently_affected_locations: Option<Vec<Named>>,
    #[serde(default)]
    most_recent_update: Option<Update>,
    #[serde(default)]
    uri: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    current_title: Option<String>,
}

#[derive(Deserialize)]
struct Update {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    affected_locations: Option<Vec<Named>>,
}

/// Reads the feed.
pub(super) fn read(body: &[u8], feed: &Feed, url: &str, now: Timestamp) -> Result<Word, String> {
    let Feed::GoogleCloud {
        products,
        locations,
        informational,
        forgotten_after,
    } = feed
    else {
        return Err("it is not Google's".into());
    };
    let incidents: Vec<Incident> =
        serde_json::from_slice(body).map_err(|_| "it is not a list of incidents".to_string())?;
    let mut word = Word {
        about: about(products, locations),
        ..Word::default()
    };
    let forgotten = SignedDuration::try_from(*forgotten_after).unwrap_or(SignedDuration::MAX);
    for incident in &incidents {
        if !incident.is_about(products) || !incident.is_in(locations) {
            continue;
        }
        let begin = incident.begin.as_deref().and_then(instant);
        match incident.is_over(now) {
            Some(true) => continue,
            Some(false) => {}
            None => {
                let why = format!(
                    "The incident “{}” says neither that it goes on nor that it ended.",
                    incident.title()
                );
                word.unclear.get_or_insert((code::VENDOR_UNCLEAR, why));
                continue;
            }
        }
        let touched = incident.modified.as_deref().and_then(instant).or(begin);
        let forgotten = touched.is_none_or(|at| now.duration_since(at) > forgotten);
        let ahead = begin.is_some_and(|at| at > now);
        let impact = incident.status_impact.as_deref().unwrap_or_default();
        let counts = match impact {
            "SERVICE_DISRUPTION" | "SERVICE_OUTAGE" => true,
            "SERVICE_INFORMATION" => *informational,
            _ if forgotten => false,
            other => {
                let why = format!(
                    "The incident “{}” has the impact {:?}, which is not known here.",
                    incident.title(),
                    title(other)
                );
                word.unclear.get_or_insert((code::VENDOR_UNCLEAR, why));
                false
            }
        };
        let state = match (impact, forgotten) {
            (_, true) => "never ended, and forgotten".to_owned(),
            ("SERVICE_OUTAGE", _) => "outage".to_owned(),
            ("SERVICE_DISRUPTION", _) => "disruption".to_owned(),
            ("SERVICE_INFORMATION", _) => "information".to_owned(),
            (other, _) => title(other),
        };
        word.notices.push(VendorNotice {
            title: incident.title(),
            state,
            counts: counts && !forgotten && !ahead,
            since: begin,
            link: incident.link(url),
        });
    }
    Ok(word)
}

impl Incident {
    fn title(&self) -> String {
        let text = self
            .external_desc
            .as_deref()
            .filter(|t| !t.trim().is_empty());
        let id = self.id.as_deref().unwrap_or("an incident without a name");
        title(text.unwrap_or(id))
    }

    fn link(&self, feed: &str) -> Option<String> {
        let base = reqwest::Url::parse(feed).ok()?;
        link(base.join(self.uri.as_deref()?).ok()?.as_str())
    }

    fn is_about(&self, products: &[String]) -> bool {
        if products.is_empty() {
            return true;
        }
        let listed: Vec<&Named> = self.affected_products.iter().flatten().collect();
        let service = [
            self.service_key.as_deref().unwrap_or_default(),
            self.service_name.as_deref().unwrap_or_default(),
        ];
        if listed.is_empty() {
            // The old fields are all there is; without any nothing rules us out.
            let every = service
                .iter()
                .any(|s| s.is_empty() || EVERY_PRODUCT.contains(s));
            return every || wanted(products, &service);
        }
        listed.iter().any(|p| wanted(products, &p.words()))
            || listed
                .iter()
                .any(|p| p.words().iter().any(|w| EVERY_PRODUCT.contains(w)))
    }

    fn is_in(&self, locations: &[String]) -> bool {
        if locations.is_empty() {
            return true;
        }
        let now: Vec<&Named> = self.currently_affected_locations.iter().flatten().collect();
        let told: Vec<&Named> = match now.is_empty() {
            false => now,
            true => {
                let update = self.most_recent_update.as_ref();
                let told = update.and_then(|u| u.affected_locations.as_ref());
                told.into_iter().flatten().collect()
            }
        };
        // One that names no place rules none out.
        told.is_empty()
            || told.iter().any(|l| {
                let words = l.words();
                wanted(locations, &words) || words.iter().any(|w| w.eq_ignore_ascii_case("global"))
            })
    }

    /// Is it over? `None` where it says something that cannot be read.
    fn is_over(&self, now: Timestamp) -> Option<bool> {
        let end = self.end.as_deref().map(str::trim).unwrap_or_default();
        if !end.is_empty() {
            // Locations that are still listed do not bring it back.
            return instant(end).map(|at| at <= now);
        }
        let update = self.most_recent_update.as_ref();
        let available = update.and_then(|u| u.status.as_deref()) == Some("AVAILABLE");
        Some(available)
    }
}

impl Named {
    fn words(&self) -> Vec<&str> {
        [&self.id, &self.title, &self.current_title]
            .into_iter()
            .filter_map(Option::as_deref)
            .filter(|w| !w.is_empty())
            .collect()
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

fn about(products: &[String], locations: &[String]) -> String {
    let what = match products {
        [] => "Google Cloud".to_owned(),
        some => some.join(", "),
    };
    match locations {
        [] => what,
        some => format!("{what} in {}", some.join(", ")),
    }
}
