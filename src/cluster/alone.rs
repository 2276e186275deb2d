//! One process without any MPI library: every collective is the identity, and there is nobody to send to.
//!
//! Stands beside `mpi`: the same methods, so that the rest of the program does not know the difference.

use super::launch::Launch;
use super::{Promise, Tag};

/// The world of one.
#[derive(Clone, Debug)]
pub struct Alone {
    launch: Launch,
}

impl Alone {
    pub fn new(launch: Launch) -> Alone {
        Alone { launch }
    }

    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    pub fn rank(&self) -> u64 {
        super::ROOT
    }

    pub fn size(&self) -> u64 {
        1
    }

    pub fn broadcast(&self, _bytes: &mut Vec<u8>) {}

    pub fn scatter(&self, pairs: Option<&[[u64; 2]]>) -> [u64; 2] {
        pairs.map_or([0, 0], |pairs| pairs[0])
    }

    pub fn meet(&self) {}

    pub fn gather<const N: usize>(&self, row: [f64; N]) -> Option<Vec<[f64; N]>> {
        Some(vec![row])
    }

    pub fn gather_bytes(&self, bytes: Vec<u8>) -> Option<Vec<Vec<u8>>> {
        Some(vec![bytes])
    }

    pub fn sum(&self, mine: u64) -> Option<u64> {
        Some(mine)
    }

    pub fn max(&self, mine: u64) -> u64 {
        mine
    }

    pub fn promise(&self, from: u64, tag: Tag) -> Promise {
        unreachable!("{tag:?} from rank {from}: there is nobody else")
    }

    pub fn send(&self, to: u64, tag: Tag, _numbers: [u64; 2]) {
        unreachable!("{tag:?} to rank {to}: there is nobody else")
    }

    pub fn send_bytes(&self, to: u64, tag: Tag, _bytes: Vec<u8>) {
        unreachable!("{tag:?} to rank {to}: there is nobody else")
    }

    pub fn all_sent(&self) -> bool {
        true
    }

    pub fn probe(&self, _from: Option<u64>) -> Option<(u64, Tag)> {
        None
    }

    pub fn poll(&self, _from: Option<u64>, _tag: Tag) -> Option<(u64, Vec<u8>)> {
        None
    }

    pub fn receive(&self, from: u64, tag: Tag) -> [u64; 2] {
        unreachable!("{tag:?} from rank {from}: there is nobody else")
    }

    pub fn receive_bytes(&self, from: u64, tag: Tag) -> Vec<u8> {
        unreachable!("{tag:?} from rank {from}: there is nobody else")
    }
}
