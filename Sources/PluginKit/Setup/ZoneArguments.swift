import Corefile
import DNSWire

/// The zones that arguments of a directive or a property name, to be looked at and to be matched with.
package struct ZoneArguments: Sendable {
    /// Fully qualified, in lower case, each once: the order is that of the arguments.
    package let names: [DomainName]
    /// Answers with a zone's place in `names`. A step keeps it for as long as it uses its view.
    package let matcher: ZoneMatcher

    /// No zones: nothing matches.
    package static var none: ZoneArguments { ZoneArguments([]) }
    /// The root: everything matches.
    package static var all: ZoneArguments { ZoneArguments([.root]) }

    /// - Parameters:
    ///   - tokens: zones, or CIDR blocks that stand for their reverse zones.
    ///   - fallback: the zones without any argument, such as those of the block.
    package init(_ tokens: some Sequence<Token>, otherwise fallback: [String], at place: Token) throws(CorefileError) {
        var names: [DomainName] = []
        func add(_ zone: String, _ token: Token) throws(CorefileError) {
            do throws(NameError) {
                let name = try DomainName(parsing: zone).lowercased()
                if !names.contains(name) { names.append(name) }
            } catch {
                throw token.error("'\(zone)' is not a zone: \(error)")
            }
        }
        for token in tokens {
            for zone in try token.zones() { try add(zone, token) }
        }
        if names.isEmpty {
            for zone in fallback { try add(zone, place) }
        }
        self.init(names)
    }

    /// The zones of `fallthrough`: all of them where it has no argument (CoreDNS: plugin/pkg/fall).
    package init(fallthrough property: Property) throws(CorefileError) {
        try self.init(property.arguments, otherwise: ["."], at: property.name)
    }

    private init(_ names: [DomainName]) {
        self.names = names
        matcher = ZoneMatcher(names.map(\.wire))
    }
}
