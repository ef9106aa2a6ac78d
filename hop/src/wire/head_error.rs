//! Why a request's head is refused.

use super::target::TargetError;

/// Why a head is refused. After it nothing of the connection's input may be parsed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// A line does not end with CRLF, or the request line goes on after the version.
    LineEnd,
    /// More than [`LEADING_EMPTY_LINES_MAX`](super::head::LEADING_EMPTY_LINES_MAX) empty lines before the request line.
    EmptyLines,
    /// The method is not a token followed by one space.
    Method,
    /// The target is not allowed: see the reason inside.
    Target(TargetError),
    /// The third word of the request line is not a version.
    Version,
    /// The major version is not 1.
    VersionNotSupported,
    /// A field name is not a token directly followed by a colon; also an obsolete line folding.
    FieldName,
    /// A field value holds a control character.
    FieldValue,
    /// The request line is longer than [`HeadLimits::line_bytes_max`](super::head::HeadLimits::line_bytes_max).
    LineTooLong,
    /// The head is longer than [`HeadLimits::head_bytes_max`](super::head::HeadLimits::head_bytes_max).
    HeadTooLong,
    /// There are more fields than [`HeadLimits::headers_max`](super::head::HeadLimits::headers_max).
    TooManyFields,
}

impl HeadError {
    /// The status that RFC 9110 §15 and RFC 9112 name for it.
    pub fn status(&self) -> u16 {
        match self {
            HeadError::LineTooLong => 414,
            HeadError::HeadTooLong | HeadError::TooManyFields => 431,
            HeadError::VersionNotSupported => 505,
            _ => 400,
        }
    }

    /// What was wrong, for people.
    pub fn what(&self) -> &'static str {
        match self {
            HeadError::LineEnd => "a line of the head does not end with CRLF",
            HeadError::EmptyLines => "too many empty lines before the request line",
            HeadError::Method => "the request line does not begin with a method and one space",
            HeadError::Target(error) => error.what(),
            HeadError::Version => "the request line does not end with an HTTP version",
            HeadError::VersionNotSupported => "the major HTTP version is not 1",
            HeadError::FieldName => "a field name is not a token directly followed by a colon",
            HeadError::FieldValue => "a field value holds a control character",
            HeadError::LineTooLong => "the request line is too long",
            HeadError::HeadTooLong => "the head is too long",
            HeadError::TooManyFields => "the head has too many fields",
        }
    }
}
