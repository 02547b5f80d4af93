//! Records that are on the disk when the macro returns, and files that are brought there now and then.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Durability, durable};
use hestia_examples::fresh_directory;

const THREADS: u32 = 8;
const PAYMENTS: u32 = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("16_durable")?;
    let hestia = hestia::builder()
        .console(false)
        .logs_dir(&directory)
        // What all other records may lose when the power goes, for as long as the program logs.
        .sync(Durability::Every(Duration::from_secs(5)))
        .init()?;

    let alone = Instant::now();
    for id in 0..PAYMENTS {
        durable!(info, id, "paid")?;
    }
    println!("one after the other: {:?} each", alone.elapsed() / PAYMENTS);

    // Threads that wait at the same time share the sync.
    let together = Instant::now();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for id in 0..PAYMENTS {
                    if let Err(error) = durable!(info, thread, id, "paid") {
                        println!("not on the disk: {error}");
                    }
                }
            });
        }
    });
    let each = together.elapsed() / (THREADS * PAYMENTS);
    println!("{THREADS} threads together: {each:?} each");

    println!("\n{}", hestia.report());
    Ok(())
}
