//! Tokens of Google's: each thing that has to be right, wrong.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gonogo_model::source::Provider;
use gonogo_server::ingest::oidc::{
    BadKeys, Expected, Keys, MAX_KEY_SET_BYTES, MAX_KEYS, MAX_KID_BYTES, MAX_LIFETIME,
    MAX_TOKEN_BYTES, SKEW,
};
use serde_json::{Value, json};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::{Post, RECEIVED_S, fixture, table};

pub const AUDIENCE: &str = "https://gonogo.example.com/in/google-pubsub";
pub const ACCOUNT: &str = "pusher@example-project.iam.gserviceaccount.com";
pub const KID: &str = "6a906ec119d7ba46a6a43ef1ea842e34a8ee08b4";

/// Somebody who can sign.
pub struct Signer(KeyPair);

impl Signer {
    fn new() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// Google, in these tests.
    pub fn google() -> &'static Self {
        static GOOGLE: OnceLock<Signer> = OnceLock::new();
        GOOGLE.get_or_init(Self::new)
    }

    fn somebody_else() -> &'static Self {
        static OTHER: OnceLock<Signer> = OnceLock::new();
        OTHER.get_or_init(Self::new)
    }

    pub fn jwk(&self, kid: &str) -> Value {
        let der = self.0.public_key().as_der().unwrap();
        let (_, info) = SubjectPublicKeyInfo::from_der(der.as_ref()).unwrap();
        let Ok(PublicKey::RSA(key)) = info.parsed() else {
            panic!("no RSA key");
        };
        // DER puts a zero before a high bit, which JWK does not want.
        let key = (
            key.modulus.strip_prefix(&[0]).unwrap_or(key.modulus),
            key.exponent,
        );
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
            "n": number(key.0),
            "e": number(key.1),
        })
    }

    pub fn keys(&self) -> Keys {
        let set = json!({"keys": [{"kty": "EC", "kid": "other"}, self.jwk(KID)]});
        Keys::parse(set.to_string().as_bytes()).unwrap()
    }

    pub fn token(&self, head: &str, claims: &str) -> String {
        let signed = unsigned(head, claims);
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn unsigned(head: &str, claims: &str) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(head),
        URL_SAFE_NO_PAD.encode(claims)
    )
}

pub fn head() -> String {
    json!({"alg": "RS256", "kid": KID, "typ": "JWT"}).to_string()
}

/// What Pub/Sub's tokens say, with some things otherwise; `null` leaves one out.
pub fn claims(otherwise: Value) -> String {
    let mut claims = json!({
        "aud": AUDIENCE, "azp": "113774264463038321964", "email": ACCOUNT, "email_verified": true,
        "exp": RECEIVED_S + 3540, "iat": RECEIVED_S - 60, "iss": "https://accounts.google.com",
        "sub": "113774264463038321964",
    });
    for (name, value) in otherwise.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims.to_string()
}

pub fn expected() -> Expected {
    Expected {
        audience: AUDIENCE.into(),
        service_account: ACCOUNT.into(),
        jwks_url: "https://keys.example.com/certs".into(),
    }
}

/// A push with a token, or with none.
pub fn push(body: &[u8], token: &str) -> Post {
    let mut post = Post::to(Provider::GooglePubsub, &[], body);
    post.settings.oidc = Some(expected());
    post.keys = Some(Signer::google().keys());
    if token.is_empty() {
        return post;
    }
    post.with("Authorization", &format!("Bearer {token}"))
}

/// A push that is as it should be.
pub fn good(body: &[u8]) -> Post {
    push(body, &Signer::google().token(&head(), &claims(json!({}))))
}

fn outcome(head: &str, claims: &str) -> String {
    push(
        fixture!("google/clouddeploy_operation.json"),
        &Signer::google().token(head, claims),
    )
    .outcome()
}

