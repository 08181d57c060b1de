//! The job server of `GUIDE.md`, as it came from tokio: only the lines that its step 2 names were changed.

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use rt::async_channel::{self, Receiver, Sender};
use rt::sync::{CancellationToken, Mutex, oneshot};
use rt::task::JoinSet;
use rt::time::{Duration, Interval, interval};
use selvedge_rt as rt;
use std::sync::Arc;

/// A line on its way to a worker, and the way back.
type Job = (String, oneshot::Sender<String>);

/// Serves the clients of `listener` until `stop` is cancelled; then lets them finish.
pub async fn serve<R, W>(listener: impl Stream<Item = (R, W)>, stop: CancellationToken)
where
    R: Stream<Item = String> + Send + 'static,
    W: Sink<String> + Send + 'static,
{
    let (queue, jobs) = async_channel::bounded(1);
    let pace = Arc::new(Mutex::new(interval(Duration::from_millis(1))));
    let mut workers = JoinSet::new();
    for _ in 0..2 {
        workers.spawn(work(jobs.clone(), pace.clone()));
    }
    drop(jobs);
    let mut connections = JoinSet::new();
    rt::pin!(listener);
    loop {
        rt::select! {
            () = stop.cancelled() => break,
            Some((lines, replies)) = listener.next() => {
                let (queue, stop) = (queue.clone(), stop.clone());
                connections.spawn(async move {
                    stop.run_until_cancelled(converse(lines, replies, queue)).await;
                });
            }
        }
    }
    drop(queue);
    while connections.join_next().await.is_some() {}
    while workers.join_next().await.is_some() {}
}

async fn converse(
    lines: impl Stream<Item = String>,
    replies: impl Sink<String>,
    queue: Sender<Job>,
) {
    rt::pin!(lines, replies);
    while let Some(line) = lines.next().await {
        let (reply, answer) = oneshot::channel();
        queue.send((line, reply)).await.expect("the workers live longer");
        let answer = answer.await.expect("each job is answered");
        if replies.send(answer).await.is_err() {
            break;
        }
    }
}

async fn work(jobs: Receiver<Job>, pace: Arc<Mutex<Interval>>) {
    while let Ok((line, reply)) = jobs.recv().await {
        pace.lock().await.tick().await;
        let _ = reply.send(line.to_uppercase());
    }
}

// The same test for both servers, so that their reports can be compared.
#[allow(clippy::duplicate_mod)]
#[path = "scenario.rs"]
pub mod scenario;
