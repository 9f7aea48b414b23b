//! Taking in what was seen of domains, and what time alone does to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gonogo_model::domains::{DomainStage, Fleet, MAX_DOMAINS, MAX_RETIRED, Whose};

use super::{
    CUSTOMER_MAX, Dns, Domain, Domains, FleetInput, FleetState, Listed, NAME_MAX, Outage, PAST_MAX,
    Past, Seen, judge, why_in_a_word,
};
use crate::check::{Health, SILENCE_MIN};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::time::Time;

/// Domains of one change that the history names.
const TOLD_MAX: usize = 3;

/// How many domains went where, with the first of them.
type Moves = BTreeMap<(DomainStage, Option<Whose>), (u32, Vec<String>)>;

impl Engine {
    pub(crate) fn take_fleet(&mut self, input: &FleetInput, now: Time) {
        let plan = Arc::clone(&self.plan);
        let id = &input.fleet;
        let Some(fleet) = plan.package.fleets.get(id) else {
            return;
        };
        let fails = self.issuer_fails(fleet, now);
        let Some(state) = self.state.fleets.get_mut(id) else {
            return;
        };
        state.follow_issuer(fleet, fails, now);
        let out = state.issuer_out;
        let forgotten = match &input.listed {
            Some(listed) => state.list(listed, now),
            None => Vec::new(),
        };
        if input.unlisted.is_some() {
            state.unlisted.clone_from(&input.unlisted);
        }
        let mut moves = Moves::new();
        if !input.seen.is_empty() || input.same > 0 {
            state.heard_at = Some(now);
        }
        if !input.seen.is_empty() {
            let domains = Arc::make_mut(&mut state.domains);
            for (name, seen) in &input.seen {
                if let Some(domain) = domains.get_mut(name.as_str()) {
                    domain.see(*seen, now);
                    domain.stand(fleet, name, out, now, &mut moves);
                }
            }
        }
        self.tell_moves(fleet, &moves, now);
        self.tell_forgotten(fleet, &forgotten, now);
        self.judge_all(plan.alerts_of_fleet(id), now);
    }

    /// Certificates age and patience ends without anybody saying so.
    pub(crate) fn advance_fleets(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        for (id, fleet) in &plan.package.fleets {
            let fails = self.issuer_fails(fleet, now);
            let Some(state) = self.state.fleets.get_mut(id) else {
                continue;
            };
            state.follow_issuer(fleet, fails, now);
            let moves = state.advance(fleet, now);
            self.tell_moves(fleet, &moves, now);
        }
    }

    fn tell_moves(&mut self, fleet: &Fleet, moves: &Moves, now: Time) {
        for ((stage, whose), (count, first)) in moves {
            let named = first.join(", ");
            let more = match *count as usize - first.len() {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let whose = match whose {
                Some(Whose::Ours) => ", ours",
                Some(Whose::Theirs) => ", the customer's",
                Some(Whose::Authority) => ", the certificate authority's",
                _ => "",
            };
            let text = format!("{} (now {stage}{whose}): {named}{more}", fleet.name);
            self.say(now, None, EntryKind::Domains, fleet.id.value.as_str(), text);
        }
    }
}

impl Engine {
    /// Is it known that the authority cannot issue? A check that failed and fell silent says
    /// nothing of now: then the trouble is ours until we know better.
    fn issuer_fails(&self, fleet: &Fleet, now: Time) -> bool {
        let Some(id) = fleet.issuer_check.as_ref().map(|c| &c.id) else {
            return false;
        };
        let (check, state) = (self.plan.package.checks.get(id), self.state.checks.get(id));
        let (Some(check), Some(state)) = (check, state) else {
            return false;
        };
        let lately = |at: Time| now.since(at) <= check.stale_after().max(SILENCE_MIN);
        state.health == Health::Failing && state.told_at.is_some_and(lately)
    }

    fn tell_forgotten(&mut self, fleet: &Fleet, forgotten: &[String], now: Time) {
        if forgotten.is_empty() {
            return;
        }
        let named = forgotten[..forgotten.len().min(TOLD_MAX)].join(", ");
        let more = match forgotten.len().saturating_sub(TOLD_MAX) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let text = format!(
            "{}: no longer watched, as only the last {MAX_RETIRED} retired names are: {named}{more}",
            fleet.name
        );
        self.say(now, None, EntryKind::Domains, fleet.id.value.as_str(), text);
    }
}

impl FleetState {
    /// Notes whether the authority can issue.
    fn follow_issuer(&mut self, fleet: &Fleet, fails: bool, now: Time) {
        let made_up_for = |at: Time| now.since(at) > fleet.issued_within;
        match &mut self.issuer_out {
            // One that comes and goes is one outage, until there was time to issue in between.
            Some(out) if fails && !out.until.is_some_and(made_up_for) => out.until = None,
            _ if fails => {
                self.issuer_out = Some(Outage {
                    since: now,
                    until: None,
                });
            }
            Some(out) => {
                out.until.get_or_insert(now);
            }
            None => {}
        }
    }

