//! The layers: who may import whom, who may know the window, and that every crate keeps the workspace's lints.

#![allow(clippy::unwrap_used)] // a helper's unwrap fails the test that called it

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each of our crates, and which of ours it may import. A test of a crate may import more.
const MAY_IMPORT: [(&str, &[&str]); 7] = [
    ("desk-core", &[]),
    ("desk-portal", &["desk-core"]),
    ("desk-store", &["desk-core"]),
    ("desk-keychain", &["desk-core"]),
    ("desk-practice", &["desk-core", "desk-portal"]),
    (
        "desk-app",
        &[
            "desk-core",
            "desk-portal",
            "desk-store",
            "desk-keychain",
            "desk-practice",
        ],
    ),
    (
        "cutover-desk",
        &[
            "desk-core",
            "desk-portal",
            "desk-store",
            "desk-keychain",
            "desk-practice",
            "desk-app",
        ],
    ),
];

/// The only package that may know the window.
const PROGRAM: &str = "cutover-desk";

/// A package of the workspace.
struct Member {
    name: String,
    manifest: PathBuf,
    /// What it imports, tests aside.
    imports: Vec<String>,
}

#[test]
fn crates_import_only_what_their_layer_may() {
    let members = members();
    let wrong: Vec<String> = members
        .iter()
        .flat_map(|member| forbidden_imports(&member.name, &member.imports))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        members.len(),
        MAY_IMPORT.len(),
        "a crate of the design is missing"
    );
}

#[test]
fn an_import_against_the_layers_is_found() {
    let imports = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(forbidden_imports("desk-store", &imports(&["desk-core", "serde"])).is_empty());
    assert_eq!(
        forbidden_imports("desk-store", &imports(&["desk-core", "desk-portal"])),
        ["desk-store must not import desk-portal"]
    );
    assert_eq!(
        forbidden_imports("desk-new", &imports(&[])),
        ["desk-new has no layer yet"]
    );
}

#[test]
fn only_the_program_knows_the_window() {
    for member in members() {
        let tree = tree(&member.name);
        let windows: Vec<&str> = tree.lines().filter_map(window_package).collect();
        if member.name == PROGRAM {
            assert!(windows.contains(&"tauri"), "this test no longer sees tauri");
        } else {
            assert!(windows.is_empty(), "{} depends on {windows:?}", member.name);
        }
    }
}

#[test]
fn every_crate_keeps_the_workspaces_lints() {
    let workspace = std::fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    assert!(
        workspace
            .lines()
            .any(|line| line.trim() == r#"unsafe_code = "forbid""#),
        "the workspace no longer forbids unsafe code"
    );
    for member in members() {
        let manifest = std::fs::read_to_string(&member.manifest).unwrap();
        assert!(keeps_lints(&manifest), "{} has lints of its own", member.name);
    }
}

#[test]
fn lints_of_its_own_are_found() {
    assert!(keeps_lints(
        "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"
    ));
    assert!(!keeps_lints("[package]\nname = \"a\"\n"));
    assert!(!keeps_lints("[lints.rust]\nunsafe_code = \"allow\"\n"));
}

fn keeps_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true")
}

fn forbidden_imports(name: &str, imports: &[String]) -> Vec<String> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(member, _)| *member == name) else {
        return vec![format!("{name} has no layer yet")];
    };
    imports
        .iter()
        .filter(|import| MAY_IMPORT.iter().any(|(ours, _)| ours == import))
        .filter(|import| !allowed.contains(&import.as_str()))
        .map(|import| format!("{name} must not import {import}"))
        .collect()
}

/// The package of a line of `cargo tree`, if it belongs to the window.
fn window_package(line: &str) -> Option<&str> {
    let package = line.split_whitespace().next()?;
    let belongs = matches!(package, "tauri" | "wry" | "tao") || package.starts_with("tauri-");
    belongs.then_some(package)
}

fn members() -> Vec<Member> {
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(member).collect()
}

fn member(package: &Value) -> Member {
    let dependencies = package["dependencies"].as_array().unwrap();
    Member {
        name: text(&package["name"]),
        manifest: text(&package["manifest_path"]).into(),
        imports: dependencies
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Everything that a package depends on, its tests included, a line each.
fn tree(package: &str) -> String {
    cargo(&[
        "tree",
        "--offline",
        "--locked",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format={p}",
        "--package",
        package,
    ])
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(repository())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
