//! What is no scenario.

#[selvedge::test]
fn not_async() {}

#[selvedge::test]
async fn generic<T>() {}

#[selvedge::test]
#[test]
async fn test_twice() {}

#[selvedge::test(pair = (1, 2))]
async fn argument_without_a_name((_a, _b): (u8, u8)) {}

struct S;

impl S {
    #[selvedge::test]
    async fn method(&self) {}
}

fn main() {}
