//! What every transport must do, as a test for authors of transports.
//!
//! Every rank calls [`check`], which exchanges messages with all others. It panics with a sentence
//! when the transport does not keep the promises of [`transport`](crate::transport). Threads and
//! simulated ranks pass it. A program runs it over its own transport, on 1, 2, 3, 5 and 8 ranks:
//! trees fail at odd numbers and beside powers of two.
//!
//! It sends some hundred messages for each pair of ranks, the longest of a megabyte. It leaves no
//! message behind and can be called again.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::transport::{Channel, Incoming, Lost, ROOT, Transport};

/// Messages of a pair in the test of their order.
const ROW: u64 = 20;
/// Bytes of a long message: more than any MPI sends without asking the receiver.
const LONG: usize = 1 << 20;
/// Collectives in a row.
const COLLECTIVES: u64 = 30;

/// Tests the transport against its contract. Every rank must call it.
///
/// # Errors
/// [`Lost`], which must not happen here.
///
/// # Panics
/// When the transport breaks its contract.
pub fn check(transport: &dyn Transport) -> Result<(), Lost> {
    numbers(transport)?;
    order(transport)?;
    channels(transport)?;
    any_sender(transport)?;
    long_messages(transport)?;
    flush_of_a_channel(transport)?;
    each_collective(transport)?;
    rows_of_collectives(transport)?;
    clock(transport)?;
    transport.flush(None)?;
    assert!(transport.all_sent(None)?, "after a flush all is sent");
    transport.confirm_all_alive()?;
    transport.barrier()?;
    transport.flush(None)
}

/// Waits for the next message of a channel from any rank.
fn next(transport: &dyn Transport, channel: Channel) -> Result<Incoming, Lost> {
    let mut backoff = Backoff::new();
    loop {
        if let Some(message) = transport.poll(channel, None)? {
            return Ok(message);
        }
        transport.pause(&mut backoff, None)?;
    }
}

/// A message with its sender and number.
fn numbered(from: u64, number: u64) -> Vec<u8> {
    [from.to_le_bytes(), number.to_le_bytes()].concat()
}

/// Ranks are numbered from 0, each once; no message has arrived yet.
fn numbers(transport: &dyn Transport) -> Result<(), Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    assert!(rank < size, "rank {rank} of {size}");
    let all = transport.gather(rank.to_le_bytes().to_vec())?;
    if let Some(all) = all {
        let expected: Vec<Vec<u8>> = (0..size).map(|rank| rank.to_le_bytes().to_vec()).collect();
        assert_eq!(all, expected, "every rank once, in order");
    }
    transport.computed(0)?;
    Ok(())
}

/// Messages of a pair arrive in order, also those to the rank itself and empty ones.
fn order(transport: &dyn Transport) -> Result<(), Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    for number in 0..ROW {
        for to in 0..size {
            let bytes = if number == 3 { Vec::new() } else { numbered(rank, number) };
            transport.send(to, Channel::Round, bytes)?;
        }
    }
    for from in (0..size).rev() {
        for number in 0..ROW {
            let expected = if number == 3 { Vec::new() } else { numbered(from, number) };
            let received = transport.receive(Channel::Round, from)?;
            assert_eq!(received, expected, "message {number} from rank {from} to rank {rank}");
        }
        assert_eq!(transport.poll(Channel::Round, Some(from))?, None, "nothing more from rank {from}");
    }
    // No rank sends the next messages before all have looked.
    transport.barrier()
}

/// Polling one channel never returns a message of another, whatever arrived first.
fn channels(transport: &dyn Transport) -> Result<(), Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    let (next, before) = ((rank + 1) % size, (rank + size - 1) % size);
    for (number, channel) in (0..).zip([Channel::Round, Channel::Collective, Channel::Round, Channel::Collective]) {
        transport.send(next, channel, numbered(rank, number))?;
    }
    for (number, channel) in
        [(1, Channel::Collective), (3, Channel::Collective), (0, Channel::Round), (2, Channel::Round)]
    {
        let received = transport.receive(channel, before)?;
        assert_eq!(received, numbered(before, number), "{channel:?} to rank {rank}");
    }
    transport.barrier()
}

/// Polling any sender finds every message once, each sender's in order, and names the sender.
fn any_sender(transport: &dyn Transport) -> Result<(), Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    for number in 0..ROW {
        (0..size).try_for_each(|to| transport.send(to, Channel::Round, numbered(rank, number)))?;
    }
    let mut due = vec![0; size as usize];
    for _ in 0..ROW * size {
        let Incoming { from, bytes } = next(transport, Channel::Round)?;
        assert_eq!(bytes, numbered(from, due[from as usize]), "from rank {from} to rank {rank}");
        due[from as usize] += 1;
    }
    assert_eq!(due, vec![ROW; size as usize], "every message once");
    assert_eq!(transport.poll(Channel::Round, None)?, None, "nothing more");
    transport.barrier()
}

