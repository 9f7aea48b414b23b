//! The comparison of two sides, record by record.
//!
//! Invariant: amounts are whole numbers of the smallest unit and are added exactly; a sum that
//! does not fit is an error and never a number.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::reconciliation::{Difference, Reconciliation, Repeats};
use serde::{Deserialize, Serialize};

use super::money::Money;
use crate::time::Time;

/// How many differences of one run are named; the oldest come first, and the count tells of all.
pub const DIFFERENCES_MAX: usize = 2_000;
/// How many currencies are added up for each side.
pub const CURRENCIES_MAX: usize = 200;
/// The longest key that is kept, in bytes.
pub const KEY_BYTES_MAX: usize = 200;

/// One record of a side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// What both sides call it.
    pub key: String,
    /// When it happened, by that side's clock.
    pub at: Time,
    /// How much it is about, where the side says so.
    pub money: Option<Money>,
    /// What else has to be said of it: "refunded since".
    pub note: Option<String>,
}

/// The stretch of time whose records are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// From when.
    pub from: Time,
    /// Until when.
    pub until: Time,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The left side in sum.
    pub left: SideSum,
    /// The right side in sum.
    pub right: SideSum,
    /// How many keys both sides have, and have alike.
    pub matched: u64,
    /// The differences, the oldest first, at most [`DIFFERENCES_MAX`].
    pub found: Vec<Found>,
    /// How many there are besides.
    pub more: u64,
    /// Where there are more: all before this time are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_until: Option<Time>,
}

/// A side in sum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideSum {
    /// How many records.
    pub records: u64,
    /// How much they come to, by currency.
    pub sums: BTreeMap<String, i64>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The key.
    pub key: String,
    /// How the sides differ about it.
    pub kind: Difference,
    /// When it happened: by the left side, or by the right where only that one has it.
    pub at: Time,
    /// What the left side says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Money>,
    /// What the right side says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Money>,
    /// What else has to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// All records of one side under one key.
#[derive(Clone, Debug)]
struct Of<'r> {
    records: Vec<&'r Record>,
}

/// Compares two sides over a stretch of time.
///
/// A key belongs to the stretch by the time of its left record, or of its right one where there
/// is no left one. Both sides should hold what happened around the stretch too: a record that
/// the other side dates before or after it is not missing.
pub fn compare(
    declared: &Reconciliation,
    stretch: Stretch,
    left: &[Record],
    right: &[Record],
) -> Result<Comparison, String> {
    let (lefts, rights) = (by_key(left), by_key(right));
    let keys: BTreeSet<&str> = lefts.keys().chain(rights.keys()).copied().collect();
    let mut out = Comparison::default();
    let mut found: Vec<Found> = Vec::new();
    for key in keys {
        let (l, r) = (lefts.get(key), rights.get(key));
        let Some(at) = l.or(r).map(Of::at) else {
            continue;
        };
        if at < stretch.from || at > stretch.until {
            continue;
        }
        for (side, sum) in [(l, &mut out.left), (r, &mut out.right)] {
            if let Some(side) = side {
                sum.add(side, declared.repeats)?;
            }
        }
        match judge(declared, l, r)? {
            None => out.matched += 1,
            Some((kind, note)) => found.push(Found {
                key: cut(key),
                kind,
                at,
                left: l.map(|l| l.money(declared.repeats)).transpose()?.flatten(),
                right: r.map(|r| r.money(declared.repeats)).transpose()?.flatten(),
                note: note
                    .or_else(|| l.and_then(Of::note))
                    .or_else(|| r.and_then(Of::note)),
            }),
        }
    }
    found.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
    out.more = found.len().saturating_sub(DIFFERENCES_MAX) as u64;
    found.truncate(DIFFERENCES_MAX);
    out.named_until = found.last().filter(|_| out.more > 0).map(|f| f.at);
    out.found = found;
    Ok(out)
}

