import Glibc

/// A command that has been started with the process's own input, output and environment.
package struct Command: Sendable {
    private let identifier: pid_t

    /// Looks for the command as a shell would, and starts it. Throws the error of posix_spawnp(3).
    ///
    /// - Parameter words: the command and its arguments.
    package init(_ words: [String]) throws(SystemError) {
        let name = words.first ?? ""
        // A NUL would end the word early.
        guard !name.isEmpty, !words.contains(where: { $0.utf8.contains(0) }) else {
            throw SystemError(call: "posix_spawnp", code: EINVAL, subject: name)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The signals that this process waits for are blocked in it; the command is to die of them.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var identifier: pid_t = 0
        // SAFETY: the arguments are NUL-terminated copies that end with nil, and live until the call is over.
        let code = posix_spawnp(&identifier, name, nil, &attributes, arguments, environ)
        guard code == 0 else { throw SystemError(call: "posix_spawnp", code: code, subject: name) }
        self.identifier = identifier
    }

    /// Waits for the end of the command: nil where it was content, otherwise how it ended. May be called once.
    package func wait() -> String? {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0 {
            if errno != EINTR { return "waitpid: error \(errno)" }
        }
        // wait(2): the low seven bits are the signal, the next byte the status.
        if status & 0x7F != 0 { return "signal \(status & 0x7F)" }
        let code = status >> 8 & 0xFF
        return code == 0 ? nil : "exit status \(code)"
    }
}
