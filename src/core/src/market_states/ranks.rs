//! Exact ranks among all values so far: a counted B+ tree of distinct values (specification 5, sections 5 and 6).
//!
//! A leaf holds up to 128 distinct values, each with the number of its occurrences; an inner node up to 64
//! children, each with the number of values below. A new value rewrites one leaf and the inner nodes above, so
//! that a rank among n values costs O(log n) in time and in bytes written: with 100,000 values two nodes and the
//! root of up to 32 children, which belongs to the state of the series. Occurrences are counted rather than repeated because the
//! components are 0 on many bars.
//!
//! Nodes are plain data without a checksum: an update in place then differs from the node before in few bytes, and
//! PostgreSQL logs no more than these.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Most distinct values of a leaf: at most 1,300 bytes unless single values occur 16,000 times.
const LEAF: usize = 128;
/// Most children of an inner node: at most 1,000 bytes.
const INNER: usize = 64;
/// Most values or children of a root, which is rewritten with every bar as part of the state of the series.
const ROOT: usize = 32;
/// Most nodes from the root to a leaf, more than any tree has: ends the walk through damaged nodes.
const DEEPEST: u8 = 12;

/// How many values are below a value, and how many are equal, the value itself included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Values below.
    pub below: u64,
    /// Equal values, the value itself included.
    pub equal: u64,
}

impl Count {
    /// The mid-rank among `n` bars: (below + (equal + 1)/2)/n. Specification 5, section 5.
    pub fn mid_rank(self, n: u64) -> f64 {
        (self.below as f64 + (self.equal as f64 + 1.0) / 2.0) / n as f64
    }
}

/// How a value of a bar ranks among its values so far. Specification 5, section 5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rank {
    /// The value.
    pub value: f64,
    /// Values below and equal.
    pub count: Count,
    /// The bars among which it ranks.
    pub n: u64,
}

impl Rank {
    /// The mid-rank, 0 to 1.
    pub fn mid_rank(&self) -> f64 {
        self.count.mid_rank(self.n)
    }
}

/// A stored part of the state of a series: a node of a tree, or a block of bars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node(pub(super) Content);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Content {
    /// Distinct values, ascending, and how often each occurs.
    Leaf(Vec<(f64, u64)>),
    Inner(Vec<Child>),
    /// High, low, close and volume of bars.
    Bars(Vec<[f64; 4]>),
}

/// A child of an inner node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Child {
    /// Values of this child are at or above this value, but for the first child; values of earlier children are
    /// below.
    least: f64,
    node: u32,
    /// Values of this child, repeated ones included.
    count: u64,
}

impl Default for Node {
    fn default() -> Self {
        Self(Content::Leaf(Vec::new()))
    }
}

impl Node {
    /// Encodes the node as bytes to be stored, fewer than 1,500.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data into a growing buffer: cannot fail.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Decodes a node that holds `count` values; `None` if the bytes are no such node.
    pub fn decode(bytes: &[u8], count: u64) -> Option<Self> {
        let (node, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        (rest.is_empty() && node.0.count() == count).then_some(node)
    }
}

impl Content {
    fn count(&self) -> u64 {
        match self {
            Content::Leaf(values) => values.iter().map(|(_, times)| times).sum(),
            Content::Inner(children) => children.iter().map(|child| child.count).sum(),
            Content::Bars(bars) => bars.len() as u64,
        }
    }

    fn least(&self) -> f64 {
        match self {
            Content::Leaf(values) => values.first().map(|(value, _)| *value),
            Content::Inner(children) => children.first().map(|child| child.least),
            Content::Bars(_) => None,
        }
        .unwrap_or(f64::NAN)
    }

    /// The upper half, taken off where there are more values or children than so many.
    fn split(&mut self, most_values: usize, most_children: usize) -> Option<Content> {
        match self {
            Content::Leaf(values) if values.len() > most_values => {
                Some(Content::Leaf(values.split_off(values.len() / 2)))
            }
            Content::Inner(children) if children.len() > most_children => {
                Some(Content::Inner(children.split_off(children.len() / 2)))
            }
            _ => None,
        }
    }
}

/// Where the nodes of one series are stored.
pub trait Nodes {
    /// Why a node cannot be read.
    type Error;

    /// The node of this number in a tree (0 to 6), decoded by [`Node::decode`] with `count`.
    ///
    /// # Errors
    /// Where the node cannot be read, is not there, or cannot be decoded.
    fn read(&mut self, tree: u8, node: u32, count: u64) -> Result<Node, Self::Error>;
}

/// No store: for a series that is computed from its first bar on, whose nodes are all in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemory;

impl Nodes for InMemory {
    type Error = std::convert::Infallible;

