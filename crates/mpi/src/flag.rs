//! A flag that all ranks can read while they compute, with seven backends to compare.
//!
//! Its value is the smallest factor that any rank has found. It means more than "stop": a rank with
//! smaller divisors must continue, so that the result is the smallest factor and not the first one
//! found. The value only ever decreases, so it needs no lock. A rank with an old value computes in
//! vain but is never wrong.
//!
//! | kind | where it is | a look | lowering it | others learn it |
//! |---|---|---|---|---|
//! | `none` | nowhere | nothing | nothing | at the end |
//! | `server` | rank 0 | a request, answered between pieces of work | the same | when they ask |
//! | `message` | a copy per rank | `MPI_Iprobe` | a message to each | when they look |
//! | `allreduce` | a copy per rank | `MPI_Test` on the reduction | with the next one | when all look |
//! | `rma` | a window at rank 0 | `MPI_Fetch_and_op` | the same | when they look |
//! | `shared` | a word per node | a load | an atomic minimum | when they look |
//! | `redis://` | a Redis server | `GET` | a script that takes the minimum | when they ask |
//!
//! Between threads `allreduce`, `rma` and `shared` use memory of the process (`thread_allreduce`,
//! `thread_word`).
//!
//! A rank that waits for the others must keep taking part ([`Flag::make_progress`]): as server, in
//! the reduction, as relay.

#[cfg(feature = "mpi")]
mod allreduce;
mod message;
#[cfg(feature = "mpi")]
mod node_word;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "mpi")]
mod rma;
mod server;
mod thread_allreduce;
mod thread_word;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::Cluster;
use crate::error::Result;

/// The flag's value while no rank has found anything.
pub const NOTHING: u64 = u64::MAX;

/// The prefix of a Redis URL.
const REDIS: &str = "redis://";

const NO_REDIS: &str = "this montesieve was built without Redis; build it with: cargo build --release --features redis";

/// Where a flag is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nowhere: no rank knows what another one finds.
    None,
    /// At rank 0, which answers requests.
    Server,
    /// At each rank, by messages from the finder.
    Message,
    /// At each rank, by a reduction.
    Allreduce,
    /// In a window at rank 0.
    Rma,
    /// In a word of shared memory on each node.
    Shared,
    /// In the Redis server at this URL.
    Redis(String),
}

impl Kind {
    /// All kinds that need no server outside the job.
    pub const ALL: [Kind; 6] = [Kind::None, Kind::Server, Kind::Message, Kind::Allreduce, Kind::Rma, Kind::Shared];

    /// Checks whether this kind is available: a server has a port, and the program was built with
    /// Redis.
    ///
    /// # Errors
    /// A sentence for the user, without a server's password.
    pub fn check(&self) -> std::result::Result<(), String> {
        let Kind::Redis(url) = self else { return Ok(()) };
        let place = url[REDIS.len()..].trim_end_matches('/');
        match place.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()) {
            None => Err(format!("{self}: not a server; write it like {REDIS}127.0.0.1:6379")),
            _ if !cfg!(feature = "redis") => Err(format!("{self}: {NO_REDIS}")),
            Some(_) => Ok(()),
        }
    }
}

/// A word of a command line, with the password of a server's address removed.
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
        // Checked by `check`, since the command line parser would repeat a password in its error
        // message.
        if text.starts_with(REDIS) {
            return Ok(Kind::Redis(text.to_owned()));
        }
        Kind::ALL.into_iter().find(|kind| kind.to_string() == text).ok_or_else(|| {
            let names: Vec<String> = Kind::ALL.iter().map(Kind::to_string).collect();
            format!("not a flag; it is one of {} or {REDIS}HOST:PORT", names.join(", "))
        })
    }
}

/// Keeps the flag. All ranks have the same backend.
trait Backend {
    /// Announces `value` as the new smallest.
    fn lower(&mut self, value: u64) -> Result<()>;

    /// Looks, and returns the smallest value that this rank can know of; it knows `known` itself.
    fn look(&mut self, known: u64) -> Result<u64>;

    /// Serves the other ranks without looking; this rank knows `known` itself.
    fn make_progress(&mut self, _known: u64) -> Result<()> {
        Ok(())
    }

    /// Frees it once no rank computes. Every rank must call it.
    fn close(self: Box<Self>, cluster: &Cluster) -> Result<()>;
}

