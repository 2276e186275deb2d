//! The benchmark's published answers, and that no cut and no instruction set changes a bit of them.

use super::*;

fn supported() -> impl Iterator<Item = Isa> {
    Isa::available()
}

#[test]
fn class_s_has_the_published_sums_and_counts() {
    let sums = Ep::new(Isa::widest()).blocks(0, Class::S.blocks());
    assert!(verify(Class::S, &sums), "{} {}", sums.sx.value(), sums.sy.value());
    assert_eq!(sums.counts, [6_140_517, 5_865_300, 1_100_361, 68_546, 1_648, 17, 0, 0, 0, 0]);
    assert_eq!(sums.deviates(), 13_176_389);
    assert!(!verify(Class::W, &sums));
}

#[test]
#[ignore = "long"]
fn classes_w_a_and_b_are_verified_by_every_instruction_set_with_the_same_bits() {
    [Class::W, Class::A, Class::B].into_iter().for_each(long);
}

/// Verifies a class with every instruction set, and compares their bits.
fn long(class: Class) {
    let mut known = None;
    for isa in supported() {
        let sums = Ep::new(isa).blocks(0, class.blocks());
        assert!(verify(class, &sums), "{class} {isa}");
        assert_eq!(*known.get_or_insert(sums.clone()), sums, "{class} {isa}");
    }
}

#[test]
fn instruction_sets_give_the_same_bits() {
    for first in [0, 1, 255, 4095, Class::E.blocks() - 1, 1 << 26] {
        let known = Ep::new(Isa::Portable).blocks(first, 5);
        for isa in supported() {
            assert_eq!(Ep::new(isa).blocks(first, 5), known, "{isa} from {first} on");
        }
    }
}

#[test]
fn the_textbook_form_agrees() {
    for (first, blocks) in [(0, 0), (0, 4), (1000, 3), (Class::D.blocks() - 1, 1)] {
        let (fast, textbook) = (Ep::new(Isa::widest()).blocks(first, blocks), scalar::sums(first, blocks));
        assert_eq!(fast.counts, textbook.counts, "from {first} on");
        // Relative to what is added up: the sums themselves nearly cancel.
        let bound = 1e-14 * (blocks * BLOCK) as f64;
        for (fast, textbook) in [(fast.sx, textbook.sx), (fast.sy, textbook.sy)] {
            assert!((fast.value() - textbook.value()).abs() <= bound, "{} {}", fast.value(), textbook.value());
        }
    }
}

#[test]
fn a_run_cut_anywhere_has_the_same_sums() {
    let whole = Ep::new(Isa::widest()).blocks(3, 40);
    let mut ep = Ep::new(Isa::widest());
    for cut in [0, 1, 17, 39, 40] {
        // The later part first, so that it has to jump.
        let mut sums = ep.blocks(3 + cut, 40 - cut);
        sums.merge(ep.blocks(3, cut));
        assert_eq!(sums, whole, "cut at {cut}");
    }
    let each = (0..40).fold(Sums::default(), |mut sums, block| {
        sums.merge(ep.blocks(3 + block, 1));
        sums
    });
    assert_eq!(each, whole);
}

#[test]
fn sums_survive_being_written_down() {
    let sums = Ep::new(Isa::widest()).blocks(9, 2);
    let written = serde_json::to_string(&sums).unwrap();
    assert_eq!(serde_json::from_str::<Sums>(&written).unwrap(), sums);
    assert_eq!(Ep::new(Isa::widest()).blocks(9, 0), Sums::default());
}
