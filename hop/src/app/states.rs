//! What handlers share: at most one value of each type.

use std::any::{Any, TypeId};
use std::sync::Arc;

/// The states of a group of routes. There are few of them, so that walking is cheaper than hashing.
#[derive(Clone, Default)]
pub(crate) struct States(Vec<(TypeId, Arc<dyn Any + Send + Sync>)>);

impl States {
    /// The state of one type.
    pub(crate) fn get(&self, of: TypeId) -> Option<&(dyn Any + Send + Sync)> {
        self.0.iter().find(|(known, _)| *known == of).map(|(_, state)| &**state)
    }

    /// Takes the place of the state of the same type, if there is one.
    pub(crate) fn set(&mut self, id: TypeId, state: Arc<dyn Any + Send + Sync>) {
        self.0.retain(|(known, _)| *known != id);
        self.0.push((id, state));
    }
}
