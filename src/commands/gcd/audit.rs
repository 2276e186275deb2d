//! Combines the results of a list's jobs: factors, partners and duplicates of each number.
//!
//! Numbers with the same common factor form a class; for RSA keys mostly those with the same shared
//! prime. So the job that finds partners compares classes, of which there are far fewer than keys.

use std::collections::{BTreeMap, HashMap};

use dashu_int::UBig;
use dashu_int::ops::Gcd;
use serde_bytes::ByteBuf;

use super::answer::{Partner, SharedFactor};
use super::list::NumberList;
use crate::cluster::heartbeat;
use crate::commands::inputs::big;

/// Partners, and duplicates, that a number's row names.
const MOST_NAMED: usize = 16;

/// The common factors, each once, and the numbers that have them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Classes {
    /// The common factors.
    pub(super) values: Vec<UBig>,
    /// Places of the numbers with each of them.
    members: Vec<Vec<usize>>,
}

impl Classes {
    /// Builds the classes from a job's result: places and factors, in order.
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

/// The inputs of an audit.
pub(super) struct Audit<'a> {
    pub(super) file: &'a NumberList,
    pub(super) collection: Option<&'a NumberList>,
    pub(super) ours: &'a Classes,
    pub(super) theirs: Option<&'a Classes>,
}

impl Audit<'_> {
    /// A row for each number of the file with a common factor, in the order of the file. `related`:
    /// pairs of classes with their common factor; `None` if partners were not searched.
    pub(super) fn shared(&self, related: Option<&[(u64, u64, ByteBuf)]>) -> Vec<SharedFactor> {
        let (others, theirs) = (self.collection.unwrap_or(self.file), self.theirs.unwrap_or(self.ours));
        // For each class: the classes of its partners, and the common factors.
        let mut partners: Vec<Vec<(usize, UBig)>> = vec![Vec::new(); self.ours.values.len()];
        for (a, b, common) in related.unwrap_or_default() {
            let (a, b) = (*a as usize, *b as usize);
            partners[a].push((b, big(common)));
            if self.theirs.is_none() {
                partners[b].push((a, big(common)));
            }
        }
        // Numbers of one class may be equal: compared even if partners are not searched.
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
        let equals = equals(others, theirs);
        // Equal numbers have the same row except for the duplicates, so the time is linear in their
        // number.
        let mut known: HashMap<&UBig, SharedFactor> = HashMap::new();
        let mut rows = Vec::new();
        for ((factor, members), partners) in self.ours.values.iter().zip(&self.ours.members).zip(partners) {
            for &place in members {
                if rows.len() % 256 == 0 {
                    heartbeat::yield_now();
                }
                let n = &self.file.numbers[place];
                let equal = equals.get(n).map_or(&[][..], |equal| &equal[..]);
                let first = known.entry(n).or_insert_with(|| {
                    let mut row = Row { related: related.is_some(), ..Row::default() };
                    for (class, common) in &partners {
                        row.add(&theirs.members[*class], equal, common, others);
                    }
                    row.finish(n, factor)
                });
                let is_itself = |other: usize| self.collection.is_none() && other == place;
                let duplicates = equal.iter().filter(|&&other| !is_itself(other)).take(MOST_NAMED);
                let duplicates: Vec<u64> = duplicates.map(|&other| others.places[other]).collect();
                // In a single list the number is among its own equals.
                let duplicate_count = equal.len() as u64 - u64::from(self.collection.is_none());
                let (place_said, duplicate) = (self.file.places[place], duplicate_count > 0);
                let row = SharedFactor { place: place_said, duplicate, duplicates, duplicate_count, ..first.clone() };
                rows.push((place, row));
            }
        }
        rows.sort_by_key(|(place, _)| *place);
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

/// The places of each distinct number with a common factor, in order.
fn equals<'l>(list: &'l NumberList, classes: &Classes) -> HashMap<&'l UBig, Vec<usize>> {
    let mut equals: HashMap<&UBig, Vec<usize>> = HashMap::new();
    for &place in classes.members.iter().flatten() {
        equals.entry(&list.numbers[place]).or_default().push(place);
    }
    equals
}

/// A row under construction, shared by equal numbers.
#[derive(Default)]
struct Row {
    /// Whether partners were searched.
    related: bool,
    partners: BTreeMap<u64, UBig>,
    partner_count: u64,
    /// The factors shared with partners, each once.
    commons: Vec<UBig>,
}

impl Row {
    /// Adds the members of a class except the equal ones, which are all in the same class.
    fn add(&mut self, members: &[usize], equal: &[usize], common: &UBig, others: &NumberList) {
        let has_equal = equal.first().is_some_and(|first| members.binary_search(first).is_ok());
        let count = members.len() - if has_equal { equal.len() } else { 0 };
        if !self.related || count == 0 {
            return;
        }
        self.partner_count += count as u64;
        if !self.commons.contains(common) {
            self.commons.push(common.clone());
        }
        // All equal numbers may be skipped here, once per distinct number.
        let partners = members.iter().filter(|member| equal.binary_search(member).is_err());
        self.partners.extend(partners.take(MOST_NAMED).map(|&member| (others.places[member], common.clone())));
        // Keeps the first places, in any order of arrival.
        while self.partners.len() > MOST_NAMED {
            self.partners.pop_last();
        }
    }

    fn finish(self, n: &UBig, factor: &UBig) -> SharedFactor {
        let factors = if self.commons.is_empty() { Vec::new() } else { split(n, self.commons) };
        let partner = |(place, common): (u64, UBig)| Partner { place, factor: common.to_string() };
        SharedFactor {
            place: 0,
            n: n.to_string(),
            factor: factor.to_string(),
            factors: factors.iter().map(UBig::to_string).collect(),
            partners: self.partners.into_iter().map(partner).collect(),
            partner_count: self.related.then_some(self.partner_count),
            duplicate: false,
            duplicates: Vec::new(),
            duplicate_count: 0,
        }
    }
}

/// n as a product of the parts that the common factors reveal: ascending, with repetition.
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
