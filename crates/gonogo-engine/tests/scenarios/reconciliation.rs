//! Two sides that are compared: what counts, what clears itself, and what nobody can say.

use gonogo_engine::history::EntryKind;
use gonogo_engine::input::Verb;
use gonogo_engine::reconciliation::{
    Comparison, FINDINGS_MAX, Found, Money, Reconciled, ReconciliationState, Record, RunResult,
    Stretch, Unknown, compare,
};
use gonogo_engine::{Engine, Input, Time};
use gonogo_model::reconciliation::{Difference, Reconciliation};
use gonogo_model::{Duration, Id, PackageText};
use proptest::prelude::*;

use crate::support::shop;
use crate::support::stage::{NOON, Stage};

const DECLARED: &str = "
reconciliations:
  - id: books-agree
    name: Stripe's charges stand in the books
    component: ledger
    journey: pay
    left: {stripe: {key: '${env:STRIPE_KEY}'}}
    right: {postgres: {url: '${env:BOOKS_URL}', query: 'select key, amount, currency, at from entries'}}
    every: 15m
    window: 24h
    settle: 10m
    catch_up: 5m
alerts:
  - {id: books-differ, name: The books differ from Stripe, severity: SEV1, when: {reconciliation: {reconciliation: books-agree}}}
  - {id: books-untold, name: Nobody can say whether the books agree, severity: SEV3, urgency: ticket, when: {reconciliation_stale: {reconciliation: books-agree, after: 2h}}}
";

fn package() -> PackageText {
    let mut text = shop();
    text.files.insert("books.yaml".into(), DECLARED.into());
    text
}

/// A stage with two sides that answer what the test puts there.
struct Books {
    stage: Stage,
    declared: Reconciliation,
    left: Vec<Record>,
    right: Vec<Record>,
    down: Option<Unknown>,
    runs: usize,
}

impl Books {
    fn open() -> Self {
        let stage = Stage::of(package());
        let declared = &stage.engine.plan().package.reconciliations;
        let declared = declared[&Id::from_static("books-agree")].clone();
        Self {
            stage,
            declared,
            left: Vec::new(),
            right: Vec::new(),
            down: None,
            runs: 0,
        }
    }

    fn state(&self) -> &ReconciliationState {
        &self.stage.engine.state().reconciliations[&Id::from_static("books-agree")]
    }

    /// Lets time pass; a run comes whenever it is due.
    fn mins(&mut self, mins: i64) {
        let end = self.stage.now + Duration::from_mins(mins);
        loop {
            let at = self.state().next_run(&self.declared, self.stage.now).at;
            if at > end {
                break;
            }
            let wait = at.since(self.stage.now);
            self.stage.pass(wait);
            self.run();
        }
        let rest = end.since(self.stage.now);
        self.stage.pass(rest);
    }

    fn run(&mut self) {
        let now = self.stage.now;
        let next = self.state().next_run(&self.declared, now);
        let stretch = Stretch {
            from: next.from,
            until: now - self.declared.settle,
        };
        let result = match &self.down {
            Some(why) => RunResult::Unknown(why.clone()),
            None => {
                let found = compare(&self.declared, stretch, &self.left, &self.right).unwrap();
                RunResult::Compared(Box::new(found))
            }
        };
        self.give(stretch, result);
    }

    fn give(&mut self, stretch: Stretch, result: RunResult) {
        self.runs += 1;
        assert!(self.runs < 2_000, "runs follow one another without a pause");
        self.stage.give(&Input::Reconciled(Box::new(Reconciled {
            reconciliation: Id::from_static("books-agree"),
            at: self.stage.now,
            took: Duration::from_secs(1),
            stretch,
            result,
        })));
    }

    fn charge(&mut self, key: &str, amount: i64) {
        let at = self.stage.now;
        self.left.push(record(key, at, amount, "usd"));
    }

    fn book(&mut self, key: &str, amount: i64) {
        let at = self.stage.now;
        self.right.push(record(key, at, amount, "usd"));
    }

    fn goes_down(&mut self) {
        self.down = Some(Unknown {
            code: "unavailable".into(),
            detail: "Stripe answered 503".into(),
            not_before: None,
        });
    }
}

fn record(key: &str, at: Time, amount: i64, currency: &str) -> Record {
    Record {
        key: key.into(),
        at,
        money: Some(Money {
            amount,
            currency: currency.into(),
        }),
        note: None,
    }
}

#[test]
fn a_charge_that_stays_missing_pages_with_its_key_and_amount() {
    let mut books = Books::open();
    books.charge("ch_1", 1200);
    books.book("ch_1", 1200);
    books.charge("ch_lost", 4200);
    books.mins(60);
    // Found by the first run after it settled (15 min), and again 5 min later.
    assert_eq!(books.stage.pages()[0], "20:00 ben page INC-1");
    assert_eq!(
        books.stage.said(EntryKind::AlertFiring),
        [
            "20:00 The books differ from Stripe: 1 differs: ch_lost (42.00 USD, Stripe has it, the database does not); the oldest is 20 min old"
        ]
    );
    // It is recorded after all: it clears itself.
    books.book("ch_lost", 4200);
    books.mins(30);
    assert_eq!(books.state().open(), 0);
    assert_eq!(books.stage.open(), Vec::<u64>::new());
}

