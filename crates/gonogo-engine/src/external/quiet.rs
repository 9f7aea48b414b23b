//! What time alone does to alerts of other tools: one is no longer spoken of, a silence
//! begins or ends, and what is long over is forgotten.

use std::sync::Arc;

use gonogo_model::Id;

use super::take::AllTurned;
use super::{MAX_HELD, OVER_KEPT, SILENCE_KEPT, Word};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::time::Time;

/// How many alerts a line of history names.
const NAMED: usize = 5;

impl Engine {
    pub(crate) fn external_deadlines(&self, offer: &mut impl FnMut(Option<Time>, &'static str)) {
        for known in self.state.externals.values() {
            offer(known.due, "an alert of another tool is no longer spoken of");
        }
        for silence in self.state.silences.values() {
            let bounds = [silence.starts_at, silence.ends_at];
            let next = bounds.into_iter().find(|at| *at > self.state.now);
            offer(next, "a silence begins or ends");
        }
    }

    pub(crate) fn advance_externals(&mut self, now: Time) {
        self.advance_own_silences(now);
        let due = |(id, known): (&Id, &Arc<super::Externals>)| {
            known.due.is_some_and(|at| at <= now).then(|| id.clone())
        };
        let sources: Vec<Id> = self.state.externals.iter().filter_map(due).collect();
        for source in sources {
            self.fall_quiet(&source, now);
            self.apply_silences(&source, now);
            self.tell_untold(&source, now);
            if let Some(known) = self.state.externals.get_mut(&source) {
                Arc::make_mut(known).plan_ahead(now);
            }
        }
    }

    /// Alerts whose end came without a word that they are over.
    fn fall_quiet(&mut self, source: &Id, now: Time) {
        let Some(known) = self.state.externals.get_mut(source) else {
            return;
        };
        let mut turned = AllTurned::new();
        let mut names = Vec::new();
        for held in Arc::make_mut(known).alerts.values_mut() {
            let ended = held.ends_at.is_some_and(|at| at <= now);
            if held.standing == Word::Firing && ended {
                held.standing = Word::Quiet;
                names.push(held.name());
                for id in &held.taken_by {
                    turned
                        .entry(id.clone())
                        .or_default()
                        .quiet
                        .push(held.name());
                }
            }
        }
        if names.is_empty() {
            return;
        }
        let text = format!(
            "{source} no longer speaks of {}, and did not call it over: nobody knows whether it goes on",
            listed(&names)
        );
        self.say(now, None, EntryKind::External, source.as_str(), text);
        self.act_on_turned(turned, now);
    }

    /// What is long over is no longer listed.
    pub(crate) fn forget_externals(&mut self, now: Time) {
        let mut fits = Vec::new();
        let kept = |s: &crate::input::Silence| s.ends_at + SILENCE_KEPT > now;
        self.state.silences.retain(|_, s| kept(s));
        for (source, known) in &mut self.state.externals {
            let old = |at: Option<Time>| at.is_some_and(|at| at + OVER_KEPT <= now);
            let over = known
                .alerts
                .values()
                .any(|h| h.standing == Word::Over && old(h.ends_at.max(Some(h.updated_at))));
            let silences = known.silences.values();
            let expired = { silences }.any(|s| s.ends_at + SILENCE_KEPT <= now);
            if over || expired {
                let known = Arc::make_mut(known);
                known.alerts.retain(|_, h| {
                    h.standing != Word::Over || !old(h.ends_at.max(Some(h.updated_at)))
                });
                known.silences.retain(|_, s| s.ends_at + SILENCE_KEPT > now);
            }
            if known.not_held > 0 && known.alerts.len() <= MAX_HELD / 10 * 9 {
                Arc::make_mut(known).not_held = 0;
                fits.push(source.clone());
            }
        }
        for source in fits {
            self.end_trouble(&format!("alerts-full.{source}"), now);
        }
    }
}

/// Names in a sentence, the first few.
pub(super) fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown = names[..names.len().min(NAMED)].join(", ");
    if more > 0 {
        format!("{shown} and {more} more")
    } else {
        shown
    }
}
