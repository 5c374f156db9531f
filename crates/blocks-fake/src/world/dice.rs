//! Chance that a seed decides.

/// Numbers that look random and follow from a seed, a purpose and a number: splitmix64.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64, purpose: &str, number: u32) -> Self {
        let mut dice = Self(seed);
        for byte in purpose.bytes() {
            dice.0 = dice.next() ^ u64::from(byte);
        }
        dice.0 = dice.next() ^ u64::from(number);
        dice.next();
        dice
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number from 0 up to, but not including, `end`; 0 when `end` is.
    pub(super) const fn below(&mut self, end: u64) -> u64 {
        match self.next().checked_rem(end) {
            Some(number) => number,
            None => 0,
        }
    }

    /// A number from 0 up to, but not including, 1.
    #[cfg(feature = "server")]
    pub(crate) fn fraction(&mut self) -> f64 {
        const BITS: u32 = f64::MANTISSA_DIGITS;
        (self.next() >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
    }

    /// Whether something happens that happens `so_many` times in a thousand.
    pub(super) const fn chance(&mut self, so_many: u64) -> bool {
        self.below(1000) < so_many
    }

    /// One of some things.
    pub(super) const fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len() as u64) as usize]
    }

    /// A count as counts on social networks are: mostly small, at times very large.
    pub(super) const fn count(&mut self) -> u64 {
        let digits = self.below(27);
        self.next() >> (64 - digits - 1)
    }
}
