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

/// `docs/rules` is what the doc comments say; INSTA_UPDATE=always writes it, as it does snapshots.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the manual is a folder of the checkout"
)]
fn the_manual_is_what_the_rules_say() {
    let docs = folder("../../../docs/rules");
    let mut pages: BTreeMap<String, String> = RULES
        .iter()
        .map(|rule| (format!("{}.md", rule.code), rule.manual()))
        .collect();
    pages.insert("README.md".into(), index());
    if std::env::var("INSTA_UPDATE").is_ok_and(|set| set == "always") {
        std::fs::remove_dir_all(&docs).ok();
        std::fs::create_dir_all(&docs).expect("the folder of the manual is made");
        for (name, page) in &pages {
            std::fs::write(docs.join(name), page).expect("a page is written");
        }
    }
    let found = read(&docs).files;
    assert_eq!(found, pages, "run the tests with INSTA_UPDATE=always");
}

/// The table of all rules.
fn index() -> String {
    let mut page = String::from(
        "# Rules of `gonogo check`\n\nEach page says what a rule finds, why that is bad, and what to do instead. \
         They are written from\nthe doc comments in `crates/gonogo-readiness/src/rules`.\n\n",
    );
    for rule in RULES {
        let manual = rule.manual();
        let does = manual.split("## What it does\n").nth(1).unwrap_or_default();
        let does = does
            .split("\n\n")
            .next()
            .unwrap_or_default()
            .replace('\n', " ");
        let sentence = does.split_inclusive(". ").next().unwrap_or_default().trim();
        page += &format!("- [{0}]({0}.md): {sentence}\n", rule.code);
    }
    page
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
