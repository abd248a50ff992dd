import Corefile
import Glibc
import LinuxIO
import Plugins

/// Finds and parses the Corefile that the command line names.
struct LoadCorefile {
    /// The file that is looked for where none is named (CoreDNS).
    private static let defaultPath = "Corefile"
    /// Longest Corefile on standard input, in bytes: far more than any, and a bound.
    private static let longestInput = 16 << 20

    let corefile: Corefile
    /// The folder that the plugins' relative paths start from.
    let directory: String
    /// What messages call it.
    let name: String

    init(_ arguments: Arguments) throws(CorefileError) {
        // CoreDNS: an empty name is none.
        let given = arguments.configuration.flatMap { $0.isEmpty ? nil : $0 }
        let path = given ?? Self.defaultPath
        name = path
        if given == "stdin" {
            corefile = try Self.parse(Self.standardInput(), file: "stdin", arguments)
            directory = ""
        } else if given == nil, !DiskFiles().exists(path) {
            // CoreDNS: without a Corefile, whoami answers on the default port.
            corefile = try Self.parse(".:\(arguments.port) {\nwhoami\nlog\n}\n", file: path, arguments)
            directory = ""
        } else {
            corefile = try Corefile.load(
                path: path, defaultPort: arguments.port, knownDirectives: PluginTable.implementedNames,
                knownElsewhere: PluginTable.missingNames)
            directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        }
    }

    private static func parse(_ text: String, file: String, _ arguments: Arguments) throws(CorefileError) -> Corefile {
        try Corefile.parse(
            text: text, file: file, defaultPort: arguments.port, knownDirectives: PluginTable.implementedNames,
            knownElsewhere: PluginTable.missingNames)
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
