//! The lattice: what blocks, what is excepted, what does not apply.

use std::collections::BTreeMap;

use gonogo_model::launch::Profile;
use gonogo_readiness::criteria::{self, State};
use gonogo_readiness::verdict::Call;

use crate::fixture::Fixture;

#[test]
fn a_package_without_evidence_is_no_go() {
    let verdict = Fixture::new("").verdict();
    assert_eq!(verdict.call, Call::NoGo);
    assert!(verdict.blocking().count() > 0);
}

#[test]
fn every_criterion_is_asked_once_and_has_a_manual() {
    let mut seen = std::collections::BTreeSet::new();
    for criterion in criteria::all() {
        assert!(seen.insert(criterion.id), "{} twice", criterion.id);
        let manual = criterion.manual();
        assert!(
            manual.starts_with(&format!("# {}: {}\n", criterion.id, criterion.title)),
            "{manual}"
        );
        for section in [
            "## Why it matters",
            "## How it is proved",
            "## Example",
            "## How to meet it",
        ] {
            assert!(
                manual.contains(section),
                "{} has no {section}",
                criterion.id
            );
        }
        assert!(criteria::find(&criterion.id.to_lowercase()).is_some());
    }
}

#[test]
fn what_always_applies_cannot_be_waved_away() {
    let waved = Fixture::new("").instead(
        "operators: shop",
        "operators: shop\n  not_applicable: [{criterion: OWN-01, absent: datastore, because: no}]",
    );
    let (_, state, why) = waved.said("OWN-01", "package");
    assert_eq!((state, &*why), (State::Fail, "it always applies"));
}

/// `docs/criteria` is what the doc comments say; INSTA_UPDATE=always writes it, as it does snapshots.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the manual is a folder of the checkout"
)]
fn the_manual_is_what_the_criteria_say() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/criteria");
    let mut pages: BTreeMap<String, String> = criteria::all()
        .map(|c| (format!("{}.md", c.id), c.manual()))
        .collect();
    pages.insert("README.md".into(), index());
    if std::env::var("INSTA_UPDATE").is_ok_and(|set| set == "always") {
        std::fs::remove_dir_all(&docs).ok();
        std::fs::create_dir_all(&docs).expect("the folder of the manual is made");
        for (name, page) in &pages {
            std::fs::write(docs.join(name), page).expect("a page is written");
        }
    }
    let found: BTreeMap<String, String> = std::fs::read_dir(&docs)
        .expect("run the tests with INSTA_UPDATE=always")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let page = std::fs::read_to_string(entry.path()).expect("a page");
            (entry.file_name().to_string_lossy().into_owned(), page)
        })
        .collect();
    assert!(found == pages, "run the tests with INSTA_UPDATE=always");
}

/// The table of all criteria.
fn index() -> String {
    let mut page = String::from(
        "# Readiness criteria\n\nWhat `gonogo verdict` asks. Each page says why it matters, how it is proved and how to meet it;\n\
         `gonogo explain ID` prints it. They are written from the doc comments in\n\
         `crates/gonogo-readiness/src/criteria`.\n\n\
         A *blocker* that is not met stops the launch. One of *full* does so with `profile: full` in `package`, and warns in a\n\
         small launch, which is what is asked where nothing is written. A *warning* is said, and the launch may go on.\n",
    );
    for (code, name) in criteria::AREAS {
        page += &format!("\n## {name}\n\n| | | decided by | gate |\n|---|---|---|---|\n");
        for c in criteria::all().filter(|c| c.area() == *code) {
            let classes: Vec<&str> = c.classes.iter().map(|c| c.word()).collect();
            page += &format!(
                "| [{id}]({id}.md) | {} | {} | {} |\n",
                c.title,
                classes.join(", "),
                match c.gate_in(Profile::SmallLaunch) == c.gate {
                    true => c.gate.word(),
                    false => "full",
                },
                id = c.id
            );
        }
    }
    page
}

#[test]
fn what_is_switched_off_is_not_applicable_and_never_a_pass() {
    let off = Fixture::new(
        "components:\n  - {id: ledger, name: Ledger, kind: service, team: shop, off: billing is free until March}\n\
         journeys: [{id: pay, name: Pay, depends_on: [{component: ledger}]}]",
    );
    for subject in ["component/ledger", "journey/pay"] {
        let (_, state, why) = off.said("OWN-01", subject);
        assert_eq!(
            (state, &*why),
            (
                State::NotApplicable,
                "it is not live: billing is free until March"
            )
        );
    }
}

/// The fenced blocks of a manual page in one language.
fn examples<'m>(manual: &'m str, language: &str) -> Vec<&'m str> {
    let fence = format!("\n```{language}\n");
    let blocks = manual.split(fence.as_str()).skip(1);
    blocks.filter_map(|b| b.split("\n```").next()).collect()
}

#[test]
fn the_yaml_of_every_manual_page_is_of_this_format() {
    for criterion in criteria::all() {
        for example in examples(&criterion.manual(), "yaml") {
            let mut text = gonogo_model::PackageText::default();
            text.files.insert("example.yaml".into(), example.into());
            // What it names, and the rest of what it shows a part of, stands elsewhere.
            let elsewhere = ["unknown-reference", "no-package", "missing-field"];
            let mut found = gonogo_model::load(&text).diagnostics;
            found.retain(|d| !elsewhere.contains(&d.code));
            assert!(found.is_empty(), "{}: {found:#?}", criterion.id);
        }
    }
}

#[test]
fn the_commands_of_every_manual_page_would_be_taken() {
    for criterion in criteria::all() {
        for example in examples(&criterion.manual(), "sh") {
            let words: Vec<&str> = example.split_whitespace().collect();
            let starts = words.iter().enumerate().filter(|(_, w)| **w == "add");
            for (at, _) in starts {
                let [id, subject] = words[at + 1..at + 3] else {
                    panic!("{}: {example}", criterion.id);
                };
                let area = id.split('-').next();
                if !criteria::all().any(|c| Some(c.area()) == area) {
                    continue;
                }
                let asked = criteria::find(id).unwrap_or_else(|| panic!("no {id}"));
                gonogo_model::Subject::parse(subject).unwrap();
                let rest = &words[at..];
                let method = rest.iter().position(|w| *w == "--method").unwrap();
                let method = gonogo_model::evidence::Method::from_word(rest[method + 1]).unwrap();
                assert!(asked.takes(method), "{}: {id} by {method}", criterion.id);
            }
        }
    }
}

#[test]
fn there_are_all_of_them() {
    let of = |gate| criteria::all().filter(|c| c.gate == gate).count();
    let counts = (
        criteria::all().count(),
        of(criteria::Gate::Blocker),
        of(criteria::Gate::Warning),
    );
    assert_eq!(counts, (104, 68, 36));
    let per_area: Vec<usize> = criteria::AREAS
        .iter()
        .map(|(code, _)| criteria::all().filter(|c| c.area() == *code).count())
        .collect();
    assert_eq!(per_area, [8, 14, 8, 14, 8, 12, 8, 7, 5, 5, 5, 7, 3]);
}
