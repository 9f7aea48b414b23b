//! Whether what is promised can be kept, given what the things beneath promise.
//!
//! Components are taken to fail independently of one another, each as often as it promises,
//! and one that promises nothing is taken to be perfect. So the result is the most that can be
//! reached, never an estimate of what will be: a promise above it is a mistake for certain.
//!
//! A component's promise covers what it stands on (`availability`, or an SLO on a check of it),
//! so of each promise only the component's own share is counted, and what several things share
//! is counted once. Groups are worked out exactly, over every combination of what is up and
//! down, for up to [`MAX_VARIABLES`] components that do not matter alone.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::component::{Component, Journey};
use gonogo_model::percent::Percent;
use gonogo_model::slo::{Sli, Slo};
use gonogo_model::{Id, Package};

use super::falls::{BLOCK, Falls, Order};
use super::{Edge, Graph, Node, Place};

/// So many components inside groups are combined; of more, the most dependable are taken to be
/// perfect, which keeps the result the most that can be reached.
pub const MAX_VARIABLES: usize = 12;
/// So many steps are spent on combinations in all, shared out evenly among the promises that
/// have groups beneath them; a promise whose share is small combines fewer components.
pub const MAX_WORK: usize = 2_000_000;
const _: () = assert!(
    1 << MAX_VARIABLES <= BLOCK,
    "all combinations fit one block"
);

/// A promise, and the most that what lies beneath allows.
#[derive(Clone, Debug)]
pub struct Availability<'p> {
    /// Who promises.
    pub promise: Promise<'p>,
    /// What is promised.
    pub target: Percent,
    /// The most that can be reached, rounded up.
    pub at_most: Percent,
    /// What limits it: hard dependencies that promise less than everything, each with what it
    /// promises, the weakest first.
    pub counted: Vec<(&'p Component, Percent)>,
    /// Hard dependencies that promise nothing, in order of name: taken to be perfect.
    pub unknown: Vec<&'p Component>,
    /// How many components inside groups were taken to be perfect to keep the work in bounds.
    pub left_out: usize,
}

/// Who promises.
#[derive(Clone, Copy, Debug)]
pub enum Promise<'p> {
    /// An SLO about a journey.
    Journey(&'p Slo, &'p Journey),
    /// An SLO about a component, through a check of it.
    Slo(&'p Slo, &'p Component),
    /// A component's `availability`.
    Component(&'p Component),
}

impl<'p> Promise<'p> {
    /// The name of the SLO or component.
    pub fn id(self) -> &'p Id {
        match self {
            Self::Journey(slo, _) | Self::Slo(slo, _) => &slo.id.value,
            Self::Component(component) => &component.id.value,
        }
    }

    /// Does it promise a share of time? One that counts events may be kept through an outage
    /// in which nothing happens, or which repeats make good.
    pub fn is_of_time(self) -> bool {
        match self {
            Self::Journey(slo, _) | Self::Slo(slo, _) => matches!(slo.sli, Sli::Check(_)),
            Self::Component(_) => true,
        }
    }

    fn at(self, graph: &Graph<'_>) -> Option<Place> {
        match self {
            Self::Journey(_, journey) => graph.journey(&journey.id.value),
            Self::Slo(_, component) | Self::Component(component) => {
                graph.component(&component.id.value)
            }
        }
    }
}

impl Availability<'_> {
    /// Is more promised than can be reached?
    pub fn is_above(&self) -> bool {
        self.target > self.at_most
    }
}

/// Every promise about something that has hard dependencies: journeys, then components.
pub fn availabilities<'p>(package: &'p Package, graph: &Graph<'p>) -> Vec<Availability<'p>> {
    let wanted = promises(package);
    let Some(sums) = Sums::new(package, graph) else {
        return Vec::new();
    };
    wanted
        .into_iter()
        .filter_map(|wanted| sums.of(wanted))
        .collect()
}

/// The promises of a share of time that cannot be kept.
pub fn above<'p>(package: &'p Package, graph: &Graph<'p>) -> Vec<Availability<'p>> {
    let mut wanted = promises(package);
    wanted.retain(|(promise, _)| promise.is_of_time());
    let Some(sums) = Sums::new(package, graph).filter(|_| !wanted.is_empty()) else {
        return Vec::new();
    };
    wanted.retain(|(promise, target)| {
        let sum = promise.at(graph).and_then(|at| sums.beneath.get(&at));
        sum.is_some_and(|(most, _)| *target > rounded_up(*most))
    });
    wanted
        .into_iter()
        .filter_map(|wanted| sums.of(wanted))
        .collect()
}

