//! Which delivery is sent next: order within a key, places at an endpoint, times to wait.
//!
//! It knows neither a clock nor a socket. Invariant: of the deliveries of one key at most one is
//! under way, and a later one overtakes only what has failed for as long as `hold`.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::QueuedForward;

/// A delivery in the queue.
#[derive(Clone, Debug)]
pub struct Item {
    /// What the store knows of it.
    pub row: QueuedForward,
    /// Its first failure since it was queued.
    failed_first_ms: Option<i64>,
    /// It has held up its key for long enough.
    aside: bool,
    /// When it was queued, as far as that is known after a restart.
    pub queued_at_ms: i64,
}

/// The queue of one source.
#[derive(Debug, Default)]
pub struct Lane {
    /// Waiting and under way, by rank.
    items: BTreeMap<i64, Item>,
    /// Those that may be sent: due time and rank.
    ready: BTreeSet<(i64, i64)>,
    /// Ranks of a key, in order.
    keys: BTreeMap<String, BTreeSet<i64>>,
    under_way: BTreeSet<i64>,
    /// Receipt and rank of what the totals do not know of yet.
    uncounted: BTreeSet<(i64, i64)>,
    received: BTreeSet<(i64, i64)>,
}

impl Lane {
    /// Takes a delivery in.
    pub fn push(&mut self, row: QueuedForward) {
        let (rank, received) = (row.rank, row.received_at_ms);
        self.received.insert((received, rank));
        if !row.counted {
            self.uncounted.insert((received, rank));
        }
        let due = row.next_at_ms;
        let queued_at_ms = if row.attempts == 0 { due } else { received };
        let leads = row.ordering.as_ref().is_none_or(|key| {
            let ranks = self.keys.entry(key.clone()).or_default();
            ranks.insert(rank);
            ranks.first() == Some(&rank)
        });
        if leads {
            self.ready.insert((due, rank));
        }
        let item = Item {
            row,
            failed_first_ms: None,
            aside: false,
            queued_at_ms,
        };
        self.items.insert(rank, item);
    }

    /// The next that is due, which is under way from now on.
    pub fn take(&mut self, now_ms: i64) -> Option<Item> {
        let first = *self.ready.first()?;
        if first.0 > now_ms {
            return None;
        }
        self.ready.remove(&first);
        self.under_way.insert(first.1);
        self.items.get(&first.1).cloned()
    }

    /// It failed and is tried again at a time.
    pub fn again(&mut self, rank: i64, at_ms: i64, now_ms: i64, hold_ms: i64) {
        self.under_way.remove(&rank);
        let Some(item) = self.items.get_mut(&rank) else {
            return;
        };
        item.row.attempts += 1;
        item.row.next_at_ms = at_ms;
        let since = *item.failed_first_ms.get_or_insert(now_ms);
        let held = now_ms.saturating_sub(since) >= hold_ms && !item.aside;
        item.aside |= held;
        let key = item.row.ordering.clone().filter(|_| held);
        self.ready.insert((at_ms, rank));
        if let Some(key) = key {
            self.leave(&key, rank);
        }
    }

    /// It left the queue.
    pub fn done(&mut self, rank: i64) {
        self.under_way.remove(&rank);
        let Some(item) = self.items.remove(&rank) else {
            return;
        };
        let at = (item.row.received_at_ms, rank);
        self.ready.remove(&(item.row.next_at_ms, rank));
        self.received.remove(&at);
        self.uncounted.remove(&at);
        if let Some(key) = &item.row.ordering
            && !item.aside
        {
            self.leave(key, rank);
        }
    }

    /// A key goes on without one of its deliveries.
    fn leave(&mut self, key: &str, rank: i64) {
        let Some(ranks) = self.keys.get_mut(key) else {
            return;
        };
        ranks.remove(&rank);
        match ranks.first() {
            None => {
                self.keys.remove(key);
            }
            Some(next) => {
                if let Some(item) = self.items.get(next)
                    && !self.under_way.contains(next)
                {
                    self.ready.insert((item.row.next_at_ms, *next));
                }
            }
        }
    }

    /// Takes out the rows of those received before a time that the totals do not know of.
    pub fn late(&mut self, before_ms: i64) -> Vec<i64> {
        let mut late = Vec::new();
        while let Some((received, rank)) = self.uncounted.first().copied()
            && received < before_ms
        {
            self.uncounted.pop_first();
            if let Some(item) = self.items.get_mut(&rank) {
                item.row.counted = true;
                late.push(item.row.id);
            }
        }
        late
    }

    /// When the next one is due.
    pub fn due(&self) -> Option<i64> {
        self.ready.first().map(|(due, _)| *due)
    }

    /// How many wait or are under way.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// When the oldest was received.
    pub fn oldest(&self) -> Option<i64> {
        self.received.first().map(|(received, _)| *received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rank: i64, key: Option<&str>) -> QueuedForward {
        QueuedForward {
            rank,
            id: rank,
            delivery: format!("d{rank}"),
            source: "s".into(),
            ordering: key.map(str::to_owned),
            received_at_ms: rank,
            attempts: 0,
            next_at_ms: rank,
            counted: false,
            raw: rank,
        }
    }

    fn taken(lane: &mut Lane, now: i64) -> Vec<i64> {
        std::iter::from_fn(|| lane.take(now))
            .map(|i| i.row.rank)
            .collect()
    }

    #[test]
    fn one_of_a_key_at_a_time_and_others_go_on() {
        let mut lane = Lane::default();
        for (rank, key) in [(1, Some("a")), (2, Some("a")), (3, Some("b")), (4, None)] {
            lane.push(row(rank, key));
        }
        assert_eq!(taken(&mut lane, 100), [1, 3, 4]);
        lane.done(1);
        assert_eq!(taken(&mut lane, 100), [2]);
        assert_eq!(lane.under_way(), 3);
    }

    #[test]
    fn what_fails_holds_up_its_key_and_no_longer_than_it_may() {
        let mut lane = Lane::default();
        lane.push(row(1, Some("a")));
        lane.push(row(2, Some("a")));
        assert_eq!(taken(&mut lane, 10), [1]);
        lane.again(1, 20, 10, 100);
        assert!(taken(&mut lane, 19).is_empty());
        assert_eq!(taken(&mut lane, 20), [1]);
        lane.again(1, 500, 110, 100);
        assert_eq!(taken(&mut lane, 110), [2], "the key goes on without it");
        lane.done(2);
        assert_eq!(taken(&mut lane, 500), [1], "and it is still tried");
        lane.done(1);
        assert_eq!((lane.len(), lane.due(), lane.oldest()), (0, None, None));
    }

    #[test]
    fn each_is_late_once() {
        let mut lane = Lane::default();
        lane.push(row(1, None));
        lane.push(row(2, None));
        assert_eq!(lane.late(2), [1]);
        assert_eq!(lane.late(3), [2]);
        assert!(lane.late(9).is_empty());
    }
}
