import CLinux
import Glibc

/// A failed system call: which, with which error number, and about what.
///
/// The number is captured in C right after the call, so it is never that of a later call.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the system call, such as "bind".
    package let call: String
    /// The error number (errno), above 0.
    package let code: Int32
    /// What the call was about: an address, a path, an interface.
    package let subject: String?

    /// An error of `call` with the error number `code` about `subject`.
    package init(call: String, code: Int32, subject: String? = nil) {
        self.call = call
        self.code = code
        self.subject = subject
    }

    /// The call, its subject, and the error in words and by name:
    /// "bind 127.0.0.1:53: Address already in use (EADDRINUSE)".
    package var description: String {
        let place = subject.map { "\(call) \($0)" } ?? call
        // SAFETY: both functions return constant strings of glibc, or NULL.
        guard let words = clinux_error_description(code), let name = clinux_error_name(code) else {
            return "\(place): error \(code)"
        }
        let error = "\(place): \(String(cString: words)) (\(String(cString: name)))"
        // ip(7): only such a port is forbidden to somebody.
        guard call == "bind", code == EACCES else { return error }
        return error
            + ": a port below 1024 takes root, the capability NET_BIND_SERVICE, or a lower net.ipv4.ip_unprivileged_port_start"
    }

    /// The error in words as Go's programs write it: "connection refused".
    package var reason: String {
        // SAFETY: the function returns a constant string of glibc, or NULL.
        guard let words = clinux_error_description(code) else { return "error \(code)" }
        return String(cString: words).lowercased()
    }

    /// `result` when it is not negative, otherwise the error that it is (a negative error number, CLinux's convention).
    static func check(
        _ result: Int32, _ call: String, _ subject: @autoclosure () -> String? = nil
    ) throws(SystemError) -> Int32 {
        guard result < 0 else { return result }
        throw SystemError(call: call, code: 0 &- result, subject: subject())
    }
}