/// Every promise that is held against what lies beneath.
fn promises(package: &Package) -> Vec<(Promise<'_>, Percent)> {
    let of_slo = |slo| {
        let promise = match journey(package, slo) {
            Some(journey) => Promise::Journey(slo, journey),
            None => Promise::Slo(slo, checked(package, slo)?),
        };
        Some((promise, slo.target))
    };
    let components = package.components.values();
    let declared = components.filter_map(|c| Some((Promise::Component(c), c.availability?)));
    let mut found: Vec<_> = package.slos.values().filter_map(of_slo).collect();
    found.extend(declared);
    found.sort_by_key(|(promise, _)| !matches!(promise, Promise::Journey(..)));
    found
}

fn journey<'p>(package: &'p Package, slo: &Slo) -> Option<&'p Journey> {
    package.journeys.get(&slo.journey.as_ref()?.id)
}

/// The component that an SLO is about: the one whose check is counted.
fn checked<'p>(package: &'p Package, slo: &Slo) -> Option<&'p Component> {
    let Sli::Check(check) = &slo.sli else {
        return None;
    };
    let check = package.checks.get(&check.id)?;
    package.components.get(&check.component.id)
}

/// What each component promises, with everything beneath: what it declares, else the strictest
/// SLO on a check of it that is not a journey's.
fn promised(package: &Package, graph: &Graph<'_>) -> BTreeMap<Place, Percent> {
    let mut found: BTreeMap<Place, Percent> = BTreeMap::new();
    for slo in package.slos.values().filter(|slo| slo.journey.is_none()) {
        let at = checked(package, slo).and_then(|c| graph.component(&c.id.value));
        if let Some(at) = at {
            let target = found.entry(at).or_default();
            *target = slo.target.max(*target);
        }
    }
    for at in graph.components() {
        if let Node::Component(component) = graph.node(at)
            && let Some(declared) = component.availability
        {
            found.insert(at, declared);
        }
    }
    found
}

/// What is known of the components that promise something.
struct Sums<'g, 'p> {
    graph: &'g Graph<'p>,
    promised: BTreeMap<Place, Percent>,
    /// The promising components, each after those it stands on.
    places: Vec<Place>,
    /// Their own share, without what they stand on, in the same order.
    own: Vec<f64>,
    /// What each of them, alone, takes down.
    blocks: Vec<Falls>,
    /// What stands on each of them, whether it can be spared or not.
    touching: Vec<Falls>,
    /// The nodes that have a group with members to spare beneath them.
    grouped: Vec<bool>,
    /// How many combinations may be tried for one node.
    states: usize,
    /// The most that everything beneath a node allows, for those asked about, and how many
    /// components were left out to find that.
    beneath: BTreeMap<Place, (f64, usize)>,
}

impl<'g, 'p> Sums<'g, 'p> {
    fn new(package: &'p Package, graph: &'g Graph<'p>) -> Option<Self> {
        let promised = promised(package, graph);
        if promised.is_empty() {
            return None;
        }
        let order = Order::of(graph);
        let promise = |at: &Place| promised.contains_key(at);
        let places: Vec<Place> = order.places().iter().copied().filter(promise).collect();
        let causes: Vec<Vec<Place>> = places.iter().map(|at| vec![*at]).collect();
        let mut grouped = vec![false; graph.len()];
        order.until_settled(|at| {
            let mut gates = graph.hard(at);
            let beneath = |edge: &Edge<'_>| grouped[edge.to];
            let is = gates.any(|gate| gate.spare() > 0 || gate.members.iter().any(beneath));
            is != std::mem::replace(&mut grouped[at], is)
        });
        let own = vec![1.0; places.len()];
        let blocks = Falls::of(graph, &causes).collect();
        let touching = Falls::touching(graph, &causes).collect();
        let asked = promises(package)
            .into_iter()
            .filter_map(|(promise, _)| promise.at(graph));
        let asked: BTreeSet<Place> = asked.chain(places.iter().copied()).collect();
        let sharing = asked.iter().filter(|at| grouped[**at]).count().max(1);
        // Sixty-four combinations go in one step for each node.
        let steps = MAX_WORK / sharing / graph.len().max(1);
        let states = steps.saturating_mul(64);
        let mut sums = Self {
            graph,
            promised,
            places,
            own,
            blocks,
            touching,
            grouped,
            states,
            beneath: BTreeMap::new(),
        };
        for number in 0..sums.places.len() {
            let at = sums.places[number];
            let beneath = sums.sum(at);
            sums.own[number] = (share(sums.promised[&at]) / beneath.0).min(1.0);
            sums.beneath.insert(at, beneath);
        }
        for at in asked {
            if !sums.beneath.contains_key(&at) {
                sums.beneath.insert(at, sums.sum(at));
            }
        }
        Some(sums)
    }

