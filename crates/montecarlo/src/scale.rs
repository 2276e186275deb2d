//! Powers of two that keep squares of values within the range of `f64`, whatever the values are.
//!
//! The square of a number below 2^-537 is 0 to an `f64`, that of one above 2^512 an infinity;
//! likelihoods have such sizes. So what is squared is multiplied by one of three powers of two
//! first, exactly, and the power is taken out again where sums have room for it
//! ([`exact`](super::exact)). Which one is a function of the largest size, never of the order or of
//! ranks.
//!
//! With factors of 2^600 and borders at 2^-480 and 2^480, squares of the largest size lie between
//! 2^-960 and 2^960, with room for 2^60 of them; what is lost of much smaller ones is below 2^-90
//! of the largest.

/// The power of two that values of some size are multiplied by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// By 2^600: values below 2^-480.
    Up,
    /// By 1: all usual values.
    #[default]
    Plain,
    /// By 2^-600: values above 2^480.
    Down,
}

/// The factor's exponent.
const STEP: i32 = 600;

/// Sizes above 2^-480 and up to 2^480 are usual.
const SMALL: f64 = f64::from_bits((1023 - 480) << 52);
const LARGE: f64 = f64::from_bits((1023 + 480) << 52);

impl Scale {
    /// The scale for values of which `size` is the largest size: an infinity where a difference has
    /// overflowed. Values that are all 0 need none.
    pub fn of(size: f64) -> Scale {
        if size > LARGE {
            Scale::Down
        } else if size > 0.0 && size < SMALL {
            Scale::Up
        } else {
            Scale::Plain
        }
    }

    /// The exponent of the factor.
    pub fn exponent(self) -> i32 {
        match self {
            Scale::Up => STEP,
            Scale::Plain => 0,
            Scale::Down => -STEP,
        }
    }

    /// The factor.
    pub fn factor(self) -> f64 {
        f64::from_bits(((1023 + self.exponent()) as u64) << 52)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_of_any_size_fit() {
        let sizes =
            (0..2047u64).map(|exponent| f64::from_bits(exponent << 52 | 1)).chain([f64::from_bits(1), f64::MAX]);
        for size in sizes {
            let scaled = size * Scale::of(size).factor();
            assert!((2f64.powi(-960)..2f64.powi(960)).contains(&(scaled * scaled)), "{size:e}");
            assert_eq!(scaled / Scale::of(size).factor(), size);
        }
        assert_eq!([0.0, -f64::INFINITY, 1.0, -1.0].map(Scale::of), [Scale::Plain; 4]);
        assert_eq!(Scale::of(f64::INFINITY), Scale::Down);
        assert_eq!([SMALL, LARGE].map(Scale::of), [Scale::Plain; 2]);
    }
}
