//! What a ring promises, against a plain queue as the model.

use super::*;

#[test]
fn positions_compare_beyond_the_end_of_their_type() {
    assert!(is_at_most(5, 5) && is_at_most(5, 6) && !is_at_most(6, 5));
    assert!(is_at_most(usize::MAX, 0) && !is_at_most(0, usize::MAX));
}
