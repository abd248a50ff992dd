import Glibc
import LinuxIO

try? Signals.ignoreBrokenPipes()
MemoryAllocator.limitArenas(2)
BindCapability.use()

do throws(Arguments.Failure) {
    let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
    exit(RunServer(arguments).run())
} catch {
    switch error {
    case .usage(let message):
        Output.error.writeLine(message + "\n" + Arguments.usage)
        exit(2)
    case .extraArguments(let words):
        Output.error.writeLine("extra command line arguments: [\(words.joined(separator: " "))]")
        exit(1)
    }
}
