//! What each kind of statement costs its caller, in instructions, and the most it may cost: `cargo bench` in this folder.
//!
//! Each figure is of fifty calls, the first of which asks whether the statement is on, and what of it is to be hidden. A budget
//! is what was counted when it was set, with Rust 1.95 on x86-64, and a tenth more.
//! Whoever makes a statement cheaper lowers it; whoever raises one says in the commit what was bought for it.

use std::hint::black_box;

use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};
use hestia::hlog;

/// Few enough for the smallest ring to take all of them before it is half full.
const CALLS: u64 = 50;

/// hestia, on, with the thread's ring in place; writing to a file, as it usually does.
fn turn_on() -> Values {
    turn_on_with(false)
}

/// The same with rings that outlive the process.
fn turn_on_crash_safe() -> Values {
    turn_on_with(true)
}

fn turn_on_with(crash_safe: bool) -> Values {
    let directory =
        std::env::temp_dir().join(format!("hestia-instructions-{}", std::process::id()));
    hestia::builder()
        .env(false)
        .console(false)
        .json(false)
        .text(hestia::TextFile::new(directory.join("all.log")))
        .crash_safe(crash_safe)
        .init()
        .expect("nothing else has turned a logger on");
    hlog!(info, "first");
    log::info!("first");
    hestia::flush().expect("the file is written");
    let _ = std::fs::remove_dir_all(directory);
    Values {
        order: 4711,
        price: 12.25,
        symbol: String::from("ESZ6"),
    }
}

struct Values {
    order: u64,
    price: f64,
    symbol: String,
}

fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions)]));
    config
}

#[library_benchmark(setup = turn_on, config = at_most(400))]
fn off(values: Values) -> Values {
    for _ in 0..CALLS {
        hlog!(debug, "order {} taken", black_box(&values).order);
    }
    values
}

#[library_benchmark(setup = turn_on, config = at_most(5_850))]
fn constant(values: Values) -> Values {
    for _ in 0..CALLS {
        hlog!(info, "order taken");
    }
    values
}

#[library_benchmark(setup = turn_on, config = at_most(8_600))]
fn three_arguments(values: Values) -> Values {
    let Values {
        order,
        price,
        symbol,
    } = black_box(&values);
    for _ in 0..CALLS {
        hlog!(info, "order {order} price {price:.2} symbol {symbol}");
    }
    values
}

// The scope itself takes some 4,400 of these, once.
#[library_benchmark(setup = turn_on, config = at_most(13_500))]
fn three_arguments_in_a_scope(values: Values) -> Values {
    let Values {
        order,
        price,
        symbol,
    } = black_box(&values);
    let _scope = hestia::scope!(request_id = 17, user = "ada");
    for _ in 0..CALLS {
        hlog!(info, "order {order} price {price:.2} symbol {symbol}");
    }
    values
}

#[library_benchmark(setup = turn_on, config = at_most(8_600))]
fn three_key_values(values: Values) -> Values {
    let Values {
        order,
        price,
        symbol,
    } = black_box(&values);
    for _ in 0..CALLS {
        hlog!(info, order, price, symbol, "order taken");
    }
    values
}

#[library_benchmark(setup = turn_on, config = at_most(11_000))]
fn a_hidden_key_value(values: Values) -> Values {
    let Values { order, symbol, .. } = black_box(&values);
    for _ in 0..CALLS {
        hlog!(info, order, access_token = symbol, "order taken");
    }
    values
}

#[library_benchmark(setup = turn_on, config = at_most(76_700))]
fn formatted_at_the_call(values: Values) -> Values {
    let symbols = [black_box(&values).symbol.as_str(); 2];
    for _ in 0..CALLS {
        hlog!(info, symbols = ?symbols, "order taken");
    }
    values
}

#[library_benchmark(setup = turn_on, config = at_most(6_800))]
fn left_out_by_its_limit(values: Values) -> Values {
    for _ in 0..CALLS {
        hlog!(info, every: 365d, "order {} taken", black_box(&values).order);
    }
    values
}

#[library_benchmark(setup = turn_on, config = at_most(12_000))]
fn log_constant(values: Values) -> Values {
    for _ in 0..CALLS {
        log::info!("order taken");
    }
    values
}

#[library_benchmark(setup = turn_on, config = at_most(176_600))]
fn log_three_arguments(values: Values) -> Values {
    let Values {
        order,
        price,
        symbol,
    } = black_box(&values);
    for _ in 0..CALLS {
        log::info!("order {order} price {price:.2} symbol {symbol}");
    }
    values
}

// A scope for every two records, as for requests: most of it is the scope's own.
#[library_benchmark(setup = turn_on, config = at_most(169_600))]
fn two_constants_in_each_of_many_scopes(values: Values) -> Values {
    for _ in 0..CALLS {
        let _scope = hestia::scope!(request_id = black_box(&values).order, user = "ada");
        hlog!(info, "order taken");
        hlog!(info, "order done");
    }
    values
}

// With rings that outlive the process the same statements cost the same, but for the first call of each, which says
// what it is.
#[library_benchmark(setup = turn_on_crash_safe, config = at_most(7_900))]
fn crash_safe_constant(values: Values) -> Values {
    for _ in 0..CALLS {
        hlog!(info, "order taken");
    }
    values
}

#[library_benchmark(setup = turn_on_crash_safe, config = at_most(21_200))]
fn crash_safe_three_arguments_in_a_scope(values: Values) -> Values {
    let Values {
        order,
        price,
        symbol,
    } = black_box(&values);
    let _scope = hestia::scope!(request_id = 17, user = "ada");
    for _ in 0..CALLS {
        hlog!(info, "order {order} price {price:.2} symbol {symbol}");
    }
    values
}

#[library_benchmark(setup = turn_on_crash_safe, config = at_most(199_800))]
fn crash_safe_two_constants_in_each_of_many_scopes(values: Values) -> Values {
    for _ in 0..CALLS {
        let _scope = hestia::scope!(request_id = black_box(&values).order, user = "ada");
        hlog!(info, "order taken");
        hlog!(info, "order done");
    }
    values
}

#[library_benchmark(setup = turn_on_crash_safe, config = at_most(15_050))]
fn crash_safe_log_constant(values: Values) -> Values {
    for _ in 0..CALLS {
        log::info!("order taken");
    }
    values
}

#[library_benchmark(setup = turn_on_crash_safe, config = at_most(25_000))]
fn crash_safe_log_constant_in_a_scope(values: Values) -> Values {
    let _scope = hestia::scope!(request_id = 17, user = "ada");
    for _ in 0..CALLS {
        log::info!("order taken");
    }
    values
}

#[library_benchmark(setup = turn_on_crash_safe, config = at_most(185_200))]
fn crash_safe_log_three_arguments(values: Values) -> Values {
    let Values {
        order,
        price,
        symbol,
    } = black_box(&values);
    for _ in 0..CALLS {
        log::info!("order {order} price {price:.2} symbol {symbol}");
    }
    values
}

library_benchmark_group!(
    name = statements,
    benchmarks = [
        off,
        constant,
        three_arguments,
        three_arguments_in_a_scope,
        three_key_values,
        a_hidden_key_value,
        formatted_at_the_call,
        left_out_by_its_limit,
        log_constant,
        log_three_arguments,
        two_constants_in_each_of_many_scopes,
        crash_safe_constant,
        crash_safe_three_arguments_in_a_scope,
        crash_safe_two_constants_in_each_of_many_scopes,
        crash_safe_log_constant,
        crash_safe_log_constant_in_a_scope,
        crash_safe_log_three_arguments
    ]
);

main!(library_benchmark_groups = statements);
