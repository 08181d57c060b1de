use selvedge::*;
use selvedge_loom_tests::*;
#[test]
fn scenarios_() {
    for s in scenarios::all() {
        let r = s.check().explore(s.at(s.operation)); println!("S {} {r}", s.operation);
        let r = s.check().grain(Grain::Poll).explore(s.at(s.poll)); println!("S {} {r}", s.poll);
    }
}
#[test]
fn gallery_() {
    for v in gallery::VARIANTS { let r = v.check().explore(v.at(v.shape)); println!("G want {} {r}", v.law); }
    for v in gallery::near_miss::NEAR_MISSES { let r = (v.check)(Check::new(v.name)).explore(v.root); println!("N {r}"); }
}
