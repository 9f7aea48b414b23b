//! The whole of the criteria, held against what they were meant to be.

use gonogo_readiness::criteria::{self, AREAS, Class, Gate};

use crate::fixture::Fixture;

/// For each area, in order of number: what decides each criterion, by first letter (lint, graph,
/// live, drill, X for an artifact, H for somebody's word), and a `!` where it blocks a launch.
const MEANT: &[(&str, &str)] = &[
    ("OWN", "L! LT! G! H L! L LT L"),
    ("DEP", "L! L! L! T G! G! G G! G G! GH L LD L"),
    ("RSK", "G! L! LTD! L! LD T L! H"),
    ("MON", "L! T! L! L D! L LT! LT! LT! T! L T L T"),
    ("ONC", "L! L! L! TD! LD! LD D L"),
    ("RBK", "L! L! D! T! L! L! LT L! D! LD! TD! D"),
    ("REL", "T! L! L! LD T T T! LD!"),
    ("CAP", "L! X! X T! L! D G"),
    ("DAT", "TD! D! L! LT! LD!"),
    ("CRT", "LT! T! T! D! T"),
    ("EXT", "T L! X! D L"),
    ("SUP", "GD! L L! L! LD! LD! D!"),
    ("REH", "D! L! H!"),
];

/// What is decided by more than was meant, each for a reason that `docs/decisions/0008-criteria.md`
/// gives. No gate differs.
const MORE: &[(&str, &str)] = &[
    ("RSK-08", "LH"),
    ("MON-02", "LT"),
    ("MON-10", "LT"),
    ("ONC-07", "LD"),
    ("CAP-06", "DX"),
    ("EXT-01", "LT"),
    ("EXT-04", "LD"),
    ("SUP-07", "LD"),
];

#[test]
fn there_are_104_criteria_of_which_68_block() {
    let count = |gate| criteria::all().filter(|c| c.gate == gate).count();
    assert_eq!(criteria::all().count(), 104);
    assert_eq!((count(Gate::Blocker), count(Gate::Warning)), (68, 36));
    assert!(criteria::all().all(|c| c.tiers == 3), "all tiers are asked");
}

#[test]
fn each_is_decided_and_gated_as_it_was_meant() {
    let letter = |class: &Class| match class {
        Class::Lint => 'L',
        Class::Graph => 'G',
        Class::Live => 'T',
        Class::Drill => 'D',
        Class::Artifact => 'X',
        Class::Attestation => 'H',
    };
    let mut meant = Vec::new();
    for (area, row) in MEANT {
        for (number, word) in (1..).zip(row.split_whitespace()) {
            let id = format!("{area}-{number:02}");
            let more = MORE.iter().find(|(other, _)| *other == id);
            let classes = more.map_or(word.trim_end_matches('!'), |(_, classes)| classes);
            let gate = if word.ends_with('!') { "!" } else { "" };
            meant.push(format!("{id} {classes}{gate}"));
        }
    }
    let are: Vec<String> = criteria::all()
        .map(|c| {
            let classes: String = c.classes.iter().map(letter).collect();
            let gate = if c.gate == Gate::Blocker { "!" } else { "" };
            format!("{} {classes}{gate}", c.id)
        })
        .collect();
    assert_eq!(are, meant);
    let decision = include_str!("../../../../docs/decisions/0008-criteria.md");
    for (id, _) in MORE {
        assert!(decision.contains(id), "{id} differs, and nothing says why");
    }
}

#[test]
fn every_criterion_is_on_the_board_once() {
    let verdict = Fixture::new("").verdict();
    let asked: Vec<&str> = verdict.criteria().map(|c| c.criterion.id).collect();
    let all: Vec<&str> = criteria::all().map(|c| c.id).collect();
    assert_eq!(asked, all);
    assert_eq!(AREAS.len(), verdict.areas.len());
}
