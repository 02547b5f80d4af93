//! Programs that take settings from a file, and that change while they run: by the file, by code, by signals.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Builder, Handle, Level, LevelFilter, Record};
use hestia_tests::figures::{self, tell};
use serde_json::{Value, json};

const FILE: &str = "hestia.toml";

/// Far longer than anything here takes.
const HUNG: Duration = Duration::from_secs(60);

/// What the error hook was told.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn start(builder: Builder) -> Handle {
    match builder.init() {
        Ok(hestia) => hestia,
        Err(error) => panic!("hestia does not start: {error}"),
    }
}

/// Follows the file; keeps what goes wrong.
fn following() -> Handle {
    let hook = |incident: &hestia::Incident| told().push(incident.to_string());
    let builder = hestia::builder().console(false).config(FILE);
    start(builder.internal_logger(true).on_error(hook))
}

fn told() -> std::sync::MutexGuard<'static, Vec<String>> {
    TOLD.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// All of it at once: nobody sees half of it, however busy the machine is.
fn write(path: impl AsRef<Path>, text: &str) {
    let (path, new) = (path.as_ref(), path.as_ref().with_extension("new"));
    fs::write(&new, text).expect("a file can be written");
    fs::rename(&new, path).expect("a file can be replaced");
}

fn value(hestia: Handle, setting: &str) -> String {
    let report = hestia.report();
    let row = report.row(setting);
    row.map_or_else(String::new, |row| row.value.clone())
}

/// Waits until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + HUNG;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn until_level(hestia: Handle, level: &str) {
    until(level, || value(hestia, "level") == level);
}

/// A record at each level.
fn say_all(what: &str) {
    for level in Level::iter() {
        log::log!(level, "{what} {level}");
    }
}

fn flush(hestia: Handle) {
    if let Err(error) = hestia.flush_within(HUNG) {
        panic!("not flushed: {error}");
    }
}

fn finish(hestia: Handle, facts: &Value) {
    flush(hestia);
    let mut all = json!({
        "rows": figures::rows(&hestia.report()),
        "notes": hestia.report().notes(),
        "told": *told(),
    });
    all["facts"] = facts.clone();
    tell(&all);
}

/// What is said at the start, and what comes of it.
fn begin(builder: Builder) {
    let hestia = start(builder.console(false).watch(false));
    say_all("record");
    finish(hestia, &Value::Null);
}

mod attribute {
    use super::{Value, finish, say_all};

    #[hestia::main(
        app = "attribute",
        level = "warn",
        console = false,
        config = "hestia.toml",
        watch = false
    )]
    pub(super) fn main() {
        say_all("record");
        finish(super::handle(), &Value::Null);
    }
}

/// The handle of the attribute's logger.
fn handle() -> Handle {
    let settings = hestia::builder().app("attribute").level("warn");
    let same = settings.version(env!("CARGO_PKG_VERSION")).console(false);
    match same.config(FILE).watch(false).try_init() {
        Ok(hestia) => hestia,
        Err(error) => panic!("{error}"),
    }
}

/// The file is changed in one of the ways in which files are.
fn changes(way: &str) {
    if way == "appears" {
        let _ = fs::remove_file(FILE);
    } else if way == "link" {
        fs::create_dir_all("..one").expect("a directory");
        write("..one/hestia.toml", "level = \"error\"\n");
        link("..one", "..data");
        link("..data/hestia.toml", FILE);
    } else {
        write(FILE, "level = \"error\"\n");
    }
    let hestia = following();
    say_all("before");
    flush(hestia);
    let new = "\n# moved by a line\nlevel = \"debug\"\n";
    match way {
        "written" | "appears" => fs::write(FILE, new).expect("a file can be written"),
        "renamed" => {
            write("hestia.toml.tmp", new);
            fs::rename("hestia.toml.tmp", FILE).expect("renamed over");
        }
        "link" => {
            fs::create_dir_all("..two").expect("a directory");
            write("..two/hestia.toml", new);
            link("..two", "..data.tmp");
            fs::rename("..data.tmp", "..data").expect("turned");
            fs::remove_dir_all("..one").expect("removed");
        }
        "recreated" => {
            fs::remove_file(FILE).expect("removed");
            write(FILE, new);
        }
        _ => panic!("no such way: {way}"),
    }
    until_level(hestia, "debug");
    say_all("after");
    // Not only once.
    write(FILE, "level = \"warn\"\n");
    until_level(hestia, "warn");
    say_all("last");
    until_noted("changed: level", 2);
    finish(hestia, &Value::Null);
}

