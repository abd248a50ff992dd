/// A field of a request's head.
struct HeaderField: Sendable, Hashable {
    /// Its name.
    let name: String
    /// Its value.
    let value: String

    /// A field; nil where the value has a byte that no field may have (RFC 9110 section 5.5), such as a line end, behind
    /// which somebody could write fields of their own.
    init?(_ name: String, _ value: String) {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else { return nil }
        self.name = name
        self.value = value
    }

    /// The field as a line without its end. libcurl would leave out a field with nothing behind the colon.
    var line: String {
        value.isEmpty ? "\(name);" : "\(name): \(value)"
    }
}
