#[hestia::main]
fn main() -> Result<(), std::num::ParseIntError> {
    let number: u32 = "5".parse::<i32>()?;
    undefined(number)
}
