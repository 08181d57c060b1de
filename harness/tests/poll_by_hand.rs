//! A future that polls several things in one poll, by hand and in turn: where its next poll begins is
//! state too, though it has observed nothing more.

use selvedge::{Check, Record, Reductions, Report};
use selvedge_rt as rt;
use selvedge_rt::sync::mpsc::{Receiver, channel};
use std::future::poll_fn;
use std::task::Poll;

/// The next item of either; `None` when both have ended. Who was served last is asked last.
async fn next(from: &mut [Receiver<u64>; 2], turn: &mut usize) -> Option<u64> {
    poll_fn(|cx| {
        let mut waits = false;
        for step in 0..2 {
            let place = (*turn + step) % 2;
            match from[place].poll_recv(cx) {
                Poll::Ready(Some(item)) => {
                    *turn = place + 1;
                    return Poll::Ready(Some(item));
                }
                Poll::Ready(None) => {}
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(None) }
    })
    .await
}

/// Two senders with one item each, and one who takes from both in turn.
async fn merge() {
    let order = Record::new("order");
    let ((a, from_a), (b, from_b)) = (channel(1), channel(1));
    let senders = [(1, a), (2, b)].map(|(item, to)| {
        rt::spawn(async move { to.send(item).await.expect("the receiver stays") })
    });
    let (mut from, mut turn, mut got) = ([from_a, from_b], 0, 0);
    while let Some(item) = next(&mut from, &mut turn).await {
        got = got * 10 + item;
    }
    order.note(got);
    for sender in senders {
        sender.await.expect("no sender panics");
    }
}

#[test]
fn what_is_reduced_changes_no_outcome_of_a_poll_by_hand() {
    let with = |reductions| Check::new("merge").reductions(reductions).explore(merge);
    let plain: Report = with(Reductions::NONE);
    plain.assert_proved();
    assert_eq!(plain.outcomes.len(), 2, "either comes first");
    for (sleep_sets, settled) in [(true, true), (true, false), (false, true), (false, false)] {
        let reduced = with(Reductions { sleep_sets, settled, ..Reductions::default() });
        reduced.assert_proved();
        assert_eq!(reduced.outcomes, plain.outcomes, "sleep {sleep_sets}, settled {settled}");
    }
}