#[test]
fn every_claim() {
    let said = |otherwise: Value| outcome(&head(), &claims(otherwise));
    let s = RECEIVED_S;
    let (skew, life) = (SKEW.as_secs(), MAX_LIFETIME.as_secs());
    let rows = [
        ("as Google says it", said(json!({}))),
        (
            "the issuer's other name",
            said(json!({"iss": "accounts.google.com"})),
        ),
        (
            "another issuer",
            said(json!({"iss": "https://accounts.example.com"})),
        ),
        ("no issuer", said(json!({"iss": null}))),
        (
            "another audience",
            said(json!({"aud": "https://gonogo.example.com/in/other"})),
        ),
        ("several audiences", said(json!({"aud": [AUDIENCE, "x"]}))),
        ("no audience", said(json!({"aud": null}))),
        (
            "another account",
            said(json!({"email": "evil@example-project.iam.gserviceaccount.com"})),
        ),
        ("no account", said(json!({"email": null}))),
        (
            "an account that is not verified",
            said(json!({"email_verified": false})),
        ),
        (
            "not said whether verified",
            said(json!({"email_verified": null})),
        ),
        ("verified in words", said(json!({"email_verified": "true"}))),
        ("expires as it comes", said(json!({"exp": s}))),
        ("expired within the skew", said(json!({"exp": s - skew}))),
        ("expired", said(json!({"exp": s - skew - 1}))),
        (
            "expired long ago",
            said(json!({"exp": i64::MIN, "iat": i64::MIN})),
        ),
        ("no end", said(json!({"exp": null}))),
        (
            "made in the future, within the skew",
            said(json!({"iat": s + skew})),
        ),
        ("made in the future", said(json!({"iat": s + skew + 1}))),
        ("not to be used yet", said(json!({"nbf": s + skew + 1}))),
        (
            "lives as long as allowed",
            said(json!({"iat": s, "exp": s + life})),
        ),
        ("lives longer", said(json!({"iat": s, "exp": s + life + 1}))),
        ("lives for ever", said(json!({"exp": i64::MAX}))),
        (
            "lives for ever and longer",
            said(json!({"exp": i64::MAX, "iat": i64::MIN})),
        ),
        (
            "an end that is no whole number",
            said(json!({"exp": 1.5e300})),
        ),
    ];
    insta::assert_snapshot!(table(rows));
}

#[test]
fn every_way_to_forge_one() {
    let google = Signer::google();
    let send = |token: &str| push(b"{}", token).outcome();
    let fine = google.token(&head(), &claims(json!({})));
    let (signed, signature) = fine.rsplit_once('.').unwrap();
    let with_head = |head: Value| send(&google.token(&head.to_string(), &claims(json!({}))));
    // The public key as an HMAC key: the mistake that lets everybody sign.
    let public = google.0.public_key().as_der().unwrap().as_ref().to_vec();
    let hs = unsigned(
        &json!({"alg": "HS256", "kid": KID}).to_string(),
        &claims(json!({})),
    );
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public);
    let tag = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, hs.as_bytes()));
    let none = unsigned(
        &json!({"alg": "none", "kid": KID}).to_string(),
        &claims(json!({})),
    );
    let twice = claims(json!({"email": "evil@example.com"})).replacen(
        '{',
        &format!("{{\"email\":\"{ACCOUNT}\","),
        1,
    );
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[17] ^= 1;
    let flipped = URL_SAFE_NO_PAD.encode(flipped);
    let other = unsigned(&head(), &claims(json!({"sub": "1"})));
    let rows = [
        ("none at all", send("")),
        (
            "a basic password",
            push(b"{}", "")
                .with("Authorization", "Basic eDp5")
                .outcome(),
        ),
        (
            "two of them",
            push(b"{}", &fine)
                .with("Authorization", "Bearer x")
                .outcome(),
        ),
        (
            "by somebody else",
            send(&Signer::somebody_else().token(&head(), &claims(json!({})))),
        ),
        ("a bit flipped", send(&format!("{signed}.{flipped}"))),
        ("other claims", send(&format!("{other}.{signature}"))),
        ("algorithm none", send(&format!("{none}."))),
        (
            "none, with a signature",
            send(&format!("{none}.{signature}")),
        ),
        ("HS256 with the public key", send(&format!("{hs}.{tag}"))),
        ("RS512", with_head(json!({"alg": "RS512", "kid": KID}))),
        ("rs256", with_head(json!({"alg": "rs256", "kid": KID}))),
        ("no algorithm", with_head(json!({"kid": KID}))),
        (
            "an unknown key",
            with_head(json!({"alg": "RS256", "kid": "unknown"})),
        ),
        (
            "the name of a key of another kind",
            with_head(json!({"alg": "RS256", "kid": "other"})),
        ),
        ("no name of a key", with_head(json!({"alg": "RS256"}))),
        (
            "the longest name",
            with_head(json!({"alg": "RS256", "kid": "k".repeat(MAX_KID_BYTES)})),
        ),
        (
            "a longer name",
            with_head(json!({"alg": "RS256", "kid": "k".repeat(MAX_KID_BYTES + 1)})),
        ),
        (
            "its own key with it",
            with_head(json!({
                "alg": "RS256", "kid": "mine", "jwk": Signer::somebody_else().jwk("mine"),
            })),
        ),
        (
            "something critical",
            with_head(json!({"alg": "RS256", "kid": KID, "crit": ["b64"]})),
        ),
        ("an account twice", send(&google.token(&head(), &twice))),
        (
            "an algorithm twice",
            send(&google.token(
                &format!(r#"{{"alg":"none","alg":"RS256","kid":"{KID}"}}"#),
                &claims(json!({})),
            )),
        ),
        ("two parts", send(signed)),
        ("four parts", send(&format!("{fine}.x"))),
        ("no signature", send(&format!("{signed}."))),
        ("garbage", send("%%%.***.!!!")),
        ("padded", send(&format!("{fine}="))),
        ("another base64", send(&fine.replacen('.', "/.", 1))),
        ("head no JSON", send(&google.token("head", "{}"))),
        ("claims no JSON", send(&google.token(&head(), "[]"))),
        (
            "too long",
            send(&google.token(&head(), &claims(json!({"x": "x".repeat(MAX_TOKEN_BYTES)})))),
        ),
    ];
    insta::assert_snapshot!(table(rows));
}

