//! The smallest sets of components whose failure together takes a journey down.
//!
//! A set of one is a single point of failure; these are always complete. Larger ones are
//! found from the bottom up: what takes a member of a group down, joined with what takes the
//! others down. An order that would take more than [`MAX_WORK`] steps is left out as a whole
//! and said to be, so a list is never silently short.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use gonogo_model::component::Component;
use gonogo_model::{Id, Package};

use super::falls::{Falls, Order};
use super::{Gate, Graph, Node, Place};

/// Sets of more components than this are not looked for.
pub const MAX_ORDER: usize = 3;
/// So many unions of sets are tried for a node before an order is given up.
pub const MAX_WORK: usize = 2_000_000;
/// What counts for a component without failure modes: not knowing is neither rare nor often.
const UNKNOWN_OCCURRENCE: u32 = 3;

/// The smallest sets of components that take a node down together.
#[derive(Clone, Debug)]
pub struct CutSets<'p> {
    /// The journey, or component, that falls.
    pub node: Node<'p>,
    /// Fewer components first, then the more important, then the more likely.
    pub sets: Vec<CutSet<'p>>,
    /// All sets of up to so many components are listed.
    pub complete_to: usize,
    /// Sets of up to so many components were asked for; more than `complete_to` where the work
    /// limit stopped it.
    pub asked: usize,
}

/// Components that take a node down together, and no part of which does.
#[derive(Clone, Debug)]
pub struct CutSet<'p> {
    /// In order of name.
    pub components: Vec<&'p Component>,
    /// The tier of the most important one.
    pub tier: u8,
    /// The product of how often each is expected to fail, 1 to 5: the worst of its failure
    /// modes, and 3 where none is known. It ranks sets of one size; it is no probability.
    pub likelihood: u32,
}

impl<'p> CutSets<'p> {
    /// Of a node, up to `order` components together, at most [`MAX_ORDER`].
    pub fn of(package: &'p Package, graph: &Graph<'p>, at: Place, order: usize) -> Self {
        Self::within(package, graph, at, order, MAX_WORK)
    }

    /// As [`Self::of`], with a work limit of one's own.
    pub fn within(
        package: &'p Package,
        graph: &Graph<'p>,
        at: Place,
        order: usize,
        max_work: usize,
    ) -> Self {
        let asked = order.clamp(1, MAX_ORDER);
        let single = alone(graph, at);
        let mut search = Search::new(graph, at, &single, max_work);
        let mut found: Vec<Set> = single.iter().map(|at| Set::of(*at)).collect();
        let mut complete_to = 1;
        for order in 2..=asked {
            let Some(sets) = search.up_to(order) else {
                break;
            };
            let larger = sets.into_iter().filter(|set| set.len() == order);
            found.extend(larger);
            complete_to = order;
        }
        let mut sets: Vec<CutSet<'p>> = found
            .into_iter()
            .map(|set| CutSet::new(package, graph, set))
            .collect();
        sets.sort_by_cached_key(CutSet::rank);
        Self {
            node: graph.node(at),
            sets,
            complete_to,
            asked,
        }
    }

    /// The sets of one: what takes it down all by itself.
    pub fn single_points(&self) -> impl Iterator<Item = &CutSet<'p>> {
        self.sets.iter().filter(|set| set.components.len() == 1)
    }

    /// Did the work limit leave larger sets out?
    pub fn is_truncated(&self) -> bool {
        self.complete_to < self.asked
    }
}

/// Every journey with the components that take it down alone, in order of name.
pub fn single_points<'p>(graph: &Graph<'p>) -> Vec<(Place, Vec<Place>)> {
    let mut found: Vec<(Place, Vec<Place>)> = graph.journeys().map(|at| (at, Vec::new())).collect();
    for falls in Falls::of_each(graph) {
        for (at, points) in &mut found {
            points.extend(falls.causes(*at));
        }
    }
    found
}

impl<'p> CutSet<'p> {
    fn new(package: &'p Package, graph: &Graph<'p>, set: Set) -> Self {
        let component = |at| match graph.node(at) {
            Node::Component(component) => Some(component),
            Node::Journey(_) => None,
        };
        let components: Vec<&'p Component> = set.places().filter_map(component).collect();
        Self {
            tier: components.iter().map(|c| c.tier).min().unwrap_or(u8::MAX),
            likelihood: components.iter().map(|c| occurrence(package, c)).product(),
            components,
        }
    }

    fn rank(&self) -> (usize, u8, Reverse<u32>, Vec<&'p Id>) {
        let names = self.components.iter().map(|c| &c.id.value).collect();
        (
            self.components.len(),
            self.tier,
            Reverse(self.likelihood),
            names,
        )
    }
}

/// How often a component is expected to fail: the worst of its failure modes.
fn occurrence(package: &Package, component: &Component) -> u32 {
    let of_it = package
        .failure_modes
        .values()
        .filter(|mode| mode.component.id == component.id.value);
    let worst = of_it.map(|mode| u32::from(mode.occurrence)).max();
    worst.unwrap_or(UNKNOWN_OCCURRENCE)
}

/// The components that take a node down alone, itself left out.
fn alone(graph: &Graph<'_>, at: Place) -> Vec<Place> {
    Falls::of_each(graph)
        .flat_map(|falls| falls.causes(at).collect::<Vec<_>>())
        .filter(|cause| *cause != at)
        .collect()
}

