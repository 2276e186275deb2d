//! What the jobs of a list found, put together: factors, partners and duplicates of each number.
//!
//! Numbers that share the same are a class: of RSA keys mostly those with one prime of theirs known to others. So the job that looks for partners
//! compares classes, of which there are far fewer than keys.

use std::collections::BTreeMap;

use dashu_int::UBig;
use dashu_int::ops::Gcd;
use serde_bytes::ByteBuf;

use super::list::List;
use crate::commands::inputs::big;
use crate::report::{Partner, SharedFactor};

/// Partners, and duplicates, that a number's row names.
const MOST_NAMED: usize = 16;

/// What numbers share, each once, and which numbers share it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Classes {
    /// What is shared.
    pub(super) values: Vec<UBig>,
    /// Places of the numbers that share it.
    members: Vec<Vec<usize>>,
}

impl Classes {
    /// Of what a job found: places and factors, in order.
    pub(super) fn of(found: &[(u64, ByteBuf)]) -> Classes {
        let (mut classes, mut known) = (Classes::default(), BTreeMap::new());
        for (place, factor) in found {
            let class = *known.entry(&factor[..]).or_insert_with(|| {
                classes.values.push(big(factor));
                classes.members.push(Vec::new());
                classes.values.len() - 1
            });
            classes.members[class].push(*place as usize);
        }
        classes
    }
}

/// All that is needed.
pub(super) struct Audit<'a> {
    pub(super) file: &'a List,
    pub(super) collection: Option<&'a List>,
    pub(super) ours: &'a Classes,
    pub(super) theirs: Option<&'a Classes>,
}

