//! What falls with each of many causes, all at once.
//!
//! A cause is a set of components that fail together: one of them alone, or all in a region.
//! A bit stands for a cause, so one pass over the edges answers sixty-four of them; ten
//! thousand components, each alone, take a few milliseconds. The answer is the same as
//! [`super::blast`] gives for one.

use std::ops::Range;

use super::{Gate, Graph, Place};

/// So many causes are looked at in one go, to bound memory: this many bits a node.
pub const BLOCK: usize = 4096;
const WORD: usize = u64::BITS as usize;

/// What falls with each cause of a block.
#[derive(Debug)]
pub struct Falls {
    /// The number of the first cause of this block.
    pub first: usize,
    causes: usize,
    words: usize,
    rows: Vec<u64>,
}

impl Falls {
    /// In blocks of [`BLOCK`] causes, each a set of components that fail together.
    pub fn of<'a>(
        graph: &'a Graph<'_>,
        causes: &'a [Vec<Place>],
    ) -> impl Iterator<Item = Self> + 'a {
        let order = Order::of(graph);
        let numbered = causes.chunks(BLOCK).enumerate();
        numbered.map(move |(number, block)| {
            let seeds = block.iter().map(Vec::as_slice);
            Self::block(graph, &order, number * BLOCK, seeds, |gate| gate.spare())
        })
    }

    /// What stands on any part of each cause, however much can be spared on the way.
    pub fn touching<'a>(
        graph: &'a Graph<'_>,
        causes: &'a [Vec<Place>],
    ) -> impl Iterator<Item = Self> + 'a {
        let order = Order::of(graph);
        let numbered = causes.chunks(BLOCK).enumerate();
        numbered.map(move |(number, block)| {
            let seeds = block.iter().map(Vec::as_slice);
            Self::block(graph, &order, number * BLOCK, seeds, |_| 0)
        })
    }

    /// As [`Self::of`], for what one node needs, of at most one block of causes.
    pub(super) fn beneath(graph: &Graph<'_>, order: &Order, causes: &[Vec<Place>]) -> Self {
        let seeds = causes.iter().take(BLOCK).map(Vec::as_slice);
        Self::block(graph, order, 0, seeds, |gate| gate.spare())
    }

    /// Of every component alone: cause number `n` is the component at place `n`.
    pub fn of_each<'a>(graph: &'a Graph<'_>) -> impl Iterator<Item = Self> + 'a {
        let order = Order::of(graph);
        let all = graph.components();
        all.clone().step_by(BLOCK).map(move |first| {
            let places: Vec<Place> = (first..all.end.min(first + BLOCK)).collect();
            Self::block(graph, &order, first, places.chunks(1), |gate| gate.spare())
        })
    }

    /// The numbers of this block's causes.
    pub fn numbers(&self) -> Range<usize> {
        self.first..self.first + self.causes
    }

    /// Does a node fall with a cause of this block?
    pub fn falls(&self, at: Place, cause: usize) -> bool {
        let bit = cause - self.first;
        self.row(at)[bit / WORD] >> (bit % WORD) & 1 == 1
    }

    /// The causes that a node falls with.
    pub fn causes(&self, at: Place) -> impl Iterator<Item = usize> + '_ {
        self.set(self.row(at).to_vec())
    }

    /// The causes with which something that a node needs is lost.
    pub fn causes_of_loss(&self, gate: &Gate<'_>) -> impl Iterator<Item = usize> + '_ {
        self.set(self.lost(gate))
    }

    /// The same as bits, in the order of this block.
    pub(super) fn lost(&self, gate: &Gate<'_>) -> Vec<u64> {
        let mut out = vec![0; self.words];
        self.add_lost(gate, gate.spare(), &mut out);
        out
    }

    /// Is the bit of a cause of this block set?
    pub(super) fn has(&self, words: &[u64], cause: usize) -> bool {
        let bit = cause - self.first;
        words[bit / WORD] >> (bit % WORD) & 1 == 1
    }

    fn block<'s>(
        graph: &Graph<'_>,
        order: &Order,
        first: usize,
        seeds: impl ExactSizeIterator<Item = &'s [Place]>,
        spare: fn(&Gate<'_>) -> usize,
    ) -> Self {
        let causes = seeds.len();
        let words = causes.div_ceil(WORD);
        let rows = vec![0; words * graph.len()];
        let mut falls = Self {
            first,
            causes,
            words,
            rows,
        };
        for (cause, places) in seeds.enumerate() {
            for at in places {
                falls.rows[at * words + cause / WORD] |= 1 << (cause % WORD);
            }
        }
        let mut now = vec![0; words];
        order.until_settled(|at| {
            now.copy_from_slice(falls.row(at));
            for gate in graph.hard(at) {
                falls.add_lost(gate, spare(gate), &mut now);
            }
            let row = &mut falls.rows[at * words..(at + 1) * words];
            let changed = *row != now[..];
            row.copy_from_slice(&now);
            changed
        });
        falls
    }

    fn row(&self, at: Place) -> &[u64] {
        &self.rows[at * self.words..(at + 1) * self.words]
    }

    fn set(&self, words: Vec<u64>) -> impl Iterator<Item = usize> + '_ {
        let bits = |(number, mut word): (usize, u64)| {
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(number * WORD + bit)
            })
        };
        let all = words.into_iter().enumerate().flat_map(bits);
        all.map(|bit| self.first + bit)
    }

    /// Marks the causes with which more members are lost than can be spared.
    fn add_lost(&self, gate: &Gate<'_>, spare: usize, out: &mut [u64]) {
        if spare == 0 {
            for edge in &gate.members {
                out.iter_mut()
                    .zip(self.row(edge.to))
                    .for_each(|(o, m)| *o |= m);
            }
            return;
        }
        // Counts in binary, one word for each digit, sixty-four causes at a time.
        let digits = (usize::BITS - gate.members.len().leading_zeros()) as usize;
        let mut count = vec![0u64; digits];
        for (word, out) in out.iter_mut().enumerate() {
            count.fill(0);
            for edge in &gate.members {
                let mut carry = self.rows[edge.to * self.words + word];
                for digit in &mut count {
                    (*digit, carry) = (*digit ^ carry, *digit & carry);
                }
            }
            *out |= more_than(&count, spare);
        }
    }
}