    /// Takes over what changed; answers the retired names that are forgotten for want of room.
    fn list(&mut self, listed: &Listed, now: Time) -> Vec<String> {
        self.listed_at = Some(now);
        self.unlisted = None;
        self.refused = listed.refused;
        if listed.added.is_empty() && listed.retired.is_empty() {
            return Vec::new();
        }
        let domains = Arc::make_mut(&mut self.domains);
        // Those that go make room for those that come.
        let retired: BTreeSet<&str> = listed.retired.iter().map(String::as_str).collect();
        for name in &retired {
            if let Some(domain) = domains.get_mut(*name) {
                domain.retired_at.get_or_insert(now);
            }
        }
        let active = |d: &Domain| d.retired_at.is_none();
        let mut watched = domains.values().filter(|d| active(d)).count();
        for added in &listed.added {
            let name = added.domain.as_str();
            let goes = retired.contains(name);
            let comes = !goes && !domains.get(name).is_some_and(active);
            let full = comes && watched >= MAX_DOMAINS;
            if full || name.is_empty() || name.len() > NAME_MAX {
                self.refused = self.refused.saturating_add(1);
                continue;
            }
            watched += usize::from(comes);
            let domain = domains.entry(name.into()).or_insert_with(|| Domain {
                added: added.at.unwrap_or(now).min(now),
                since: now,
                ..Domain::default()
            });
            domain.retired_at = goes.then(|| domain.retired_at.unwrap_or(now));
            domain.customer = added.customer.as_deref().map(|c| {
                let short: String = c.chars().take(CUSTOMER_MAX).collect();
                short.into()
            });
        }
        let forgotten = beyond(domains);
        for name in &forgotten {
            domains.remove(name.as_str());
        }
        self.forgotten = self.forgotten.saturating_add(forgotten.len() as u64);
        forgotten
    }

    fn advance(&mut self, fleet: &Fleet, now: Time) -> Moves {
        let mut moves = Moves::new();
        let out = self.issuer_out;
        let forgotten = |d: &Domain| {
            d.retired_at
                .is_some_and(|at| now.since(at) > fleet.keep_retired)
                && d.seen.dns != Dns::Right
        };
        let changes = |d: &Domain| {
            forgotten(d)
                || judge(fleet, d, out, now).is_some_and(|(stage, why, whose)| {
                    (Some(stage), why, whose) != (d.stage, d.why, d.whose)
                })
        };
        // Looking first: domains that stay as they are need no copy for whoever reads them.
        if !self.domains.values().any(changes) {
            return moves;
        }
        let domains: &mut Domains = Arc::make_mut(&mut self.domains);
        domains.retain(|_, d| !forgotten(d));
        for (name, domain) in domains.iter_mut() {
            domain.stand(fleet, name, out, now, &mut moves);
        }
        moves
    }
}

/// The retired names that there is no room for, those retired first before the others.
fn beyond(domains: &Domains) -> Vec<String> {
    let retired = domains.iter().filter_map(|(n, d)| Some((d.retired_at?, n)));
    let mut retired: Vec<(Time, &Box<str>)> = retired.collect();
    let many = retired.len().saturating_sub(MAX_RETIRED);
    if many == 0 {
        return Vec::new();
    }
    retired.sort();
    retired[..many].iter().map(|(_, n)| n.to_string()).collect()
}

impl Domain {
    fn see(&mut self, seen: Seen, now: Time) {
        if seen.is_mute() {
            // What was known before stays: certificates age whether or not somebody answers.
            self.mute_since.get_or_insert(now);
            if seen.dns == Dns::Right {
                self.seen.dns = seen.dns;
                self.right_at.get_or_insert(now);
            }
            return;
        }
        self.mute_since = None;
        self.seen = seen;
        match seen.dns {
            Dns::Right => {
                self.right_at.get_or_insert(now);
            }
            Dns::Unknown => {}
            _ => self.right_at = None,
        }
    }

    /// Moves it where it belongs now.
    fn stand(
        &mut self,
        fleet: &Fleet,
        name: &str,
        out: Option<Outage>,
        now: Time,
        moves: &mut Moves,
    ) {
        let Some((stage, why, whose)) = judge(fleet, self, out, now) else {
            return;
        };
        self.worked |= matches!(
            stage,
            DomainStage::Active | DomainStage::Renewing | DomainStage::Expiring
        );
        let moved = self.stage != Some(stage);
        if moved || self.why != why {
            if let Some(before) = self.stage {
                if self.past.len() >= PAST_MAX {
                    self.past.remove(0);
                }
                // Grown by hand: doubling would hold twice what is needed, ten thousand times.
                self.past.reserve_exact(1);
                self.past.push(Past {
                    since: self.since,
                    stage: before,
                    why: self.why,
                });
            }
            self.since = now;
        }
        if moved {
            let (count, first) = moves.entry((stage, whose)).or_default();
            *count += 1;
            if first.len() < TOLD_MAX {
                first.push(format!("{name} ({})", why_in_a_word(why)));
            }
        }
        (self.stage, self.why, self.whose) = (Some(stage), why, whose);
    }
}
