//! What a result can be rendered as.

use std::str::FromStr;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// For people, a line each, where a result is a list of findings.
    Concise,
    /// For machines, version 1 of its schema.
    Json,
    /// The same, one thing a line, where a result is a list of things.
    Ndjson,
    /// For people, where Markdown is shown.
    Markdown,
    /// For spreadsheets: the table alone.
    Csv,
    /// For browsers: one page that needs nothing else.
    Html,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For test reports.
    Junit,
    /// For GitHub Actions: workflow commands, which become annotations.
    Github,
    /// For GitLab: Code Quality.
    Gitlab,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "human" => Format::Human,
            "concise" => Format::Concise,
            "json" | "json-v1" => Format::Json,
            "ndjson" => Format::Ndjson,
            "markdown" => Format::Markdown,
            "csv" => Format::Csv,
            "html" => Format::Html,
            "sarif" => Format::Sarif,
            "junit" => Format::Junit,
            "github" => Format::Github,
            "gitlab" => Format::Gitlab,
            _ => {
                return Err(
                    "the formats are human, json (= json-v1), for explain ndjson, for plan \
                            and check markdown and csv, and for check concise, html, sarif, junit, \
                            github and gitlab"
                        .to_owned(),
                );
            }
        })
    }
}
