//! What becomes of events about which a condition could not decide.
//!
//! They are counted with their reason, told once in a while, and for some time nothing good is
//! concluded by whoever asked. Invariant: a doubt turns a "no" into a "cannot tell", and never a
//! "yes" into anything.

use gonogo_model::alert::{Alert, Condition};
use gonogo_model::event::Event;
use gonogo_model::expression::Where;
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::expression::Undecided;
use crate::history::EntryKind;
use crate::plan::flow_of;
use crate::time::Time;

/// For so long after an event that could not be decided nothing good is concluded by whoever
/// asked about it.
pub const IN_DOUBT_FOR: Duration = Duration::from_hours(1);

/// Events about which somebody could not decide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Doubt {
    /// The source that they came through.
    pub source: Option<Id>,
    /// How many.
    pub events: u64,
    /// When the last of them came.
    pub last_at: Time,
    /// Its id.
    pub event: String,
    /// Why it could not be decided.
    pub why: String,
}

impl Engine {
    /// Takes note of an event that somebody could not decide about.
    pub(crate) fn in_doubt(
        &mut self,
        who: &str,
        id: &Id,
        asked: &Where,
        why: Undecided<'_>,
        event: &Event,
        now: Time,
    ) {
        let before = self.state.doubts.entry(format!("{who}/{id}")).or_default();
        let new = before.events == 0 || before.last_at + IN_DOUBT_FOR <= now;
        before.source = Some(event.source.clone());
        before.events = before.events.saturating_add(1);
        before.last_at = now;
        before.event.clone_from(&event.id);
        before.why = why.to_string();
        if let Some(source) = self.state.sources.get_mut(&event.source) {
            source.undecided = source.undecided.saturating_add(1);
        }
        if new {
            // The first of a stretch; the source's page counts the rest.
            let text = format!(
                "{} of {} could not be decided for `{}`: {why}; it counts as not matching, and nothing good is concluded from it",
                event.id, event.source, asked.text
            );
            self.say(now, None, EntryKind::Blind, id.as_str(), text);
        }
    }

    /// What somebody could not decide lately.
    pub fn doubt(&self, who: &str, id: &Id, now: Time) -> Option<&Doubt> {
        if self.state.doubts.is_empty() {
            return None;
        }
        let doubt = self.state.doubts.get(&format!("{who}/{id}"))?;
        (now < doubt.last_at + IN_DOUBT_FOR).then_some(doubt)
    }

    /// What an alert could not be told lately.
    pub(crate) fn doubt_of(&self, alert: &Alert, now: Time) -> Option<&Doubt> {
        let package = &self.plan.package;
        match &alert.when {
            Condition::NoEvents(_) => self.doubt("alert", &alert.id.value, now),
            Condition::Gauge(c) => self.doubt("gauge", &c.gauge.id, now),
            Condition::Skew(c) => self.doubt("skew", &c.skew.id, now),
            when => match (flow_of(when), when.slo()) {
                (Some(flow), _) => self.doubt("flow", flow, now),
                (None, Some(slo)) => {
                    let slo = package.slos.get(&slo.id)?;
                    let own = std::iter::once(slo);
                    let all = own.chain(slo.parts(package).into_iter().map(|(part, _)| part));
                    let mut doubts = all.filter_map(|s| match s.sli.flow() {
                        Some(flow) => self.doubt("flow", flow, now),
                        None => self.doubt("slo", &s.id.value, now),
                    });
                    doubts.next()
                }
                (None, None) => None,
            },
        }
    }
}
