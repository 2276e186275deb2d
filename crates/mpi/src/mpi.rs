//! The cluster over MPI, through rsmpi. Every wait is a test in a polite loop (see `patience`).

mod finalize;
mod library;
mod losses;
mod receive;

use std::rc::Rc;

use mpi::collective::SystemOperation;
use mpi::datatype::{Equivalence, PartitionMut};
use mpi::environment::Universe;
use mpi::ffi;
use mpi::point_to_point::Status;
use mpi::raw::AsRaw;
use mpi::request::{Request as Pending, Scope, scope};
use mpi::topology::{Color, SimpleCommunicator};
use mpi::traits::*;

pub use self::library::{library, speaks_pmix, standard};
pub use self::receive::Receive;
use super::heartbeat::{self, Waiting};
use super::launch::Launch;
use super::outbox::Outbox;
use super::patience::Patience;
use super::survivors::{self, Survivors};
use super::ulfm;
use super::window::{Open, Windows};
use super::{Promise, ROOT, Tag, order, request};
use crate::error::{Error, Result};

/// The world of all ranks, or a part of it.
pub struct Mpi {
    // Before the universe, so that they go first.
    outbox: Outbox,
    windows: Windows,
    world: SimpleCommunicator,
    launch: Launch,
    /// Where MPI was started for losses; `None` in a part.
    survivors: Option<Rc<Survivors>>,
    /// `None` in a part, which ends before the whole.
    _universe: Option<Universe>,
}

/// For a program that just returns. Communicators must not be freed after `MPI_Finalize`, and what
/// belongs to the thread outlives this.
impl Drop for Mpi {
    fn drop(&mut self) {
        if self._universe.is_some() {
            heartbeat::stop();
        }
    }
}

impl std::fmt::Debug for Mpi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {}", self.rank(), self.size())
    }
}

/// Rank and size for whoever has no [`Mpi`] at hand; `None` before and after MPI.
pub fn world() -> Option<(u64, u64)> {
    is_up().then(|| {
        let world = SimpleCommunicator::world();
        (world.rank() as u64, world.size() as u64)
    })
}

/// `MPI_Abort` on the world, if MPI is up. Where MPI was started for losses that would end this
/// process alone: all agree to leave instead.
pub fn abort(code: u8) {
    if is_up() {
        survivors::leave_together(code);
        SimpleCommunicator::world().abort(i32::from(code));
    }
}

fn is_up() -> bool {
    let (mut begun, mut over) = (0, 0);
    // SAFETY: both may be called at any time, before MPI_Init and after MPI_Finalize.
    unsafe {
        ffi::MPI_Initialized(&mut begun);
        ffi::MPI_Finalized(&mut over);
    }
    begun != 0 && over == 0
}

/// Where each part begins, and the total, as MPI counts.
fn displacements(counts: &[i32]) -> (Vec<i32>, usize) {
    let mut total = 0i32;
    let starts = counts
        .iter()
        .map(|&count| {
            total = total.checked_add(count).expect("gathered records are below 2 GiB");
            total - count
        })
        .collect();
    (starts, total as usize)
}

impl Mpi {
    /// `MPI_Init_thread`: only the main thread calls MPI.
    pub fn join(launch: Launch) -> Result<Mpi> {
        ulfm::prepare();
        let (universe, _) = mpi::initialize_with_threading(mpi::Threading::Funneled)
            .ok_or_else(|| Error::Launch("MPI is initialised already".into()))?;
        let (outbox, windows) = (Outbox::default(), Windows::default());
        let world = universe.world();
        let mut mpi = Mpi { outbox, windows, world, launch, survivors: None, _universe: Some(universe) };
        mpi.find_survivors()?;
        heartbeat::start(&mpi.world);
        Ok(mpi)
    }

    /// Waits politely for a request, which is this.
    fn wait<'a, D: ?Sized, S: Scope<'a>>(&self, what: Waiting, request: Pending<'a, D, S>) -> Status {
        self.wait_for(what, 0, request)
    }

    /// The same, for what comes from this rank.
    fn wait_for<'a, D: ?Sized, S: Scope<'a>>(&self, what: Waiting, from: u64, request: Pending<'a, D, S>) -> Status {
        // SAFETY: it is completed before this returns, and what it reads and writes is borrowed
        // until then.
        let (request, _data, _scope) = unsafe { request.into_raw() };
        heartbeat::waiting_for(what, from);
        let status = request::complete_while(request, Patience::new(), || self.look());
        heartbeat::waiting_for(Waiting::Nothing, 0);
        status
    }

