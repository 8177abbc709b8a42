//! Memory that the host makes.

use anyhow::{Context, Result};
use walrus::{ImportKind, Module};

/// Turns the module's own memory into the import `namespace.memory`; whoever instantiates it sets the maximum.
pub fn import_memory(module: &mut Module, namespace: &str) -> Result<()> {
    let memory = module.get_memory_id().context("The module has no memory of its own")?;
    let import = module.imports.add(namespace, "memory", ImportKind::Memory(memory));
    let memory = module.memories.get_mut(memory);
    memory.import = Some(import);
    memory.maximum = None;
    Ok(())
}
