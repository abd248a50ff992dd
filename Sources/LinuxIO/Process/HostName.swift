import Glibc

/// The machine's name.
package enum HostName {
    /// HOST_NAME_MAX and the NUL.
    private static let capacity = 65

    /// What gethostname(2) says; nil where it says nothing.
    package static func current() -> String? {
        var text = [CChar](repeating: 0, count: capacity)
        // SAFETY: the call writes at most as many bytes as it is told. The last one stays the NUL.
        guard gethostname(&text, capacity - 1) == 0 else { return nil }
        let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? nil : name
    }
}