    /// The first `ranks` ranks (`MPI_Comm_split`, which waits by spinning: so all ranks meet in a
    /// polite barrier before it).
    pub fn first(&self, ranks: u64) -> Option<Mpi> {
        self.meet();
        let color = if self.rank() < ranks { Color::with_value(0) } else { Color::undefined() };
        let world = self.world.split_by_color_with_key(color, self.world.rank())?;
        let (outbox, windows) = (Outbox::default(), Windows::default());
        Some(Mpi { outbox, windows, world, launch: self.launch.clone(), survivors: None, _universe: None })
    }

    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    pub fn rank(&self) -> u64 {
        self.world.rank() as u64
    }

    pub fn size(&self) -> u64 {
        self.world.size() as u64
    }

    pub fn broadcast(&self, bytes: &mut Vec<u8>) {
        let root = self.world.process_at_rank(ROOT as i32);
        let mut length = bytes.len() as u64;
        if self.is_lost() {
            return;
        }
        scope(|s| self.wait(Waiting::Broadcast, root.immediate_broadcast_into(s, &mut length)));
        if self.is_lost() {
            return;
        }
        bytes.resize(length as usize, 0);
        if !bytes.is_empty() {
            scope(|s| self.wait(Waiting::Broadcast, root.immediate_broadcast_into(s, &mut bytes[..])));
        }
    }

    pub fn scatter(&self, pairs: Option<&[[u64; 2]]>) -> [u64; 2] {
        let root = self.world.process_at_rank(ROOT as i32);
        let mut mine = [0u64; 2];
        match pairs {
            _ if self.is_lost() => {}
            Some(pairs) => {
                let all = pairs.as_flattened();
                scope(|s| self.wait(Waiting::Scatter, root.immediate_scatter_into_root(s, all, &mut mine[..])));
            }
            None => {
                scope(|s| self.wait(Waiting::Scatter, root.immediate_scatter_into(s, &mut mine[..])));
            }
        }
        mine
    }

    pub fn gather<const N: usize>(&self, row: [f64; N]) -> Option<Vec<[f64; N]>> {
        let all = self.gather_numbers(&row[..])?;
        Some(all.as_chunks::<N>().0.to_vec())
    }

    pub fn gather_bytes(&self, mut bytes: Vec<u8>) -> Option<Vec<Vec<u8>>> {
        // A vector without memory lies at address 1, which is Open MPI's MPI_IN_PLACE; so neither of
        // the two may be without.
        bytes.reserve(1);
        let root = self.world.process_at_rank(ROOT as i32);
        let length = i32::try_from(bytes.len()).expect("a record is below 2 GiB");
        let counts = self.gather_numbers(&[length]);
        if self.is_lost() {
            return None;
        }
        let Some(counts) = counts else {
            scope(|s| self.wait(Waiting::Gather, root.immediate_gather_varcount_into(s, &bytes[..])));
            return None;
        };
        let (starts, total) = displacements(&counts);
        let mut all = Vec::with_capacity(total.max(1));
        all.resize(total, 0u8);
        {
            let mut parts = PartitionMut::new(&mut all[..], &counts[..], &starts[..]);
            scope(|s| self.wait(Waiting::Gather, root.immediate_gather_varcount_into_root(s, &bytes[..], &mut parts)));
        }
        Some(counts.iter().zip(&starts).map(|(&n, &at)| all[at as usize..(at + n) as usize].to_vec()).collect())
    }

    fn gather_numbers<T: Equivalence + Default + Clone>(&self, row: &[T]) -> Option<Vec<T>> {
        let root = self.world.process_at_rank(ROOT as i32);
        if self.rank() == ROOT {
            let mut all = vec![T::default(); row.len() * self.size() as usize];
            if !self.is_lost() {
                scope(|s| self.wait(Waiting::Gather, root.immediate_gather_into_root(s, row, &mut all[..])));
            }
            Some(all)
        } else if self.is_lost() {
            None
        } else {
            scope(|s| self.wait(Waiting::Gather, root.immediate_gather_into(s, row)));
            None
        }
    }

    pub fn sum(&self, mine: u64) -> Option<u64> {
        let root = self.world.process_at_rank(ROOT as i32);
        if self.rank() == ROOT {
            let mut total = 0u64;
            if !self.is_lost() {
                scope(|s| {
                    self.wait(
                        Waiting::Reduction,
                        root.immediate_reduce_into_root(s, &mine, &mut total, SystemOperation::sum()),
                    )
                });
            }
            Some(total)
        } else {
            if !self.is_lost() {
                scope(|s| self.wait(Waiting::Reduction, root.immediate_reduce_into(s, &mine, SystemOperation::sum())));
            }
            None
        }
    }

