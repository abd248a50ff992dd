import Foundation
import Synchronization

/// A program that a test runs: its output is collected, and it is killed when it outlives the test.
package final class ChildProcess: Sendable {
    /// What the child has written so far.
    private final class Collected: Sendable {
        let bytes = Mutex<[UInt8]>([])
        let isAtEnd = Mutex(false)

        func collect(_ pipe: Pipe) {
            pipe.fileHandleForReading.readabilityHandler = { handle in
                let data = handle.availableData
                if data.isEmpty {
                    handle.readabilityHandler = nil
                    self.isAtEnd.withLock { $0 = true }
                } else {
                    self.bytes.withLock { $0 += data }
                }
            }
        }

        var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    }

    private let process: Process
    private let standardOutput = Collected()
    private let standardError = Collected()

    /// - Parameters:
    ///   - path: of the program.
    ///   - directory: the folder that it runs in.
    ///   - input: its standard input.
    ///   - environment: what is set for it beyond what the test has.
    package init(
        _ path: String, _ arguments: [String], directory: String? = nil, input: String = "",
        environment: [String: String] = [:]
    ) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let (output, error, feed) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        process.standardInput = feed
        standardOutput.collect(output)
        standardError.collect(error)
        try process.run()
        try feed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try feed.fileHandleForWriting.close()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    package var identifier: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }
    /// Standard output so far.
    package var output: String { standardOutput.text }
    /// Standard error so far.
    package var error: String { standardError.text }

    /// Sends a signal to the child.
    package func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// The exit status, once the child has ended by itself and all of its output is here; nil where it does not end in time, or
    /// was ended by a signal.
    package func waitForExit() -> Int32? {
        let ended = holdsInTime {
            !process.isRunning && standardOutput.isAtEnd.withLock { $0 } && standardError.isAtEnd.withLock { $0 }
        }
        guard ended, process.terminationReason == .exit else { return nil }
        return process.terminationStatus
    }
}