fn by_key(records: &[Record]) -> BTreeMap<&str, Of<'_>> {
    let mut keys: BTreeMap<&str, Of<'_>> = BTreeMap::new();
    for record in records {
        let of = keys.entry(&record.key).or_insert_with(|| Of {
            records: Vec::new(),
        });
        of.records.push(record);
    }
    for of in keys.values_mut() {
        // The order in which a side answers must not matter.
        of.records.sort();
        of.records.sort_by_key(|r| r.at);
    }
    keys
}

/// How two sides differ about a key, if they do.
fn judge(
    declared: &Reconciliation,
    left: Option<&Of<'_>>,
    right: Option<&Of<'_>>,
) -> Result<Option<(Difference, Option<String>)>, String> {
    let (l, r) = match (left, right) {
        (Some(l), Some(r)) => (l, r),
        (Some(_), None) => return Ok(Some((Difference::MissingRight, None))),
        (None, _) => return Ok(Some((Difference::MissingLeft, None))),
    };
    let repeats = declared.repeats;
    if repeats == Repeats::Doubled && (l.records.len() > 1 || r.records.len() > 1) {
        let times = |of: &Of<'_>| of.records.len();
        let note = format!("{} on the left, {} on the right", times(l), times(r));
        return Ok(Some((Difference::Doubled, Some(note))));
    }
    if repeats != Repeats::Any
        && let (Some(ours), Some(theirs)) = (l.money(repeats)?, r.money(repeats)?)
        && !ours.agrees(&theirs, declared.tolerance)
    {
        return Ok(Some((Difference::Differs, None)));
    }
    if let Some(apart) = declared.apart {
        let near = |a: &Record, b: &Record| a.at.since(b.at).max(b.at.since(a.at)) <= apart;
        // The newest of the left is what the right has to have heard of.
        let newest = l.records.last();
        if let Some(newest) = newest
            && !r.records.iter().any(|other| near(newest, other))
        {
            let theirs = r.records.last().map(|r| r.at).unwrap_or_default();
            let note = format!("{} on the left, {theirs} on the right", newest.at);
            return Ok(Some((Difference::Differs, Some(note))));
        }
    }
    Ok(None)
}

impl Of<'_> {
    /// When it happened: the first time that the side tells of it.
    fn at(&self) -> Time {
        self.records.first().map_or_else(Time::default, |r| r.at)
    }

    fn note(&self) -> Option<String> {
        self.records.iter().find_map(|r| r.note.clone())
    }

    /// What the side says it is about. Parts are added up; of a record that came twice the
    /// first one speaks.
    fn money(&self, repeats: Repeats) -> Result<Option<Money>, String> {
        let mut moneys = self.records.iter().filter_map(|r| r.money.as_ref());
        let Some(first) = moneys.next() else {
            return Ok(None);
        };
        let mut total = first.clone();
        if repeats == Repeats::Sum {
            for other in moneys {
                total = total.plus(other)?;
            }
        }
        Ok(Some(total))
    }
}

impl SideSum {
    fn add(&mut self, of: &Of<'_>, repeats: Repeats) -> Result<(), String> {
        let counted = if repeats == Repeats::Any {
            1
        } else {
            of.records.len()
        };
        self.records = self.records.saturating_add(counted as u64);
        for money in of
            .records
            .iter()
            .take(counted)
            .filter_map(|r| r.money.as_ref())
        {
            if !self.sums.contains_key(&money.currency) && self.sums.len() >= CURRENCIES_MAX {
                return Err(format!("there are more than {CURRENCIES_MAX} currencies"));
            }
            let sum = self.sums.entry(money.currency.clone()).or_default();
            *sum = sum
                .checked_add(money.amount)
                .ok_or_else(|| format!("the sum in {} is too large to be exact", money.currency))?;
        }
        Ok(())
    }
}

fn cut(key: &str) -> String {
    key[..key.floor_char_boundary(KEY_BYTES_MAX)].to_string()
}