/// Waits until the internal log says so, so often: what has happened is said a moment later.
fn until_noted(what: &str, times: usize) {
    until(what, || {
        let log = fs::read_to_string("logs/hestia_internal.log");
        log.is_ok_and(|log| log.matches(what).count() >= times)
    });
}

#[cfg(unix)]
fn link(to: &str, from: &str) {
    std::os::unix::fs::symlink(to, from).expect("a link can be made");
}

#[cfg(not(unix))]
fn link(_: &str, _: &str) {}

/// A directory on the way to the file is replaced, and did not exist at the start.
fn directory() {
    let hestia = start(hestia::builder().console(false).config("conf/hestia.toml"));
    fs::create_dir("conf").expect("a directory");
    write("conf/hestia.toml", "level = \"debug\"\n");
    until_level(hestia, "debug");
    fs::create_dir("new").expect("a directory");
    write("new/hestia.toml", "level = \"warn\"\n");
    fs::rename("conf", "old").expect("moved away");
    fs::rename("new", "conf").expect("moved there");
    until_level(hestia, "warn");
    write("conf/hestia.toml", "level = \"trace\"\n");
    until_level(hestia, "trace");
    finish(hestia, &Value::Null);
}

/// A bad file keeps everything as it was, and is told once, however often it is touched.
fn bad() {
    write(FILE, "level = \"warn\"\n[metadata]\nregion = \"eu-1\"\n");
    let hestia = following();
    let bad = "level = \"debug\"\n[metadata]\nregion = \"eu-2\"\n[json]\nlevel = \"wran\"\n";
    write(FILE, bad);
    until("it is told", || !told().is_empty());
    log::warn!("unchanged");
    log::info!("not logged");
    flush(hestia);
    let (level, notes) = (value(hestia, "level"), hestia.report().notes().to_vec());
    for _ in 0..5 {
        write(FILE, bad);
    }
    let again = hestia.reload();
    let again = again.expect_err("it is still bad").to_string();
    write(FILE, "level = \"info\"\n[metadata]\nregion = \"eu-2\"\n");
    until_level(hestia, "info");
    log::info!("changed");
    fs::remove_file(FILE).expect("removed");
    until("it is told", || told().len() > 1);
    finish(
        hestia,
        &json!({ "level": level, "notes": notes, "again": again }),
    );
}

/// What code changes stays until the file's own value changes.
fn code() {
    write(FILE, "level = \"warn\"\n[text]\nlevel = \"error\"\n");
    let hestia = following();
    hestia.set_level("debug").expect("a level");
    hestia
        .set_output_level("text", Level::Info)
        .expect("an output");
    write(
        FILE,
        "level = \"warn\"\nmetadata.a = 1\n[text]\nlevel = \"error\"\n",
    );
    until("metadata", || value(hestia, "metadata") == "a=1");
    let kept = [value(hestia, "level"), value(hestia, "text")];
    let who = hestia
        .report()
        .row("level")
        .map(|row| row.origin.to_string());
    write(
        FILE,
        "level = \"trace\"\nmetadata.a = 1\n[text]\nlevel = \"warn\"\n",
    );
    until_level(hestia, "trace");
    say_all("last");
    finish(hestia, &json!({ "kept": kept, "who": who }));
}

/// What cannot change while the program runs waits.
fn waiting() {
    write(FILE, "");
    let hestia = following();
    let text = "app = \"other\"\nlevel = \"warn\"\nqueue_bytes = \"32MiB\"\ntext = \"new.log\"\n";
    write(FILE, text);
    until_noted("counts from the next start", 1);
    let same = hestia.reload().expect("it is good");
    write(FILE, &text.replace("warn", "debug"));
    until_level(hestia, "debug");
    log::debug!("to the old file");
    finish(hestia, &json!(same.to_string()));
}

