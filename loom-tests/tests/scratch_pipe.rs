use selvedge::*;
use selvedge_loom_tests::*;
use std::time::{Duration, Instant};
#[test]
fn scen() {
    let f = std::env::var("F").unwrap_or_default();
    let secs: u64 = std::env::var("T").unwrap_or("20".into()).parse().unwrap();
    let lim = Limits { time: Duration::from_secs(secs), ..Limits::default() };
    for s in scenarios::pipeline::SCENARIOS {
        if !s.name.contains(&f) {
            continue;
        }
        for (g, sh) in [(Grain::Operation, s.operation), (Grain::Poll, s.poll)] {
            let t = Instant::now();
            let r = s.check().grain(g).limits(lim).explore(s.at(sh));
            println!("S {sh} {:.1}s {r}", t.elapsed().as_secs_f32());
        }
    }
}
#[cfg(feature = "loom")]
#[test]
fn loom_() {
    let f = std::env::var("F").unwrap_or_default();
    for s in scenarios::pipeline::SCENARIOS {
        if !s.name.contains(&f) {
            continue;
        }
        let Some(sh) = s.loom else { continue };
        for p in [1, 2, 3] {
            let t = Instant::now();
            let r = s
                .check()
                .preemptions(p)
                .limits(Limits { time: Duration::from_secs(20), ..Limits::default() })
                .loom(s.at(sh));
            println!(
                "L {sh} p{p} {:.1}s {}",
                t.elapsed().as_secs_f32(),
                r.to_string().lines().take(4).collect::<Vec<_>>().join(" / ")
            );
        }
    }
}
