import Glibc
import LinuxIO

// Measures apodns: how fast API objects are read, what a start and a change cost, how much memory it takes, and what its
// smallest parts cost. `swift build -c release --product apodns && swift run -c release apodns-bench all`

do throws(BenchFailure) {
    try BenchArguments(Array(CommandLine.arguments.dropFirst())).run()
} catch {
    Output.error.writeLine(error.description)
    exit(error.status)
}
