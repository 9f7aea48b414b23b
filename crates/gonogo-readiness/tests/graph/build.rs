//! Packages from a few words.

use std::fmt::Write as _;

use gonogo_model::{Package, PackageText, load};

/// Components with what they need: `"a: b, c soft"`, and after ` | ` what else is said of them;
/// a name in capitals is a journey.
pub fn package(lines: &[&str]) -> Package {
    package_and(lines, "")
}

/// As [`package`], with more top-level YAML.
pub fn package_and(lines: &[&str], more_yaml: &str) -> Package {
    let text = text(lines, more_yaml);
    let loaded = load(&text);
    assert!(loaded.is_sound(), "{:?}", loaded.diagnostics);
    loaded.package
}

/// Its text.
pub fn text(lines: &[&str], more_yaml: &str) -> PackageText {
    let (mut components, mut journeys) = (String::new(), String::new());
    for line in lines {
        let (line, more) = line.split_once(" | ").unwrap_or((line, ""));
        let (name, needs) = line.split_once(':').unwrap_or((line, ""));
        let journey = name.chars().all(|c| c.is_ascii_uppercase());
        let out = if journey {
            &mut journeys
        } else {
            &mut components
        };
        let rest = match (journey, more.contains("team: ")) {
            (true, _) => "",
            (false, true) => ", kind: service",
            (false, false) => ", kind: service, team: team",
        };
        let id = name.to_lowercase();
        let _ = write!(out, "  - {{id: {id}, name: The {id}{rest}, depends_on: [");
        for need in needs.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            let mut words = need.split(' ');
            let _ = write!(out, "{{component: {}", words.next().unwrap_or(""));
            for word in words {
                let _ = match word.split_once('/') {
                    Some((needs, group)) => write!(out, ", group: {group}, needs: {needs}"),
                    None => write!(out, ", kind: {word}"),
                };
            }
            out.push_str("}, ");
        }
        let _ = writeln!(out, "]{}}}", [", ", more].concat().trim_end_matches(", "));
    }
    let people = match more_yaml.contains("teams:") {
        true => "",
        false => {
            "roles: [{id: lead, name: Lead}]\n\
             teams: [{id: team, name: Team, accountable: lead, escalation_policy: policy}]\n\
             escalation_policies: [{id: policy, name: Policy, fallback: {role: lead}}]\n"
        }
    };
    let yaml = format!(
        "package: {{format: 1, id: p, name: P, operators: policy}}\n\
         {people}\
         components:\n{components}journeys:\n{journeys}{more_yaml}"
    );
    let mut text = PackageText::default();
    text.files.insert("gonogo.yaml".into(), yaml);
    text
}

/// A small generator (xorshift), so that a seed is the whole story.
pub struct Luck(u64);

impl Luck {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// A random graph of `components` named `c0`, `c1`, ... and the journey `j` on top of some of
/// them; dependencies may stand in groups and go round in circles.
pub fn random(luck: &mut Luck, components: usize, circles: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for n in 0..=components {
        let below = if circles && n < components {
            components
        } else {
            n
        };
        let needs: Vec<String> = (0..luck.below(5).min(below))
            .map(|_| need(luck, luck_target(luck.0, below), n))
            .collect();
        let name = if n == components {
            "J".to_string()
        } else {
            format!("c{n}")
        };
        lines.push(format!("{name}: {}", needs.join(", ")));
    }
    lines
}

fn luck_target(state: u64, below: usize) -> usize {
    (state >> 20) as usize % below
}

fn need(luck: &mut Luck, to: usize, _from: usize) -> String {
    match luck.below(6) {
        0 => format!("c{to}"),
        1 => format!("c{to} soft"),
        2 | 3 => format!("c{to} 1/g"),
        4 => format!("c{to} 1/h"),
        _ => format!("c{to} {}/k", luck.below(3) + 1),
    }
}
