//! The classes of the benchmark: the numbers of pairs, and the reference values of their sums.
//!
//! The reference values are those printed in `ep.f` of the NAS Parallel Benchmarks 3.3 (NASA Ames);
//! for class E with the 13 digits given there. Some later sources of EP sum absolute values and
//! carry other references, which these sums are not.

use std::fmt;
use std::str::FromStr;

use super::sums::Sums;

/// How far a sum may be from its reference, relative to it: the benchmark's own bound.
pub const TOLERANCE: f64 = 1e-8;

/// A size of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 2^24 pairs: for a quick test.
    S,
    /// 2^25 pairs.
    W,
    /// 2^28 pairs.
    A,
    /// 2^30 pairs.
    B,
    /// 2^32 pairs.
    C,
    /// 2^36 pairs.
    D,
    /// 2^40 pairs.
    E,
}

impl Class {
    /// All of them, from the smallest.
    pub const ALL: [Class; 7] = [Class::S, Class::W, Class::A, Class::B, Class::C, Class::D, Class::E];

    /// How many pairs of uniform numbers are drawn.
    pub fn pairs(self) -> u64 {
        1 << match self {
            Class::S => 24,
            Class::W => 25,
            Class::A => 28,
            Class::B => 30,
            Class::C => 32,
            Class::D => 36,
            Class::E => 40,
        }
    }

    /// The sums of the first and of the second deviates, as published.
    pub fn reference(self) -> (f64, f64) {
        match self {
            Class::S => (-3.247_834_652_034_74e3, -6.958_407_078_382_297e3),
            Class::W => (-2.863_319_731_645_753e3, -6.320_053_679_109_499e3),
            Class::A => (-4.295_875_165_629_892e3, -1.580_732_573_678_431e4),
            Class::B => (4.033_815_542_441_498e4, -2.660_669_192_809_235e4),
            Class::C => (4.764_367_927_995_374e4, -8.084_072_988_043_731e4),
            Class::D => (1.982_481_200_946_593e5, -1.020_596_636_361_769e5),
            Class::E => (-5.319_717_441_530e5, -3.688_834_557_731e5),
        }
    }
}

/// Whether these are the sums of `class`, within [`TOLERANCE`].
pub fn verify(class: Class, sums: &Sums) -> bool {
    let near = |sum: f64, reference: f64| ((sum - reference) / reference).abs() <= TOLERANCE;
    let (sx, sy) = class.reference();
    near(sums.sx.value(), sx) && near(sums.sy.value(), sy)
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl FromStr for Class {
    type Err = String;

    fn from_str(name: &str) -> Result<Class, String> {
        let named = Class::ALL.into_iter().find(|class| class.to_string().eq_ignore_ascii_case(name));
        named.ok_or_else(|| "not a class; use S, W, A, B, C, D or E".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for class in Class::ALL {
            assert_eq!(class.to_string().parse(), Ok(class));
        }
        assert_eq!("a".parse(), Ok(Class::A));
        assert!("F".parse::<Class>().is_err() && "".parse::<Class>().is_err());
    }

    #[test]
    fn a_sum_off_by_more_than_the_tolerance_is_refused() {
        for class in Class::ALL {
            let (sx, sy) = class.reference();
            for (off_x, off_y, right) in
                [(0.0, 0.0, true), (9e-9, -9e-9, true), (1.1e-8, 0.0, false), (0.0, -1.1e-8, false)]
            {
                let mut sums = Sums::default();
                sums.sx.add(sx + sx * off_x);
                sums.sy.add(sy + sy * off_y);
                assert_eq!(verify(class, &sums), right, "{class} {off_x} {off_y}");
            }
        }
        assert!(!verify(Class::S, &Sums::default()));
    }
}
