//! Commands that take something away for good.
//!
//! A step that destroys has to say so. Whether a command does is told by its words: those of the
//! shell, of SQL, and of the tools that people run at night. Text in quotes is only read as SQL,
//! so a log filter that mentions a deletion is none.

/// The words that make a command destructive, as written; `None` where nothing does.
pub fn words(command: &str) -> Option<String> {
    let joined = command.replace("\\\n", " ");
    sql(&joined).or_else(|| {
        shell(&joined)
            .iter()
            .find_map(|simple| destroys(simple).map(|words| words.join(" ")))
    })
}

/// Tools that only look, whatever words they are given.
const READERS: &[&str] = &[
    "awk", "cat", "cut", "diff", "echo", "egrep", "grep", "head", "jq", "less", "ls", "man",
    "more", "printf", "rg", "sed", "sort", "tail", "tee", "uniq", "wc", "yq",
];

/// Words before a command that are not the command.
const PREFIXES: &[&str] = &["sudo", "env", "nohup", "time", "xargs", "exec", "command"];

/// Tools whose name alone destroys.
const TOOLS: &[&str] = &[
    "rm", "rmdir", "shred", "wipefs", "mkfs", "dropdb", "dropuser", "truncate", "unlink",
];

/// A tool and the words after it that destroy; the words may have others between them.
const PHRASES: &[(&str, &[&str])] = &[
    ("dd", &["of="]),
    ("docker", &["prune"]),
    ("find", &["-delete"]),
    ("find", &["rm"]),
    ("gcloud", &["restore-backup"]),
    ("gcloud", &["backups", "restore"]),
    ("git", &["push", "--force"]),
    ("git", &["push", "--force-with-lease"]),
    ("git", &["push", "-f"]),
    ("git", &["reset", "--hard"]),
    ("git", &["clean"]),
    ("git", &["branch", "-d"]),
    ("helm", &["uninstall"]),
    ("heroku", &["pg:reset"]),
    ("kubectl", &["replace", "--force"]),
    ("npm", &["unpublish"]),
    ("pg_restore", &["--clean"]),
    ("redis-cli", &["flushall"]),
    ("redis-cli", &["flushdb"]),
    ("redis-cli", &["del"]),
    ("redis-cli", &["unlink"]),
    ("stripe", &["cancel"]),
    ("stripe", &["payouts", "create"]),
    ("stripe", &["refunds", "create"]),
    ("stripe", &["transfers", "create"]),
    ("stripe", &["void_invoice"]),
    ("terraform", &["apply", "-destroy"]),
    ("tofu", &["apply", "-destroy"]),
];

/// Words that destroy after any tool, as the verb of a subcommand.
const VERBS: &[&str] = &[
    "delete",
    "deletedb",
    "destroy",
    "drop",
    "purge",
    "remove-all",
    "rm",
    "rmi",
    "terminate",
    "uninstall",
    "wipe",
];

/// How far behind a tool's name its verb may stand: `gcloud artifacts docker images delete`.
const DEEPEST_VERB: usize = 6;

