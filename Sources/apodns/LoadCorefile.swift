import Corefile
import Glibc
import LinuxIO
import Plugins
import Server

/// Finds and parses the Corefile that the command line names, as often as it is asked.
struct LoadCorefile: Sendable {
    /// The file that is looked for where none is named (CoreDNS).
    private static let defaultPath = "Corefile"
    /// Longest Corefile on standard input, in bytes: far more than any, and a bound.
    private static let longestInput = 16 << 20

    private let arguments: Arguments

    init(_ arguments: Arguments) { self.arguments = arguments }

    /// What messages call the file.
    var name: String { given ?? Self.defaultPath }

    /// CoreDNS: an empty name is none.
    private var given: String? { arguments.configuration.flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether the Corefile comes from standard input, which can be read but once.
    var isStandardInput: Bool { given == "stdin" }

    /// Whether there is no file, and none was asked for.
    var isMissing: Bool { given == nil && !DiskFiles().exists(name) }

    /// Reads and parses the Corefile as it is now.
    ///
    /// - Parameter unknown: is told of each directive that there is not; nil makes the first one an error.
    func version(unknown: ((CorefileError) -> Void)? = nil) -> CorefileVersion {
        CorefileVersion { files throws(CorefileError) in try load(files, unknown) }
    }

    private func load(
        _ files: any FileSource, _ unknown: ((CorefileError) -> Void)?
    ) throws(CorefileError) -> CorefileVersion.Loaded {
        if isStandardInput {
            return .init(corefile: try parse(Self.standardInput(), file: "stdin", unknown), directory: "")
        }
        if given == nil, !files.exists(name) {
            // CoreDNS: without a Corefile, whoami answers on the default port.
            let text = ".:\(arguments.port) {\nwhoami\nlog\n}\n"
            return .init(corefile: try parse(text, file: name, unknown), directory: "")
        }
        let corefile = try Corefile.load(
            path: name, defaultPort: arguments.port, files: files, knownDirectives: PluginTable.implementedNames,
            knownElsewhere: PluginTable.missingNames, unknown: unknown)
        return .init(corefile: corefile, directory: name.lastIndex(of: "/").map { String(name[..<$0]) } ?? "")
    }

    private func parse(
        _ text: String, file: String, _ unknown: ((CorefileError) -> Void)?
    ) throws(CorefileError) -> Corefile {
        try Corefile.parse(
            text: text, file: file, defaultPort: arguments.port, knownDirectives: PluginTable.implementedNames,
            knownElsewhere: PluginTable.missingNames, unknown: unknown)
    }

    private static func standardInput() throws(CorefileError) -> String {
        do {
            return String(decoding: try FileReader.read("/dev/stdin", limit: longestInput), as: UTF8.self)
        } catch {
            throw CorefileError(
                location: SourceLocation(file: "stdin", line: 0, column: 0), message: "could not be read: \(error)")
        }
    }
}