    pub fn max(&self, mine: u64) -> u64 {
        let (mine, mut largest) = (order::signed(mine), order::signed(0));
        if !self.is_lost() {
            scope(|s| {
                self.wait(
                    Waiting::Reduction,
                    self.world.immediate_all_reduce_into(s, &mine, &mut largest, SystemOperation::max()),
                )
            });
        }
        order::unsigned(largest)
    }

    pub fn promise(&self, from: u64, tag: Tag) -> Promise {
        Promise { receive: Receive::begin(&self.world, from as i32, tag as i32) }
    }

    pub fn world(&self) -> &SimpleCommunicator {
        &self.world
    }

    /// Waits until every rank is here.
    pub fn meet(&self) {
        if !self.is_lost() {
            self.wait(Waiting::Barrier, self.world.immediate_barrier());
        }
    }

    /// No window where losses are survived: what ranks of a node share cannot be taken apart
    /// without the dead.
    pub fn open_window(&self, words: usize) -> Result<Option<Open<'_>>> {
        if self.survivors().is_some_and(Survivors::outlives) {
            return Ok(None);
        }
        self.windows.open(&self.world, words)
    }

    pub fn most_shared_bytes(&self) -> u64 {
        self.windows.most_bytes()
    }

    pub fn send(&self, to: u64, tag: Tag, numbers: [u64; 2]) {
        self.outbox.send(&self.world, to as i32, tag as i32, numbers);
    }

    pub fn send_bytes(&self, to: u64, tag: Tag, bytes: Vec<u8>) {
        self.outbox.send_bytes(&self.world, to as i32, tag as i32, bytes);
    }

    pub fn all_sent(&self) -> bool {
        self.outbox.all_sent() || self.is_lost()
    }

    pub fn probe(&self, from: Option<u64>) -> Option<(u64, Tag)> {
        let status = self.probe_for(from.map(|rank| rank as i32), None)?;
        let tag = Tag::ALL.into_iter().find(|&tag| tag as i32 == status.tag());
        Some((status.source_rank() as u64, tag.expect("only this program's tags travel in its world")))
    }

    pub fn receive(&self, from: u64, tag: Tag) -> [u64; 2] {
        let mut numbers = [0u64; 2];
        if self.await_message(from, tag).is_some() {
            self.world.process_at_rank(from as i32).receive_into_with_tag(&mut numbers[..], tag as i32);
        }
        numbers
    }

    pub fn receive_bytes(&self, from: u64, tag: Tag) -> Vec<u8> {
        let Some(status) = self.await_message(from, tag) else { return Vec::new() };
        let mut bytes = vec![0u8; status.count(u8::equivalent_datatype()) as usize];
        self.world.process_at_rank(from as i32).receive_into_with_tag(&mut bytes[..], tag as i32);
        bytes
    }

    pub fn poll(&self, from: Option<u64>, tag: Tag) -> Option<(u64, Vec<u8>)> {
        let status = self.probe_for(from.map(|rank| rank as i32), Some(tag as i32))?;
        let mut bytes = vec![0u8; status.count(u8::equivalent_datatype()) as usize];
        let sender = self.world.process_at_rank(status.source_rank());
        sender.receive_into_with_tag(&mut bytes[..], tag as i32);
        Some((status.source_rank() as u64, bytes))
    }

    pub fn receive_into(&self, from: u64, tag: Tag, bytes: &mut [u8]) -> usize {
        let sender = self.world.process_at_rank(from as i32);
        if self.is_lost() {
            return 0;
        }
        let status = scope(|s| {
            self.wait_for(Waiting::Message, from, sender.immediate_receive_into_with_tag(s, bytes, tag as i32))
        });
        status.count(u8::equivalent_datatype()) as usize
    }

    pub fn all_to_all(&self, bytes: &[u8]) -> Vec<u8> {
        let mut all = vec![0u8; bytes.len()];
        if !self.is_lost() && !bytes.is_empty() {
            scope(|s| self.wait(Waiting::AllToAll, self.world.immediate_all_to_all_into(s, bytes, &mut all[..])));
        }
        all
    }

    /// Waits politely until such a message is there; `None`: somebody is lost.
    fn await_message(&self, from: u64, tag: Tag) -> Option<Status> {
        heartbeat::waiting_for(Waiting::Message, from);
        let mut patience = Patience::new();
        loop {
            let found = self.probe_for(Some(from as i32), Some(tag as i32));
            if found.is_some() || self.is_lost() {
                return found;
            }
            // What we have sent moves on only when MPI is called.
            self.outbox.all_sent();
            patience.pause();
        }
    }

    /// A message that is there; none once somebody is lost, for to receive it would fail.
    fn probe_for(&self, from: Option<i32>, tag: Option<i32>) -> Option<Status> {
        let found = request::probe(self.world.as_raw(), from, tag);
        found.filter(|_| !self.is_lost())
    }
}
