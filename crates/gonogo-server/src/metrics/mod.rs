//! `/metrics`: how gonogo itself is doing, for Prometheus.
//!
//! Labels are words of our own and ids of the package, so a scrape cannot grow with what the
//! world sends. It tells how much goes wrong and where, so it is for those who may read: a
//! token, or a request from this machine itself that no proxy passed on. Invariant: a scrape
//! reads counters and indexed rows, and never waits for the engine.

mod exposition;
mod sent;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_engine::check::Health;
use gonogo_engine::engine::ENGINE_VERSION;
use gonogo_model::alert::Severity;
use gonogo_model::team::Channel;

use exposition::{CONTENT_TYPE, Exposition, Type};
pub use sent::Sent;

use crate::api::{Problem, health};
use crate::auth::Identity;
use crate::site::Site;
use crate::store::{DeadLetterCount, Lane, OutboxCounts, StoreError};
use crate::view::View;

/// Headers that a proxy adds to what it passes on.
const PASSED_ON: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// `GET /metrics`
pub async fn get(
    State(site): State<Site>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    who: Option<Identity>,
) -> Response {
    if who.is_none() && !is_from_here(from, &headers) {
        let message = "Metrics need an API token, or a request from this machine.";
        return Problem::new(StatusCode::UNAUTHORIZED, "sign_in", message)
            .help("Make one with the scope `read`, and send it as a bearer token.")
            .into_response();
    }
    match written(&site).await {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// A proxy on this machine connects from loopback too, and asks for others.
fn is_from_here(from: SocketAddr, headers: &HeaderMap) -> bool {
    let passed_on = PASSED_ON.iter().any(|name| headers.contains_key(*name));
    from.ip().to_canonical().is_loopback() && !passed_on
}

async fn written(site: &Site) -> Result<String, StoreError> {
    let (outbox, dead) = site
        .store
        .blocking(|s| Ok((s.outbox_counts()?, s.dead_letter_counts()?)))
        .await?;
    let view = site.view();
    let mut out = Exposition::default();
    build(&mut out);
    intake(&mut out, site, &dead);
    journal(&mut out, site, &view);
    messages(&mut out, site, outbox);
    signals(&mut out, &view);
    disk_and_memory(&mut out, site);
    Ok(out.finish())
}

fn build(out: &mut Exposition) {
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("engine", ENGINE_VERSION),
    ];
    out.metric("gonogo_build_info", Type::Gauge, "What is running.")
        .put(&labels, 1);
}

fn intake(out: &mut Exposition, site: &Site, dead: &[DeadLetterCount]) {
    let tallies = site.intake.tallies();
    let help = "Requests that were accepted.";
    let mut samples = out.metric("gonogo_ingest_accepted_total", Type::Counter, help);
    for (source, tally) in &tallies {
        samples.put(&[("source", source.as_str())], tally.accepted);
    }
    let help = "Events that had come before.";
    let mut samples = out.metric("gonogo_ingest_duplicates_total", Type::Counter, help);
    for (source, tally) in &tallies {
        samples.put(&[("source", source.as_str())], tally.duplicates);
    }
    let help = "Requests that were refused, by stable code.";
    let mut samples = out.metric("gonogo_ingest_refused_total", Type::Counter, help);
    for (source, tally) in &tallies {
        for (code, count) in &tally.refused {
            samples.put(&[("source", source.as_str()), ("code", code)], count);
        }
    }
    let help = "Genuine requests that could not be understood and wait for a replay.";
    let mut samples = out.metric("gonogo_dead_letters", Type::Gauge, help);
    for count in dead {
        samples.put(&[("source", &count.source)], count.open);
    }
    let help = "Dead letters that had to leave at the limit, ever.";
    let mut samples = out.metric("gonogo_dead_letters_dropped_total", Type::Counter, help);
    for count in dead {
        samples.put(&[("source", &count.source)], count.dropped);
    }
}

fn journal(out: &mut Exposition, site: &Site, view: &View) {
    let store = &site.store;
    let heads = *store.heads().borrow();
    let word = |lane: Lane| lane.to_string();
    let help = "The last input of each lane.";
    let mut samples = out.metric("gonogo_journal_head", Type::Gauge, help);
    for lane in Lane::ALL {
        samples.put(&[("lane", &word(lane))], heads.of(lane));
    }
    let help = "The last input of each lane that the engine has handled.";
    let mut samples = out.metric("gonogo_journal_applied", Type::Gauge, help);
    for lane in Lane::ALL {
        samples.put(&[("lane", &word(lane))], store.applied(lane));
    }
    let help = "Inputs that wait for the engine.";
    let mut samples = out.metric("gonogo_journal_waiting", Type::Gauge, help);
    for lane in Lane::ALL {
        samples.put(&[("lane", &word(lane))], store.waiting(lane).inputs);
    }
    let help = "Bytes of the inputs that wait for the engine.";
    let mut samples = out.metric("gonogo_journal_waiting_bytes", Type::Gauge, help);
    for lane in Lane::ALL {
        samples.put(&[("lane", &word(lane))], store.waiting(lane).bytes);
    }
    out.metric(
        "gonogo_engine_step",
        Type::Gauge,
        "The last committed step.",
    )
    .put(&[], store.last_step());
    let now = site.clock.now();
    let age = |at| seconds(now.since(at).as_millis());
    let help = "How old what pages show is. It grows while nothing happens.";
    out.metric("gonogo_view_age_seconds", Type::Gauge, help)
        .put(&[], age(view.at));
    let help = "How long ago our own intake was proven to hear; no sample before the first proof.";
    let mut samples = out.metric("gonogo_heard_age_seconds", Type::Gauge, help);
    if let Some(at) = view.heard {
        samples.put(&[], age(at));
    }
    let help = "How far the wall clock is ahead of the clock that deadlines run on.";
    out.metric("gonogo_clock_difference_seconds", Type::Gauge, help)
        .put(&[], seconds(site.clock.wall_ahead_ms()));
}

fn messages(out: &mut Exposition, site: &Site, outbox: OutboxCounts) {
    let help = "Effects in the outbox, by state.";
    out.metric("gonogo_outbox", Type::Gauge, help)
        .put(&[("state", "pending")], outbox.pending)
        .put(&[("state", "sending")], outbox.sending)
        .put(&[("state", "delivered")], outbox.delivered)
        .put(&[("state", "failed")], outbox.failed)
        .put(&[("state", "cancelled")], outbox.cancelled);
    let help = "Attempts to send a message. Of mail, handed over is not read.";
    let mut samples = out.metric("gonogo_notifications_total", Type::Counter, help);
    for channel in Channel::ALL {
        for outcome in sent::OUTCOMES {
            let labels = [("channel", channel.word()), ("outcome", outcome)];
            samples.put(&labels, site.sent.of(*channel, outcome));
        }
    }
}

/// What SLOs counted: those that are made of others count nothing themselves.
fn slos(out: &mut Exposition, view: &View) {
    let counted = || {
        let declared = &view.plan.package.slos;
        view.slos.iter().filter(|s| {
            declared
                .get(&s.id)
                .is_some_and(|d| !d.sli.is_made_of_slos())
        })
    };
    let help = "Good items of an SLO, ever.";
    let mut samples = out.metric("gonogo_slo_good_total", Type::Counter, help);
    for slo in counted() {
        samples.put(&[("slo", slo.id.as_str())], slo.figures.ever.good);
    }
    let help = "All items of an SLO, ever.";
    let mut samples = out.metric("gonogo_slo_items_total", Type::Counter, help);
    for slo in counted() {
        let ever = slo.figures.ever;
        samples.put(
            &[("slo", slo.id.as_str())],
            ever.good.saturating_add(ever.bad),
        );
    }
    let help = "Where an SLO stands: 1 for the state that it is in.";
    let mut samples = out.metric("gonogo_slo_state", Type::Gauge, help);
    for slo in view.slos.iter() {
        let state = slo.figures.standing.word();
        samples.put(&[("slo", slo.id.as_str()), ("state", state)], 1);
    }
}

fn signals(out: &mut Exposition, view: &View) {
    let help = "Times that it could not be decided whether an event matches a condition.";
    let mut samples = out.metric("gonogo_undecided_events_total", Type::Counter, help);
    for source in &view.sources {
        samples.put(&[("source", source.id.as_str())], source.undecided);
    }
    let help = "Open incidents, by severity.";
    let mut samples = out.metric("gonogo_incidents_open", Type::Gauge, help);
    let open = view.open_incidents();
    for severity in Severity::ALL {
        let count = open.iter().filter(|i| i.severity == *severity).count();
        samples.put(&[("severity", severity.word())], count);
    }
    let help = "Checks, by what is known. Unknown is not ok.";
    let mut samples = out.metric("gonogo_checks", Type::Gauge, help);
    for state in [Health::Ok, Health::Unknown, Health::Failing] {
        let count = view.checks.iter().filter(|c| c.health == state).count();
        samples.put(&[("state", health(state))], count);
    }
    let help = "When an agent was last heard of, in seconds since 1970, by place.";
    let mut samples = out.metric("gonogo_agent_heard_timestamp_seconds", Type::Gauge, help);
    for (place, agent) in &view.agents {
        let heard = agent.heard_at.as_millis() / 1000;
        samples.put(&[("place", place.as_str())], heard);
    }
    let help = "Starts without an end, by flow.";
    let mut samples = out.metric("gonogo_flow_open", Type::Gauge, help);
    for flow in &view.flows {
        samples.put(&[("flow", flow.id.as_str())], flow.open);
    }
    let help = "Starts whose end is overdue, by flow.";
    let mut samples = out.metric("gonogo_flow_overdue", Type::Gauge, help);
    for flow in &view.flows {
        samples.put(&[("flow", flow.id.as_str())], flow.overdue);
    }
    slos(out, view);
    let help = "What is wrong with gonogo itself, by stable code.";
    let mut samples = out.metric("gonogo_trouble", Type::Gauge, help);
    for code in view.troubles.keys() {
        samples.put(&[("code", code)], 1);
    }
}

fn disk_and_memory(out: &mut Exposition, site: &Site) {
    let raw = site.store.raw_stats();
    let help = "Bytes of request bodies that are kept, encrypted.";
    out.metric("gonogo_raw_bytes", Type::Gauge, help)
        .put(&[], raw.bytes);
    let help = "Request bodies that were not kept, for want of room.";
    out.metric("gonogo_raw_dropped_total", Type::Counter, help)
        .put(&[], raw.dropped);
    let help = "Bytes free on the journal's disk, as of the last commit.";
    out.metric("gonogo_disk_free_bytes", Type::Gauge, help)
        .put(&[], site.store.free_bytes());
    let help = "Whether the intake is refused because that disk is nearly full.";
    out.metric("gonogo_disk_low", Type::Gauge, help)
        .put(&[], u8::from(site.store.is_low_on_space()));
    let help = "Resident memory.";
    let mut samples = out.metric("process_resident_memory_bytes", Type::Gauge, help);
    if let Some(bytes) = resident_bytes() {
        samples.put(&[], bytes);
    }
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// `VmRSS` of `/proc/self/status`, which is in kB; nothing on systems without it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kb: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kb * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_itself_needs_no_token() {
        let plain = HeaderMap::new();
        let here = |ip: &str| is_from_here(format!("{ip}:1").parse().unwrap(), &plain);
        assert!(here("127.0.0.1") && here("127.8.8.8") && here("[::1]"));
        assert!(here("[::ffff:127.0.0.1]"));
        assert!(!here("10.0.0.1") && !here("[2001:db8::1]"));
        for name in PASSED_ON {
            let mut headers = HeaderMap::new();
            headers.insert(name, "192.0.2.7".parse().unwrap());
            let from = "127.0.0.1:1".parse().unwrap();
            assert!(!is_from_here(from, &headers), "{name}");
        }
    }

    #[test]
    fn the_memory_of_this_process_is_known() {
        assert!(resident_bytes().is_none_or(|bytes| bytes > 1024 * 1024));
    }
}
