//! A later build of the program that `crash_safe` is: the same outputs, and none of its statements, types and addresses.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    hestia_tests::crash_safe::builder().init()?;
    log::info!("a later build");
    Ok(())
}
