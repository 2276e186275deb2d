//! A flag that all ranks can see while they compute, kept in seven ways, each as slow or as fast as
//! it is.
//!
//! What it says is the smallest factor that anybody has found. Not just "stop": a rank whose
//! divisors are smaller has to go on, so that the factor in the result is the smallest one and not
//! the luckiest. It only ever goes down, so it needs no lock, and a rank that knows an old value
//! works in vain but is never wrong.
//!
//! | kind | where it is | to look | to lower it | known to others |
//! |---|---|---|---|---|
//! | `none` | nowhere | nothing | nothing | at the end |
//! | `server` | rank 0's memory | a message there and one back, when rank 0 looks up from its own work | the same | when they ask |
//! | `message` | a copy at each rank | `MPI_Iprobe` | a message to each | when they look |
//! | `allreduce` | a copy at each rank | `MPI_Test` of the `MPI_Iallreduce` under way | with the next one | when all have looked |
//! | `rma` | a window at rank 0 | `MPI_Fetch_and_op`, rank 0 takes no part | the same | when they look |
//! | `shared` | a word of memory on each node, first ranks relay | a load | an atomic minimum | when they look |
//! | `redis://` | a Redis server | `GET` | a script that takes the minimum | when they ask |
//!
//! Between threads `allreduce`, `rma` and `shared` are kept in memory of the process (`rounds`,
//! `word`).
//!
//! A rank that waits for the others must go on taking part ([`Flag::make_progress`]): as server, in
//! consensus, as relay.

#[cfg(feature = "mpi")]
mod consensus;
mod message;
#[cfg(feature = "mpi")]
mod node;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "mpi")]
mod rma;
mod rounds;
mod server;
mod word;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::Cluster;
use crate::error::Result;

/// What the flag says while nobody has found anything.
pub const NOTHING: u64 = u64::MAX;

/// What a URL of Redis begins with.
const REDIS: &str = "redis://";

const NO_REDIS: &str = "this montesieve knows no Redis; build it with: cargo build --release --features redis";

/// How a flag is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not at all: no rank knows what another one finds.
    None,
    /// By rank 0, who is asked.
    Server,
    /// By each rank, told by the finder.
    Message,
    /// By each rank, in consensus.
    Allreduce,
    /// In a window at rank 0.
    Rma,
    /// In a word of memory on each node.
    Shared,
    /// By a Redis server at this URL.
    Redis(String),
}

impl Kind {
    /// All of them that need nothing but ranks.
    pub const ALL: [Kind; 6] = [Kind::None, Kind::Server, Kind::Message, Kind::Allreduce, Kind::Rma, Kind::Shared];

    /// Whether it can be had: a server has a port, and this program knows Redis.
    ///
    /// # Errors
    /// A sentence for the user, without the password of a server.
    pub fn check(&self) -> std::result::Result<(), String> {
        let Kind::Redis(url) = self else { return Ok(()) };
        let place = url[REDIS.len()..].trim_end_matches('/');
        match place.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()) {
            None => Err(format!("--flag {self}: not a server; write it like {REDIS}127.0.0.1:6379")),
            _ if !cfg!(feature = "redis") => Err(format!("--flag {self}: {NO_REDIS}")),
            Some(_) => Ok(()),
        }
    }
}

/// A word of a command line, without the password where it has the address of a server.
pub fn without_password(word: &str) -> String {
    let Some(start) = word.find(REDIS).map(|start| start + REDIS.len()) else { return word.to_owned() };
    match word[start..].rfind('@') {
        Some(end) => format!("{}***{}", &word[..start], &word[start + end..]),
        None => word.to_owned(),
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Redis(url) => return f.write_str(&without_password(url)),
            Kind::None => "none",
            Kind::Server => "server",
            Kind::Message => "message",
            Kind::Allreduce => "allreduce",
            Kind::Rma => "rma",
            Kind::Shared => "shared",
        })
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Kind, String> {
        // Looked at by `check`: the parser of the command line would repeat a password in its
        // refusal.
        if text.starts_with(REDIS) {
            return Ok(Kind::Redis(text.to_owned()));
        }
        Kind::ALL.into_iter().find(|kind| kind.to_string() == text).ok_or_else(|| {
            let names: Vec<String> = Kind::ALL.iter().map(Kind::to_string).collect();
            format!("not a flag; it is one of {} or {REDIS}HOST:PORT", names.join(", "))
        })
    }
}

