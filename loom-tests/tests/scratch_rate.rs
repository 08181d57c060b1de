use selvedge::*;
use selvedge_loom_tests::*;
fn only() -> String {
    std::env::var("ONLY").unwrap_or_default()
}
#[test]
fn scenarios_() {
    for s in scenarios::all() {
        if s.pattern != "rate_limit" || !s.name.contains(&only()) {
            continue;
        }
        let lim = Limits { time: std::time::Duration::from_secs(20), ..Limits::default() };
        let r = s.check().limits(lim).explore(s.at(s.operation));
        println!("S {} {r}", s.operation);
        let r = s.check().limits(lim).grain(Grain::Poll).explore(s.at(s.poll));
        println!("S {} {r}", s.poll);
    }
}
