//! The domains of a fleet as the world of a rehearsal answers for them.
//!
//! A few hundred made-up customers stand for however many there are. Invariant: they are all
//! well until an inject says otherwise.

use gonogo_model::domains::Fleet;
use gonogo_model::scenario::DomainTrouble;
use gonogo_model::{Duration, Id};

use crate::domains::{Added, Caa, Dns, FleetInput, Listed, Seen, Served};
use crate::time::Time;

/// How many domains are played.
const PLAYED: u16 = 200;
/// How certificates are while nothing goes wrong.
const LIFETIME: Duration = Duration::from_hours(90 * 24);
const LEFT: Duration = Duration::from_hours(60 * 24);
/// What is left when none was renewed.
const LATE_LEFT: Duration = Duration::from_hours(7 * 24);
/// What is left when renewal falls due.
const DUE_LEFT: Duration = Duration::from_hours(25 * 24);

/// A fleet.
#[derive(Debug)]
pub(super) struct Fleeted {
    pub(super) id: Id,
    pub(super) every: Duration,
    edge: bool,
    trouble: Option<(u16, DomainTrouble)>,
}

impl Fleeted {
    pub(super) fn new(fleet: &Fleet) -> Self {
        Self {
            id: fleet.id.value.clone(),
            // A fleet that is asked all the time would stop the clock.
            every: fleet.every.max(Duration::from_mins(1)),
            edge: fleet.edge.is_some(),
            trouble: None,
        }
    }

    pub(super) fn breaks(&mut self, count: u16, by: DomainTrouble) {
        self.trouble = Some((count.min(PLAYED), by));
    }

    pub(super) fn recovers(&mut self) {
        self.trouble = None;
    }

    /// The inventory and every domain.
    pub(super) fn round(&self, now: Time) -> FleetInput {
        let added = (0..PLAYED).map(|n| Added {
            domain: name(n),
            at: Some(now - LIFETIME),
            customer: None,
        });
        FleetInput {
            listed: Some(Listed {
                added: added.collect(),
                ..Listed::default()
            }),
            ..self.changed(now)
        }
    }

    /// Every domain as it is now.
    pub(super) fn changed(&self, now: Time) -> FleetInput {
        FleetInput {
            fleet: self.id.clone(),
            at: now,
            listed: None,
            unlisted: None,
            seen: (0..PLAYED).map(|n| (name(n), self.seen(n, now))).collect(),
            same: 0,
        }
    }

    fn seen(&self, number: u16, now: Time) -> Seen {
        let edge = |served| if self.edge { served } else { Served::Unknown };
        let mut seen = Seen {
            dns: Dns::Right,
            caa: Caa::Allows,
            site: Served::Valid,
            edge: edge(Served::Valid),
            from: Some(now + LEFT - LIFETIME),
            until: Some(now + LEFT),
        };
        let by = self.trouble.filter(|(count, _)| number < *count);
        let left = |seen: &mut Seen, left: Duration| {
            seen.from = Some(now + left - LIFETIME);
            seen.until = Some(now + left);
        };
        match by.map(|(_, by)| by) {
            None => {}
            Some(DomainTrouble::EdgeDown) => {
                (seen.site, seen.edge) = (Served::Unreachable, edge(Served::Unreachable));
            }
            Some(DomainTrouble::WrongCertificate) => {
                (seen.site, seen.edge) = (Served::Missing, edge(Served::Missing));
            }
            Some(DomainTrouble::NotRenewed) => left(&mut seen, LATE_LEFT),
            Some(DomainTrouble::Moved) => seen.dns = Dns::Elsewhere,
            Some(DomainTrouble::Gone) => {
                (seen.dns, seen.site) = (Dns::Nothing, Served::Unreachable);
            }
            Some(DomainTrouble::IssuerForbidden) => {
                seen.caa = Caa::Forbids;
                left(&mut seen, DUE_LEFT);
            }
            Some(DomainTrouble::Unanswered) => seen = Seen::default(),
        }
        seen
    }
}

fn name(number: u16) -> String {
    format!("customer-{:03}.example", number + 1)
}
