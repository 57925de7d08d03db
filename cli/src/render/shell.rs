//! Paths in commands that are to be pasted.

use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::redact::plain;

/// A path as a shell takes it.
pub fn shell(path: &Path) -> String {
    let Some(text) = path
        .to_str()
        .filter(|text| *text == shown(path).to_string())
    else {
        // Bash, zsh and ksh read these escapes.
        let bytes = path.as_os_str().as_encoded_bytes();
        return format!("$'{}'", plain(bytes));
    };
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:=@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_can_be_pasted() {
        assert_eq!(shell(Path::new("/srv/redis/new")), "/srv/redis/new");
        assert_eq!(shell(Path::new("it's new")), r"'it'\''s new'");
        assert_eq!(shell(Path::new("a\n'b")), r"$'a\n\'b'");
    }
}
