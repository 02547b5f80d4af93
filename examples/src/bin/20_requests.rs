//! Whose request was this: scopes, traces and instrumented functions, over threads, awaits and services.

use std::error::Error;
use std::num::ParseFloatError;
use std::thread;

use hestia::trace::TraceContext;
use hestia::{InScope, instrument, record, scope, trace};
use hestia_examples::{fresh_directory, records};
use log::{debug, info};

/// Started, completed or failed, with the time it took; what is logged inside carries span and order.
#[instrument(level = "debug", ret, err)]
async fn charge(order: u64, amount: &str, password: &str) -> Result<f64, ParseFloatError> {
    debug!("asking the bank with {} characters", password.len());
    tokio::task::yield_now().await;
    record!(bank = "Fidelity"); // known only now; the call's end says it, too
    amount.parse()
}

/// What another service is sent, and what it does with it.
fn call_the_warehouse() {
    let mut headers = Vec::new();
    trace::inject(|name, value| headers.push((name, value.to_owned())));
    let warehouse = move || {
        let _trace = trace::from_headers(headers);
        let _scope = scope!(service = "warehouse");
        info!("packing");
    };
    thread::spawn(warehouse).join().expect("it does not panic");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("20_requests")?;
    let console = hestia::Console::stdout();
    let builder = hestia::builder().logs_dir(&directory).console(console);
    let hestia = builder.level("debug").init()?;
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let caller = TraceContext::from_traceparent(header)?;
    let request = caller.child().enter().scope().with("request_id", 17);
    let handled = async {
        for (id, amount) in [(4711, "12.50"), (4712, "12.5O")] {
            let _ = charge(id, amount, "hunter2").await;
        }
        call_the_warehouse();
        let part = async { info!("a task of its own, for the same request") };
        tokio::spawn(part.in_current_scope()).await
    };
    handled.in_scope(request).await?;
    info!("outside of the request");
    hestia.flush()?;
    println!("\nthe same in app.log:");
    for record in records(directory.join("app.log"))? {
        let of = |key: &str| &record[key];
        println!("  {} {}: {}", of("trace_id"), of("message"), of("metadata"));
    }
    Ok(())
}
