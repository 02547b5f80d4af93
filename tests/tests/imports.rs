//! Who may import whom: the table in `ARCHITECTURE.md` is the rule, and this test holds the code to it.

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

/// The rows `| `module` | floor | imports |` of the table under "Who may import whom".
fn rules() -> BTreeMap<String, Rule> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let section = text
        .split("## Who may import whom")
        .nth(1)
        .expect("the section is there");
    let section = section.split("\n## ").next().expect("it has text");
    section.lines().filter_map(rule).collect()
}

fn rule(line: &str) -> Option<(String, Rule)> {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [_, module, floor, imports, ..] = cells[..] else {
        return None;
    };
    let names = |cell: &str| -> BTreeSet<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
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
    let source = root().join("hestia/src");
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
        if ["lib", "fuzz_targets"].contains(&module) || is_test {
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
