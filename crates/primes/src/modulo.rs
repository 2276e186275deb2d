//! The remainder of a number of 128 bits by a small one, without a division of 128 bits.

/// n modulo m, which is below 2^32. Below 2^96 by two divisions of 64 bits: one of 128 takes
/// several times as long.
pub(crate) fn modulo(n: u128, m: u64) -> u64 {
    debug_assert!(m >> 32 == 0);
    if n >> 96 != 0 {
        return (n % u128::from(m)) as u64;
    }
    match u64::try_from(n) {
        Ok(n) => n % m,
        Err(_) => (((n >> 32) as u64 % m) << 32 | u64::from(n as u32)) % m,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_are_remainders() {
        for n in [0, 59, 60, 1 << 64, (1 << 64) - 1, 10_u128.pow(26), (1 << 96) - 1, u128::MAX] {
            for m in [1, 2, 60, 65_537, u64::from(u32::MAX)] {
                assert_eq!(u128::from(modulo(n, m)), n % u128::from(m), "{n} {m}");
            }
        }
    }
}
