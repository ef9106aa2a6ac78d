//! Several ranges in one body: `multipart/byteranges` (RFC 9110 §14.6).

use std::hash::{BuildHasher, RandomState};

use http::header::HeaderValue;

use super::range::{Range, content_range};

/// The text around the parts of a body.
#[derive(Debug)]
pub(super) struct Framed {
    /// The media type of the whole, with the boundary.
    pub(super) content_type: String,
    /// What stands before each part.
    pub(super) before: Vec<String>,
    /// What stands behind the last.
    pub(super) after: String,
}

/// Frames these parts of a file of this length and type.
pub(super) fn frame(parts: &[Range], length_bytes: u64, content_type: &HeaderValue) -> Framed {
    frame_with(&boundary(), parts, length_bytes, content_type)
}

fn frame_with(boundary: &str, parts: &[Range], length_bytes: u64, content_type: &HeaderValue) -> Framed {
    let content_type = String::from_utf8_lossy(content_type.as_bytes());
    let before = |part: &Range| {
        let range = content_range(part, length_bytes);
        format!("\r\n--{boundary}\r\ncontent-type: {content_type}\r\ncontent-range: {range}\r\n\r\n")
    };
    Framed {
        content_type: format!("multipart/byteranges; boundary={boundary}"),
        before: parts.iter().map(before).collect(),
        after: format!("\r\n--{boundary}--\r\n"),
    }
}

/// A line that no file holds but by chance: 128 bits that nobody can foresee, so that nobody can write a file that ends a part early.
/// The standard library's hash keys are the random bits that need no further dependency.
fn boundary() -> String {
    format!("{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_framed_as_in_the_rfc() {
        let framed = frame_with("B", &[0..1, 5..10], 10, &HeaderValue::from_static("text/plain"));
        assert_eq!(framed.content_type, "multipart/byteranges; boundary=B");
        assert_eq!(
            framed.before,
            [
                "\r\n--B\r\ncontent-type: text/plain\r\ncontent-range: bytes 0-0/10\r\n\r\n",
                "\r\n--B\r\ncontent-type: text/plain\r\ncontent-range: bytes 5-9/10\r\n\r\n",
            ]
        );
        assert_eq!(framed.after, "\r\n--B--\r\n");
    }

    #[test]
    fn each_body_has_its_own_boundary() {
        assert_ne!(boundary(), boundary());
        assert_eq!(boundary().len(), 32);
    }
}
