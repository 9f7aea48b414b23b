//! Every pair of colours that carries text has a contrast of at least 4.5 : 1, in both themes.
//!
//! The ratios are computed from the tokens as they stand in the stylesheet, by WCAG 2's formula.

use std::collections::BTreeMap;

use super::assets::TOKENS_CSS;

/// What text needs (WCAG 2, level AA).
const TEXT: f64 = 4.5;
/// What the edge of a control needs.
const EDGE: f64 = 3.0;

type Theme = BTreeMap<String, String>;

/// The declarations of the block that begins with `head`.
fn block(head: &str) -> Theme {
    let at = TOKENS_CSS
        .find(head)
        .expect("the block stands in tokens.css");
    let rest = &TOKENS_CSS[at + head.len()..];
    let body = &rest[..rest.find('}').expect("the block ends")];
    body.split(';')
        .filter_map(|line| line.split_once("--"))
        .filter_map(|(_, pair)| pair.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

fn light() -> Theme {
    block(":root {")
}

fn dark() -> Theme {
    let mut theme = light();
    theme.extend(block(":root[data-theme=\"dark\"] {"));
    theme
}

fn luminance(theme: &Theme, name: &str) -> f64 {
    let hex = theme[name].strip_prefix('#').expect("a colour as #rrggbb");
    let channel = |i: usize| {
        let raw = u8::from_str_radix(&hex[i..i + 2], 16).expect("hex digits");
        let share = f64::from(raw) / 255.0;
        if share <= 0.040_45 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn ratio(theme: &Theme, one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(theme, one), luminance(theme, other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn check(front: &[&str], back: &[&str], least: f64) {
    for (name, theme) in [("light", light()), ("dark", dark())] {
        for one in front {
            for other in back {
                let ratio = ratio(&theme, one, other);
                assert!(
                    ratio >= least,
                    "{one} on {other}, {name}: {ratio:.2} < {least}"
                );
            }
        }
    }
}

#[test]
fn text_is_readable_on_every_ground() {
    check(&["g5", "g6", "g7"], &["g0", "g1", "g2"], TEXT);
    check(&["accent"], &["g0", "g1", "accent-tint"], TEXT);
    check(
        &["g7"],
        &[
            "accent-tint",
            "ok-tint",
            "warn-tint",
            "bad-tint",
            "unknown-tint",
        ],
        TEXT,
    );
    check(&["g0"], &["g6", "g7"], TEXT);
}

#[test]
fn states_are_readable_on_paper_and_on_their_tints() {
    for state in ["ok", "warn", "bad", "unknown"] {
        let tint = format!("{state}-tint");
        check(&[state], &["g0", "g1", &tint], TEXT);
        check(&["on-state"], &[state], TEXT);
    }
    check(&["unknown", "g7"], &["hatch"], EDGE);
}

#[test]
fn controls_have_an_edge() {
    check(&["g4"], &["g0", "g1"], EDGE);
    check(&["accent"], &["g0", "g1", "g2"], EDGE);
}

#[test]
fn there_are_eight_greys_and_the_dark_theme_is_the_same_by_choice_and_by_system() {
    let theme = light();
    assert_eq!(
        (0..8)
            .filter(|i| theme.contains_key(&format!("g{i}")))
            .count(),
        8
    );
    let chosen = block(":root[data-theme=\"dark\"] {");
    let system = block(":root:not([data-theme=\"light\"]) {");
    assert_eq!(chosen, system);
    let colours = theme.iter().filter(|(_, value)| value.starts_with('#'));
    for (name, _) in colours {
        assert!(chosen.contains_key(name), "--{name} has no dark value");
    }
}