/// One way to keep it. All ranks have the same.
trait Way {
    /// Tells the others that `value` is the smallest.
    fn lower(&mut self, value: u64) -> Result<()>;

    /// Looks: the smallest value that this rank can know of, which has `known` itself.
    fn look(&mut self, known: u64) -> Result<u64>;

    /// Does what others need from a rank that does not look, and which has `known` itself.
    fn make_progress(&mut self, _known: u64) -> Result<()> {
        Ok(())
    }

    /// Ends it when no rank computes any more. Every rank must call it.
    fn close(self: Box<Self>, cluster: &Cluster) -> Result<()>;
}

/// A flag, as one rank has it.
pub struct Flag<'c> {
    cluster: &'c Cluster,
    /// `None`: what others find stays unknown.
    way: Option<Box<dyn Way + 'c>>,
    /// Whether what this rank finds itself counts: not where every divisor is to be tried.
    heeds: bool,
    known: u64,
    looks: u64,
    time: Duration,
}

/// What a rank spent on its flag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// Times that it looked.
    pub looks: u64,
    /// Seconds in looks, and in lowering it.
    pub seconds: f64,
}

impl Cluster {
    /// Sets a flag up. Every rank must call it, with the same kind.
    ///
    /// # Errors
    /// [`Error::Told`](crate::error::Error::Told) when it cannot be had.
    pub fn flag(&self, kind: &Kind) -> Result<Flag<'_>> {
        let way = self.agree(self.way(kind))?;
        Ok(Flag { cluster: self, way, heeds: *kind != Kind::None, known: NOTHING, looks: 0, time: Duration::ZERO })
    }

    fn way(&self, kind: &Kind) -> Result<Option<Box<dyn Way + '_>>> {
        if let Kind::Redis(url) = kind {
            #[cfg(feature = "redis")]
            return Ok(Some(Box::new(redis::Redis::open(self, url)?)));
            #[cfg(not(feature = "redis"))]
            return Err(crate::error::Error::Usage(format!("--flag {}: {NO_REDIS}", without_password(url))));
        }
        if self.size() == 1 {
            // There is nobody to tell.
            return Ok(None);
        }
        Ok(match kind {
            Kind::None | Kind::Redis(_) => None,
            Kind::Server => Some(Box::new(server::Server::open(self)?)),
            Kind::Message => Some(Box::new(message::Message::open(self, (0..self.size()).collect())?)),
            Kind::Allreduce => Some(match self {
                #[cfg(feature = "mpi")]
                Cluster::Mpi(mpi) => Box::new(consensus::Consensus::open(mpi)?),
                Cluster::Local(local) => Box::new(rounds::Rounds::open(local)?),
            }),
            Kind::Rma | Kind::Shared => Some(match self {
                #[cfg(feature = "mpi")]
                Cluster::Mpi(mpi) if *kind == Kind::Rma => Box::new(rma::Rma::open(mpi)?),
                #[cfg(feature = "mpi")]
                Cluster::Mpi(mpi) => Box::new(node::Node::open(self, mpi)?),
                Cluster::Local(local) => Box::new(word::Word::open(local)?),
            }),
        })
    }
}

