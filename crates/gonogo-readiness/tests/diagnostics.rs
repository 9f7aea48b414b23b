//! What people read when they got something wrong: one archive and one snapshot a mistake.

mod support;

use gonogo_model::Diagnostic;
use gonogo_model::diagnostic::Severity;
use gonogo_readiness::check;
use gonogo_readiness::report::term::{Colours, Painter};
use gonogo_readiness::report::{Sources, github, json, junit, rulebook, sarif};
use gonogo_readiness::secret;
use support::{cases, check_archive, with_archive};

#[test]
fn every_mistake_is_explained() {
    for (name, archive) in cases("diagnostics", ".txt") {
        let (checked, output) = check_archive(&archive);
        assert!(!checked.diagnostics.is_empty(), "{name} is no mistake");
        insta::assert_snapshot!(name, output);
    }
}

#[test]
fn a_mistake_says_more_than_that_it_is_one() {
    for (name, archive) in cases("diagnostics", ".txt") {
        let (checked, output) = check_archive(&archive);
        for found in &checked.diagnostics {
            let note = found.code == "not-checked-yet";
            let way_out = note || !found.label.is_empty() || !found.help.is_empty();
            assert!(way_out, "{name}: {} says no way out\n{output}", found.code);
            assert!(
                !found.message.ends_with('.'),
                "{name}: a sentence without a full stop\n{output}"
            );
        }
    }
}

#[test]
fn every_code_is_described() {
    let described: Vec<&str> = rulebook::entries().iter().map(|e| e.code).collect();
    for (name, archive) in cases("diagnostics", ".txt") {
        for found in check_archive(&archive).0.diagnostics {
            assert!(described.contains(&found.code), "{name}: {}", found.code);
        }
    }
}

#[test]
fn no_output_shows_a_secret_or_moves_the_terminal() {
    for (name, archive) in cases("diagnostics", ".txt") {
        let text = with_archive(&archive);
        let (checked, human) = check_archive(&archive);
        let sources = Sources::new(&text);
        let json = json::render(&checked.diagnostics, &sources, "", checked.counts);
        let github = github::render(&checked.diagnostics, &sources, "");
        let tool = sarif::Tool {
            version: "0",
            docs: None,
        };
        let sarif = sarif::render(&checked.diagnostics, &text, &sources, "", tool);
        // Before them stand the manual pages, with examples of secrets.
        let (_, sarif) = sarif.split_once("\"results\":").expect("results");
        let sarif = sarif.to_string();
        let junit = junit::render(&checked.diagnostics, &sources, "", |_| true);
        for output in [&human, &json, &github, &sarif, &junit] {
            for hidden in ["correct", "MfKQ"] {
                assert!(!output.contains(hidden), "{name} shows {hidden}:\n{output}");
            }
            assert!(
                output.lines().all(|l| secret::on_line(l).is_empty()),
                "{name}:\n{output}"
            );
            assert!(
                !output.contains(['\u{1b}', '\u{202e}', '\u{7}']),
                "{name}:\n{output:?}"
            );
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    for (name, archive) in cases("diagnostics", ".txt") {
        let text = with_archive(&archive);
        let (checked, _) = check_archive(&archive);
        let sources = Sources::new(&text);
        for found in &checked.diagnostics {
            let plain = Painter::new(&sources, Colours::Off).paint(found);
            let coloured = Painter::new(&sources, Colours::On).paint(found);
            assert!(coloured.contains('\u{1b}'), "{name}");
            assert_eq!(without_colours(&coloured), plain, "{name}");
        }
    }
}

#[test]
fn the_conditions_of_the_guide_are_sound() {
    let checkout = support::folder("../../..");
    let package = support::read(&checkout.join("packages/integrations-platform"));
    let guide = support::text(&checkout.join("docs/guide.md"));
    let blocks = guide.split("```yaml\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let conditions: Vec<&str> = blocks.filter(|block| block.contains("where: ")).collect();
    assert_eq!(conditions.len(), 3);
    for block in conditions {
        let mut text = package.clone();
        text.files.insert("extra.yaml".into(), block.into());
        let found = check(&text, Vec::new()).diagnostics;
        let wrong = |d: &&Diagnostic| d.severity == Severity::Error || d.code.contains("expr");
        let wrong: Vec<_> = found.iter().filter(wrong).collect();
        assert!(wrong.is_empty(), "{block}\n{wrong:#?}");
    }
}

fn without_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}
