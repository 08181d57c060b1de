//! What receivers as streams announce: what the receivers do.

use super::record;
use crate::poll_once;
use crate::streams::next;
use selvedge_rt::sync::{broadcast, mpsc, watch};
use selvedge_rt::tokio_stream::wrappers::{BroadcastStream, ReceiverStream, WatchStream};
use std::pin::pin;

#[test]
fn streams_announce_the_operations_of_what_is_inside() {
    let (rec, _entered) = record();
    let (tx, rx) = mpsc::channel::<u32>(1);
    let mut items = ReceiverStream::new(rx);
    let _ = poll_once(pin!(next(&mut items)));
    tx.try_send(1).unwrap();
    let _ = poll_once(pin!(next(&mut items)));
    items.close();
    drop(items);
    rec.expect(&["Recv pending", "TrySend(1)", "Recv", "CloseRecv", "DropReceiver"]);

    let (tx, rx) = broadcast::channel::<u32>(1);
    let mut items = BroadcastStream::new(rx);
    let _ = poll_once(pin!(next(&mut items)));
    tx.send(1).unwrap();
    let _ = poll_once(pin!(next(&mut items)));
    drop(items);
    let expected = ["1:Recv pending", "1:TrySend(1) = 1", "1:Recv", "1:DropReceiver"];
    rec.expect(&expected);

    let (tx, rx) = watch::channel::<u32>(1);
    let mut values = WatchStream::new(rx);
    let _ = poll_once(pin!(next(&mut values)));
    let _ = poll_once(pin!(next(&mut values)));
    tx.send(2).unwrap();
    let _ = poll_once(pin!(next(&mut values)));
    rec.expect(&["2:Borrow", "2:Changed pending", "2:TrySend(2)", "2:Changed", "2:Borrow"]);
}
