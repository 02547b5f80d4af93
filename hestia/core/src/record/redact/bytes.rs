//! Sets of bytes: which kinds there are, and whether a byte is one of them.

/// One bit for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes([u64; 4]);

impl Bytes {
    pub(super) const NONE: Bytes = Bytes([0; 4]);
    pub(super) const BEYOND_ASCII: Bytes = Bytes([0, 0, u64::MAX, u64::MAX]);
    pub(super) const ALPHANUMERIC: Bytes = Bytes::NONE
        .and(b"0123456789")
        .and(b"abcdefghijklmnopqrstuvwxyz")
        .and(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// With these among them.
    pub(super) const fn and(mut self, bytes: &[u8]) -> Self {
        let mut at = 0;
        while at < bytes.len() {
            self.add(bytes[at]);
            at += 1;
        }
        self
    }

    /// Those of both.
    pub(super) const fn or(self, other: Bytes) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Bytes([a | e, b | f, c | g, d | h])
    }

    /// All others.
    pub(super) const fn others(self) -> Self {
        let [a, b, c, d] = self.0;
        Bytes([!a, !b, !c, !d])
    }

    pub(super) const fn add(&mut self, byte: u8) {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
    }

    #[inline]
    pub(super) fn have(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}
