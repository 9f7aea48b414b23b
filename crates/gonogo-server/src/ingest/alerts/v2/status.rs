//! What tools ask before they do anything: `/api/v2/status`, `/api/v2/receivers`, `/-/ready`.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gonogo_model::Id;
use gonogo_model::alert::Condition;
use gonogo_model::external::implied;
use serde_json::{Value, json};

use super::listed::{LISTED, Named, named, written};
use super::{No, Shown};
use crate::site::Site;
use crate::view::View;

/// `GET …/api/v2/status`
pub(super) async fn status(State(site): State<Site>, Shown(source): Shown) -> Json<Value> {
    let receivers: Vec<Named> = of(&site.view(), &source).into_iter().collect();
    let unknown = "unknown";
    Json(json!({
        "cluster": {"status": "disabled", "peers": []},
        "config": {"original": config(&receivers)},
        "uptime": written(site.clock.started()),
        "versionInfo": {
            "branch": unknown,
            "buildDate": unknown,
            "buildUser": unknown,
            "goVersion": unknown,
            "revision": "gonogo",
            "version": env!("CARGO_PKG_VERSION"),
        },
    }))
}

/// `GET …/api/v2/receivers`
pub(super) async fn receivers(State(site): State<Site>, Shown(source): Shown) -> Json<Vec<Value>> {
    let all = of(&site.view(), &source).into_iter();
    Json(all.map(|r| json!({"name": r.name, "labels": {}})).collect())
}

/// `GET …/-/healthy` and `GET …/-/ready`
pub(super) async fn alive() -> &'static str {
    "OK"
}

/// `POST …/-/reload`: packages are reloaded by people, with `gonogo reload`.
pub(super) async fn reload() -> No {
    let said = "the package is reloaded by gonogo itself";
    No::new(StatusCode::FORBIDDEN, said)
}

/// The alerts of the package that take something of a source.
fn of(view: &View, source: &Id) -> BTreeSet<Named> {
    let package = &view.plan.package;
    let takes = |c: &Condition| matches!(c, Condition::ExternalAlert(c) if c.source.id == *source);
    let declared = package.alerts.values().filter(|a| takes(&a.when));
    let mut all: BTreeSet<Named> = declared.map(|a| named(a.id.value.as_str())).collect();
    let rest = package.sources.get(source);
    match rest.and_then(|s| implied(s, package)) {
        Some(rest) => all.insert(named(rest.id.value.as_str())),
        None => all.insert(named(LISTED)),
    };
    all
}

/// A configuration that Alertmanager's tools can read: who is told of what the package says.
fn config(receivers: &[Named]) -> String {
    let quoted = |name: &str| Value::from(name).to_string();
    let first = receivers.first().map_or(LISTED, |r| r.name.as_str());
    let mut text = format!(
        "# gonogo: which alerts go where is written in the package (external_alert).\nroute:\n  receiver: {}\nreceivers:\n",
        quoted(first)
    );
    for receiver in receivers {
        text.push_str(&format!("  - name: {}\n", quoted(&receiver.name)));
    }
    text
}
