//! Starts and ends as they come in.

use std::collections::BTreeMap;

use gonogo_model::Duration;
use gonogo_model::event::{Event, Scalar};
use gonogo_model::expression::Where;
use gonogo_model::flow::Flow;

use super::matching::{contradiction, kept_fields, key_of, sender_time};
use super::{
    Deaf, Early, EventRef, FlowState, LATE_START_GRACE, MAX_EARLY, MAX_FAILED_KEYS, MAX_OPEN,
    Noted, Oddity, Open, note,
};
use crate::expression::{Match, Undecided, asks};
use crate::time::Time;

impl FlowState {
    /// Takes in a start. What was sent while we were `deaf` is not late by its own fault.
    pub fn start(&mut self, flow: &Flow, event: &Event, now: Time, deaf: Option<Deaf>) {
        let Some(key) = key_of(&flow.start, event) else {
            return;
        };
        self.last_start = Some(now);
        if self.open.contains_key(&key) || self.closed.contains(&key) {
            // The sender tells of one start twice under two event ids: it is one start.
            return;
        }
        let happened = sender_time(event, now);
        let counts = self.series.at(happened);
        counts.starts = counts.starts.saturating_add(1);
        if let Some(early) = self.early.remove(&key) {
            let finish = Finish {
                happened: early.ended_at,
                took: early.ended_at.since(happened),
                // Received before its start: by our clock it cannot be late.
                in_time: true,
                success: (!early.undecided).then_some(early.success),
                events: (Some(EventRef::of(event, now)), early.event),
            };
            let fields = kept_fields(flow, event);
            self.finish(flow, key, &fields, &early.fields, finish, now);
            return;
        }
        let received_at = Time::from(event.received_at).min(now);
        let excused = |d: Deaf| happened <= d.until && happened + flow.deadline >= d.from;
        let late = now.since(happened) >= flow.deadline && !deaf.is_some_and(excused);
        let allowed = if late {
            flow.deadline.min(LATE_START_GRACE)
        } else {
            flow.deadline
        };
        if self.open.len() >= MAX_OPEN {
            self.give_up_oldest(now);
        }
        let deadline = received_at + allowed;
        self.due.insert((deadline, key.clone()));
        let open = Open {
            started_at: happened,
            received_at,
            deadline,
            event: event.id.clone(),
            fields: kept_fields(flow, event),
        };
        self.open.insert(key, open);
    }

    /// Takes in an end. `keep_early` is how long one without a start is kept. Says why, where
    /// nobody can say whether it was a success: it is an end all the same.
    pub fn end<'w>(
        &mut self,
        flow: &'w Flow,
        event: &Event,
        now: Time,
        keep_early: Duration,
    ) -> Option<(&'w Where, Undecided<'w>)> {
        let key = key_of(&flow.end, event)?;
        let happened = sender_time(event, now);
        let (success, undecided) = match asks(&flow.success, flow.success_where.as_deref(), event) {
            Match::Yes => (Some(true), None),
            Match::No => (Some(false), None),
            Match::Undecided(asked, why) => (None, Some((asked, why))),
        };
        self.last_end = Some(now);
        let Some(open) = self.open.remove(&key) else {
            let early = Early {
                ended_at: happened,
                keep_until: now + keep_early,
                success: success == Some(true),
                undecided: success.is_none(),
                fields: event.fields.clone(),
                event: Some(EventRef::of(event, now)),
            };
            self.end_without_start(key, early, now);
            return undecided;
        };
        self.due.remove(&(open.deadline, key.clone()));
        self.confirming.remove(&key);
        let counted = self.overdue.remove(&key);
        // By when we received it: being slow to look at it is our own fault.
        let in_time = Time::from(event.received_at).min(now) <= open.deadline && !counted;
        if !in_time && !counted {
            self.count_overdue(open.started_at, now);
        }
        let start = EventRef {
            id: open.event,
            received_at: open.received_at,
        };
        let finish = Finish {
            happened,
            took: happened.since(open.started_at),
            in_time,
            success,
            events: (Some(start), Some(EventRef::of(event, now))),
        };
        self.finish(flow, key, &open.fields, &event.fields, finish, now);
        undecided
    }

    fn end_without_start(&mut self, key: String, early: Early, now: Time) {
        match self.closed.end_seen(&key) {
            Some(true) => self.doubled(key, early.event, now),
            // It was closed on somebody's word; now the event of it came after all.
            Some(false) => {}
            None if self.early.contains_key(&key) => self.doubled(key, early.event, now),
            None if self.early.len() < MAX_EARLY => {
                self.early.insert(key, early);
            }
            None => {
                let text = "ended before its start, with too many others to wait for that";
                self.mismatch(&key, text.into(), now);
                self.note(Oddity::Unstarted, key, early.event, now);
            }
        }
    }

    fn doubled(&mut self, key: String, end: Option<EventRef>, now: Time) {
        self.mismatch(&key, "ended twice".into(), now);
        self.note(Oddity::Doubled, key, end, now);
    }

    fn finish(
        &mut self,
        flow: &Flow,
        key: String,
        start: &BTreeMap<String, Scalar>,
        end: &BTreeMap<String, Scalar>,
        finish: Finish,
        now: Time,
    ) {
        let counts = self.series.at(finish.happened);
        let ended = match finish.in_time {
            true => &mut counts.completed,
            false => &mut counts.late,
        };
        *ended = ended.saturating_add(1);
        match finish.success {
            Some(true) => counts.successes = counts.successes.saturating_add(1),
            Some(false) => counts.failures = counts.failures.saturating_add(1),
            None => {}
        }
        counts.latency.record(finish.took);
        if finish.success == Some(true) {
            self.failures_in_row = 0;
            self.failed_keys.clear();
            self.last_success = Some(now);
        } else if finish.success == Some(false) {
            self.failures_in_row = self.failures_in_row.saturating_add(1);
            if self.failed_keys.len() >= MAX_FAILED_KEYS {
                self.failed_keys.remove(0);
            }
            self.failed_keys.push(key.clone());
        }
        if let Some(what) = contradiction(flow, start, end) {
            self.mismatch(&key, what, now);
        }
        self.closed.insert(&key, true);
        let late = (!finish.in_time).then_some(Oddity::Late);
        let failed = (finish.success == Some(false)).then_some(Oddity::Failed);
        let (start, end) = finish.events;
        for what in late.into_iter().chain(failed) {
            let noted = Noted {
                key: key.clone(),
                at: now,
                start: start.clone(),
                end: end.clone(),
                took: Some(finish.took),
            };
            note(&mut self.noted, what, noted);
        }
    }
}

struct Finish {
    /// The events of its start and its end, as far as they are known.
    events: (Option<EventRef>, Option<EventRef>),
    happened: Time,
    took: Duration,
    in_time: bool,
    success: Option<bool>,
}
