// Every shape of type and every place of a mark; hidden fields and parameters need no trait at all.
use std::fmt::Debug;

use hestia::{Encode, Redact};

struct Unknown;

trait Makes {
    type Made;
}

#[derive(Redact, Encode)]
struct Named<'a, T, U: Makes, const N: usize>
where
    T: 'a,
{
    r#type: &'a str,
    #[redact]
    secret: T,
    made: Option<U::Made>,
    #[redact]
    _list: [Unknown; N],
}

#[derive(Redact, Encode)]
#[redact]
struct Tuple(Unknown, #[redact(skip)] u8);

#[derive(Redact, Encode)]
struct Newtype(#[redact] Unknown);

#[derive(Redact, Encode)]
enum Either<T> {
    Left {
        shown: T,
        #[redact]
        hidden: u8,
    },
    #[redact]
    Right(T, #[redact(skip)] T),
    Neither,
}

struct Made;

impl Makes for Made {
    type Made = u8;
}

fn shown(value: impl Debug + Encode) -> String {
    format!("{value:?}")
}

fn main() {
    let named: Named<'_, Unknown, Made, 1> = Named {
        r#type: "t",
        secret: Unknown,
        made: Some(1),
        _list: [Unknown],
    };
    let _ = &named.secret;
    assert_eq!(
        shown(named),
        r#"Named { type: "t", secret: ***, made: Some(1), _list: *** }"#
    );
    assert_eq!(shown(Tuple(Unknown, 2)), "Tuple(***, 2)");
    assert_eq!(shown(Newtype(Unknown)), "Newtype(***)");
    let left = Either::Left {
        shown: 1,
        hidden: 2,
    };
    assert_eq!(shown(left), "Left { shown: 1, hidden: *** }");
    assert_eq!(shown(Either::Right(1, 2)), "Right(***, 2)");
    assert_eq!(shown(Either::<u8>::Neither), "Neither");
    assert_eq!(format!("{:#?}", Tuple(Unknown, 2)), "Tuple(\n    ***,\n    2,\n)");
}
