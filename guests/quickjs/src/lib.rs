//! The script guest: QuickJS-ng behind Javy's plugin interface, with Sandglass's own exports beside it.
//!
//! Wiring only. A run goes: `compile`; `evaluate` → `decode` (input) → `compile::read` → `settle` → `encode` (value) or `failure`.

mod allocator;
mod clock;
mod compile;
mod console;
mod decode;
mod encode;
mod engine;
mod evaluate;
mod failure;
mod host;
mod inspect;
mod memory;
mod random;
mod settle;
mod wire;

use javy_plugin_api::{Config, import_namespace};

import_namespace!("sandglass-v1");

fn config() -> Config {
    let mut config = Config::default();
    config
        .text_encoding(true)
        .weak_ref(true)
        .gc_threshold(0) // each run sets its own
        // 0 turns QuickJS's own guard off: what it throws can be caught. The meter guards the stack instead.
        .max_stack_size(0);
    config.event_loop(true);
    config
}

/// Builds the world that every run starts from; called once, at build time, by Wizer.
#[unsafe(export_name = "initialize-runtime")]
extern "C" fn initialize_runtime() {
    javy_plugin_api::initialize_runtime(config, |runtime| {
        engine::install(&runtime);
        runtime
    })
    .expect("the engine starts");
    clock::start();
}
