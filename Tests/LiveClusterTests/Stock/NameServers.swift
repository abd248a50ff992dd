import DNSWire
import LinuxIO
import ServerHarness

/// The name servers that stock Corefiles forward to, at their addresses and port 53.
final class NameServers: Sendable {
    /// By address.
    let all: [String: TestUpstream]

    init(_ addresses: [String]) throws {
        var all: [String: TestUpstream] = [:]
        for address in addresses {
            guard let place = SocketAddress.parse(host: address, port: 53) else { continue }
            all[address] = try TestUpstream(at: place) { .answer(Self.answer($0)) }
        }
        self.all = all
    }

    /// What the name servers answer: names below `example.` and `corp.example.com.` have an address, what begins with `no.`
    /// is not there; all else is refused.
    private static func answer(_ query: TestUpstream.Query) -> [UInt8] {
        let name = query.name
        let soa = "example. 60 IN SOA ns.example. admin.example. 1 7200 900 1209600 60"
        if name.hasPrefix("no.") { return query.response(authority: [soa], code: .nameError) }
        if name.hasPrefix("many.") {
            let records = (1...80).map { "\(name) 300 IN A 198.51.100.\($0)" }
            let whole = query.response(records)
            let end = query.questionEnd
            let size = query.bytes.count >= end + 11 ? Int(query.bytes[end + 3]) << 8 | Int(query.bytes[end + 4]) : 512
            return query.isStream || whole.count <= size
                ? whole : query.response(flags: Header.authoritative | Header.truncated)
        }
        if name.hasSuffix(".arpa.") { return query.response(["\(name) 3600 IN PTR host.example."]) }
        let zones = ["example.", "example.com.", "cluster.local.", "internal.cloudapp.net.", "k8s.local."]
        guard zones.contains(where: { name.hasSuffix("." + $0) }) else {
            return query.response(code: .refused, flags: 0)
        }
        return query.response(
            query.type == .a ? ["\(name) 3600 IN A 192.0.2.80"] : [], authority: query.type == .a ? [] : [soa])
    }
}
