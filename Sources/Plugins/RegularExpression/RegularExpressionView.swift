import CPCRE2

/// The calling side of a `RegularExpression`: plain pointers, so that a match on the way of a query counts no references.
/// Valid for as long as the expression is kept.
struct RegularExpressionView {
    let code: OpaquePointer
    let limits: OpaquePointer

    /// Whether the pattern matches anywhere in the `count` bytes at `text`, which are valid UTF-8.
    func matches(_ text: UnsafePointer<UInt8>, _ count: Int, _ memory: OpaquePointer?) -> Bool {
        guard let memory else { return false }
        // SAFETY: PCRE2 reads `count` bytes during the call; the memory is the calling worker's alone.
        return pcre2_match_8(code, text, count, 0, PCRE2_NO_UTF_CHECK, memory, limits) >= 0
    }

    /// What PCRE2 needs for matches that nobody asks the groups of; one of these for each worker, given back with
    /// `freeMemory`. nil where there is no memory: then nothing matches.
    static func makeMemory() -> OpaquePointer? { pcre2_match_data_create_8(1, nil) }

    /// Frees what `makeMemory` made.
    static func freeMemory(_ memory: OpaquePointer?) { pcre2_match_data_free_8(memory) }
}