impl Flag<'_> {
    /// The smallest value that this rank knows of; [`NOTHING`] at first.
    pub fn known(&self) -> u64 {
        self.known
    }

    /// This rank has found `value`.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn lower(&mut self, value: u64) -> Result<()> {
        if !self.heeds || value >= self.known {
            return Ok(());
        }
        self.known = value;
        let begun = Instant::now();
        if let Some(way) = &mut self.way {
            way.lower(value)?;
        }
        self.time += begun.elapsed();
        Ok(())
    }

    /// Looks whether others have found something.
    ///
    /// # Errors
    /// When the flag is out of reach.
    pub fn look(&mut self) -> Result<()> {
        let Some(way) = &mut self.way else { return Ok(()) };
        let begun = Instant::now();
        self.known = self.known.min(way.look(self.known)?);
        self.looks += 1;
        self.time += begun.elapsed();
        Ok(())
    }

    /// To be called often by a rank that looks seldom or waits.
    ///
    /// # Errors
    /// As [`Flag::look`].
    pub fn make_progress(&mut self) -> Result<()> {
        self.way.as_mut().map_or(Ok(()), |way| way.make_progress(self.known))
    }

    /// Ends it, when no rank computes any more. Every rank must call it.
    ///
    /// # Errors
    /// When it cannot be put away.
    pub fn close(self) -> Result<Spent> {
        let cluster = self.cluster;
        cluster.agree(self.way.map_or(Ok(()), |way| way.close(cluster)))?;
        Ok(Spent { looks: self.looks, seconds: self.time.as_secs_f64() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::super::testing::{alone, on_ranks};
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("semaphore".parse::<Kind>().is_err_and(|text| text.contains("none, server, message")));
        for url in ["redis://", "redis://host", "redis://host:port", "redis://host:70000"] {
            let kind: Kind = url.parse().expect("looked at later");
            assert!(kind.check().is_err_and(|text| text.contains("not a server")), "{url}");
        }
        let kind: Kind = "redis://localhost:6379".parse().expect("a server");
        assert_eq!(
            (kind.to_string().as_str(), kind.check().is_ok()),
            ("redis://localhost:6379", cfg!(feature = "redis"))
        );
    }

    #[test]
    fn a_password_is_never_repeated() {
        for url in ["redis://:secret@host:70000", "redis://me:secret@host", "redis://me:sec@ret@host:6379/"] {
            let kind: Kind = url.parse().expect("looked at later");
            let said = format!("{kind} {:?} {}", kind.check(), without_password(&format!("--flag={url}")));
            assert!(!said.contains("sec") && said.contains("redis://***@host"), "{said}");
        }
        assert_eq!(without_password("pi@1e9"), "pi@1e9");
    }

    #[test]
    fn threads_hear_of_what_others_find() {
        for kind in Kind::ALL {
            let done = AtomicU64::new(0);
            let known = on_ranks(3, |cluster| {
                let mut flag = cluster.flag(&kind).unwrap_or_else(|error| panic!("{kind}: {error}"));
                let mine = 50 + cluster.rank();
                flag.lower(mine).expect("nothing can fail");
                let mut looks = 0;
                // Rank 0 answers while the others look; without a flag a rank knows nothing at all.
                while kind != Kind::None && (flag.known() != 50 || looks < 10) {
                    flag.look().and_then(|()| flag.make_progress()).expect("nothing can fail");
                    looks += 1;
                }
                let known = flag.known();
                // Those that are done go on taking part until all are.
                done.fetch_add(1, Relaxed);
                while done.load(Relaxed) < 3 {
                    flag.make_progress().expect("nothing can fail");
                    std::thread::yield_now();
                }
                flag.close().expect("closed");
                known
            });
            assert_eq!(known, if kind == Kind::None { [NOTHING; 3] } else { [50; 3] }, "{kind}");
        }
    }

    #[test]
    fn alone_one_knows_what_one_finds() {
        let cluster = alone();
        for kind in Kind::ALL {
            let mut flag = cluster.flag(&kind).unwrap_or_else(|error| panic!("{kind}: {error}"));
            assert_eq!(flag.known(), NOTHING);
            for (value, known) in [(70, 70), (90, 70), (50, 50)] {
                flag.lower(value)
                    .and_then(|()| flag.look())
                    .and_then(|()| flag.make_progress())
                    .expect("nothing can fail");
                assert_eq!(flag.known(), if kind == Kind::None { NOTHING } else { known }, "{kind}");
            }
            assert!(flag.close().is_ok_and(|spent| spent.looks == 0));
        }
    }
}