    fn of(&self, (promise, target): (Promise<'p>, Percent)) -> Option<Availability<'p>> {
        let at = promise.at(self.graph)?;
        self.graph.hard(at).next()?;
        let (beneath, left_out) = *self.beneath.get(&at)?;
        let component = |place: &Place| match self.graph.node(*place) {
            Node::Component(component) if *place != at => Some((*place, component)),
            _ => None,
        };
        let all = self.graph.beneath([at]);
        let (counted, unknown): (Vec<_>, Vec<_>) = all
            .iter()
            .filter_map(component)
            .partition(|(place, _)| self.promised.contains_key(place));
        let mut counted: Vec<(&'p Component, Percent)> = counted
            .into_iter()
            .map(|(place, component)| (component, self.promised[&place]))
            .filter(|(_, percent)| *percent < Percent::ALL)
            .collect();
        counted.sort_by_key(|(component, percent)| (*percent, &component.id.value));
        let mut unknown: Vec<&'p Component> = unknown.into_iter().map(|(_, c)| c).collect();
        unknown.sort_by_key(|c| &c.id.value);
        Some(Availability {
            promise,
            target,
            at_most: rounded_up(beneath),
            counted,
            unknown,
            left_out,
        })
    }

    /// The most that everything beneath a node allows, and how many components were left out.
    fn sum(&self, at: Place) -> (f64, usize) {
        let mut alone = vec![false; self.places.len()];
        let mut surely = 1.0;
        for number in self.blocks.iter().flat_map(|falls| falls.causes(at)) {
            alone[number] = true;
            if self.places[number] != at {
                surely *= self.own[number];
            }
        }
        if !self.grouped[at] {
            return (surely, 0);
        }
        let beneath = self.touching.iter().flat_map(|falls| falls.causes(at));
        let matters = |number: &usize| {
            self.places[*number] != at && self.own[*number] < 1.0 && !alone[*number]
        };
        let mut variables: Vec<usize> = beneath.filter(matters).collect();
        variables.sort_by(|a, b| self.own[*a].total_cmp(&self.own[*b]));
        let most = self.states.checked_ilog2().map_or(0, |bits| bits as usize);
        let most = most.min(MAX_VARIABLES);
        let left_out = variables.len().saturating_sub(most);
        variables.truncate(most);
        (surely * self.together(at, &variables), left_out)
    }

    /// The chance that a node works, over every combination of what is up and down.
    fn together(&self, at: Place, variables: &[usize]) -> f64 {
        if variables.is_empty() {
            return 1.0;
        }
        let is_down = |state: usize, bit: usize| state >> bit & 1 == 1;
        let down = |state: usize| -> Vec<Place> {
            let numbers = variables.iter().enumerate();
            let down = numbers.filter(|(bit, _)| is_down(state, *bit));
            down.map(|(_, number)| self.places[*number]).collect()
        };
        let states: Vec<Vec<Place>> = (0..1 << variables.len()).map(down).collect();
        let chance = |state: usize| -> f64 {
            let numbers = variables.iter().enumerate();
            let of = |(bit, number): (usize, &usize)| match is_down(state, bit) {
                true => 1.0 - self.own[*number],
                false => self.own[*number],
            };
            numbers.map(of).product()
        };
        let order = Order::beneath(self.graph, [at]);
        let falls = Falls::beneath(self.graph, &order, &states);
        let failing: f64 = falls.causes(at).map(chance).sum();
        1.0 - failing
    }
}

fn share(percent: Percent) -> f64 {
    f64::from(percent.ppm()) / 1e6
}

/// In whole parts per million, so that it stays the most that can be reached. What is left of
/// a calculation after twelve digits is its own error.
fn rounded_up(share: f64) -> Percent {
    let ppm = (share * 1e6 - 1e-6).ceil().clamp(0.0, 1e6);
    Percent::from_ppm(ppm as u32)
}
