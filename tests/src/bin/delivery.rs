//! Scenarios of delivery: many records, many threads, small queues, and quiet times.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::hint;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Builder, Handle, Overflow, Stats, TextFile, TextLayout};
use hestia_tests::kernel::{figure, peak_kib};
use hestia_tests::records::log_from_threads;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse::<u64>();
    match arguments[0].as_str() {
        "threads" => threads(number(1)?, number(2)?),
        "hand_over_by_atomic" => hand_over_by_atomic(number(1)?),
        "hand_over_by_channel" => hand_over_by_channel(number(1)?),
        "short_lived_threads" => short_lived_threads(number(1)?),
        "full_speed" => full_speed(number(1)?, number(2)?),
        "small_rings" => small_rings(number(1)?, number(2)?),
        "shedding" => shedding(number(1)?, number(2)?),
        "silence" => silence(),
        "now_and_then" => now_and_then(),
        "steadily" => steadily(),
        unknown => Err(format!("there is no scenario {unknown}").into()),
    }
}

/// Both files, no console: what these scenarios are about is what can be read back.
fn files() -> Builder {
    hestia::builder().console(false)
}

fn print(what: &str, figure: impl std::fmt::Display) -> io::Result<()> {
    writeln!(io::stdout(), "{what} {figure}")
}

fn threads(threads: u64, count: u64) -> Outcome {
    files().init()?;
    log_from_threads(threads, count);
    Ok(())
}

/// Two threads hand a number to and fro through a shared variable, as fast as the memory lets them:
/// whoever has it logs it, then hands over the next.
fn hand_over_by_atomic(count: u64) -> Outcome {
    const PLAYERS: u64 = 2;
    files().init()?;
    let turn = AtomicU64::new(0);
    thread::scope(|scope| {
        for player in 0..PLAYERS {
            let turn = &turn;
            scope.spawn(move || {
                for number in (player..count).step_by(PLAYERS as usize) {
                    let mut looks = 0_u32;
                    while turn.load(Ordering::Acquire) != number {
                        hint::spin_loop();
                        looks += 1;
                        // Both players may share a processor.
                        if looks.is_multiple_of(1000) {
                            thread::yield_now();
                        }
                    }
                    log::info!("0 {number}");
                    turn.store(number + 1, Ordering::Release);
                }
            });
        }
    });
    Ok(())
}

/// Four threads in a circle pass a number on through channels.
fn hand_over_by_channel(count: u64) -> Outcome {
    const PLAYERS: usize = 4;
    files().init()?;
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..PLAYERS).map(|_| sync_channel(1)).unzip();
    senders[0].send(0)?;
    let next = |player: usize| senders[(player + 1) % PLAYERS].clone();
    let players: Vec<_> = receivers
        .into_iter()
        .enumerate()
        .map(|(player, mine)| {
            let next = next(player);
            thread::spawn(move || log_in_turn(&mine, &next, count))
        })
        .collect();
    drop(senders);
    for player in players {
        player.join().expect("no player panics");
    }
    Ok(())
}

fn log_in_turn(mine: &Receiver<u64>, next: &SyncSender<u64>, count: u64) {
    for number in mine {
        if number < count {
            log::info!("0 {number}");
        }
        // The last number ends the others' turns; who gets it back finds nobody to pass it on to.
        if next.send(number + u64::from(number < count)).is_err() || number >= count {
            return;
        }
    }
}

/// So many threads, four at a time, each of which logs once.
fn short_lived_threads(count: u64) -> Outcome {
    const STARTERS: u64 = 4;
    files().json(false).init()?;
    thread::scope(|scope| {
        for starter in 0..STARTERS {
            scope.spawn(move || {
                for number in 0..count / STARTERS {
                    let logs_once = thread::spawn(move || log::info!("{starter} {number}"));
                    logs_once.join().expect("logging does not panic");
                }
            });
        }
    });
    print_memory()
}

/// Short lines into one file, so that as little as possible holds the writer up.
fn full_speed(threads: u64, count: u64) -> Outcome {
    let text = TextFile::default().layout(TextLayout::pattern("{message}")?);
    let handle = files().text(text).json(false).init()?;
    log_from_threads(threads, count);
    handle.flush()?;
    print_memory()
}

