import LinuxIO
import Synchronization

/// Writes log lines as CoreDNS does: a level in brackets, then the message, to standard output.
package final class Log: Sendable {
    private let write: @Sendable (String) -> Void
    private let debugging = Atomic<Bool>(false)

    /// - Parameter write: takes one line without its end; standard output unless a test wants to see it.
    package init(write: @escaping @Sendable (String) -> Void = { Output.standard.writeLine($0) }) {
        self.write = write
    }

    /// Whether debug lines are written: `debug` in any block switches them on for the process.
    package var isDebugging: Bool {
        get { debugging.load(ordering: .relaxed) }
        set { debugging.store(newValue, ordering: .relaxed) }
    }

    package func debug(_ message: @autoclosure () -> String) {
        if isDebugging { write("[DEBUG] " + message()) }
    }

    package func info(_ message: String) { write("[INFO] " + message) }
    package func warning(_ message: String) { write("[WARNING] " + message) }
    package func error(_ message: String) { write("[ERROR] " + message) }
    package func fatal(_ message: String) { write("[FATAL] " + message) }

    /// A line without a level: the start-up banner.
    package func plain(_ message: String) { write(message) }
}
