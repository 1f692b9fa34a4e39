//! Memory contexts: one of its own for a piece of work, and the one that was current.

use pgrx::PgMemoryContexts;
use pgrx::pg_sys;

/// Runs `work` in a memory context of its own, freed with all that was allocated in it.
pub fn in_own_memory<R>(work: impl FnOnce() -> R) -> R {
    let mut context = PgMemoryContexts::new("pg_regime asset");
    // Declared after the context, so that it is left before it is freed, also by an error.
    let _back = CurrentMemory::remember();
    // SAFETY: nothing allocated inside leaves `work` but Rust values.
    unsafe { context.switch_to(|_| work()) }
}

/// The memory context that was current; current again when this is dropped. SPI leaves its own one
/// current after every statement, where parameters would pile up asset by asset.
pub struct CurrentMemory(pg_sys::MemoryContext);

impl CurrentMemory {
    pub(super) fn remember() -> Self {
        // SAFETY: reads a global of this backend.
        Self(unsafe { pg_sys::CurrentMemoryContext })
    }
}

impl Drop for CurrentMemory {
    fn drop(&mut self) {
        // SAFETY: the context was current when this was made and outlives it.
        unsafe { pg_sys::CurrentMemoryContext = self.0 };
    }
}
