//! Programs that are turned on by `#[hestia::main]`, each the `main` of a module; what it returns becomes the end of
//! the process by the trait that the standard library uses.

use std::process::{ExitCode, Termination};

mod asynchronous;
mod endings;
mod errors;
mod settings;

fn main() -> ExitCode {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    match scenario.as_str() {
        "bare" => end(settings::bare::main),
        "said" => end(settings::said::main),
        "files" => end(settings::files::main),
        "overruled" => end(settings::overruled::main),
        "deaf" => end(settings::deaf::main),
        "after another logger" => end(settings::after_another_logger),
        "after a builder" => end(settings::after_a_builder),
        "boxed" => end(errors::boxed::main),
        "error" => end(errors::error::main),
        "pointer" => end(errors::pointer::main),
        "display" => end(errors::display::main),
        "debug" => end(errors::debug::main),
        "panicking display" => end(errors::panicking_display::main),
        "opaque error" => end(errors::opaque::main),
        "long chain" => end(errors::long_chain::main),
        "silenced" => end(errors::silenced::main),
        "fine" => end(endings::fine::main),
        "code" => end(endings::code::main),
        "own" => end(endings::own::main),
        "opaque" => end(endings::opaque::main),
        "never" => endings::never::main(),
        "exit" => end(endings::exit::main),
        "panic" => end(endings::panic::main),
        "runtime after" => end(asynchronous::after::main),
        "runtime before" => end(asynchronous::before::main),
        "runtime around" => end(asynchronous::around),
        "runtime panics" => end(asynchronous::panics::main),
        _ => panic!("no scenario is called {scenario:?}"),
    }
}

/// Runs a `main` as the standard library does.
fn end<T: Termination>(main: impl FnOnce() -> T) -> ExitCode {
    main().report()
}
