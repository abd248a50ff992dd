import DNSWire
import LinuxIO
import PluginKit

/// The rules of a block, in the order of the file, in raw memory.
///
/// `@unchecked Sendable`: written by `init` only.
final class AccessRules: @unchecked Sendable {
    /// A rule before it is laid out.
    struct Rule {
        /// Fully qualified, in lower case.
        var zones: [String]
        var policies: [AccessPolicy]
    }

    /// What is looked at for a query.
    struct Entry {
        let zones: ZoneMatcherView
        /// The number of the rule's first zone among those of all rules.
        let firstZone: Int
        let policies: UnsafeMutableBufferPointer<PackedPolicy>
    }

    /// The zones of all rules, one rule after the other.
    let zoneNames: [String]
    let entries: UnsafeMutableBufferPointer<Entry>
    private let matchers: [ZoneMatcher]

    /// - Throws: `NameError` where a zone is no name.
    init(_ rules: [Rule]) throws(NameError) {
        var matchers: [ZoneMatcher] = []
        for rule in rules {
            var wires: [[UInt8]] = []
            for zone in rule.zones { wires.append(try DomainName(parsing: zone).wire) }
            matchers.append(ZoneMatcher(wires))
        }
        self.matchers = matchers
        zoneNames = rules.flatMap(\.zones)
        entries = .allocate(capacity: rules.count)
        var firstZone = 0
        for (place, rule) in rules.enumerated() {
            let policies = UnsafeMutableBufferPointer<PackedPolicy>.allocate(capacity: rule.policies.count)
            _ = policies.initialize(from: rule.policies.map(PackedPolicy.init))
            entries.initializeElement(
                at: place, to: Entry(zones: matchers[place].view, firstZone: firstZone, policies: policies))
            firstZone += rule.zones.count
        }
    }

    deinit {
        for entry in entries {
            for policy in entry.policies { policy.deallocate() }
            entry.policies.deallocate()
        }
        entries.deallocate()
    }

    /// What is to be done with a query, and for which zone.
    struct Decision {
        let action: AccessAction
        /// The number of the zone among those of all rules; -1 where no rule said anything.
        let zone: Int
    }

    /// Goes through the rules: the first policy that is for the query decides, and a query that none is for is allowed.
    static func decide(
        _ entries: UnsafeMutableBufferPointer<Entry>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Decision {
        let length = exchange.pointee.request.nameLength
        let labelCount = exchange.pointee.request.labelCount
        let type = exchange.pointee.request.type.rawValue
        var place = 0
        while place < entries.count {
            let match = entries[place].zones.longestMatch(
                exchange.pointee.name, length: length, labelCount: labelCount)
            if match.index >= 0 {
                let policies = entries[place].policies
                var next = 0
                while next < policies.count {
                    if policies[next].matches(type, exchange.pointee.client) {
                        return Decision(action: policies[next].action, zone: entries[place].firstZone &+ match.index)
                    }
                    next &+= 1
                }
            }
            place &+= 1
        }
        return Decision(action: .allow, zone: -1)
    }
}