#[test]
fn without_keys_or_an_account_nothing_is_taken() {
    let mut post = good(b"{}");
    post.keys = None;
    assert_eq!(post.outcome(), "503 keys_unavailable");
    let mut post = good(b"{}");
    post.settings.oidc = None;
    assert_eq!(post.outcome(), "503 secret_not_configured");
    let mistake = "source `google-pubsub` has no service account whose tokens it takes";
    assert_eq!(post.settings.mistake().as_deref(), Some(mistake));
    // An expectation that is empty is met by nothing.
    for (field, claim) in [
        ("audience", json!({"aud": ""})),
        ("account", json!({"email": ""})),
    ] {
        let token = Signer::google().token(&head(), &claims(claim));
        let mut post = push(b"{}", &token);
        let expected = post.settings.oidc.as_mut().unwrap();
        match field {
            "audience" => expected.audience.clear(),
            _ => expected.service_account.clear(),
        }
        assert!(post.outcome().starts_with("401 "), "{field}");
    }
}

#[test]
fn sets_of_keys() {
    let parse = |set: Value| Keys::parse(set.to_string().as_bytes());
    let good = Signer::google().jwk(KID);
    let with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        parse(json!({"keys": [jwk]})).err()
    };
    assert!(
        parse(json!({"keys": vec![good.clone(); MAX_KEYS]}))
            .unwrap()
            .has(KID)
    );
    assert_eq!(
        parse(json!({"keys": vec![good.clone(); MAX_KEYS + 1]})).err(),
        Some(BadKeys::TooMany)
    );
    for bad in [json!([]), json!({}), json!({"keys": {}}), json!("keys")] {
        assert_eq!(parse(bad).err(), Some(BadKeys::NoSet));
    }
    assert_eq!(Keys::parse(b"<html>").err(), Some(BadKeys::NoSet));
    let large = vec![b' '; MAX_KEY_SET_BYTES + 1];
    assert_eq!(Keys::parse(&large).err(), Some(BadKeys::TooLarge));
    let small = URL_SAFE_NO_PAD.encode([0xff; 128]);
    let huge = URL_SAFE_NO_PAD.encode([0xff; 1025]);
    for (name, value) in [
        ("kty", json!("EC")),
        ("use", json!("enc")),
        ("alg", json!("RS512")),
        ("kid", json!("")),
        ("kid", json!("k".repeat(MAX_KID_BYTES + 1))),
        ("kid", json!(null)),
        ("n", json!(small)),
        ("n", json!(huge)),
        ("n", json!("")),
        ("n", json!(STANDARD.encode([0xfb; 256]))),
        ("e", json!("")),
        ("e", json!("AQ")),
        ("e", json!("AQAC")),
        ("e", json!(7)),
    ] {
        assert_eq!(
            with(name, value.clone()),
            Some(BadKeys::NoneUsable),
            "{name} {value}"
        );
    }
    // Leading zeros are against the RFC, and harmless.
    assert_eq!(with("e", json!("AAEAAQ")), None);
    assert_eq!(with("use", json!(null)), None);
}
