//! Where somebody is sent after signing in: a path on this server, and nowhere else.

/// The longest path that is kept, in bytes.
const PATH_BYTES_MAX: usize = 2048;

/// `path` if a browser that follows it stays on this server; the overview otherwise.
///
/// Browsers read a backslash as a slash, skip tabs and line breaks, and take two slashes for
/// another host.
pub fn local_path(path: &str) -> &str {
    let stays = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= PATH_BYTES_MAX
        && path.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if stays { path } else { "/" }
}

/// The address of the sign-in page that leads back to `path`.
pub(super) fn login_path(path: &str) -> String {
    match local_path(path) {
        "/" => "/login".to_owned(),
        path => format!("/login?next={}", encode(path)),
    }
}

fn encode(path: &str) -> String {
    path.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_host_is_never_followed() {
        for path in [
            "/",
            "/incidents/7",
            "/flows?key=a%2Fb&x=1#top",
            "/a//b",
            "/@example.com",
        ] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "",
            "incidents",
            "//example.com",
            "///example.com",
            "/\\example.com",
            "\\\\example.com",
            "/\t/example.com",
            "/\n/example.com",
            "https://example.com",
            "https:example.com",
            "javascript:alert(1)",
            " //example.com",
            "/ä",
        ] {
            assert_eq!(local_path(path), "/", "{path:?}");
        }
        let longest = format!("/{}", "a".repeat(PATH_BYTES_MAX - 1));
        assert_eq!(local_path(&longest), longest);
        assert_eq!(local_path(&format!("{longest}a")), "/");
    }

    #[test]
    fn the_way_back_survives_the_query() {
        assert_eq!(login_path("/"), "/login");
        assert_eq!(login_path("//example.com"), "/login");
        assert_eq!(
            login_path("/a?b=c&d=%2F"),
            "/login?next=/a%3Fb%3Dc%26d%3D%252F"
        );
    }
}
