//! The flag as a key of a Redis server: outside the job, where other programs can see it too.
//!
//! Every rank has its own connection. A look is a round trip to the server, whatever the other
//! ranks do. A script takes the minimum, and Redis runs it atomically. Values have twenty digits,
//! so that the order of strings is that of numbers (numbers in Redis scripts are f64). Each job has
//! its own key, deleted at its end; after a crash the key expires within a day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::{Client, Cmd, Connection, RedisError, cmd};

use super::{Backend, without_password};
use crate::Cluster;
use crate::error::{Error, Result};

/// How long a server may take to answer.
const SERVER_LIMIT: Duration = Duration::from_secs(5);

/// Atomically lowers key 1 to argument 1; the key expires after a day.
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
            let connection = Client::open(url)?.get_connection_with_timeout(SERVER_LIMIT)?;
            connection.set_read_timeout(Some(SERVER_LIMIT))?;
            connection.set_write_timeout(Some(SERVER_LIMIT))?;
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
    Error::Run(format!("flag {}: {error}", without_password(url)))
}

impl Backend for Redis {
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
            Error::Run(format!("flag {}: another program has changed {}", without_password(&self.url), self.key))
        })?;
        Ok(value.unwrap_or(known))
    }

    fn close(mut self: Box<Self>, cluster: &Cluster) -> Result<()> {
        // No rank looks after this barrier.
        cluster.barrier()?;
        let mut command = cmd("DEL");
        command.arg(&self.key);
        cluster.at_root(|| self.ask::<u64>(&command)).map_or(Ok(()), |deleted| deleted.map(drop))
    }
}
