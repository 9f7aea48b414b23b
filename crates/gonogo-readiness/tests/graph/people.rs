//! What hangs on one person, and what would be too much for a team.

use gonogo_readiness::graph::Graph;
use gonogo_readiness::graph::people::{burdens, single_points};
use jiff::Timestamp;

use crate::build::package_and;

const PEOPLE: &str = "
people:
  - {id: anna, name: Anna}
  - {id: ben, name: Ben, left: 2026-06-01}
roles:
  - id: lead
    name: Lead
    holders: [{person: anna, until: 2026-03-01}, {person: ben, from: 2026-03-01}]
  - {id: engineer, name: Engineer, holders: [{person: anna}]}
  - {id: empty, name: Empty}
schedules:
  - {id: rota, name: Rota, time_zone: UTC, rotation: {starts: 2026-01-05T09:00, members: [lead, engineer]}}
teams:
  - {id: one, name: One, accountable: engineer, escalation_policy: solo}
  - {id: two, name: Two, accountable: engineer, escalation_policy: policy}
escalation_policies:
  - {id: solo, name: Solo, steps: [{notify: [{role: engineer}]}], fallback: {person: anna}}
  - {id: policy, name: Pair, steps: [{notify: [{schedule: rota}]}], fallback: {role: empty}}
";

fn said(at: Option<&str>) -> Vec<String> {
    let p = package_and(&["a | team: one", "b | team: two", "c | team: two"], PEOPLE);
    let at = at.map(|at| at.parse::<Timestamp>().expect("an instant"));
    single_points(&p, at)
        .iter()
        .map(|s| {
            let of: Vec<&str> = s.components.iter().map(|c| c.id.value.as_str()).collect();
            format!(
                "{} is {}: {}",
                s.what.describe(),
                s.person.id.value,
                of.join(" ")
            )
        })
        .collect()
}

#[test]
fn people_count_while_they_hold_the_role_and_are_there() {
    assert_eq!(
        said(None),
        [
            "team one is anna: a",
            "escalation policy solo is anna: a",
            "role engineer is anna: a b c"
        ]
    );
    assert_eq!(
        said(Some("2026-04-01T00:00:00Z")),
        [
            "team one is anna: a",
            "escalation policy solo is anna: a",
            "role engineer is anna: a b c",
            "role lead is ben: ",
        ]
    );
    // Ben has left: nobody holds his role, and everything comes down to Anna.
    assert_eq!(
        said(Some("2026-07-01T00:00:00Z")),
        [
            "team one is anna: a",
            "team two is anna: b c",
            "escalation policy policy is anna: b c",
            "escalation policy solo is anna: a",
            "role engineer is anna: a b c",
        ]
    );
}

#[test]
fn a_team_with_more_than_so_much_at_once_is_told() {
    let lines = [
        "region | team: one",
        "a: region | team: two",
        "b: a | team: two",
        "c: region soft | team: two",
        "d | team: two",
    ];
    let p = package_and(&lines, PEOPLE);
    let graph = Graph::new(&p);
    let at = |max| -> Vec<String> {
        let one = |b: &gonogo_readiness::graph::people::Burden<'_>| {
            let of: Vec<&str> = b.components.iter().map(|c| c.id.value.as_str()).collect();
            let (team, cause) = (&b.team.id.value, &b.cause.id.value);
            format!(
                "{team} by {cause}: {}; {} teams, {} people",
                of.join(" "),
                b.teams,
                b.people
            )
        };
        burdens(&p, &graph, max).iter().map(one).collect()
    };
    assert_eq!(at(2), [""; 0]);
    assert_eq!(at(1), ["two by a: a b; 1 teams, 2 people"]);
    assert_eq!(at(0).len(), 2);
}
