//! Taking in what was seen of domains, and what time alone does to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_model::domains::{DomainStage, Fleet, MAX_DOMAINS, Whose};

use super::{
    CUSTOMER_MAX, Dns, Domain, Domains, FleetInput, FleetState, Listed, NAME_MAX, PAST_MAX, Past,
    Seen, judge, why_in_a_word,
};
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
        let (Some(fleet), Some(state)) =
            (plan.package.fleets.get(id), self.state.fleets.get_mut(id))
        else {
            return;
        };
        if let Some(listed) = &input.listed {
            state.list(listed, now);
        }
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
                    domain.stand(fleet, name, now, &mut moves);
                }
            }
        }
        self.tell_moves(fleet, &moves, now);
        self.judge_all(plan.alerts_of_fleet(id), now);
    }

    /// Certificates age and patience ends without anybody saying so.
    pub(crate) fn advance_fleets(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        for (id, fleet) in &plan.package.fleets {
            let Some(state) = self.state.fleets.get_mut(id) else {
                continue;
            };
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
                _ => "",
            };
            let text = format!("{} (now {stage}{whose}): {named}{more}", fleet.name);
            self.say(now, None, EntryKind::Domains, fleet.id.value.as_str(), text);
        }
    }
}

impl FleetState {
    fn list(&mut self, listed: &Listed, now: Time) {
        self.listed_at = Some(now);
        self.unlisted = None;
        self.refused = listed.refused;
        if listed.added.is_empty() && listed.retired.is_empty() {
            return;
        }
        let domains = Arc::make_mut(&mut self.domains);
        for added in &listed.added {
            let full = domains.len() >= MAX_DOMAINS && !domains.contains_key(&*added.domain);
            if full || added.domain.is_empty() || added.domain.len() > NAME_MAX {
                self.refused = self.refused.saturating_add(1);
                continue;
            }
            let domain = domains
                .entry(added.domain.as_str().into())
                .or_insert_with(|| Domain {
                    added: added.at.unwrap_or(now).min(now),
                    since: now,
                    ..Domain::default()
                });
            domain.retired_at = None;
            domain.customer = added.customer.as_deref().map(|c| {
                let short: String = c.chars().take(CUSTOMER_MAX).collect();
                short.into()
            });
        }
        for name in &listed.retired {
            if let Some(domain) = domains.get_mut(name.as_str()) {
                domain.retired_at.get_or_insert(now);
            }
        }
    }

    fn advance(&mut self, fleet: &Fleet, now: Time) -> Moves {
        let mut moves = Moves::new();
        let forgotten = |d: &Domain| {
            d.retired_at
                .is_some_and(|at| now.since(at) > fleet.keep_retired)
                && d.seen.dns != Dns::Right
        };
        let changes = |d: &Domain| {
            forgotten(d)
                || judge(fleet, d, now).is_some_and(|(stage, why, whose)| {
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
            domain.stand(fleet, name, now, &mut moves);
        }
        moves
    }
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
    fn stand(&mut self, fleet: &Fleet, name: &str, now: Time, moves: &mut Moves) {
        let Some((stage, why, whose)) = judge(fleet, self, now) else {
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
