//! The test of `GUIDE.md`, for the server that this is a module of.

use super::serve;
use futures_util::{StreamExt, sink, stream};
use selvedge::{Check, Record, Report};
use selvedge_rt as rt;

/// What the test in the guide does, as data.
pub fn report() -> Report {
    Check::new("each_line_that_was_taken_is_answered").explore(each_line_that_was_taken_is_answered)
}

async fn each_line_that_was_taken_is_answered() {
    let (taken, answered) = (Record::new("taken"), Record::new("answered"));
    let (takes, answers) = (taken.clone(), answered.clone());
    let lines = stream::iter(["A", "B"]).map(str::to_owned);
    let lines = lines.inspect(move |line| takes.note(line.clone()));
    let replies = sink::unfold((), move |(), line: String| {
        answers.note(line);
        std::future::ready(Ok::<_, ()>(()))
    });
    // The client stays connected and the listener open.
    let client = (lines.chain(stream::pending()), replies);
    let listener = stream::iter([client]).chain(stream::pending());
    let stop = rt::sync::CancellationToken::new();
    let stops = stop.clone();
    let stopper = rt::spawn(async move { stops.cancel() });

    serve(listener, stop).await;

    stopper.await.unwrap();
    assert_eq!(answered.sorted(), taken.sorted());
}
