import CPCRE2

/// A regular expression in PCRE2's syntax, of which that of Go (and so of CoreDNS) is in practice a part.
///
/// `@unchecked Sendable`: a compiled pattern is never written again (pcre2api(3), "multithreading").
package final class RegularExpression: @unchecked Sendable {
    /// Why a text is not a regular expression.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        /// What is wrong, in the words of PCRE2.
        package let reason: String
        /// How many bytes of the pattern come before the place.
        package let offset: Int

        package var description: String { "\(reason) at offset \(offset)" }
    }

    /// Most bytes of a pattern: CoreDNS's limit.
    package static let longestPattern = 10_000
    /// How much work one match may be: far more than any sensible pattern needs for a line of log, and a few milliseconds.
    /// A match that needs more is none.
    private static let matchLimit: UInt32 = 100_000

    /// The pattern as it was given.
    package let pattern: String
    private let code: OpaquePointer
    private let limits: OpaquePointer

    /// Compiles a pattern. As in Go, `$` is the end of the text only, and classes such as `\d` are ASCII.
    package init(_ pattern: String) throws(Failure) {
        var error: Int32 = 0
        var offset = 0
        var text = pattern
        // A Swift string is valid UTF-8, so that PCRE2 need not look.
        let options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C
        // SAFETY: PCRE2 reads the text's bytes during the call, as many as it is told.
        let compiled = text.withUTF8 { pcre2_compile_8($0.baseAddress, $0.count, options, &error, &offset, nil) }
        guard let compiled else { throw Failure(reason: Self.describe(error), offset: offset) }
        guard let limits = pcre2_match_context_create_8(nil) else {
            pcre2_code_free_8(compiled)
            throw Failure(reason: "no memory", offset: 0)
        }
        pcre2_set_match_limit_8(limits, Self.matchLimit)
        // Where there is no just-in-time compiler, matching is slower, and right.
        _ = pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE)
        self.pattern = pattern
        code = compiled
        self.limits = limits
    }

    deinit {
        pcre2_match_context_free_8(limits)
        pcre2_code_free_8(code)
    }

    /// What a worker matches with.
    var view: RegularExpressionView { RegularExpressionView(code: code, limits: limits) }

    /// Whether the pattern matches anywhere in `text`.
    package func matches(_ text: String) -> Bool {
        guard let data = pcre2_match_data_create_8(1, nil) else { return false }
        defer { pcre2_match_data_free_8(data) }
        var text = text
        // SAFETY: PCRE2 reads the text's bytes during the call, as many as it is told, and the result is not used later.
        let result = text.withUTF8 {
            pcre2_match_8(code, $0.baseAddress, $0.count, 0, PCRE2_NO_UTF_CHECK, data, limits)
        }
        return result >= 0
    }

    private static func describe(_ error: Int32) -> String {
        // pcre2api(3): no message is longer than 256 bytes.
        var text = [UInt8](repeating: 0, count: 256)
        // SAFETY: PCRE2 writes at most as many bytes as it is told, with the NUL.
        let length = text.withUnsafeMutableBufferPointer {
            pcre2_get_error_message_8(error, $0.baseAddress, $0.count)
        }
        guard length >= 0 else { return "error \(error)" }
        return String(decoding: text.prefix(Int(length)), as: UTF8.self)
    }
}
