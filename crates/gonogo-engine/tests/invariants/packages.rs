//! Random small packages: a chain or a tree of components, few people, odd policies.

use gonogo_model::PackageText;
use proptest::prelude::*;

/// How many there are of what random inputs name.
pub const CHECKS: usize = 4;
pub const FLOWS: usize = 2;
pub const PEOPLE: usize = 3;

/// What a random package is made from.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Component `n + 1` depends on component `upstream[n] % (n + 2)`; on none where that is itself.
    upstream: [u8; CHECKS - 1],
    /// Which team owns each component.
    owner: [bool; CHECKS],
    /// How many contacts each person has.
    contacts: [u8; PEOPLE],
    /// Who holds which role; nobody past the last.
    holders: [u8; 3],
    steps: [u8; 2],
    repeat: u8,
    holds: [u8; CHECKS],
    ticket: [bool; CHECKS],
    confirm: bool,
    comms: u8,
    grouping: bool,
    /// Does the last component, and a journey, go over either of two others?
    two_paths: bool,
}

/// Either of two components will do.
const TWO_PATHS: &str = "[{component: c-1, group: paths}, {component: c-2, group: paths}]";

pub fn recipe() -> impl Strategy<Value = Recipe> {
    let shape = (
        any::<[u8; 3]>(),
        any::<[bool; 4]>(),
        prop::array::uniform3(0..3_u8),
    );
    let people = (
        prop::array::uniform3(0..4_u8),
        prop::array::uniform2(0..4_u8),
        0..3_u8,
    );
    let rest = (
        prop::array::uniform4(0..3_u8),
        prop::array::uniform4(prop::bool::weighted(0.1)),
        any::<bool>(),
        0..3_u8,
        any::<[bool; 2]>(),
    );
    (shape, people, rest).prop_map(
        |(
            (upstream, owner, contacts),
            (holders, steps, repeat),
            (holds, ticket, confirm, comms, [grouping, two_paths]),
        )| Recipe {
            upstream,
            owner,
            contacts,
            holders,
            steps,
            repeat,
            holds,
            ticket,
            confirm,
            comms,
            grouping,
            two_paths,
        },
    )
}

