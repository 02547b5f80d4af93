//! Compresses archives, on a thread of hestia's own that nobody waits for.
//!
//! The thread (`hestia-archive`, one in a process, of low priority) lives as long as there is something to do. It takes
//! every archive of a file that is not compressed yet, so that what an earlier process left undone is done, too.
//!
//! The compressed copy has a name of its own (`….gz.partial`) until it is complete and on the disk; then it gets its real
//! name, and the archive is deleted. Whenever the process ends, the archive is whole under one of the two names; under both
//! of them only where it is killed between the two, until the next start, which does such archives first.
//!
//! *Invariant:* an archive that some process has open for writing is left alone, and one that is [`held`](super::held); and
//! so is a file that has the name of the compressed one and other content.

#![cfg_attr(
    not(any(feature = "gzip", feature = "zstd")),
    allow(
        unused,
        clippy::needless_pass_by_value,
        reason = "without a feature there is no way to compress"
    )
)]

use std::fs::{self, File, FileTimes};
use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::archive::{self, Archive, Family, State};
use super::disk::{copy_mode_and_owner, has_been_left_alone, identity, is_at};
use super::held::is_held;
use super::lock::{Locked, Locking};
use super::rotation::Compression;
use super::rotator::{list, point_anew, rename_new};
use crate::error::{ErrorKind, SinkError, chain};
use crate::internal;
use crate::sync::{lock, lock_unless_stuck};
use crate::system::above_standard_streams;
use crate::thread::lower_priority;

/// The archives of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) directory: PathBuf,
    pub(super) family: Family,
    pub(super) compression: Compression,
    /// Leads to the newest archive.
    pub(super) link: Option<String>,
}

struct Waiting {
    job: Job,
    /// How often some of its archives were still open for writing, or held; of those that count.
    attempts: u32,
    due: Instant,
}

struct Queue {
    jobs: Vec<Waiting>,
    /// The process whose thread works.
    worker: Option<u32>,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    jobs: Vec::new(),
    worker: None,
});
static MORE: Condvar = Condvar::new();

/// Other processes give an archive up when they write again, usually within a second. It is tried again after 1, 2, 4, …
/// seconds; after a minute of that, at the next rotation or start.
const ATTEMPTS: u32 = 6;

/// The process that has an archive under both names at this moment, or is about to end and will have none; 0 for none. A
/// child that is forked then is another process.
static HAS_BOTH_NAMES: AtomicU32 = AtomicU32::new(0);

/// Held while an archive is there under both names.
struct BothNames;

impl BothNames {
    /// As long as it takes to bring a directory to a disk that is busy, by a thread that the machine's others go before.
    const LIMIT: Duration = Duration::from_secs(1);

