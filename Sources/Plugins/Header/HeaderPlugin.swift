import Corefile
import DNSWire
import PluginKit

/// `header { query|response set|clear aa|ra|rd... }`: changes flags of queries for the plugins below, and of responses.
package final class HeaderPlugin: Plugin {
    package static let directive = "header"

    /// The flags that rules leave set and cleared; the last rule about a flag counts.
    private struct Change {
        var set: UInt16 = 0
        var clear: UInt16 = 0

        mutating func add(_ flag: UInt16, isSet: Bool) {
            set = isSet ? set | flag : set & ~flag
            clear = isSet ? clear & ~flag : clear | flag
        }

        func apply(_ flags: UInt16) -> UInt16 { flags & ~clear | set }
    }

    /// The memory of a step.
    private struct Changes {
        var query = Change()
        var response = Change()
    }

    private let changes: Changes

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.first(directives, setup)
        try directive.expectArguments(0)
        let properties = try directive.properties()
        if properties.isEmpty {
            throw directive.error("plugin/header: no rule found, expected at least one such as 'response set ra'")
        }
        var changes = Changes()
        for property in properties {
            try property.expectNoBlock()
            switch property.name.text.lowercased() {
            case "query": try Self.read(property, into: &changes.query)
            case "response": try Self.read(property, into: &changes.response)
            default:
                throw property.error(
                    "plugin/header: invalid selector '\(property.name.text)', expected query or response")
            }
        }
        self.changes = changes
    }

    private static func read(_ property: Property, into change: inout Change) throws(CorefileError) {
        try property.expectArguments(2...)
        let action = property.arguments[0]
        let isSet: Bool
        switch action.text.lowercased() {
        case "set": isSet = true
        case "clear": isSet = false
        default: throw action.error("plugin/header: unknown flag action '\(action.text)', expected set or clear")
        }
        for argument in property.arguments.dropFirst() {
            switch argument.text.lowercased() {
            case "aa": change.add(Header.authoritative, isSet: isSet)
            case "ra": change.add(Header.recursionAvailable, isSet: isSet)
            case "rd": change.add(Header.recursionDesired, isSet: isSet)
            default:
                throw argument.error(
                    "plugin/header: unknown or unsupported flag '\(argument.text)', expected aa, ra or rd")
            }
        }
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let context = UnsafeMutablePointer<Changes>.allocate(capacity: 1)
        context.initialize(to: changes)
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the one allocated above, which `release` frees.
                let changes = context.assumingMemoryBound(to: Changes.self)
                let exchange = Step.exchange(exchange)
                let flags = changes.pointee.query.apply(exchange.pointee.request.flags)
                exchange.pointee.request.flags = flags
                HeaderPlugin.store(flags, exchange)
                return Verdict.next.rawValue
            },
            up: { context, exchange in
                // SAFETY: as above.
                let changes = context.assumingMemoryBound(to: Changes.self)
                let exchange = Step.exchange(exchange)
                let flags = Header.field(exchange.pointee.writer.base, Header.flagsOffset)
                HeaderPlugin.store(changes.pointee.response.apply(flags), exchange)
                exchange.pointee.flags =
                    changes.pointee.response.apply(exchange.pointee.flags)
                    & (Header.authoritative | Header.recursionAvailable)
            },
            release: { $0.deallocate() })
    }

    @inline(__always)
    private static func store(_ flags: UInt16, _ exchange: UnsafeMutablePointer<Exchange>) {
        // SAFETY: every message has a header.
        exchange.pointee.writer.base.storeBytes(
            of: flags.bigEndian, toByteOffset: Header.flagsOffset, as: UInt16.self)
    }
}
