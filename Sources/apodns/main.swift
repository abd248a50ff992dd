import Corefile
import Glibc
import LinuxIO

try? Signals.ignoreBrokenPipes()
MemoryAllocator.limitArenas(2)
BindCapability.use()

do throws(Arguments.Failure) {
    switch try Invocation(Array(CommandLine.arguments.dropFirst())) {
    case .serve(let arguments): exit(RunServer(arguments).run())
    case .check(let arguments): exit(CheckCorefile(arguments).run())
    case .explain(let question): exit(ExplainName(question).run())
    case .help:
        Output.standard.writeLine(Arguments.usage)
        exit(0)
    }
} catch {
    switch error {
    case .usage(let message):
        Output.error.writeLine(message + "\n" + Arguments.usage)
        exit(2)
    case .extraArguments(let words):
        Output.error.writeLine("extra command line arguments: [\(words.joined(separator: " "))]")
        if let word = words.first, let command = nearestName(to: word, in: Invocation.commands) {
            Output.error.writeLine("did you mean the command \(command)?")
        }
        exit(1)
    }
}
