//! What was said, ready to be asked for each key.

use hestia_grammar::{
    ends_with_key, is_key, is_secret, key_letters, parse_secret_path, weight_of_secret_path,
};

use super::Redaction;
use super::bytes::Bytes;
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
    /// Each path in each of its readings.
    paths: Vec<Path>,
    pub(super) patterns: Option<Patterns>,
    /// They are looked for at the call already.
    pub(super) patterns_at_call: bool,
}

/// A path in which it is settled what each `*` stands for, a key or an item of an array.
#[derive(Debug, Default)]
struct Path {
    steps: Vec<Step>,
    /// How many arrays have to be entered behind the last key.
    items: usize,
}

#[derive(Debug)]
struct Step {
    /// How many arrays have to be entered before this key; there may be more.
    items: usize,
    /// `*` for any.
    key: String,
}

impl Path {
    /// One reading of a path: each bit says of one `*` whether it stands for an item. `None` where the outermost values
    /// would have to be in an array.
    fn reading(keys: &[&str], mut bits: usize) -> Option<Self> {
        let mut path = Path::default();
        for key in keys {
            if *key == "*" {
                let is_item = bits & 1 == 1;
                bits >>= 1;
                if is_item {
                    path.items += 1;
                    continue;
                }
            }
            path.steps.push(Step {
                items: std::mem::take(&mut path.items),
                key: (*key).to_owned(),
            });
        }
        (path.steps.first()?.items == 0).then_some(path)
    }
}

/// Where a value stands: how many keys and, since the last of them, how many arrays lead here, and which paths do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    keys: usize,
    items: usize,
    /// One bit each.
    paths: u128,
}

impl Place {
    /// Where no path leads.
    pub(super) const ELSEWHERE: Place = Place {
        keys: 0,
        items: 0,
        paths: 0,
    };
}

impl Rules {
    pub(super) const DEFAULT: Rules = Rules {
        list: true,
        hides_the_list: true,
        keys: Vec::new(),
        last_bytes: Bytes::NONE,
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
        // What is no path was refused before, and so were more than there are bits for.
        let mut paths = Vec::new();
        for path in &said.paths {
            if let Ok(keys) = parse_secret_path(path) {
                let readings = 0..weight_of_secret_path(path);
                paths.extend(readings.filter_map(|bits| Path::reading(&keys, bits)));
            }
        }
        Rules {
            list: !said.without_list,
            hides_the_list: !said.without_list && said.exceptions.is_empty(),
            last_bytes: last_bytes(&keys),
            keys,
            exceptions: said.exceptions.iter().map(letters).collect(),
            paths,
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
            keys: 0,
            items: 0,
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
                let path = &self.paths[at as usize];
                // One whose keys have all been may wait for an array.
                let Some(step) = path.steps.get(place.keys) else {
                    continue;
                };
                if place.items < step.items || step.key != "*" && step.key != key {
                    continue;
                }
                if path.items == 0 && path.steps.len() == place.keys + 1 {
                    return None;
                }
                followed |= 1 << at;
            }
            place = Place {
                keys: place.keys + 1,
                items: 0,
                paths: followed,
            };
        }
        Some(place)
    }

    /// Where the items of an array stand that stands here; `None` where they are hidden.
    #[inline]
    pub(super) fn items(&self, place: Place) -> Option<Place> {
        if place.paths == 0 {
            return Some(Place::ELSEWHERE);
        }
        self.enter(place)
    }

    fn enter(&self, place: Place) -> Option<Place> {
        let items = place.items + 1;
        let mut left = place.paths;
        while left != 0 {
            let path = &self.paths[left.trailing_zeros() as usize];
            left &= left - 1;
            if path.steps.len() == place.keys && path.items <= items {
                return None;
            }
        }
        Some(Place { items, ..place })
    }

    /// Whether a key names a secret. Each part of one with dots counts.
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

/// The last bytes of names that end with these keys: their last letters, what is no letter, as it may follow a word, and all
/// beyond ASCII, where a letter may end differently in its other case.
fn last_bytes(keys: &[String]) -> Bytes {
    let mut bytes = Bytes::ALPHANUMERIC.others();
    for last in keys.iter().filter_map(|letters| letters.bytes().last()) {
        bytes.add(last.to_ascii_lowercase());
        bytes.add(last.to_ascii_uppercase());
    }
    bytes
}
