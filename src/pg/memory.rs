//! Memory contexts: one of its own for a piece of work, and remembering the current one.

use pgrx::PgMemoryContexts;
use pgrx::pg_sys;

/// Runs `work` in a memory context of its own, which is freed afterwards with all that was allocated in it.
pub fn in_own_memory<R>(work: impl FnOnce() -> R) -> R {
    let mut context = PgMemoryContexts::new("pg_regime asset");
    // Declared after the context, so that it is left before it is freed, also by an error.
    let _back = CurrentMemory::remember();
    // SAFETY: nothing allocated inside leaves `work` but Rust values.
    unsafe { context.switch_to(|_| work()) }
}

/// The memory context that was current, made current again when this is dropped. SPI leaves its own context
/// current after every statement; parameters allocated there would pile up asset by asset.
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
