import DNSWire
import PluginKit

/// What is logged, and how: the names and classes of each rule in raw memory, so that the queries nobody wants logged count
/// no references; the formats beside them.
///
/// `@unchecked Sendable`: written by `init` only.
final class LogRules: @unchecked Sendable {
    /// A rule before it is laid out.
    struct Rule {
        /// The name at and below which it applies.
        var scope: DomainName
        /// Bits of `ResponseClass`.
        var classes: UInt8
        var format: LogFormat
    }

    /// What is looked at for every query.
    struct Entry {
        let scope: UnsafeMutablePointer<UInt8>
        let length: Int
        let labelCount: Int
        let classes: UInt8
    }

    let entries: UnsafeMutablePointer<Entry>
    let count: Int
    private let formats: [LogFormat]

    init(_ rules: [Rule]) {
        formats = rules.map(\.format)
        count = rules.count
        entries = .allocate(capacity: max(1, rules.count))
        for (place, rule) in rules.enumerated() {
            let wire = rule.scope.lowercased().wire
            let scope = UnsafeMutablePointer<UInt8>.allocate(capacity: wire.count)
            scope.initialize(from: wire, count: wire.count)
            (entries + place).initialize(
                to: Entry(
                    scope: scope, length: wire.count, labelCount: rule.scope.labelCount, classes: rule.classes))
        }
    }

    deinit {
        for place in 0..<count { entries[place].scope.deallocate() }
        entries.deallocate()
    }

    /// The format of a rule.
    func format(_ place: Int) -> LogFormat { formats[place] }

    /// The first rule whose name the question's lies at or below (CoreDNS looks no further, even where the class does not
    /// fit); -1 where there is none.
    static func first(
        _ entries: UnsafeMutablePointer<Entry>, _ count: Int, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Int {
        let length = exchange.pointee.request.nameLength
        let labelCount = exchange.pointee.request.labelCount
        var place = 0
        while place < count {
            // SAFETY: `entries` has `count` elements; the name's memory holds `nameLength` bytes.
            let start = length &- entries[place].length
            let left = labelCount &- entries[place].labelCount
            if start >= 0, left >= 0, exchange.pointee.name.offset(ofLabel: left) == start {
                let name = exchange.pointee.name.bytes + start
                let scope = entries[place].scope
                var octet = 0
                while octet < entries[place].length, name[octet] == scope[octet] { octet &+= 1 }
                if octet == entries[place].length { return place }
            }
            place &+= 1
        }
        return -1
    }
}
