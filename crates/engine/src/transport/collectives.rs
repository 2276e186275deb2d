//! Default forms of the collectives, over [`send`](super::Transport::send) and
//! [`receive`](super::Transport::receive).
//!
//! Stands beside the trait, whose methods document what each collective does. A transport with
//! other collectives (MPI) never calls this file.
//!
//! Broadcast and reduction run along a binomial tree: ceil(log2 ranks) steps, and no rank sends or
//! receives more messages than that. Scatter and gather go straight between the root and each rank:
//! the root handles every byte in any case, and a tree would copy each byte up to log2(ranks)
//! times. The price is `ranks - 1` messages at the root, which a run pays a few times, not per
//! block.
//!
//! # Two collectives in a row cannot mix up their messages
//!
//! All ranks call the same collectives in the same order. Every receive below names its sender. For
//! each ordered pair (a, b), one collective sends exactly as many messages from a to b as it
//! receives: the size and the root decide the number, never the data or the timing. Consider the
//! k-th message that a sends to b on [`Channel::Collective`], and the k-th that b receives from a.
//! By induction over the calls, they belong to the same call and the same step. The transport
//! delivers them in order, so b receives the right one, even when a is several collectives ahead.
//! This needs two conditions: nothing else uses the channel, and nothing here polls it for *any*
//! sender.
//!
//! A collective returns when this rank's part is done; its messages may not have left yet. A rank
//! flushes before it ends, as after any other send.

use super::{Channel, Lost, ROOT, Transport};

/// See [`Transport::broadcast`]. The rank `r` receives from `r` without its lowest set bit. Then it
/// passes the bytes on to `r + d` for each power of two `d` below that bit. The farthest is first,
/// so the deepest subtree starts earliest.
pub(super) fn broadcast<T: Transport + ?Sized>(transport: &T, bytes: Option<Vec<u8>>) -> Result<Vec<u8>, Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    let (bytes, lowest) = if rank == ROOT {
        (bytes.expect("the root has bytes to broadcast"), size.next_power_of_two())
    } else {
        let lowest = rank & rank.wrapping_neg();
        (transport.receive(Channel::Collective, rank - lowest)?, lowest)
    };
    let mut distance = lowest / 2;
    while distance > 0 {
        if rank + distance < size {
            transport.send(rank + distance, Channel::Collective, bytes.clone())?;
        }
        distance /= 2;
    }
    Ok(bytes)
}

/// See [`Transport::scatter`]. One message of 16 bytes for each rank.
pub(super) fn scatter<T: Transport + ?Sized>(transport: &T, pairs: Option<&[[u64; 2]]>) -> Result<[u64; 2], Lost> {
    if transport.rank() != ROOT {
        let bytes = transport.receive(Channel::Collective, ROOT)?;
        return Ok([number(&bytes[..8]), number(&bytes[8..])]);
    }
    let pairs = pairs.expect("the root has pairs to scatter");
    assert_eq!(pairs.len() as u64, transport.size(), "one pair for each rank");
    for (to, [first, second]) in (1..).zip(&pairs[1..]) {
        let bytes = [first.to_le_bytes(), second.to_le_bytes()].concat();
        transport.send(to, Channel::Collective, bytes)?;
    }
    Ok(pairs[0])
}

/// See [`Transport::gather`]. The root receives in rank order, whatever the order of arrival.
pub(super) fn gather<T: Transport + ?Sized>(transport: &T, bytes: Vec<u8>) -> Result<Option<Vec<Vec<u8>>>, Lost> {
    if transport.rank() != ROOT {
        transport.send(ROOT, Channel::Collective, bytes)?;
        return Ok(None);
    }
    let mut all = vec![bytes];
    for from in 1..transport.size() {
        all.push(transport.receive(Channel::Collective, from)?);
    }
    Ok(Some(all))
}

/// Combines every rank's number at the root, which gets `Some`. `combine` takes the lower ranks'
/// part first and must be associative.
pub(super) fn reduce<T: Transport + ?Sized>(
    transport: &T,
    mine: u64,
    combine: impl Fn(u64, u64) -> u64,
) -> Result<Option<u64>, Lost> {
    let (rank, size) = (transport.rank(), transport.size());
    let mut total = mine;
    let mut distance = 1;
    while distance < size {
        if rank & distance != 0 {
            transport.send(rank - distance, Channel::Collective, total.to_le_bytes().to_vec())?;
            return Ok(None);
        }
        if rank + distance < size {
            total = combine(total, number(&transport.receive(Channel::Collective, rank + distance)?));
        }
        distance *= 2;
    }
    Ok(Some(total))
}

/// The number that eight little-endian bytes encode.
///
/// When there are not eight bytes: the ranks did not call the same collectives in the same order.
/// When there are not eight: the ranks did not call the same collectives in the same order.
pub(super) fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("every rank calls the same collectives in the same order"))
}
