//! The `summary.json` of a page of Statuspage's kind.
//!
//! Invariant: a component that was asked for and is not on the page is unknown, because a
//! vendor that renames it must not turn it green.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Feed, Level, VendorNotice, Word, link, title, wanted};
use crate::probe::outcome::code;

#[derive(Deserialize)]
struct Summary {
    page: Page,
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    incidents: Vec<Incident>,
    #[serde(default)]
    scheduled_maintenances: Vec<Incident>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    indicator: String,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    group_id: Option<String>,
    #[serde(default)]
    group: Option<bool>,
    #[serde(default)]
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct Incident {
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    impact: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    shortlink: Option<String>,
    #[serde(default)]
    components: Option<Vec<Named>>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    id: String,
}

/// What a word for a state means.
enum Meaning {
    Well,
    Bad(Level),
    Maintained,
    Unheard,
}

fn meaning(word: &str) -> Meaning {
    match word {
        "operational" | "none" => Meaning::Well,
        "degraded_performance" | "minor" => Meaning::Bad(Level::Degraded),
        "partial_outage" | "major" => Meaning::Bad(Level::Partial),
        "major_outage" | "critical" => Meaning::Bad(Level::Major),
        "under_maintenance" | "maintenance" => Meaning::Maintained,
        _ => Meaning::Unheard,
    }
}

/// Reads the page.
pub(super) fn read(body: &[u8], feed: &Feed, now: Timestamp) -> Result<Word, String> {
    let Feed::Statuspage {
        components, groups, ..
    } = feed
    else {
        return Err("it is not a status page".into());
    };
    let page: Summary =
        serde_json::from_slice(body).map_err(|_| "it is no summary.json".to_string())?;
    let mut word = Word::default();
    if components.is_empty() && groups.is_empty() {
        whole(&page, feed, &mut word, now)?;
    } else {
        parts(&page, feed, components, groups, &mut word);
    }
    Ok(word)
}

/// The page as a whole.
fn whole(page: &Summary, feed: &Feed, word: &mut Word, now: Timestamp) -> Result<(), String> {
    let status = page.status.as_ref().ok_or("it has no status")?;
    word.about = page.called();
    let about: Vec<&Component> = Vec::new();
    let mut incidents = page.incidents_of(&about);
    if let Some(counts) = page.counts(&status.indicator, feed, &page.called(), word) {
        let first = incidents.next();
        word.notices.push(VendorNotice {
            title: title(first.map_or_else(
                || status.description.as_deref().unwrap_or(&status.indicator),
                |i| i.name.as_str(),
            )),
            state: words(&status.indicator),
            counts,
            since: first.and_then(Incident::since).filter(|at| *at <= now),
            link: page.link(first),
        });
    } else {
        // Incidents without impact are for information.
        let Feed::Statuspage { informational, .. } = feed else {
            return Ok(());
        };
        word.notices.extend(incidents.map(|i| VendorNotice {
            title: title(&i.name),
            state: words(i.impact.as_deref().unwrap_or(&i.status)),
            counts: *informational,
            since: i.since(),
            link: page.link(Some(i)),
        }));
    }
    Ok(())
}

/// Only the components that are used.
fn parts(page: &Summary, feed: &Feed, components: &[String], groups: &[String], word: &mut Word) {
    let all = components.iter().chain(groups).cloned();
    word.about = format!(
        "{} of {}",
        all.collect::<Vec<_>>().join(", "),
        page.called()
    );
    let mut used: Vec<&Component> = Vec::new();
    for name in components {
        let one = std::slice::from_ref(name);
        let found = page.components.iter();
        let mut found = found.filter(|c| wanted(one, &[&c.name, &c.id])).peekable();
        if found.peek().is_none() {
            unlisted("component", name, word);
        }
        used.extend(found);
    }
    for name in groups {
        let one = std::slice::from_ref(name);
        let is_group = |c: &&Component| c.group == Some(true) && wanted(one, &[&c.name, &c.id]);
        let Some(group) = page.components.iter().find(is_group) else {
            unlisted("group", name, word);
            continue;
        };
        let members = page.components.iter();
        let mut members = members
            .filter(|c| c.group_id.as_deref() == Some(&group.id))
            .peekable();
        if members.peek().is_none() {
            used.push(group);
        }
        used.extend(members);
    }
    for component in used {
        let name = title(&component.name);
        let Some(counts) = page.counts(&component.status, feed, &name, word) else {
            continue;
        };
        let about = [component];
        let first = page.incidents_of(&about).next();
        word.notices.push(VendorNotice {
            title: match first {
                Some(incident) => format!("{name}: {}", title(&incident.name)),
                None => name,
            },
            state: words(&component.status),
            counts,
            since: first
                .and_then(Incident::since)
                .or_else(|| instant(component.updated_at.as_deref())),
            link: page.link(first),
        });
    }
}

fn unlisted(what: &str, name: &str, word: &mut Word) {
    let why = format!(
        "The page has no {what} {:?}: it may have been renamed.",
        title(name)
    );
    word.unclear.get_or_insert((code::VENDOR_UNLISTED, why));
}

impl Summary {
    fn called(&self) -> String {
        title(self.page.name.as_deref().unwrap_or("the vendor"))
    }

    /// Does a state count as a failure? `None` where all is well or nothing is known.
    fn counts(&self, state: &str, feed: &Feed, about: &str, word: &mut Word) -> Option<bool> {
        let Feed::Statuspage {
            fails_from,
            informational,
            ..
        } = feed
        else {
            return None;
        };
        match meaning(state) {
            Meaning::Well => None,
            Meaning::Bad(level) => Some(level >= *fails_from),
            Meaning::Maintained => Some(*informational),
            Meaning::Unheard => {
                let why = format!(
                    "{about} has the state {:?}, which is not known here.",
                    title(state)
                );
                word.unclear.get_or_insert((code::VENDOR_UNCLEAR, why));
                None
            }
        }
    }

    /// Open incidents and maintenance under way that name one of these components; all, where
    /// there are none.
    fn incidents_of<'a>(&'a self, of: &'a [&'a Component]) -> impl Iterator<Item = &'a Incident> {
        let open = |i: &&Incident| {
            !matches!(
                i.status.as_str(),
                "resolved" | "postmortem" | "scheduled" | "completed"
            )
        };
        let about = move |i: &&Incident| {
            of.is_empty()
                || i.components
                    .iter()
                    .flatten()
                    .any(|n| of.iter().any(|c| c.id == n.id))
        };
        self.incidents
            .iter()
            .chain(&self.scheduled_maintenances)
            .filter(open)
            .filter(about)
    }

    fn link(&self, incident: Option<&Incident>) -> Option<String> {
        let own = incident.and_then(|i| i.shortlink.as_deref());
        own.and_then(link)
            .or_else(|| link(self.page.url.as_deref()?))
    }
}

impl Incident {
    fn since(&self) -> Option<Timestamp> {
        instant(self.started_at.as_deref()).or_else(|| instant(self.created_at.as_deref()))
    }
}

fn instant(text: Option<&str>) -> Option<Timestamp> {
    text?.trim().parse().ok()
}

/// `partial_outage` as people read it.
fn words(state: &str) -> String {
    title(&state.replace('_', " "))
}
