//! The flag as a key of a Redis server: outside of the job altogether, where other programs could
//! see it too.
//!
//! Every rank has a connection of its own. A look is a round trip to the server, whoever else
//! computes; the minimum is taken by a script, which Redis runs as one step. Values have twenty
//! digits, so that the order of texts is that of numbers (Redis's own numbers in scripts are f64).
//! The key has a name of its own for each job, and goes with it; after a crash, in a day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::{Client, Cmd, Connection, RedisError, cmd};

use super::{Way, without_password};
use crate::Cluster;
use crate::error::{Error, Result};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lowers key 1 to argument 1, as one step; the key goes after a day.
const LOWER: &str = "local v = redis.call('GET', KEYS[1]) \
    if not v or ARGV[1] < v then redis.call('SET', KEYS[1], ARGV[1], 'EX', 86400) end";

pub(super) struct Redis {
    url: String,
    key: String,
    connection: Connection,
}

impl Redis {
    /// Connects. Every rank must call it.
    pub(super) fn open(cluster: &Cluster, url: &str) -> Result<Redis> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let name = || format!("montesieve:flag:{}:{since}", std::process::id());
        let key = cluster.broadcast(cluster.at_root(name))?;
        let connect = || {
            let connection = Client::open(url)?.get_connection_with_timeout(PATIENCE)?;
            connection.set_read_timeout(Some(PATIENCE))?;
            connection.set_write_timeout(Some(PATIENCE))?;
            Ok(connection)
        };
        let connection = connect().map_err(|error| failed(url, &error))?;
        Ok(Redis { url: url.to_owned(), key, connection })
    }

    fn ask<T: redis::FromRedisValue>(&mut self, command: &Cmd) -> Result<T> {
        command.query(&mut self.connection).map_err(|error| failed(&self.url, &error))
    }
}

fn failed(url: &str, error: &RedisError) -> Error {
    Error::Run(format!("--flag {}: {error}", without_password(url)))
}

impl Way for Redis {
    fn lower(&mut self, value: u64) -> Result<()> {
        let mut command = cmd("EVAL");
        command.arg(LOWER).arg(1).arg(&self.key).arg(format!("{value:020}"));
        self.ask(&command)
    }

    fn look(&mut self, known: u64) -> Result<u64> {
        let mut command = cmd("GET");
        command.arg(&self.key);
        let found: Option<String> = self.ask(&command)?;
        let parsed = found.map(|digits| digits.parse::<u64>()).transpose();
        let value = parsed.map_err(|_| {
            Error::Run(format!("--flag {}: {} is not ours any more", without_password(&self.url), self.key))
        })?;
        Ok(value.unwrap_or(known))
    }

    fn close(mut self: Box<Self>, cluster: &Cluster) -> Result<()> {
        // Nobody looks any more.
        cluster.barrier()?;
        let mut command = cmd("DEL");
        command.arg(&self.key);
        cluster.at_root(|| self.ask::<u64>(&command)).map_or(Ok(()), |deleted| deleted.map(drop))
    }
}
