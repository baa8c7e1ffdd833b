use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

const SEED: u64 = 1337;

/// What is hashed together with the tokens. Empty texts: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashing<'a> {
    pub lora_name: &'a str,
    pub cache_salt: &'a str,
    /// Each hash covers the token behind its block too, as for engines that publish token pairs (EAGLE).
    pub bigrams: bool,
}

/// The position-free hashes of a prompt's whole blocks of `block_size` tokens, for
/// [`Client::query_by_hash`](crate::Client::query_by_hash): 8 bytes a block instead of the tokens.
///
/// # Panics
/// When `block_size` is 0.
pub fn local_hashes(tokens: &[u32], block_size: usize, with: Hashing<'_>) -> Vec<u64> {
    assert!(block_size > 0, "`block_size` must be positive");
    let mut seed = SEED;
    if !with.lora_name.is_empty() {
        seed = seed.wrapping_add(xxh3_64(with.lora_name.as_bytes()));
    }
    if !with.cache_salt.is_empty() {
        seed = seed.wrapping_add(xxh3_64_with_seed(with.cache_salt.as_bytes(), 1));
    }
    let mut bytes = Vec::new();
    tokens
        .windows(block_size + usize::from(with.bigrams))
        .step_by(block_size)
        .map(|block| {
            bytes.clear();
            bytes.extend(block.iter().flat_map(|token| token.to_le_bytes()));
            xxh3_64_with_seed(&bytes, seed)
        })
        .collect()
}

/// The hashes that name whole prefixes, for `sequence_hashes` of
/// [`v1::QueryByHashRequest`](crate::v1::QueryByHashRequest), from the local ones.
pub fn sequence_hashes(local: &[u64]) -> Vec<u64> {
    let mut before = None;
    local
        .iter()
        .map(|&hash| {
            let next = match before {
                None => hash,
                Some(before) => {
                    let mut bytes = [0; 16];
                    bytes[..8].copy_from_slice(&u64::to_le_bytes(before));
                    bytes[8..].copy_from_slice(&hash.to_le_bytes());
                    xxh3_64_with_seed(&bytes, SEED)
                }
            };
            before = Some(next);
            next
        })
        .collect()
}

#[cfg(test)]
mod tests {
    //! Published vectors.
    use super::*;

    const LOCAL: [u64; 4] = [14643705804678351452, 16777012769546811212, 483935686894639516, 135165725823939817];

    fn prompt(tokens: std::ops::RangeInclusive<u32>) -> Vec<u32> {
        tokens.collect()
    }

    #[test]
    fn local() {
        let plain = Hashing::default();
        let lora = |lora_name| Hashing { lora_name, ..plain };
        let salt = Hashing { cache_salt: "tenant-a", ..plain };
        let both = Hashing { lora_name: "adapter-a", ..salt };
        let bigrams = Hashing { bigrams: true, ..plain };
        let cases: [(_, _, _, &[u64]); 10] = [
            (prompt(1..=35), 16, plain, &[16863443419780771464, 2287610619914608821]),
            (prompt(1..=16), 4, plain, &LOCAL),
            (prompt(0..=3), 4, plain, &[9143094415614847814]),
            (prompt(0..=3), 4, lora("adapter-a"), &[6665157333201000639]),
            (prompt(0..=3), 4, salt, &[17009624042690211646]),
            (prompt(0..=3), 4, both, &[8269515957840517240]),
            (prompt(1..=4), 4, lora("alpha-7b"), &[16548428770143335509]),
            (prompt(10..=14), 2, bigrams, &[5959138341449004422, 13917772031453556700]),
            (prompt(10..=13), 2, bigrams, &[5959138341449004422]),
            (prompt(1..=15), 16, plain, &[]),
        ];
        for (tokens, size, with, want) in cases {
            assert_eq!(local_hashes(&tokens, size, with), want, "{tokens:?} {size} {with:?}");
        }
    }

    #[test]
    fn sequence() {
        let want = [14643705804678351452, 4945711292740353085, 12583592247330656132, 1921452330601040443];
        assert_eq!(sequence_hashes(&LOCAL), want);
        assert_eq!(sequence_hashes(&[11, 22, 33]), [11, 750553365844651409, 3257565445809651757]);
        assert!(sequence_hashes(&[]).is_empty());
    }
}
