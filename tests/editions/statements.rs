//! Statements wherever a program may have them. One source for crates of all editions; whatever is a warning
//! elsewhere is an error here, for clippy too, so that what the macros expand to is beyond reproach.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    unused,
    missing_docs,
    unreachable_pub,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unused_qualifications,
    unused_results,
    unused_lifetimes,
    unused_import_braces,
    explicit_outlives_requirements,
    non_ascii_idents,
    let_underscore_drop,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::wildcard_imports,
    clippy::unwrap_used,
    clippy::missing_const_for_fn,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::items_after_statements
)]
// What the scenes themselves do on purpose.
#![allow(
    clippy::redundant_pub_crate,
    clippy::unused_async,
    clippy::single_match_else,
    clippy::semicolon_if_nothing_returned,
    clippy::needless_for_each,
    clippy::multiple_crate_versions
)]

use hestia::hlog;
use std::fmt::{Debug, Display};

/// Every scene, in its order; each logs the records that its name counts.
pub fn all() {
    forms();
    limited();
    shadowed::two();
    bare::two();
    renamed::three();
    own_macros::nine();
    generic(&5, "text");
    places();
    many();
}

fn forms() {
    let (user_id, name, elapsed) = (5, String::from("ada"), 12.5);
    let error = "x".parse::<u8>();
    hlog!(info, "constant");
    hlog!(
        info,
        user_id,
        elapsed_ms = elapsed,
        "{name} served in {:.1} ms, {0:?} {:>8}",
        elapsed,
        user_id
    );
    hlog!(warn, target: "db", %name, ?elapsed, list:serde = &[1, 2], bytes:bytes = &name, "slow");
    hlog!(
        info,
        req.method = "GET",
        req.path = &name,
        "{:2$.*} {}",
        2,
        elapsed,
        8
    );
    if let Err(err) = &error {
        hlog!(error, err, "no number");
        hestia::error!(err:err = err; "no number {}", user_id);
    }
    hlog!(log::Level::Info, "{name:?}");
    hlog!(critical, password = name.as_str());
    hlog!(info, logger: log::logger(), target: name.as_str(), "by another");
    hestia::info!(user_id; "{name}");
    hestia::debug!(target: "db", "{name} {}", user_id);
    let only_for_a_record = 5;
    hestia::trace!("{only_for_a_record}");
    let masked = "secret";
    hlog!(info, "{password}", password = masked);
}

fn limited() {
    let (user, period, share) = ("ada", std::time::Duration::from_secs(86_400), 1.0);
    for round in 0..3 {
        hlog!(info, every: 365d, "constant");
        hlog!(info, every: 1h30m, first: 2, by: user, round, "{user} {round}");
        hlog!(log::Level::Warn, every: period, target: user, round, list:serde = &[1, 2]);
        hlog!(info, target: "db", logger: log::logger(), first: 1, sample: 1.0, %round, "sampled");
        hestia::info!(every: 500_000ms, by: (user, 5), round; "{}", user);
        hestia::warn!(sample: share, first: 1, "{user} {}", round);
    }
}

mod shadowed {
    //! Nothing is what it is called.
    #![allow(
        dead_code,
        non_camel_case_types,
        non_upper_case_globals,
        unused_macros,
        clippy::all,
        clippy::pedantic,
        clippy::nursery
    )]

    use ::hestia::hlog as statement;

    mod core {}
    mod std {}
    mod hestia {}
    mod log {}
    struct Result;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Option;
    struct String;
    struct str;
    struct usize;
    struct u8;
    struct bool;
    struct Level;
    struct Callsite;
    trait Fn {}
    trait Into {}
    trait AsRef {}
    macro_rules! format_args {
        ($($t:tt)*) => {
            compile_error!("shadowed")
        };
    }
    macro_rules! module_path {
        ($($t:tt)*) => {
            compile_error!("shadowed")
        };
    }
    macro_rules! file {
        ($($t:tt)*) => {
            compile_error!("shadowed")
        };
    }
    macro_rules! line {
        ($($t:tt)*) => {
            compile_error!("shadowed")
        };
    }
    macro_rules! concat {
        ($($t:tt)*) => {
            compile_error!("shadowed")
        };
    }

    fn drop() {}
    const info: () = ();
    const error: () = ();
    const value_0: () = ();
    const fields: () = ();
    const out: () = ();

    pub(crate) fn two() {
        let (number, text) = (1, "text");
        statement!(info, number, a.b = text, c = %text, d = ?number, "{text} {number:>5} {:?}", [number]);
        statement!(error, target: text, err = "e", key = 1.5, "{:>1$}", text, 9);
    }

    /// Has methods of the names that expansions call.
    pub(crate) struct Methods;
    impl Methods {
        fn choose(&self) {}
        fn capture(&self) {}
        fn put(&self) {}
        fn value(&self) {}
    }
}

mod bare {
    //! Without the names that every program has.
    #![no_implicit_prelude]