    fn read(&mut self, _: u8, _: u32, _: u64) -> Result<Node, Self::Error> {
        Ok(Node::default())
    }
}

/// The nodes read and made so far, over the stored nodes.
#[derive(Clone, Debug)]
pub(super) struct Pages<N> {
    stored: N,
    held: HashMap<(u8, u32), Held>,
}

#[derive(Clone, Debug)]
struct Held {
    node: Node,
    is_changed: bool,
}

impl<N: Nodes> Pages<N> {
    pub fn new(stored: N) -> Self {
        Self { stored, held: HashMap::new() }
    }

    /// Takes a node out, to be put back by [`Pages::put`].
    pub fn take(&mut self, tree: u8, node: u32, count: u64) -> Result<Content, N::Error> {
        match self.held.get_mut(&(tree, node)) {
            Some(held) => Ok(std::mem::take(&mut held.node).0),
            None => self.stored.read(tree, node, count).map(|node| node.0),
        }
    }

    /// Holds a new or changed node.
    pub fn put(&mut self, tree: u8, node: u32, content: Content) {
        self.held.insert((tree, node), Held { node: Node(content), is_changed: true });
    }

    /// Forgets all nodes of a tree.
    pub fn clear(&mut self, tree: u8) {
        self.held.retain(|(other, _), _| *other != tree);
    }

    /// The nodes changed since the last call, by tree and number.
    pub fn changed(&mut self) -> Vec<(u8, u32, Vec<u8>)> {
        let mut changed: Vec<_> = self
            .held
            .iter_mut()
            .filter(|(_, held)| held.is_changed)
            .map(|(&(tree, number), held)| {
                held.is_changed = false;
                (tree, number, held.node.encode())
            })
            .collect();
        changed.sort_unstable_by_key(|(tree, number, _)| (*tree, *number));
        changed
    }
}

/// A counted tree of values: its root, with the other nodes in [`Pages`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    tree: u8,
    /// The number of the next new node.
    next: u32,
    root: Content,
}

impl Tree {
    /// An empty tree of this number.
    pub fn new(tree: u8) -> Self {
        Self { tree, next: 0, root: Node::default().0 }
    }

    /// Adds a value, which is not NaN, and counts the values below and equal. Specification 5, section 5.
    ///
    /// # Errors
    /// Where a node cannot be read; the tree is then of no further use.
    pub fn insert<N: Nodes>(&mut self, value: f64, pages: &mut Pages<N>) -> Result<Count, N::Error> {
        // Adding zero turns -0 into 0.
        let value = value + 0.0;
        let mut root = std::mem::replace(&mut self.root, Node::default().0);
        let mut count = Count::default();
        self.insert_below(&mut root, value, &mut count, pages, DEEPEST)?;
        if let Some(upper) = root.split(ROOT, ROOT) {
            let children = [root, upper].map(|half| self.child(half, pages));
            root = Content::Inner(children.into());
        }
        self.root = root;
        Ok(count)
    }

    /// Adds a value below a node, which may have one child or value too many afterwards.
    fn insert_below<N: Nodes>(
        &mut self,
        node: &mut Content,
        value: f64,
        count: &mut Count,
        pages: &mut Pages<N>,
        deepest: u8,
    ) -> Result<(), N::Error> {
        match node {
            Content::Leaf(values) => {
                let at = values.partition_point(|(other, _)| *other < value);
                count.below += values[..at].iter().map(|(_, times)| times).sum::<u64>();
                count.equal = match values.get_mut(at) {
                    Some((other, times)) if *other == value => {
                        *times += 1;
                        *times
                    }
                    _ => {
                        values.insert(at, (value, 1));
                        1
                    }
                };
            }
            Content::Inner(children) if deepest > 0 => {
                let at = children.partition_point(|child| child.least <= value).saturating_sub(1);
                count.below += children[..at].iter().map(|child| child.count).sum::<u64>();
                let Some(child) = children.get_mut(at) else { return Ok(()) };
                let number = child.node;
                let mut content = pages.take(self.tree, number, child.count)?;
                self.insert_below(&mut content, value, count, pages, deepest - 1)?;
                child.count += 1;
                if let Some(upper) = content.split(LEAF, INNER) {
                    let upper = self.child(upper, pages);
                    child.count -= upper.count;
                    children.insert(at + 1, upper);
                }
                pages.put(self.tree, number, content);
            }
            Content::Inner(_) | Content::Bars(_) => {}
        }
        Ok(())
    }

