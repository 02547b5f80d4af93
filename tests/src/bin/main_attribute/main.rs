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
        "bare" => settings::bare::main().report(),
        "said" => settings::said::main().report(),
        "files" => settings::files::main().report(),
        "overruled" => settings::overruled::main().report(),
        "deaf" => settings::deaf::main().report(),
        "after another logger" => settings::after_another_logger().report(),
        "after a builder" => settings::after_a_builder().report(),
        "boxed" => errors::boxed::main().report(),
        "error" => errors::error::main().report(),
        "pointer" => errors::pointer::main().report(),
        "display" => errors::display::main().report(),
        "debug" => errors::debug::main().report(),
        "panicking display" => errors::panicking_display::main().report(),
        "opaque error" => errors::opaque::main().report(),
        "long chain" => errors::long_chain::main().report(),
        "silenced" => errors::silenced::main().report(),
        "fine" => endings::fine::main().report(),
        "code" => endings::code::main().report(),
        "own" => endings::own::main().report(),
        "opaque" => endings::opaque::main().report(),
        "never" => endings::never::main(),
        "exit" => endings::exit::main().report(),
        "panic" => endings::panic::main().report(),
        "runtime after" => asynchronous::after::main().report(),
        "runtime before" => asynchronous::before::main().report(),
        "runtime around" => asynchronous::around().report(),
        "runtime panics" => asynchronous::panics::main().report(),
        _ => panic!("no scenario is called {scenario:?}"),
    }
}
