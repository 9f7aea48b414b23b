//! What hangs on one person, and which teams one failure would overload.
//!
//! People count who hold a role at the moment asked about and have not left. A role, an
//! escalation policy or a team of whose people only one is left has a single point: while that
//! person is asleep, ill or gone, nobody answers for it.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::component::Component;
use gonogo_model::escalation::{EscalationPolicy, Target};
use gonogo_model::team::{Person, Role, Team};
use gonogo_model::when::Zone;
use gonogo_model::{Id, Package};
use jiff::Timestamp;

use super::falls::Falls;
use super::{Graph, Node, Place};
use crate::whom;

/// A team that owns more than so many of the components that one failure takes down has more
/// to look after at once than its people can.
pub const MAX_COMPONENTS_A_BLAST: usize = 5;

/// Something that one person alone can answer for.
#[derive(Clone, Debug)]
pub struct Single<'p> {
    /// That person.
    pub person: &'p Person,
    /// What hangs on them.
    pub what: What<'p>,
    /// The components that would have nobody, in order of name; none of a role that owns none.
    pub components: Vec<&'p Component>,
}

/// What hangs on one person.
#[derive(Clone, Copy, Debug)]
pub enum What<'p> {
    /// Nobody else holds the role.
    Role(&'p Role),
    /// Nobody else is ever paged by the policy.
    Policy(&'p EscalationPolicy),
    /// Nobody else belongs to the team, answers for it or is paged for it.
    Team(&'p Team),
}

impl What<'_> {
    /// "role lead"
    pub fn describe(self) -> String {
        match self {
            Self::Role(role) => format!("role {}", role.id.value),
            Self::Policy(policy) => format!("escalation policy {}", policy.id.value),
            Self::Team(team) => format!("team {}", team.id.value),
        }
    }
}

/// A team that one failure would give too much to do.
#[derive(Clone, Debug)]
pub struct Burden<'p> {
    /// The team.
    pub team: &'p Team,
    /// The component whose failure does.
    pub cause: &'p Component,
    /// What of the team's falls, the cause included if it is theirs, in order of name.
    pub components: Vec<&'p Component>,
    /// The teams that are called at the same time, this one included.
    pub teams: usize,
    /// How many people there are for all of these teams together.
    pub people: usize,
}

/// What hangs on one person at a moment; at any time, where none is given. Teams first, then
/// policies, then roles, each in order of name.
pub fn single_points(package: &Package, at: Option<Timestamp>) -> Vec<Single<'_>> {
    let there = There { package, at };
    let mut owned = Owned::new();
    for component in package.components.values() {
        owned.entry(&component.team.id).or_default().push(component);
    }
    let single = |people: BTreeSet<&Id>, what| {
        let (Some(first), 1) = (people.first(), people.len()) else {
            return None;
        };
        let components = components(&owned, package, what);
        let person = package.people.get(*first)?;
        Some(Single {
            person,
            what,
            components,
        })
    };
    let teams = package.teams.values();
    let policies = package.escalation_policies.values();
    let roles = package.roles.values();
    let of_teams = teams.filter_map(|t| single(there.of_team(t), What::Team(t)));
    let of_policies = policies.filter_map(|p| single(there.of_policy(p), What::Policy(p)));
    let of_roles = roles.filter_map(|r| single(there.of_role(r), What::Role(r)));
    of_teams.chain(of_policies).chain(of_roles).collect()
}

/// For each team the failure that would give it most to do, where that is more than `max`
/// components at once; the most first.
pub fn burdens<'p>(package: &'p Package, graph: &Graph<'p>, max: usize) -> Vec<Burden<'p>> {
    let mut worst: BTreeMap<&'p Id, (usize, Place)> = BTreeMap::new();
    for falls in Falls::of_each(graph) {
        let mut counts: BTreeMap<&'p Id, Vec<usize>> = BTreeMap::new();
        for at in graph.components() {
            let Some(component) = component(graph, at) else {
                continue;
            };
            let count = counts.entry(&component.team.id);
            let count = count.or_insert_with(|| vec![0; falls.numbers().len()]);
            falls
                .causes(at)
                .for_each(|cause| count[cause - falls.first] += 1);
        }
        for (team, count) in counts {
            for (cause, count) in falls.numbers().zip(count) {
                let most = worst.entry(team).or_insert((0, cause));
                if count > most.0 {
                    *most = (count, cause);
                }
            }
        }
    }
    let over = worst.into_iter().filter(|(_, (count, _))| *count > max);
    let mut found: Vec<Burden<'p>> = over
        .filter_map(|(team, (_, cause))| burden(package, graph, team, cause))
        .collect();
    found.sort_by_key(|b| (std::cmp::Reverse(b.components.len()), &b.team.id.value));
    found
}