    fn take() -> Option<Self> {
        let own = std::process::id();
        let deadline = Instant::now() + Self::LIMIT;
        loop {
            let holder = HAS_BOTH_NAMES.load(Ordering::Relaxed);
            let take = || {
                HAS_BOTH_NAMES.compare_exchange(holder, own, Ordering::Acquire, Ordering::Relaxed)
            };
            if holder != own && take().is_ok() {
                return Some(BothNames);
            }
            if Instant::now() >= deadline {
                return None;
            }
            // Whoever has it may need the processor.
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for BothNames {
    fn drop(&mut self) {
        HAS_BOTH_NAMES.store(0, Ordering::Release);
    }
}

/// At the end of the process: from here on it leaves no archive under both names. One that it is about to have done with is
/// waited for.
pub(crate) fn leave_none_twice() {
    std::mem::forget(BothNames::take());
}

/// Has the archives of a file compressed, some time.
pub(super) fn submit(job: Job) {
    submit_to(job, compress_all);
}

/// Compresses what can be of a file's archives.
type Compress = fn(&Job) -> Result<Outcome, SinkError>;

fn submit_to(job: Job, compress: Compress) {
    // If not, the next start does it.
    let Some(mut queue) = lock_unless_stuck(&QUEUE) else {
        return;
    };
    queue.jobs.retain(|waiting| waiting.job != job);
    queue.jobs.push(Waiting {
        job,
        attempts: 0,
        due: Instant::now(),
    });
    let process = std::process::id();
    if queue.worker == Some(process) {
        MORE.notify_all();
    } else if internal::start_own(c"hestia-archive", move || work(compress)).is_ok() {
        queue.worker = Some(process);
    }
}

/// Something that was held is not any more: what waits for it need not wait for its time, and what waits for something else
/// has lost nothing by the look.
pub(super) fn look_again() {
    if let Some(mut queue) = lock_unless_stuck(&QUEUE) {
        let now = Instant::now();
        for waiting in &mut queue.jobs {
            waiting.due = now;
            waiting.attempts = 0;
        }
        MORE.notify_all();
    }
}

fn work(compress: Compress) {
    lower_priority();
    while let Some(mut waiting) = next() {
        match guarded(compress, &waiting.job) {
            Ok(Outcome::Done) => {}
            Ok(outcome) if outcome == Outcome::Held || waiting.attempts < ATTEMPTS => {
                waiting.due = Instant::now() + Duration::from_secs(1 << waiting.attempts);
                waiting.attempts = (waiting.attempts + 1).min(ATTEMPTS);
                let mut queue = lock(&QUEUE);
                if !queue.jobs.iter().any(|other| other.job == waiting.job) {
                    queue.jobs.push(waiting);
                }
            }
            Ok(_) => {}
            Err(error) => internal::trouble("rotation", chain(&error)),
        }
    }
}

/// A panic costs the job, which the next rotation or start brings again, and not the thread.
fn guarded(compress: Compress, job: &Job) -> Result<Outcome, SinkError> {
    catch_unwind(AssertUnwindSafe(|| compress(job))).unwrap_or_else(|_| {
        let place = internal::panic_place();
        let directory = job.directory.display();
        let what =
            format!("compressing archives in {directory} panicked{place}; this is a bug in hestia");
        Err(SinkError::new(ErrorKind::Panicked, what))
    })
}

/// The next job, once it is due; `None` when there is none.
fn next() -> Option<Waiting> {
    let mut queue = lock(&QUEUE);
    loop {
        let first = queue.jobs.iter().enumerate().min_by_key(|(_, job)| job.due);
        let Some((place, due)) = first.map(|(place, job)| (place, job.due)) else {
            queue.worker = None;
            return None;
        };
        let pause = due.saturating_duration_since(Instant::now());
        if pause.is_zero() {
            return Some(queue.jobs.swap_remove(place));
        }
        let waited = MORE.wait_timeout(queue, pause);
        queue = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Where there are no locks, an archive is taken for one that nobody writes to any more after this time: others look
/// once a second where their path leads, before they write.
const WITHOUT_LOCKS: Duration = Duration::from_secs(3);

/// What became of a job, or of one of its archives: the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Done,
    /// Some archive was open for writing.
    Busy,
    /// Some archive was held.
    Held,
}

fn error(does: &str, path: &Path, error: io::Error) -> SinkError {
    SinkError::file(ErrorKind::RotateFile, does, path, error)
}

/// Compresses what can be; the first error is told when all have been tried.
fn compress_all(job: &Job) -> Result<Outcome, SinkError> {
    let files = list(&job.directory, &job.family)
        .map_err(|cause| error("look for archives in", &job.directory, cause))?;
    let files = archive::by_age(files);
    remove_orphans(job, &files);
    let mut result = Ok(Outcome::Done);
    let plain = files.iter().filter(|file| file.state == State::Plain);
    let is_there_twice = |file: &&Archive| {
        let compressed = archive::compressed(&file.name, job.compression);
        fs::symlink_metadata(job.directory.join(compressed)).is_ok()
    };
    let (twice, once): (Vec<_>, Vec<_>) = plain.partition(is_there_twice);
    for file in twice.into_iter().chain(once) {
        let path = job.directory.join(&file.name);
        if !fs::symlink_metadata(&path).is_ok_and(|there| there.is_file()) {
            continue;
        }
        let outcome = compress(job, file, &files, &path);
        match outcome.map_err(|cause| error("compress", &path, cause)) {
            Ok(outcome) => result = result.map(|so_far| outcome.max(so_far)),
            Err(error) => result = result.and(Err(error)),
        }
    }
    result
}

/// Unfinished files whose archive is gone: nobody will ever finish them.
fn remove_orphans(job: &Job, files: &[Archive]) {
    for partial in files.iter().filter(|file| file.state == State::Partial) {
        let source = archive::source_of_partial(&partial.name);
        let path = job.directory.join(source.unwrap_or_default());
        if fs::symlink_metadata(path).is_err() {
            let _ = fs::remove_file(job.directory.join(&partial.name));
        }
    }
}

fn compress(job: &Job, file: &Archive, files: &[Archive], path: &Path) -> io::Result<Outcome> {
    let source = match File::open(path).and_then(above_standard_streams) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Outcome::Done),
        Err(error) => return Err(error),
    };
    let (source, locking) = Locked::exclusive(source);
    let may_be_open = match locking {
        Locking::Locked => false,
        Locking::Busy => true,
        Locking::Unsupported => !has_been_left_alone(source.file(), WITHOUT_LOCKS),
    };
    if may_be_open {
        return Ok(Outcome::Busy);
    }
    if is_held(identity(&source.file().metadata()?)) {
        return Ok(Outcome::Held);
    }
    // Another process may have compressed it before the lock was had.
    if !is_at(path, source.file()) {
        return Ok(Outcome::Done);
    }
    for partial in files.iter().filter(|other| other.tag == file.tag) {
        if partial.state == State::Partial {
            fs::remove_file(job.directory.join(&partial.name))?;
        }
    }
    let name = archive::compressed(&file.name, job.compression);
    let target = job.directory.join(&name);
    let partial = job.directory.join(archive::partial(&name));
    let is_new = fs::symlink_metadata(&target).is_err();
    let give_up = |_: &io::Error| {
        let _ = fs::remove_file(&partial);
    };
    if is_new {
        pack_into(job.compression, source.file(), &partial).inspect_err(give_up)?;
    } else if !has_content(job.compression, &target, source.file())? {
        return Err(io::Error::other(format!(
            "{} is there, with other content; move one of them away",
            target.display()
        )));
    }
    let Some(_both_names) = BothNames::take() else {
        let _ = fs::remove_file(&partial);
        return Ok(Outcome::Busy);
    };
    if is_new {
        rename_new(&partial, &target).inspect_err(give_up)?;
    } else {
        File::open(&target)?.sync_all()?;
    }
    // Also of one that was found: whoever named it may have been killed before this.
    sync_directory(&job.directory)?;
    if let Some(link) = &job.link {
        point_anew(&job.directory, link, &file.name, &name)?;
    }
    fs::remove_file(path)?;
    Ok(Outcome::Done)
}

/// Makes the compressed copy, complete and on the disk before it gets its name.
fn pack_into(compression: Compression, source: &File, partial: &Path) -> io::Result<()> {
    let copy = above_standard_streams(private(partial)?)?;
    let (copy, bytes) = pack(compression, source, copy)?;
    let times = source.metadata()?;
    if bytes != times.len() {
        return Err(io::Error::other("it changed meanwhile"));
    }
    copy_mode_and_owner(source, &copy);
    let times = FileTimes::new()
        .set_modified(times.modified()?)
        .set_accessed(times.accessed()?);
    // After the last write, which would change them.
    copy.set_times(times)?;
    copy.sync_all()
}

/// Nobody else may read it before it has the mode of the archive.
#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

/// So that the copy is there after a power failure if the archive is not.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // Not every file system can.
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes all that is in the source, compressed; also says how much that was.
fn pack(compression: Compression, mut source: &File, to: File) -> io::Result<(File, u64)> {
    match compression {
        #[cfg(feature = "gzip")]
        Compression::Gzip => {
            let mut packed = flate2::write::GzEncoder::new(to, flate2::Compression::default());
            let bytes = io::copy(&mut source, &mut packed)?;
            Ok((packed.finish()?, bytes))
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => {
            let mut packed = zstd::stream::Encoder::new(to, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            packed.include_checksum(true)?;
            let bytes = io::copy(&mut source, &mut packed)?;
            Ok((packed.finish()?, bytes))
        }
    }
}

/// Whether the compressed file is a whole copy of the source.
fn has_content(compression: Compression, compressed: &Path, source: &File) -> io::Result<bool> {
    let compressed = File::open(compressed)?;
    match compression {
        #[cfg(feature = "gzip")]
        Compression::Gzip => same_bytes(flate2::read::MultiGzDecoder::new(compressed), source),
        #[cfg(feature = "zstd")]
        Compression::Zstd => same_bytes(zstd::stream::Decoder::new(compressed)?, source),
    }
}

fn same_bytes(one: impl Read, other: impl Read) -> io::Result<bool> {
    let (mut one, mut other) = (BufReader::new(one).bytes(), BufReader::new(other).bytes());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return Ok(true),
            // What cannot be read back is no copy.
            (Some(Err(_)), _) => return Ok(false),
            (_, Some(Err(error))) => return Err(error),
            (Some(Ok(byte)), Some(Ok(of_other))) if byte == of_other => {}
            _ => return Ok(false),
        }
    }
}

#[cfg(feature = "gzip")]
#[cfg(test)]
mod tests {
    use super::super::rotation::ArchiveNames;
    use super::*;
    use std::io::Write;
    use tempfile::TempDir;

    fn job() -> (TempDir, Job) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        let job = Job {
            directory: directory.path().to_owned(),
            family: Family::of(&path, ArchiveNames::Numbers).unwrap(),
            compression: Compression::Gzip,
            link: None,
        };
        (directory, job)
    }

    fn names(job: &Job) -> Vec<String> {
        let entries = fs::read_dir(&job.directory).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn unpacked(job: &Job, name: &str) -> String {
        let file = File::open(job.directory.join(name)).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(file)
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    fn write(job: &Job, name: &str, text: &str) {
        fs::write(job.directory.join(name), text).unwrap();
    }

    #[test]
    fn archives_are_compressed_and_nothing_else() {
        let (_directory, job) = job();
        for name in [
            "app.log",
            "app.1.log",
            "app.2.log",
            "other.1.log",
            "app.x.log",
        ] {
            write(&job, name, name);
        }
        fs::create_dir(job.directory.join("app.3.log")).unwrap();
        assert_eq!(compress_all(&job).unwrap(), Outcome::Done);
        assert_eq!(
            names(&job),
            [
                "app.1.log.gz",
                "app.2.log.gz",
                "app.3.log",
                "app.log",
                "app.x.log",
                "other.1.log"
            ]
        );
        assert_eq!(unpacked(&job, "app.1.log.gz"), "app.1.log");
    }

    #[test]
    fn what_is_held_is_compressed_once_it_is_released_and_the_rest_meanwhile() {
        use super::super::held::tests::Recovery;
        let (_directory, job) = job();
        write(&job, "app.1.log", "old");
        write(&job, "app.2.log", "of this round");
        let held = fs::metadata(job.directory.join("app.2.log")).unwrap();
        let recovery = Recovery::holding(identity(&held));
        assert_eq!(compress_all(&job).unwrap(), Outcome::Held);
        assert_eq!(names(&job), ["app.1.log.gz", "app.2.log"]);
        drop(recovery);
        assert_eq!(compress_all(&job).unwrap(), Outcome::Done);
        assert_eq!(names(&job), ["app.1.log.gz", "app.2.log.gz"]);
    }

    /// The thread once ended with the first panic, and nothing was compressed until the next start.
    #[test]
    fn a_panic_costs_its_job_and_nothing_else() {
        let compress = |job: &Job| {
            assert!(!job.directory.join("app.13.log").exists(), "a bad archive");
            compress_all(job)
        };
        let ((_one, bad), (_other, good)) = (job(), job());
        write(&bad, "app.13.log", "text");
        write(&good, "app.1.log", "text");
        submit_to(bad.clone(), compress);
        submit_to(good.clone(), compress);
        // The thread takes what there is in its own time; it never takes this long.
        let started = Instant::now();
        while names(&good) != ["app.1.log.gz"] {
            assert!(started.elapsed() < Duration::from_secs(60));
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(names(&bad), ["app.13.log"]);
        let told = chain(&guarded(compress, &bad).unwrap_err());
        assert!(told.contains("panicked"), "{told}");
    }

    #[test]
    fn what_a_process_left_in_the_middle_is_done_again() {
        let (_directory, job) = job();
        write(&job, "app.1.log", "whole");
        write(&job, "app.1.log.gz.partial", "wh");
        write(&job, "app.2.log.gz.partial", "its archive is gone");
        assert_eq!(compress_all(&job).unwrap(), Outcome::Done);
        assert_eq!(names(&job), ["app.1.log.gz"]);
        // Ended between the renaming and the deleting.
        write(&job, "app.1.log", "whole");
        assert_eq!(compress_all(&job).unwrap(), Outcome::Done);
        assert_eq!(names(&job), ["app.1.log.gz"]);
        assert_eq!(unpacked(&job, "app.1.log.gz"), "whole");
    }

    #[test]
    fn a_file_of_the_compressed_name_with_other_content_stays() {
        for content in ["no gzip", ""] {
            let (_directory, job) = job();
            write(&job, "app.1.log", "whole");
            write(&job, "app.1.log.gz", content);
            let told = chain(&compress_all(&job).unwrap_err());
            assert!(
                told.contains("app.1.log.gz is there, with other content"),
                "{told}"
            );
            assert_eq!(names(&job), ["app.1.log", "app.1.log.gz"]);
        }
    }

    #[test]
    fn an_archive_that_somebody_writes_to_waits() {
        let (_directory, job) = job();
        write(&job, "app.1.log", "one");
        write(&job, "app.2.log", "two");
        let file = File::options()
            .append(true)
            .open(job.directory.join("app.1.log"));
        let (held, locking) = Locked::shared(file.unwrap());
        if locking == Locking::Unsupported {
            let _ = writeln!(
                io::stderr(),
                "skipped: an archive that somebody writes to: no locks here"
            );
            return;
        }
        assert_eq!(compress_all(&job).unwrap(), Outcome::Busy);
        assert_eq!(names(&job), ["app.1.log", "app.2.log.gz"]);
        drop(held);
        assert_eq!(compress_all(&job).unwrap(), Outcome::Done);
        assert_eq!(names(&job), ["app.1.log.gz", "app.2.log.gz"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_link_goes_with_its_archive() {
        let (_directory, mut job) = job();
        job.link = Some("newest".to_owned());
        write(&job, "app.1.log", "one");
        let link = job.directory.join("newest");
        std::os::unix::fs::symlink("app.1.log", &link).unwrap();
        compress_all(&job).unwrap();
        assert_eq!(fs::read_link(link).unwrap(), Path::new("app.1.log.gz"));
    }
}