/// Why a simple command destroys, as the words that say so.
fn destroys(command: &[Word]) -> Option<Vec<String>> {
    let bare: Vec<&Word> = command
        .iter()
        .skip_while(|w| {
            let name = w.text.to_lowercase();
            PREFIXES.contains(&&*name) || (w.text.contains('=') && !w.text.starts_with('-'))
        })
        .collect();
    let (head, rest) = bare.split_first()?;
    let tool = head.text.rsplit('/').next().unwrap_or(&head.text);
    let tool = tool.to_lowercase();
    let found = |words: Vec<&str>| Some(words.into_iter().map(Into::into).collect());
    if READERS.contains(&&*tool) {
        return None;
    }
    if TOOLS.contains(&&*tool) || tool.starts_with("mkfs.") {
        return found(vec![&head.text]);
    }
    for (name, words) in PHRASES {
        let mut left = rest.iter();
        let all = words.iter().all(|word| {
            left.any(|w| {
                let text = w.text.to_lowercase();
                text == *word || (word.ends_with('=') && text.starts_with(word))
            })
        });
        if *name == tool && all {
            return found(
                std::iter::once(&*head.text)
                    .chain(words.iter().copied())
                    .collect(),
            );
        }
    }
    let sends_delete = |pair: &[&Word]| {
        matches!(&*pair[0].text, "-X" | "--request") && pair[1].text.eq_ignore_ascii_case("delete")
    };
    if rest.windows(2).any(sends_delete) || rest.iter().any(|w| w.text == "-XDELETE") {
        return found(vec![&head.text, "-X", "DELETE"]);
    }
    // A shell in a shell: kubectl exec pod -- rm -rf, ssh host 'rm -rf'.
    if let Some(at) = rest.iter().position(|w| w.text == "--") {
        let inner: Vec<Word> = rest[at + 1..].iter().map(|w| (*w).clone()).collect();
        if let Some(words) = destroys(&inner) {
            return Some(words);
        }
    }
    if matches!(&*tool, "sh" | "bash" | "ssh")
        && let Some(words) = rest
            .iter()
            .filter(|w| w.quoted)
            .find_map(|w| words(&w.text))
    {
        return Some(vec![words]);
    }
    let verb = rest.iter().take(DEEPEST_VERB).find(|w| {
        let text = w.text.to_lowercase();
        // AWS writes the verb and its object as one word.
        let of_aws = tool == "aws"
            && ["delete-", "terminate-", "purge-", "deregister-"]
                .iter()
                .any(|v| text.starts_with(v));
        !w.quoted && (VERBS.contains(&&*text) || of_aws || text == "rb" && tool == "aws")
    })?;
    // `docker run --rm` and `git rm` take nothing away that cannot be had again.
    if tool == "git" {
        return None;
    }
    found(vec![&head.text, &verb.text])
}

/// SQL that takes rows, tables or columns away, wherever it stands.
fn sql(command: &str) -> Option<String> {
    let lower = command.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == ';' || c == '='))
        .filter(|w| !w.is_empty())
        .collect();
    let after = |at: usize, n: usize| words.get(at + n).copied().unwrap_or("");
    for (at, word) in words.iter().enumerate() {
        let next = after(at, 1).trim_end_matches(';');
        let found = match *word {
            "drop" => matches!(
                next,
                "table"
                    | "database"
                    | "schema"
                    | "index"
                    | "column"
                    | "view"
                    | "role"
                    | "user"
                    | "owned"
                    | "materialized"
                    | "type"
                    | "function"
                    | "trigger"
                    | "partition"
            ),
            "truncate" => next == "table" || next == "only",
            "delete" => next == "from",
            "update" => updates_everything(&words[at..]),
            _ => false,
        };
        if found {
            return Some(match *word {
                "update" => "UPDATE without WHERE".into(),
                _ => format!("{} {next}", word.to_uppercase()),
            });
        }
    }
    // `TRUNCATE sessions` without TABLE, at the beginning of a statement.
    let statements = lower.split(['"', '\'', ';', '\n']);
    for statement in statements {
        let mut words = statement.split_whitespace();
        if words.next() == Some("truncate") && words.next().is_some_and(|w| !w.starts_with('-')) {
            return Some("TRUNCATE".into());
        }
    }
    None
}

/// `update t set ...` whose statement ends without a `where`.
fn updates_everything(words: &[&str]) -> bool {
    let end = words.iter().position(|w| w.ends_with(';'));
    let statement = end.map_or(words, |end| &words[..=end]);
    let set = statement.iter().take(4).any(|w| *w == "set");
    let bare = |w: &&str| w.trim_end_matches(';') == "where";
    set && statement.contains(&"=") && !statement.iter().any(bare)
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    quoted: bool,
}

