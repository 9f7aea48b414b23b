//! The examples of the manual: what a page says to write can be written.

use gonogo_model::evidence::Method;
use gonogo_model::{PackageText, Subject, load};
use gonogo_readiness::criteria::{self, Criterion};

/// What a piece of a package may lack, because it is only a piece.
const OF_A_PIECE: &[&str] = &["missing-field", "no-package", "unknown-reference"];

#[test]
fn every_example_is_of_this_format() {
    for criterion in criteria::all() {
        let manual = criterion.manual();
        let examples = blocks(&manual, "yaml");
        let commands = blocks(&manual, "sh");
        assert!(manual.contains("\n```"), "{} shows nothing", criterion.id);
        for example in examples {
            let mut text = PackageText::default();
            text.files.insert("piece.yaml".into(), example.clone());
            let found = load(&text).diagnostics;
            let wrong: Vec<_> = found
                .iter()
                .filter(|d| !OF_A_PIECE.contains(&d.code))
                .collect();
            assert!(wrong.is_empty(), "{}:\n{example}\n{wrong:#?}", criterion.id);
        }
        for command in commands {
            records(criterion, &command);
        }
    }
}

/// A command that adds evidence names a criterion, a subject and a method that fit together.
fn records(of: &Criterion, command: &str) {
    let one_line = command.replace("\\\n", " ");
    for line in one_line.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["gonogo", "evidence", "add", id, subject, rest @ ..] = &words[..] else {
            continue;
        };
        assert!(Subject::parse(subject).is_ok(), "{}: {subject}", of.id);
        let after = |flag: &str| {
            let at = rest.iter().position(|word| *word == flag);
            at.and_then(|at| rest.get(at + 1)).copied()
        };
        let method = after("--method").and_then(Method::from_word);
        let method = method.unwrap_or_else(|| panic!("{}: no method in {line}", of.id));
        let area = id.split('-').next();
        assert!(
            criteria::AREAS.iter().any(|(code, _)| Some(*code) == area),
            "{}: there is no area of {id}",
            of.id
        );
        if let Some(criterion) = criteria::find(id) {
            assert!(criterion.takes(method), "{}: {line}", of.id);
        }
        assert!(after("--result").is_some(), "{}: {line}", of.id);
        assert!(after("--actor").is_some(), "{}: {line}", of.id);
    }
}

/// The fenced blocks of a language.
fn blocks(manual: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let mut found = Vec::new();
    let mut rest = manual;
    while let Some((_, after)) = rest.split_once(&opening) {
        let (block, after) = after.split_once("```").unwrap_or((after, ""));
        found.push(block.to_string());
        rest = after;
    }
    found
}
