// Every shape of type, every way of a field, every kind of parameter.
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use hestia::Encode;

#[derive(Encode)]
struct Named {
    number: i64,
    r#type: &'static str,
    #[hestia(skip)]
    _secret: HashMap<u8, u8>,
    #[hestia(rename = "user-id", display)]
    user: std::num::NonZeroU8,
}

#[derive(Encode)]
struct Tuple(u8, #[hestia(skip)] HashMap<u8, u8>, #[hestia(debug)] HashMap<u8, u8>);

#[derive(Encode)]
struct Newtype(#[hestia(serde)] HashMap<String, u8>);

#[derive(Encode)]
struct Unit;

#[derive(Encode)]
struct NoFields {}

#[derive(Encode)]
struct NoItems();

#[derive(Encode)]
enum Never {}

#[derive(Encode)]
enum Event<'a, T, U = u8>
where
    T: Copy,
{
    Nothing,
    #[hestia(rename = "one")]
    One(T),
    Two(T, #[hestia(display)] U),
    Named {
        raw: &'a [T],
        #[hestia(bytes)]
        body: Vec<u8>,
    },
}

#[derive(Encode)]
struct Items<I: Iterator> {
    first: Option<I::Item>,
    #[hestia(skip)]
    _rest: I,
}

#[derive(Encode)]
struct Tree<T> {
    value: T,
    children: Vec<Tree<T>>,
    parent: Option<Box<Tree<T>>>,
    #[hestia(skip)]
    _of: PhantomData<fn() -> T>,
}

#[derive(Encode)]
struct Shown<D: ?Sized + Debug, const N: usize> {
    #[hestia(bytes)]
    raw: [u8; N],
    #[hestia(debug)]
    last: D,
}

struct NotEncode;

/// Parameters of skipped fields need nothing.
#[derive(Encode)]
struct Skips<T>(u8, #[hestia(skip)] PhantomData<T>, u8);

fn is_encode<T: Encode + ?Sized>() {}

fn generic<T: Encode + Copy, U: Display>() {
    is_encode::<Event<'_, T, U>>();
    is_encode::<Tree<T>>();
}

fn main() {
    is_encode::<Named>();
    is_encode::<Tuple>();
    is_encode::<Newtype>();
    is_encode::<Unit>();
    is_encode::<NoFields>();
    is_encode::<NoItems>();
    is_encode::<Never>();
    is_encode::<Items<std::vec::IntoIter<u8>>>();
    is_encode::<Shown<str, 4>>();
    is_encode::<Skips<NotEncode>>();
    generic::<u8, char>();
}
