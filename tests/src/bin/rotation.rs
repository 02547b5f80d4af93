//! Programs whose files are rotated: by themselves, by each other, and by other people's hands.

use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::process;
use std::thread;
use std::time::Duration;

use hestia::{ArchiveNames, Builder, Compression, Every, Rotation, TextFile};
use hestia_tests::figures::tell;
use hestia_tests::records::log_numbers;
use serde_json::json;

type Outcome = Result<(), Box<dyn Error>>;

const THREADS: u64 = 4;
const FILE_BYTES: u64 = 64 << 10;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |place: usize| arguments.get(place).and_then(|text| text.parse().ok());
    match arguments[0].as_str() {
        "size" => size(number(1).unwrap_or(0), number(2).unwrap_or(10_000)),
        "size_packed" => size_packed(number(1).unwrap_or(0)),
        "periods" => periods(),
        "packed" => packed(number(1).unwrap_or(0), Compression::Gzip),
        "packed_zstd" => packed(0, Compression::Zstd),
        "endless" => endless(number(1).unwrap_or(0)),
        "until_told" => until_told(),
        "forking" => forking(),
        "waiting_child" => waiting_child(),
        "by_hand" => by_hand(),
        "with_id" => with_id(),
        "settings" => settings(),
        "by_environment" => by_environment(number(1).unwrap_or(0), number(2).unwrap_or(0)),
        "slowly_packed" => slowly_packed(),
        "reopened" => reopened(),
        "named" => named(),
        "full" => full(),
        unknown => Err(format!("there is no scenario {unknown}").into()),
    }
}

fn rotated(rotation: Rotation) -> Builder {
    let rotation = rotation.names(ArchiveNames::Numbers);
    hestia::builder()
        .console(false)
        .json(false)
        .rotate(rotation)
}

/// Logs `"{thread} {number}"` on threads of these numbers, each until the function says that it is enough.
fn log_from(first: u64, is_enough: impl Fn(u64) -> bool + Sync) {
    thread::scope(|scope| {
        for thread in first..first + THREADS {
            let is_enough = &is_enough;
            scope.spawn(move || {
                for number in (0..).take_while(|number| !is_enough(*number)) {
                    log::info!("{thread} {number}");
                }
            });
        }
    });
}

/// Several threads, and as many processes as there are runs of this, write to one file.
fn size(first: u64, count: u64) -> Outcome {
    rotated(Rotation::size(FILE_BYTES)).init()?;
    log_from(first, |number| number == count);
    hestia::flush()?;
    tell(&json!({ "count": count }));
    Ok(())
}

/// The same, while the archives are compressed: each process meets those that others have just made.
fn size_packed(first: u64) -> Outcome {
    rotated(Rotation::size(FILE_BYTES).compress(Compression::Gzip)).init()?;
    log_from(first, |number| {
        if number % 100 == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        number == 10_000
    });
    hestia::flush()?;
    Ok(())
}

/// A new file in each second.
fn periods() -> Outcome {
    rotated(Rotation::every(Every::Span(Duration::from_secs(1)))).init()?;
    log_from(0, |number| {
        thread::sleep(Duration::from_millis(5));
        number == 500
    });
    hestia::flush()?;
    Ok(())
}

/// Ends once all archives are compressed.
fn packed(first: u64, compression: Compression) -> Outcome {
    rotated(Rotation::size(FILE_BYTES).compress(compression)).init()?;
    log_from(first, |number| number == 5_000);
    hestia::rotate()?;
    let is_plain = |name: &str| name.ends_with(".log") && name != "all.log";
    while hestia_tests::archives::names(Path::new("logs"))
        .iter()
        .any(|name| is_plain(name) || name.ends_with(".partial"))
    {
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Until it is killed.
fn endless(first: u64) -> Outcome {
    rotated(Rotation::size(FILE_BYTES).compress(Compression::Gzip)).init()?;
    log_from(first, |_| false);
    Ok(())
}

/// Until there is a file called `stop`.
fn until_told() -> Outcome {
    let text = TextFile::new("logs/all.log").rotate(false);
    hestia::builder()
        .console(false)
        .json(false)
        .text(text)
        .init()?;
    let mut count = 0;
    while !Path::new("stop").exists() {
        log::info!("0 {count}");
        count += 1;
        if count % 10 == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let flushed = hestia::flush().map_err(|error| error.to_string()).err();
    tell(&json!({ "count": count, "flushed": flushed }));
    Ok(())
}

fn fork() -> io::Result<libc::pid_t> {
    // SAFETY: the child goes on with what hestia promises to work.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        child => Ok(child),
    }
}

fn wait_for(child: libc::pid_t) -> Outcome {
    let mut status = 0;
    // SAFETY: fills in the value behind the pointer.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    match libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
        true => Ok(()),
        false => Err(format!("the child ended with {status}").into()),
    }
}

/// Children are forked, and write to the same file, while its parent rotates it all the time.
fn forking() -> Outcome {
    rotated(Rotation::size(FILE_BYTES)).init()?;
    let mut children = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| log_from(0, |number| number == 10_000));
        for child in 1..=3 {
            thread::sleep(Duration::from_millis(20));
            match fork()? {
                0 => {
                    for number in 0..5_000 {
                        log::info!("{} {number}", 10 * child);
                    }
                    let is_flushed = hestia::flush().is_ok();
                    // SAFETY: ends the process.
                    unsafe { libc::_exit(i32::from(!is_flushed)) };
                }
                id => children.push(id),
            }
        }
        Ok::<(), io::Error>(())
    })?;
    children.into_iter().try_for_each(wait_for)?;
    hestia::flush()?;
    Ok(())
}

