//! `Math.random`, seeded by the host at its first use in a run: a generator kept in an image would give every run from
//! it the same numbers.

use crate::host;
use fastrand::Rng;

static mut GENERATOR: Option<Rng> = None;

/// A number in [0, 1) from wyrand (the crate `fastrand`).
pub fn random() -> f64 {
    let generator = unsafe { &mut *(&raw mut GENERATOR) };
    generator.get_or_insert_with(|| Rng::with_seed(host::entropy())).f64()
}

/// Begins a run: what an earlier one drew is not gone on with.
pub fn forget() {
    unsafe { GENERATOR = None };
}
