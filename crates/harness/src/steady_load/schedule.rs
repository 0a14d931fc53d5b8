use std::time::Duration;

use fastrand::Rng;

/// When requests are due, from the beginning of the load on: as many clients send them that know nothing
/// of each other, so at random, and `per_second` of them on average.
///
/// That is settled before the first is sent. A service that is slow for a moment does not delay the
/// requests after it, and each is late from the moment on when it should have been sent.
pub(crate) fn arrivals(per_second: u32, length: Duration, dice: &mut Rng) -> Vec<Duration> {
    let mut arrivals = Vec::new();
    let mut at = Duration::ZERO;
    loop {
        at += gap(per_second, dice);
        if at >= length {
            return arrivals;
        }
        arrivals.push(at);
    }
}

/// The gaps of a Poisson process have an exponential distribution.
fn gap(per_second: u32, dice: &mut Rng) -> Duration {
    // Of 0 there is no logarithm, of 1 there is.
    let dice = 1.0 - dice.f64();
    Duration::from_secs_f64(-dice.ln() / f64::from(per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(100);

    #[test]
    fn as_many_arrive_as_were_asked_for() {
        let count = arrivals(50, LENGTH, &mut Rng::with_seed(7)).len();
        // 5,000, and four standard deviations.
        assert!((4_717..=5_283).contains(&count), "{count}");
    }

    #[test]
    fn they_arrive_one_after_the_other_and_before_the_end() {
        let arrivals = arrivals(50, LENGTH, &mut Rng::with_seed(7));
        assert!(arrivals.is_sorted());
        assert!(arrivals.last().is_some_and(|last| *last < LENGTH));
    }

    #[test]
    fn they_do_not_keep_step() {
        let arrivals = arrivals(50, LENGTH, &mut Rng::with_seed(7));
        let gaps: Vec<_> =
            arrivals.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        let share_under = |millis| {
            let limit = Duration::from_millis(millis);
            gaps.iter().filter(|gap| **gap < limit).count() * 100 / gaps.len()
        };
        // Of gaps of 20 ms on average, 1 - 1/e are shorter than that, and 1 - 1/e³ than three of it.
        assert!((60..=66).contains(&share_under(20)), "{}", share_under(20));
        assert!((93..=97).contains(&share_under(60)), "{}", share_under(60));
    }

    #[test]
    fn the_same_dice_give_the_same_arrivals() {
        let again = || arrivals(50, LENGTH, &mut Rng::with_seed(7));
        assert_eq!(again(), again());
    }
}
