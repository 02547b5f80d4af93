//! Who may import whom, and where things are: the tables in `ARCHITECTURE.md` are the rule, and these tests hold
//! the code to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the workspace is there")
}

#[derive(Debug)]
struct Rule {
    floor: u32,
    may_import: BTreeSet<String>,
}

/// So that `cargo test --workspace` tests all that can be turned on.
#[test]
fn the_workspace_s_tests_turn_on_every_feature() {
    let manifest = |path: &str| fs::read_to_string(root().join(path)).expect("a manifest");
    let features = |manifest: &str| {
        let section = manifest.split("\n[features]\n").nth(1);
        let section = section.and_then(|rest| rest.split("\n[").next());
        let lines = section.expect("features").lines();
        let names = lines.filter_map(|line| line.split_once(" = "));
        let names = names.map(|(name, _)| name.to_owned());
        names
            .filter(|name| name != "default")
            .collect::<Vec<String>>()
    };
    let own = features(&manifest("hestia/Cargo.toml"));
    assert_eq!(own, features(&manifest("hestia/core/Cargo.toml")));
    let turned_on = ["tests/Cargo.toml", "tests/web/Cargo.toml"].map(manifest);
    let turned_on: Vec<&str> = turned_on
        .iter()
        .flat_map(|manifest| manifest.lines())
        .filter(|line| line.starts_with("hestia = "))
        .collect();
    assert!(own.contains(&String::from("gzip")), "{own:?}");
    let missing: Vec<String> = own
        .into_iter()
        .filter(|name| {
            !turned_on
                .iter()
                .any(|line| line.contains(&format!("{name:?}")))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?} in {turned_on:?}");
}

/// The text under one heading of the document.
fn section(heading: &str) -> String {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let section = text
        .split(&format!("\n## {heading}\n"))
        .nth(1)
        .unwrap_or_else(|| panic!("there is no section {heading:?}"));
    let end = section.find("\n## ").unwrap_or(section.len());
    section[..end].to_owned()
}

/// The cells of a table's row, without what stands outside its first and last bar.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.strip_prefix('|')?.trim_end().strip_suffix('|')?;
    Some(row.split('|').map(str::trim).collect())
}

/// The words of a cell that are set as code.
fn names(cell: &str) -> BTreeSet<String> {
    let code = cell.split('`').skip(1).step_by(2);
    code.map(str::to_owned).collect()
}

/// The rows `| `module` | floor | imports |` of the table under "Who may import whom".
fn rules() -> BTreeMap<String, Rule> {
    let section = section("Who may import whom");
    section.lines().filter_map(rule).collect()
}

fn rule(line: &str) -> Option<(String, Rule)> {
    let [module, floor, imports] = cells(line)?[..] else {
        return None;
    };
    let module = names(module).pop_first()?;
    let rule = Rule {
        floor: floor.parse().ok()?,
        may_import: names(imports),
    };
    Some((module, rule))
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a source directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules a file names as `crate::…` in code that ships: neither comments nor tests.
fn imports(text: &str) -> BTreeSet<String> {
    let shipped = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let code = shipped
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut found = BTreeSet::new();
    for line in code {
        for part in line.split("crate::").skip(1) {
            let end = part
                .find(|character: char| !character.is_alphanumeric() && character != '_')
                .unwrap_or(part.len());
            found.insert(part[..end].to_owned());
        }
    }
    found
}

#[test]
fn every_module_imports_only_what_the_architecture_allows() {
    let rules = rules();
    assert!(rules.len() > 10, "the table was read: {rules:?}");
    let source = root().join("hestia/core/src");
    let mut files = Vec::new();
    sources(&source, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&source).expect("a file below it");
        let first = relative.iter().next().expect("a name").to_string_lossy();
        let module = first.trim_end_matches(".rs");
        let is_test = relative
            .iter()
            .any(|part| part.to_string_lossy().contains("tests"));
        if ["lib", "__private", "fuzz_targets"].contains(&module) || is_test {
            continue;
        }
        let Some(rule) = rules.get(module) else {
            wrong.push(format!("`{module}` is not in the table"));
            continue;
        };
        let text = fs::read_to_string(&file).expect("a source file");
        for import in imports(&text) {
            if import != module && rules.contains_key(&import) && !rule.may_import.contains(&import)
            {
                wrong.push(format!("{} imports `{import}`", relative.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "against ARCHITECTURE.md:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn imports_go_down() {
    let rules = rules();
    for (module, rule) in &rules {
        for import in &rule.may_import {
            let imported = rules
                .get(import)
                .unwrap_or_else(|| panic!("`{module}` may import `{import}`, which is no module"));
            assert!(
                imported.floor <= rule.floor && !(imported.floor == rule.floor && rule.floor > 0),
                "`{module}` on floor {} may import `{import}` on floor {}",
                rule.floor,
                imported.floor
            );
        }
    }
}

/// The files that the table under "Where things are" names, as paths below the source directory.
fn listed() -> BTreeSet<PathBuf> {
    let mut listed = BTreeSet::new();
    for line in section("Where things are").lines() {
        let Some([folder, files]) = cells(line).and_then(|cells| <[&str; 2]>::try_from(cells).ok())
        else {
            continue;
        };
        let Some(folder) = names(folder).pop_first() else {
            continue;
        };
        let folder = Path::new(folder.trim_start_matches('.'));
        let files = names(files)
            .into_iter()
            .filter(|name| name.ends_with(".rs"));
        listed.extend(files.map(|file| folder.join(file)));
    }
    listed
}

#[test]
fn the_architecture_names_every_file_and_none_that_is_gone() {
    let source = root().join("hestia/core/src");
    let mut files = Vec::new();
    sources(&source, &mut files);
    let files: BTreeSet<PathBuf> = files
        .iter()
        .map(|file| {
            file.strip_prefix(&source)
                .expect("a file below it")
                .to_owned()
        })
        .filter(|file| {
            !file
                .iter()
                .any(|part| part.to_string_lossy().contains("tests"))
        })
        .collect();
    let listed = listed();
    let missing: Vec<_> = files.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&files).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "ARCHITECTURE.md, \"Where things are\": not named {missing:?}, gone {gone:?}"
    );
}

/// The packages under a heading of hestia's manifest.
fn dependencies(manifest: &str, heading: &str) -> BTreeSet<String> {
    let section = manifest
        .split(&format!("\n[{heading}]\n"))
        .nth(1)
        .unwrap_or_else(|| panic!("the manifest has no [{heading}]"));
    section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.contains("optional = true"))
        .filter_map(|line| line.split_once(['.', ' ']))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name != "#")
        .collect()
}

#[test]
fn the_architecture_says_what_each_dependency_is_for() {
    let manifest = |path: &str| fs::read_to_string(root().join(path)).expect("a manifest");
    let core = manifest("hestia/core/Cargo.toml");
    let mut depends_on = dependencies(&manifest("hestia/Cargo.toml"), "dependencies");
    depends_on.extend(dependencies(&core, "dependencies"));
    depends_on.extend(dependencies(&core, "target.'cfg(unix)'.dependencies"));
    let justified: BTreeSet<String> = section("What the default build depends on")
        .lines()
        .filter_map(cells)
        .flat_map(|row| names(row[0]))
        .collect();
    assert_eq!(justified, depends_on);
}
