//! What is kept beside the journal: snapshots, packages, dead letters, raw bodies, accounts.

mod store_support;

use gonogo_server::store::{
    ApiToken, AuditFilter, DeadLetterFilter, NewAudit, NewDeadLetter, NewInput, RawBody,
    SESSIONS_PER_USER_MAX, SNAPSHOTS_KEPT, Session, Snapshot, Store, StoreError, StoreOptions,
    User,
};
use store_support::*;

fn snapshot(step_no: i64, body: Vec<u8>) -> Snapshot {
    let engine_version = "engine-1".into();
    Snapshot {
        step_no,
        schema: 1,
        engine_version,
        taken_at_ms: NOW_MS,
        body,
    }
}

fn raw(source: &str, text: &str) -> RawBody {
    RawBody {
        source: source.into(),
        headers_json: r#"{"x-sent-by":"a-provider"}"#.into(),
        body: text.as_bytes().to_vec(),
        keep_days: 7,
    }
}

fn letter(source: &str, text: &str) -> NewDeadLetter {
    NewDeadLetter {
        source: source.into(),
        received_at_ms: NOW_MS,
        reason: "no-such-field".into(),
        detail: "the field `id` is missing".into(),
        raw: raw(source, text),
    }
}

/// Everything on the disk, except the keys.
fn bytes_on_disk(store: &Store) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(store.dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "keys") {
            all.extend(std::fs::read(path).unwrap());
        }
    }
    all
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|w| w == needle.as_bytes())
}

#[test]
fn the_newest_snapshots_are_kept_and_a_large_one_comes_back_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.latest_snapshot().unwrap(), None);
    let early = store.save_snapshot(snapshot(1, b"early".to_vec()));
    assert!(
        matches!(early, Err(StoreError::Conflict(_))),
        "its step is not committed"
    );
    for no in 1..=5 {
        store.commit_step(tick(no)).wait().unwrap();
        let body = (0..2_500_000_u32)
            .map(|n| (n % 251) as u8 ^ no as u8)
            .collect();
        store.save_snapshot(snapshot(no, body)).unwrap();
    }
    // Saving one again, as after a restart, changes nothing.
    let newest = store.latest_snapshot().unwrap().unwrap();
    store.save_snapshot(newest.clone()).unwrap();
    store.close().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(newest.step_no, 5);
    assert_eq!(newest.body[7], 7 ^ 5);
    assert_eq!(store.latest_snapshot().unwrap(), Some(newest));
    let db = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    let kept: Vec<i64> = db
        .prepare("SELECT step_no FROM snapshot ORDER BY 1")
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(kept, [3, 4, 5]);
    assert_eq!(kept.len(), SNAPSHOTS_KEPT);
}

#[test]
fn a_damaged_snapshot_gives_way_to_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for no in 1..=2 {
        store.commit_step(tick(no)).wait().unwrap();
        store
            .save_snapshot(snapshot(no, format!("state {no}").into_bytes()))
            .unwrap();
    }
    store.close().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    db.execute(
        "UPDATE snapshot_part SET body = x'00' WHERE step_no = 2",
        [],
    )
    .unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.latest_snapshot().unwrap().unwrap().body, b"state 1");
}

