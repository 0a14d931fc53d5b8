//! Decimal numbers of any length, compared by value.

use std::borrow::Cow;

/// The value of a JSON number: `digits` times ten to the power of `exponent`.
///
/// The digits have no zero at either end and zero has none at all, so equal values are equal fields.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decimal<'a> {
    negative: bool,
    digits: Cow<'a, str>,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// The value of a number in JSON's grammar (RFC 8259, section 6).
    pub(super) fn of_json(number: &'a str) -> Self {
        let (negative, unsigned) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = if fraction.is_empty() {
            Cow::Borrowed(whole)
        } else {
            Cow::Owned([whole, fraction].concat())
        };

        let without_tail = digits.trim_end_matches('0');
        if without_tail.is_empty() {
            return Self { negative: false, digits: Cow::Borrowed(""), exponent: 0 };
        }
        let shift = length(digits.len() - without_tail.len()) - length(fraction.len());
        let digits = Cow::Owned(without_tail.trim_start_matches('0').to_owned());
        match exponent.parse::<i64>().ok().and_then(|exponent| exponent.checked_add(shift)) {
            Some(exponent) => Self { negative, digits, exponent },
            // An exponent that no machine counts to: such a number equals itself as written.
            None => Self { negative, digits: Cow::Borrowed(unsigned), exponent: 0 },
        }
    }
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn equal(a: &str, b: &str) -> bool {
        Decimal::of_json(a) == Decimal::of_json(b)
    }

    #[test]
    fn the_way_a_number_is_written_does_not_count() {
        for same in ["100", "1e2", "1E+2", "100.00", "10.0e1", "0.001e5", "1000e-1"] {
            assert!(equal("100", same), "{same}");
        }
        for zero in ["0", "-0", "0.000", "0e5", "-0.0E-3"] {
            assert!(equal("0", zero), "{zero}");
        }
        for other in ["-100", "101", "10", "1000", "100.1", "0"] {
            assert!(!equal("100", other), "{other}");
        }
    }

    #[test]
    fn an_exponent_beyond_counting_is_no_panic() {
        let huge = format!("1e{}", "9".repeat(1_000));
        assert!(equal(&huge, &huge));
        assert!(!equal(&huge, "1"));
        assert!(!equal(&huge, &format!("-{huge}")));
        assert!(equal("1e9223372036854775807", "1e9223372036854775807"));
        assert!(!equal("10e9223372036854775807", "1e9223372036854775807"));
    }

    proptest! {
        #[test]
        fn moving_the_point_and_the_exponent_together_keeps_the_value(
            digits in "[1-9][0-9]{0,40}", places in 0_usize..40, exponent in -1_000_i64..1_000,
        ) {
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            let moved = format!("{whole}.{fraction}0e{}", exponent + i64::try_from(places).unwrap());
            let plain = format!("{digits}e{exponent}");
            prop_assert!(equal(&plain, &moved), "{plain} {moved}");
        }

        #[test]
        fn whole_numbers_are_equal_exactly_if_they_are(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(equal(&a.to_string(), &b.to_string()), a == b);
            let with_fraction = format!("{a}.0");
            prop_assert!(equal(&a.to_string(), &with_fraction));
        }
    }
}