#[test]
fn what_arrives_between_two_looks_is_nobodys_business() {
    let mut books = Books::open();
    books.charge("ch_slow", 1200);
    books.mins(16);
    assert_eq!(books.state().open(), 1, "seen once");
    books.book("ch_slow", 1200);
    books.mins(60);
    assert_eq!(books.state().open(), 0);
    assert_eq!(books.stage.told(), Vec::<String>::new());
}

#[test]
fn an_outage_of_a_side_is_unknown_and_no_flood_follows_it() {
    let mut books = Books::open();
    books.mins(30);
    books.goes_down();
    for n in 0..500 {
        books.charge(&format!("ch_{n}"), 100);
    }
    books.mins(100);
    assert_eq!(
        books.stage.told(),
        Vec::<String>::new(),
        "unknown is no page"
    );
    let unknown = books.state().unknown.clone().unwrap();
    assert!(unknown.runs > 3 && unknown.runs < 12, "{}", unknown.runs);
    assert_eq!(
        books.stage.said(EntryKind::Reconciled).len(),
        1,
        "said once"
    );
    // It answers again, and the ledger works its backlog off before the second look.
    books.down = None;
    books.mins(15);
    assert_eq!(books.state().open(), 500);
    for n in 0..500 {
        books.book(&format!("ch_{n}"), 100);
    }
    books.mins(60);
    assert_eq!(books.state().open(), 0);
    assert_eq!(books.stage.told(), Vec::<String>::new());
}

#[test]
fn that_nobody_can_say_for_long_is_said() {
    let mut books = Books::open();
    books.mins(30);
    books.goes_down();
    books.mins(3 * 60);
    let state = &books.stage.engine.state().alerts[&Id::from_static("books-untold")];
    assert!(state.fired_at.is_some(), "{state:#?}");
    assert!(state.reading.detail.contains("Stripe answered 503"));
    assert_eq!(books.stage.pages(), Vec::<String>::new());
    books.down = None;
    books.mins(20);
    let state = &books.stage.engine.state().alerts[&Id::from_static("books-untold")];
    assert!(state.resolved_at.is_some());
}

#[test]
fn a_known_loss_stays_while_nobody_can_say_and_after_the_window() {
    let mut books = Books::open();
    books.charge("ch_lost", 4200);
    books.mins(30);
    assert_eq!(books.stage.open(), [1]);
    books.goes_down();
    books.mins(5 * 60);
    assert_eq!(books.stage.open(), [1], "unknown is no recovery");
    books.down = None;
    // Two days later it is older than the window, and still missing.
    books.mins(48 * 60);
    assert_eq!(books.state().open(), 1);
    assert_eq!(books.stage.open().len(), 1);
    // Recorded by hand then: a look back finds it.
    books.book("ch_lost", 4200);
    let last = books.right.last_mut().unwrap();
    last.at = NOON;
    books.mins(2 * 60);
    assert_eq!(books.state().open(), 0);
}

#[test]
fn after_a_long_stop_nothing_falls_between_two_runs() {
    let mut books = Books::open();
    books.mins(30);
    books.stage.down(Duration::from_hours(24 * 4));
    let now = books.stage.now;
    books.left.push(record(
        "ch_then",
        now - Duration::from_hours(80),
        900,
        "usd",
    ));
    books.mins(30);
    assert_eq!(books.state().open(), 1);
    assert_eq!(
        books.stage.open(),
        Vec::<u64>::new(),
        "it is given time to arrive"
    );
    books.mins(60);
    assert_eq!(books.stage.open().len(), 1);
}

#[test]
fn a_key_that_is_written_off_stays_quiet_unless_it_says_something_else() {
    let mut books = Books::open();
    books.charge("ch_gift", 4200);
    books.mins(30);
    assert_eq!(books.stage.open(), [1]);
    books.stage.command(
        "ben",
        Verb::WriteOffDifference {
            reconciliation: Id::from_static("books-agree"),
            key: "ch_gift".into(),
            reason: "a gift".into(),
        },
    );
    books.mins(120);
    assert_eq!(books.state().open(), 0);
    assert_eq!(books.stage.open(), Vec::<u64>::new());
    // Now it is recorded with another amount: that is news.
    books.book("ch_gift", 1);
    books.mins(60);
    let found = &books.state().findings["ch_gift"];
    assert_eq!(
        (found.found.kind, found.counts),
        (Difference::Differs, true)
    );
}