/// The most memory this process ever had, in KiB.
fn print_memory() -> Outcome {
    print("peak", peak_kib()?)?;
    Ok(())
}

/// Rings that are full most of the time, and records that do not fit them at all.
fn small_rings(threads: u64, count: u64) -> Outcome {
    let handle = files().ring_bytes(4096).init()?;
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for number in 0..count {
                    let long = if number % 100 == 0 { 5000 } else { 0 };
                    log::info!(padding = "x".repeat(long).as_str(); "{thread} {number}");
                }
            });
        }
    });
    let sent = threads * count;
    let stats = handle.flush()?.stats().clone();
    assert_eq!((stats.sent(), stats.shed.total()), (sent, 0));
    assert_books_balance(&stats);
    Ok(())
}

/// Records that find no room are lost, and known to be.
fn shedding(threads: u64, count: u64) -> Outcome {
    let handle = files()
        .ring_bytes(4096)
        .overflow(Overflow::DropNewest)
        .init()?;
    log_from_threads(threads, count);
    let stats = settled(handle)?;
    assert_eq!(stats.sent(), threads * count);
    assert_books_balance(&stats);
    print("accepted", stats.accepted)?;
    print("shed", stats.shed.total())?;
    Ok(())
}

fn settled(handle: Handle) -> Result<Stats, Box<dyn Error>> {
    Ok(handle.flush()?.stats().clone())
}

/// After a flush every accepted record is written, and none is on its way.
fn assert_books_balance(stats: &Stats) {
    assert_eq!(stats.outputs.len(), 2);
    for output in &stats.outputs {
        assert_eq!(
            (
                output.written,
                output.filtered,
                output.failed,
                output.pending
            ),
            (stats.accepted, 0, 0, 0),
            "{output}"
        );
    }
}

/// How often each of hestia's threads went to sleep so far.
fn sleeps() -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
    let mut sleeps = BTreeMap::new();
    for task in fs::read_dir("/proc/self/task")? {
        let status = fs::read_to_string(task?.path().join("status"))?;
        let name = status
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("Name:\t"));
        let name = name.ok_or("a thread without a name")?;
        if name.starts_with("hestia-") {
            let count = figure(&status, "voluntary_ctxt_switches")?;
            sleeps.insert(name.to_owned(), count);
        }
    }
    Ok(sleeps)
}

/// Nothing is logged for a while; prints how often hestia's threads woke up in it.
fn silence() -> Outcome {
    hestia::builder()
        .linger(Duration::from_millis(100))
        .init()?;
    log::info!("the last for a while");
    thread::sleep(Duration::from_secs(1));
    let before = sleeps()?;
    thread::sleep(Duration::from_secs(3));
    for (name, count) in sleeps()? {
        print(&name, count - before[&name])?;
    }
    assert!(Path::new("logs/all.log").exists());
    Ok(())
}

/// A record each 100 ms; prints how often the writer woke up in three seconds of that.
fn now_and_then() -> Outcome {
    let log_for = |seconds: u64| {
        for number in 0..seconds * 10 {
            log::info!("0 {number}");
            thread::sleep(Duration::from_millis(100));
        }
    };
    files().init()?;
    log_for(3);
    let before = sleeps()?;
    log_for(3);
    print(
        "wakes",
        sleeps()?["hestia-writer"] - before["hestia-writer"],
    )?;
    Ok(())
}

/// There is always a record that is younger than the grace window, for a second; prints how often the writer went to sleep
/// in it.
fn steadily() -> Outcome {
    const GRACE: Duration = Duration::from_micros(90);
    files().grace(GRACE).init()?;
    hestia::flush()?;
    let before = sleeps()?;
    let start = Instant::now();
    let mut number = 0;
    while start.elapsed() < Duration::from_secs(1) {
        log::info!("0 {number}");
        number += 1;
        let logged = Instant::now();
        while logged.elapsed() < GRACE / 3 {
            hint::spin_loop();
        }
    }
    print(
        "sleeps",
        sleeps()?["hestia-writer"] - before["hestia-writer"],
    )?;
    Ok(())
}
