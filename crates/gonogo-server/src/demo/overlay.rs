//! The demonstration's overlay: targets at this machine, short deadlines, a local inbox.
//!
//! It follows from the package that is shown and never changes it: the digest stays, and
//! every replaced value is printed. Nobody's real address is ever used, because every
//! contact of every person is replaced.

use std::path::Path;

use gonogo_engine::rehearsal::{agreed, well};
use gonogo_model::Package;
use gonogo_model::check::Probe;
use gonogo_model::gauge::GaugeFrom;
use gonogo_model::overlay::Overlay;

use super::pace::Pace;

/// How the world of the demonstration is reached.
pub(super) struct Places<'a> {
    /// `http://127.0.0.1:port`
    pub world: &'a str,
    /// `127.0.0.1:port` of the TLS listener.
    pub tls: &'a str,
    /// The certificate authority of the TLS listener.
    pub roots: &'a Path,
}

/// What stands in for written values while the demonstration runs.
pub(super) fn overlay(package: &Package, places: &Places<'_>, pace: Pace) -> Overlay {
    let mut set = Overlay::default();
    for (id, check) in &package.checks {
        let id = id.as_str();
        match &check.probe {
            Probe::Http(_) => {
                set.set(
                    "checks",
                    id,
                    "probe.http.url",
                    format!("{}/check/{id}", places.world),
                );
                set.set("checks", id, "probe.http.headers", "{}");
                set.set("checks", id, "probe.http.allow_private", "true");
            }
            Probe::VendorStatus(vendor) => {
                let field = |name: &str| format!("probe.vendor_status.{}.{name}", vendor.key());
                let url = format!("{}/check/{id}/summary.json", places.world);
                set.set("checks", id, &field("url"), url);
                set.set("checks", id, &field("allow_private"), "true");
            }
            Probe::Heartbeat(_) => {}
            Probe::Tls(_) => {
                set.set("checks", id, "probe.tls.connect_to", quoted(places.tls));
                set.set(
                    "checks",
                    id,
                    "probe.tls.trust",
                    quoted(&places.roots.display().to_string()),
                );
                set.set("checks", id, "probe.tls.allow_private", "true");
            }
            Probe::Registration(_) => {
                let registry = quoted(&format!("{}/rdap", places.world));
                set.set("checks", id, "probe.registration.rdap", registry);
                set.set("checks", id, "probe.registration.allow_private", "true");
            }
            // The demonstration's world speaks no DNS and no gRPC: a page answers instead.
            Probe::Dns(_) | Probe::Tcp(_) | Probe::Grpc(_) | Probe::Acme(_) => {
                let url = quoted(&format!("{}/check/{id}", places.world));
                let probe = format!("{{http: {{url: {url}, allow_private: true}}}}");
                set.set("checks", id, "probe", probe);
            }
        }
        if let Probe::Heartbeat(_) = &check.probe {
            // No job runs here: its check says that it cannot tell, as it should.
            set.set("checks", id, "probe.heartbeat", "{grace: 24h}");
            set.set("checks", id, "every", "24h");
            continue;
        }
        set.set("checks", id, "every", pace.shorten(2.0));
        set.set("checks", id, "timeout", "2s");
        set.set("checks", id, "fails_after", "2");
        set.set("checks", id, "recovers_after", "2");
        set.set("checks", id, "unknown_after", "60s");
    }
    // The demonstration's world has no customers: an empty list says so.
    for id in package.fleets.keys() {
        let url = quoted(&format!("{}/domains", places.world));
        let inventory = format!("{{http: {{url: {url}, allow_private: true}}}}");
        set.set("fleets", id.as_str(), "inventory", inventory);
        set.set("fleets", id.as_str(), "edge", quoted(places.tls));
        set.set("fleets", id.as_str(), "resolvers", "['127.0.0.1:9']");
        set.set("fleets", id.as_str(), "allow_private", "true");
    }
    measures(package, places, &mut set);
    for id in package.flows.keys() {
        set.set("flows", id.as_str(), "deadline", pace.shorten(20.0));
    }
    for (id, person) in &package.people {
        let ways: Vec<String> = person
            .contacts
            .iter()
            .filter(|c| c.channel.value.wakes())
            .map(|_| format!("{{channel: ntfy, to: '{}/inbox/{id}'}}", places.world))
            .take(1)
            .collect();
        set.set(
            "people",
            id.as_str(),
            "contacts",
            format!("[{}]", ways.join(", ")),
        );
    }
    for id in package.teams.keys() {
        set.set("teams", id.as_str(), "rooms", "[]");
    }
    for (id, policy) in &package.escalation_policies {
        for step in 0..policy.steps.len() {
            set.set(
                "escalation_policies",
                id.as_str(),
                &format!("steps.{step}.wait"),
                pace.shorten(15.0),
            );
        }
        set.set(
            "escalation_policies",
            id.as_str(),
            "fallback_every",
            pace.shorten(60.0),
        );
    }
    for (id, alert) in &package.alerts {
        if !alert.hold.is_zero() {
            set.set("alerts", id.as_str(), "hold", pace.shorten(5.0));
        }
    }
    for field in [
        ("confirm_within", 10.0),
        ("straggler_after", 60.0),
        ("soak", 10.0),
    ] {
        set.set(
            "package",
            "",
            &format!("grouping.{}", field.0),
            pace.shorten(field.1),
        );
    }
    if package
        .header
        .as_ref()
        .is_some_and(|h| h.dead_man.is_some())
    {
        set.set(
            "package",
            "",
            "dead_man.url",
            quoted(&format!("{}/heartbeat", places.world)),
        );
    }
    let uplink = package.header.as_ref().and_then(|h| h.uplink.as_ref());
    if uplink.is_some() {
        let port = places.world.rsplit(':').next().unwrap_or_default();
        let world =
            format!("{{targets: [{{host: 127.0.0.1, port: {port}, allow_private: true}}]}}");
        set.set("package", "", "uplink", world);
    }
    for rule in 0..package.comms.as_ref().map_or(0, |c| c.rules.len()) {
        set.set(
            "comms",
            "",
            &format!("rules.{rule}.first_update"),
            pace.shorten(20.0),
        );
        set.set(
            "comms",
            "",
            &format!("rules.{rule}.cadence"),
            pace.shorten(45.0),
        );
        set.set(
            "comms",
            "",
            &format!("rules.{rule}.overdue_after"),
            pace.shorten(10.0),
        );
    }
    set
}

/// Numbers and values that are asked for are well, and asked for at this machine.
fn measures(package: &Package, places: &Places<'_>, set: &mut Overlay) {
    let at = |value: &str| {
        let url = quoted(&format!("{}/value/{value}", places.world));
        format!("{{http_json: {{url: {url}, path: value, allow_private: true}}}}")
    };
    for (id, gauge) in &package.gauges {
        if !matches!(gauge.from, GaugeFrom::Event(_)) {
            let number = well(gauge, package).to_string();
            set.set("gauges", id.as_str(), "from", at(&number));
        }
    }
    for (id, skew) in &package.skews {
        for (name, side) in [("expected", &skew.expected), ("actual", &skew.actual)] {
            if side.is_asked() {
                set.set("skews", id.as_str(), name, at(agreed(skew)));
            }
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