    pub(crate) fn two() {
        let number = 1;
        ::hestia::hlog!(info, number, a.b = "x", c = %number, err = "e", "{number} {:>5} {0:?}", "text");
        ::hestia::warn!(target: "db", number, list:serde = [1]; "{:>1$}", number, 9);
    }
}

mod renamed {
    //! Under other names.

    extern crate hestia as logging;

    pub(crate) mod inner {
        pub(crate) use super::logging::hlog as say;
        pub(crate) use super::logging::*;
    }

    pub(crate) fn three() {
        let number = 1;
        logging::hlog!(info, number, "{number}");
        inner::say!(warn, err = "x", "{}", number);
        inner::error!(number; "{number:?}");
    }
}

mod own_macros {
    //! Statements within macros of the program's own.

    macro_rules! audit {
        ($level:ident, $($rest:tt)*) => { hestia::hlog!($level, target: "audit", version = 1, $($rest)*) };
    }
    macro_rules! literal {
        ($message:literal $(, $value:expr)* $(; $($key:ident = $field:expr),+)?) => {
            hestia::hlog!(info, $($($key = $field,)+)? $message $(, $value)*)
        };
    }
    macro_rules! levels {
        ($level:expr, $message:expr) => {
            hestia::hlog!($level, "{}", $message)
        };
    }
    macro_rules! drop_in {
        ($($rest:tt)+) => { hestia::info!($($rest)+) };
    }
    macro_rules! named {
        ($name:ident, $key:ident) => {{
            let local = 7;
            hestia::hlog!(info, $key = $name, local, "{} {local}", $name);
        }};
    }

    pub(crate) fn nine() {
        let (user, local) = ("ada", 1);
        audit!(info, user, "{user} came");
        audit!(warn, key = user);
        literal!("constant");
        literal!("{} {}", user, 1 + 2 * local);
        literal!("{}", -local; a = local + 1, b = &user);
        levels!(log::Level::Warn, user);
        drop_in!("{user}");
        drop_in!(user, n = 1; "{} {local}", user);
        named!(user, key);
    }
}

fn generic<T, U>(value: &T, other: U)
where
    T: Display + Debug + ?Sized,
    U: Display + Copy,
{
    hlog!(info, shown = %value, asked = ?value, "{value} {value:?} {other:>9}");
    let closure = |more: U| hlog!(debug, "{more} {}", value);
    closure(other);
}

trait Says: Debug {
    fn says(&self) {
        hlog!(info, it = ?self, "{self:?}");
    }
}

#[derive(Clone, Debug)]
struct Guard<'g>(&'g str);

impl Says for Guard<'_> {}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        hestia::info!("dropped {}", self.0);
    }
}

fn early(text: &str) -> Result<u8, core::num::ParseIntError> {
    hlog!(info, number = text.parse::<u8>()?, "{}", text.len());
    text.parse()
}

fn places() {
    Guard("g").says();
    let number = early("5").unwrap_or_default();
    match number {
        5 => hlog!(info, number, "five"),
        _ => hestia::info!("another"),
    }
    if number == 5 {
        hlog!(info, "{}", number)
    }
    let () = hlog!(info, number);
    [1, 2].iter().for_each(|at| hlog!(info, at, "{at}"));
    let mut counter = 0;
    hlog!(
        info,
        counted = {
            counter += 1;
            counter
        },
        "{}",
        if counter > 9 { return } else { counter }
    );
    _ = early("x").is_err();
    loop {
        hlog!(info, "{}", if counter == 1 { break } else { 2 });
    }
}

/// Statements are usable in async functions whose futures are sent to other threads.
#[allow(unused_qualifications)] // `Future` is in the prelude of 2024 alone.
pub fn future() -> impl core::future::Future<Output = u8> + Send {
    async fn number(value: u8) -> u8 {
        hlog!(info, value, "{value}");
        value
    }
    async {
        hlog!(info, value = number(1).await, "{}", number(2).await);
        3
    }
}

fn many() {
    let a = 1;
    hlog!(
        info,
        "{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a,
        a
    );
    hlog!(
        info,
        k01 = a,
        k02 = a,
        k03 = a,
        k04 = a,
        k05 = a,
        k06 = a,
        k07 = a,
        k08 = a,
        k09 = a,
        k10 = a,
        k11 = a,
        k12 = a,
        k13 = a,
        k14 = a,
        k15 = a,
        k16 = a,
        k17 = a,
        k18 = a,
        k19 = a,
        k20 = a,
        k21 = a,
        k22 = a,
        k23 = a,
        k24 = a,
        k25 = a,
        k26 = a,
        k27 = a,
        k28 = a,
        k29 = a,
        k30 = a,
        k31 = a,
        k32 = a,
        k33 = a,
        k34 = a,
        k35 = a,
        k36 = a,
        k37 = a,
        k38 = a,
        k39 = a,
        k40 = a,
        "forty"
    );
}
