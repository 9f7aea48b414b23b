//! Excerpts at the edges of a file, and the shapes for programs.

use std::fmt::Write as _;

use gonogo_model::diagnostic::Severity;
use gonogo_model::text::{FileNo, Span};
use gonogo_model::{Diagnostic, PackageText};
use gonogo_readiness::report::term::{Colours, Painter};
use gonogo_readiness::report::{Counts, Sources, github, json};

fn text(content: &str) -> PackageText {
    let mut text = PackageText::default();
    text.files.insert("a.yaml".into(), content.into());
    text
}

fn at(line: u32, column: u32, len: u32) -> Span {
    Span {
        file: FileNo(0),
        line,
        column,
        len,
    }
}

fn paint(content: &str, span: Span) -> String {
    let text = text(content);
    let sources = Sources::new(&text);
    let found = Diagnostic::error("code", span, "message").label("here");
    Painter::new(&sources, Colours::Off).paint(&found)
}

#[test]
fn a_span_may_lie_anywhere() {
    let cases = [
        ("at the end of the last line", "ab", at(1, 3, 1)),
        ("past the end of a line", "ab\ncd\n", at(1, 9, 4)),
        ("past the last line", "ab\ncd", at(7, 1, 1)),
        ("on the empty line after the last", "ab\n", at(2, 1, 1)),
        ("in an empty file", "", at(1, 1, 1)),
        ("in a file of a byte-order mark", "\u{feff}", at(1, 1, 1)),
        ("longer than its line", "ab\ncd", at(1, 2, 99)),
        ("of no length", "ab", at(1, 1, 0)),
        ("with numbers that count from 0", "ab", at(0, 0, 0)),
        (
            "with the largest numbers",
            "ab",
            at(u32::MAX, u32::MAX, u32::MAX),
        ),
        ("behind wide characters and a tab", "ä\t🧾x y", at(1, 5, 1)),
        ("on a combining character", "e\u{301}x", at(1, 2, 1)),
    ];
    let mut out = String::new();
    for (name, content, span) in cases {
        let _ = writeln!(out, "{name}\n{}", paint(content, span));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_finding_about_a_file_that_is_not_there_is_still_said() {
    let span = Span {
        file: FileNo(7),
        ..at(1, 1, 1)
    };
    assert_eq!(paint("ab", span), "error[code]: message\n");
}

#[test]
fn a_line_of_megabytes_is_cut_around_the_caret() {
    let line = format!(
        "a: [{}oops{}]",
        "x, ".repeat(700_000),
        ", x".repeat(700_000)
    );
    let painted = paint(&line, at(1, 2_100_005, 4));
    assert!(painted.contains("a.yaml:1:2100005"), "{painted}");
    assert!(
        painted.lines().all(|l| l.chars().count() < 200),
        "{painted}"
    );
    let rows: Vec<&str> = painted.lines().collect();
    let caret = rows
        .iter()
        .position(|l| l.contains("^^^^ here"))
        .expect("a caret");
    let column = rows[caret].find("^^^^").expect("a caret");
    assert_eq!(&rows[caret - 1][column..column + 4], "oops", "{painted}");
}

#[test]
fn a_caret_of_megabytes_is_cut_too() {
    let painted = paint(&"x".repeat(3_000_000), at(1, 1, 3_000_000));
    assert!(painted.len() < 2_000, "{}", painted.len());
}

#[test]
fn related_places_far_apart_are_shown_together() {
    let content = "line\n".repeat(50_000);
    let text = text(&content);
    let sources = Sources::new(&text);
    let found = Diagnostic::error("code", at(49_999, 1, 4), "message")
        .label("again")
        .related(at(1, 1, 4), "first");
    insta::assert_snapshot!(Painter::new(&sources, Colours::Off).paint(&found));
}

#[test]
fn counts_are_said_as_people_count() {
    let said = |errors, warnings, notes, files| {
        Counts {
            errors,
            warnings,
            notes,
            files,
        }
        .to_string()
    };
    assert_eq!(said(3, 1, 0, 12), "3 errors, 1 warning in 12 files");
    assert_eq!(said(0, 0, 2, 1), "2 notes in 1 file");
    assert_eq!(said(0, 0, 0, 0), "no findings in 0 files");
}

#[test]
fn an_annotation_cannot_be_broken_out_of() {
    let mut text = PackageText::default();
    text.files
        .insert("a,b: 100%\n::error::x.yaml".into(), "x".into());
    let sources = Sources::new(&text);
    let found = Diagnostic::warning("code", at(3, 2, 5), "50% of\r\n::error::it")
        .help("first")
        .help("second");
    let note = Diagnostic::new("code", Severity::Note, None, "about nothing");
    let out = github::render(&[found, note], &sources, "./my ops/");
    assert_eq!(
        out,
        "::warning file=my ops/a%2Cb%3A 100%25\\n%3A%3Aerror%3A%3Ax.yaml,line=3,col=2,endColumn=7,title=code\
         ::50%25 of%0D%0A::error::it%0Afirst%0Asecond\n\
         ::notice title=code::about nothing\n"
    );
    assert!(github::render(&[], &sources, ".").is_empty());
}

#[test]
fn json_has_a_stable_shape() {
    let text = text("ab\ncd\n");
    let sources = Sources::new(&text);
    let found = [
        Diagnostic::error("code", at(2, 1, 0), "it is \"wrong\"")
            .label("here")
            .related(at(1, 1, 2), "first")
            .help("mend it"),
        Diagnostic::new("other", Severity::Note, None, "about the package"),
    ];
    let counts = Counts::of(&found, sources.len());
    insta::assert_snapshot!(json::render(&found, &sources, "0123", counts));
}
