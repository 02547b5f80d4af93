use super::*;
use crate::logger::outputs::{Console, JsonFile, TextFile};
use crate::logger::settings::Said;

/// The settings after a file with this text, and what is wrong with it, line by line.
fn after(mut settings: Settings, text: &str) -> (Settings, Vec<String>) {
    let mistakes = apply(Path::new("hestia.toml"), text, &mut settings);
    let told = mistakes.into_iter().map(|mistake| mistake.what);
    (settings, told.collect())
}

fn read(text: &str) -> (Settings, Vec<String>) {
    after(Settings::default(), text)
}

fn value(settings: &Settings, setting: &str) -> String {
    let rows = report::rows(settings);
    let row = rows.into_iter().find(|row| row.setting == setting);
    row.map_or_else(String::new, |row| format!("{} | {}", row.value, row.origin))
}

#[test]
fn a_file_that_says_nothing_changes_nothing() {
    for text in ["", "# level = \"debug\"\n", "\n\n"] {
        let (settings, mistakes) = read(text);
        assert_eq!(mistakes, [""; 0]);
        assert_eq!(report::rows(&settings), report::rows(&Settings::default()));
    }
}

#[test]
fn each_setting_knows_its_line() {
    let text = "level = \"debug\"\n\n# a comment\norder = \"relaxed\"\n[json]\nlevel = \"warn\"\n";
    let (settings, mistakes) = read(text);
    assert_eq!(mistakes, [""; 0]);
    assert_eq!(value(&settings, "level"), "debug | file (line 1)");
    assert_eq!(value(&settings, "order"), "relaxed | file (line 4)");
    assert!(value(&settings, "json").ends_with("file (line 5)"));
    assert_eq!(
        settings.code,
        Origin::Builder,
        "the code's word is the code's again"
    );
}

#[test]
fn each_mistake_has_its_place_and_the_words_of_the_attribute() {
    let text = r#"
levle = "info"
level = "inof"
order = "strcit"
overflow = "discard"
ring_bytes = "10 MBB"
panics = "yes"
sync = "0s"
drain_on = ["terminate", "sighup"]
on_error = "f"
config = "other.toml"
app = 5
logs_dir = ""
[json]
shcema = "ecs"
schema = "elastic"
level = "wran"
rotate = { size = 10, keep = -1 }
"#;
    let (_, mistakes) = read(text);
    let expected = [
        "hestia.toml:2: unknown key `levle`; did you mean `level`?",
        "hestia.toml:3: level = \"inof\": unknown level `inof`, expected off, error, warn, info, debug or trace (or `inof=trace`, if it is a target); did you mean `info`?",
        "hestia.toml:4: order = \"strcit\": unknown order `strcit`; did you mean `strict`?",
        "hestia.toml:5: overflow = \"discard\": unknown overflow policy `discard`; did you mean `drop_newest`?",
        "hestia.toml:6: ring_bytes = \"10 MBB\": unknown unit `MBB`, expected B, KB, MB, GB, TB, KiB, MiB, GiB or TiB; did you mean `MB`?",
        "hestia.toml:7: `panics` takes true or false, such as `panics = false`",
        "hestia.toml:8: sync is every 0s; it must be at least 1ms, or with each of the `batches`",
        "hestia.toml:9: drain_on: unknown signal `sighup`; did you mean `hang_up`?",
        "hestia.toml:10: `on_error` takes code, which no file can say; say it with the builder or the attribute",
        "hestia.toml:11: `config` says which file this is, and cannot be said in it",
        "hestia.toml:12: `app` takes text, such as `app = \"billing\"`",
        "hestia.toml:13: `logs_dir` is empty; name a path",
        "hestia.toml:15: json: unknown key `shcema`; did you mean `schema`?",
        "hestia.toml:16: json: schema = \"elastic\": unknown schema `elastic`; did you mean `ecs`?",
        "hestia.toml:17: json: level = \"wran\": unknown level `wran`, expected off, error, warn, info, debug or trace; did you mean `warn`?",
        "hestia.toml:18: json: rotate: `keep` takes a number of archives, such as `keep = 5`",
        "hestia.toml:18: json: rotate: `size` is 10 B; it must be at least 1 KiB",
    ];
    assert_eq!(mistakes, expected);
}

#[test]
fn what_is_no_toml_counts_for_nothing_and_says_where() {
    for (text, line) in [
        ("level = \"debug\"\nlevel = \"info\"\n", 2),
        ("app = \"x\"\n\nlevel = debug\n", 3),
        ("[json\n", 1),
        ("level = \"debug", 1),
    ] {
        let (settings, mistakes) = read(text);
        assert!(
            mistakes[0].starts_with(&format!("hestia.toml:{line}: ")),
            "{mistakes:?}"
        );
        assert!(!mistakes[0].contains('\n'), "{mistakes:?}");
        assert_eq!(report::rows(&settings), report::rows(&Settings::default()));
    }
}