#[test]
fn the_text_under_a_digest_never_changes() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store
        .put_package("d1", r#"{"gonogo.yaml":"..."}"#.into(), NOW_MS)
        .wait()
        .unwrap();
    store
        .put_package("d1", "other".into(), NOW_MS)
        .wait()
        .unwrap();
    assert_eq!(
        store.package("d1").unwrap().as_deref(),
        Some(r#"{"gonogo.yaml":"..."}"#)
    );
    assert_eq!(store.package("d2").unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_kept_whole_and_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let body = "the-secret-order-of-a-customer";
    let kept = store.add_dead_letter(letter("stripe", body)).await.unwrap();
    assert_eq!(kept.dropped, 0);
    let raw = store.dead_letter_raw(kept.id).unwrap();
    assert_eq!(raw.body, body.as_bytes());
    assert_eq!(raw.headers_json, r#"{"x-sent-by":"a-provider"}"#);
    let disk = bytes_on_disk(&store);
    assert!(
        contains(&disk, "no-such-field"),
        "the search finds what is there"
    );
    assert!(
        !contains(&disk, body) && !contains(&disk, "a-provider"),
        "and no plain text"
    );
    assert!(!format!("{raw:?}").contains("secret"));

    store
        .mark_replayed(kept.id, Some(12), NOW_MS)
        .await
        .unwrap();
    let row = store.dead_letter(kept.id).unwrap().unwrap();
    assert_eq!(
        (row.replayed_at_ms, row.replayed_seq),
        (Some(NOW_MS), Some(12))
    );
    let open = DeadLetterFilter {
        only_open: true,
        limit: 10,
        ..DeadLetterFilter::default()
    };
    assert_eq!(store.dead_letters(&open).unwrap(), []);
    let none = store.mark_replayed(99, None, NOW_MS).await;
    assert_eq!(none, Err(StoreError::NotFound("dead letter")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_at_the_limit_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        dead_letters_per_source_max: 2,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options).unwrap();
    store.add_dead_letter(letter("github", "x")).await.unwrap();
    let mut ids = Vec::new();
    for n in 0..2 {
        ids.push(
            store
                .add_dead_letter(letter("stripe", &n.to_string()))
                .await
                .unwrap()
                .id,
        );
    }
    store.mark_replayed(ids[1], None, NOW_MS).await.unwrap();
    let third = store.add_dead_letter(letter("stripe", "2")).await.unwrap();
    assert_eq!(third.dropped, 0, "a replayed one made room");
    let fourth = store.add_dead_letter(letter("stripe", "3")).await.unwrap();
    assert_eq!(fourth.dropped, 1);
    let counts = store.dead_letter_counts().unwrap();
    let counts: Vec<_> = counts
        .iter()
        .map(|c| (c.source.as_str(), c.open, c.replayed, c.dropped))
        .collect();
    assert_eq!(counts, [("github", 1, 0, 0), ("stripe", 2, 0, 1)]);
    let open = |received, after| store.open_dead_letters("stripe", &received, after, 10);
    let both = vec![third.id, fourth.id];
    assert_eq!(open(NOW_MS..NOW_MS + 1, 0).unwrap(), both, "oldest first");
    assert_eq!(open(NOW_MS..NOW_MS + 1, third.id).unwrap(), [fourth.id]);
    assert!(open(i64::MIN..NOW_MS, 0).unwrap().is_empty());
    assert!(open(NOW_MS + 1..i64::MAX, 0).unwrap().is_empty());
    let of_stripe = DeadLetterFilter {
        source: Some("stripe".into()),
        limit: 10,
        ..DeadLetterFilter::default()
    };
    let left: Vec<i64> = store
        .dead_letters(&of_stripe)
        .unwrap()
        .iter()
        .map(|d| d.id)
        .collect();
    assert_eq!(left, [fourth.id, third.id]);
    assert_eq!(
        store.dead_letter_raw(ids[0]),
        Err(StoreError::NotFound("dead letter"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_unreadable_once_the_key_of_its_day_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let old = store
        .add_dead_letter(letter("stripe", "old"))
        .await
        .unwrap();
    let mut next_day = letter("stripe", "new");
    next_day.received_at_ms += DAY_MS;
    let new = store.add_dead_letter(next_day).await.unwrap();
    // A copy made before the key went is as unreadable as the file itself.
    store.blocking(Store::close).await.unwrap();
    let backup = std::fs::read(dir.path().join("raw.db")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    let prune = |store: Store, days: i64| async move {
        store
            .blocking(move |s| s.prune(NOW_MS + days * DAY_MS))
            .await
            .unwrap();
    };
    prune(store.clone(), 7).await;
    assert_eq!(
        store.dead_letter_raw(old.id).unwrap().body,
        b"old",
        "its last day"
    );
    prune(store.clone(), 8).await;
    assert_eq!(store.dead_letter_raw(old.id), Err(StoreError::Unreadable));
    assert_eq!(store.dead_letter_raw(new.id).unwrap().body, b"new");
    store.blocking(Store::close).await.unwrap();

    std::fs::write(dir.path().join("raw.db"), backup).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.dead_letter_raw(old.id), Err(StoreError::Unreadable));
    assert_eq!(store.dead_letter_raw(new.id).unwrap().body, b"new");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_bytes_are_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let kept = store
        .add_dead_letter(letter("stripe", "body"))
        .await
        .unwrap();
    store.blocking(Store::close).await.unwrap();
    let db = rusqlite::Connection::open(dir.path().join("raw.db")).unwrap();
    db.execute("UPDATE raw SET source = 'github'", []).unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.dead_letter_raw(kept.id), Err(StoreError::Unreadable));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("data")).unwrap();
    store
        .add_dead_letter(letter("stripe", "body"))
        .await
        .unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&store.dir().join("raw.keys")) & 0o777, 0o600);
    assert_eq!(mode(store.dir()) & 0o777, 0o700);
}

#[test]
fn an_input_keeps_its_raw_body_and_a_full_store_counts_what_it_drops() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        raw_bytes_max: 100,
        ..StoreOptions::default()
    };
    let store = Store::open_with(dir.path(), options).unwrap();
    for n in 1..=4 {
        let raw = Some(raw("stripe", &format!("body {n}")));
        store
            .append(world(vec![NewInput { raw, ..input("a") }]))
            .wait()
            .unwrap();
    }
    // Bodies are written behind the append; closing waits for them.
    store.close().unwrap();
    assert_eq!(store.raw_stats().dropped, 2);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.raw_of_input(1).unwrap().unwrap().body, b"body 1");
    assert_eq!(store.raw_of_input(2).unwrap().unwrap().body, b"body 2");
    assert_eq!(store.raw_of_input(3).unwrap(), None);
    assert!(store.raw_stats().bytes >= 100);
}

