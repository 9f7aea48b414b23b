//! What falls with what: over hard dependencies, and over groups of which too few are left.
//!
//! A member of a group takes nothing down by itself. A cause that takes so many members that
//! fewer are left than have to work takes down whatever needs the group, exactly as the blast
//! radius of `check` and `blast` has it.

use std::collections::{BTreeMap, VecDeque};

use gonogo_model::component::{Dependency, DependencyKind};
use gonogo_model::{Id, Package};

/// What has to hold: one dependency, or so many of a group.
struct Gate<'p> {
    group: Option<&'p str>,
    members: Vec<&'p Id>,
    needs: usize,
}

/// For each component everything that takes it down, with the number of steps to it.
pub(crate) fn upstream(package: &Package) -> BTreeMap<Id, BTreeMap<Id, u32>> {
    let mut upstream: BTreeMap<Id, BTreeMap<Id, u32>> = BTreeMap::new();
    let gates: Vec<(&Id, Gate<'_>)> = package
        .components
        .iter()
        .flat_map(|(id, c)| gates(&c.depends_on).into_iter().map(move |g| (id, g)))
        .collect();
    let mut behind: BTreeMap<&Id, Vec<usize>> = BTreeMap::new();
    for (place, (_, gate)) in gates.iter().enumerate() {
        for member in &gate.members {
            behind.entry(member).or_default().push(place);
        }
    }
    for cause in package.components.keys() {
        upstream.entry(cause.clone()).or_default();
        for (id, distance) in fall(cause, &gates, &behind) {
            let causes = upstream.entry(id.clone()).or_default();
            causes.insert(cause.clone(), distance);
        }
    }
    upstream
}

/// Does what has these dependencies fall, when those components do?
pub(crate) fn falls(dependencies: &[Dependency], is_down: impl Fn(&Id) -> bool) -> bool {
    gates(dependencies).iter().any(|gate| {
        let lost = gate.members.iter().filter(|m| is_down(m)).count();
        lost > gate.spare()
    })
}

/// Everything else that falls with a cause, nearest first.
fn fall<'p>(
    cause: &'p Id,
    gates: &[(&'p Id, Gate<'p>)],
    behind: &BTreeMap<&Id, Vec<usize>>,
) -> BTreeMap<&'p Id, u32> {
    let mut fallen = BTreeMap::from([(cause, 0)]);
    let mut lost: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = VecDeque::from([(cause, 0_u32)]);
    while let Some((id, distance)) = queue.pop_front() {
        for place in behind.get(id).into_iter().flatten() {
            let (user, gate) = &gates[*place];
            let lost = lost.entry(*place).or_default();
            *lost += 1;
            if *lost > gate.spare() && !fallen.contains_key(user) {
                fallen.insert(user, distance + 1);
                queue.push_back((user, distance + 1));
            }
        }
    }
    fallen.remove(cause);
    fallen
}

/// Dependencies that stand alone, and groups; only hard ones can explain a failure.
fn gates(dependencies: &[Dependency]) -> Vec<Gate<'_>> {
    let mut gates: Vec<Gate<'_>> = Vec::new();
    let hard = dependencies
        .iter()
        .filter(|d| d.kind == DependencyKind::Hard);
    for dependency in hard {
        let group = dependency.group.as_deref();
        let needs = usize::from(dependency.needs.unwrap_or(1)).max(1);
        let member = &dependency.component.id;
        match gates
            .iter_mut()
            .find(|g| group.is_some() && g.group == group)
        {
            Some(gate) => {
                gate.members.push(member);
                gate.needs = gate.needs.max(needs);
            }
            None => gates.push(Gate {
                group,
                members: vec![member],
                needs: if group.is_some() { needs } else { 1 },
            }),
        }
    }
    gates
}

impl Gate<'_> {
    /// How many members may be lost.
    fn spare(&self) -> usize {
        self.members.len().saturating_sub(self.needs)
    }
}
