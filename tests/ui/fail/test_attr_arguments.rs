#[hestia::test(levle = "debug")]
fn unknown_argument() {}

#[hestia::test(level = "debgu")]
fn unknown_level() {}

#[hestia::test(level = "info,hyper=warn")]
fn directives() {}

#[hestia::test(deny_errors = "yes")]
fn no_boolean() {}

#[hestia::test(print = "allways")]
fn unknown_word() {}

#[hestia::test(print)]
fn no_word() {}

#[hestia::test(deny_errors, deny_errors = false)]
fn twice() {}

#[hestia::test(crate = "hestia")]
fn crate_in_quotes() {}

fn main() {}
