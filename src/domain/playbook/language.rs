//! What a block of code holds: as the file says, else by its first word.

use super::Language;

/// The language that a fence names; `None` where it names none.
pub(super) fn declared_language(declared: &str) -> Option<Language> {
    match declared {
        "" => None,
        "sql" | "athena" | "presto" | "trino" => Some(Language::Sql),
        "bash" | "sh" | "shell" | "zsh" | "console" | "cli" | "shell-session" | "powershell" => {
            Some(Language::Command)
        }
        _ => Some(Language::Other),
    }
}

/// The language that the code looks like.
pub(super) fn guess_language(code: &str) -> Language {
    const COMMANDS: [&str; 22] = [
        "$", "aws", "awk", "cat", "curl", "dig", "docker", "eksctl", "export", "find", "grep",
        "jq", "kubectl", "lsof", "netstat", "nslookup", "ps", "python", "python3", "ssh", "sudo",
        "whois",
    ];
    let first = code
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("--"));
    let word = first
        .and_then(|line| line.split_whitespace().next())
        .unwrap_or_default();
    if word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with") {
        Language::Sql
    } else if COMMANDS.contains(&word) {
        Language::Command
    } else {
        Language::Other
    }
}
