import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// One address to listen at, over UDP and TCP or over TLS, and the zones served there.
package struct ListenerPlan: Sendable {
    /// A zone of a block, served at the address.
    package struct Zone: Sendable {
        /// Fully qualified, in lower case.
        package let name: String
        let wire: [UInt8]
        let block: ConfiguredBlock
    }

    /// `.dns` or `.tls`.
    package let scheme: TransportScheme
    package let address: SocketAddress
    package var zones: [Zone]
    /// Where the Corefile first names it.
    let location: SourceLocation

    /// How and where it listens: no two plans have the same.
    struct Place: Hashable, Sendable {
        let scheme: TransportScheme
        let address: SocketAddress
    }

    var listeningPlace: Place { Place(scheme: scheme, address: address) }

    /// Whether it is asked over UDP too: DNS over TLS is not (RFC 7858, section 3.1).
    var takesDatagrams: Bool { scheme == .dns }

    /// UDP sockets of the address; nil leaves it to the server. CoreDNS: the first block at an address decides.
    var socketCount: Int? { zones.first?.block.socketCount }

    /// What TLS is spoken with; nil for plain DNS, also that of a `tls://` key without `tls` (as in CoreDNS).
    var tls: TLSContext? { scheme == .tls ? zones.lazy.compactMap(\.block.tls).first?.context : nil }

    /// What holds for TCP connections. CoreDNS: what a later block says takes the place of an earlier one's.
    var streamLimits: LengthPrefixedLimits {
        var timeouts = StreamTimeouts()
        for zone in zones { timeouts.take(zone.block.streamTimeouts) }
        var limits = LengthPrefixedLimits()
        if let idle = timeouts.idle { limits.idleTimeout = idle }
        if let read = timeouts.read { limits.firstTimeout = read }
        if let write = timeouts.write { limits.writeTimeout = write }
        if let queries = timeouts.queries { limits.frames = queries }
        return limits
    }

    /// The server's name in metrics and logs, as CoreDNS has it: `dns://:53`, `tls://127.0.0.1:853`.
    package var server: String { Self.server(scheme, address) }

    static func server(_ scheme: TransportScheme, _ address: SocketAddress) -> String {
        address.isWildcard ? "\(scheme)://:\(address.port)" : "\(scheme)://\(address)"
    }

    /// Works out the listeners of all blocks: blocks that share an address share its sockets.
    ///
    /// - Parameter report: is told of two blocks for the same zone at the same address, and of schemes that are not there yet.
    /// - Throws: what `report` does.
    static func plan(
        _ blocks: [ConfiguredBlock], report: Configuration.Report
    ) throws(CorefileError) -> [ListenerPlan] {
        var plans: [ListenerPlan] = []
        for block in blocks where block.isWhole {
            for key in block.block.keys {
                do throws(CorefileError) {
                    try add(key, block, to: &plans)
                } catch {
                    try report(error)
                }
            }
        }
        return plans
    }

    private static func add(
        _ key: ServerKey, _ block: ConfiguredBlock, to plans: inout [ListenerPlan]
    ) throws(CorefileError) {
        guard key.scheme == .dns || key.scheme == .tls else {
            throw CorefileError(
                location: key.location,
                message:
                    "'\(key.text)': \(key.scheme) servers are known in CoreDNS, not in apodns yet; "
                    + "expected dns or tls")
        }
        for address in block.addresses(of: key) { try add(key, block, address, to: &plans) }
    }

    private static func add(
        _ key: ServerKey, _ block: ConfiguredBlock, _ address: SocketAddress, to plans: inout [ListenerPlan]
    ) throws(CorefileError) {
        let place = plans.firstIndex { $0.address == address && $0.scheme == key.scheme }
        // Of the blocks of one zone at one address all but one need a view, which says what they take.
        if let place, block.view == nil,
            plans[place].zones.contains(where: { $0.name == key.zone && $0.block.view == nil })
        {
            // The same zone twice is legal only where `bind` keeps the two apart.
            let at = address.isWildcard ? "" : " on \(address.host)"
            throw CorefileError(
                location: key.location,
                message: "cannot serve \(key.scheme)://\(key.zone):\(key.port)\(at) - it is already defined")
        }
        try checkTransport(key, block, address, plans)
        for other in plans where block.view == nil && other.address.port == address.port && other.address != address {
            // CoreDNS: a wildcard listener and a bound one would take each other's queries.
            guard other.address.isWildcard || address.isWildcard,
                other.scheme == key.scheme,
                other.zones.contains(where: { $0.name == key.zone && $0.block.view == nil })
            else {
                continue
            }
            throw CorefileError(
                location: key.location,
                message:
                    "cannot serve \(key.scheme)://\(key.zone):\(key.port) - zone overlap listener capacity with "
                    + "\(key.scheme)://\(key.zone):\(other.address.port): give both blocks a bind of their own")
        }
        let name: DomainName
        do {
            name = try DomainName(parsing: key.zone)
        } catch {
            throw CorefileError(location: key.location, message: "'\(key.text)' is not a zone: \(error)")
        }
        let zone = Zone(name: key.zone, wire: name.lowercased().wire, block: block)
        if let place {
            plans[place].zones.append(zone)
        } else {
            plans.append(
                ListenerPlan(scheme: key.scheme, address: address, zones: [zone], location: key.location))
        }
    }

    /// Whether a key can be served beside the others at its port: one TCP listener has either TLS or not, and one certificate.
    private static func checkTransport(
        _ key: ServerKey, _ block: ConfiguredBlock, _ address: SocketAddress, _ plans: [ListenerPlan]
    ) throws(CorefileError) {
        for other in plans where other.address == address {
            if other.scheme != key.scheme, address.port != 0 {
                throw CorefileError(
                    location: key.location,
                    message: "'\(key.text)' wants \(key.scheme):// at \(address), where \(other.location) has "
                        + "\(other.scheme)://: give them different ports or a bind of their own")
            }
            // CoreDNS takes the certificate of one of the blocks, whichever comes up.
            guard other.scheme == .tls, key.scheme == .tls, let tls = block.tls,
                let first = other.zones.lazy.compactMap(\.block.tls).first, first.settings != tls.settings
            else { continue }
            throw CorefileError(
                location: tls.location,
                message:
                    "plugin/tls: \(other.server) is one listener for several blocks: found other files or options than at "
                    + "\(first.location), expected the same, or a bind of their own")
        }
    }
}
