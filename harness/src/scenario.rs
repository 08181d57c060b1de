//! The program that is searched: a closure that makes the root future, called once an execution.

use selvedge_rt::check::engine::{NewTask, Site};
use selvedge_rt::check::task::root_body;
use std::pin::Pin;
use std::sync::Arc;

type Future = Pin<Box<dyn std::future::Future<Output = ()> + Send>>;

/// The root of a scenario. Clones share the closure.
#[derive(Clone)]
pub(crate) struct Root {
    make: Arc<dyn Fn() -> Future + Send + Sync>,
    site: Site,
}

impl Root {
    pub fn new<F>(make: impl Fn() -> F + Send + Sync + 'static, site: Site) -> Self
    where
        F: std::future::Future<Output = ()> + Send + 'static,
    {
        Root { make: Arc::new(move || Box::pin(make())), site }
    }

    /// The root future.
    pub fn future(&self) -> Future {
        (self.make)()
    }

    /// Where it was given to the engine.
    pub(crate) fn place(&self) -> crate::Place {
        self.site.into()
    }

    /// The root as a task of the engine that is entered.
    pub fn task(&self) -> NewTask {
        let make = self.make.clone();
        // Called inside the task, so that what the closure itself makes belongs to it.
        root_body(async move { make().await }, self.site).0
    }
}
