//! What a criterion may look at.

use std::collections::BTreeMap;

use gonogo_model::alert::Alert;
use gonogo_model::component::{Component, ComponentKind, DependencyKind, Journey};
use gonogo_model::evidence::Evidence;
use gonogo_model::launch::Profile;
use gonogo_model::risk::FailureMode;
use gonogo_model::runbook::Runbook;
use gonogo_model::team::Role;
use gonogo_model::{Id, Kind, Package, PackageText, Ref, Subject};
use jiff::Timestamp;

use super::answer::{Answers, State};
use super::index::Index;
use crate::graph::Graph;
use crate::whom;

/// What a criterion may look at: the package, the evidence about it, and the moment it is asked.
#[derive(Debug)]
pub struct Case<'p> {
    /// The package, with every reference resolved.
    pub package: &'p Package,
    /// Its text.
    pub text: &'p PackageText,
    /// Its dependency graph.
    pub graph: &'p Graph<'p>,
    /// The moment that is judged: now, or the hour of the launch.
    pub now: Timestamp,
    records: BTreeMap<(&'p str, &'p Subject), Vec<&'p Evidence>>,
    index: Index<'p>,
}

impl<'p> Case<'p> {
    /// Of a package, its own evidence and what else is known, at a moment.
    pub fn new(
        package: &'p Package,
        text: &'p PackageText,
        graph: &'p Graph<'p>,
        more: &'p [Evidence],
        now: Timestamp,
    ) -> Self {
        let mut records: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for record in package.evidence.iter().chain(more) {
            let key = (record.criterion.value.as_str(), &record.subject.value);
            records.entry(key).or_default().push(record);
        }
        Self {
            package,
            text,
            graph,
            now,
            records,
            index: Index::new(package),
        }
    }

