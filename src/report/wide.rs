//! Integers in JSON: numbers up to 2^53, strings above.
//!
//! JavaScript, jq before 1.7 and many others read every JSON number into an f64, which is exact only up to 2^53. A count of
//! primes that comes back even slightly wrong is worthless, so bigger ones travel as strings.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// The last integer below which f64 has them all.
const EXACT: u128 = 1 << 53;

/// An integer, written as a JSON number or as a string.
struct Wide(u128);

impl Serialize for Wide {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(self.0) {
            Ok(n) if self.0 <= EXACT => serializer.serialize_u64(n),
            _ => serializer.collect_str(&self.0),
        }
    }
}

/// For `#[serde(serialize_with = "wide::integer")]` on u64 and u128.
pub(crate) fn integer<T: Copy + Into<u128>, S: Serializer>(n: &T, serializer: S) -> Result<S::Ok, S::Error> {
    Wide((*n).into()).serialize(serializer)
}

/// The same for integers that may be negative.
pub(crate) fn signed<S: Serializer>(n: &i128, serializer: S) -> Result<S::Ok, S::Error> {
    match i64::try_from(*n) {
        Ok(small) if n.unsigned_abs() <= EXACT => serializer.serialize_i64(small),
        _ => serializer.collect_str(n),
    }
}

/// The same for what is left out when it was not asked for.
pub(crate) fn maybe_signed<S: Serializer>(n: &Option<i128>, serializer: S) -> Result<S::Ok, S::Error> {
    match n {
        None => serializer.serialize_none(),
        Some(n) => signed(n, serializer),
    }
}

/// The same for what there may be none of: null.
pub(crate) fn none_is_null<T: Copy + Into<u128>, S: Serializer>(
    n: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    n.map(|n| Wide(n.into())).serialize(serializer)
}

/// The same for what is left out when nobody asked for it.
pub(crate) fn optional<S: Serializer>(n: &Option<u128>, serializer: S) -> Result<S::Ok, S::Error> {
    n.map(Wide).serialize(serializer)
}

/// The same for what may be missing in two ways: nobody asked (and the field is left out), or there is none (null).
pub(crate) fn maybe<S: Serializer>(n: &Option<Option<u128>>, serializer: S) -> Result<S::Ok, S::Error> {
    none_is_null(&n.flatten(), serializer)
}

/// The same for the values of a map.
pub(crate) fn values<K: Serialize, S: Serializer>(map: &BTreeMap<K, u128>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().map(|(key, &n)| (key, Wide(n))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(n: u128) -> String {
        serde_json::to_string(&Wide(n)).expect("an integer")
    }

    #[test]
    fn both_sides_of_the_border() {
        assert_eq!(written(0), "0");
        assert_eq!(written((1 << 53) - 1), "9007199254740991");
        assert_eq!(written(1 << 53), "9007199254740992");
        assert_eq!(written((1 << 53) + 1), "\"9007199254740993\"");
        assert_eq!(written(u128::MAX), format!("\"{}\"", u128::MAX));
    }

    proptest! {
        #[test]
        fn every_integer_comes_back(n: u128, shift in 0u32..128) {
            let n = n >> shift;
            let back = match serde_json::from_str(&written(n)).expect("JSON") {
                serde_json::Value::String(digits) => digits.parse().expect("digits"),
                // Through f64 on purpose, as JavaScript does.
                number => number.as_f64().expect("a number") as u128,
            };
            prop_assert_eq!(back, n);
        }
    }
}
