//! Outputs that cannot be opened, are full, or are read by nobody cost nothing but themselves, and say so.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hestia_tests::figures::{Told, number};
use hestia_tests::{Finished, Run, lines, messages, objects};

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_outputs"), scenario)
}

/// A program whose text file is obstructed: its other output is complete, and one line names the obstacle.
fn check_obstructed(obstacle: &str, path: &str, words: &[&str]) {
    let program = run("obstructed")
        .arg(obstacle)
        .arg(path)
        .finish()
        .successful();
    let told = Told::by(&program);
    told.books_balance(10);
    assert_eq!(told.output("text", "failed"), 10);
    assert!(!told.is_working("text") && told.is_working("json"));
    assert_eq!(program.json().len(), 10);
    assert_eq!(program.stderr.lines().count(), 1, "{}", program.stderr);
    let says = told.facts["flushed"]["says"].as_str().unwrap_or_default();
    for word in words {
        assert!(
            program.stderr.contains(word),
            "no {word:?}: {}",
            program.stderr
        );
        assert!(says.contains(word), "no {word:?}: {says}");
    }
    let notes = told.facts["notes"].to_string();
    assert!(notes.contains("output text"), "{notes}");
    let report = told.facts["report"].as_str().unwrap_or_default();
    assert!(report.contains("output text: NOT WORKING"), "{report}");
    assert!(says.contains("text"), "{says}");
    assert_eq!(told.facts["flushed"]["kind"], "OpenFile");
}

#[test]
fn a_directory_in_the_place_of_the_file_is_named() {
    check_obstructed(
        "directory",
        "logs/all.log",
        &["logs/all.log", "it is a directory"],
    );
}

#[test]
fn a_file_in_the_place_of_the_directory_is_named() {
    check_obstructed(
        "file",
        "logs/file/all.log",
        &["logs/file is not a directory"],
    );
}

#[test]
fn a_link_to_itself_is_named() {
    check_obstructed("loop", "logs/all.log", &["logs/all.log", "symbolic link"]);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    check_obstructed(
        "none",
        "/proc/hestia/all.log",
        &["/proc/hestia", "directory"],
    );
}

#[test]
fn the_file_comes_when_the_obstacle_goes() {
    let program = run("freed").finish().successful();
    let told = Told::by(&program);
    told.books_balance(3);
    assert_eq!(told.facts["refused"], true);
    assert_eq!(told.facts["flushed"], true);
    assert_eq!(
        (
            told.output("text", "failed"),
            told.output("text", "written")
        ),
        (1, 2)
    );
    assert!(told.is_working("text"));
    let text = program.text();
    let ends = |ending: &str| text.iter().filter(|line| line.ends_with(ending)).count();
    assert_eq!(
        (ends("| kept"), ends("| kept too"), ends("| lost")),
        (1, 1, 0),
        "{text:?}"
    );
    let notices: Vec<_> = text
        .iter()
        .filter(|line| line.contains("1 records lost"))
        .collect();
    assert_eq!(notices.len(), 1, "{text:?}");
    assert_eq!(messages(&program.json()), ["lost", "kept", "kept too"]);
}

#[test]
fn a_full_disk_fails_its_own_output_alone() {
    let program = run("full_disk").finish().successful();
    let told = Told::by(&program);
    told.books_balance(100);
    assert_eq!(
        (
            told.output("text", "failed"),
            told.output("text", "written")
        ),
        (100, 0)
    );
    assert!(told.output("text", "errors") > 0);
    assert!(!told.is_working("text"));
    assert_eq!(program.json().len(), 100);
    let says = told.facts["says"].as_str().unwrap_or_default();
    assert!(
        says.contains("text") && says.contains("/dev/full"),
        "{says}"
    );
    assert_eq!(program.stderr.lines().count(), 1, "{}", program.stderr);
    assert!(program.stderr.contains("/dev/full"), "{}", program.stderr);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o777
}