/// Up to [`MAX_ORDER`] places, ascending; a free one is `Set::FREE`. Fewer come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Set {
    len: u8,
    places: [u32; MAX_ORDER],
}

impl Set {
    const FREE: u32 = u32::MAX;
    const EMPTY: Self = Self {
        len: 0,
        places: [Self::FREE; MAX_ORDER],
    };

    fn of(at: Place) -> Self {
        let mut places = [Self::FREE; MAX_ORDER];
        places[0] = u32::try_from(at).unwrap_or(Self::FREE);
        Self { len: 1, places }
    }

    fn len(self) -> usize {
        usize::from(self.len)
    }

    fn places(self) -> impl Iterator<Item = Place> {
        self.places
            .into_iter()
            .take(self.len())
            .map(|at| at as Place)
    }

    /// Both together; `None` where that is more than `order`.
    fn union(self, other: Self, order: usize) -> Option<Self> {
        let (mut a, mut b) = (self.places().peekable(), other.places().peekable());
        let mut both = Self::EMPTY;
        while let Some(least) = a.peek().into_iter().chain(b.peek()).min().copied() {
            a.next_if_eq(&least);
            b.next_if_eq(&least);
            if both.len() == order {
                return None;
            }
            both.places[both.len()] = least as u32;
            both.len += 1;
        }
        Some(both)
    }

    /// What is left when one place is taken out, for each of them.
    fn without_one(self) -> impl Iterator<Item = Self> {
        self.places().map(move |out| {
            let rest = self.places().filter(|at| *at != out).map(Self::of);
            rest.fold(Self::EMPTY, |sum, at| {
                sum.union(at, MAX_ORDER).unwrap_or(sum)
            })
        })
    }
}

/// The smallest sets that bring one node down: none of them is part of another.
type Family = BTreeSet<Set>;

/// Finds sets from the bottom up. Components that take the node down alone cannot be part of
/// a larger smallest set, so they count as what never fails.
struct Search<'g, 'p> {
    graph: &'g Graph<'p>,
    at: Place,
    order: Order,
    may_fail: Vec<bool>,
    work_left: usize,
}

impl<'g, 'p> Search<'g, 'p> {
    fn new(graph: &'g Graph<'p>, at: Place, single: &[Place], work_left: usize) -> Self {
        let order = Order::beneath(graph, [at]);
        let mut may_fail = vec![false; graph.len()];
        order
            .places()
            .iter()
            .for_each(|place| may_fail[*place] = true);
        single
            .iter()
            .chain([&at])
            .for_each(|place| may_fail[*place] = false);
        Self {
            graph,
            at,
            order,
            may_fail,
            work_left,
        }
    }

    /// All smallest sets of up to `order`; `None` where that is too much work.
    fn up_to(&mut self, order: usize) -> Option<Family> {
        let mut families = vec![Family::new(); self.graph.len()];
        loop {
            let mut changed = false;
            for place in self.order.places().to_vec() {
                let family = self.family(place, &families, order)?;
                changed |= family != families[place];
                families[place] = family;
            }
            if !changed || !self.order.is_circular() {
                return Some(std::mem::take(&mut families[self.at]));
            }
        }
    }

    fn family(&mut self, at: Place, families: &[Family], order: usize) -> Option<Family> {
        let own = self.may_fail[at].then(|| Set::of(at));
        let mut all: Vec<Set> = own.into_iter().collect();
        for gate in self.graph.hard(at) {
            match &gate.members[..] {
                [edge] => {
                    self.spend(families[edge.to].len())?;
                    all.extend(&families[edge.to]);
                }
                _ => all.extend(self.lost(gate, families, order)?),
            }
        }
        Some(smallest(all))
    }

    /// What loses more members than can be spared.
    ///
    /// `lost[n]` is what loses `n` of the members so far. A number from which the members to
    /// come can no longer make enough is dropped.
    fn lost(&mut self, gate: &Gate<'_>, families: &[Family], order: usize) -> Option<Family> {
        let wanted = gate.spare() + 1;
        let mut lost: Vec<Family> = vec![Family::new(); wanted + 1];
        lost[0].insert(Set::EMPTY);
        for (number, edge) in gate.members.iter().enumerate() {
            let to_come = gate.members.len() - number - 1;
            let too_few = wanted.saturating_sub(to_come);
            for n in (too_few.max(1)..=wanted.min(number + 1)).rev() {
                let mut sets: Vec<Set> = lost[n].iter().copied().collect();
                self.spend(lost[n - 1].len() * families[edge.to].len())?;
                for before in &lost[n - 1] {
                    let this = families[edge.to].iter();
                    sets.extend(this.filter_map(|set| before.union(*set, order)));
                }
                lost[n] = smallest(sets);
            }
            lost[..too_few].iter_mut().for_each(Family::clear);
        }
        Some(std::mem::take(&mut lost[wanted]))
    }

    fn spend(&mut self, steps: usize) -> Option<()> {
        self.work_left = self.work_left.checked_sub(steps)?;
        Some(())
    }
}

/// Leaves out every set of which another one is a part.
fn smallest(mut sets: Vec<Set>) -> Family {
    sets.sort_unstable();
    sets.dedup();
    let mut kept = Family::new();
    for set in sets {
        // Of three at most, a part has one or two: those left by taking one out, and single ones.
        let covered = set
            .places()
            .any(|at| set.len() > 1 && kept.contains(&Set::of(at)))
            || set.without_one().any(|part| kept.contains(&part));
        if !covered {
            kept.insert(set);
        }
    }
    kept
}
