import Corefile
import LinuxIO
import PluginKit
import Plugins
import Server

/// `apodns explain`: says what a name resolves to, and which object, option or missing thing makes it so. It listens nowhere and
/// asks no other DNS server; a live cluster is read as a server reads it, until all is known.
struct ExplainName {
    private let question: Invocation.Question
    private let file: LoadCorefile

    init(_ question: Invocation.Question) {
        self.question = question
        file = LoadCorefile(question.arguments)
    }

    /// Exit statuses.
    private enum Status {
        static let resolves: Int32 = 0
        static let doesNot: Int32 = 1
        /// It cannot be said.
        static let failed: Int32 = 2
    }

    /// Explains, and returns the exit status: 0 where the name resolves, 1 where it does not (or another server would have to be
    /// asked), 2 where that could not be found out.
    func run() -> Int32 {
        do {
            let asked = try ExplainedQuestion(question.name, type: question.type)
            let loaded = try file.version().outcome.get()
            // What a start would warn of, `check` says.
            let process = ProcessContext(log: Log { _ in })
            let arguments = question.arguments
            ExplainedClusters.turnOn(
                process, snapshot: arguments.snapshot.isEmpty ? nil : arguments.snapshot,
                timeout: arguments.timeout ?? ExplainedClusters.defaultTimeout)
            let configuration = try Configuration(loaded.corefile, directory: loaded.directory, process: process)
            defer { process.retire() }
            guard configuration.hasKubernetes else {
                Output.error.writeLine(
                    "\(file.name): no block has the directive kubernetes, expected one: explain says what a cluster's names come to"
                )
                return Status.failed
            }
            do throws(StartError) {
                try configuration.startExplaining()
            } catch {
                Output.error.writeLine("\(error)")
                if arguments.snapshot.isEmpty {
                    Output.error.writeLine("explain -snapshot FILE takes saved objects in place of the cluster's")
                }
                return Status.failed
            }
            let explanation = Explanation(asked, configuration)
            for line in explanation.lines { Output.standard.writeLine(line) }
            return explanation.resolves ? Status.resolves : Status.doesNot
        } catch {
            Output.error.writeLine("\(error)")
            return Status.failed
        }
    }
}