impl Recipe {
    /// The package; always a sound one.
    pub fn text(&self) -> PackageText {
        let mut yaml = String::from(
            "package:\n  format: 1\n  id: random\n  name: Random\n  operators: policy-0\n",
        );
        if self.grouping {
            yaml += "  grouping: {soak: 1m, stale_ack_after: 3m, straggler_after: 2m, confirm_within: 30s, reopen_within: 10m}\n";
        }
        yaml += "people:\n";
        for (n, contacts) in self.contacts.iter().enumerate() {
            let ways = [
                "{channel: ntfy, to: 'https://push.example.com/p'}",
                "{channel: email, to: p@example.com}",
            ];
            let ways = ways[..usize::from(*contacts)].join(", ");
            yaml += &format!("  - {{id: person-{n}, name: Person {n}, contacts: [{ways}]}}\n");
        }
        yaml += "roles:\n";
        for (n, holder) in self.holders.iter().enumerate() {
            let holder = match usize::from(*holder) {
                h if h < PEOPLE => format!(", holders: [{{person: person-{h}}}]"),
                _ => String::new(),
            };
            yaml += &format!("  - {{id: role-{n}, name: Role {n}{holder}}}\n");
        }
        yaml += "teams:\n";
        for n in 0..2 {
            yaml += &format!(
                "  - {{id: team-{n}, name: Team {n}, accountable: role-{n}, escalation_policy: policy-{n}}}\n"
            );
        }
        yaml += "escalation_policies:\n";
        for (n, steps) in self.steps.iter().enumerate() {
            let rungs: Vec<String> = (0..*steps)
                .map(|s| {
                    format!(
                        "{{notify: [{{role: role-{}}}], wait: {}m}}",
                        (usize::from(s) + n) % 3,
                        s + 1
                    )
                })
                .collect();
            yaml += &format!(
                "  - {{id: policy-{n}, name: Policy {n}, steps: [{}], repeat: {}, fallback: {{role: role-2}}, fallback_every: 2m}}\n",
                rungs.join(", "),
                self.repeat
            );
        }
        yaml += "components:\n";
        for n in 0..CHECKS {
            let team = usize::from(self.owner[n]);
            let upstream = n
                .checked_sub(1)
                .map(|i| usize::from(self.upstream[i]) % (n + 1));
            let depends = match upstream {
                Some(_) if self.two_paths && n == CHECKS - 1 => {
                    format!(", depends_on: {TWO_PATHS}")
                }
                Some(u) if u < n => format!(", depends_on: [{{component: c-{u}}}]"),
                _ => String::new(),
            };
            yaml += &format!(
                "  - {{id: c-{n}, name: Component {n}, kind: service, team: team-{team}{depends}}}\n"
            );
        }
        let visit = if self.two_paths {
            TWO_PATHS
        } else {
            "[{component: c-2}]"
        };
        yaml += &format!(
            "journeys:\n  - {{id: j-0, name: Journey 0, depends_on: [{{component: c-1}}]}}\n  - {{id: j-1, name: Journey 1, depends_on: {visit}}}\n"
        );
        yaml += "sources:\n  - {id: source, name: Source, kind: cloudevents, secrets: ['${env:S}'], silent_after: 20m}\n";
        yaml += "flows:\n";
        for n in 0..FLOWS {
            let confirm = if self.confirm {
                ", confirm: {http: {url: 'https://c.example.com/{key}'}}"
            } else {
                ""
            };
            yaml += &format!(
                "  - {{id: flow-{n}, name: Flow {n}, component: c-{n}, start: {{source: source, event: [start-{n}], key: k}}, end: {{source: source, event: [end-{n}], key: k}}, deadline: {}m, success: {{ok: [true]}}, agree: [{{start: a, end: a}}]{confirm}}}\n",
                n + 1
            );
        }
        yaml += "checks:\n";
        for n in 0..CHECKS {
            // The last one is asked from several places.
            let from = if n + 1 == CHECKS {
                ", from: {places: [local, east, west]}"
            } else {
                ""
            };
            yaml += &format!(
                "  - {{id: check-{n}, name: Check {n}, component: c-{n}, every: 30s, probe: {{http: {{url: 'https://c.example.com/'}}}}{from}}}\n"
            );
        }
        yaml += "slos:\n  - {id: slo, name: SLO, sli: {flow_completion: flow-0}, target: 99%, min_events: 2}\n";
        yaml += "alerts:\n";
        for n in 0..CHECKS {
            let urgency = if self.ticket[n] {
                ", urgency: ticket"
            } else {
                ""
            };
            yaml += &format!(
                "  - {{id: down-{n}, name: Down {n}, severity: SEV{}, hold: {}m, when: {{check_failing: {{check: check-{n}}}}}{urgency}}}\n",
                n % 3 + 1,
                self.holds[n]
            );
        }
        for n in 0..FLOWS {
            yaml += &format!(
                "  - {{id: lost-{n}, name: Lost {n}, severity: SEV1, when: {{flow_overdue: {{flow: flow-{n}}}}}}}\n"
            );
            yaml += &format!(
                "  - {{id: wrong-{n}, name: Wrong {n}, severity: SEV2, when: {{flow_mismatch: {{flow: flow-{n}}}}}}}\n"
            );
            yaml += &format!(
                "  - {{id: fails-{n}, name: Fails {n}, severity: SEV2, hold: {n}m, when: {{flow_failing: {{flow: flow-{n}, consecutive: 2, below: 60%, window: 5m, min_events: 3}}}}}}\n"
            );
            yaml += &format!(
                "  - {{id: slow-{n}, name: Slow {n}, severity: SEV3, hold: 2m, when: {{flow_slow: {{flow: flow-{n}, above: 20s, window: 5m, min_events: 2}}}}}}\n"
            );
        }
        yaml += "  - {id: silent, name: Silent, severity: SEV3, when: {source_silent: {source: source}}, team: team-1}\n";
        yaml += "  - {id: burn, name: Burn, severity: SEV2, when: {slo_burn: {slo: slo}}}\n";
        yaml += "  - {id: expiring, name: Expiring, severity: SEV2, when: {certificate_expiring: {check: check-0}}}\n";
        if self.comms > 0 {
            let approval = if self.comms == 1 {
                "person"
            } else {
                "automatic"
            };
            yaml += &format!(
                "comms:\n  rules:\n    - {{severity: SEV2, first_update: 3m, cadence: 5m, approval: {approval}, owner: role-0, backup: role-1}}\n"
            );
        }
        PackageText {
            files: [("ops.yaml".to_string(), yaml)].into(),
        }
    }
}