/// Long messages arrive whole, and short ones after them do not overtake. All ranks send before any
/// receives: a send never waits for its receiver.
fn long_messages(transport: &dyn Transport) -> Result<(), Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    let bytes = |from: u64| -> Vec<u8> { (0..LONG as u64).map(|place| (place * 31 + from) as u8).collect() };
    let (to, from) = ((rank + 1) % size, (rank + size - 1) % size);
    transport.send(to, Channel::Round, bytes(rank))?;
    transport.send(to, Channel::Round, numbered(rank, 1))?;
    assert!(transport.receive(Channel::Round, from)? == bytes(from), "a long message from rank {from}");
    assert_eq!(transport.receive(Channel::Round, from)?, numbered(from, 1));
    transport.flush(None)?;
    let long = transport.broadcast((rank == ROOT).then(|| bytes(7)))?;
    assert!(long == bytes(7), "a long broadcast to rank {rank}");
    if let Some(all) = transport.gather(bytes(rank))? {
        assert!((0..size).zip(&all).all(|(from, found)| *found == bytes(from)), "long messages, gathered");
    }
    Ok(())
}

/// Flushing one channel does not wait for another, whose long message may leave only when it is
/// received.
fn flush_of_a_channel(transport: &dyn Transport) -> Result<(), Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    let (to, from) = ((rank + 1) % size, (rank + size - 1) % size);
    transport.send(to, Channel::Job, vec![1; LONG])?;
    transport.send(to, Channel::Round, numbered(rank, 2))?;
    assert_eq!(transport.receive(Channel::Round, from)?, numbered(from, 2));
    transport.flush(Some(Channel::Round))?;
    // Only now are the long messages received.
    transport.barrier()?;
    assert_eq!(transport.receive(Channel::Job, from)?, vec![1; LONG]);
    transport.flush(Some(Channel::Job))
}

/// Each collective: what every rank gets.
fn each_collective(transport: &dyn Transport) -> Result<(), Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    transport.barrier()?;
    assert_eq!(transport.broadcast((rank == ROOT).then(|| vec![1, 2, 3]))?, [1, 2, 3]);
    assert_eq!(transport.broadcast((rank == ROOT).then(Vec::new))?, [], "an empty broadcast");
    let pairs: Vec<[u64; 2]> = (0..size).map(|rank| [rank, u64::MAX - rank]).collect();
    assert_eq!(transport.scatter((rank == ROOT).then_some(&pairs))?, [rank, u64::MAX - rank]);
    // Ranks without data, and different lengths.
    let gathered = transport.gather(vec![rank as u8; (rank % 3) as usize])?;
    let expected: Vec<Vec<u8>> = (0..size).map(|rank| vec![rank as u8; (rank % 3) as usize]).collect();
    assert_eq!(gathered, (rank == ROOT).then_some(expected));
    let sum = (0..size).fold(0_u64, |sum, rank| sum.wrapping_add(u64::MAX - rank));
    assert_eq!(transport.sum(u64::MAX - rank)?, (rank == ROOT).then_some(sum), "a sum wraps");
    for largest in 0..size {
        assert_eq!(transport.max(if rank == largest { u64::MAX } else { rank })?, u64::MAX);
    }
    assert_eq!(transport.max(rank)?, size - 1);
    Ok(())
}

/// Many collectives in a row, where one rank after another is late: no two mix.
fn rows_of_collectives(transport: &dyn Transport) -> Result<(), Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    for number in 0..COLLECTIVES {
        if number % size == rank {
            late(transport)?;
        }
        let root = rank == ROOT;
        match number % 5 {
            0 => {
                let expected = number.to_le_bytes().to_vec();
                assert_eq!(transport.broadcast(root.then(|| expected.clone()))?, expected, "call {number}");
            }
            1 => {
                let all = transport.gather(numbered(rank, number))?;
                let expected = root.then(|| (0..size).map(|rank| numbered(rank, number)).collect());
                assert_eq!(all, expected, "call {number}");
            }
            2 => {
                let pairs: Vec<[u64; 2]> = (0..size).map(|rank| [number, rank]).collect();
                assert_eq!(transport.scatter(root.then_some(&pairs))?, [number, rank], "call {number}");
            }
            3 => assert_eq!(transport.sum(number)?, root.then_some(number * size), "call {number}"),
            _ => assert_eq!(transport.max(number)?, number, "call {number}"),
        }
    }
    Ok(())
}

/// This rank is two milliseconds late.
fn late(transport: &dyn Transport) -> Result<(), Lost> {
    let until = transport.now() + Duration::from_millis(2);
    let mut backoff = Backoff::new();
    while transport.now() < until {
        transport.pause(&mut backoff, Some(until))?;
    }
    Ok(())
}

/// Time does not run backwards.
fn clock(transport: &dyn Transport) -> Result<(), Lost> {
    let mut before = transport.now();
    for _ in 0..100 {
        transport.computed(1)?;
        let now = transport.now();
        assert!(now >= before, "the clock runs backwards");
        before = now;
    }
    Ok(())
}
