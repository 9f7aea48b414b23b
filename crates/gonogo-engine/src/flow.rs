//! One flow's state: what is open, what is overdue, and what became of the rest.
//!
//! Deadlines run on the time of receipt and only while our own intake was proven to hear;
//! counts and latencies are filed under the sender's time. An end may come before its start.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::event::{Event, Scalar};
use gonogo_model::flow::{Flow, Matcher};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::series::{Histogram, Series, Sum};
use crate::time::Time;

/// How many starts one flow may have open. At the limit the oldest is counted as overdue.
pub const MAX_OPEN: usize = 1_000_000;
/// How many closed keys are remembered, to tell a second end from a first.
pub const MAX_CLOSED: usize = 100_000;
/// How many ends without a start are kept waiting for it.
pub const MAX_EARLY: usize = 100_000;
/// How long a start that was already late when it came in is given.
pub const LATE_START_GRACE: Duration = Duration::from_secs(30);

/// A flow's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowState {
    /// The flow.
    pub id: Option<Id>,
    /// Starts without an end.
    pub open: BTreeMap<String, Open>,
    /// Deadlines of those that are not overdue yet.
    due: BTreeSet<(Time, String)>,
    /// Keys that are overdue.
    pub overdue: BTreeSet<String>,
    /// Keys whose end is being asked about, and since when.
    pub confirming: BTreeMap<String, Time>,
    /// Ends that came before their start, and until when they are kept.
    early: BTreeMap<String, Early>,
    /// Keys closed lately, and when.
    closed: BTreeMap<String, Time>,
    closed_order: BTreeSet<(Time, String)>,
    /// Contradictions that nobody has looked at: the key and what is wrong.
    pub mismatched: BTreeMap<String, String>,
    /// Ends that were no success, in a row.
    pub failures_in_row: u32,
    /// The keys of these failures, latest last.
    pub failed_keys: Vec<String>,
    /// Counts over time.
    pub series: Series<Counts>,
    /// The last start and end.
    pub last_start: Option<Time>,
    /// When an end last came in.
    pub last_end: Option<Time>,
    /// The last end that was a success.
    pub last_success: Option<Time>,
}

/// A start without an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// When it happened, by the sender's clock.
    pub started_at: Time,
    /// When we received it.
    pub received_at: Time,
    /// By when the end has to come.
    pub deadline: Time,
    /// The event's id.
    pub event: String,
    /// Fields that pages show and that the end is compared with.
    pub fields: BTreeMap<String, Scalar>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Early {
    ended_at: Time,
    keep_until: Time,
    success: bool,
    fields: BTreeMap<String, Scalar>,
}

/// What is counted in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Starts.
    pub starts: u32,
    /// Ends that came in time.
    pub completed: u32,
    /// Ends that came after their deadline.
    pub late: u32,
    /// Starts whose deadline passed without an end.
    pub overdue: u32,
    /// Ends that were a success.
    pub successes: u32,
    /// Ends that were not.
    pub failures: u32,
    /// Contradictions, doubles and ends without a start.
    pub mismatches: u32,
    /// Starts that ended, though the event of it was lost.
    pub lost_events: u32,
    /// How long it took from start to end, by the sender's clock.
    pub latency: Histogram,
}

impl Sum for Counts {
    fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.starts, other.starts),
            (&mut self.completed, other.completed),
            (&mut self.late, other.late),
            (&mut self.overdue, other.overdue),
            (&mut self.successes, other.successes),
            (&mut self.failures, other.failures),
            (&mut self.mismatches, other.mismatches),
            (&mut self.lost_events, other.lost_events),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        self.latency.add(&other.latency);
    }
}

impl FlowState {
    /// The state of a flow that nothing happened in yet.
    pub fn new(id: Id) -> Self {
        Self {
            id: Some(id),
            ..Self::default()
        }
    }

