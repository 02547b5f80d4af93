// Whatever `main` may return.
use std::fmt;
use std::process::{ExitCode, Termination};

struct Own;

impl Termination for Own {
    fn report(self) -> ExitCode {
        ExitCode::from(7)
    }
}

#[derive(Debug)]
struct OnlyDebug;

struct Shown;

impl fmt::Debug for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("shown")
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("shown")
    }
}

macro_rules! mains {
    ($($name:ident -> $output:ty { $value:expr })+) => {$(
        mod $name {
            #![allow(unused_imports)]
            use super::*;

            #[hestia::main]
            pub fn main() -> $output {
                $value
            }
        }
    )+};
}

mains! {
    unit -> () { () }
    never -> ! { std::process::exit(0) }
    code -> ExitCode { ExitCode::SUCCESS }
    own -> Own { Own }
    opaque -> impl Termination { ExitCode::SUCCESS }
    opaque_error -> Result<(), impl fmt::Debug> { Err::<(), _>(OnlyDebug) }
    code_or_error -> Result<ExitCode, std::io::Error> { Ok(ExitCode::SUCCESS) }
    boxed -> Result<(), Box<dyn std::error::Error>> { Ok(()) }
    boxed_send -> Result<(), Box<dyn std::error::Error + Send + Sync>> { Ok(()) }
    text -> Result<(), String> { Ok(()) }
    only_debug -> Result<(), OnlyDebug> { Ok(()) }
    shown -> Result<(), Shown> { Ok(()) }
    io -> std::io::Result<()> { Ok(()) }
    infallible -> Result<(), std::convert::Infallible> { Ok(()) }
}

#[hestia::main(console = false, text = false, json = false, env = false)]
fn main() -> Result<(), OnlyDebug> {
    let _ = (unit::main, never::main, code::main, own::main, code_or_error::main, boxed::main, boxed_send::main);
    let _ = (text::main, only_debug::main, shown::main, io::main, infallible::main);
    let _ = (opaque::main(), opaque_error::main().is_err());
    Ok(())
}