#[test]
fn what_is_in_a_file_stays_and_modes_follow_the_umask() {
    let run = run("appended");
    let text = run.directory().join("logs/all.log");
    fs::create_dir(run.directory().join("logs")).expect("a directory");
    fs::write(&text, "what was there\n").expect("a file");
    fs::set_permissions(&text, fs::Permissions::from_mode(0o604)).expect("a mode");
    let program = run.finish().successful();
    let text_lines = program.text();
    assert_eq!(text_lines.len(), 4);
    assert_eq!(text_lines[0], "what was there");
    assert_eq!(mode(&program.path("logs/all.log")), 0o604);
    assert_eq!(mode(&program.path("new/dir/app.log")), 0o640);
    assert_eq!(mode(&program.path("new/dir")), 0o750);
    assert_eq!(objects(&program.path("new/dir/app.log")).len(), 3);
}

/// Waits for a program whose output somebody else holds.
fn wait(child: &mut Child) -> ExitStatus {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(100) {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    panic!("the program hangs");
}

#[test]
fn a_console_that_nobody_reads_stops_neither_program_nor_files() {
    let (mut command, directory) = run("chatty").arg("stderr").arg("200000").into_command();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut unread = child.stderr.take().expect("a pipe");
    let status = wait(&mut child);
    assert!(status.success(), "{status}");
    let text = lines(&directory.path().join("logs/all.log"));
    assert_eq!(text.len(), 200_000);
    assert!(text[199_999].ends_with("| record 199999"));
    assert_eq!(
        objects(&directory.path().join("logs/app.log")).len(),
        200_000
    );
    // What did come out was in order and whole, but for the end.
    let mut rest = Vec::new();
    unread.read_to_end(&mut rest).expect("a pipe can be read");
    assert!(
        rest.starts_with(b"20"),
        "{:?}",
        String::from_utf8_lossy(&rest[..100.min(rest.len())])
    );
}

#[test]
fn a_closed_pipe_closes_the_console_quietly() {
    for stream in ["stderr", "stdout"] {
        let (mut command, directory) = run("chatty").arg(stream).arg("20000").into_command();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let mut said = String::new();
        if stream == "stdout" {
            drop(stdout);
            stderr
                .expect("a pipe")
                .read_to_string(&mut said)
                .expect("it can be read");
        } else {
            drop(stderr);
            stdout
                .expect("a pipe")
                .read_to_string(&mut said)
                .expect("it can be read");
        }
        let status = wait(&mut child);
        assert!(status.success(), "{stream}: {status}");
        assert!(said.lines().count() <= 1, "{said}");
        assert_eq!(lines(&directory.path().join("logs/all.log")).len(), 20_000);
        assert_eq!(
            objects(&directory.path().join("logs/app.log")).len(),
            20_000
        );
    }
}

#[test]
fn streams_that_were_closed_before_the_start_do_no_harm() {
    for stream in ["stderr", "stdout"] {
        let (mut command, directory) = run("chatty").arg(stream).arg("1000").into_command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // SAFETY: close(2) is safe between fork and exec.
        unsafe {
            command.pre_exec(|| {
                for descriptor in 0..3 {
                    libc::close(descriptor);
                }
                Ok(())
            });
        }
        let status = wait(&mut command.spawn().expect("it starts"));
        assert!(status.success(), "{stream}: {status}");
        assert_eq!(lines(&directory.path().join("logs/all.log")).len(), 1_000);
        assert_eq!(objects(&directory.path().join("logs/app.log")).len(), 1_000);
    }
}

#[test]
fn a_log_file_never_becomes_a_standard_stream() {
    for closed in ["2", "0,1,2"] {
        let run = run("daemon").env("ENABLE_INTERNAL_LOGGER", "true");
        let (mut command, directory) = run.arg(closed).into_command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = wait(&mut command.spawn().expect("it starts"));
        assert!(status.success(), "{status}");
        let text = lines(&directory.path().join("logs/all.log"));
        let printed = text
            .iter()
            .filter(|line| line.contains("printed by"))
            .count();
        assert_eq!(
            (text.len(), printed),
            (100, 0),
            "without {closed}, the text file"
        );
        let json = lines(&directory.path().join("logs/app.log"));
        let foreign = json.iter().filter(|line| !line.starts_with('{')).count();
        assert_eq!(
            (json.len(), foreign),
            (100, 0),
            "without {closed}, the JSON file"
        );
        let internal = lines(&directory.path().join("logs/hestia_internal.log"));
        assert!(!internal.is_empty(), "without {closed}");
        assert!(
            !internal.iter().any(|line| line.contains("printed by")),
            "without {closed}: {internal:?}"
        );
    }
}

#[test]
fn an_error_hook_may_ask_for_anything_while_a_file_is_opened() {
    let program = run("asking_hook").finish().successful();
    assert_eq!(messages(&program.json()), ["granted", "after it"]);
    assert_eq!(program.lines("logs/late.log").len(), 1);
}

#[test]
fn a_sink_that_panics_while_it_is_made_is_an_output_that_does_not_work() {
    let program = run("unmakeable").finish().successful();
    let told = Told::by(&program);
    assert!(!told.is_working("own") && told.is_working("text"));
    assert_eq!(messages(&program.json()), ["record 0"]);
    assert!(
        program
            .stderr
            .contains("hestia: own: it panicked while it was made"),
        "{}",
        program.stderr
    );
}

#[test]
fn a_flush_reports_what_is_in_the_files() {
    let program = run("flush_reports").finish().successful();
    let told = Told::by(&program);
    let reports = told.facts["reports"].as_array().expect("reports");
    assert_eq!(reports.len(), 5);
    let mut all = 0;
    for (round, report) in reports.iter().enumerate() {
        all += 100 * (round as u64 + 1) + 1;
        let written = |output: &str| number(&report["written"][output], output);
        assert_eq!((written("json"), written("text")), (all, round as u64 + 1));
        assert_eq!(written("console"), all);
        for output in ["text", "json"] {
            assert_eq!(report["in_files"][output], written(output), "{report}");
        }
    }
    assert_eq!(
        program.stderr.lines().count() as u64,
        all,
        "the console is confirmed, too"
    );
}

#[test]
fn a_program_may_bring_its_own_sinks_layouts_and_filters() {
    let program = run("own_parts").finish().successful();
    let told = Told::by(&program);
    told.books_balance(11);
    let names: Vec<_> = told.facts["names"]
        .as_array()
        .expect("names")
        .iter()
        .collect();
    assert_eq!(names, ["text", "json", "even", "errors", "sink"]);
    assert_eq!(
        told.facts["even"],
        "1 record 1\n2 record 3\n3 record 5\n4 record 7\n5 record 9\n"
    );
    assert_eq!(told.facts["errors"], "101 an error\n");
    let plain = told.facts["plain"].as_str().expect("a text");
    assert_eq!(
        plain.lines().map(str::to_owned).collect::<Vec<_>>(),
        program.text()
    );
    let filtered = |output: &str| told.output(output, "filtered");
    assert_eq!(
        (filtered("even"), filtered("errors"), filtered("sink")),
        (6, 10, 0)
    );
}

#[test]
fn two_outputs_of_one_name_are_an_error() {
    let program: Finished = run("same_names").finish().successful();
    let told = Told::by(&program);
    let refused = told.facts["refused"].as_array().expect("answers");
    let names = ["own", "text", "console", "json", "sink"];
    assert_eq!(refused.len(), names.len());
    for (answer, name) in refused.iter().zip(names) {
        assert_eq!(answer["kind_is_right"], true, "{answer}");
        let says = answer["says"].as_str().unwrap_or_default();
        assert!(says.contains(&format!("`{name}`")), "{says}");
    }
    assert!(
        !program.path("logs").exists(),
        "an error of `init` leaves no files"
    );
}

#[test]
fn trouble_with_a_named_loggers_file_does_not_wait_for_a_reader_of_stderr() {
    let (mut command, directory) = run("unread_stderr").into_command();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let _unread = child.stderr.take();
    let status = wait(&mut child);
    assert!(status.success(), "{status}");
    let mut stdout = String::new();
    let mut out = child.stdout.take().expect("a pipe");
    out.read_to_string(&mut stdout).expect("a pipe can be read");
    assert_eq!(Told::in_output(&stdout).facts["stderr_was_full"], true);
    assert_eq!(lines(&directory.path().join("logs/all.log")).len(), 2);
}