    /// Takes in a start.
    pub fn start(&mut self, flow: &Flow, event: &Event, now: Time) {
        let Some(key) = key_of(&flow.start, event) else {
            return;
        };
        let happened = sender_time(event, now);
        let received_at = Time::from(event.received_at).min(now);
        self.last_start = Some(now);
        if self.open.contains_key(&key) || self.closed.contains_key(&key) {
            // The sender tells of one start twice under two event ids: it is one start.
            return;
        }
        self.series.at(happened).starts += 1;
        let fields = kept_fields(flow, event);
        if let Some(early) = self.early.remove(&key) {
            let took = early.ended_at.since(happened);
            // Received before its start: by our clock it cannot be late.
            let in_time = true;
            self.finish(
                flow,
                &key,
                &fields,
                &early.fields,
                Finish {
                    happened: early.ended_at,
                    took,
                    in_time,
                    success: early.success,
                },
                now,
            );
            return;
        }
        let late = now.since(happened) >= flow.deadline;
        let deadline = received_at
            + if late {
                flow.deadline.min(LATE_START_GRACE)
            } else {
                flow.deadline
            };
        if self.open.len() >= MAX_OPEN
            && let Some((_, oldest)) = self.due.pop_first()
        {
            self.expire(&oldest, now);
        }
        self.due.insert((deadline, key.clone()));
        let open = Open {
            started_at: happened,
            received_at,
            deadline,
            event: event.id.clone(),
            fields,
        };
        self.open.insert(key, open);
    }

    /// Takes in an end. `keep_early` is how long one without a start is kept.
    pub fn end(&mut self, flow: &Flow, event: &Event, now: Time, keep_early: Duration) {
        let Some(key) = key_of(&flow.end, event) else {
            return;
        };
        let happened = sender_time(event, now);
        let success = matches(&flow.success, event);
        self.last_end = Some(now);
        let Some(open) = self.open.remove(&key) else {
            if self.closed.contains_key(&key) {
                self.mismatch(&key, "ended twice".into(), now);
            } else if self.early.len() < MAX_EARLY {
                let early = Early {
                    ended_at: happened,
                    keep_until: now + keep_early,
                    success,
                    fields: event.fields.clone(),
                };
                self.early.entry(key).or_insert(early);
            } else {
                self.mismatch(&key, "ended without a start".into(), now);
            }
            return;
        };
        self.due.remove(&(open.deadline, key.clone()));
        self.confirming.remove(&key);
        let counted = self.overdue.remove(&key);
        let in_time = now <= open.deadline && !counted;
        if !in_time && !counted {
            self.series.at(open.started_at.min(now)).overdue += 1;
        }
        let finish = Finish {
            happened,
            took: happened.since(open.started_at),
            in_time,
            success,
        };
        self.finish(flow, &key, &open.fields, &event.fields, finish, now);
    }

    fn finish(
        &mut self,
        flow: &Flow,
        key: &str,
        start: &BTreeMap<String, Scalar>,
        end: &BTreeMap<String, Scalar>,
        finish: Finish,
        now: Time,
    ) {
        let counts = self.series.at(finish.happened);
        if finish.in_time {
            counts.completed += 1;
        } else {
            counts.late += 1;
        }
        counts.latency.record(finish.took);
        if finish.success {
            counts.successes += 1;
            self.failures_in_row = 0;
            self.failed_keys.clear();
            self.last_success = Some(now);
        } else {
            counts.failures += 1;
            self.failures_in_row = self.failures_in_row.saturating_add(1);
            self.failed_keys.push(key.to_string());
            if self.failed_keys.len() > 20 {
                self.failed_keys.remove(0);
            }
        }
        for agreement in &flow.agree {
            let (one, other) = (start.get(&agreement.start), end.get(&agreement.end));
            let same = match (one, other) {
                (Some(a), Some(b)) => a.to_string().eq_ignore_ascii_case(&b.to_string()),
                (a, b) => a.is_none() && b.is_none(),
            };
            if !same {
                let show = |s: Option<&Scalar>| s.map_or("nothing".into(), Scalar::to_string);
                let what = format!(
                    "{} is {}, but {} is {}",
                    agreement.start,
                    show(one),
                    agreement.end,
                    show(other)
                );
                self.mismatch(key, what, now);
            }
        }
        self.close(key, now);
    }

    fn close(&mut self, key: &str, now: Time) {
        self.closed.insert(key.to_string(), now);
        self.closed_order.insert((now, key.to_string()));
        while self.closed.len() > MAX_CLOSED {
            let Some((_, oldest)) = self.closed_order.pop_first() else {
                break;
            };
            self.closed.remove(&oldest);
        }
    }

    fn mismatch(&mut self, key: &str, what: String, now: Time) {
        self.series.at(now).mismatches += 1;
        if self.mismatched.len() < MAX_EARLY {
            self.mismatched.insert(key.to_string(), what);
        }
    }

