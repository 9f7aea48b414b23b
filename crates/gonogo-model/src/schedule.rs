//! Who is on call when: rotations in calendar time, and overrides on top.
//!
//! Shifts are counted in calendar days of the schedule's zone, so a handover at 09:00 stays at
//! 09:00 when the clocks change.

use jiff::civil::DateTime;
use jiff::{Span as CivilSpan, Timestamp, Unit};

use crate::decode::record;
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::team::Role;
use crate::text::Spanned;
use crate::when::{Local, Zone};

record! {
    /// Who is on call when.
    pub struct Schedule as "a schedule" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The zone that its days and times are in.
        pub time_zone: Zone,
        /// The turns that members take.
        pub rotation: Rotation,
        /// Exceptions, the last one that applies wins.
        pub overrides: Vec<Override>,
    }
}
entity!(Schedule, Schedule);

record! {
    /// Turns of equal length, one member after the other.
    pub struct Rotation as "a rotation" {
        /// When the first turn of the first member begins.
        pub starts: Local,
        /// How long a turn is; whole days are calendar days.
        pub turn: Duration = Duration::from_hours(7 * 24),
        /// Who takes turns, in order.
        pub members: Vec<Ref<Role>>,
    }
}

record! {
    /// Somebody else for a while.
    pub struct Override as "an override" {
        /// Who is on call instead.
        pub role: Ref<Role>,
        /// From when.
        pub from: Local,
        /// Until when, not included.
        pub until: Local,
    }
}

/// Somebody's turn.
#[derive(Clone, Debug)]
pub struct Shift<'a> {
    /// Who has it.
    pub role: &'a Ref<Role>,
    /// When it ends, at the latest.
    pub ends: Timestamp,
}

impl Schedule {
    /// Who is on call at an instant. `None` before the rotation starts, or without members.
    pub fn on_call_at(&self, at: Timestamp) -> Option<Shift<'_>> {
        let begins = |o: &Override| self.time_zone.instant(o.from.0);
        let ends = |o: &Override| self.time_zone.instant(o.until.0);
        if let Some(o) = self
            .overrides
            .iter()
            .rev()
            .find(|o| begins(o) <= at && at < ends(o))
        {
            return Some(Shift {
                role: &o.role,
                ends: ends(o),
            });
        }
        let (turn, next) = self.turn_at(at)?;
        let members = &self.rotation.members;
        let index = usize::try_from(turn).ok()? % members.len().max(1);
        let role = members.get(index)?;
        let cut = self.overrides.iter().map(begins).filter(|b| *b > at).min();
        Some(Shift {
            role,
            ends: cut.map_or(next, |c| c.min(next)),
        })
    }

    /// Which turn, counted from 0, an instant falls in, and when the next one begins.
    fn turn_at(&self, at: Timestamp) -> Option<(i64, Timestamp)> {
        let start = self.rotation.starts.0;
        if at < self.time_zone.instant(start) {
            return None;
        }
        let hour = 3_600_000;
        let millis = self.rotation.turn.as_millis().max(hour);
        let local = self.time_zone.local(at).datetime();
        let elapsed = start.until((Unit::Hour, local)).ok()?.get_hours();
        // The wall clock may have been set back since: step to the turn that really holds.
        let mut turn = i64::from(elapsed) * hour / millis;
        turn = (turn - 1).max(0);
        let mut next = self.turn_begins(start, turn + 1, millis)?;
        while next <= at {
            turn += 1;
            next = self.turn_begins(start, turn + 1, millis)?;
        }
        Some((turn, next))
    }

    fn turn_begins(&self, start: DateTime, turn: i64, millis: i64) -> Option<Timestamp> {
        let total = turn.checked_mul(millis)?;
        let (days, rest) = (total / 86_400_000, total % 86_400_000);
        let step = CivilSpan::new()
            .try_days(days)
            .ok()?
            .try_milliseconds(rest)
            .ok()?;
        Some(self.time_zone.instant(start.checked_add(step).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Cx, Decode as _};
    use crate::text::FileNo;

    fn schedule(text: &str) -> Schedule {
        let mut found = Vec::new();
        let node = crate::yaml::parse(text, FileNo(0), 1, &mut found).unwrap();
        let mut cx = Cx::default();
        Schedule::decode(&node, &mut cx).unwrap_or_else(|| panic!("{:?}", cx.diagnostics))
    }

    const BERLIN: &str = "
id: s
name: S
time_zone: Europe/Berlin
rotation: {starts: 2026-10-19T09:00, turn: 7d, members: [a, b]}
overrides:
  - {role: c, from: 2026-10-22T00:00, until: 2026-10-22T12:00}
";

    fn who(s: &Schedule, at: &str) -> String {
        s.on_call_at(at.parse().unwrap())
            .map_or("-".into(), |x| format!("{} until {}", x.role.id, x.ends))
    }

    #[test]
    fn handover_stays_at_nine_when_the_clocks_change() {
        let s = schedule(BERLIN);
        assert_eq!(who(&s, "2026-10-19T06:59:59Z"), "-");
        assert_eq!(
            who(&s, "2026-10-19T07:00:00Z"),
            "a until 2026-10-21T22:00:00Z"
        );
        assert_eq!(
            who(&s, "2026-10-22T03:00:00Z"),
            "c until 2026-10-22T10:00:00Z"
        );
        // Berlin leaves summer time on 25 October: the handover moves from 07:00Z to 08:00Z.
        assert_eq!(
            who(&s, "2026-10-26T07:59:59Z"),
            "a until 2026-10-26T08:00:00Z"
        );
        assert_eq!(
            who(&s, "2026-10-26T08:00:00Z"),
            "b until 2026-11-02T08:00:00Z"
        );
        assert_eq!(
            who(&s, "2026-11-02T08:00:00Z"),
            "a until 2026-11-09T08:00:00Z"
        );
    }
}
