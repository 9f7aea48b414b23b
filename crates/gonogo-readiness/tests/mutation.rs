//! Whatever stands in a file, a check ends and says something about it.

mod support;

use gonogo_model::PackageText;
use gonogo_readiness::check;
use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::blast::Blast;
use gonogo_readiness::report::{Sources, github, json};
use support::{base, rendered};

/// How many broken packages are tried in one run.
const ROUNDS: u64 = 400;

/// Fragments that mean something to YAML, to Markdown or to us.
const FRAGMENTS: [&str; 24] = [
    "\n",
    "\r\n",
    "\t",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "&a ",
    "*a",
    "#",
    "---\n",
    "${env:",
    "```\n",
    "## ",
    "null",
    "\u{feff}",
    "é🧾",
    "\u{202e}",
    "99999999999999999999",
];

#[test]
fn a_broken_package_never_stops_the_check() {
    let (first, rounds) = (number("GONOGO_SEED", 1), number("GONOGO_ROUNDS", ROUNDS));
    for seed in first..first + rounds {
        let text = broken(seed);
        let outcome = std::panic::catch_unwind(|| try_all(&text));
        assert!(
            outcome.is_ok(),
            "seed {seed} panics; GONOGO_SEED={seed} GONOGO_ROUNDS=1 repeats it"
        );
    }
}

#[test]
fn the_same_text_gives_the_same_findings() {
    for seed in 1..20 {
        let text = broken(seed);
        let say = || rendered(&text, &check(&text, Vec::new()));
        assert_eq!(say(), say(), "seed {seed}");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a longer or a repeated run is asked for from outside"
)]
fn number(name: &str, default: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn try_all(text: &PackageText) {
    let checked = check(text, Vec::new());
    let sources = Sources::new(text);
    let outputs = [
        rendered(text, &checked),
        json::render(&checked.diagnostics, &sources, "", checked.counts),
        github::render(&checked.diagnostics, &sources, ""),
    ];
    assert!(outputs.iter().all(|o| !o.contains('\u{1b}')));
    assert_eq!(outputs[2].lines().count(), checked.diagnostics.len());
    let graph = Graph::new(&checked.package);
    for id in checked.package.components.keys() {
        assert!(Blast::of(&checked.package, &graph, id).is_some());
    }
}

/// The base with a handful of changes that follow from the seed.
fn broken(seed: u64) -> PackageText {
    let mut text = base();
    let mut luck = Luck(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let paths: Vec<String> = text.files.keys().cloned().collect();
    for _ in 0..luck.below(6) + 1 {
        let path = &paths[luck.below(paths.len())];
        let content = text.files.get_mut(path).expect("a file of the base");
        change(content, &mut luck);
    }
    text
}

fn change(content: &mut String, luck: &mut Luck) {
    let places: Vec<usize> = content
        .char_indices()
        .map(|(at, _)| at)
        .chain([content.len()])
        .collect();
    let (a, b) = (luck.below(places.len()), luck.below(places.len().min(40)));
    let (from, to) = (places[a], places[(a + b).min(places.len() - 1)]);
    match luck.below(6) {
        0 => content.replace_range(from..to, ""),
        1 => content.insert_str(from, FRAGMENTS[luck.below(FRAGMENTS.len())]),
        2 => content.replace_range(from..to, FRAGMENTS[luck.below(FRAGMENTS.len())]),
        3 => content.truncate(from),
        4 => {
            let copied = content[from..to].to_string();
            content.insert_str(places[luck.below(places.len())], &copied);
        }
        _ => {
            let mut lines: Vec<&str> = content.lines().collect();
            let (one, two) = (
                luck.below(lines.len().max(1)),
                luck.below(lines.len().max(1)),
            );
            if !lines.is_empty() {
                lines.swap(one, two);
            }
            *content = lines.join("\n");
        }
    }
}

/// A small generator (xorshift), so that a seed is the whole story.
struct Luck(u64);

impl Luck {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
