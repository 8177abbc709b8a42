//! `Math.random`, seeded by the host at its first use in a run: a seed in the image would give every run the same.

use crate::host;
use fastrand::Rng;

static mut GENERATOR: Option<Rng> = None;

/// A number in [0, 1) from wyrand (the crate `fastrand`).
pub fn random() -> f64 {
    let generator = unsafe { &mut *(&raw mut GENERATOR) };
    generator.get_or_insert_with(|| Rng::with_seed(host::entropy())).f64()
}
