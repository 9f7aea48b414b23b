//! `/status/summary.json` in the shape of Statuspage's API v2, so that its pollers work.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use gonogo_engine::Time;
use gonogo_model::comms::PublicState;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::site::Site;
use crate::view::View;
use crate::web::components::State as Seen;

use super::{is_active, page, published};

pub(super) async fn show(State(site): State<Site>) -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::CACHE_CONTROL,
            "public, max-age=30, stale-if-error=86400",
        ),
    ];
    (
        headers,
        Json(document(&site.view(), site.clock.now(), &site.base_url)),
    )
        .into_response()
}

/// The document for a view.
pub(super) fn document(view: &View, now: Time, base_url: &str) -> Value {
    let shown = page(view, now);
    let updated = text(shown.data_at);
    let components: Vec<Value> = shown
        .groups
        .iter()
        .flat_map(|g| &g.components)
        .enumerate()
        .map(|(position, c)| {
            json!({
                "id": slug(&c.name), "name": c.name, "status": word(c.state), "description": null,
                "position": position + 1, "group": false, "group_id": null, "showcase": true,
                "only_show_if_degraded": false, "page_id": "gonogo", "start_date": null,
                "created_at": updated, "updated_at": updated,
            })
        })
        .collect();
    let incidents: Vec<Value> = published(view)
        .filter(|(i, u)| is_active(i, u))
        .map(|(i, latest)| {
            let id = format!("inc-{}", i.number);
            let updates: Vec<Value> = i.updates.iter().enumerate().rev().map(|(n, u)| {
                let at = text(u.at.timestamp());
                json!({
                    "id": format!("{id}-{n}"), "status": u.state.word(), "body": u.text, "incident_id": id,
                    "created_at": at, "updated_at": at, "display_at": at, "affected_components": null,
                    "deliver_notifications": true, "custom_tweet": null, "tweet_id": null,
                })
            }).collect();
            let monitoring = i.updates.iter().find(|u| u.state == PublicState::Monitoring);
            json!({
                "id": id, "name": latest.title, "status": latest.state.word(), "impact": "major",
                "created_at": text(i.opened_at.timestamp()), "started_at": text(i.opened_at.timestamp()),
                "updated_at": text(latest.at.timestamp()), "resolved_at": null,
                "monitoring_at": monitoring.map(|u| text(u.at.timestamp())),
                "shortlink": format!("{base_url}/status#incident-{}", i.number), "page_id": "gonogo",
                "incident_updates": updates, "components": [],
            })
        })
        .collect();
    let scheduled: Vec<Value> = shown
        .planned
        .iter()
        .map(|w| {
            let status = if w.on { "in_progress" } else { "scheduled" };
            json!({
                "id": format!("mnt-{}", w.id), "name": w.name, "status": status, "impact": "maintenance",
                "scheduled_for": text(w.from), "scheduled_until": text(w.until), "page_id": "gonogo",
                "created_at": updated, "updated_at": updated, "shortlink": format!("{base_url}/status"),
                "incident_updates": [{
                    "id": format!("mnt-{}-0", w.id), "status": status, "body": w.text, "incident_id": format!("mnt-{}", w.id),
                    "created_at": updated, "updated_at": updated, "display_at": updated,
                }],
                "components": [],
            })
        })
        .collect();
    json!({
        "page": {"id": "gonogo", "name": shown.site, "url": format!("{base_url}/status"), "time_zone": "Etc/UTC", "updated_at": updated},
        "status": {"indicator": indicator(shown.state, !incidents.is_empty()), "description": shown.sentence},
        "components": components, "incidents": incidents, "scheduled_maintenances": scheduled,
    })
}

fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Statuspage has no word for "nobody can say": it is nearest to degraded, and never to well.
fn word(state: Seen) -> &'static str {
    match state {
        Seen::Ok => "operational",
        Seen::Warn | Seen::Unknown => "degraded_performance",
        Seen::Bad => "major_outage",
    }
}

fn indicator(state: Seen, active: bool) -> &'static str {
    match state {
        Seen::Bad => "major",
        Seen::Ok if !active => "none",
        _ => "minor",
    }
}

fn slug(name: &str) -> String {
    gonogo_model::Id::from_static(name).to_string()
}