/// Where a number in binary, lowest digit first, is more than `bound`.
fn more_than(count: &[u64], bound: usize) -> u64 {
    let (mut more, mut equal) = (0, u64::MAX);
    for (digit, word) in count.iter().enumerate().rev() {
        if bound >> digit & 1 == 1 {
            equal &= word;
        } else {
            more |= equal & word;
            equal &= !word;
        }
    }
    more
}

/// Nodes after what they need, and whether there are circles in which that cannot be.
#[derive(Debug)]
pub(super) struct Order {
    places: Vec<Place>,
    circular: bool,
}

impl Order {
    /// Of all nodes.
    pub(super) fn of(graph: &Graph<'_>) -> Self {
        Self::beneath(graph, 0..graph.len())
    }

    /// Of some nodes and all that they need.
    pub(super) fn beneath(graph: &Graph<'_>, at: impl IntoIterator<Item = Place>) -> Self {
        let places = graph.beneath(at);
        let mut rank = vec![0; graph.len()];
        places.iter().zip(1..).for_each(|(at, n)| rank[*at] = n);
        let later = |at: &Place| {
            let members = || graph.hard(*at).flat_map(|gate| &gate.members);
            members().any(|edge| rank[edge.to] >= rank[*at])
        };
        let circular = places.iter().any(later);
        Self { places, circular }
    }

    /// The nodes, each after what it needs, as far as circles let it.
    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Are there circles?
    pub(super) fn is_circular(&self) -> bool {
        self.circular
    }

    /// Visits every node, and in circles again until a round changes nothing.
    pub(super) fn until_settled(&self, mut visit: impl FnMut(Place) -> bool) {
        loop {
            let mut changed = false;
            for at in &self.places {
                changed |= visit(*at);
            }
            if !changed || !self.circular {
                return;
            }
        }
    }
}
