//! What happens in the demonstration, and when.
//!
//! The script breaks the world and never touches the engine: whatever is detected, grouped
//! and paged comes out of the package. It breaks things by what the package declares (its
//! flows from Stripe, its certificates, its checks), so it plays any package.

use std::collections::BTreeSet;
use std::time::Duration;

use gonogo_model::alert::{Condition, Urgency};
use gonogo_model::check::{Check, Probe};
use gonogo_model::comms::PublicState;
use gonogo_model::component::ComponentKind;
use gonogo_model::flow::Flow;
use gonogo_model::source::Provider;
use gonogo_model::{Id, Package};
use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::blast::Blast;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::pace::Pace;
use super::traffic::{Traffic, before};
use super::world::World;

/// How far back the healthy traffic goes, in seconds.
const HISTORY_SECS: i64 = 600;

/// What breaks in the demonstration, by what the package declares.
#[derive(Clone, Debug, Default)]
pub(super) struct Cast {
    /// The flow whose end goes missing once.
    pub charge: Option<Flow>,
    /// The check that sees a certificate run out, and its host.
    pub certificate: Option<(Id, String)>,
    /// The checks that fail in the outage, in the order they do.
    pub outage: Vec<Id>,
    /// The flow whose ends fail in the outage.
    pub deployment: Option<Flow>,
}

/// What an outage strikes: of the vendors that one of these checks asks, the one with which most
/// falls, and all that falls with it.
fn struck(package: &Package, checks: &[Id]) -> Option<BTreeSet<Id>> {
    let graph = Graph::new(package);
    let asked = checks.iter().filter_map(|id| package.checks.get(id));
    let vendors = asked
        .filter_map(|c| package.components.get(&c.component.id))
        .filter(|c| c.kind == ComponentKind::Vendor);
    let falls = vendors.filter_map(|c| {
        let blast = Blast::of(package, &graph, &c.id.value)?;
        let with_it = blast.fails.iter().map(|hit| hit.node.id().clone());
        Some(
            with_it
                .chain([c.id.value.clone()])
                .collect::<BTreeSet<Id>>(),
        )
    });
    falls.max_by_key(BTreeSet::len)
}

/// Something that was broken, and when.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// When, from the start.
    pub at: Duration,
    /// The alerts that should notice.
    pub alerts: BTreeSet<Id>,
}

/// The three failures, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failure {
    Charge,
    Certificate,
    Outage,
}

/// One turn of the script.
#[derive(Clone, Debug)]
pub(super) enum Cue {
    /// Something in the world changed; a sentence for whoever watches.
    Happened(String),
    /// Something was broken.
    Broke(Failure, String),
    /// Whoever was called for a failure should answer by now.
    Answer(Failure),
    /// Whoever writes to customers approves an update about a failure.
    Tell(Failure, PublicState),
    /// It is over.
    End,
}