    /// Stores a new node, as a child to be.
    fn child<N: Nodes>(&mut self, content: Content, pages: &mut Pages<N>) -> Child {
        let child = Child { least: content.least(), node: self.next, count: content.count() };
        self.next += 1;
        pages.put(self.tree, child.node, content);
        child
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes as bytes, read anew for every value.
    #[derive(Clone, Default)]
    struct Stored(HashMap<(u8, u32), Vec<u8>>);

    impl Nodes for &Stored {
        type Error = (u8, u32);

        fn read(&mut self, tree: u8, node: u32, count: u64) -> Result<Node, Self::Error> {
            let bytes = self.0.get(&(tree, node)).ok_or((tree, node))?;
            assert!(bytes.len() < 1_500);
            Node::decode(bytes, count).ok_or((tree, node))
        }
    }

    /// Numbers that visit all of a range in no order.
    fn scattered(n: u32) -> impl Iterator<Item = f64> {
        (0..n).map(move |i| f64::from(i.wrapping_mul(2_654_435_761) % n))
    }

    fn height(tree: &Tree, pages: &mut Pages<InMemory>) -> usize {
        let (mut height, mut content) = (0, tree.root.clone());
        while let Content::Inner(children) = content {
            height += 1;
            let Ok(child) = pages.take(tree.tree, children[0].node, children[0].count);
            content = child;
        }
        height
    }

    #[test]
    fn a_rank_is_that_of_a_naive_count() {
        let ascending = (0..6_000).map(f64::from);
        let descending = (0..6_000).rev().map(f64::from);
        // A few values, each many times, among others.
        let repeated = scattered(20_000).map(|v| if v % 3.0 == 0.0 { v % 5.0 } else { v / 7.0 - 1_000.0 });
        let zeros = (0..1_000).map(|i| [0.0, -0.0, 1.0, -1.0, f64::MIN_POSITIVE][i % 5]);
        let values: Vec<f64> =
            ascending.chain(descending).chain(repeated).chain(zeros).chain(scattered(9_973)).collect();
        let (mut tree, mut pages) = (Tree::new(3), Pages::new(InMemory));
        let mut sorted: Vec<f64> = Vec::new();
        for value in values {
            let below = sorted.partition_point(|other| *other < value);
            sorted.insert(below, value);
            let equal = sorted[below..].partition_point(|other| *other <= value);
            let Ok(count) = tree.insert(value, &mut pages);
            assert_eq!(count, Count { below: below as u64, equal: equal as u64 });
        }
        assert_eq!(tree.root.count(), sorted.len() as u64);
        // The root, inner nodes, leaves.
        assert_eq!(height(&tree, &mut pages), 2);
    }

    #[test]
    fn a_stored_tree_is_as_one_in_memory() {
        let (mut whole, mut pages) = (Tree::new(0), Pages::new(InMemory));
        let (mut stored, mut tree) = (Stored::default(), Tree::new(0));
        for value in scattered(3_000) {
            let Ok(expected) = whole.insert(value, &mut pages);
            let mut read = Pages::new(&stored);
            assert_eq!(tree.insert(value, &mut read), Ok(expected));
            let changed = read.changed();
            // The leaf; now and then its other half, and the halves of the root.
            assert!(changed.len() <= 4);
            stored.0.extend(changed.into_iter().map(|(tree, node, bytes)| ((tree, node), bytes)));
        }
        assert_eq!(tree, whole);
        let in_memory =
            pages.changed().into_iter().map(|(tree, node, bytes)| ((tree, node), bytes)).collect();
        assert_eq!(stored.0, in_memory);
    }

    #[test]
    fn a_node_that_is_lost_or_another_is_no_node() {
        let mut tree = Tree::new(2);
        let (mut pages, stored) = (Pages::new(InMemory), Stored::default());
        for value in scattered(200) {
            let Ok(_) = tree.insert(value, &mut pages);
        }
        assert_eq!(tree.clone().insert(0.0, &mut Pages::new(&stored)), Err((2, 0)));
        let (_, _, bytes) = pages.changed().swap_remove(0);
        let node = Node::decode(&bytes, 0).is_none();
        assert!(node && Node::decode(&bytes[1..], 100).is_none() && Node::decode(&[], 0).is_none());
    }

    #[test]
    fn a_mid_rank_is_between_0_and_1() {
        assert_eq!(Count { below: 0, equal: 1 }.mid_rank(1), 1.0);
        assert_eq!(Count { below: 2, equal: 3 }.mid_rank(8), 0.5);
    }
}
