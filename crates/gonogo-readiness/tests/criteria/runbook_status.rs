//! How far a runbook can be trusted, from what is recorded about it.

use gonogo_model::Id;
use gonogo_model::evidence::StepOutcome;
use gonogo_readiness::criteria::Case;
use gonogo_readiness::graph::Graph;
use gonogo_readiness::runbook_status::{Freshness, RunbookStatus};

use crate::fixture::{Fixture, NOW};
use crate::rbk::with_runbook;

const RUNBOOK: &str = "runbook/api-down";
const STEPS: &str = "Look:

```sh step=check expect=up
ctl status
```

Start it:

```sh step=mutate expect=started undo=\"ctl stop\"
ctl start
```
";

fn status_at(fixture: &Fixture, at: &str) -> RunbookStatus {
    let package = fixture.load();
    let graph = Graph::new(&package);
    let case = Case::new(&package, fixture.text(), &graph, &[], at.parse().unwrap());
    RunbookStatus::of(&case, &package.runbooks[&Id::parse("api-down").unwrap()])
}

fn status(fixture: &Fixture) -> RunbookStatus {
    status_at(fixture, NOW)
}

/// Followed on a day of November, by somebody, with what came of it.
fn followed(fixture: Fixture, day: u8, who: &str, rest: &str) -> Fixture {
    let rest = format!("observed_at: 2026-11-{day:02}T09:00:00Z, actor: {who}, {rest}");
    fixture.record("RBK-03", RUNBOOK, "drill", &["component/api"], &rest)
}

#[test]
fn nobody_but_the_author_leaves_it_unproven() {
    let fixture = with_runbook(STEPS);
    let found = status(&fixture);
    assert_eq!(found.freshness, Freshness::Unproven);
    assert_eq!(found.reasons, ["nobody ever followed it"]);
    let by_author = status(&followed(fixture, 25, "ann", "result: pass"));
    assert_eq!(by_author.freshness, Freshness::Unproven);
    assert_eq!(
        by_author.reasons,
        ["only its author, ann or Ann Example, followed it"]
    );
}

#[test]
fn it_ages_and_goes_stale() {
    let fixture = followed(with_runbook(STEPS), 1, "bob", "result: pass");
    for (at, freshness) in [
        ("2026-12-01T12:00:00Z", Freshness::Fresh),
        ("2026-12-31T09:00:00Z", Freshness::Fresh),
        ("2026-12-31T09:00:01Z", Freshness::Aging),
        ("2027-01-30T09:00:00Z", Freshness::Aging),
        ("2027-01-30T09:00:01Z", Freshness::Stale),
    ] {
        assert_eq!(status_at(&fixture, at).freshness, freshness, "{at}");
    }
    let verified = status(&fixture).verified.unwrap();
    assert_eq!(verified.by, "bob");
    assert_eq!(verified.until.to_string(), "2027-01-30T09:00:00Z");
    // What matters less holds for longer.
    let low = with_runbook(STEPS).instead_of_more("team: shop", "team: shop, tier: 3");
    let low = followed(low, 1, "bob", "result: pass");
    assert_eq!(
        status_at(&low, "2027-01-30T09:00:01Z").freshness,
        Freshness::Fresh
    );
}

#[test]
fn a_change_of_it_or_of_what_it_covers_makes_it_stale() {
    let fixture = || {
        followed(
            with_runbook(STEPS),
            25,
            "bob",
            "result: pass, steps: {mitigate-1: ok}",
        )
    };
    let component = fixture().instead_of_more("name: API", "name: Other");
    let found = status(&component);
    assert_eq!(found.freshness, Freshness::Stale);
    assert_eq!(found.reasons, ["`component/api` changed since 2026-11-25"]);
    assert_eq!(found.coverage().unwrap().to_string(), "0%");
    let text = fixture().file(
        "runbooks/api-down.md",
        &crate::rbk::runbook(&STEPS.replace("ctl start", "ctl run")),
    );
    assert_eq!(status(&text).freshness, Freshness::Stale);
}

#[test]
fn steps_are_proven_one_by_one_over_several_runs() {
    let fixture = followed(
        with_runbook(STEPS),
        20,
        "bob",
        "result: pass, steps: {mitigate-1: ok, mitigate-2: skipped}",
    );
    let found = status(&fixture);
    assert_eq!(found.freshness, Freshness::Fresh);
    assert_eq!(found.coverage().unwrap().to_string(), "50%");
    assert!(found.steps[0].is_proven() && found.steps[1].last.is_none());
    // A later run in which the first was not needed takes nothing away.
    let later = followed(
        fixture,
        28,
        "bob",
        "result: pass, steps: {mitigate-1: skipped, mitigate-2: edited}",
    );
    let found = status(&later);
    assert!(found.steps[0].is_proven());
    let second = found.steps[1].last.as_ref().unwrap();
    assert_eq!(second.outcome, StepOutcome::Edited);
    assert_eq!(found.coverage().unwrap().to_string(), "50%");
}

#[test]
fn what_failed_or_was_missing_breaks_it_until_it_is_mended() {
    let broken = followed(
        with_runbook(STEPS),
        28,
        "bob",
        "result: pass, steps: {mitigate-1: ok, mitigate-2: failed, drain-first: missing}",
    );
    let found = status(&broken);
    assert_eq!(found.freshness, Freshness::Broken);
    assert_eq!(
        found.reasons,
        [
            "the step `mitigate-2` did not do what it says on 2026-11-28",
            "the step `drain-first` was needed and did not stand there on 2026-11-28",
        ]
    );
    assert_eq!(
        found.coverage().unwrap().to_string(),
        "50%",
        "of those that stand there"
    );
    let mended = followed(broken, 30, "bob", "result: pass, steps: {mitigate-2: ok}");
    let found = status(&mended);
    assert_eq!(found.freshness, Freshness::Fresh, "{:?}", found.reasons);
    assert_eq!(found.coverage().unwrap().to_string(), "100%");
}

#[test]
fn a_dead_name_or_a_failed_probe_breaks_it() {
    let dead = followed(
        with_runbook("Call the role `nobody`."),
        25,
        "bob",
        "result: pass",
    );
    let found = status(&dead);
    assert_eq!(found.freshness, Freshness::Broken);
    assert_eq!(
        found.reasons,
        ["it names the role `nobody`, which is not there"]
    );
    assert!(found.coverage().is_none(), "it has no typed steps");
    let probed = followed(with_runbook(STEPS), 25, "bob", "result: pass").record(
        "RBK-04",
        RUNBOOK,
        "probe",
        &[],
        "result: fail, observed_at: 2026-12-01T09:00:00Z, actor: ci, note: the dashboard is gone",
    );
    let found = status(&probed);
    assert_eq!(found.freshness, Freshness::Broken);
    assert_eq!(
        found.reasons,
        ["its links and commands: it failed on 2026-12-01: the dashboard is gone"]
    );
    let failed = followed(
        with_runbook(STEPS),
        25,
        "bob",
        "result: fail, note: no access",
    );
    assert_eq!(
        status(&failed).reasons,
        ["following it failed on 2026-11-25: no access"]
    );
}