impl Cast {
    /// Finds the parts in a package.
    pub(super) fn of(package: &Package) -> Self {
        let from = |f: &&Flow, kind| {
            package
                .sources
                .get(&f.start.source.id)
                .is_some_and(|s| s.kind == kind)
        };
        let charges = |f: &&Flow| f.start.event.iter().any(|e| e == "charge.succeeded");
        let mut flows = package.flows.values();
        let charge = flows
            .clone()
            .find(charges)
            .or_else(|| flows.find(|f| from(f, Provider::Stripe)));
        let tls = package.checks.iter().filter_map(|(id, c)| match &c.probe {
            Probe::Tls(tls) => Some((id, c, tls.host.to_string())),
            _ => None,
        });
        let fleet = |id: &Id| {
            package
                .components
                .get(id)
                .is_some_and(|c| c.kind == ComponentKind::DomainFleet)
        };
        let at_our_edge = |c: &Check| matches!(&c.probe, Probe::Tls(t) if t.connect_to.is_some());
        let certificate = tls.min_by_key(|(_, c, _)| (!at_our_edge(c), !fleet(&c.component.id)));
        let mut outage: Vec<Id> = package
            .alerts
            .values()
            .filter(|a| a.urgency == Urgency::Page)
            .filter_map(|a| match &a.when {
                Condition::CheckFailing(c) => Some(c.check.id.clone()),
                _ => None,
            })
            .filter(|id| {
                package
                    .checks
                    .get(id)
                    .is_some_and(|c| matches!(c.probe, Probe::Http(_) | Probe::VendorStatus(_)))
            })
            .collect();
        outage.sort();
        outage.dedup();
        if let Some(struck) = struck(package, &outage) {
            outage.retain(|id| {
                let check = package.checks.get(id);
                check.is_some_and(|c| struck.contains(&c.component.id))
            });
        }
        // Symptoms come before the cause, as they do: vendors notice last.
        outage.sort_by_key(|id| {
            let component = package
                .checks
                .get(id)
                .and_then(|c| package.components.get(&c.component.id));
            component.is_some_and(|c| c.kind == ComponentKind::Vendor)
        });
        Self {
            charge: charge.cloned(),
            certificate: certificate.map(|(id, _, host)| (id.clone(), host)),
            outage,
            deployment: package
                .flows
                .values()
                .find(|f| from(f, Provider::Github))
                .cloned(),
        }
    }

    /// The alerts that should notice a failure.
    pub(super) fn alerts(&self, package: &Package, failure: Failure) -> BTreeSet<Id> {
        let notices = |when: &Condition| match (failure, when) {
            (Failure::Charge, Condition::FlowOverdue(c)) => self
                .charge
                .as_ref()
                .is_some_and(|f| f.id.value == c.flow.id),
            (Failure::Certificate, Condition::CertificateExpiring(c)) => self
                .certificate
                .as_ref()
                .is_some_and(|(id, _)| *id == c.check.id),
            (Failure::Outage, Condition::CheckFailing(c)) => self.outage.contains(&c.check.id),
            (Failure::Outage, Condition::FlowFailing(c)) => self
                .deployment
                .as_ref()
                .is_some_and(|f| f.id.value == c.flow.id),
            _ => false,
        };
        let paging = package
            .alerts
            .iter()
            .filter(|(_, a)| a.urgency == Urgency::Page);
        paging
            .filter(|(_, a)| notices(&a.when))
            .map(|(id, _)| id.clone())
            .collect()
    }
}

/// Plays the script; tells each turn to `tell`.
pub(super) async fn play(
    package: &Package,
    cast: &Cast,
    world: &World,
    traffic: &Traffic,
    pace: Pace,
    mut tell: impl FnMut(Cue),
) -> anyhow::Result<()> {
    let begin = Instant::now();
    let mut stage = Stage {
        package,
        world,
        traffic,
        pace,
        begin,
        next: 1,
    };
    stage.history().await?;
    tell(Cue::Happened(format!(
        "{} minutes of healthy traffic came in, signed, by the real intake",
        HISTORY_SECS / 60
    )));

    stage.healthy_until(6.0).await?;
    if let Some(flow) = &cast.charge {
        let key = stage.key(flow);
        traffic.start(package, flow, &key, Timestamp::now()).await?;
        tell(Cue::Broke(
            Failure::Charge,
            format!("a customer is charged ({key}), and nothing records it"),
        ));
        stage.healthy_until(12.0).await?;
        if let Some((_, host)) = &cast.certificate {
            world.serve_certificate(host, 90, 3)?;
            tell(Cue::Broke(
                Failure::Certificate,
                format!("{host} is served with a certificate that ends in 3 days"),
            ));
        }
        stage.healthy_until(40.0).await?;
        tell(Cue::Answer(Failure::Certificate));
        stage.healthy_until(48.0).await?;
        tell(Cue::Answer(Failure::Charge));
        stage.healthy_until(54.0).await?;
        world.record(&key);
        traffic
            .end(package, flow, &key, Timestamp::now(), true)
            .await?;
        tell(Cue::Happened(
            "the charge is recorded by hand, following the runbook".into(),
        ));
    } else if let Some((_, host)) = &cast.certificate {
        world.serve_certificate(host, 90, 3)?;
        tell(Cue::Broke(
            Failure::Certificate,
            format!("{host} is served with a certificate that ends in 3 days"),
        ));
    }
    if let Some((_, host)) = &cast.certificate {
        stage.healthy_until(58.0).await?;
        world.serve_certificate(host, 90, 90)?;
        tell(Cue::Happened(
            "the certificate is renewed, and the new one is served".into(),
        ));
    }

    stage.healthy_until(64.0).await?;
    tell(Cue::Broke(Failure::Outage, "the cloud region fails: services stop answering one after the other, deployments fail, the ledger is gone".into()));
    world.set_ledger_down(true);
    for (n, check) in cast.outage.iter().enumerate() {
        stage.at(64.0 + 1.5 * n as f64).await;
        world.set_down(check.as_str(), true);
        if n < 4 {
            stage.deployment(cast, false).await?;
        }
    }
    stage.at(96.0).await;
    tell(Cue::Answer(Failure::Outage));
    stage.at(104.0).await;
    tell(Cue::Tell(Failure::Outage, PublicState::Identified));
    stage.at(108.0).await;
    for check in &cast.outage {
        world.set_down(check.as_str(), false);
    }
    world.set_ledger_down(false);
    tell(Cue::Happened(
        "the cloud region is back, and services answer again".into(),
    ));
    stage.deployment(cast, true).await?;
    stage.healthy_until(134.0).await?;
    tell(Cue::Tell(Failure::Outage, PublicState::Resolved));
    stage.at(138.0).await;
    tell(Cue::End);
    Ok(())
}

