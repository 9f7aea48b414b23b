//! SLOs: what was counted, what is left of the budget, and how fast it burns.
//!
//! Everything is a sum of counts over a window, never a mean of ratios, so a quiet hour weighs
//! as little as it should. Figures are made once a minute for every SLO, in one pass over its
//! buckets; an event costs only the SLOs that count it. "Too few events" and "cannot tell" are
//! states of their own.

use std::sync::Arc;

use gonogo_model::alert::BurnSpeed;
use gonogo_model::event::{Event, Scalar};
use gonogo_model::expression::Where;
use gonogo_model::slo::{EventsSli, Sli, Slo};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::check::{Answers, Health};
use crate::engine::Engine;
use crate::expression::{Match, Undecided, asks};
use crate::flow::Counts;
use crate::input::Sampled;
use crate::series::{Series, Sum};
use crate::time::Time;

/// How many bad items are named.
pub const MAX_BAD_NAMED: usize = 20;
/// Counters are read every minute; after this long without an answer nothing can be told. Less
/// than the shortest window of a burn rate: a window that nobody fills is not one without bad items.
pub const SAMPLE_STALE_AFTER: Duration = Duration::from_mins(4);
/// Parts per million, and millionths of an item.
const MILLION: u128 = 1_000_000;

/// An SLO's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SloState {
    /// When it was declared: silence never counts from before.
    pub known_since: Time,
    /// What it counts itself: events and samples. Flows and checks keep their own.
    pub series: Series<Tally>,
    /// Bad items in a row.
    pub bad_in_row: u32,
    /// The bad items that came last, latest last.
    pub bad_items: Vec<BadItem>,
    /// When something was last counted.
    pub last_item: Option<Time>,
    /// Until when counters were read.
    pub sampled_until: Option<Time>,
    /// Why they could not be read lately.
    pub trouble: Option<String>,
    /// What it comes to, as of the last look.
    pub figures: Figures,
    /// What maintenance leaves out.
    pub excluded: Series<Tally>,
    /// What was ever counted when that was last noted, while maintenance goes on.
    pub excluding: Option<Tally>,
}

/// A bad item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadItem {
    /// When it happened.
    pub at: Time,
    /// What: the event's id and type.
    pub what: String,
}

/// Good and bad items in a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Good ones.
    pub good: u64,
    /// Bad ones.
    pub bad: u64,
}

impl Sum for Tally {
    fn add(&mut self, other: &Self) {
        self.good = self.good.saturating_add(other.good);
        self.bad = self.bad.saturating_add(other.bad);
    }
}

/// How many items a window holds, and how many of them are bad. What is made of several SLOs
/// has parts of an item, so bad ones are counted in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// All items.
    pub total: u64,
    /// Bad ones, in millionths.
    pub bad_millionths: u128,
}

impl Measure {
    /// The bad items, a part of one counting as one.
    pub fn bad(&self) -> u64 {
        u64::try_from(self.bad_millionths.div_ceil(MILLION)).unwrap_or(u64::MAX)
    }

    /// The good items.
    pub fn good(&self) -> u64 {
        self.total.saturating_sub(self.bad())
    }

    /// The share of bad ones, in parts per million; none where nothing was counted.
    pub fn bad_ppm(&self) -> Option<u32> {
        let share = self.bad_millionths.checked_div(u128::from(self.total))?;
        u32::try_from(share).ok()
    }
}

impl From<Tally> for Measure {
    fn from(tally: Tally) -> Self {
        Self {
            total: tally.good.saturating_add(tally.bad),
            bad_millionths: u128::from(tally.bad) * MILLION,
        }
    }
}

