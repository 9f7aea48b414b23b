//! Silences: for a while nobody is told of alerts of another tool that match.
//!
//! A silence hides nothing: what it is about stays listed, what fired before stays open, and
//! when it ends and the alert goes on, whoever has not answered is called.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_model::Id;
use regex::{Regex, RegexBuilder};

use super::take::AllTurned;
use super::{Externals, MAX_SILENCES, Word};
use crate::alerting::{Holds, Stage};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::Incident;
use crate::input::{Matcher, Silence};
use crate::time::Time;

/// In the place of a source: a silence of gonogo's own alerts.
pub const OWN: &str = "gonogo-alerts";
/// How large a compiled expression may be.
const EXPRESSION_BYTES: usize = 1 << 20;

/// A matcher, made ready.
#[derive(Debug)]
pub struct Pattern {
    name: String,
    value: Expression,
    equal: bool,
}

#[derive(Debug)]
enum Expression {
    Text(String),
    Regex(Regex),
    /// It cannot be read, and matches nothing.
    Nothing,
}

/// Can this be read as a regular expression?
pub fn is_pattern(value: &str) -> bool {
    compile(value).is_some()
}

fn compile(value: &str) -> Option<Regex> {
    RegexBuilder::new(&format!("^(?:{value})$"))
        .size_limit(EXPRESSION_BYTES)
        .build()
        .ok()
}

impl From<&Matcher> for Pattern {
    fn from(matcher: &Matcher) -> Self {
        let value = if matcher.regex {
            compile(&matcher.value).map_or(Expression::Nothing, Expression::Regex)
        } else {
            Expression::Text(matcher.value.clone())
        };
        Self {
            name: matcher.name.clone(),
            value,
            equal: matcher.equal,
        }
    }
}

impl Pattern {
    /// Does it match these labels? A label that is not there has the value of no characters.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.name).map_or("", String::as_str);
        match &self.value {
            Expression::Text(text) => (text == value) == self.equal,
            Expression::Regex(regex) => regex.is_match(value) == self.equal,
            Expression::Nothing => false,
        }
    }
}

/// The silences of a source that are in force, made ready.
pub(super) struct Silences(Vec<(String, Vec<Pattern>)>);

impl Silences {
    pub(super) fn active(known: &Externals, now: Time) -> Self {
        Self::among(&known.silences, now)
    }

    fn among(all: &BTreeMap<String, Silence>, now: Time) -> Self {
        let active = all.iter().filter(|(_, s)| s.is_active(now));
        let ready = |s: &Silence| s.matchers.iter().map(Pattern::from).collect();
        Self(active.map(|(id, s)| (id.clone(), ready(s))).collect())
    }

    pub(super) fn of(&self, labels: &BTreeMap<String, String>) -> Vec<String> {
        let about = |(_, patterns): &&(String, Vec<Pattern>)| {
            !patterns.is_empty() && patterns.iter().all(|p| p.matches(labels))
        };
        self.0
            .iter()
            .filter(about)
            .map(|(id, _)| id.clone())
            .collect()
    }
}

impl Engine {
    pub(crate) fn take_silence(&mut self, silence: &Silence, by: &str, now: Time) {
        let source = silence.source.clone();
        if source.as_str() == OWN {
            self.take_own_silence(silence, by, now);
            return;
        }
        if !self.state.sources.contains_key(&source) {
            return;
        }
        let known = Arc::make_mut(self.state.externals.entry(source.clone()).or_default());
        if known.silences.len() >= MAX_SILENCES && !known.silences.contains_key(&silence.id) {
            let over = known.silences.iter().filter(|(_, s)| s.ends_at <= now);
            let first = over.min_by_key(|(_, s)| s.ends_at);
            let Some(id) = first.map(|(id, _)| id.clone()) else {
                let text = format!(
                    "{by} asked for a silence of {}, but {MAX_SILENCES} are in force already: nothing is silenced by it",
                    silence.about()
                );
                self.say(now, None, EntryKind::Silence, source.as_str(), text);
                return;
            };
            known.silences.remove(&id);
        }
        known.silences.insert(silence.id.clone(), silence.clone());
        for at in [silence.starts_at, silence.ends_at] {
            known.due_at(Some(at).filter(|at| *at > now));
        }
        let text = format!(
            "{by} silences {} from {} to {}: {}",
            silence.about(),
            silence.starts_at,
            silence.ends_at,
            silence.comment
        );
        self.say(now, None, EntryKind::Silence, source.as_str(), text);
        self.apply_silences(&source, now);
    }

