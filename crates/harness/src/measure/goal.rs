use std::fmt;

/// What a value is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    Under(f64),
}

impl Goal {
    /// Whether a value is so. What is not a number meets no goal.
    pub(crate) fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Under(bound) => value < bound,
        }
    }

    /// The number that the value is compared with.
    pub(crate) fn number(self) -> f64 {
        match self {
            Self::AtLeast(number) | Self::AtMost(number) | Self::Under(number) => number,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self {
            Self::AtLeast(_) => "≥",
            Self::AtMost(_) => "≤",
            Self::Under(_) => "<",
        };
        write!(f, "{sign} {}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_is_reached_is_met_unless_the_goal_is_to_stay_under_it() {
        assert!(Goal::AtLeast(0.8).is_met_by(0.8) && !Goal::AtLeast(0.8).is_met_by(0.79));
        assert!(Goal::AtMost(1.5).is_met_by(1.5) && !Goal::AtMost(1.5).is_met_by(1.51));
        assert!(Goal::Under(64.0).is_met_by(63.9) && !Goal::Under(64.0).is_met_by(64.0));
    }

    #[test]
    fn what_was_not_measured_meets_no_goal() {
        for goal in [Goal::AtLeast(0.0), Goal::AtMost(1.0), Goal::Under(1.0)] {
            assert!(!goal.is_met_by(f64::NAN), "{goal}");
        }
    }
}
