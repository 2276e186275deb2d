//! Tests of the room as a whole.
use super::*;
use crate::isa::Isa;

#[test]
fn first() {
    let mut never = || ControlFlow::Continue(());
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_supported()) {
        let mut sieve = Sieve::new(10_000_000, isa);
        assert_eq!(sieve.count(0, 1000, &mut never), ControlFlow::Continue(168));
        assert_eq!(sieve.count(0, 1000000, &mut never), ControlFlow::Continue(78498));
        assert_eq!(sieve.count(0, 10000000, &mut never), ControlFlow::Continue(664579));
    }
}
