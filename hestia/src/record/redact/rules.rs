//! What was said, ready to be asked for each key.

use hestia_grammar::{ends_with_key, is_key, is_secret, key_letters, parse_secret_path};

use super::Redaction;
use super::pattern::Patterns;

/// Which keys and paths are hidden.
#[derive(Debug)]
pub(super) struct Rules {
    /// hestia's own list counts.
    list: bool,
    /// It does, and without exceptions.
    pub(super) hides_the_list: bool,
    /// The letters of each key.
    keys: Vec<String>,
    /// The last bytes that keys can have which `keys` names.
    last_bytes: Bytes,
    /// Likewise.
    exceptions: Vec<String>,
    paths: Vec<Vec<String>>,
    pub(super) patterns: Option<Patterns>,
    /// They are looked for at the call already.
    pub(super) patterns_at_call: bool,
}

/// Where a key stands: how deep, and which paths lead here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    depth: usize,
    /// One bit each.
    paths: u128,
}

impl Place {
    /// Where no path leads.
    pub(super) const ELSEWHERE: Place = Place { depth: 0, paths: 0 };
}

impl Rules {
    pub(super) const DEFAULT: Rules = Rules {
        list: true,
        hides_the_list: true,
        keys: Vec::new(),
        last_bytes: Bytes([0; 4]),
        exceptions: Vec::new(),
        paths: Vec::new(),
        patterns: None,
        patterns_at_call: false,
    };

    pub(super) fn of(said: &Redaction) -> Self {
        if said.is_off {
            return Rules {
                list: false,
                hides_the_list: false,
                ..Rules::DEFAULT
            };
        }
        let letters = |key: &String| key_letters(key);
        let keys: Vec<String> = said.keys.iter().map(letters).collect();
        let path = |path: &String| -> Option<Vec<String>> {
            // What is no path was refused before.
            let keys = parse_secret_path(path).ok()?;
            Some(keys.into_iter().map(str::to_owned).collect())
        };
        Rules {
            list: !said.without_list,
            hides_the_list: !said.without_list && said.exceptions.is_empty(),
            last_bytes: Bytes::ending(&keys),
            keys,
            exceptions: said.exceptions.iter().map(letters).collect(),
            paths: said.paths.iter().filter_map(path).collect(),
            patterns: Patterns::of(&said.patterns, &said.expressions),
            patterns_at_call: false,
        }
    }

    /// Whether a statement of the macros has seen to all of it.
    pub(super) fn is_only_the_list(&self) -> bool {
        self.keys.is_empty() && self.paths.is_empty()
    }

    /// Whether nothing is hidden.
    pub(super) fn is_empty(&self) -> bool {
        !self.list && self.is_only_the_list()
    }

    /// Where the key-values of a record stand.
    pub(super) fn outermost(&self) -> Place {
        Place {
            depth: 0,
            // As many bits as there are paths; none for none.
            paths: u128::MAX
                .checked_shr(u128::BITS - u32::try_from(self.paths.len()).unwrap_or(u128::BITS))
                .unwrap_or(0),
        }
    }

    /// Whether a key of a record is hidden.
    pub(super) fn hides(&self, key: &str) -> bool {
        self.inside(self.outermost(), key).is_none()
    }

    /// Where the values inside of this key's stand; `None` where it is hidden.
    #[inline]
    pub(super) fn inside(&self, place: Place, key: &str) -> Option<Place> {
        if self.names(key) {
            return None;
        }
        self.inside_of_shown(place, key)
    }

    /// The same for a key that is known to be shown.
    #[inline]
    pub(super) fn inside_of_shown(&self, place: Place, key: &str) -> Option<Place> {
        if place.paths == 0 {
            return Some(Place::ELSEWHERE);
        }
        self.follow(place, key)
    }

    fn follow(&self, mut place: Place, key: &str) -> Option<Place> {
        for key in key.split('.') {
            let (mut left, mut followed) = (place.paths, 0);
            while left != 0 {
                let at = left.trailing_zeros();
                left &= left - 1;
                // A path that leads here has not ended before.
                let Some((said, rest)) = self.paths[at as usize]
                    .get(place.depth..)
                    .and_then(<[_]>::split_first)
                else {
                    continue;
                };
                if said != "*" && said != key {
                    continue;
                }
                if rest.is_empty() {
                    return None;
                }
                followed |= 1 << at;
            }
            place = Place {
                depth: place.depth + 1,
                paths: followed,
            };
        }
        Some(place)
    }

    /// Whether a key names a secret. Each part of one with dots counts.
    #[inline]
    pub(super) fn names(&self, key: &str) -> bool {
        let may_be_named =
            |key: &str| self.list && is_secret(key) || !self.keys.is_empty() && self.adds(key);
        if may_be_named(key) && !self.excepts(key) {
            return true;
        }
        let is_dotted = key.as_bytes().contains(&b'.');
        is_dotted
            && key
                .split('.')
                .any(|part| may_be_named(part) && !self.excepts(part))
    }

    fn adds(&self, key: &str) -> bool {
        let may_be_one = key
            .as_bytes()
            .last()
            .is_some_and(|last| self.last_bytes.have(*last));
        may_be_one && self.keys.iter().any(|letters| ends_with_key(key, letters))
    }

    #[cold]
    fn excepts(&self, key: &str) -> bool {
        let last = key.rsplit('.').next().unwrap_or(key);
        self.exceptions.iter().any(|letters| is_key(last, letters))
    }
}

/// A set of bytes.
#[derive(Debug)]
struct Bytes([u64; 4]);

impl Bytes {
    /// The last bytes of names that end with these keys: their last letters, and what is no letter.
    fn ending(keys: &[String]) -> Self {
        let mut bytes = Bytes([0; 4]);
        for byte in 0..=u8::MAX {
            if byte.is_ascii() && !byte.is_ascii_alphanumeric() {
                bytes.add(byte);
            }
        }
        for last in keys.iter().filter_map(|letters| letters.bytes().last()) {
            if last.is_ascii() {
                bytes.add(last.to_ascii_lowercase());
                bytes.add(last.to_ascii_uppercase());
            }
        }
        // A letter beyond ASCII may end differently in its other case, and what is no letter may follow a word.
        (0x80..=u8::MAX).for_each(|byte| bytes.add(byte));
        bytes
    }

    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    #[inline]
    fn have(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}
