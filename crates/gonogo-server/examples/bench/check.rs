//! `check` of a large package: read, loaded and asked by every rule.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use gonogo_model::PackageText;
use gonogo_readiness::rules;
use gonogo_server::package_dir;

use super::package::write;
use super::table::{Row, ms};

const COMPONENTS: usize = 10_000;
/// References of a component: its team, and what it depends on.
const REFERENCES: usize = 5;
const COMPONENTS_PER_FILE: usize = 200;
/// What is asked for.
const TARGET: Duration = Duration::from_secs(1);

/// Measures it.
pub fn measure(base: &Path) -> anyhow::Result<Row> {
    let dir = write(base, "large", &large())?;
    let begin = Instant::now();
    let text = package_dir::read(&dir)?.text;
    let read = begin.elapsed();
    let loaded = gonogo_model::load(&text);
    let load = begin.elapsed() - read;
    anyhow::ensure!(loaded.is_sound(), "the package has mistakes");
    let found = rules::all(&loaded.package, &text).len();
    let all = begin.elapsed();
    anyhow::ensure!(loaded.package.components.len() == COMPONENTS, "too few");
    Ok(Row::at_most(
        "check of 10,000 components with 50,000 references",
        format!(
            "{} (read {}, load {}, rules {}; {found} findings)",
            ms(all),
            ms(read),
            ms(load),
            ms(all - read - load)
        ),
        "at most 1 s".into(),
        all.as_secs_f64() / TARGET.as_secs_f64(),
    ))
}

fn large() -> PackageText {
    let head = "\
package: {format: 1, id: large, name: Large, operators: everybody}
people: [{id: p, name: Person, contacts: [{channel: ntfy, to: 'https://push.example.com/p'}]}]
roles: [{id: r, name: Role, holders: [{person: p}]}]
teams: [{id: t, name: Team, accountable: r, members: [r], escalation_policy: everybody}]
escalation_policies: [{id: everybody, name: All, steps: [{notify: [{role: r}], wait: 5m}], fallback: {role: r}}]
";
    let mut files = BTreeMap::from([("gonogo.yaml".to_string(), head.to_string())]);
    for first in (0..COMPONENTS).step_by(COMPONENTS_PER_FILE) {
        let mut file = "components:\n".to_string();
        for n in first..first + COMPONENTS_PER_FILE {
            let _ = write!(
                file,
                "  - id: c{n}\n    name: Component {n}\n    kind: service\n    team: t\n"
            );
            if n > 0 {
                file.push_str("    depends_on:\n");
            }
            // Spread over all that come before, so that there is no cycle.
            let below: std::collections::BTreeSet<usize> = (1..REFERENCES)
                .map(|k| n * k / REFERENCES)
                .filter(|m| *m < n)
                .collect();
            for other in below {
                let _ = writeln!(
                    file,
                    "      - {{component: c{other}, when_it_fails: It answers from its cache.}}"
                );
            }
        }
        files.insert(format!("components/{first:05}.yaml"), file);
    }
    PackageText { files }
}
