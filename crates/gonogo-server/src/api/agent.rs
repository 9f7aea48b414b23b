//! `/agent`: what an agent is to ask from its place, and what it found.
//!
//! Settings are resolved where the agent runs: what is handed out is the package's text of its
//! checks, with references to secrets unresolved. Invariant: no time of the agent's clock is
//! believed; it says how long ago an answer came, and the server counts back from its own.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use gonogo_engine::Input;
use gonogo_engine::input::{CheckResult, Report};
use gonogo_model::check::LOCAL;
use gonogo_model::{Duration, Id, Package, PackageText};
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Asked, Body};
use super::problem::Problem;
use crate::auth::{Identity, Via};
use crate::courier::append;
use crate::site::Site;
use crate::store::Lane;

/// The most answers in one report.
pub const RESULTS_MAX: usize = 200;
/// The longest name of a run of an agent.
const BOOT_CHARS_MAX: usize = 64;
/// The longest sentence of an answer, in characters; more is cut.
const DETAIL_CHARS_MAX: usize = 1_000;
/// The most equal answers that one stands for: those of a minute, asked all the time.
const COUNT_MAX: u32 = 1_000;
/// No answer is older than this, whatever the agent says.
const AGE_MAX_MS: i64 = 24 * 60 * 60 * 1000;

/// Which place asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Where {
    place: String,
}

/// What an agent is to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentChecks {
    /// The digest of the package; when it changes, the checks are asked for again.
    pub digest: String,
    /// The checks, as YAML by file: the `checks:` of the package.
    pub files: BTreeMap<String, String>,
}

/// What an agent found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentReport {
    /// Its place.
    pub place: String,
    /// Which run of it: any text that is new with every start.
    pub boot: String,
    /// The number of the first answer; the others follow it.
    pub first: u64,
    /// How many answers it had to drop since it started.
    #[serde(default)]
    pub dropped: u64,
    /// The answers, oldest first; none is a sign of life.
    #[serde(default)]
    pub results: Vec<AgentResult>,
}

/// One answer that an agent got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentResult {
    /// How many milliseconds ago it came.
    pub age_ms: i64,
    /// What it says.
    pub result: CheckResult,
}

/// What is kept of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTaken {
    /// Everything before this number is kept.
    pub next: u64,
    /// The digest of the package in force.
    pub digest: String,
}

pub(super) async fn checks(
    State(site): State<Site>,
    who: Identity,
    Asked(asked): Asked<Where>,
) -> Answer<AgentChecks> {
    allowed(&who)?;
    let view = site.view();
    place_of(&site, &asked.place)?;
    Ok(Json(AgentChecks {
        digest: view.plan.text.digest().0,
        files: checks_of(&view.plan.text, &view.plan.package),
    }))
}

pub(super) async fn report(
    State(site): State<Site>,
    who: Identity,
    Body(report): Body<AgentReport>,
) -> Answer<AgentTaken> {
    allowed(&who)?;
    let place = place_of(&site, &report.place)?;
    let told = report.results.len();
    if told > RESULTS_MAX || report.boot.chars().count() > BOOT_CHARS_MAX {
        let message = format!("A report has at most {RESULTS_MAX} answers.");
        return Err(Problem::invalid("too_long", message));
    }
    let now = site.clock.now();
    let taken = |found: AgentResult| {
        let age = found.age_ms.clamp(0, AGE_MAX_MS);
        let cut = |text: &str| text.chars().take(DETAIL_CHARS_MAX).collect();
        CheckResult {
            at: now - Duration::from_millis(age),
            count: found.result.count.clamp(1, COUNT_MAX),
            detail: cut(&found.result.detail),
            code: cut(&found.result.code),
            ..found.result
        }
    };
    let next = report.first.saturating_add(told as u64);
    let input = Input::Reported(Box::new(Report {
        place,
        boot: report.boot,
        first: report.first,
        results: report.results.into_iter().map(taken).collect(),
        dropped: report.dropped,
    }));
    append(&site.store, Lane::World, &[input], now).await?;
    let digest = site.view().plan.text.digest().0;
    Ok(Json(AgentTaken { next, digest }))
}

fn allowed(who: &Identity) -> Result<(), Problem> {
    if who.via == Via::Agent {
        return Ok(());
    }
    let message = "Asking from another place takes a token for it.";
    Err(Problem::forbidden(message).help("Make one with `gonogo token create --scope agent`."))
}

/// A place that some check names.
fn place_of(site: &Site, place: &str) -> Result<Id, Problem> {
    let view = site.view();
    let asked = |id: &Id| {
        let mut checks = view.plan.package.checks.values();
        id.as_str() != LOCAL && checks.any(|c| c.is_asked_from(id.as_str()))
    };
    Id::parse(place).ok().filter(asked).ok_or_else(|| {
        let message = format!("No check of the package is asked from a place `{place}`.");
        Problem::unknown("unknown_place", message)
            .help("Name it in `from: {places: […]}` of a check.")
    })
}

/// The `checks:` of each file, and nothing else of it. What is written in a way that cannot be
/// taken apart is handed out whole: that loses no check, and secrets are references anyway.
fn checks_of(text: &PackageText, package: &Package) -> BTreeMap<String, String> {
    let yaml = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml");
    let mut files = BTreeMap::new();
    for (path, file) in text.files.iter().filter(|(path, _)| yaml(path)) {
        let cut = checks_in(file);
        if !cut.is_empty() {
            files.insert(path.clone(), cut);
        }
    }
    let mut left = PackageText::default();
    left.files.extend(files.clone());
    if gonogo_model::load(&left)
        .package
        .checks
        .keys()
        .eq(package.checks.keys())
    {
        return files;
    }
    let whole = text.files.iter().filter(|(path, _)| yaml(path));
    whole
        .map(|(path, file)| (path.clone(), file.clone()))
        .collect()
}

/// The lines of the mapping's entry `checks`.
fn checks_in(file: &str) -> String {
    let mut within = false;
    let mut out = String::new();
    for line in file.lines() {
        let begins = line.starts_with(|c: char| !c.is_whitespace() && c != '#' && c != '-');
        if begins {
            within = line.starts_with("checks:");
        }
        if within {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: &str =
        "{id: up, name: Up, component: api, probe: {tcp: {host: a.example.com, port: 1}}}";

    fn handed_out(files: &[(&str, String)]) -> BTreeMap<String, String> {
        let mut text = PackageText::default();
        let files = files
            .iter()
            .map(|(path, file)| ((*path).to_owned(), file.clone()));
        text.files.extend(files);
        let package = gonogo_model::load(&text).package;
        assert_eq!(package.checks.len(), 1);
        checks_of(&text, &package)
    }

    #[test]
    fn nothing_but_checks_is_handed_out() {
        let checks = format!("checks:\n# asked\n- {CHECK}\n  # more\n");
        let found = handed_out(&[
            (
                "a.yaml",
                format!("people:\n- {{id: ada}}\n{checks}alerts:\n  - {{id: b}}\n"),
            ),
            ("b.yaml", "people: []\n".into()),
            ("runbook.md", "checks:\n".into()),
        ]);
        assert_eq!(found, BTreeMap::from([("a.yaml".to_owned(), checks)]));
    }

    #[test]
    fn what_cannot_be_taken_apart_is_handed_out_whole() {
        for file in [
            format!("\"checks\": [{CHECK}]\npeople: []\n"),
            format!("{{people: [], checks: [{CHECK}]}}\n"),
        ] {
            assert_eq!(handed_out(&[("a.yaml", file.clone())])["a.yaml"], file);
        }
    }
}