/// What an SLO comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// When it was looked at.
    pub at: Time,
    /// When its window began.
    pub from: Time,
    /// When a calendar window ends.
    pub until: Option<Time>,
    /// What was counted in its window.
    pub window: Measure,
    /// The bad items that are allowed, in millionths.
    pub allowed_millionths: u128,
    /// Where it stands.
    pub standing: Standing,
    /// Why it stands there, in a sentence, where that does not follow from the numbers.
    pub why: String,
    /// Can nothing be told of what happens right now? What is used up stays used up.
    pub deaf: bool,
    /// The long and the short window of each burn speed, in the order of [`BurnSpeed::ALL`].
    pub burns: Vec<(Measure, Measure)>,
    /// All that was ever counted: counters for whoever scrapes them.
    pub ever: Tally,
    /// When something was last counted.
    pub last_item: Option<Time>,
}

/// Where an SLO stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its budget is not used up.
    Within,
    /// Too few events to say.
    TooFew,
    /// Nobody can tell.
    #[default]
    CannotTell,
    /// Its budget is used up.
    UsedUp,
}

impl Standing {
    /// In words, as pages and the API say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Within => "within budget",
            Self::TooFew => "too few events",
            Self::CannotTell => "cannot tell",
            Self::UsedUp => "budget used up",
        }
    }

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::TooFew => "too_few",
            Self::CannotTell => "cannot_tell",
            Self::UsedUp => "used_up",
        }
    }
}

impl Figures {
    /// What is left of the budget, in millionths of an item; negative when more was used.
    pub fn left_millionths(&self) -> i128 {
        let signed = |n: u128| i128::try_from(n).unwrap_or(i128::MAX);
        signed(self.allowed_millionths).saturating_sub(signed(self.window.bad_millionths))
    }

    /// The share of the budget that is left, in parts per million; none where there is none yet.
    pub fn left_ppm(&self) -> Option<i64> {
        let allowed = i128::try_from(self.allowed_millionths).ok()?;
        let left = self.left_millionths().saturating_mul(1_000_000);
        i64::try_from(left.checked_div(allowed)?).ok()
    }

    /// The two windows of a burn speed.
    pub fn burn(&self, speed: BurnSpeed) -> (Measure, Measure) {
        let place = BurnSpeed::ALL.iter().position(|s| *s == speed);
        place
            .and_then(|place| self.burns.get(place))
            .copied()
            .unwrap_or_default()
    }
}

/// How fast a window burns the budget, in millionths: 14 400 000 is 14.4 ×. None where nothing
/// was counted, or nothing is allowed.
pub fn burn_ppm(slo: &Slo, measure: Measure, window: Duration) -> Option<u64> {
    let millis = |d: Duration| u128::from(d.as_millis().unsigned_abs());
    let (used, whole) = match slo.budget_events {
        // bad ÷ budget, and the window's share of the period.
        Some(budget) => (
            measure.bad_millionths * millis(slo.period()),
            u128::from(budget) * millis(window),
        ),
        None => (
            measure.bad_millionths * MILLION,
            u128::from(measure.total) * u128::from(1_000_000 - slo.target.ppm()),
        ),
    };
    u64::try_from(used.checked_div(whole)?).ok()
}

/// Does a window burn the budget at least this fast?
pub(crate) fn burns(slo: &Slo, measure: Measure, window: Duration, rate_ppm: u64) -> bool {
    let millis = |d: Duration| u128::from(d.as_millis().unsigned_abs());
    let rate = u128::from(rate_ppm);
    match slo.budget_events {
        Some(budget) => {
            measure.bad_millionths.saturating_mul(millis(slo.period()))
                >= (rate * u128::from(budget)).saturating_mul(millis(window))
        }
        None => {
            let allowed = u128::from(1_000_000 - slo.target.ppm());
            // A window without items burns nothing: what stopped is told by `slo_silent`.
            measure.total > 0
                && measure.bad_millionths.saturating_mul(MILLION)
                    >= (rate * allowed).saturating_mul(u128::from(measure.total))
        }
    }
}