/// A child that does nothing has what its parent had open; the archive is compressed all the same.
fn waiting_child() -> Outcome {
    rotated(Rotation::by_hand().compress(Compression::Gzip)).init()?;
    log::info!("0 0");
    hestia::flush()?;
    let child = fork()?;
    if child == 0 {
        thread::sleep(Duration::from_secs(60));
        process::exit(0);
    }
    hestia::rotate()?;
    while !Path::new("logs/all.1.log.gz").exists() || Path::new("logs/all.1.log").exists() {
        thread::sleep(Duration::from_millis(10));
    }
    // SAFETY: a child of this process.
    unsafe { libc::kill(child, libc::SIGKILL) };
    Ok(())
}

fn by_hand() -> Outcome {
    let hestia = hestia::builder().console(false).init()?;
    log::info!("before");
    hestia.rotate()?;
    log::info!("after");
    hestia.flush()?;
    tell(&json!({ "rotate": hestia.report().row("rotate").map(|row| row.value.clone()) }));
    Ok(())
}

/// Parent and child have files of their own.
fn with_id() -> Outcome {
    let text = TextFile::new("logs/all-{pid}.log");
    hestia::builder()
        .console(false)
        .json(false)
        .text(text)
        .init()?;
    log::info!("parent");
    hestia::flush()?;
    let child = fork()?;
    if child == 0 {
        log::info!("child");
        let is_flushed = hestia::flush().is_ok();
        // SAFETY: ends the process.
        unsafe { libc::_exit(i32::from(!is_flushed)) };
    }
    wait_for(child)?;
    tell(&json!({ "parent": process::id(), "child": child }));
    Ok(())
}

/// What code and environment say together.
fn settings() -> Outcome {
    let own = TextFile::new("logs/all.log").rotate(Rotation::size(1 << 20).keep(3));
    let builder = hestia::builder().console(false).text(own);
    let hestia = builder.rotate(Rotation::every(Every::Day)).init()?;
    let report = hestia.report();
    let row = |name: &str| report.row(name).map(|row| row.value.clone());
    let origin = report.row("rotate").map(|row| row.origin.to_string());
    let facts = json!({ "rotate": row("rotate"), "text": row("text"), "origin": origin });
    tell(&facts);
    Ok(())
}

/// As the environment says it; so many milliseconds after each record.
fn by_environment(count: u64, pause: u64) -> Outcome {
    hestia::builder().console(false).json(false).init()?;
    log_from(0, |number| {
        thread::sleep(Duration::from_millis(pause));
        number == count
    });
    hestia::flush()?;
    Ok(())
}

/// Logs while a large archive is compressed, and ends before that is done.
fn slowly_packed() -> Outcome {
    fs::create_dir("logs")?;
    let mut state = 1_u64;
    let mut line = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        format!("{state:016x}\n").repeat(4)
    };
    let large: String = (0..240_000).map(|_| line()).collect();
    fs::write("logs/all.log", large)?;
    rotated(Rotation::by_hand().compress(Compression::Gzip)).init()?;
    hestia::rotate()?;
    let is_packing = || Path::new("logs/all.1.log.gz.partial").exists();
    while !is_packing() && !Path::new("logs/all.1.log.gz").exists() {
        thread::yield_now();
    }
    let mut meanwhile = 0;
    while is_packing() && meanwhile < 20 {
        log::info!("0 {meanwhile}");
        hestia::flush()?;
        meanwhile += 1;
    }
    tell(&json!({ "meanwhile": meanwhile, "niceness": niceness("hestia-archive") }));
    Ok(())
}

/// Of the thread of that name, as the kernel tells it; see proc_pid_stat(5).
fn niceness(name: &str) -> Option<i64> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let stats = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok());
    stats.into_iter().find_map(|stat| {
        let (before, after) = stat.rsplit_once(") ")?;
        let is_it = before.ends_with(&format!("({name}"));
        is_it.then(|| after.split(' ').nth(16)?.parse().ok())?
    })
}

/// Somebody moves the file away, and says so at once.
fn reopened() -> Outcome {
    rotated(Rotation::by_hand()).init()?;
    log_numbers(0..100);
    hestia::flush()?;
    fs::rename("logs/all.log", "logs/moved.log")?;
    hestia::reopen()?;
    log_numbers(100..200);
    hestia::flush()?;
    Ok(())
}

/// The files of named loggers are rotated as all are.
fn named() -> Outcome {
    rotated(Rotation::size(FILE_BYTES)).init()?;
    let audit = hestia::logger("audit").file("logs/audit.log");
    for number in 0..5_000 {
        log::info!(logger: audit, "0 {number}");
    }
    hestia::flush()?;
    Ok(())
}

/// Rotation fails for as long as there is no free number.
fn full() -> Outcome {
    fs::create_dir("logs")?;
    fs::write("logs/all.9999999.log", "the last\n")?;
    rotated(Rotation::size(FILE_BYTES)).init()?;
    log_from(0, |number| number == 1_000);
    let flushed = hestia::flush().is_ok();
    tell(&json!({ "flushed": flushed }));
    fs::remove_file("logs/all.9999999.log")?;
    thread::sleep(Duration::from_millis(1_100));
    log_from(THREADS, |number| number == 1_000);
    hestia::flush()?;
    Ok(())
}