/// What is hidden stays so until the next start, whatever the file says by then: in the report, too.
fn less_redacted() {
    write(
        FILE,
        "redact = { keys = [\"ssn\"], patterns = [\"url_password\"] }\nmetadata.ssn = \"geheim\"\n",
    );
    let hestia = start(hestia::builder().console(false).config(FILE).watch(false));
    write(
        FILE,
        "redact = false\n[metadata]\nssn = \"geheim\"\npassword = \"geheim\"\nregion = \"eu-2\"\n",
    );
    let reloaded = hestia.reload().expect("it is good").to_string();
    log::info!("with them");
    write(FILE, "sync = \"postgres://app:geheim@db\"\n");
    assert!(hestia.reload().is_err());
    finish(hestia, &json!(reloaded));
}

/// Metadata, rotation and sync.
fn files() {
    write(FILE, "metadata.region = \"eu-1\"\n");
    let hestia = following();
    let audit = hestia::logger("audit").file("logs/audit.log");
    log::info!("first");
    log::info!(logger: audit, "first");
    let text = "sync = \"batches\"\n[metadata]\nregion = \"eu-2\"\nshard = 7\n[rotate]\nsize = \"1KiB\"\n[json]\nrotate = false\n";
    write(FILE, text);
    until("sync", || value(hestia, "sync") == "batches");
    // The files follow in the same stroke: whoever has the turn next finds it done.
    hestia.reload().expect("it is good");
    for number in 0..20 {
        log::info!("{number} {}", "x".repeat(100));
        log::info!(logger: audit, "{number} {}", "x".repeat(100));
    }
    finish(hestia, &Value::Null);
}

/// Two signals, one up and one down.
#[cfg(unix)]
fn signals() {
    let hestia = start(
        hestia::builder()
            .console(false)
            .level("info,quiet=warn")
            .json(hestia::JsonFile::default().level(Level::Trace))
            .internal_logger(true)
            .level_signals(true),
    );
    let raise = |signal, level: &str| {
        // SAFETY: it only sends a signal, which hestia listens to.
        unsafe { libc::kill(libc::getpid(), signal) };
        until_level(hestia, level);
        say_all(level);
        log::info!(target: "quiet", "never");
        flush(hestia);
    };
    raise(libc::SIGUSR1, "debug,quiet=warn");
    raise(libc::SIGUSR1, "trace,quiet=warn");
    raise(libc::SIGUSR2, "debug,quiet=warn");
    let own = value(hestia, "json");
    raise(libc::SIGUSR2, "info,quiet=warn");
    let back = value(hestia, "json");
    raise(libc::SIGUSR2, "warn,quiet=warn");
    let who = hestia
        .report()
        .row("level")
        .map(|row| row.origin.to_string());
    hestia.set_level("error").expect("a level");
    let said = value(hestia, "level");
    raise(libc::SIGUSR1, "warn");
    finish(
        hestia,
        &json!({ "own": own, "back": back, "who": who, "said": said }),
    );
}

#[cfg(not(unix))]
fn signals() {}

/// Filters come and go.
fn filters() {
    let only_users = |record: &Record<'_>| record.field("user_id").is_some();
    let hestia = start(hestia::builder().console(false));
    let both = |what: &str| {
        log::info!("{what} nobody");
        log::info!(user_id = 5; "{what} user");
    };
    both("free");
    hestia.set_filter("text", only_users).expect("an output");
    both("filtered");
    let explained = hestia.explain("x", Level::Info).to_string();
    hestia
        .set_filter("text", |_: &Record<'_>| -> bool { panic!("by the filter") })
        .expect("an output");
    both("panicked");
    hestia.clear_filter("text").expect("an output");
    both("free again");
    let wrong = hestia
        .clear_filter("txet")
        .expect_err("there is none")
        .to_string();
    hestia.shutdown().expect("everything is written");
    hestia.set_filter("text", only_users).expect("an output");
    both("after the end");
    finish(hestia, &json!({ "explained": explained, "wrong": wrong }));
}

/// A child has what its parent had, and follows the file itself.
#[cfg(unix)]
fn fork() {
    write(FILE, "level = \"warn\"\n");
    let hestia = following();
    hestia
        .set_filter("json", |record: &Record<'_>| {
            record.message().contains("kept")
        })
        .expect("an output");
    write(FILE, "level = \"info\"\nmetadata.region = \"eu-1\"\n");
    until_level(hestia, "info");
    // SAFETY: the child goes on in this function and ends with it.
    let child = unsafe { libc::fork() };
    if child == 0 {
        log::info!("child kept");
        log::info!("child");
        until_level(hestia, "debug");
        log::debug!("child kept, after the change");
        flush(hestia);
        // SAFETY: everything is flushed, and the parent waits.
        unsafe { libc::_exit(0) };
    }
    until("the child logs", || {
        fs::read_to_string("logs/app.log").is_ok_and(|text| text.contains("child kept"))
    });
    write(FILE, "level = \"debug\"\nmetadata.region = \"eu-1\"\n");
    until_level(hestia, "debug");
    log::debug!("parent kept, after the change");
    let mut status = 0;
    // SAFETY: it waits for the child made above.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    finish(hestia, &json!(status));
}