impl SloState {
    /// Takes in an event that the SLO may count.
    pub(crate) fn take<'w>(&mut self, sli: &'w EventsSli, event: &Event, now: Time) -> Counted<'w> {
        match asks(&sli.only, sli.r#where.as_deref(), event) {
            Match::Yes => {}
            Match::No => return Counted::Not,
            Match::Undecided(asked, why) => return Counted::Undecided(asked, why),
        }
        let good = match is_good(sli, event) {
            Match::Yes => true,
            Match::No => false,
            Match::Undecided(asked, why) => return Counted::Undecided(asked, why),
        };
        let happened = Time::from(event.time).min(now);
        let tally = self.series.at(happened);
        self.last_item = Some(now);
        if good {
            tally.good = tally.good.saturating_add(1);
            self.bad_in_row = 0;
        } else {
            tally.bad = tally.bad.saturating_add(1);
            self.bad_in_row = self.bad_in_row.saturating_add(1);
            if self.bad_items.len() >= MAX_BAD_NAMED {
                self.bad_items.remove(0);
            }
            self.bad_items.push(BadItem {
                at: happened,
                what: format!("{} ({})", event.id, event.kind),
            });
        }
        if good { Counted::Good } else { Counted::Bad }
    }

    /// Deliveries of a source were acknowledged, or were not in time.
    pub(crate) fn delivered(&mut self, good: u64, bad: u64, at: Time) {
        let tally = self.series.at(at);
        tally.good = tally.good.saturating_add(good);
        tally.bad = tally.bad.saturating_add(bad);
        self.last_item = Some(at);
        self.bad_in_row = match good {
            0 => self
                .bad_in_row
                .saturating_add(u32::try_from(bad).unwrap_or(u32::MAX)),
            _ => 0,
        };
        if bad > 0 {
            if self.bad_items.len() >= MAX_BAD_NAMED {
                self.bad_items.remove(0);
            }
            let what = format!("{bad} of {} not acknowledged in time", good + bad);
            self.bad_items.push(BadItem { at, what });
        }
    }

    fn sampled(&mut self, sampled: &Sampled, now: Time) {
        self.trouble.clone_from(&sampled.trouble);
        if sampled.trouble.is_some() {
            return;
        }
        // A stretch that was counted already is not counted again.
        if self
            .sampled_until
            .is_some_and(|until| sampled.until <= until)
        {
            return;
        }
        self.sampled_until = Some(sampled.until.min(now));
        if sampled.good == 0 && sampled.bad == 0 {
            return;
        }
        self.last_item = Some(now);
        let tally = self.series.at(sampled.from.min(now));
        tally.good = tally.good.saturating_add(sampled.good);
        tally.bad = tally.bad.saturating_add(sampled.bad);
        // Within a minute the order is not known: only whole bad ones count as a row.
        self.bad_in_row = if sampled.good > 0 {
            0
        } else {
            let bad = u32::try_from(sampled.bad).unwrap_or(u32::MAX);
            self.bad_in_row.saturating_add(bad)
        };
        if sampled.bad > 0 {
            if self.bad_items.len() >= MAX_BAD_NAMED {
                self.bad_items.remove(0);
            }
            self.bad_items.push(BadItem {
                at: sampled.from,
                what: format!("{} bad of {}", sampled.bad, sampled.good + sampled.bad),
            });
        }
    }
}

/// What an SLO makes of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counted<'w> {
    /// It is counted, and good.
    Good,
    /// It is counted, and bad.
    Bad,
    /// It is not counted.
    Not,
    /// Nobody can say which of them.
    Undecided(&'w Where, Undecided<'w>),
}

fn is_good<'w>(sli: &'w EventsSli, event: &Event) -> Match<'w> {
    let kind = sli.good_event.is_empty() || sli.good_event.contains(&event.kind);
    let bound = sli.at_most.as_ref().is_none_or(|bound| {
        let value = event.fields.get(&bound.field);
        match value {
            Some(Scalar::Int(value)) => *value <= bound.value,
            // What is not a whole number is compared by its whole part, and only a larger
            // one exceeds a whole bound.
            Some(Scalar::Text(text)) => whole_part(text).is_some_and(|(whole, rest)| {
                whole < bound.value || (whole == bound.value && !rest)
            }),
            _ => false,
        }
    });
    if kind && bound {
        asks(&sli.good, sli.good_where.as_deref(), event)
    } else {
        Match::No
    }
}

