/// A parsed Corefile: server blocks with imports, snippets and environment references resolved, every part with its place.
package struct Corefile: Sendable, Equatable {
    /// The server blocks in the order of the file.
    package let blocks: [ServerBlock]
    /// What loads but is probably a mistake, in the order it was met.
    package let warnings: [CorefileWarning]
    /// Every file that was read, the Corefile itself first, each once: what a reload has to look at.
    package let files: [String]

    /// Makes a Corefile of its parts.
    package init(blocks: [ServerBlock], warnings: [CorefileWarning] = [], files: [String] = []) {
        self.blocks = blocks
        self.warnings = warnings
        self.files = files
    }

    /// Parses the text of a Corefile.
    ///
    /// - Parameters:
    ///   - text: the whole text.
    ///   - file: its path, for messages and as the place that relative imports start from.
    ///   - defaultPort: the port of keys without scheme and port (`-dns.port`).
    ///   - environment: looks up `{$NAME}` and `{%NAME%}`.
    ///   - files: where imports are read from.
    ///   - knownDirectives: the directives there are; nil lets every name pass.
    ///   - knownElsewhere: directives that CoreDNS has and apodns has not yet, for a better message.
    ///   - unknown: is told of a directive that there is not, which then stays in its block; nil makes it an error.
    /// - Throws: the first error, with its place.
    package static func parse(
        text: String,
        file: String,
        defaultPort: UInt16 = 53,
        environment: @escaping Environment = processEnvironment,
        files: any FileSource = DiskFiles(),
        knownDirectives: Set<String>? = nil,
        knownElsewhere: Set<String> = [],
        unknown: ((CorefileError) -> Void)? = nil
    ) throws(CorefileError) -> Corefile {
        var parser = Parser(
            defaultPort: defaultPort, environment: environment, files: files, knownDirectives: knownDirectives,
            knownElsewhere: knownElsewhere, unknown: unknown)
        return try parser.parse(text: text, file: file)
    }

    /// Reads and parses the Corefile at a path; the parameters are those of `parse`.
    package static func load(
        path: String,
        defaultPort: UInt16 = 53,
        environment: @escaping Environment = processEnvironment,
        files: any FileSource = DiskFiles(),
        knownDirectives: Set<String>? = nil,
        knownElsewhere: Set<String> = [],
        unknown: ((CorefileError) -> Void)? = nil
    ) throws(CorefileError) -> Corefile {
        let bytes: [UInt8]
        do {
            bytes = try files.contents(of: path)
        } catch {
            throw CorefileError(
                location: SourceLocation(file: path, line: 0, column: 0),
                message: "Could not read the Corefile: \(error)")
        }
        return try parse(
            text: String(decoding: bytes, as: UTF8.self), file: path, defaultPort: defaultPort,
            environment: environment, files: files, knownDirectives: knownDirectives, knownElsewhere: knownElsewhere,
            unknown: unknown)
    }
}