    /// The same case, as if one record were all that is known.
    pub fn with_only<'a>(&self, record: &'a Evidence) -> Case<'a>
    where
        'p: 'a,
    {
        let key = (record.criterion.value.as_str(), &record.subject.value);
        Case {
            package: self.package,
            text: self.text,
            graph: self.graph,
            now: self.now,
            records: BTreeMap::from([(key, vec![record])]),
            index: Index::new(self.package),
        }
    }

    /// How much is asked before the launch.
    pub fn profile(&self) -> Profile {
        let header = self.package.header.as_ref();
        header.map_or(Profile::SmallLaunch, |h| h.profile)
    }

    /// The records about a criterion and a subject, in the order they were found.
    pub fn records(&self, criterion: &str, subject: &Subject) -> Vec<&'p Evidence> {
        let found = self.records.get(&(criterion, subject));
        found.cloned().unwrap_or_default()
    }

    /// Why a criterion's newest record about a subject is no pass; `None` where it is one.
    pub fn standing(&self, criterion: &str, subject: &Subject) -> Option<(State, String)> {
        let Some(criterion) = super::find(criterion) else {
            return Some((State::Unknown, format!("there is no criterion {criterion}")));
        };
        let gate = criterion.gate_in(self.profile());
        super::proof::look(self, criterion, gate, subject, &[], criterion.ttl).trouble
    }

    /// Why an alert does not count as having fired; `None` where it does. It is the answer of
    /// MON-05: with what it watches and whom it pages as they are now.
    pub fn not_fired(&self, alert: &Alert) -> Option<(State, String)> {
        let subject = Subject::Entity(Kind::Alert, alert.id.value.clone());
        let criterion = &super::mon::FIRED;
        let covers = super::mon::rests_on(self, alert);
        super::proof::look(
            self,
            criterion,
            criterion.gate_in(self.profile()),
            &subject,
            &covers,
            criterion.ttl,
        )
        .trouble
    }

    /// The alerts that tell of a component.
    pub fn alerts_of(&self, component: &Id) -> &[&'p Alert] {
        self.index.alerts.get(component).map_or(&[], Vec::as_slice)
    }

    /// The ways for a component to go wrong.
    pub fn failure_modes_of(&self, component: &Id) -> &[&'p FailureMode] {
        let found = self.index.failure_modes.get(component);
        found.map_or(&[], Vec::as_slice)
    }

    /// The runbooks that cover a component.
    pub fn runbooks_of(&self, component: &Id) -> &[&'p Runbook] {
        let found = self.index.runbooks.get(component);
        found.map_or(&[], Vec::as_slice)
    }

    /// How much an entity matters: a component's own tier, a journey's by being critical, and
    /// what hangs on a component as much as that. 1 matters most.
    pub fn tier(&self, subject: &Subject) -> u8 {
        let Subject::Entity(kind, id) = subject else {
            return 1;
        };
        let component = match kind {
            Kind::Component => Some(id),
            Kind::Journey => return self.package.journeys.get(id).map_or(1, journey_tier),
            Kind::Alert => self
                .package
                .alerts
                .get(id)
                .and_then(|a| a.component(self.package))
                .map(|c| &c.id.value),
            Kind::Check => self.package.checks.get(id).map(|c| &c.component.id),
            Kind::Reconciliation => {
                let found = self.package.reconciliations.get(id);
                found.map(|r| &r.component.id)
            }
            Kind::Fleet => self.package.fleets.get(id).map(|f| &f.component.id),
            Kind::Gauge => self.package.gauges.get(id).map(|g| &g.component.id),
            Kind::Skew => self.package.skews.get(id).map(|s| &s.component.id),
            Kind::FailureMode => self.package.failure_modes.get(id).map(|f| &f.component.id),
            Kind::Material => self.package.expiring.get(id).map(|m| &m.component.id),
            Kind::Runbook => {
                let covers = self.package.runbooks.get(id).map(|r| &r.head.covers);
                let tiers = covers
                    .into_iter()
                    .flatten()
                    .filter_map(|c| self.package.components.get(&c.id).map(|c| c.tier));
                return tiers.min().unwrap_or(1);
            }
            _ => None,
        };
        component
            .and_then(|id| self.package.components.get(id))
            .map_or(1, |c| c.tier)
    }

    /// Why a subject is not live yet: what it is about, or hard needs, is switched off.
    pub fn off(&self, subject: &Subject) -> Option<&'p str> {
        let Subject::Entity(kind, id) = subject else {
            return None;
        };
        let p = self.package;
        let component = |id: &Id| p.components.get(id)?.off.as_deref();
        match kind {
            Kind::Component => component(id),
            Kind::Journey => {
                let needs = p.journeys.get(id).map(|j| &j.depends_on);
                let hard = needs
                    .into_iter()
                    .flatten()
                    .filter(|d| d.kind == DependencyKind::Hard && d.group.is_none());
                hard.filter_map(|d| component(&d.component.id)).next()
            }
            Kind::Alert => p.alerts.get(id)?.component(p)?.off.as_deref(),
            Kind::Check => component(&p.checks.get(id)?.component.id),
            Kind::Gauge => component(&p.gauges.get(id)?.component.id),
            Kind::Skew => component(&p.skews.get(id)?.component.id),
            Kind::Flow => component(&p.flows.get(id)?.component.id),
            Kind::Fleet => component(&p.fleets.get(id)?.component.id),
            Kind::Reconciliation => component(&p.reconciliations.get(id)?.component.id),
            Kind::FailureMode => component(&p.failure_modes.get(id)?.component.id),
            Kind::Material => component(&p.expiring.get(id)?.component.id),
            Kind::Slo => {
                let journey = p.slos.get(id)?.journey.as_ref()?;
                self.off(&Subject::Entity(Kind::Journey, journey.id.clone()))
            }
            Kind::Runbook => {
                let covers = &p.runbooks.get(id)?.head.covers;
                let mut reasons = covers.iter().map(|c| component(&c.id));
                let first = reasons.next()??;
                reasons.all(|r| r.is_some()).then_some(first)
            }
            _ => None,
        }
    }

    /// The role that answers for a subject.
    pub fn owner(&self, subject: &Subject) -> Option<&'p Role> {
        let p = self.package;
        let role = |r: &Ref<Role>| p.roles.get(&r.id);
        let team = |id: &Id| p.teams.get(id).and_then(|t| role(&t.accountable));
        let component = |id: &Id| p.components.get(id).and_then(|c| team(&c.team.id));
        let named = match subject {
            Subject::Entity(kind, id) => match kind {
                Kind::Component => component(id),
                Kind::Team => team(id),
                Kind::Role => p.roles.get(id),
                Kind::Journey => p
                    .journeys
                    .get(id)
                    .and_then(|j| j.owner.as_ref())
                    .and_then(role),
                Kind::Alert => p
                    .alerts
                    .get(id)
                    .and_then(|a| whom::team(p, a))
                    .and_then(|t| role(&t.accountable)),
                Kind::Check => p.checks.get(id).and_then(|c| component(&c.component.id)),
                Kind::Gauge => p.gauges.get(id).and_then(|g| component(&g.component.id)),
                Kind::Skew => p.skews.get(id).and_then(|s| component(&s.component.id)),
                Kind::Flow => p.flows.get(id).and_then(|f| component(&f.component.id)),
                Kind::Fleet => p.fleets.get(id).and_then(|f| component(&f.component.id)),
                Kind::Reconciliation => {
                    let found = p.reconciliations.get(id);
                    found.and_then(|r| component(&r.component.id))
                }
                Kind::Source => None,
                Kind::Slo => p.slos.get(id).and_then(|s| s.owner.as_ref()).and_then(role),
                Kind::FailureMode => p.failure_modes.get(id).and_then(|f| {
                    f.owner
                        .as_ref()
                        .and_then(role)
                        .or_else(|| component(&f.component.id))
                }),
                Kind::Runbook => p.runbooks.get(id).and_then(|r| role(&r.head.owner)),
                Kind::Material => p.expiring.get(id).and_then(|m| role(&m.owner)),
                Kind::ChecklistItem => p.checklist.get(id).and_then(|c| role(&c.owner)),
                _ => None,
            },
            Subject::Comms => {
                let rules = p.comms.iter().flat_map(|c| &c.rules);
                rules.map(|r| &r.owner).next().and_then(role)
            }
            Subject::Support => p.support.as_ref().and_then(|s| role(&s.role)),
            Subject::Package => None,
        };
        let director = || p.header.as_ref()?.launch.as_ref().map(|l| &l.director);
        named.or_else(|| director().and_then(role))
    }

    /// Who holds a role at the moment that is judged.
    pub fn holder(&self, role: &Id) -> Option<&'p gonogo_model::team::Person> {
        let role = self.package.roles.get(role)?;
        self.package.people.get(&role.holder_at(self.now)?.id)
    }

    /// The components of a kind.
    pub fn of_kind(&self, kind: ComponentKind) -> impl Iterator<Item = &'p Component> {
        self.package
            .components
            .values()
            .filter(move |c| c.kind == kind)
    }

    /// The components that are ours to change: not a vendor's.
    pub fn ours(&self) -> impl Iterator<Item = &'p Component> {
        let ours = |c: &&Component| c.kind != ComponentKind::Vendor;
        self.package.components.values().filter(ours)
    }

    /// The components that are deployed or pushed: services, jobs and configuration feeds of ours.
    pub fn deployables(&self) -> impl Iterator<Item = &'p Component> {
        self.package.components.values().filter(|c| {
            matches!(
                c.kind,
                ComponentKind::Service | ComponentKind::Job | ComponentKind::ConfigFeed
            )
        })
    }

    /// The journeys that the launch is off without.
    pub fn critical(&self) -> impl Iterator<Item = &'p Journey> {
        self.package.journeys.values().filter(|j| j.critical)
    }

    /// The alerts that wake somebody.
    pub fn paging(&self) -> impl Iterator<Item = &'p Alert> {
        use gonogo_model::alert::Urgency;
        self.package
            .alerts
            .values()
            .filter(|a| a.urgency == Urgency::Page)
    }

    /// Begins the answer about a component.
    pub fn component<'a>(&self, answers: &'a mut Answers, c: &Component) -> &'a mut super::Answer {
        let subject = Subject::Entity(Kind::Component, c.id.value.clone());
        answers.about(subject, Some(c.id.span), c.tier)
    }

    /// Begins the answer about a journey.
    pub fn journey<'a>(&self, answers: &'a mut Answers, j: &Journey) -> &'a mut super::Answer {
        let subject = Subject::Entity(Kind::Journey, j.id.value.clone());
        answers.about(subject, Some(j.id.span), journey_tier(j))
    }

    /// Begins the answer about any other entity.
    pub fn entity<'a, T: gonogo_model::kind::Entity>(
        &self,
        answers: &'a mut Answers,
        entity: &T,
    ) -> &'a mut super::Answer {
        let id = entity.id();
        let subject = Subject::Entity(T::KIND, id.value.clone());
        let tier = self.tier(&subject);
        answers.about(subject, Some(id.span), tier)
    }
}

/// A critical journey is of the first tier, any other of the second.
fn journey_tier(journey: &Journey) -> u8 {
    if journey.critical { 1 } else { 2 }
}
