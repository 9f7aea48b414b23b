//! Where a domain stands, from what was seen of it.

use gonogo_model::Duration;
use gonogo_model::domains::{DomainStage, Fleet, Whose};
use gonogo_model::percent::Percent;

use serde::{Deserialize, Serialize};

use super::{Caa, Dns, Domain, Served, Why};
use crate::time::Time;

/// Where it stands, why, and whose trouble that is.
pub type Stand = (DomainStage, Why, Option<Whose>);

const OURS: Option<Whose> = Some(Whose::Ours);
const THEIRS: Option<Whose> = Some(Whose::Theirs);
const AUTHORITY: Option<Whose> = Some(Whose::Authority);

/// A time in which the certificate authority could not issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Since when.
    pub since: Time,
    /// Until when; `None` while it lasts.
    pub until: Option<Time>,
}

impl Outage {
    /// Does what was due then still wait for the authority? Only where there was no time to get
    /// it before, and no time to make up for it since.
    fn holds_up(self, due: Time, fleet: &Fleet, now: Time) -> bool {
        let over = |at: Time| now.since(at) > fleet.issued_within;
        self.since <= due + fleet.issued_within && !self.until.is_some_and(over)
    }
}

/// Says where a domain stands; `None` where nothing new can be told.
pub fn judge(fleet: &Fleet, domain: &Domain, out: Option<Outage>, now: Time) -> Option<Stand> {
    let (stage, why, whose) = stand(fleet, domain, now)?;
    let due = match why {
        Why::NotIssued | Why::Waiting => domain.right_at,
        Why::CertificateEnded | Why::RenewalDue | Why::RenewalLate => due(fleet, domain),
        _ => None,
    };
    let held_up = due.is_some_and(|due| out.is_some_and(|out| out.holds_up(due, fleet, now)));
    Some(match held_up {
        true => (stage, Why::IssuerOut, AUTHORITY),
        false => (stage, why, whose),
    })
}

/// When its certificate should have been renewed.
fn due(fleet: &Fleet, domain: &Domain) -> Option<Time> {
    let (from, until) = (domain.seen.from?, domain.seen.until?);
    let share = i128::from(fleet.renew_at.ppm());
    let left = i128::from(until.since(from).as_millis()) * share / 1_000_000;
    Some(until - Duration::from_millis(i64::try_from(left).ok()?))
}

fn stand(fleet: &Fleet, domain: &Domain, now: Time) -> Option<Stand> {
    let seen = &domain.seen;
    if domain.retired_at.is_some() {
        return match seen.dns {
            Dns::Unknown => None,
            // It can be taken over by whoever claims it next, and only its owner can end that.
            Dns::Right => Some((DomainStage::Retired, Why::Dangling, THEIRS)),
            _ => Some((DomainStage::Retired, Why::GivenUp, None)),
        };
    }
    let mute_for = domain.mute_since.map(|at| now.since(at));
    if mute_for.is_some_and(|long| long > fleet.unknown_after) {
        return Some((DomainStage::Unknown, Why::Unanswered, Some(Whose::Unknown)));
    }
    match seen.dns {
        Dns::Right => served(fleet, domain, now),
        // A name that is served with a good certificate leads somewhere, and that is us.
        Dns::Unknown if seen.site == Served::Valid => served(fleet, domain, now),
        Dns::Unknown => None,
        Dns::Elsewhere if domain.worked => Some((DomainStage::Left, Why::PointsElsewhere, THEIRS)),
        Dns::Elsewhere => Some(not_set_up(fleet, domain, Why::PointsElsewhere, now)),
        Dns::Nothing => Some(not_set_up(fleet, domain, Why::NoRecord, now)),
        Dns::Bogus => Some(not_set_up(fleet, domain, Why::Bogus, now)),
        Dns::Circle => Some(not_set_up(fleet, domain, Why::Circle, now)),
    }
}

/// DNS does not lead to us. Whoever is new is given time.
fn not_set_up(fleet: &Fleet, domain: &Domain, why: Why, now: Time) -> Stand {
    let young = !domain.worked && now.since(domain.added) <= fleet.dns_within;
    let stage = match young {
        true => DomainStage::PendingDns,
        false => DomainStage::Broken,
    };
    (stage, why, THEIRS)
}

/// DNS leads to us: what do we serve?
fn served(fleet: &Fleet, domain: &Domain, now: Time) -> Option<Stand> {
    let seen = &domain.seen;
    let ours = match (fleet.edge.is_some(), seen.edge) {
        (true, Served::Unknown) | (false, _) => seen.site,
        (true, edge) => edge,
    };
    let broken = |why, whose| Some((DomainStage::Broken, why, whose));
    match ours {
        Served::Unknown => None,
        Served::Unreachable => broken(Why::EdgeUnreachable, OURS),
        Served::Valid => match seen.site {
            Served::Valid | Served::Unknown => Some(valid(fleet, domain, now)),
            Served::Unreachable => broken(Why::PathUnreachable, OURS),
            Served::Expired => broken(Why::CertificateEnded, OURS),
            Served::Missing => broken(Why::CertificateMissing, OURS),
            Served::Broken => broken(Why::CertificateBroken, OURS),
        },
        // Whatever else is wrong, nothing can be issued before these records change.
        _ if seen.caa == Caa::Forbids => broken(Why::CaaForbids, THEIRS),
        Served::Expired => broken(Why::CertificateEnded, OURS),
        Served::Missing | Served::Broken if !domain.worked => Some(issuing(fleet, domain, now)),
        Served::Missing => broken(Why::CertificateMissing, OURS),
        Served::Broken => broken(Why::CertificateBroken, OURS),
    }
}

fn issuing(fleet: &Fleet, domain: &Domain, now: Time) -> Stand {
    let since = domain.right_at.unwrap_or(now);
    match now.since(since) {
        waited if waited > fleet.issued_within => (DomainStage::Broken, Why::NotIssued, OURS),
        Duration::ZERO => (DomainStage::Verified, Why::Waiting, None),
        _ => (DomainStage::Issuing, Why::Waiting, None),
    }
}

fn valid(fleet: &Fleet, domain: &Domain, now: Time) -> Stand {
    let whose = match domain.seen.caa {
        Caa::Forbids => THEIRS,
        _ => OURS,
    };
    let why = |due| match domain.seen.caa {
        Caa::Forbids => Why::CaaForbids,
        _ => due,
    };
    let Some(share) = left(domain, now) else {
        return (DomainStage::Active, Why::Well, None);
    };
    if share < fleet.late_at {
        (DomainStage::Expiring, why(Why::RenewalLate), whose)
    } else if share < fleet.renew_at {
        (DomainStage::Renewing, why(Why::RenewalDue), whose)
    } else {
        (DomainStage::Active, Why::Well, None)
    }
}

/// The share of its certificate's life that is left.
pub(super) fn left(domain: &Domain, now: Time) -> Option<Percent> {
    let (from, until) = (domain.seen.from?, domain.seen.until?);
    let seconds = |d: Duration| d.as_secs().max(0).unsigned_abs();
    let left = if until <= now {
        0
    } else {
        seconds(until.since(now))
    };
    Percent::of(left, seconds(until.since(from)))
}
