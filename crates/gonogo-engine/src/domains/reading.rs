//! What a condition about domains says right now.

use gonogo_model::domains::{DomainsCondition, Fleet, Whose};
use gonogo_model::percent::Percent;

use super::{Domain, Why, why_in_a_word};
use crate::alerting::{Holds, Reading};
use crate::engine::Engine;
use crate::reading::KEYS_NAMED;
use crate::time::Time;

/// Domains that a sentence describes.
const DESCRIBED: usize = 3;
/// After so many rounds without a word nobody can say.
const SILENT_ROUNDS: i64 = 3;

/// Why all of them stand where they stand, where that is one and the same.
fn one_cause<'d>(mut domains: impl Iterator<Item = &'d Domain>) -> Option<Why> {
    let first = domains.next()?.why;
    domains.all(|d| d.why == first).then_some(first)
}

impl Engine {
    pub(crate) fn domains_stand(&self, c: &DomainsCondition, now: Time) -> Reading {
        let id = &c.fleet.id;
        let (Some(fleet), Some(state)) =
            (self.plan.package.fleets.get(id), self.state.fleets.get(id))
        else {
            return Reading::default();
        };
        let cannot_tell = |detail: String| Reading {
            detail,
            ..Reading::default()
        };
        if state.domains.is_empty() {
            return cannot_tell(match (&state.unlisted, state.listed_at) {
                (Some(why), _) => format!("the inventory cannot be read: {why}"),
                (None, Some(_)) => "the inventory lists no domain".into(),
                (None, None) => "the inventory has not been read yet".into(),
            });
        }
        let holds = |d: &Domain| {
            d.stage.is_some_and(|stage| c.stand.contains(&stage))
                && c.whose.is_none_or(|whose| d.whose == Some(whose))
        };
        let matching = || state.domains.iter().filter(|(_, d)| holds(d));
        let count = matching().count() as u64;
        let total = state.domains.len() as u64;
        let share = Percent::of(count, total).unwrap_or_default();
        let enough =
            count >= u64::from(c.count.max(1)) && c.share.is_none_or(|bound| share >= bound);
        if !enough && !self.hears_of(fleet, now) {
            return cannot_tell("no domain was asked for too long".into());
        }
        let named: Vec<String> = matching()
            .take(DESCRIBED)
            .map(|(name, d)| format!("{name} ({})", why_in_a_word(d.why)))
            .collect();
        let words: Vec<&str> = c.stand.iter().map(|s| s.word()).collect();
        let words = words.join(" or ").replace('_', " ");
        let whose = match c.whose {
            Some(Whose::Authority) => ", the certificate authority's".into(),
            Some(whose) => format!(", {whose}"),
            None => String::new(),
        };
        let mut detail = format!("{count} of {total} domains are {words}{whose}");
        if let Some(cause) = one_cause(matching().map(|(_, d)| d))
            && count > DESCRIBED as u64
        {
            detail.push_str(&format!(", for one cause ({})", why_in_a_word(cause)));
        }
        if !named.is_empty() {
            detail.push_str(": ");
            detail.push_str(&named.join(", "));
        }
        if count > named.len() as u64 {
            detail.push_str(&format!(" and {} more", count - named.len() as u64));
        }
        Reading {
            holds: if enough { Holds::Yes } else { Holds::No },
            count,
            keys: matching()
                .take(KEYS_NAMED)
                .map(|(n, _)| n.to_string())
                .collect(),
            detail,
        }
    }

    fn hears_of(&self, fleet: &Fleet, now: Time) -> bool {
        let state = self.state.fleets.get(&fleet.id.value);
        let heard = state.and_then(|s| s.heard_at);
        let bound = fleet.every.as_millis().saturating_mul(SILENT_ROUNDS);
        heard.is_some_and(|at| now.since(at).as_millis() <= bound)
    }
}
