//! Sets of nodes that hang together, joined as edges are set.

use std::collections::HashMap;

/// Which nodes hang together so far.
#[derive(Debug, Default)]
pub(super) struct Sets {
    above: HashMap<usize, usize>,
}

impl Sets {
    /// The node that stands for all that hang together with one.
    pub(super) fn root(&mut self, of: usize) -> usize {
        let mut root = of;
        while let Some(above) = self.above.get(&root) {
            root = *above;
        }
        // Whoever was passed is led to the root at once from now on.
        let mut here = of;
        while here != root {
            match self.above.insert(here, root) {
                Some(above) => here = above,
                None => break,
            }
        }
        root
    }

    /// From now on both hang together.
    pub(super) fn join(&mut self, parent: usize, child: usize) {
        let (parent, child) = (self.root(parent), self.root(child));
        if parent != child {
            self.above.insert(child, parent);
        }
    }
}