    pub(crate) fn end_silence(&mut self, source: &Id, id: &str, by: &str, now: Time) {
        let silence = match source.as_str() {
            OWN => self.state.silences.get_mut(id),
            _ => {
                let known = self.state.externals.get_mut(source);
                known.and_then(|known| Arc::make_mut(known).silences.get_mut(id))
            }
        };
        let Some(silence) = silence else { return };
        if silence.ends_at <= now {
            return;
        }
        silence.starts_at = silence.starts_at.min(now);
        silence.ends_at = now;
        let text = format!("{by} ends the silence of {}", silence.about());
        self.say(now, None, EntryKind::Silence, source.as_str(), text);
        match source.as_str() {
            OWN => self.apply_own_silences(now),
            _ => self.apply_silences(source, now),
        }
    }

    /// A silence of gonogo's own alerts, by the labels that they are known by.
    fn take_own_silence(&mut self, silence: &Silence, by: &str, now: Time) {
        let silences = &mut self.state.silences;
        if silences.len() >= MAX_SILENCES && !silences.contains_key(&silence.id) {
            let over = silences.iter().filter(|(_, s)| s.ends_at <= now);
            let first = over.min_by_key(|(_, s)| s.ends_at);
            let Some(id) = first.map(|(id, _)| id.clone()) else {
                let text = format!(
                    "{by} asked for a silence of {}, but {MAX_SILENCES} are in force already: nothing is silenced by it",
                    silence.about()
                );
                self.say(now, None, EntryKind::Silence, OWN, text);
                return;
            };
            silences.remove(&id);
        }
        silences.insert(silence.id.clone(), silence.clone());
        let text = format!(
            "{by} silences {} from {} to {}: {}",
            silence.about(),
            silence.starts_at,
            silence.ends_at,
            silence.comment
        );
        self.say(now, None, EntryKind::Silence, OWN, text);
        self.apply_own_silences(now);
    }

    /// Silences begin and end by time alone.
    pub(super) fn advance_own_silences(&mut self, now: Time) {
        let active = self.state.silences.values().filter(|s| s.is_active(now));
        if !active.map(|s| &s.id).eq(&self.state.silences_in_force) {
            self.apply_own_silences(now);
        }
    }

    /// Finds out anew which of gonogo's own alerts are silenced.
    pub(crate) fn apply_own_silences(&mut self, now: Time) {
        let active = self.state.silences.values().filter(|s| s.is_active(now));
        let active: Vec<String> = active.map(|s| s.id.clone()).collect();
        if active.is_empty() && self.state.silences_in_force.is_empty() {
            return;
        }
        self.state.silences_in_force = active;
        let plan = Arc::clone(&self.plan);
        let silences = Silences::among(&self.state.silences, now);
        let mut turned = AllTurned::new();
        for (id, alert) in &plan.alerts {
            let by = silences.of(&plan.labels_of(alert));
            if let Some(state) = self.state.alerts.get_mut(id)
                && state.silenced_by != by
            {
                state.silenced_by = by;
                turned.entry(id.clone()).or_default();
            }
        }
        self.act_on_turned(turned, now);
    }

    /// Finds out anew which alerts are silenced.
    pub(super) fn apply_silences(&mut self, source: &Id, now: Time) {
        let Some(known) = self.state.externals.get_mut(source) else {
            return;
        };
        let silences = Silences::active(known, now);
        let mut turned = AllTurned::new();
        for held in Arc::make_mut(known).alerts.values_mut() {
            let by = silences.of(&held.labels);
            if by != held.silenced_by {
                held.silenced_by = by;
                for id in held.taken_by.iter().filter(|_| held.standing != Word::Over) {
                    turned.entry(id.clone()).or_default();
                }
            }
        }
        self.act_on_turned(turned, now);
    }