struct Stage<'a> {
    package: &'a Package,
    world: &'a World,
    traffic: &'a Traffic,
    pace: Pace,
    begin: Instant,
    next: u64,
}

impl Stage<'_> {
    fn key(&mut self, flow: &Flow) -> String {
        self.next += 1;
        self.traffic.key(flow, self.next)
    }

    async fn at(&self, secs: f64) {
        sleep_until(self.begin + self.pace.secs(secs)).await;
    }

    /// Ten minutes of the past, in order of time, in the first seconds.
    async fn history(&mut self) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let package = self.package;
        for (rank, flow) in package.flows.values().enumerate() {
            let every = 20 + 25 * rank as i64;
            let mut ago = HISTORY_SECS;
            while ago > 20 {
                let key = self.key(flow);
                let took = 2 + (self.next * 7 % 9) as i64;
                self.world.record(&key);
                self.traffic
                    .start(package, flow, &key, before(now, ago))
                    .await?;
                self.traffic
                    .end(package, flow, &key, before(now, ago - took), true)
                    .await?;
                ago -= every;
            }
        }
        Ok(())
    }

    /// A start and its end of each flow now and then.
    async fn healthy_until(&mut self, secs: f64) -> anyhow::Result<()> {
        let end = self.begin + self.pace.secs(secs);
        let package = self.package;
        let flows: Vec<&Flow> = package.flows.values().collect();
        while Instant::now() + Duration::from_millis(700) < end {
            if let Some(flow) = flows.get(self.next as usize % flows.len().max(1)) {
                let key = self.key(flow);
                let began = Timestamp::now();
                self.traffic.start(package, flow, &key, began).await?;
                tokio::time::sleep(Duration::from_millis(500)).await;
                self.world.record(&key);
                self.traffic
                    .end(package, flow, &key, Timestamp::now(), true)
                    .await?;
            }
            sleep_until((Instant::now() + Duration::from_millis(1000)).min(end)).await;
        }
        sleep_until(end).await;
        Ok(())
    }

    async fn deployment(&mut self, cast: &Cast, success: bool) -> anyhow::Result<()> {
        let Some(flow) = &cast.deployment else {
            return Ok(());
        };
        let key = self.key(flow);
        self.traffic
            .start(self.package, flow, &key, Timestamp::now())
            .await?;
        self.traffic
            .end(self.package, flow, &key, Timestamp::now(), success)
            .await
    }
}
