//! Files that are rotated by size and by day, compressed, and kept within a bound; and one that is rotated by hand.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use hestia::{ArchiveNames, Compression, Every, JsonFile, Rotation, TextFile};
use hestia_examples::fresh_directory;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("15_rotation")?;
    let rotation = Rotation::size(16 << 10)
        .or_every(Every::Day)
        .names(ArchiveNames::Numbers)
        .keep(3)
        .compress(Compression::Gzip)
        .link("newest");
    let by_hand = Rotation::by_hand().max_age(Duration::from_secs(30 * 86_400));
    let builder = hestia::builder()
        .console(false)
        .text(TextFile::new(directory.join("all.log")))
        .json(JsonFile::new(directory.join("app.log")).rotate(by_hand))
        .rotate(rotation);
    let hestia = builder.init()?;

    for number in 0..1_000 {
        log::info!(number; "the tide comes in, and goes out");
    }
    // The live files always have the same names; this begins new ones.
    hestia.rotate()?;
    log::info!("after the rotation");
    hestia.flush()?;

    // Nobody has to wait for the archives to be compressed; this only shows them.
    while names(&directory)?.iter().any(|name| is_plain(name)) {
        thread::sleep(Duration::from_millis(10));
    }
    for name in names(&directory)? {
        println!("{name}");
    }
    let newest = fs::read_link(directory.join("newest"))?;
    println!("the newest is {}", newest.display());
    println!("\n{}", hestia.report());
    Ok(())
}

fn is_plain(name: &str) -> bool {
    name.starts_with("all.") && !name.ends_with(".gz") && name != "all.log"
}

fn names(directory: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let entries = fs::read_dir(directory)?;
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.flatten().map(name).collect();
    names.sort();
    Ok(names)
}
