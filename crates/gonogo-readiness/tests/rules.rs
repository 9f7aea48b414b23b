//! Each rule has its manual page, a case that it finds, a case that it leaves alone, and a
//! snapshot of what it says.

mod support;

use std::collections::BTreeMap;

use gonogo_readiness::check;
use gonogo_readiness::rules::RULES;
use support::{base, cases, check_archive, folder, read, rendered};

const PARTS: [&str; 4] = [
    "## What it does",
    "## Why is this bad?",
    "## Example",
    "## Instead",
];

#[test]
fn every_rule_has_a_manual_page() {
    for rule in RULES {
        let manual = rule.manual();
        assert!(
            manual.starts_with(&format!("# {}\n", rule.code)),
            "{}: begins with its code",
            rule.code
        );
        let mut rest = manual.as_str();
        for part in PARTS {
            let (_, after) = rest
                .split_once(part)
                .unwrap_or_else(|| panic!("{} lacks {part:?} in its place", rule.code));
            rest = after;
        }
        assert!(manual.contains("\n```"), "{}: shows an example", rule.code);
    }
    let codes: Vec<&str> = RULES.iter().map(|r| r.code).collect();
    assert!(
        codes.is_sorted(),
        "rules are in order of their code: {codes:?}"
    );
}

#[test]
fn every_rule_finds_its_bad_case_and_nothing_else_does() {
    let bad: BTreeMap<String, String> = cases("rules", ".bad.txt").into_iter().collect();
    for rule in RULES {
        let archive = bad
            .get(rule.code)
            .unwrap_or_else(|| panic!("tests/rules/{}.bad.txt is missing", rule.code));
        let (checked, output) = check_archive(archive);
        assert!(
            !checked.diagnostics.is_empty(),
            "{} finds nothing",
            rule.code
        );
        for found in &checked.diagnostics {
            assert_eq!(
                found.code, rule.code,
                "in the bad case of {}:\n{output}",
                rule.code
            );
            assert!(
                found.span.is_some() && !found.label.is_empty() && !found.help.is_empty(),
                "{output}"
            );
        }
        insta::assert_snapshot!(rule.code, output);
    }
    assert_eq!(bad.len(), RULES.len(), "each bad case belongs to a rule");
}

#[test]
fn every_rule_leaves_its_good_case_alone() {
    let good: BTreeMap<String, String> = cases("rules", ".good.txt").into_iter().collect();
    for rule in RULES {
        let archive = good
            .get(rule.code)
            .unwrap_or_else(|| panic!("tests/rules/{}.good.txt is missing", rule.code));
        let (checked, output) = check_archive(archive);
        assert!(
            checked.diagnostics.is_empty(),
            "in the good case of {}:\n{output}",
            rule.code
        );
    }
    assert_eq!(good.len(), RULES.len(), "each good case belongs to a rule");
}

#[test]
fn the_base_package_is_clean() {
    let text = base();
    let checked = check(&text, Vec::new());
    assert!(
        checked.diagnostics.is_empty(),
        "{}",
        rendered(&text, &checked)
    );
    assert!(checked.is_sound());
}

/// What ships as a template lacks nothing but the names of people.
#[test]
fn the_shipped_package_has_only_stand_ins_to_fill_in() {
    let text = read(&folder("../../../packages/integrations-platform"));
    let checked = check(&text, Vec::new());
    let codes: Vec<&str> = checked.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(
        codes,
        ["placeholder-people"],
        "{}",
        rendered(&text, &checked)
    );
}