/// The whole part of a decimal number that is not negative, and whether there is more than that.
fn whole_part(text: &str) -> Option<(i64, bool)> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = rest.bytes().all(|b| b.is_ascii_digit());
    let whole: i64 = whole.parse().ok().filter(|_| digits)?;
    Some((whole, rest.bytes().any(|b| b != b'0')))
}

impl Engine {
    /// Good and bad items of an SLI over a window.
    pub fn sli(&self, slo: &Slo, now: Time, window: Duration) -> (u64, u64) {
        let measure = self.measure(slo, now, window);
        (measure.good(), measure.bad())
    }

    /// What a window that ends now holds.
    pub fn measure(&self, slo: &Slo, now: Time, window: Duration) -> Measure {
        let mut sums = self.measures(slo, now, &[window]);
        sums.pop().unwrap_or_default()
    }

    /// What several windows that end now hold.
    fn measures(&self, slo: &Slo, now: Time, windows: &[Duration]) -> Vec<Measure> {
        let plan = &self.plan;
        if !slo.sli.is_made_of_slos() {
            let tallies = self.tallies(slo, now, windows);
            return tallies.into_iter().map(Measure::from).collect();
        }
        // Only what counts something itself can be a part: what is made of others has no parts.
        let parts = slo.parts(&plan.package).into_iter();
        let parts: Vec<(Vec<Tally>, u32)> = parts
            .filter(|(part, _)| !part.sli.is_made_of_slos())
            .map(|(part, weight)| (self.tallies(part, now, windows), weight))
            .collect();
        let all = matches!(slo.sli, Sli::Journey(_));
        (0..windows.len())
            .map(|place| {
                let of_part = |(tallies, weight): &(Vec<Tally>, u32)| {
                    (tallies.get(place).copied().unwrap_or_default(), *weight)
                };
                if all {
                    every(parts.iter().map(of_part))
                } else {
                    weighed(parts.iter().map(of_part))
                }
            })
            .collect()
    }

    /// What an SLO that counts something itself counted in several windows.
    fn counted(&self, slo: &Slo, now: Time, windows: &[Duration]) -> Vec<Tally> {
        let none = || vec![Tally::default(); windows.len()];
        let flow = |id: &Id| self.state.flows.get(self.plan.flow(id)?);
        match &slo.sli {
            Sli::Completion(_) | Sli::Success(_) | Sli::Latency(_) => {
                let flow = slo.sli.flow().and_then(flow);
                flow.map_or_else(none, |f| {
                    f.series.sums(now, windows, |c| of_counts(&slo.sli, c))
                })
            }
            Sli::Check(check) => {
                let check = self.state.checks.get(&check.id);
                check.map_or_else(none, |c| c.series.sums(now, windows, of_answers))
            }
            Sli::Events(_) | Sli::Promql(_) | Sli::Delivery(_) => {
                let state = self.state.slos.get(&slo.id.value);
                state.map_or_else(none, |s| s.series.sums(now, windows, |t| *t))
            }
            Sli::Composite(_) | Sli::Journey(_) => none(),
        }
    }

    /// Counts of an SLO per stretch of time, oldest first; none of what is made of others.
    pub fn slo_stretches(
        &self,
        slo: &Slo,
        now: Time,
        stretch: Duration,
        steps: usize,
    ) -> Vec<(Time, Tally)> {
        let flow = |id: &Id| self.state.flows.get(self.plan.flow(id)?);
        match &slo.sli {
            Sli::Completion(_) | Sli::Success(_) | Sli::Latency(_) => {
                let counts = slo.sli.flow().and_then(flow);
                let counts = counts.map(|f| f.series.stretches(now, stretch, steps));
                let of = |(at, c): &(Time, Counts)| (*at, of_counts(&slo.sli, c));
                counts.iter().flatten().map(of).collect()
            }
            Sli::Check(check) => {
                let state = self.state.checks.get(&check.id);
                let answers = state.map(|c| c.series.stretches(now, stretch, steps));
                answers
                    .iter()
                    .flatten()
                    .map(|(at, a)| (*at, of_answers(a)))
                    .collect()
            }
            Sli::Events(_) | Sli::Promql(_) | Sli::Delivery(_) => {
                let state = self.state.slos.get(&slo.id.value);
                state.map_or_else(Vec::new, |s| s.series.stretches(now, stretch, steps))
            }
            Sli::Composite(_) | Sli::Journey(_) => Vec::new(),
        }
    }

