//! Who decides what happens next: dice, or a walk through all there is.

use fastrand::Rng;

/// Decides. The same decisions make the same run.
pub(super) trait Choices {
    /// One of `count` ways to go on, which is not zero.
    fn pick(&mut self, count: usize) -> usize;

    /// One of `count` ways to go on, of which the first is what mostly happens.
    fn pick_mostly_first(&mut self, count: usize) -> usize;

    /// From now on nothing goes wrong any more.
    fn calm_down(&mut self);
}

/// Dice: the same seed falls the same way each time.
pub struct Dice {
    rng: Rng,
    mishaps_percent: usize,
}

impl Dice {
    pub(super) fn from_seed(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mishaps_percent = rng.usize(5..50);
        Self { rng, mishaps_percent }
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        self.rng.usize(..end)
    }

    /// One of the values.
    pub fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }
}

impl Choices for Dice {
    fn pick(&mut self, count: usize) -> usize {
        if count == 1 { 0 } else { self.below(count) }
    }

    fn pick_mostly_first(&mut self, count: usize) -> usize {
        if count > 1 && self.below(100) < self.mishaps_percent {
            1 + self.below(count - 1)
        } else {
            0
        }
    }

    fn calm_down(&mut self) {}
}

/// All sequences of decisions, one after the other, the deepest decision first.
#[derive(Default)]
pub(super) struct DepthFirst {
    /// What was decided so far, and of how many.
    path: Vec<(usize, usize)>,
    depth: usize,
    calm: bool,
}

impl DepthFirst {
    /// The decisions of the run that is over, to run it again.
    pub(super) fn again(&mut self) {
        (self.depth, self.calm) = (0, false);
    }

    /// Goes to the next sequence. Returns whether there is one.
    pub(super) fn next(&mut self) -> bool {
        self.again();
        while let Some((choice, count)) = self.path.pop() {
            if choice + 1 < count {
                self.path.push((choice + 1, count));
                return true;
            }
        }
        false
    }
}

impl Choices for DepthFirst {
    fn pick(&mut self, count: usize) -> usize {
        if self.calm || count == 1 {
            return 0;
        }
        if self.depth == self.path.len() {
            self.path.push((0, count));
        }
        self.depth += 1;
        self.path[self.depth - 1].0
    }

    fn pick_mostly_first(&mut self, count: usize) -> usize {
        self.pick(count)
    }

    /// There is nothing to explore in a run that is all well.
    fn calm_down(&mut self) {
        self.calm = true;
    }
}
