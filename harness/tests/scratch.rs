use selvedge::*;
use selvedge_rt as rt;
fn pool(
    workers: usize,
    jobs: u64,
    buf: usize,
    cancel: bool,
    own: bool,
) -> impl Future<Output = ()> + Send {
    async move {
        let (jtx, jrx) = rt::async_channel::bounded::<u64>(buf);
        let (rtx, rrx) = rt::async_channel::bounded::<u64>(buf);
        let c = rt::sync::CancellationToken::new();
        let did = Record::new("did");
        let got = Record::new("got");
        let mut set = rt::task::JoinSet::new();
        for _ in 0..workers {
            let (jrx, rtx, c, did) = (jrx.clone(), rtx.clone(), c.clone(), did.clone());
            set.spawn(async move {
                loop {
                    let j = rt::select!{ biased; _ = c.cancelled() => return, j = jrx.recv() => match j { Ok(j) => j, Err(_) => return } };
                    did.note(j);
                    rt::select!{ biased; _ = c.cancelled() => return, r = rtx.send(j*j) => if r.is_err() { return } };
                }
            });
        }
        drop(rtx);
        drop(jrx);
        let c2 = c.clone();
        let producer = async move {
            for j in 0..jobs {
                let ok = rt::select! { biased; _ = c2.cancelled() => false, r = jtx.send(j) => r.is_ok() };
                if !ok {
                    break;
                }
            }
            drop(jtx)
        };
        let mut hs = vec![];
        if own {
            hs.push(rt::spawn(producer));
            if cancel {
                let c = c.clone();
                hs.push(rt::spawn(async move { c.cancel() }));
            }
        } else {
            producer.await;
            if cancel {
                c.cancel()
            }
        }
        while let Ok(v) = rrx.recv().await {
            got.note(v)
        }
        while set.join_next().await.is_some() {}
        for h in hs {
            h.await.unwrap()
        }
        assert!(cancel || got.sorted().len() as u64 == jobs);
    }
}
#[test]
fn table() {
    for (w, j, b, c, o) in [
        (1, 1, 1, true, false),
        (2, 2, 2, true, false),
        (2, 2, 2, true, true),
        (2, 3, 2, true, true),
        (3, 3, 2, true, true),
    ] {
        for g in [Grain::Operation] {
            let r = Check::new("t")
                .grain(g)
                .identify::<u64>()
                .equal_tasks()
                .waive(Law::LostItem, "x")
                .explore(move || pool(w, j, b, c, o));
            println!("{w} {j} {b} {c} {o}: {r}");
        }
    }
}
