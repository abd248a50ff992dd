import Corefile
import LinuxIO
import PluginKit
import Server
import Synchronization

/// `apodns check`: sets everything up as a start does, and says all that is wrong. It opens no socket to listen at, starts no
/// thread and asks no other machine.
struct CheckCorefile {
    private let file: LoadCorefile

    init(_ arguments: Arguments) { file = LoadCorefile(arguments) }

    /// What is wrong with a Corefile, each thing once: a snippet may bring it into several blocks.
    private final class Problems: Sendable {
        private let found = Mutex<[CorefileError]>([])

        func add(_ problem: CorefileError) {
            found.withLock { if !$0.contains(problem) { $0.append(problem) } }
        }

        /// In the order of each file; the files in the order in which something was found in them.
        var inOrder: [CorefileError] {
            let found = found.withLock { $0 }
            var files: [String: Int] = [:]
            for problem in found where files[problem.location.file] == nil {
                files[problem.location.file] = files.count
            }
            func rank(_ problem: CorefileError) -> [Int] {
                [files[problem.location.file] ?? 0, problem.location.line, problem.location.column]
            }
            return found.sorted { rank($0).lexicographicallyPrecedes(rank($1)) }
        }
    }

    /// Checks, and returns the exit status: 0 where a server could start, as far as can be told without starting one; 1 where
    /// it could not. Problems and warnings go to standard error, in the words of a start; what would be served to standard
    /// output.
    func run() -> Int32 {
        let problems = Problems()
        if file.isMissing {
            Output.error.writeLine(
                "[WARNING] \(file.name): no such file: without one whoami and log are what is served")
        }
        let configuration = configure(problems)
        let found = problems.inOrder
        for problem in found { Output.error.writeLine("\(problem)") }
        guard let configuration, found.isEmpty else { return 1 }
        Output.standard.writeLine("\(file.name): ok")
        for block in configuration.blocks { Output.standard.writeLine(Self.line(block)) }
        return 0
    }

    private func configure(_ problems: Problems) -> Configuration? {
        let loaded: CorefileVersion.Loaded
        do throws(CorefileError) {
            loaded = try file.version { problems.add($0) }.outcome.get()
        } catch {
            problems.add(error)
            return nil
        }
        // What a start says of its progress is of no interest; what it warns of is.
        let log = Log { line in
            if !line.hasPrefix("[INFO]") { Output.error.writeLine(line) }
        }
        for warning in loaded.corefile.warnings { log.warning("\(warning)") }
        let process = ProcessContext(log: log)
        defer { process.retire() }
        guard
            let configuration = try? Configuration(
                loaded.corefile, directory: loaded.directory, process: process, report: { problems.add($0) })
        else { return nil }
        if configuration.blocks.isEmpty {
            problems.add(
                CorefileError(
                    location: SourceLocation(file: file.name, line: 0, column: 0),
                    message: "no server block found, expected at least one"))
        }
        for problem in configuration.startProblems() { problems.add(problem) }
        return configuration
    }

    /// `ZONES at ADDRESSES: PLUGINS`, the plugins in the order in which they see a query.
    private static func line(_ block: ConfiguredBlock) -> String {
        let zones = block.block.zones.joined(separator: " ")
        let plugins = block.plugins.map(\.name).joined(separator: " ")
        return "\(zones) at \(block.servers.joined(separator: " ")): \(plugins.isEmpty ? "no plugins" : plugins)"
    }
}
