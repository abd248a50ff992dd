import CPCRE2
import DNSWire
import PluginKit

/// What decides whether a rule is for a query, in plain memory: a query that no rule is for allocates nothing and counts no
/// references.
struct RewriteGate {
    private enum Kind {
        case always
        case exact
        case prefix
        case suffix
        case substring
        case regex
        case type
        case recordClass
    }

    private var kind = Kind.always
    private var text: UnsafePointer<UInt8>?
    private var length = 0
    private var pattern: RegularExpressionView?
    private var number: UInt16 = 0

    fileprivate init(_ rule: RewriteRule, place: (String) -> (UnsafePointer<UInt8>, Int)) {
        func take(_ kind: Kind, _ text: String) {
            self.kind = kind
            (self.text, length) = place(text)
        }
        switch (rule.names, rule.action) {
        case (.exact(let text)?, _): take(.exact, text)
        case (.prefix(let text)?, _): take(.prefix, text)
        case (.suffix(let text)?, _): take(.suffix, text)
        case (.substring(let text)?, _): take(.substring, text)
        case (.regex(let expression)?, _):
            kind = .regex
            pattern = expression.view
        case (nil, .type(let from, _)):
            kind = .type
            number = from.rawValue
        case (nil, .recordClass(let from, _)):
            kind = .recordClass
            number = from.rawValue
        case (nil, _): break
        }
    }

    /// Whether the rule is for a query whose name's text has `count` bytes.
    func isOpen(
        _ request: Request, _ name: UnsafePointer<UInt8>, _ count: Int, _ memory: OpaquePointer?
    ) -> Bool {
        switch kind {
        case .always: return true
        case .type: return request.type.rawValue == number
        case .recordClass: return request.recordClass.rawValue == number
        case .regex: return pattern?.matches(name, count, memory) ?? false
        default: break
        }
        guard let text, length <= count else { return false }
        // SAFETY: `length` bytes of text, and no more than `count` of the name, which are compared.
        switch kind {
        case .exact: return length == count && equalBytes(text, name, length)
        case .prefix: return equalBytes(text, name, length)
        case .suffix: return equalBytes(text, name + (count &- length), length)
        default:
            var place = 0
            while place &+ length <= count {
                if equalBytes(text, name + place, length) { return true }
                place &+= 1
            }
            return false
        }
    }
}

/// The gates of a plugin's rules and the texts that they compare names with.
///
/// `@unchecked Sendable`: written by `init` only.
final class GateTexts: @unchecked Sendable {
    let gates: UnsafePointer<RewriteGate>
    let count: Int
    private let owned: UnsafeMutablePointer<RewriteGate>
    private let texts: [UnsafeMutablePointer<UInt8>]

    init(_ rules: [RewriteRule]) {
        var texts: [UnsafeMutablePointer<UInt8>] = []
        owned = .allocate(capacity: max(1, rules.count))
        for (place, rule) in rules.enumerated() {
            let gate = RewriteGate(rule) { text in
                let octets = Array(text.utf8)
                let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, octets.count))
                memory.initialize(from: octets, count: octets.count)
                texts.append(memory)
                return (UnsafePointer(memory), octets.count)
            }
            (owned + place).initialize(to: gate)
        }
        count = rules.count
        gates = UnsafePointer(owned)
        self.texts = texts
    }

    deinit {
        for text in texts { text.deallocate() }
        owned.deallocate()
    }
}
