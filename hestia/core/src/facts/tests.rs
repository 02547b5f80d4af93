use std::env::consts::EXE_SUFFIX;
use std::path::Path;

use super::{Facts, application_name};

fn name_of(path: &str) -> Option<String> {
    application_name(Path::new(&format!("{path}{EXE_SUFFIX}")))
}

#[test]
fn application_is_named_after_the_executable() {
    for path in ["/usr/bin/billing", "bin/billing", "billing"] {
        assert_eq!(name_of(path).as_deref(), Some("billing"), "path: {path}");
    }
    assert_eq!(name_of("/opt/billing-1.4").as_deref(), Some("billing-1.4"));
}

#[test]
fn application_keeps_its_name_when_the_executable_is_replaced() {
    let replaced = Path::new("/usr/bin/billing (deleted)");
    assert_eq!(application_name(replaced).as_deref(), Some("billing"));
}

#[test]
fn hash_of_a_test_binary_is_no_part_of_the_application() {
    let names = [
        ("billing-0123456789abcdef", "billing"),
        ("my-app-0123456789abcdef", "my-app"),
        ("billing-1.4", "billing-1.4"),
        ("billing-0123456789abcde", "billing-0123456789abcde"),
        ("billing-0123456789ABCDEF", "billing-0123456789ABCDEF"),
    ];
    for (file, application) in names {
        let name = name_of(&format!("/target/debug/deps/{file}"));
        assert_eq!(name.as_deref(), Some(application), "file: {file}");
    }
}

#[test]
fn hash_of_a_deployed_binary_is_kept() {
    let name = name_of("/opt/billing-0123456789abcdef");
    assert_eq!(name.as_deref(), Some("billing-0123456789abcdef"));
}

#[test]
fn executable_without_a_name_names_no_application() {
    for path in ["", "/", "..", "/target/debug/deps/-0123456789abcdef"] {
        assert_eq!(application_name(Path::new(path)), None, "path: {path}");
    }
}

#[test]
fn facts_of_this_test_are_found() {
    let facts = Facts::detect(Some(false));
    let binary = std::env::current_exe().expect("the path of this test");
    let file_name = binary.file_name().expect("a file").to_string_lossy();
    assert!(!facts.application.is_empty());
    assert!(file_name.starts_with(&facts.application), "{facts:?}");
    assert_eq!(facts.app_version, None);
    assert_eq!(facts.environment, "local");
    assert_eq!(facts.container_id, None);
    assert_eq!(facts.process_id, std::process::id());
    assert_ne!(facts.hostname.as_deref(), Some(""));
}

#[test]
fn another_process_keeps_all_facts_but_the_process_id() {
    let mut parent = Facts::detect(Some(false));
    parent.app_version = Some("1.4.2".to_owned());
    parent.container_id = Some("3c9f1a7e5b2d".to_owned());
    parent.process_id = u32::MAX;

    let child = parent.for_this_process();

    assert_eq!(child.process_id, std::process::id());
    parent.process_id = child.process_id;
    assert_eq!(child, parent);
}
