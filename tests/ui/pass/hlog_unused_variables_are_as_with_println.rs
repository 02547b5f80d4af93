//! A variable that only a statement uses is used, even where its value is masked.
#![deny(warnings)]

fn main() {
    let in_string = 1;
    let as_argument = 2;
    let as_field = 3;
    let shorthand = 4;
    let width = 5;
    let password = 6;
    let api_key = 7;
    let token = 8;
    let target = "db";
    hestia::hlog!(info, target: target, shorthand, api_key, field = as_field, "{in_string:>width$} {} {password}", as_argument);
    hestia::info!(token; "{x} {secret}", x = 1, secret = 2);
}
