//! What was done.

use crate::messages::queue::Item;
use std::sync::Arc;
use traceforge::sync::Mutex;

/// Items, by whoever has a clone.
#[derive(Clone)]
pub struct Record(Arc<Mutex<Vec<Item>>>);

impl Record {
    pub fn empty() -> Record {
        Record(Arc::new(Mutex::new(Vec::new())))
    }

    pub fn note(&self, item: Item) {
        self.0.blocking_lock().push(item);
    }

    pub fn sorted(&self) -> Vec<Item> {
        let mut items = self.0.blocking_lock().clone();
        items.sort();
        items
    }
}