    /// What windows hold, without what maintenance leaves out.
    fn tallies(&self, slo: &Slo, now: Time, windows: &[Duration]) -> Vec<Tally> {
        let mut all = self.counted(slo, now, windows);
        let state = self.state.slos.get(&slo.id.value);
        if let Some(state) = state.filter(|s| !s.excluded.is_empty()) {
            let left_out = state.excluded.sums(now, windows, |t| *t);
            for (tally, out) in all.iter_mut().zip(left_out) {
                tally.good = tally.good.saturating_sub(out.good);
                tally.bad = tally.bad.saturating_sub(out.bad);
            }
        }
        all
    }

    /// All that was ever counted for an SLO that counts something itself.
    pub(crate) fn ever(&self, slo: &Slo) -> Tally {
        let flow = |id: &Id| self.state.flows.get(self.plan.flow(id)?);
        match &slo.sli {
            Sli::Completion(_) | Sli::Success(_) | Sli::Latency(_) => {
                let flow = slo.sli.flow().and_then(flow);
                flow.map_or_else(Tally::default, |f| {
                    f.series.ever(|c| of_counts(&slo.sli, c))
                })
            }
            Sli::Check(check) => {
                let state = self.state.checks.get(&check.id);
                state.map_or_else(Tally::default, |c| c.series.ever(of_answers))
            }
            Sli::Events(_) | Sli::Promql(_) | Sli::Delivery(_) => {
                let state = self.state.slos.get(&slo.id.value);
                state.map_or_else(Tally::default, |s| s.series.ever(|t| *t))
            }
            Sli::Composite(_) | Sli::Journey(_) => Tally::default(),
        }
    }

    /// Why nothing can be told of an SLO right now, where that is so.
    pub fn deaf_to(&self, slo: &Slo, now: Time) -> Option<String> {
        if self.state.troubles.contains_key("blind")
            && !matches!(slo.sli, Sli::Check(_) | Sli::Promql(_))
        {
            return Some("our own intake is not proven to hear".into());
        }
        let silent = |source: &Id| {
            let state = self.state.sources.get(source)?;
            state
                .silent
                .then(|| format!("the source {source} is silent"))
        };
        match &slo.sli {
            Sli::Completion(_) | Sli::Success(_) | Sli::Latency(_) => {
                let flow = self.plan.package.flows.get(slo.sli.flow()?)?;
                silent(&flow.start.source.id).or_else(|| silent(&flow.end.source.id))
            }
            Sli::Events(e) => silent(&e.source.id),
            Sli::Delivery(d) => {
                let state = self.state.sources.get(&d.source.id)?;
                let known = state
                    .forward
                    .as_ref()
                    .is_some_and(|f| f.fresh(now).is_some());
                let why = "nothing is known of what is sent on".to_string();
                silent(&d.source.id).or((!known).then_some(why))
            }
            Sli::Check(check) => {
                let state = self.state.checks.get(&check.id);
                let unknown = state.is_none_or(|s| s.health == Health::Unknown);
                unknown.then(|| format!("the check {} cannot tell", check.id))
            }
            Sli::Promql(_) => {
                let state = self.state.slos.get(&slo.id.value)?;
                let stale = state
                    .sampled_until
                    .is_none_or(|at| now.since(at) > SAMPLE_STALE_AFTER);
                let why = state.trouble.as_deref().unwrap_or("never answered");
                stale.then(|| format!("the counters could not be read: {why}"))
            }
            Sli::Composite(_) | Sli::Journey(_) => {
                let mut parts = slo.parts(&self.plan.package).into_iter();
                let plain = |(part, _): &(&Slo, u32)| !part.sli.is_made_of_slos();
                parts.find_map(|part| plain(&part).then(|| self.deaf_to(part.0, now))?)
            }
        }
    }