#[cfg(not(unix))]
fn fork() {}

/// Logs into the directory of the file. Tells how often the thread that follows it went to sleep meanwhile.
#[cfg(target_os = "linux")]
fn idle() {
    use hestia_tests::kernel::figure;

    write(FILE, "[text]\npath = \"all.log\"\n");
    let hestia = following();
    write(FILE, "level = \"debug\"\n[text]\npath = \"all.log\"\n");
    until_level(hestia, "debug");
    let sleeps = || {
        let threads = fs::read_dir("/proc/self/task").expect("threads");
        let mut threads = threads.filter_map(Result::ok).map(|thread| thread.path());
        let is_it = |path: &std::path::PathBuf| {
            fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "hestia-watch")
        };
        let thread = threads.find(is_it).expect("the thread");
        let status = fs::read_to_string(thread.join("status")).expect("its status");
        figure(&status, "voluntary_ctxt_switches").expect("a number")
    };
    let before = sleeps();
    for number in 0..300 {
        log::info!("{number}");
        flush(hestia);
    }
    finish(hestia, &json!(sleeps() - before));
}

#[cfg(not(target_os = "linux"))]
fn idle() {}

/// By hand, and what that says.
fn reload() {
    let nowhere = hestia::reload().expect_err("hestia does not run");
    write(FILE, "level = \"warn\"\n");
    let hestia = start(hestia::builder().console(false).config(FILE).watch(false));
    let mut said = vec![format!("{:?}", nowhere.kind())];
    let mut again = |text: &str| {
        write(FILE, text);
        match hestia.reload() {
            Ok(reloaded) => said.push(reloaded.to_string()),
            Err(error) => said.push(format!("{:?}: {error}", error.kind())),
        }
    };
    again("level = \"warn\"\n");
    again("level = \"debug\"\napp = \"x\"\n");
    again("level = \"debug\"\nlevle = \"x\"\napp =\n");
    again("levle = 1\nlinger = 1\n");
    fs::remove_file(FILE).expect("removed");
    let missing = hestia.reload().expect_err("it is not there");
    said.push(format!("{:?}: {missing}", missing.kind()));
    hestia.set_level(LevelFilter::Trace).expect("a level");
    // It is the code's word that is compared, not the file's.
    let same = hestia::builder().console(false).config(FILE).watch(false);
    said.push(same.try_init().is_ok().to_string());
    let other = hestia::builder().console(false).config(FILE).level("off");
    said.push(other.try_init().is_ok().to_string());
    finish(hestia, &json!(said));
}

fn main() {
    let built = || hestia::builder().app("builder").level("warn").config(FILE);
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("bare") => begin(hestia::builder()),
        Some("named") => begin(hestia::builder().config(FILE)),
        Some("keys") => {
            let hestia = start(hestia::builder().config(FILE));
            finish(hestia, &Value::Null);
        }
        Some("built") => begin(built()),
        Some("unread") => begin(built().env(false)),
        Some("attribute") => attribute::main(),
        Some("changes") => changes(&arguments.next().unwrap_or_default()),
        Some("directory") => directory(),
        Some("bad") => bad(),
        Some("code") => code(),
        Some("waiting") => waiting(),
        Some("less_redacted") => less_redacted(),
        Some("files") => files(),
        Some("signals") => signals(),
        Some("filters") => filters(),
        Some("fork") => fork(),
        Some("idle") => idle(),
        Some("reload") => reload(),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
