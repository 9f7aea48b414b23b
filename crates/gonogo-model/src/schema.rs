//! The package format as JSON Schema, for editors that complete and check while somebody types.
//!
//! It is made from the declarations that decode a package, so the two cannot drift apart. It
//! never refuses what loads; what it cannot say (that references resolve) `check` does.

use serde_json::{Value, json};

use crate::comms::TemplateHead;
use crate::decode::{Decode, Definitions};
use crate::evidence::EvidenceFile;
use crate::package::PackageFile;
use crate::runbook::RunbookHead;

/// The dialect: draft 7 is what the YAML language server supports best.
pub const DIALECT: &str = "http://json-schema.org/draft-07/schema#";
/// What the file is called, beside `gonogo.yaml`.
pub const FILE_NAME: &str = "gonogo.schema.json";

/// The schema of a package's YAML files.
pub fn package() -> Value {
    document::<PackageFile>("gonogo: a file of an ops package")
}

/// The schema of the files in `evidence/`.
pub fn evidence() -> Value {
    document::<EvidenceFile>("gonogo: a file of evidence")
}

/// The schema of a runbook's front matter.
pub fn runbook() -> Value {
    document::<RunbookHead>("gonogo: the front matter of a runbook")
}

/// The schema of the front matter of a message to customers.
pub fn template() -> Value {
    document::<TemplateHead>("gonogo: the front matter of a message to customers")
}

fn document<T: Decode>(title: &str) -> Value {
    let mut definitions = Definitions::new();
    let root = T::schema(&mut definitions);
    // A `$ref` at the root would hide everything beside it, so the root is written out.
    let name = root["$ref"].as_str().and_then(|r| r.rsplit('/').next());
    let mut document = json!({"$schema": DIALECT, "title": title});
    let root = name
        .and_then(|name| definitions.remove(name))
        .unwrap_or(root);
    if let (Some(document), Value::Object(root)) = (document.as_object_mut(), root) {
        document.extend(root);
        document.insert("definitions".into(), json!(definitions));
    }
    document
}
