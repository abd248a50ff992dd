import DNSWire
import LinuxIO
import ScriptedAPI
import ServerHarness

/// The name servers that stock Corefiles forward to.
final class NameServers: Sendable {
    /// By the address that the files have for them.
    let all: [String: TestUpstream]

    /// The addresses that the files have for them.
    static let addresses = plain + secure
    private static let plain = [StockMachine.resolver, "8.8.8.8", "8.8.4.4", "10.150.0.1", "10.96.201.7"]
    /// Of those that are asked over TLS, at port 853.
    private static let secure = ["10.1.1.1", "10.2.2.2"]

    /// Starts all: at their addresses and ports where these are this network's, else on ports of the loopback interface.
    init(onLoopback: Bool) throws {
        var all: [String: TestUpstream] = [:]
        let made = try ScriptedCertificates.shared()
        let tls = try TLSContext(
            serverCertificate: made.serverCertificate(.nameServer), key: made.serverKey(.nameServer),
            authorities: nil, clients: .noCertificate)
        for address in Self.addresses {
            let isSecure = Self.secure.contains(address)
            let place = SocketAddress.parse(host: address, port: isSecure ? 853 : 53)
            guard let place = onLoopback ? .loopback(port: 0) : place else { continue }
            all[address] = try TestUpstream(at: place, tls: isSecure ? tls : nil) { .answer(Self.answer($0)) }
        }
        self.all = all
    }

    /// Where a name server is that a Corefile names: by its address, or by the file that has it.
    func place(_ word: String) -> String? {
        let scheme = "tls://"
        guard word.hasPrefix(scheme) else {
            return all[word == "/etc/resolv.conf" ? StockMachine.resolver : word].map { "\($0.address)" }
        }
        let address = word.dropFirst(scheme.count).prefix { $0 != ":" }
        return all[String(address)].map { "\(scheme)\($0.address)" }
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
