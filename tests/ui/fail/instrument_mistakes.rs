//! What is said wrongly is told at its word, and the functions are there all the same.

use hestia::instrument;

#[instrument(levl = "debug")]
fn unknown_argument() {}

#[instrument(level = "debgu")]
fn unknown_level() {}

#[instrument(level = "off")]
fn no_level() {}

#[instrument(level)]
fn level_without_value() {}

#[instrument(level = debug)]
fn level_without_quotes() {}

#[instrument(level = 3)]
fn level_of_a_number() {}

#[instrument(name = 'c')]
fn name_that_is_no_text() {}

#[instrument(ret(level = warn))]
fn level_of_a_result_without_quotes() -> u8 {
    1
}

#[instrument(parent, follows_from)]
fn another_parent() {}

#[instrument(follows_from = 1 2)]
fn follows_from_what() {}

#[instrument(fields(follows_from = 5), follows_from = &[])]
fn follows_twice() {}

#[instrument(fields(rows = tracing::field::Empty, user.name = field::Empty))]
fn declared_for_later() {}

#[instrument(level = "info", level = "warn")]
fn said_twice() {}

#[instrument(skip(pasword))]
fn no_such_parameter(password: &str, user: u64) {
    let _ = (password, user);
}

#[instrument(skip(user))]
fn no_parameters() {}

#[instrument(skip)]
fn skip_without_names(user: u64) {
    let _ = user;
}

#[instrument(skip_all, skip(user))]
fn skipped_twice(user: u64) {
    let _ = user;
}

#[instrument(fields)]
fn fields_without_any() {}

#[instrument(fields("message"))]
fn field_that_is_none() {}

#[instrument(fields(a = 1, a = 2))]
fn field_said_twice() {}

#[instrument(ret)]
fn returns_nothing() {}

#[instrument(err)]
fn returns_no_error() {}

#[instrument(ret(Dbug))]
fn unknown_word() -> u8 {
    1
}

#[instrument(err(serde))]
fn errors_are_no_values() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[instrument(ret(Debug, Display))]
fn taken_twice() -> u8 {
    1
}

#[instrument(max_length = 0)]
fn no_length() {}

#[instrument(started = "no")]
fn no_bool() {}

#[instrument]
const fn at_compile_time() {}

#[instrument]
struct NoFunction;

trait Declares {
    #[instrument]
    fn without_body();
}

#[instrument(level = "info" target = "app")]
fn comma_missing() {}

#[instrument(target = billing)]
fn target_without_quotes() {}

#[instrument(name = 5)]
fn no_name() {}

#[instrument(max_length = "300")]
fn length_in_quotes() {}

#[instrument(completed = "no")]
fn no_bool_either() {}

#[instrument(completed =)]
fn value_missing() {}

#[instrument(ret(level = "info", level = "warn"))]
fn level_of_the_result_said_twice() -> u8 {
    1
}

#[instrument(ret(5))]
fn no_word() -> u8 {
    1
}

#[instrument(err(Debug level = "warn"))]
fn comma_missing_within() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[instrument(crate = "hestia")]
fn crate_in_quotes() {}

#[instrument(crate)]
fn crate_without_path() {}

#[instrument("info")]
fn no_argument() {}

#[instrument(skip("user"))]
fn parameter_in_quotes(user: u64) {
    let _ = user;
}

fn main() {
    unknown_argument();
    unknown_level();
    returns_nothing();
    let _ = NoFunction;
}
