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

    /// Writes a line that is of use only where something is looked into; the message is made only if it is written.
    package func debug(_ message: @autoclosure () -> String) {
        if isDebugging { write("[DEBUG] " + message()) }
    }

    /// Writes a line about what goes on.
    package func info(_ message: String) { write("[INFO] " + message) }
    /// Writes a line about what is probably not meant.
    package func warning(_ message: String) { write("[WARNING] " + message) }
    /// Writes a line about what ends the process.
    package func fatal(_ message: String) { write("[FATAL] " + message) }
    /// Writes a line about what went wrong.
    package func error(_ message: String) { write("[ERROR] " + message) }
}