#[test]
fn a_snapshot_keeps_what_was_found() {
    let mut books = Books::open();
    books.charge("ch_lost", 4200);
    books.mins(16);
    let bytes = books.stage.engine.snapshot();
    books.stage.engine = Engine::restore(&bytes).unwrap();
    assert_eq!(books.state().open(), 1);
    books.mins(20);
    assert_eq!(books.stage.open(), [1]);
}

#[test]
fn more_differences_than_are_named_are_counted_and_none_is_lost() {
    let mut books = Books::open();
    for n in 0..2_500 {
        books.charge(&format!("ch_{n:05}"), 100);
    }
    books.mins(30);
    assert_eq!(books.state().open(), 2_500);
    assert_eq!(books.state().findings.len(), 2_000);
    // The first ones are recorded; the others come into sight and nothing clears by accident.
    for n in 0..1_000 {
        books.book(&format!("ch_{n:05}"), 100);
    }
    books.mins(15);
    assert_eq!(books.state().open(), 1_500);
    assert_eq!(books.stage.open(), [1]);
}

#[test]
fn findings_are_bounded_and_the_rest_is_counted() {
    let mut books = Books::open();
    let now = books.stage.now;
    for round in 0..7_i64 {
        let found = |n: i64| Found {
            key: format!("ch_{round}_{n:05}"),
            kind: Difference::MissingRight,
            at: now + Duration::from_secs(round),
            left: None,
            right: None,
            note: None,
        };
        let comparison = Comparison {
            found: (0..2_000).map(found).collect(),
            ..Comparison::default()
        };
        // Each run judges a second of its own, so none of them clears another's.
        let at = now + Duration::from_secs(round);
        let stretch = Stretch {
            from: at,
            until: at,
        };
        books.give(stretch, RunResult::Compared(Box::new(comparison)));
    }
    assert_eq!(books.state().findings.len(), FINDINGS_MAX);
    assert!(books.state().more > 0);
}

/// Records as a side might hold them: few keys, so that they meet.
fn side() -> impl Strategy<Value = Vec<Record>> {
    let one = (0..12_u8, -200..200_i64, 0..3_i64, 0..2_usize).prop_map(|(key, mins, amount, c)| {
        record(
            &format!("k{key}"),
            NOON + Duration::from_mins(mins),
            amount,
            ["usd", "jpy"][c],
        )
    });
    proptest::collection::vec(one, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_comparison_agrees_with_counting_by_hand(left in side(), right in side(), seed: u64) {
        let books = Books::open();
        let stretch = Stretch { from: NOON - Duration::from_mins(100), until: NOON + Duration::from_mins(100) };
        let got = compare(&books.declared, stretch, &left, &right).unwrap();
        // The order in which the sides answer says nothing.
        let shuffled = |side: &[Record]| {
            let mut side = side.to_vec();
            side.sort_by_key(|r| (r.at.as_millis() ^ seed as i64, r.money.clone()));
            side
        };
        prop_assert_eq!(&compare(&books.declared, stretch, &shuffled(&left), &shuffled(&right)).unwrap(), &got);
        // Every key of the stretch is alike or named, once.
        let first = |side: &[Record], key: &str| side.iter().filter(|r| r.key == key).map(|r| r.at).min();
        let mut matched = 0;
        let mut missing = 0;
        for n in 0..12 {
            let key = format!("k{n}");
            let (l, r) = (first(&left, &key), first(&right, &key));
            let Some(at) = l.or(r) else { continue };
            let named: Vec<_> = got.found.iter().filter(|f| f.key == key).collect();
            if at < stretch.from || at > stretch.until {
                prop_assert!(named.is_empty());
                continue;
            }
            let count = |side: &[Record]| side.iter().filter(|r| r.key == key).count();
            let money = |side: &[Record]| side.iter().find(|r| r.key == key).and_then(|r| r.money.clone());
            let kind = match (count(&left), count(&right)) {
                (_, 0) => Some(Difference::MissingRight),
                (0, _) => Some(Difference::MissingLeft),
                (1, 1) => (money(&left) != money(&right)).then_some(Difference::Differs),
                _ => Some(Difference::Doubled),
            };
            missing += u64::from(kind.is_some());
            matched += u64::from(kind.is_none());
            prop_assert_eq!(named.iter().map(|f| f.kind).collect::<Vec<_>>(), kind.into_iter().collect::<Vec<_>>());
        }
        prop_assert_eq!((got.matched, got.found.len() as u64), (matched, missing));
        // Where nothing differs, counts and sums do not either.
        if missing == 0 {
            prop_assert_eq!(&got.left, &got.right);
        }
    }
}

#[test]
fn a_sum_that_does_not_fit_is_no_number() {
    let books = Books::open();
    let stretch = Stretch {
        from: NOON,
        until: NOON,
    };
    let all: Vec<Record> = (0..2)
        .map(|n| record(&format!("k{n}"), NOON, i64::MAX, "usd"))
        .collect();
    let why = compare(&books.declared, stretch, &all, &[]).unwrap_err();
    assert!(why.contains("too large to be exact"), "{why}");
}
