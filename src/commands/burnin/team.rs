//! The ranks and their hosts: what every rank must know to repeat a block elsewhere, and to find
//! its partner of a link.

use crate::cluster::Cluster;
use crate::cluster::place::Place;
use crate::commands::finish::distinct;
use crate::error::Result;
use crate::isa::Isa;

/// The ranks and their hosts; the same on every rank, except for this rank's own fields.
pub struct Team {
    /// Hosts, each once, in the order of their first ranks.
    pub hosts: Vec<String>,
    /// Index into the hosts, per rank.
    pub host_of_rank: Vec<usize>,
    /// The instruction sets that each rank uses, as bits.
    pub kinds: Vec<u32>,
    /// This rank's instruction sets.
    pub isas: Vec<Isa>,
    /// Every rank's place; at the root.
    pub places: Option<Vec<Place>>,
    /// This rank.
    pub rank: usize,
}

impl Team {
    /// Every rank must call it.
    pub fn meet(cluster: &Cluster, isas: Vec<Isa>) -> Result<Team> {
        let places = Place::gather(cluster)?;
        let mine: u32 = Isa::ALL.iter().zip(0..).filter(|(isa, _)| isas.contains(isa)).map(|(_, bit)| 1 << bit).sum();
        let kinds = cluster.broadcast(cluster.gather_records(&mine)?)?;
        let found = places.as_ref().map(|places| distinct(places.iter().map(|place| place.host.as_str())));
        let (hosts, host_of_rank) = cluster.broadcast(found)?;
        Ok(Team { hosts, host_of_rank, kinds, isas, places, rank: cluster.rank() as usize })
    }

    /// The ranks of a host, ascending.
    pub fn ranks_of(&self, host: usize) -> impl Iterator<Item = usize> {
        self.host_of_rank.iter().enumerate().filter(move |&(_, &of)| of == host).map(|(rank, _)| rank)
    }

    /// The name of a rank's host.
    pub fn host(&self, rank: usize) -> &str {
        &self.hosts[self.host_of_rank[rank]]
    }
}
