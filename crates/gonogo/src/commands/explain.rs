//! `gonogo explain`: what a criterion or a rule asks, why, and how to meet it.

use std::fmt::Write as _;
use std::io::Write as _;

use gonogo_model::diagnostic::did_you_mean;
use gonogo_model::launch::Profile;
use gonogo_readiness::criteria::{self, AREAS, Criterion, Gate};
use gonogo_readiness::rules::{RULES, Rule};
use serde_json::{Value, json};

use crate::args::{Explain, Format};
use crate::exit::Exit;

/// Runs the command.
pub fn run(args: &Explain) -> anyhow::Result<Exit> {
    let text = match &args.code {
        None => overview(args.format),
        Some(code) => match page(code, args.format) {
            Some(page) => page,
            None => {
                explain_unknown(code);
                return Ok(Exit::Usage);
            }
        },
    };
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Clean)
}

fn page(code: &str, format: Format) -> Option<String> {
    if let Some(criterion) = criteria::find(code) {
        return Some(match format {
            Format::Human => with_facts(criterion),
            Format::Json => format!("{:#}\n", criterion_json(criterion, true)),
        });
    }
    let rule = RULES.iter().find(|r| r.code.eq_ignore_ascii_case(code))?;
    Some(match format {
        Format::Human => rule.manual(),
        Format::Json => format!("{:#}\n", rule_json(rule, true)),
    })
}

/// The manual page, with the criterion's own facts after its title.
fn with_facts(criterion: &Criterion) -> String {
    let manual = criterion.manual();
    let (title, rest) = manual.split_once('\n').unwrap_or((&manual, ""));
    let mut out = format!("{title}\n\n");
    let classes: Vec<&str> = criterion.classes.iter().map(|c| c.word()).collect();
    let _ = writeln!(out, "Decided by: {}", classes.join(" and "));
    let gate = match criterion.gate {
        Gate::Blocker if criteria::SMALL_LAUNCH.contains(&criterion.id) => {
            "blocks the launch, for tiers 1 and 2; a warning below"
        }
        Gate::Blocker => "a warning; with `profile: full` it blocks the launch, for tiers 1 and 2",
        Gate::Warning => "a warning",
    };
    let _ = writeln!(out, "Not met, it is: {gate}");
    if let Some(ttl) = criterion.ttl {
        let _ = writeln!(out, "Evidence holds for: {ttl}");
    } else if !criterion.is_static() {
        out += "Evidence holds for: this launch, until what it covers changes\n";
    }
    if let Some(trigger) = criterion.trigger {
        let _ = writeln!(
            out,
            "Does not apply without: {} (`absent: {}`)",
            trigger.phrase(),
            trigger.word()
        );
    }
    out + rest
}

fn overview(format: Format) -> String {
    if format == Format::Json {
        let criteria: Vec<Value> = criteria::all().map(|c| criterion_json(c, false)).collect();
        let rules: Vec<Value> = RULES.iter().map(|r| rule_json(r, false)).collect();
        return format!("{:#}\n", json!({"criteria": criteria, "rules": rules}));
    }
    let mut out = String::new();
    for (code, name) in AREAS {
        let _ = writeln!(out, "{name}");
        for criterion in criteria::all().filter(|c| c.area() == *code) {
            let gate = match criterion.gate_in(Profile::SmallLaunch) == criterion.gate {
                true => criterion.gate.word(),
                false => "full",
            };
            let _ = writeln!(out, "  {}  {:<8} {}", criterion.id, gate, criterion.title);
        }
        out.push('\n');
    }
    out += "blocker: stops the launch; full: stops it with `profile: full` in `package`, and warns without\n\n";
    out += "Rules of `gonogo check`\n";
    for rule in RULES {
        let _ = writeln!(out, "  {}", rule.code);
    }
    out += "\n`gonogo explain CODE` says more about one of them.\n";
    out
}

fn criterion_json(criterion: &Criterion, whole: bool) -> Value {
    let mut value = json!({
        "id": criterion.id,
        "title": criterion.title,
        "area": criterion.area(),
        "classes": criterion.classes.iter().map(|c| c.word()).collect::<Vec<_>>(),
        "gate": criterion.gate.word(),
        "blocks_small_launch": criterion.gate_in(Profile::SmallLaunch) == Gate::Blocker,
        "tiers": criterion.tiers,
        "ttl": criterion.ttl.map(|t| t.to_string()),
        "absent": criterion.trigger.map(|t| t.word()),
    });
    if whole {
        value["manual"] = json!(criterion.manual());
    }
    value
}

fn rule_json(rule: &Rule, whole: bool) -> Value {
    match whole {
        true => json!({"id": rule.code, "manual": rule.manual()}),
        false => json!({"id": rule.code}),
    }
}

fn explain_unknown(code: &str) {
    anstream::eprintln!("error: there is no criterion and no rule `{code}`");
    let upper = code.to_uppercase();
    let near = did_you_mean(&upper, criteria::all().map(|c| c.id))
        .or_else(|| did_you_mean(code, RULES.iter().map(|r| r.code)));
    match near {
        Some(near) => anstream::eprintln!("help: did you mean `{near}`?"),
        None => anstream::eprintln!("help: `gonogo explain` lists them all"),
    }
}
