/// A value within a template.
enum GoValue: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case unsigned(UInt64)
    case boolean(Bool)
    case strings([String])
    case map([String: String])
    /// A key that a map does not have.
    case missing

    /// What Go calls its type.
    var typeName: String {
        switch self {
        case .string: "string"
        case .integer: "int"
        case .unsigned: "uint64"
        case .boolean: "bool"
        case .strings: "[]string"
        case .map: "map[string]string"
        case .missing: "nil"
        }
    }

    /// Whether it counts as true for `if`, `and`, `or` and `not`: everything but what is zero or empty.
    var isTrue: Bool {
        switch self {
        case .string(let text): !text.isEmpty
        case .integer(let number): number != 0
        case .unsigned(let number): number != 0
        case .boolean(let value): value
        case .strings(let values): !values.isEmpty
        case .map(let values): !values.isEmpty
        case .missing: false
        }
    }
}

extension GoValue: CustomStringConvertible {
    /// The value as Go prints it.
    var description: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        case .boolean(let value): value ? "true" : "false"
        case .strings(let values): "[" + values.joined(separator: " ") + "]"
        case .map(let values):
            "map[" + values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ") + "]"
        case .missing: "<no value>"
        }
    }
}
