//! Copy safety that the compiler already enforces: code that must not compile, as tests.
//!
//! Each claim is two programs that differ in one thing: the right one compiles, the wrong one does not. So a
//! wrong one never fails for a misspelt path. (As documentation tests, and not with recorded error texts,
//! which change with the compiler. A nightly also compares the code of the error.)

macro_rules! forbidden {
    ($($(#[doc = $claim:literal])+ $name:ident, $code:literal: $uses:literal, right: $right:literal, wrong: $wrong:literal;)+) => {$(
        $(#[doc = $claim])+
        #[doc = concat!("\n```\nuse selvedge_patterns::", $uses, ";\n", $right, "\n```\n")]
        #[doc = concat!("```compile_fail,", $code, "\nuse selvedge_patterns::", $uses, ";\n", $wrong, "\n```")]
        struct $name;
    )+};
}

forbidden! {
    /// A pool has one consumer, who alone knows how many results were delivered.
    ResultsAreUnique, "E0599": "worker_pool::{Pool, Results}",
    right: "fn f(one: Pool<u8>) -> Pool<u8> { one.clone() }",
    wrong: "fn f(one: Results<u8, u8>) -> Results<u8, u8> { one.clone() }";

    /// Nothing comes out of a pool that was closed.
    ResultsEndWithClose, "E0382": "worker_pool::Results",
    right: "async fn f(mut one: Results<u8, u8>) { one.next().await; let _ = one.close().await; }",
    wrong: "async fn f(mut one: Results<u8, u8>) { let _ = one.close().await; one.next().await; }";

    /// Two tasks do not submit through one handle: each has a clone, with numbers of its own.
    SubmitNeedsTheHandleAlone, "E0499": "worker_pool::Pool",
    right: "async fn f(mut one: Pool<u8>) { let mut two = one.clone(); let (a, b) = (one.submit(1), two.submit(2)); let _ = (a.await, b.await); }",
    wrong: "async fn f(mut one: Pool<u8>) { let (a, b) = (one.submit(1), one.submit(2)); let _ = (a.await, b.await); }";

    /// A job that was submitted is the pool's.
    SubmittedJobsAreMoved, "E0382": "worker_pool::Pool",
    right: "async fn f(mut pool: Pool<String>, job: String) { drop(job.clone()); let _ = pool.submit(job).await; }",
    wrong: "async fn f(mut pool: Pool<String>, job: String) { let _ = pool.submit(job).await; drop(job); }";

    /// No pool has no workers.
    WorkersAreNotZero, "E0308": "worker_pool::WorkerPool",
    right: "fn f() { let _ = WorkerPool::new(|n: u8| async move { n }).workers(4.try_into().unwrap()); }",
    wrong: "fn f() { let _ = WorkerPool::new(|n: u8| async move { n }).workers(0); }";

    /// A handler that is shared by workers can be.
    HandlersAreShared, "E0277": "worker_pool::WorkerPool",
    right: "use std::sync::Arc; fn f(t: &selvedge_rt::sync::CancellationToken) { let n = Arc::new(1); let _ = WorkerPool::new(move |m: u8| { let n = n.clone(); async move { m + *n } }).start(t); }",
    wrong: "fn f(t: &selvedge_rt::sync::CancellationToken) { let n = std::rc::Rc::new(1); let _ = WorkerPool::new(move |m: u8| { let n = n.clone(); async move { m + *n } }).start(t); }";

    /// A merge has one consumer.
    MergedIsUnique, "E0599": "fan::Merged",
    right: "fn f(one: Merged<u8>) -> Merged<u8> { one }",
    wrong: "fn f(one: Merged<u8>) -> Merged<u8> { one.clone() }";

    /// A branch gets each of its items once: it has no copy.
    BranchesAreUnique, "E0599": "fan::Branch",
    right: "fn f(one: Branch<u8>) -> Branch<u8> { one }",
    wrong: "fn f(one: Branch<u8>) -> Branch<u8> { one.clone() }";

    /// A fan-out that was closed gives no branches.
    FanOutEndsWithClose, "E0382": "fan::FanOut",
    right: "async fn f(mut one: FanOut<u8>) { one.take_branches(); let _ = one.close().await; }",
    wrong: "async fn f(mut one: FanOut<u8>) { let _ = one.close().await; one.take_branches(); }";

    /// A pipeline that runs gets no further stage.
    PipelinesAreStartedOnce, "E0382": "pipeline::Pipeline",
    right: "fn f(one: Pipeline<u8>, t: &selvedge_rt::sync::CancellationToken) { let _ = one.named(\"last\").start(t); }",
    wrong: "fn f(one: Pipeline<u8>, t: &selvedge_rt::sync::CancellationToken) { let _ = one.start(t); let _ = one.named(\"last\"); }";

    /// Nothing is spawned into a group that was waited for.
    GroupsEndWithWait, "E0382": "err_group::ErrGroup",
    right: "async fn f(mut one: ErrGroup<u8, u8>) { let _ = one.spawn(|_| async { Ok(1) }).await; let _ = one.wait().await; }",
    wrong: "async fn f(mut one: ErrGroup<u8, u8>) { let _ = one.wait().await; let _ = one.spawn(|_| async { Ok(1) }).await; }";

    /// What runs in a group may run on another thread.
    GroupTasksAreSend, "E0277": "err_group::ErrGroup",
    right: "use std::sync::Arc; async fn f(mut one: ErrGroup<u8, u8>) { let n = Arc::new(1); let _ = one.spawn(move |_| async move { Ok(*n) }).await; }",
    wrong: "async fn f(mut one: ErrGroup<u8, u8>) { let n = std::rc::Rc::new(1); let _ = one.spawn(move |_| async move { Ok(*n) }).await; }";

    /// No quota has no permits.
    QuotasAreNotZero, "E0308": "rate_limit::Quota",
    right: "fn f(one: Quota) -> Quota { Quota { permits: 1.try_into().unwrap(), ..one } }",
    wrong: "fn f(one: Quota) -> Quota { Quota { permits: 0, ..one } }";

    /// Nobody asks for no permits.
    PermitsAreNotZero, "E0308": "rate_limit::RateLimiter",
    right: "fn f(one: RateLimiter) { let _ = one.try_acquire(1.try_into().unwrap()); }",
    wrong: "fn f(one: RateLimiter) { let _ = one.try_acquire(0); }";

    /// A shutdown has one owner; handles are what is cloned.
    ShutdownIsUnique, "E0599": "shutdown::{Handle, Shutdown}",
    right: "fn f(one: Handle) -> Handle { one.clone() }",
    wrong: "fn f(one: Shutdown) -> Shutdown { one.clone() }";

    /// A shutdown runs once.
    ShutdownRunsOnce, "E0382": "shutdown::Shutdown",
    right: "async fn f(one: Shutdown, other: Shutdown) { one.run(async {}, async {}).await; other.run(async {}, async {}).await; }",
    wrong: "async fn f(one: Shutdown, other: Shutdown) { one.run(async {}, async {}).await; one.run(async {}, async {}).await; }";

    /// A guard is given back once.
    GuardsAreUnique, "E0599": "shutdown::Guard",
    right: "fn f(one: Guard) -> Guard { one }",
    wrong: "fn f(one: Guard) -> Guard { one.clone() }";
}
