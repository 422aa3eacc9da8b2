//! Numbers that a name always draws, on every host and in every version.

/// FNV-1a over the bytes, then the finaliser of SplitMix64: names that differ in one letter
/// must not draw neighbours. Written out, since the hashes of std may change.
fn hash(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// `hash` scaled to `0..range` without the bias of a remainder; 0 for an empty range.
fn scaled(hash: u64, range: u64) -> u64 {
    u64::try_from((u128::from(hash) * u128::from(range)) >> 64).unwrap_or(0)
}

/// Where in `0..spread_ms` the schedule `name` has its place, in milliseconds. The same on
/// every host and in every version, so that a restart moves nothing.
pub fn spread_offset(name: &str, spread_ms: u64) -> u64 {
    scaled(hash(&["spread", name]), spread_ms)
}

/// The value in `low..=high` that `name` draws for a field, for `~` and `H`.
pub(super) fn draw(name: &str, field: &str, low: u8, high: u8) -> u8 {
    let range = u64::from(high.saturating_sub(low)) + 1;
    low + u8::try_from(scaled(hash(&[field, name]), range)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changing these moves the jobs of everybody who uses `spread`, `~` or `H`.
    #[test]
    fn what_a_name_draws_never_changes() {
        let drawn = ["nightly", "backup", "a", ""].map(|name| {
            (spread_offset(name, 3_600_000), draw(name, "minute", 0, 59), draw(name, "hour", 0, 23))
        });
        assert_eq!(drawn, [(2_834_265, 52, 19), (1_774_712, 22, 15), (92_347, 30, 18), (3_576_107, 37, 3)]);
    }

    #[test]
    fn draws_cover_their_range_evenly() {
        let mut seen = [0u32; 60];
        for number in 0..60_000 {
            let minute = draw(&format!("job-{number}"), "minute", 0, 59);
            seen[usize::from(minute)] += 1;
        }
        assert!(seen.iter().all(|count| (800..1_200).contains(count)), "{seen:?}");
        assert!((0..1_000).all(|number| spread_offset(&format!("job-{number}"), 7) < 7));
        assert_eq!((spread_offset("any", 0), draw("any", "hour", 5, 5)), (0, 5));
    }
}