    /// When something was last counted for an SLO.
    fn last_item(&self, slo: &Slo) -> Option<Time> {
        match &slo.sli {
            Sli::Completion(f) | Sli::Success(f) => {
                self.state.flows.get(self.plan.flow(&f.id)?)?.last_end
            }
            Sli::Latency(l) => self.state.flows.get(self.plan.flow(&l.flow.id)?)?.last_end,
            Sli::Check(check) => self.state.checks.get(&check.id)?.told_at,
            Sli::Events(_) | Sli::Promql(_) | Sli::Delivery(_) => {
                self.state.slos.get(&slo.id.value)?.last_item
            }
            Sli::Composite(_) | Sli::Journey(_) => {
                let parts = slo.parts(&self.plan.package).into_iter();
                let plain = parts.filter(|(part, _)| !part.sli.is_made_of_slos());
                plain.filter_map(|(part, _)| self.last_item(part)).max()
            }
        }
    }

    /// Makes the figures of every SLO anew.
    pub(crate) fn figure_slos(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        for (id, slo) in &plan.package.slos {
            let figures = self.figures(slo, now);
            if let Some(state) = self.state.slos.get_mut(id) {
                state.figures = figures;
            }
        }
        self.judge_freezes(now);
    }

    fn figures(&self, slo: &Slo, now: Time) -> Figures {
        let (from, until) = match &slo.calendar {
            Some(calendar) => {
                let (from, until) = calendar.window(now.timestamp());
                (Time::from(from), Some(Time::from(until)))
            }
            None => (now - slo.window, None),
        };
        let mut windows = vec![now.since(from)];
        for speed in BurnSpeed::ALL {
            let (long, short, _) = speed.windows();
            windows.extend([long, short]);
        }
        let sums = self.measures(slo, now, &windows);
        let (window, rest) = sums
            .split_first()
            .map_or((Measure::default(), &[][..]), |(w, r)| (*w, r));
        let allowed_millionths = match slo.budget_events {
            Some(budget) => u128::from(budget) * MILLION,
            None => u128::from(window.total) * u128::from(1_000_000 - slo.target.ppm()),
        };
        let enough = slo.budget_events.is_some() || window.total >= u64::from(slo.min_events);
        let used_up = window.bad_millionths > 0 && window.bad_millionths >= allowed_millionths;
        let deaf = self.deaf_to(slo, now);
        let is_deaf = deaf.is_some();
        let (standing, why) = match deaf {
            why if enough && used_up => (Standing::UsedUp, why.unwrap_or_default()),
            Some(why) => (Standing::CannotTell, why),
            None if !enough => {
                let why = format!("{} counted, {} are needed", window.total, slo.min_events);
                (Standing::TooFew, why)
            }
            None => (Standing::Within, String::new()),
        };
        Figures {
            at: now,
            from,
            until,
            window,
            allowed_millionths,
            standing,
            why,
            deaf: is_deaf,
            burns: rest
                .chunks_exact(2)
                .map(|pair| (pair[0], pair[1]))
                .collect(),
            ever: self.ever(slo),
            last_item: self.last_item(slo),
        }
    }

    pub(crate) fn take_sample(&mut self, sampled: &Sampled, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(state) = self.state.slos.get_mut(&sampled.slo) else {
            return;
        };
        state.sampled(sampled, now);
        // It was waited for: nobody should wait for the next look at everything besides.
        if let Some(slo) = plan.package.slos.get(&sampled.slo) {
            let figures = self.figures(slo, now);
            if let Some(state) = self.state.slos.get_mut(&sampled.slo) {
                state.figures = figures;
            }
        }
        self.judge_all(plan.alerts_of_slo(&sampled.slo), now);
    }
}