fn burden<'p>(
    package: &'p Package,
    graph: &Graph<'p>,
    team: &Id,
    cause: Place,
) -> Option<Burden<'p>> {
    let failed = component(graph, cause)?;
    let seeds = [vec![cause]];
    let falls = Falls::of(graph, &seeds).next()?;
    let fallen = graph.components().filter(|at| falls.falls(*at, 0));
    let fallen: Vec<&'p Component> = fallen.filter_map(|at| component(graph, at)).collect();
    let called: BTreeSet<&Id> = fallen.iter().map(|c| &c.team.id).collect();
    let there = There { package, at: None };
    let teams = called.iter().filter_map(|id| package.teams.get(*id));
    let people: BTreeSet<&Id> = teams.flat_map(|team| there.of_team(team)).collect();
    Some(Burden {
        team: package.teams.get(team)?,
        cause: failed,
        components: fallen.into_iter().filter(|c| c.team.id == *team).collect(),
        teams: called.len(),
        people: people.len(),
    })
}

fn component<'p>(graph: &Graph<'p>, at: Place) -> Option<&'p Component> {
    match graph.node(at) {
        Node::Component(component) => Some(component),
        Node::Journey(_) => None,
    }
}

/// The components that have nobody without the one person, in order of name.
fn components<'p>(owned: &Owned<'p>, package: &'p Package, what: What<'_>) -> Vec<&'p Component> {
    let hangs = |team: &&Team| match what {
        What::Team(alone) => team.id.value == alone.id.value,
        What::Policy(policy) => team.escalation_policy.id == policy.id.value,
        What::Role(role) => team.accountable.id == role.id.value,
    };
    let teams = package.teams.values().filter(hangs);
    let mut found: Vec<&Component> = teams
        .filter_map(|team| owned.get(&team.id.value))
        .flatten()
        .copied()
        .collect();
    found.sort_by_key(|c| &c.id.value);
    found
}

/// The components of each team.
type Owned<'p> = BTreeMap<&'p Id, Vec<&'p Component>>;

/// Who there is at a moment.
struct There<'p> {
    package: &'p Package,
    at: Option<Timestamp>,
}

impl<'p> There<'p> {
    fn of_role(&self, role: &Role) -> BTreeSet<&'p Id> {
        let zone = Zone::utc();
        let holds = role.holders.iter().filter(|holder| {
            let begun = |at| holder.from.is_none_or(|from| zone.instant(from.0) <= at);
            let goes_on = |at| holder.until.is_none_or(|until| at < zone.instant(until.0));
            self.at.is_none_or(|at| begun(at) && goes_on(at))
        });
        holds
            .filter_map(|holder| self.person(&holder.person.id))
            .collect()
    }

    fn of_policy(&self, policy: &EscalationPolicy) -> BTreeSet<&'p Id> {
        let of = |target: &Target| -> BTreeSet<&'p Id> {
            match target {
                Target::Person(person) => self.person(&person.id).into_iter().collect(),
                Target::Role(role) => self.role(&role.id),
                Target::Schedule(schedule) => {
                    let schedule = self.package.schedules.get(&schedule.id);
                    let roles = schedule.map_or_else(Vec::new, |s| whom::roles(self.package, s));
                    roles
                        .into_iter()
                        .flat_map(|role| self.of_role(role))
                        .collect()
                }
            }
        };
        whom::targets(policy).flat_map(of).collect()
    }

    fn of_team(&self, team: &Team) -> BTreeSet<&'p Id> {
        let policy = self
            .package
            .escalation_policies
            .get(&team.escalation_policy.id);
        let mut found = policy.map_or_else(BTreeSet::new, |policy| self.of_policy(policy));
        let roles = team.members.iter().chain([&team.accountable]);
        found.extend(roles.flat_map(|role| self.role(&role.id)));
        found
    }

    fn role(&self, id: &Id) -> BTreeSet<&'p Id> {
        let role = self.package.roles.get(id);
        role.map_or_else(BTreeSet::new, |role| self.of_role(role))
    }

    fn person(&self, id: &Id) -> Option<&'p Id> {
        let person = self.package.people.get(id)?;
        let left = |at| {
            person
                .left
                .is_some_and(|left| Zone::utc().instant(left.0) <= at)
        };
        // At a moment only those count who can be called then.
        let there = |at| !left(at) && !person.placeholder;
        self.at.is_none_or(there).then_some(&person.id.value)
    }
}
