import Glibc

/// What keeps the scripted API from working, for the one who wrote the test.
package struct ScriptedAPIError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    /// A failed call, with errno.
    static func call(_ name: String) -> ScriptedAPIError {
        let code = errno
        return ScriptedAPIError("\(name): error \(code), \(String(cString: strerror(code)))")
    }
}