fn of_counts(sli: &Sli, counts: &Counts) -> Tally {
    let tally = |good: u32, bad: u32| Tally {
        good: u64::from(good),
        bad: u64::from(bad),
    };
    match sli {
        // An end that came late is counted as the overdue start that it was.
        Sli::Completion(_) => tally(counts.completed, counts.overdue),
        Sli::Success(_) => tally(counts.successes, counts.failures),
        Sli::Latency(l) => {
            let good = counts.latency.within(l.under);
            Tally {
                good,
                bad: counts.latency.count().saturating_sub(good),
            }
        }
        _ => Tally::default(),
    }
}

fn of_answers(answers: &Answers) -> Tally {
    Tally {
        good: u64::from(answers.good),
        bad: u64::from(answers.bad),
    }
}

/// The mean of the shares of bad ones, by weight; parts of which nothing was counted weigh
/// nothing.
fn weighed(parts: impl Iterator<Item = (Tally, u32)>) -> Measure {
    let (mut total, mut weights, mut bad): (u64, u128, u128) = (0, 0, 0);
    for (tally, weight) in parts {
        let items = tally.good.saturating_add(tally.bad);
        if items == 0 {
            continue;
        }
        total = total.saturating_add(items);
        weights += u128::from(weight);
        let share = u128::from(tally.bad) * MILLION * MILLION / u128::from(items);
        bad += u128::from(weight) * share;
    }
    let share = bad.checked_div(weights).unwrap_or_default();
    Measure {
        total,
        bad_millionths: (share.saturating_mul(u128::from(total)) / MILLION),
    }
}

/// A use is good only where every part of it is: the shares of good ones are multiplied, and it
/// is used as often as its most used part.
fn every(parts: impl Iterator<Item = (Tally, u32)>) -> Measure {
    let (mut total, mut good) = (0, MILLION * MILLION);
    for (tally, _) in parts {
        let items = tally.good.saturating_add(tally.bad);
        if items == 0 {
            continue;
        }
        total = items.max(total);
        good = good * (u128::from(tally.good) * MILLION * MILLION / u128::from(items))
            / (MILLION * MILLION);
    }
    let bad = MILLION * MILLION - good;
    Measure {
        total,
        bad_millionths: bad.saturating_mul(u128::from(total)) / MILLION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(good: u64, bad: u64) -> Tally {
        Tally { good, bad }
    }

    #[test]
    fn parts_are_weighed_by_their_weight_and_not_by_their_traffic() {
        let parts = [(tally(90, 10), 3), (tally(999, 1), 1), (tally(0, 0), 9)];
        let sum = weighed(parts.into_iter());
        // (3 × 10 % + 1 × 0.1 %) ÷ 4 = 7.525 %
        assert_eq!(sum.bad_ppm(), Some(75_250));
        assert_eq!(sum.total, 1100);
        assert_eq!(weighed(std::iter::empty()), Measure::default());
    }

    #[test]
    fn a_journey_is_good_where_every_part_is() {
        let sum = every([(tally(90, 10), 1), (tally(50, 50), 1)].into_iter());
        assert_eq!(sum.bad_ppm(), Some(550_000));
        assert_eq!(sum.total, 100);
        assert_eq!(every(std::iter::empty()), Measure::default());
        // The largest counts do not overflow.
        let huge = tally(u64::MAX / 2, u64::MAX / 2);
        assert_eq!(every([(huge, 1)].into_iter()).bad_ppm(), Some(500_000));
        assert_eq!(
            weighed([(huge, u32::MAX)].into_iter()).bad_ppm(),
            Some(500_000)
        );
    }

    #[test]
    fn numbers_are_bound_by_their_value() {
        assert_eq!(whole_part("12.50"), Some((12, true)));
        assert_eq!(whole_part("12.00"), Some((12, false)));
        assert_eq!(whole_part("12"), Some((12, false)));
        assert_eq!(whole_part("1e3"), None);
        assert_eq!(whole_part(""), None);
    }
}
