//! The jobs of a list: products of the numbers, products of those until one is left, the common
//! factor of each number with it, and the common factors of pairs.
//!
//! A rank multiplies its share of the list, and pairs of shares are separate jobs (about log2 of
//! the ranks of them). The total is sent to all ranks, each of which takes it down the tree of its
//! own share. Partners are searched only among the common factors.

use std::ops::ControlFlow;

use dashu_int::UBig;
use dashu_int::ops::Gcd;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::commands::inputs::{big, bytes};
use crate::job::{Job, Span, Tally, YieldNow, invariant};
use crate::primes::batch::{Node, commons};
use crate::primes::huge::Huge;

/// Numbers in a block of the first and the third job: 16 of 2,048 bits take 20 us there, a
/// millisecond here (Intel Sapphire Rapids).
const BLOCK: u64 = 16;

/// The results of the spans of a job, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Items<T>(pub(super) Vec<T>);

impl<T: Clone + Serialize + DeserializeOwned + Send + 'static> Tally for Items<T> {
    fn merge(&mut self, next: Items<T>) {
        self.0.extend(next.0);
    }
}

/// The numbers of the first and the third job, and their multiplier.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'n> {
    pub(super) numbers: &'n [UBig],
    pub(super) huge: &'n Huge,
}

impl<'n> Numbers<'n> {
    fn blocks(self) -> u64 {
        (self.numbers.len() as u64).div_ceil(BLOCK).max(1)
    }

    /// The numbers of a span.
    fn of(self, span: Span) -> &'n [UBig] {
        let places = span.places(BLOCK, self.numbers.len() as u64);
        &self.numbers[places.start as usize..places.end as usize]
    }
}

/// The first job: the product of each span, and its derivative.
pub(super) struct Multiply<'n>(pub(super) Numbers<'n>);

/// Products and derivatives of neighbouring spans. A job multiplies them, not the merge of tallies,
/// which does not poll for messages.
pub(super) type Nodes = Items<[ByteBuf; 2]>;

impl Nodes {
    fn of(node: &Node) -> Nodes {
        Items(vec![[bytes(&node.product), bytes(&node.derivative)]])
    }
}

fn node([product, derivative]: &[ByteBuf; 2]) -> Node {
    Node { product: big(product), derivative: big(derivative) }
}

impl Job for Multiply<'_> {
    type Tally = Nodes;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.0.blocks()
    }

    /// All blocks: the longer the spans, the more products are computed in parallel.
    fn grain(&self) -> u64 {
        self.blocks()
    }

    fn check(&self, span: Span, Items(nodes): &Nodes) -> Result<(), String> {
        invariant::at_most("products", nodes.len() as u64, span.len())
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), Nodes> {
        ControlFlow::Continue(Nodes::of(&Node::of(self.0.of(span), self.0.huge, yield_now)?))
    }
}

/// The jobs in between multiply neighbours. A block is two of them.
pub(super) struct Pair<'n> {
    pub(super) nodes: &'n [[ByteBuf; 2]],
    pub(super) huge: &'n Huge,
}

impl Job for Pair<'_> {
    type Tally = Nodes;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        (self.nodes.len() as u64).div_ceil(2)
    }

    fn check(&self, span: Span, Items(nodes): &Nodes) -> Result<(), String> {
        invariant::equal("products", nodes.len() as u64, span.len())
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), Nodes> {
        let mut nodes = Nodes::default();
        for block in span.first..span.end {
            nodes.merge(match &self.nodes[2 * block as usize..] {
                [a, b, ..] => Nodes::of(&node(a).joined(node(b), self.huge, yield_now)?),
                rest => Items(rest.to_vec()),
            });
            yield_now()?;
        }
        ControlFlow::Continue(nodes)
    }
}

/// The third job: S, or the product of another list, against each number.
pub(super) struct Compare<'n> {
    pub(super) list: Numbers<'n>,
    pub(super) derivative: UBig,
}

/// Places and factors of the numbers with a common factor.
pub(super) type Found = Items<(u64, ByteBuf)>;

impl Job for Compare<'_> {
    type Tally = Found;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.list.blocks()
    }

    /// All blocks: a span reduces the derivative from its full length only once.
    fn grain(&self) -> u64 {
        self.blocks()
    }

    fn check(&self, span: Span, Items(found): &Found) -> Result<(), String> {
        let places = span.places(BLOCK, self.list.numbers.len() as u64);
        invariant::holds("numbers are found once, in order", found.is_sorted_by(|(a, _), (b, _)| a < b))?;
        invariant::holds("they are of this span", found.iter().all(|(place, _)| places.contains(place)))
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), Found> {
        let common = commons(&self.derivative, self.list.of(span), self.list.huge, yield_now)?;
        let shared = (span.first * BLOCK..).zip(common).filter(|(_, factor)| *factor != UBig::ONE);
        ControlFlow::Continue(Items(shared.map(|(place, factor)| (place, bytes(&factor))).collect()))
    }
}

/// The last job compares the common factors pairwise. A block is one of the left against all of the
/// right.
pub(super) struct Relate<'n> {
    pub(super) left: &'n [UBig],
    /// `None` for the same list; then each pair occurs once.
    pub(super) right: Option<&'n [UBig]>,
}

/// Places of two factors, and their common factor.
pub(super) type Related = Items<(u64, u64, ByteBuf)>;

impl Job for Relate<'_> {
    type Tally = Related;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        (self.left.len() as u64).max(1)
    }

    fn check(&self, span: Span, Items(related): &Related) -> Result<(), String> {
        let rows = span.first..span.end;
        invariant::holds("pairs are found once, in order", related.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)))?;
        invariant::holds("they are of this span", related.iter().all(|(a, _, _)| rows.contains(a)))
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), Related> {
        let mut related = Vec::new();
        for a in span.first..span.end.min(self.left.len() as u64) {
            let left = &self.left[a as usize];
            let (first, right) = match self.right {
                Some(right) => (0, right),
                None => (a as usize + 1, &self.left[a as usize + 1..]),
            };
            for (b, right) in (first as u64..).zip(right) {
                let common = left.gcd(right);
                if common != UBig::ONE {
                    related.push((a, b, bytes(&common)));
                }
                if b % 64 == 0 {
                    yield_now()?;
                }
            }
            yield_now()?;
        }
        ControlFlow::Continue(Items(related))
    }
}
