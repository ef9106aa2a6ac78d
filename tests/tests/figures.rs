//! Figures that a README takes from a file of results are what that file says. A table takes them by a line before it:
//!
//! ```text
//! <!-- figures: benches/results/budget.json /rows/*/growth/threads - /rows/*/each/resident_bytes -->
//! ```
//!
//! There is one JSON pointer for each column but the first; `-` stands for a column that is not in the file, and another file may be
//! named between them. The `*` stands for the row: the text of its first cell, or what a comment in that cell says, as in
//! `| resident bytes each <!-- bytes_each --> |`. The first number in a cell must be the file's, rounded as it is written there;
//! a cell without a number must have none in the file.

use std::{fs, path::Path};

use serde_json::Value;

const PAGES: [&str; 2] = ["README.md", "benches/README.md"];
const MARK: &str = "<!-- figures:";

#[test]
fn figures_are_those_of_their_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package stands in a workspace");
    let read = |file: &str| fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"));
    let json = |file: &str| serde_json::from_str(&read(file)?).map_err(|error| format!("{file}: {error}"));
    let complaints: Vec<String> =
        PAGES.iter().flat_map(|page| complaints(page, &read(page).expect("a page"), &json)).collect();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// What is wrong in a page, line by line; `json` reads a file of results.
fn complaints(page: &str, text: &str, json: &dyn Fn(&str) -> Result<Value, String>) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let marks = lines.iter().enumerate().filter(|(_, line)| line.starts_with(MARK));
    let wrong = marks.flat_map(|(at, mark)| match Columns::read(mark, json) {
        Ok(columns) => {
            wrong_rows(&columns, &lines[at + 1..]).into_iter().map(|(row, what)| (at + 1 + row, what)).collect()
        }
        Err(what) => vec![(at, what)],
    });
    wrong.map(|(at, what)| format!("{page}:{}: {what}", at + 1)).collect()
}

/// Where the columns of a table come from, the first one left out.
struct Columns(Vec<Option<(Value, String)>>);

impl Columns {
    fn read(mark: &str, json: &dyn Fn(&str) -> Result<Value, String>) -> Result<Columns, String> {
        let words = mark.strip_prefix(MARK).and_then(|rest| rest.strip_suffix("-->"));
        let (mut columns, mut file) = (Vec::new(), None);
        for word in words.ok_or("the line of the figures ends with -->")?.split_whitespace() {
            if word == "-" {
                columns.push(None);
            } else if word.starts_with('/') {
                columns.push(Some((file.clone().ok_or("a file is named before the first pointer")?, word.to_owned())));
            } else {
                file = Some(json(word)?);
            }
        }
        Ok(Columns(columns))
    }
}

/// What is wrong in the rows of the table that begins in the first of `lines` that is not empty, each with its line.
fn wrong_rows(columns: &Columns, lines: &[&str]) -> Vec<(usize, String)> {
    let start = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    let table = lines[start..].iter().take_while(|line| line.starts_with('|')).enumerate();
    // Its head and the line below it are no rows.
    let rows: Vec<_> = table.skip(2).collect();
    if rows.is_empty() {
        return vec![(start, "a table follows the line of its figures".to_owned())];
    }
    rows.into_iter()
        .flat_map(|(at, row)| wrong_cells(columns, row).into_iter().map(move |what| (start + at, what)))
        .collect()
}

fn wrong_cells(columns: &Columns, row: &str) -> Vec<String> {
    let cells: Vec<&str> = row.trim().trim_matches('|').split('|').map(str::trim).collect();
    let (key, cells) = (key(cells[0]), &cells[1..]);
    if cells.len() != columns.0.len() {
        return vec![format!("{} columns behind the first, and {} pointers", cells.len(), columns.0.len())];
    }
    let compared = cells.iter().zip(&columns.0).filter_map(|(cell, column)| Some((cell, column.as_ref()?)));
    compared.filter_map(|(cell, (file, pointer))| wrong_cell(cell, file, &pointer.replace('*', key))).collect()
}