fn user(id: &str, email: &str) -> User {
    User {
        id: id.into(),
        name: format!("Name of {id}"),
        email: email.into(),
        role: "responder".into(),
        password_hash: Some("$argon2id$secret".into()),
        oidc_subject: None,
        created_at_ms: NOW_MS,
        disabled_at_ms: None,
    }
}

#[test]
fn users_are_found_by_address_and_unique() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let ada = user("ada", "ada@example.com");
    store.add_user(ada.clone()).wait().unwrap();
    assert_eq!(
        store.user_by_email("ADA@example.com").unwrap(),
        Some(ada.clone())
    );
    let twin = store
        .add_user(user("twin", "Ada@Example.com"))
        .wait()
        .unwrap_err();
    assert!(
        matches!(&twin, StoreError::Taken(text) if !text.contains("example.com")),
        "{twin}"
    );
    let disabled = User {
        disabled_at_ms: Some(NOW_MS),
        ..ada.clone()
    };
    store.update_user(disabled.clone()).wait().unwrap();
    assert_eq!(store.users().unwrap(), std::slice::from_ref(&disabled));
    let missing = store.update_user(user("bob", "bob@example.com")).wait();
    assert_eq!(missing, Err(StoreError::NotFound("user")));
    assert!(!format!("{ada:?}").contains("argon2"));
}

#[test]
fn sessions_end_and_are_limited() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let session = |n: usize| Session {
        token_hash: format!("hash {n}").into_bytes(),
        user: "ada".into(),
        created_at_ms: NOW_MS + n as i64,
        last_seen_at_ms: NOW_MS,
        expires_at_ms: NOW_MS + n as i64,
    };
    let nobody = store.add_session(session(0)).wait();
    assert!(matches!(nobody, Err(StoreError::NotFound(_))), "{nobody:?}");
    store
        .add_user(user("ada", "ada@example.com"))
        .wait()
        .unwrap();
    for n in 0..=SESSIONS_PER_USER_MAX {
        store.add_session(session(n)).wait().unwrap();
    }
    assert_eq!(store.session(b"hash 0").unwrap(), None, "the oldest ended");
    assert_eq!(store.session(b"hash 1").unwrap(), Some(session(1)));
    store
        .touch_session(b"hash 1", NOW_MS + 1, NOW_MS + DAY_MS)
        .wait()
        .unwrap();
    assert_eq!(store.prune_sessions(NOW_MS + 10).wait().unwrap(), 9);
    assert_eq!(
        store.session(b"hash 1").unwrap().unwrap().expires_at_ms,
        NOW_MS + DAY_MS
    );
    store.end_session(b"hash 1").wait().unwrap();
    assert_eq!(store.session(b"hash 1").unwrap(), None);
    assert_eq!(
        store.end_sessions_of("ada").wait().unwrap(),
        SESSIONS_PER_USER_MAX - 10
    );
}

#[test]
fn a_revoked_token_stays_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store
        .add_user(user("ada", "ada@example.com"))
        .wait()
        .unwrap();
    let token = ApiToken {
        id: "t1".into(),
        name: "ci".into(),
        token_hash: b"hash".to_vec(),
        owner: "ada".into(),
        scopes: "evidence:write".into(),
        created_at_ms: NOW_MS,
        expires_at_ms: None,
        last_used_at_ms: None,
        revoked_at_ms: None,
    };
    store.add_api_token(token.clone()).wait().unwrap();
    store.touch_api_token("t1", NOW_MS + 1).wait().unwrap();
    store.revoke_api_token("t1", NOW_MS + 2).wait().unwrap();
    store.revoke_api_token("t1", NOW_MS + 3).wait().unwrap();
    let stored = store.api_token(b"hash").unwrap().unwrap();
    assert_eq!(stored.last_used_at_ms, Some(NOW_MS + 1));
    assert_eq!(stored.revoked_at_ms, Some(NOW_MS + 2));
    assert_eq!(store.api_tokens().unwrap(), [stored]);
}

#[test]
fn the_audit_log_only_grows() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for action in ["sign-in", "ack"] {
        let row = NewAudit {
            at_ms: NOW_MS,
            actor: "ada".into(),
            action: action.into(),
            target: "inc-1".into(),
            json: "{}".into(),
        };
        store.add_audit(row).wait().unwrap();
    }
    let acks = AuditFilter {
        action: Some("ack".into()),
        limit: 10,
        ..AuditFilter::default()
    };
    assert_eq!(store.audit(&acks).unwrap().len(), 1);
    store.close().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    for sql in ["DELETE FROM audit", "UPDATE audit SET actor = 'eve'"] {
        let error = db.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}
