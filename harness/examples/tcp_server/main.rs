//! What `GUIDE.md` shows: the first test of a job server, and the same test after the mend.

pub mod first;
pub mod mended;

fn main() {
    println!("{}", first::scenario::report());
    println!("{}", mended::scenario::report());
}