/// The simple commands of a shell text: words without comments, a quoted text as one word.
fn shell(text: &str) -> Vec<Vec<Word>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars().peekable();
    let end = |word: &mut Option<Word>, commands: &mut Vec<Vec<Word>>| {
        if let (Some(done), Some(command)) = (word.take(), commands.last_mut()) {
            command.push(done);
        }
    };
    while let Some(c) = chars.next() {
        if let Some(open) = quote {
            if c == open {
                quote = None;
            } else if let Some(word) = &mut word {
                word.text.push(c);
            }
            continue;
        }
        match c {
            '\'' | '"' => {
                quote = Some(c);
                word.get_or_insert(Word {
                    text: String::new(),
                    quoted: true,
                })
                .quoted = true;
            }
            '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            '\n' | ';' | '|' | '&' | '(' | ')' | '`' => {
                end(&mut word, &mut commands);
                commands.push(Vec::new());
            }
            c if c.is_whitespace() => end(&mut word, &mut commands),
            c => word
                .get_or_insert(Word {
                    text: String::new(),
                    quoted: false,
                })
                .text
                .push(c),
        }
    }
    end(&mut word, &mut commands);
    commands.retain(|c| !c.is_empty());
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_away_is_found() {
        for (command, said) in [
            ("rm -rf /var/cache/shop", "rm"),
            ("sudo rm old.log", "rm"),
            ("ls | xargs rm", "rm"),
            ("kubectl exec api-0 -- rm -rf /data", "rm"),
            ("ssh edge-1 'rm -rf /data'", "rm"),
            ("kubectl delete pod api-0", "kubectl delete"),
            (
                "gcloud artifacts docker images delete \"$IMAGE\" --delete-tags",
                "gcloud delete",
            ),
            ("gcloud kms keys versions destroy 3", "gcloud destroy"),
            (
                "gcloud sql backups restore 17 --restore-instance=x",
                "gcloud backups restore",
            ),
            ("terraform destroy -auto-approve", "terraform destroy"),
            ("terraform apply -destroy", "terraform apply -destroy"),
            ("aws s3 rm --recursive s3://x", "aws rm"),
            (
                "aws ec2 terminate-instances --instance-ids i-1",
                "aws terminate-instances",
            ),
            (
                "stripe refunds create --charge=ch_1",
                "stripe refunds create",
            ),
            ("helm uninstall shop", "helm uninstall"),
            ("git push --force origin main", "git push --force"),
            ("git reset --hard HEAD~1", "git reset --hard"),
            ("curl -X DELETE https://api.example.com/x", "curl -X DELETE"),
            ("redis-cli -h cache flushall", "redis-cli flushall"),
            ("psql -c 'drop table charges'", "DROP table"),
            (
                "psql -c \"DELETE FROM charges WHERE id = 1\"",
                "DELETE from",
            ),
            ("psql -c 'truncate sessions'", "TRUNCATE"),
            ("TRUNCATE TABLE sessions;", "TRUNCATE table"),
            (
                "psql -c 'update plans set price = 0'",
                "UPDATE without WHERE",
            ),
            ("alter table charges drop column note;", "DROP column"),
            (
                "gcloud storage buckets \\\n  delete gs://x",
                "gcloud delete",
            ),
            ("PGUSER=ops dropdb shop", "dropdb"),
        ] {
            assert_eq!(words(command).as_deref(), Some(said), "{command}");
        }
    }

    #[test]
    fn what_only_looks_or_can_be_undone_is_not() {
        for command in [
            "docker run --rm tool version",
            "gcloud logging read 'protoPayload.methodName=\"delete\"' --limit=5",
            "grep delete app.log",
            "echo rm -rf /",
            "# rm -rf /",
            "psql -c 'select deleted_at from drops'",
            "psql -c 'update plans set price = 0 where id = 1'",
            "psql -c 'select date_trunc(1, x) from t for update'",
            "kubectl rollout restart deployment/api",
            "gcloud run services update-traffic api --to-revisions=R=100",
            "git revert --no-edit \"$BAD\"",
            "git rm --cached notes.txt",
            "stripe refunds list --limit=3",
            "terraform plan -out=back.plan && terraform apply back.plan",
            "gh run rerun 12",
            "",
        ] {
            assert_eq!(words(command), None, "{command}");
        }
    }
}
