//! A little chance, so that many processes do not do the same thing at the same instant.

use std::hash::{BuildHasher as _, Hasher as _};

/// A number from 0 up to, but not including, 1. Good enough to spread load.
pub fn random_unit() -> f64 {
    let hash = std::hash::RandomState::new().build_hasher().finish();
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::random_unit;

    #[test]
    fn chance_stays_in_its_range() {
        assert!((0..1000).map(|_| random_unit()).all(|number| (0.0..1.0).contains(&number)));
    }
}
