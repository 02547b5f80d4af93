//! Bytes that stay the same from record to record, made once.

use std::borrow::Borrow;

/// What was made from a key, kept until another key comes.
///
/// The key is compared by content, never by address: a new value may lie where an old one was.
#[derive(Clone, Debug)]
pub(super) struct Prepared<K> {
    key: Option<K>,
    bytes: Vec<u8>,
}

impl<K> Default for Prepared<K> {
    fn default() -> Self {
        Prepared {
            key: None,
            bytes: Vec::new(),
        }
    }
}

impl<K> Prepared<K> {
    /// The bytes for this key; `append` makes them when the key is another than last time.
    pub(super) fn get<Q>(&mut self, key: &Q, append: impl FnOnce(&mut Vec<u8>, &Q)) -> &[u8]
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + PartialEq + ?Sized,
    {
        if self.key.as_ref().is_none_or(|known| known.borrow() != key) {
            self.bytes.clear();
            append(&mut self.bytes, key);
            self.key = Some(key.to_owned());
        }
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_made_again_only_for_another_key() {
        let mut prepared = Prepared::<String>::default();
        let mut made = 0;
        for key in ["a", "a", "b", "b", "a", ""] {
            let bytes = prepared.get(key, |bytes, key| {
                made += 1;
                bytes.extend_from_slice(key.as_bytes());
            });
            assert_eq!(bytes, key.as_bytes());
        }
        assert_eq!(made, 4);
    }
}
