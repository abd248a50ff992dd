import Glibc

/// Looks up one environment variable; nil where it is not set.
package typealias Environment = @Sendable (_ name: String) -> String?

/// The environment of this process.
package let processEnvironment: Environment = { name in
    // SAFETY: getenv's result is copied at once; the process sets no variables after its start.
    guard let value = getenv(name) else { return nil }
    return String(cString: value)
}