    /// The next deadline, when the intake was proven to hear up to `heard`.
    pub fn next_due(&self, heard: Option<Time>) -> Option<Time> {
        let (deadline, _) = self.due.first()?;
        // Past what we have heard nothing can be said to be missing: wait for the next proof.
        (Some(*deadline) <= heard).then_some(*deadline)
    }

    /// The keys whose deadline is not later than `through`, taken off the list.
    pub fn take_due(&mut self, through: Time) -> Vec<String> {
        let mut keys = Vec::new();
        while let Some((deadline, _)) = self.due.first() {
            if *deadline > through {
                break;
            }
            keys.extend(self.due.pop_first().map(|(_, key)| key));
        }
        keys
    }

    /// Counts a start as overdue.
    pub fn expire(&mut self, key: &str, now: Time) {
        self.confirming.remove(key);
        if let Some(open) = self.open.get(key) {
            self.series.at(open.started_at.min(now)).overdue += 1;
            self.overdue.insert(key.to_string());
        }
    }

    /// The end did happen, and only its event was lost.
    pub fn confirmed(&mut self, key: &str, now: Time) {
        self.confirming.remove(key);
        self.overdue.remove(key);
        if let Some(open) = self.open.remove(key) {
            self.due.remove(&(open.deadline, key.to_string()));
            let counts = self.series.at(open.started_at.min(now));
            counts.completed += 1;
            counts.lost_events += 1;
            self.close(key, now);
        }
    }

    /// Somebody looked at it, and it no longer counts.
    pub fn write_off(&mut self, key: &str, now: Time) -> bool {
        let known = self.mismatched.remove(key).is_some();
        self.overdue.remove(key);
        self.confirming.remove(key);
        let Some(open) = self.open.remove(key) else {
            return known;
        };
        self.due.remove(&(open.deadline, key.to_string()));
        self.close(key, now);
        true
    }

    /// Our intake could not hear for a while: what was due then is given that much more time.
    pub fn extend(&mut self, gap_from: Time, by: Duration) {
        let (before, after): (BTreeSet<_>, BTreeSet<_>) = std::mem::take(&mut self.due)
            .into_iter()
            .partition(|(deadline, _)| *deadline < gap_from);
        self.due = before;
        for (deadline, key) in after {
            let later = deadline + by;
            if let Some(open) = self.open.get_mut(&key) {
                open.deadline = later;
            }
            self.due.insert((later, key));
        }
    }

    /// Forgets what is too old: early ends whose start never came become mismatches.
    pub fn roll(&mut self, now: Time) {
        self.series.roll(now);
        let expired: Vec<String> = self
            .early
            .iter()
            .filter(|(_, e)| e.keep_until < now)
            .map(|(k, _)| k.clone())
            .collect();
        for key in expired {
            self.early.remove(&key);
            self.mismatch(&key, "ended without a start".into(), now);
        }
    }

    /// How many ends wait for their start.
    pub fn early_len(&self) -> usize {
        self.early.len()
    }
}

struct Finish {
    happened: Time,
    took: Duration,
    in_time: bool,
    success: bool,
}

/// Does an event match, apart from its source and type?
pub fn matches(only: &BTreeMap<String, Vec<String>>, event: &Event) -> bool {
    only.iter().all(|(field, allowed)| {
        let value = event.fields.get(field).and_then(Scalar::as_key);
        value.is_some_and(|v| allowed.contains(&v))
    })
}

/// The key of an event, when its fields match.
fn key_of(matcher: &Matcher, event: &Event) -> Option<String> {
    if !matches(&matcher.only, event) {
        return None;
    }
    match event.fields.get(&matcher.key) {
        Some(value) => value.as_key(),
        None if matcher.key == "subject" => event.subject.clone(),
        None if matcher.key == "id" => Some(event.id.clone()),
        None => None,
    }
}

/// When it happened, by the sender's clock, but never in our future.
fn sender_time(event: &Event, now: Time) -> Time {
    Time::from(event.time).min(now)
}

fn kept_fields(flow: &Flow, event: &Event) -> BTreeMap<String, Scalar> {
    let wanted = flow.show.iter().chain(flow.agree.iter().map(|a| &a.start));
    wanted
        .filter_map(|f| Some((f.clone(), event.fields.get(f)?.clone())))
        .collect()
}
