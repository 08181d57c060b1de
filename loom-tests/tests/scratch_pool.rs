use selvedge::*;
use selvedge_rt as rt;
use selvedge_patterns::worker_pool::*;
use std::num::NonZeroUsize;
async fn pool(workers: usize, jobs: u64, buf: usize, cancel: bool, own: bool) {
    let n = |n| NonZeroUsize::new(n).unwrap();
    let token = rt::sync::CancellationToken::new();
    let ran = Record::new("ran"); let got = Record::new("got");
    let r2 = ran.clone();
    let (mut pool, mut results) = WorkerPool::new(move |j: u64| { r2.note(j); async move { j * j } }).workers(n(workers)).queue(n(buf)).results(n(buf)).start(&token);
    let producer = async move { for j in 0..jobs { if pool.submit(j).await.is_err() { break } } };
    let mut hs = vec![];
    if own { hs.push(rt::spawn(producer)); if cancel { let c = token.clone(); hs.push(rt::spawn(async move { c.cancel() })); } }
    else { producer.await; if cancel { token.cancel() } }
    while let Some(d) = results.next().await { got.note(d.outcome.returned()) }
    let report = results.close().await;
    for h in hs { h.await.unwrap() }
    assert!(report.is_conserved());
    assert!(cancel || got.sorted().len() as u64 == jobs);
    shutdown_complete();
}
#[test]
fn table() {
    let a: Vec<usize> = std::env::var("SHAPE").unwrap_or("2,2,2,1,0".into()).split(',').map(|x| x.parse().unwrap()).collect();
    let g = if std::env::var("POLL").is_ok() { Grain::Poll } else { Grain::Operation };
    let (w,j,b,c,o) = (a[0],a[1] as u64,a[2],a[3]==1,a[4]==1);
        let mut ch = Check::new("t").grain(g).equal_tasks();
        if std::env::var("NOID").is_err() { ch = ch.identify::<(JobId, u64)>().identify::<Done<u64>>(); }
        let r = ch.explore(move || pool(w,j,b,c,o));
        println!("{w} {j} {b} {c} {o}: {r} {:?}", r.coverage);
}
