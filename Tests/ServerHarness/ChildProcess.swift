import Foundation
import Glibc
import Synchronization

/// A program that a test runs. It writes into files, so that nothing has to be read while it runs, and it is killed when it
/// outlives the test.
package final class ChildProcess: Sendable {
    package let identifier: pid_t
    private let folder: TemporaryFolder
    /// What waitpid said; nil while the child runs.
    private let status = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - path: of the program.
    ///   - directory: the folder that it runs in.
    ///   - input: its standard input.
    package init(_ path: String, _ arguments: [String], directory: String? = nil, input: String = "") throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        try folder.write("input", input)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, folder.file("input"), O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder.file("output"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder.file("error"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // The child starts with no signal blocked, whatever the test's thread has.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        // The system's own call for the folder is not in Swift's Glibc; env(1) becomes the program, with its identifier.
        let command = (directory.map { ["/usr/bin/env", "-C", $0] } ?? []) + [path] + arguments
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var identifier: pid_t = 0
        let result = posix_spawn(&identifier, command[0], &actions, &attributes, &words, environ)
        guard result == 0 else {
            throw ClientError(description: "posix_spawn \(path): \(String(cString: strerror(result)))")
        }
        self.identifier = identifier
    }

    deinit {
        if isRunning {
            kill(identifier, SIGKILL)
            waitpid(identifier, nil, 0)
        }
    }

    package var isRunning: Bool {
        status.withLock { status in
            guard status == nil else { return false }
            var found: Int32 = 0
            if waitpid(identifier, &found, WNOHANG) == identifier { status = found }
            return status == nil
        }
    }

    /// Standard output so far.
    package var output: String { text("output") }
    /// Standard error so far.
    package var error: String { text("error") }

    private func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: folder.file(name)) ?? Data(), as: UTF8.self)
    }

    /// Sends a signal to the child.
    package func signal(_ number: Int32) {
        if isRunning { kill(identifier, number) }
    }

    /// The exit status, once the child has ended; nil where it does not end in time, or was ended by a signal.
    package func waitForExit() -> Int32? {
        guard holdsInTime({ !isRunning }), let status = status.withLock({ $0 }), status & 0x7F == 0 else { return nil }
        return status >> 8 & 0xFF
    }
}
