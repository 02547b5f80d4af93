//! How much is logged: statements that say how often, one line for records that say the same, a share of an output.

use std::collections::BTreeSet;
use std::error::Error;

use hestia::{Console, JsonFile, Sample, TextFile, hlog};
use hestia_examples::{fresh_directory, records};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("21_volume")?;
    let sample = Sample::new(0.25).by("request_id");
    let hestia = hestia::builder()
        .console(Console::stdout())
        .text(TextFile::new(directory.join("all.log")))
        .json(JsonFile::new(directory.join("sample.log")).filter(sample))
        .fold_duplicates(true)
        .init()?;

    // The first at once; the others within an hour are left out, and not even evaluated.
    let mut evaluated = 0;
    for left in (0..1_000).rev() {
        hlog!(warn, every: 1h, left = { evaluated += 1; left }, "the pool runs dry");
    }
    println!("evaluated {evaluated} of 1000");

    // Three for each user. Then there is no limit any more, and the next record says how many were left out.
    for (attempt, user) in (0..20).flat_map(|attempt| [(attempt, "ada"), (attempt, "bob")]) {
        let most = if attempt < 19 { 3 } else { u32::MAX };
        hlog!(warn, first: most, by: user, user, attempt, "password refused");
    }

    // One line, and one that says how often.
    for _ in 0..42 {
        log::info!("connection refused");
    }

    // Whole requests are in the JSON file, or nothing of them; the text file has all.
    for request_id in 8..16 {
        for step in ["asked", "looked up", "answered"] {
            hlog!(info, request_id, "{step}");
        }
    }
    hestia.flush()?;
    let sample = records(directory.join("sample.log"))?;
    let of_request = |record: &serde_json::Value| record["metadata"]["request_id"].as_u64();
    let requests: BTreeSet<_> = sample.iter().filter_map(of_request).collect();
    println!("requests in the sample: {requests:?}");
    let stats = hestia.stats();
    println!(
        "{} executions left out by their statements",
        stats.suppressed
    );
    for output in stats.outputs {
        println!("{output}");
    }
    Ok(())
}