/// What the `*` stands for in a row, by its first cell: a comment's text, or all text without marks of code and of notes.
fn key(cell: &str) -> &str {
    let comment = cell.split_once("<!--").and_then(|(_, rest)| rest.split_once("-->"));
    comment.map_or(cell, |(comment, _)| comment).trim_matches([' ', '`', '¹', '²', '³'])
}

fn wrong_cell(cell: &str, file: &Value, pointer: &str) -> Option<String> {
    let found = file.pointer(pointer).and_then(Value::as_f64);
    match (number(cell), found) {
        (None, None) => None,
        (Some(written), Some(found)) => {
            let digits = written.split_once('.').map_or(0, |(_, digits)| digits.len());
            let found = format!("{found:.digits$}");
            // A difference that rounds to nothing may have a sign in one place and none in the other.
            let same = found == written || found.parse::<f64>() == written.parse::<f64>();
            (!same).then(|| format!("{cell}, but {pointer} is {found}"))
        }
        (Some(_), None) => Some(format!("{cell}, but there is no number at {pointer}")),
        (None, Some(found)) => Some(format!("{cell:?} has no number, but {pointer} is {found}")),
    }
}

/// The first number in a cell, without the commas between its thousands.
fn number(cell: &str) -> Option<String> {
    let start = cell.find(|letter: char| letter.is_ascii_digit())?;
    let sign = if cell[..start].ends_with(['-', '−']) { "-" } else { "" };
    let digits: String =
        cell[start..].chars().take_while(|letter| letter.is_ascii_digit() || ",.".contains(*letter)).collect();
    Some(sign.to_owned() + digits.replace(',', "").trim_end_matches('.'))
}

/// The complaints about a made-up page.
fn found(page: &str) -> Vec<String> {
    let file = |name: &str| match name {
        "a.json" => Ok(serde_json::json!({
            "hop": { "bytes": 92.6, "tasks": 0 }, "axum": { "bytes": 28184.26, "tasks": 4096, "pinged": null }
        })),
        _ => Err(format!("{name}: no such file")),
    };
    complaints("page", page, &file)
}

#[test]
fn figures_that_agree_when_rounded_are_fine() {
    let page = "\
<!-- figures: a.json /*/bytes - /*/tasks /*/pinged -->

| | bytes | CPU | tasks | after |
|---|---|---|---|---|
| `hop` ¹ | **93** | 7 ms | 0 | – |
| axum | 28,184.3 bytes | 8 ms | 4,096 tasks | – |
";
    assert_eq!(found(page), [""; 0]);
    let turned =
        "<!-- figures: a.json /hop/* /axum/* -->\n| | hop | axum |\n|-|-|-|\n| each <!-- bytes --> | 92.6 | 28,184 |\n";
    assert_eq!(found(turned), [""; 0]);
    assert_eq!(found("| no figures | 7 |\n"), [""; 0]);
}

#[test]
fn figures_that_differ_are_found_with_their_line() {
    let table = |row| found(&format!("<!-- figures: a.json /*/bytes -->\n| | bytes |\n|---|---|\n{row}\n"));
    assert_eq!(table("| hop | 92 |"), ["page:4: 92, but /hop/bytes is 93"]);
    assert_eq!(table("| hop | 92.7 |"), ["page:4: 92.7, but /hop/bytes is 92.6"]);
    assert_eq!(table("| hop | – |"), ["page:4: \"–\" has no number, but /hop/bytes is 92.6"]);
    assert_eq!(table("| hyper | 92 |"), ["page:4: 92, but there is no number at /hyper/bytes"]);
    assert_eq!(table("| hop | 93 | 0 |"), ["page:4: 2 columns behind the first, and 1 pointers"]);
}

#[test]
fn a_mark_without_file_or_table_is_found() {
    assert_eq!(found("<!-- figures: b.json /*/bytes -->\n"), ["page:1: b.json: no such file"]);
    assert_eq!(found("<!-- figures: /*/bytes -->\n"), ["page:1: a file is named before the first pointer"]);
    assert_eq!(found("<!-- figures: a.json /*/bytes\n"), ["page:1: the line of the figures ends with -->"]);
    assert_eq!(
        found("<!-- figures: a.json /*/bytes -->\nNo table.\n"),
        ["page:2: a table follows the line of its figures"]
    );
}