    /// Nobody is called for an alert of which all that fires is silenced, until it no longer is.
    pub(super) fn hush(&mut self, id: &Id, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(alert) = plan.alerts.get(id) else {
            return;
        };
        let silence = self.own_silence_of(id).or_else(|| self.silence_of_all(id));
        let hushed = silence.is_some();
        let who = silence.map_or(String::new(), |s| {
            format!(" by {} until {} ({})", s.created_by, s.ends_at, s.comment)
        });
        let Some(state) = self.state.alerts.get_mut(id) else {
            return;
        };
        if state.hushed == hushed {
            return;
        }
        state.hushed = hushed;
        let fires = matches!(state.stage, Stage::Firing { .. });
        let number = state.incident.filter(|_| fires);
        let open = number.filter(|n| self.state.incidents.get(n).is_some_and(Incident::is_open));
        let quiet = state.stage == Stage::Idle && plan.external(id).is_none();
        let text = if hushed {
            format!("{} is silenced{who}: nobody is called for it", alert.name)
        } else {
            format!("{} is no longer silenced", alert.name)
        };
        if !quiet {
            self.say(now, open, EntryKind::Silence, id.as_str(), text);
        }
        let Some(number) = open else { return };
        let incident = self.state.incidents.get(&number);
        let Some(team) = incident.and_then(|i| Some(i.alerts.get(id)?.team.clone())) else {
            return;
        };
        if hushed && self.all_hushed(number, Some(&team)) {
            self.stop_escalation(number, &team);
            if let Some(incident) = self.state.incidents.get_mut(&number)
                && let Some(attached) = incident.alerts.get_mut(id)
            {
                attached.held_until = None;
            }
        }
        let calls = self.state.incidents.get(&number).is_some_and(|i| {
            let engagement = i.engagements.get(&team);
            engagement.is_some_and(|e| e.acked.is_some() || e.escalation.is_some())
        });
        if !hushed && fires && !calls && self.fires_aloud(id) {
            let why = format!("{} is no longer silenced, and goes on", alert.name);
            self.call_again(number, &team, &why, now);
        }
    }

    /// The silence of gonogo's own alerts that is about this one.
    fn own_silence_of(&self, id: &Id) -> Option<&Silence> {
        let by = self.state.alerts.get(id)?.silenced_by.first()?;
        self.state.silences.get(by)
    }

    /// A silence of what an alert takes from another tool, where all that fires is silenced.
    fn silence_of_all(&self, id: &Id) -> Option<&Silence> {
        let (_, source) = self.plan.external(id)?;
        let known = self.state.externals.get(source)?;
        let taken = || known.alerts.values().filter(|h| h.taken_by.contains(id));
        let silenced = taken().find(|h| h.standing == Word::Firing && !h.silenced_by.is_empty())?;
        match taken().any(super::Held::calls) {
            true => None,
            false => known.silences.get(silenced.silenced_by.first()?),
        }
    }

    fn fires_aloud(&self, id: &Id) -> bool {
        let state = self.state.alerts.get(id);
        state.is_some_and(|s| {
            let holds = s.reading.count > 0 || s.reading.holds == Holds::Yes;
            holds && matches!(s.stage, Stage::Firing { .. })
        })
    }

    /// Is everything silenced that fires in an incident, or in it for one team?
    pub(crate) fn all_hushed(&self, number: u64, team: Option<&Id>) -> bool {
        let Some(incident) = self.state.incidents.get(&number) else {
            return false;
        };
        let mut firing = incident
            .firing()
            .filter(|(_, a)| team.is_none_or(|t| a.team == *t))
            .peekable();
        let hushed = |id: &Id| self.state.alerts.get(id).is_some_and(|s| s.hushed);
        firing.peek().is_some() && firing.all(|(id, _)| hushed(id))
    }
}

impl Silence {
    /// Is it in force?
    pub fn is_active(&self, now: Time) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// What it is about, as Alertmanager writes it.
    pub fn about(&self) -> String {
        let each = |m: &Matcher| {
            let sign = match (m.equal, m.regex) {
                (true, false) => "=",
                (false, false) => "!=",
                (true, true) => "=~",
                (false, true) => "!~",
            };
            format!("{}{sign}\"{}\"", m.name, m.value)
        };
        let all: Vec<String> = self.matchers.iter().map(each).collect();
        all.join(" ")
    }
}
