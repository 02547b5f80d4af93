// The names of the standard library mean something else here.
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod std {}
mod core {}
mod log {}
mod attribute {}
struct Result;
struct Option;
struct Some;
struct None;
struct Box;
struct Outcome;
struct Place;
struct LevelFilter;
struct Duration;
struct str;
trait ErrError {}

macro_rules! option_env {
    ($($anything:tt)*) => { compile_error!("the wrong one") };
}
macro_rules! module_path {
    ($($anything:tt)*) => { compile_error!("the wrong one") };
}
macro_rules! format_args {
    ($($anything:tt)*) => { compile_error!("the wrong one") };
}

/// Every type has a method of some usual name.
trait Everything {
    fn log(&self) {}
    fn start(&self) {}
    fn level(&self) {}
    fn put_map(&self) {}
    fn encode(&self) {}
}

impl<T: ?Sized> Everything for T {}

#[derive(hestia::Encode)]
enum Shape<T> {
    Point,
    Newtype(T),
    Pair(T, #[hestia(debug)] ()),
    Named { encoder: T, fields: u8, map: u8, field_map: u8 },
}

#[hestia::main(console = false, text = false, json = false, env = false, level = "info,hyper=warn", exit_limit = "5s")]
fn main() -> ::std::result::Result<(), ::std::string::String> {
    ::std::result::Result::Ok(())
}
