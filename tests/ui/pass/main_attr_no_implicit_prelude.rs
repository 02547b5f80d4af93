// Nothing is in scope by itself.
#![no_implicit_prelude]
#![forbid(unsafe_code)]

#[derive(::hestia::Encode)]
struct Cart<'a, T, const N: usize> {
    items: [T; N],
    #[hestia(display)]
    total: f64,
    #[hestia(bytes)]
    raw: &'a [u8],
    #[hestia(serde)]
    note: ::std::option::Option<&'a str>,
}

#[::hestia::main(console = false, text = false, json = false, env = false, level = "info,hyper=warn", exit_limit = "5s", metadata(cart = Cart { items: [1, 2], total: 0.5, raw: b"x", note: ::std::option::Option::None }))]
fn main() -> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {
    ::std::result::Result::Ok(())
}