impl Audit<'_> {
    /// A row for each number of the file that shares something, in the order of the file. `related`: classes and what they have in common;
    /// `None` when that was not looked for.
    pub(super) fn shared(&self, related: Option<&[(u64, u64, ByteBuf)]>) -> Vec<SharedFactor> {
        let (others, theirs) = (self.collection.unwrap_or(self.file), self.theirs.unwrap_or(self.ours));
        // For each class: the classes of its partners, and what they share.
        let mut partners: Vec<Vec<(usize, UBig)>> = vec![Vec::new(); self.ours.values.len()];
        for (a, b, common) in related.unwrap_or_default() {
            let (a, b) = (*a as usize, *b as usize);
            partners[a].push((b, big(common)));
            if self.theirs.is_none() {
                partners[b].push((a, big(common)));
            }
        }
        // Numbers that share the same may be equal: looked at even where partners are not.
        match self.theirs {
            None => (0..)
                .zip(&mut partners)
                .zip(&self.ours.values)
                .for_each(|((class, list), value)| list.push((class, value.clone()))),
            Some(theirs) if related.is_none() => {
                let known: BTreeMap<&UBig, usize> = theirs.values.iter().zip(0..).collect();
                let equal = partners.iter_mut().zip(&self.ours.values);
                equal.for_each(|(list, value)| list.extend(known.get(value).map(|&class| (class, value.clone()))));
            }
            Some(_) => {}
        }
        let mut rows = Vec::new();
        for ((factor, members), partners) in self.ours.values.iter().zip(&self.ours.members).zip(partners) {
            for &place in members {
                let n = &self.file.numbers[place];
                let is_itself = |other: usize| self.collection.is_none() && other == place;
                let with = partners
                    .iter()
                    .flat_map(|(class, common)| theirs.members[*class].iter().map(move |&i| (i, common)));
                let mut row = Row::default();
                for (other, common) in with.filter(|(other, _)| !is_itself(*other)) {
                    let is_equal = *n == others.numbers[other];
                    if is_equal || related.is_some() {
                        row.add(others.places[other], is_equal, common);
                    }
                }
                let row = row.finish(self.file.places[place], n, factor);
                let partner_count = related.and(row.partner_count);
                rows.push((place, SharedFactor { partner_count, ..row }));
            }
        }
        rows.sort_by_key(|(place, _)| *place);
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

/// A row in the making.
#[derive(Default)]
struct Row {
    partners: BTreeMap<u64, UBig>,
    partner_count: u64,
    duplicates: Vec<u64>,
    duplicate_count: u64,
    /// What is shared with partners, each once.
    commons: Vec<UBig>,
}

impl Row {
    fn add(&mut self, place: u64, is_equal: bool, common: &UBig) {
        if is_equal {
            self.duplicate_count += 1;
            self.duplicates.push(place);
        } else {
            self.partner_count += 1;
            let is_first = self.partners.last_key_value().is_none_or(|(&last, _)| place < last);
            if is_first || self.partners.len() < MOST_NAMED {
                self.partners.insert(place, common.clone());
            }
            if !self.commons.contains(common) {
                self.commons.push(common.clone());
            }
        }
        // The first places stay, in whatever order they come.
        if self.partners.len() > MOST_NAMED {
            self.partners.pop_last();
        }
        if self.duplicates.len() > MOST_NAMED {
            self.duplicates.sort_unstable();
            self.duplicates.truncate(MOST_NAMED);
        }
    }

    fn finish(mut self, place: u64, n: &UBig, factor: &UBig) -> SharedFactor {
        self.duplicates.sort_unstable();
        let factors = if self.commons.is_empty() { Vec::new() } else { split(n, self.commons) };
        let partner = |(place, common): (u64, UBig)| Partner { place, factor: common.to_string() };
        SharedFactor {
            place,
            n: n.to_string(),
            factor: factor.to_string(),
            factors: factors.iter().map(UBig::to_string).collect(),
            partners: self.partners.into_iter().map(partner).collect(),
            partner_count: Some(self.partner_count),
            duplicate: self.duplicate_count > 0,
            duplicates: self.duplicates,
            duplicate_count: self.duplicate_count,
        }
    }
}

/// n as a product, as far as common factors split it: ascending, with repetition.
fn split(n: &UBig, commons: Vec<UBig>) -> Vec<UBig> {
    let mut coprime: Vec<UBig> = Vec::new();
    let mut open = commons;
    open.push(n.clone());
    while let Some(part) = open.pop() {
        if part == UBig::ONE {
            continue;
        }
        let meets = coprime.iter().position(|known| known.gcd(&part) != UBig::ONE);
        match meets.map(|i| coprime.swap_remove(i)) {
            None => coprime.push(part),
            Some(known) if known == part => coprime.push(known),
            // Both get smaller, so this ends.
            Some(known) => {
                let common = (&known).gcd(&part);
                open.extend([known / &common, part / &common, common]);
            }
        }
    }
    coprime.sort();
    let (mut rest, mut factors) = (n.clone(), Vec::new());
    for factor in coprime {
        while (&rest % &factor) == UBig::ZERO {
            rest /= &factor;
            factors.push(factor.clone());
        }
    }
    factors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::inputs::bytes;

    fn big_of(n: u32) -> UBig {
        UBig::from(n)
    }

    #[test]
    fn numbers_are_split_by_what_they_share() {
        let split_of = |n: u32, commons: &[u32]| split(&big_of(n), commons.iter().map(|&c| big_of(c)).collect());
        let list = |factors: &[u32]| factors.iter().map(|&f| big_of(f)).collect::<Vec<_>>();
        assert_eq!(split_of(15, &[3, 5]), list(&[3, 5]));
        assert_eq!(split_of(77, &[7]), list(&[7, 11]));
        assert_eq!(split_of(30, &[6, 10, 15]), list(&[2, 3, 5]));
        assert_eq!(split_of(8, &[2, 4]), list(&[2, 2, 2]));
        assert_eq!(split_of(49, &[7]), list(&[7, 7]));
        assert_eq!(split_of(12, &[12]), list(&[12]));
    }

    #[test]
    fn classes_keep_their_members() {
        let found = [(3, 5_u32), (4, 7), (9, 5)].map(|(place, factor)| (place, bytes(&big_of(factor))));
        let classes = Classes::of(&found);
        assert_eq!(classes.values, [5, 7].map(big_of));
        assert_eq!(classes.members, [vec![3, 9], vec![4]]);
    }
}
