//! Where in a result a value stands, as a script would write it: `$.a.b[3]`.

use super::Open;
use crate::engine::Text;

/// Longest path told, in bytes: the head of a longer one is kept.
const PATH_BYTES: usize = 256;

/// The path of the value that the innermost open container gave last.
pub fn path(open: &[Open]) -> String {
    let mut path = String::from("$");
    for open in open {
        match open {
            Open::Array { next, .. } => path += &format!("[{}]", next - 1),
            Open::Object { keys, next, .. } => {
                let key = Text::of_atom(keys.atom(next - 1)).map(|text| text.lossy()).unwrap_or_default();
                path += &member(&key);
            }
            Open::Entries { next, is_map: true, .. } => {
                let part = if next % 2 == 1 { "key" } else { "value" };
                path += &format!(".<{part} {}>", (next - 1) / 2);
            }
            Open::Entries { next, .. } => path += &format!(".<value {}>", next - 1),
        }
        if path.len() > PATH_BYTES {
            path.truncate(path.floor_char_boundary(PATH_BYTES));
            path.push('…');
            break;
        }
    }
    path
}

fn member(key: &str) -> String {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
    if !key.is_empty() && key.bytes().all(word) && !key.as_bytes()[0].is_ascii_digit() {
        return format!(".{key}");
    }
    format!("[{key:?}]")
}