#[test]
fn what_is_good_counts_beside_what_is_bad() {
    let text = "level = \"info,db=wran,web=debug\"\n[json]\nlevel = \"warn\"\nschema = \"no\"\n";
    let (settings, mistakes) = read(text);
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert_eq!(value(&settings, "level"), "info,web=debug | file (line 1)");
    assert_eq!(
        value(&settings, "json"),
        ", level warn, schema hestia | file (line 2)"
    );
}

#[test]
fn a_table_leaves_what_it_does_not_say_as_the_code_says() {
    let settings = Settings {
        console: Said::default(Some(Console::stdout().level(log::Level::Error))),
        text: Said::default(Some(
            TextFile::new("own.log").filter(|_: &crate::Record<'_>| true),
        )),
        json: Said::default(None),
        ..Settings::default()
    };
    let text =
        "[console]\nstyle = \"compact\"\n[text]\nlevel = \"warn\"\n[json]\nschema = \"ecs\"\n";
    let (settings, mistakes) = after(settings, text);
    assert_eq!(mistakes, [""; 0]);
    assert!(value(&settings, "console").starts_with("stdout, compact,"));
    assert!(value(&settings, "console").contains("level error"));
    assert!(value(&settings, "text").starts_with("own.log, level warn"));
    let shown = format!("{:?}", settings.text.value);
    assert!(shown.contains("is_filtered: true"), "{shown}");
    let json = settings.json.value.expect("the table turns it on");
    assert_eq!(json.schema, crate::Schema::Ecs);
    let off = JsonFile::new("x.log");
    let settings = Settings {
        json: Said::default(Some(off)),
        ..Settings::default()
    };
    let (settings, _) = after(settings, "json = true\ntext = \"y.log\"\nconsole = false");
    assert!(value(&settings, "json").starts_with("x.log,"));
    assert!(value(&settings, "text").starts_with("y.log "));
    assert!(value(&settings, "console").starts_with("off "));
}

#[test]
fn keys_that_depend_on_each_other_may_stand_in_any_order() {
    for text in [
        "queue_bytes = \"64KiB\"\nring_bytes = \"4KiB\"",
        "ring_bytes = \"4KiB\"\nqueue_bytes = \"64KiB\"",
    ] {
        let (settings, mistakes) = read(text);
        assert_eq!(mistakes, [""; 0]);
        assert!(value(&settings, "queue_bytes").starts_with("64 KiB"));
    }
}

#[test]
fn what_cannot_be_had_beside_the_rest_is_left_out() {
    let (settings, mistakes) =
        read("reopen_on_hang_up = true\ndrain_on = \"hang_up\"\nlevel = \"warn\"");
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(
        mistakes[0].starts_with("hestia.toml:2: SIGHUP can either"),
        "{mistakes:?}"
    );
    assert_eq!(value(&settings, "level"), "warn | file (line 3)");
    assert_eq!(value(&settings, "drain_on"), "no signal | default");
    let (settings, mistakes) = read("text = \"a.log\"\njson = \"a.log\"");
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(
        mistakes[0].contains("text and json have one path"),
        "{mistakes:?}"
    );
    assert!(value(&settings, "json").contains("default"));
    let (_, mistakes) = read("ring_bytes = 1");
    assert_eq!(
        mistakes,
        ["hestia.toml:1: ring_bytes is 1 B; it must be between 4 KiB and 64 MiB"]
    );
}

#[test]
fn metadata_keeps_its_types_and_adds_to_the_codes() {
    let builder = crate::builder()
        .metadata("region", "code")
        .metadata("kept", 1);
    let text = r#"
[metadata]
region = "eu-1"
shard = 7
big = 170_141_183_460_469_231_731_687_303_715_884_105_727
ratio = 0.5
paid = true
tags = ["a", 2]
"user-id" = 0x10
at = 2026-03-06T20:40:23Z
owner.team = "risk"
"#;
    let (settings, mistakes) = after(builder.settings().clone(), text);
    assert_eq!(mistakes, [""; 0]);
    let shown = value(&settings, "metadata");
    for part in [
        "kept=1",
        "region=eu-1",
        "shard=7",
        "ratio=0.5",
        "paid=true",
        "user-id=16",
        "big=170141183460469231731687303715884105727",
        "at=2026-03-06T20:40:23Z",
        r#"owner={"team":"risk"} |"#,
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains("code"), "{shown}");
    assert!(shown.ends_with("file (line 2)"), "{shown}");
}

#[test]
fn what_is_no_file_of_settings_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    assert!(
        text_of(directory.path())
            .unwrap_err()
            .ends_with("it is no file")
    );
    let path = directory.path().join("large.toml");
    let file = fs::File::create(&path).unwrap();
    file.set_len(LARGEST + 1).unwrap();
    assert!(
        text_of(&path)
            .unwrap_err()
            .contains("settings take at most")
    );
    fs::write(&path, [0xff]).unwrap();
    assert!(text_of(&path).unwrap_err().contains("UTF-8"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_its_place(text in "[a-z\\[\\]{}=\"', .0-9\n#_]{0,60}") {
        let (_, mistakes) = read(&text);
        for mistake in mistakes {
            proptest::prop_assert!(mistake.starts_with("hestia.toml:"), "{}", mistake);
        }
    }
}

#[test]
fn two_files_may_change_places() {
    let settings = Settings {
        text: Said::default(Some(TextFile::new("a.log"))),
        json: Said::default(Some(JsonFile::new("b.log"))),
        ..Settings::default()
    };
    let (settings, mistakes) = after(settings, "text = \"b.log\"\njson = \"a.log\"");
    assert_eq!(mistakes, [""; 0]);
    assert!(value(&settings, "text").starts_with("b.log "));
    assert!(value(&settings, "json").starts_with("a.log,"));
}

#[test]
fn tables_nest_as_deep_as_can_be() {
    let key = vec!["a"; 79].join(".");
    let (open, close) = (format!("{{{key}=").repeat(79), "}".repeat(79));
    let (_, mistakes) = read(&format!("metadata = {open}1{close}"));
    assert_eq!(mistakes, [""; 0]);
    let (_, mistakes) = read(&format!("metadata.{key}.a = 1"));
    assert_eq!(mistakes, ["hestia.toml: recursion limit"]);
}

#[test]
fn of_very_many_mistakes_the_first_are_told_and_the_others_counted() {
    let (_, mistakes) = read(&"k = 1\n".repeat(100));
    assert_eq!(mistakes.len(), 21, "{mistakes:?}");
    assert_eq!(mistakes[19], "hestia.toml:21: duplicate key");
    assert_eq!(mistakes[20], "hestia.toml: mistakes beside these: 79");
    let keys: String = (0..21).map(|number| format!("k{number} = 1\n")).collect();
    let (settings, mistakes) = read(&format!("{keys}level = \"warn\""));
    assert_eq!(mistakes[20], "hestia.toml: mistakes beside these: 1");
    assert_eq!(value(&settings, "level"), "warn | file (line 22)");
    let (_, mistakes) = read(&format!("level = \"{}\"", "wran,".repeat(100)));
    assert!(mistakes[0].ends_with(", and 80 more"), "{mistakes:?}");
    assert!(mistakes[0].len() < 4096, "{mistakes:?}");
}

/// Each of these would take minutes if any step looked at all of the file once more for each of its keys.
#[test]
fn a_very_large_file_is_read() {
    let of = |head: &str, one: fn(usize) -> String, tail: &str| {
        let mut text = head.to_owned();
        for number in 0.. {
            let next = one(number);
            if text.len() + next.len() + tail.len() > 1 << 18 {
                break;
            }
            text.push_str(&next);
        }
        text + tail
    };
    let same = |one: &str| one.repeat((1 << 18) / one.len());
    let key = |number| format!("k{number}=1\n");
    let text = |number| format!("\"k{number}\",");
    let conflict = "drain_on = \"hang_up\"\nreopen_on_hang_up = true\n";
    let metadata = "[metadata]\n";
    for (what, text) in [
        ("unknown keys", of("", key, "")),
        ("unknown keys beside a conflict", of(conflict, key, "")),
        ("unknown keys of an output", of("[json]\n", key, "")),
        ("metadata", of(metadata, key, "")),
        (
            "metadata beside a conflict",
            of(&[conflict, metadata].concat(), key, ""),
        ),
        ("one key", same("k=1\n")),
        ("no values", same("k=\n")),
        ("brackets", same("]")),
        ("quotes", same("\"")),
        ("lines with a quote", same("\"\n")),
        ("texts without end", same("a=\"\"\"\n")),
        ("arrays without end", "k=".to_owned() + &same("[")),
        ("tables without end", "k=".to_owned() + &same("{a=")),
        ("dots", "k".to_owned() + &same(".a") + "=1"),
        (
            "headers",
            of("", |number| format!("[a.b.c.d.e.f{number}]\n"), ""),
        ),
        ("one header", same("[a.b.c.d]\n")),
        ("arrays of tables", same("[[a]]\n")),
        (
            "directives",
            of("level=\"", |number| format!("t{number}=warn,"), "\""),
        ),
        ("signals", of("drain_on=[", text, "]")),
        ("hidden keys", of("redact={keys=[", text, "]}")),
        ("hidden paths", of("redact={paths=[", text, "]}")),
        ("a long word", format!("order=\"{}\"", same("x"))),
        ("a long size", format!("ring_bytes=\"{}\"", same("1"))),
        ("a long span", format!("block_limit=\"{}\"", same("1s"))),
        (
            "a long pattern",
            format!("[text]\npattern=\"{}\"", same("{time}")),
        ),
        ("a long number", format!("[metadata]\nn={}", same("9"))),
        ("a long key", format!("{}=1", same("x"))),
    ] {
        let (_, mistakes) = read(&text);
        let told: usize = mistakes.iter().map(String::len).sum();
        assert!(
            mistakes.len() <= 21 && told < 16 << 10,
            "{what}: {mistakes:?}"
        );
    }
}
