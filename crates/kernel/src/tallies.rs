//! Ready-made tallies: sums, lists, and several tallies as one.
//!
//! Stands beside `tally`, which says what a tally must keep to. Floating-point numbers are no
//! tally here, because their sum depends on the grouping.

use crate::Tally;

/// The sum.
///
/// # Panics
/// Merging panics when the sum exceeds `u64::MAX`: a wrapped sum would be a wrong answer.
impl Tally for u64 {
    fn merge(&mut self, next: u64) {
        *self = self.checked_add(next).expect("a sum of blocks exceeds u64::MAX");
    }
}

/// The list: the next span's elements follow this one's.
impl<T: Clone + serde::Serialize + serde::de::DeserializeOwned + Send + 'static> Tally for Vec<T> {
    fn merge(&mut self, next: Vec<T>) {
        self.extend(next);
    }
}

/// Element by element: a histogram whose bins are tallies.
macro_rules! arrays {
    ($($length:literal)+) => {$(
        impl<T: Tally> Tally for [T; $length] {
            fn merge(&mut self, next: [T; $length]) {
                self.iter_mut().zip(next).for_each(|(mine, next)| mine.merge(next));
            }
        }
    )+};
}

// The lengths that serde encodes.
arrays! { 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 }

/// Each place by itself.
macro_rules! tuples {
    ($($name:ident $place:tt)+) => {
        impl<$($name: Tally),+> Tally for ($($name,)+) {
            fn merge(&mut self, next: Self) {
                $(self.$place.merge(next.$place);)+
            }
        }
    };
}

tuples! { A 0 }
tuples! { A 0 B 1 }
tuples! { A 0 B 1 C 2 }
tuples! { A 0 B 1 C 2 D 3 }

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type All = (u64, Vec<u8>, [u64; 3]);

    fn merged(parts: &[All]) -> All {
        parts
            .iter()
            .cloned()
            .reduce(|mut total, next| {
                total.merge(next);
                total
            })
            .unwrap_or_default()
    }

    proptest! {
        #[test]
        fn grouping_does_not_show(parts in prop::collection::vec(
            (0..1000_u64, prop::collection::vec(any::<u8>(), 0..4), prop::array::uniform3(0..1000_u64)), 1..9,
        ), cut in 0..9_usize) {
            let (front, back) = parts.split_at(cut.min(parts.len()));
            prop_assert_eq!(merged(&[merged(front), merged(back)]), merged(&parts));
        }
    }

    #[test]
    fn places_merge_each_by_itself() {
        let mut total: All = (1, vec![1, 2], [1, 0, 5]);
        total.merge((2, vec![0], [1, 1, 1]));
        assert_eq!(total, (3, vec![1, 2, 0], [2, 1, 6]));
    }

    #[test]
    #[should_panic(expected = "exceeds u64::MAX")]
    fn a_sum_does_not_wrap() {
        let mut sum = u64::MAX;
        sum.merge(1);
    }
}
