/// The patterns of `import`, with the meaning of Go's `filepath.Glob` as CoreDNS limits it: at most one `*` and one `?`
/// in the whole path, no `[...]`, and `\` before a character that stands for itself.
struct GlobPattern {
    /// Why a pattern is not allowed.
    struct Invalid: Error {
        let message: String
    }

    private let path: String
    /// Whether anything in it is special; if not it names one file.
    let isPattern: Bool

    /// Checks a path that an import named, already joined to its directory.
    init(_ path: String) throws(Invalid) {
        let stars = path.utf8.count { $0 == UInt8(ascii: "*") }
        let questionMarks = path.utf8.count { $0 == UInt8(ascii: "?") }
        let opens = path.utf8.contains(UInt8(ascii: "["))
        let closes = path.utf8.contains(UInt8(ascii: "]"))
        // CoreDNS's rule: a pattern with many wildcards can take too long to expand.
        if stars > 1 || questionMarks > 1 || (opens && closes) {
            throw Invalid(
                message: "glob pattern '\(path.inMessage)' has several wildcards, expected at most one '*' and one '?'")
        }
        if opens {
            throw Invalid(message: "glob pattern '\(path.inMessage)' has '[' without ']'")
        }
        self.path = path
        isPattern = stars + questionMarks > 0 || closes
    }

    /// The paths that match, in the order of their names; a path without wildcards matches if it exists.
    func matches(in files: any FileSource) -> [String] {
        guard isPattern || path.utf8.contains(UInt8(ascii: "\\")) else {
            return files.exists(path) ? [path] : []
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        // Each found path ends in "/" (or is empty) until the next part is appended.
        var found = [path.hasPrefix("/") ? "/" : ""]
        for (index, part) in parts.enumerated() {
            var next: [String] = []
            for base in found {
                if Self.isSpecial(part) {
                    let names = files.names(in: base.isEmpty ? "." : base)
                    // `..data` and its like are how Kubernetes swaps a mounted ConfigMap: directories that CoreDNS
                    // would stop at. Nobody means them by `*`.
                    next += names.filter { !$0.hasPrefix("..") && Self.matches($0, part) }.sorted().map { base + $0 }
                } else if files.exists(base + part) {
                    next.append(base + part)
                }
            }
            found = index == parts.count - 1 ? next : next.map { $0 + "/" }
        }
        return found
    }

    private static func isSpecial(_ part: Substring) -> Bool {
        part.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "\\") }
    }

    /// Whether a name fits one part of the pattern. At most one `*` is in it, so a single point to come back to suffices.
    private static func matches(_ name: String, _ part: Substring) -> Bool {
        let text = Array(name.unicodeScalars)
        let pattern = Array(part.unicodeScalars)
        var textIndex = 0
        var patternIndex = 0
        var resume: (pattern: Int, text: Int)?
        while true {
            if patternIndex < pattern.count, pattern[patternIndex] == "*" {
                patternIndex += 1
                resume = (patternIndex, textIndex)
                continue
            }
            if textIndex == text.count, patternIndex == pattern.count { return true }
            if textIndex < text.count, patternIndex < pattern.count {
                let isEscape = pattern[patternIndex] == "\\" && patternIndex + 1 < pattern.count
                let literal = isEscape ? pattern[patternIndex + 1] : pattern[patternIndex]
                if (!isEscape && literal == "?") || literal == text[textIndex] {
                    patternIndex += isEscape ? 2 : 1
                    textIndex += 1
                    continue
                }
            }
            guard let (backPattern, backText) = resume, backText < text.count else { return false }
            patternIndex = backPattern
            textIndex = backText + 1
            resume = (backPattern, textIndex)
        }
    }
}
