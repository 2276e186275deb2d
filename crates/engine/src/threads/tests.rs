//! What only threads promise: wake-ups, and how the end of one rank reaches the others.
//!
//! Stands beside the conformance suite, which tests the common contract of all transports.

use std::panic::catch_unwind;
use std::time::Duration;

use super::*;
use crate::conformance;

#[test]
fn threads_conform() {
    for ranks in [1, 2, 3, 5, 8] {
        let ends = run(ranks, |transport| {
            conformance::check(transport)?;
            conformance::check(transport)
        });
        assert_eq!(ends, vec![Ok(()); ranks as usize]);
    }
}

#[test]
fn one_rank_is_the_calling_thread() {
    let caller = std::thread::current().id();
    assert_eq!(run(1, |transport| (transport.size(), std::thread::current().id())), [(1, caller)]);
}

#[test]
fn a_panic_reaches_the_caller_and_ends_the_waits_of_the_others() {
    for panicking in 0..3 {
        let others = Mutex::new(Vec::new());
        let panic = catch_unwind(AssertUnwindSafe(|| {
            run(3, |transport| {
                if transport.rank() == panicking {
                    resume_unwind(Box::new("no more memory"));
                }
                others.lock().unwrap().push(transport.receive(Channel::Round, (transport.rank() + 1) % 3));
            })
        }));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"no more memory"));
        assert_eq!(others.into_inner().unwrap(), [Err(Lost), Err(Lost)]);
    }
}

#[test]
fn after_a_loss_no_method_works() {
    let ends = run(2, |transport| {
        if transport.rank() == ROOT {
            transport.revoke();
        }
        while transport.pause(&mut Backoff::new(), None).is_ok() {}
        [
            transport.send(ROOT, Channel::Round, vec![1]).is_err(),
            transport.poll(Channel::Round, None).is_err(),
            transport.all_sent(None).is_err(),
            transport.receive(Channel::Round, ROOT).is_err(),
            transport.flush(None).is_err(),
            transport.barrier().is_err(),
        ]
    });
    assert_eq!(ends, [[true; 6]; 2]);
}

#[test]
fn messages_of_a_returned_rank_arrive_before_it_counts_as_lost() {
    let ends = run(2, |transport| {
        if transport.rank() != ROOT {
            transport.send(ROOT, Channel::Round, vec![7]).unwrap();
            return vec![];
        }
        vec![
            transport.receive(Channel::Round, 1),
            transport.receive(Channel::Round, 1),
            transport.receive(Channel::Round, 1),
        ]
    });
    assert_eq!(ends[0], [Ok(vec![7]), Err(Lost), Err(Lost)]);
}

#[test]
fn a_message_wakes_a_rank_that_sleeps_for_seconds() {
    let inbox = Inbox::new(1);
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            inbox.register();
            let start = Instant::now();
            let news = inbox.wait(0, Some(Duration::from_secs(60)), None, &AtomicBool::new(false));
            (news, start.elapsed() < Duration::from_secs(30))
        });
        std::thread::sleep(Duration::from_millis(20));
        inbox.put(Channel::Round, Incoming { from: 0, bytes: vec![] });
        assert_eq!(sleeper.join().unwrap(), (1, true));
    });
}

#[test]
fn a_sleep_ends_at_its_time() {
    let inbox = Inbox::new(1);
    inbox.register();
    let start = Instant::now();
    let until = start + Duration::from_millis(5);
    while Instant::now() < until {
        inbox.wait(0, Some(Duration::from_secs(60)), Some(until), &AtomicBool::new(false));
    }
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn any_sender_is_served_in_turn() {
    let inbox = Inbox::new(3);
    for from in [2, 2, 2, 0, 1] {
        inbox.put(Channel::Round, Incoming { from, bytes: vec![] });
    }
    let order: Vec<u64> = std::iter::from_fn(|| inbox.take(Channel::Round, None)).map(|message| message.from).collect();
    assert_eq!(order, [0, 1, 2, 2, 2]);
}

#[test]
#[should_panic(expected = "there is no rank 2 among 2")]
fn sending_beyond_the_last_rank_panics() {
    run(2, |transport| transport.send(2, Channel::Round, vec![]));
}

#[test]
fn this_process_has_a_core() {
    assert!(available() >= 1);
}

/// Prints the latency of a round trip and the throughput between two threads:
/// `cargo test --release -p montesieve-engine -- --ignored --nocapture measures_threads`.
#[test]
#[ignore = "a measurement"]
fn measures_threads() {
    const TRIPS: u32 = 100_000;
    for bytes in [8, 1 << 20] {
        let trips = if bytes > 8 { TRIPS / 100 } else { TRIPS };
        let start = Instant::now();
        run(2, |transport| {
            let other = 1 - transport.rank();
            for trip in 0..trips {
                if (trip % 2 == 0) == (transport.rank() == ROOT) {
                    transport.send(other, Channel::Round, vec![0; bytes]).unwrap();
                } else {
                    transport.receive(Channel::Round, other).unwrap();
                }
            }
        });
        println!("one way, {bytes} bytes: {:?}", start.elapsed() / trips);
    }
    let start = Instant::now();
    run(2, |transport| {
        for _ in 0..TRIPS * 10 {
            if transport.rank() == ROOT {
                transport.send(1, Channel::Round, vec![0; 8]).unwrap();
            } else {
                transport.receive(Channel::Round, ROOT).unwrap();
            }
        }
    });
    println!("a message of a stream: {:?}", start.elapsed() / (TRIPS * 10));
    let transport = Threads::alone();
    let start = Instant::now();
    for _ in 0..TRIPS * 100 {
        std::hint::black_box(transport.poll(Channel::Round, None)).unwrap();
    }
    println!("a poll that finds nothing: {} ps", start.elapsed().as_nanos() * 1000 / u128::from(TRIPS * 100));
}

#[test]
fn a_shared_value_is_the_roots_itself() {
    let values = run(3, |transport| {
        let give = |number: u64| {
            let mine = (transport.rank() == ROOT).then(|| Arc::new(number) as transport::SharedValue);
            let given = transport.share(mine).unwrap().expect("ranks of one process");
            given.downcast::<u64>().expect("a number")
        };
        let given = (give(7), give(8));
        transport.barrier().unwrap();
        assert!(transport.take_lent(0).is_none(), "what all have taken is forgotten");
        given
    });
    for (seven, eight) in &values {
        assert_eq!((**seven, **eight), (7, 8));
        assert!(Arc::ptr_eq(seven, &values[0].0) && Arc::ptr_eq(eight, &values[0].1));
    }
}