/// One rank's handle of a flag.
pub struct Flag<'c> {
    cluster: &'c Cluster,
    /// `None`: values of other ranks stay unknown.
    backend: Option<Box<dyn Backend + 'c>>,
    /// Whether this rank's own values count; not if every divisor must be tested.
    heeds: bool,
    known: u64,
    looks: u64,
    time: Duration,
}

/// What a rank's flag cost it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlagCost {
    /// The number of looks.
    pub looks: u64,
    /// Seconds spent looking at the flag and lowering it.
    pub seconds: f64,
}

impl Cluster {
    /// Sets up a flag. Every rank must call it, with the same kind.
    ///
    /// # Errors
    /// [`Error::Reported`](crate::error::Error::Reported) when the backend is not available.
    pub fn flag(&self, kind: &Kind) -> Result<Flag<'_>> {
        let backend = self.agree(self.backend(kind))?;
        Ok(Flag { cluster: self, backend, heeds: *kind != Kind::None, known: NOTHING, looks: 0, time: Duration::ZERO })
    }

    fn backend(&self, kind: &Kind) -> Result<Option<Box<dyn Backend + '_>>> {
        if let Kind::Redis(url) = kind {
            #[cfg(feature = "redis")]
            return Ok(Some(Box::new(redis::Redis::open(self, url)?)));
            #[cfg(not(feature = "redis"))]
            return Err(crate::error::Error::Usage(format!("{}: {NO_REDIS}", without_password(url))));
        }
        if self.size() == 1 {
            // There is no other rank to tell.
            return Ok(None);
        }
        Ok(match kind {
            Kind::None | Kind::Redis(_) => None,
            Kind::Server => Some(Box::new(server::Server::open(self)?)),
            Kind::Message => Some(Box::new(message::Message::open(self, (0..self.size()).collect())?)),
            Kind::Allreduce => Some(match self {
                #[cfg(feature = "mpi")]
                Cluster::Mpi(mpi) => Box::new(allreduce::Allreduce::open(mpi)?),
                Cluster::Local(local) => Box::new(thread_allreduce::ThreadAllreduce::open(local)?),
            }),
            Kind::Rma | Kind::Shared => Some(match self {
                #[cfg(feature = "mpi")]
                Cluster::Mpi(mpi) if *kind == Kind::Rma => Box::new(rma::Rma::open(mpi)?),
                #[cfg(feature = "mpi")]
                Cluster::Mpi(mpi) => Box::new(node_word::NodeWord::open(self, mpi)?),
                Cluster::Local(local) => Box::new(thread_word::ThreadWord::open(local)?),
            }),
        })
    }
}

impl Flag<'_> {
    /// The smallest value that this rank knows of; [`NOTHING`] at first.
    pub fn known(&self) -> u64 {
        self.known
    }

    /// Announces that this rank has found `value`.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn lower(&mut self, value: u64) -> Result<()> {
        if !self.heeds || value >= self.known {
            return Ok(());
        }
        self.known = value;
        let begun = Instant::now();
        if let Some(backend) = &mut self.backend {
            backend.lower(value)?;
        }
        self.time += begun.elapsed();
        Ok(())
    }

    /// Looks for values of other ranks.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn look(&mut self) -> Result<()> {
        let Some(backend) = &mut self.backend else { return Ok(()) };
        let begun = Instant::now();
        self.known = self.known.min(backend.look(self.known)?);
        self.looks += 1;
        self.time += begun.elapsed();
        Ok(())
    }

    /// A rank that looks seldom or waits must call this often.
    ///
    /// # Errors
    /// As [`Flag::look`].
    pub fn make_progress(&mut self) -> Result<()> {
        self.backend.as_mut().map_or(Ok(()), |backend| backend.make_progress(self.known))
    }

    /// Frees the flag, once no rank computes. Every rank must call it.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn close(self) -> Result<FlagCost> {
        let cluster = self.cluster;
        cluster.agree(self.backend.map_or(Ok(()), |backend| backend.close(cluster)))?;
        Ok(FlagCost { looks: self.looks, seconds: self.time.as_secs_f64() })
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
                // Rank 0 answers while the others look; without a flag a rank learns nothing.
                while kind != Kind::None && (flag.known() != 50 || looks < 10) {
                    flag.look().and_then(|()| flag.make_progress()).expect("nothing can fail");
                    looks += 1;
                }
                let known = flag.known();
                // Ranks that are done keep taking part until all are.
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
