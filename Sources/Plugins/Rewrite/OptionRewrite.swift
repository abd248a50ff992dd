import DNSWire
import LinuxIO
import PluginKit

/// A rule for one option of the query's OPT record.
struct OptionRewrite: Sendable {
    enum Action: String, Sendable {
        case set
        case append
        case replace
        case unset
    }

    /// What the option's data are.
    enum Source: Sendable {
        case octets([UInt8])
        case variable(Variable)
        /// A label of `metadata`.
        case metadata(String, BlockMetadata)
        /// The client's address, cut to so many bits (RFC 7871, section 6).
        case subnet(ipv4: UInt8, ipv6: UInt8)
    }

    /// What a variable stands for.
    enum Variable: Sendable, Equatable {
        case questionName
        case questionType
        case clientAddress
        case clientPort
        case transport
        case serverAddress
        case serverPort
    }

    let code: UInt16
    let action: Action
    let source: Source
    /// Whether the option is none of the client's business.
    let reverts: Bool
    /// Whether responses carry the option where the request does: options of the server's own making (CoreDNS).
    let isEchoed: Bool

    /// NSID (RFC 5001), client subnet (RFC 7871).
    static let nameServerIdentifier: UInt16 = 3
    static let clientSubnet: UInt16 = 8

    /// Changes the options of a query.
    ///
    /// - Returns: whether the rule was carried out, and what it takes to undo it in the response.
    func apply(
        _ options: inout [RecordData.Option]?, _ question: RewriteWork.Question,
        _ exchange: UnsafeMutablePointer<Exchange>
    ) -> (isDone: Bool, undo: ResponseRule?) {
        if action == .unset {
            options?.removeAll { $0.code == code }
            return (true, nil)
        }
        guard let data = data(question, exchange) else { return (false, nil) }
        if let place = options?.firstIndex(where: { $0.code == code }) {
            guard action != .append, let old = options?[place].octets else { return (false, nil) }
            options?[place].octets = data
            return (true, reverts ? .replaceOption(code, old) : nil)
        }
        guard action != .replace else { return (false, nil) }
        options = (options ?? []) + [RecordData.Option(code: code, octets: data)]
        return (true, reverts ? .removeOption(code) : nil)
    }

    private func data(_ question: RewriteWork.Question, _ exchange: UnsafeMutablePointer<Exchange>) -> [UInt8]? {
        let client = exchange.pointee.client
        switch source {
        case .octets(let octets): return octets
        case .metadata(let label, let metadata):
            // CoreDNS: without a value the rule is passed over.
            return metadata.value(label, exchange).flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        case .subnet(let ipv4, let ipv6): return Self.subnet(client, client.family == .ipv4 ? ipv4 : ipv6)
        case .variable(let variable):
            switch variable {
            case .questionName: return Array(question.writtenName.utf8)
            case .questionType: return Self.octets(question.type.rawValue)
            case .clientAddress: return client.bytes
            case .clientPort: return Self.octets(client.port)
            case .transport: return Array(exchange.pointee.clientTransport.name.utf8)
            case .serverAddress: return exchange.pointee.local.bytes
            case .serverPort: return Self.octets(exchange.pointee.local.port)
            }
        }
    }

    /// RFC 7871, section 6: family, source prefix length, scope 0, and as few bytes of the address as the length takes.
    private static func subnet(_ client: SocketAddress, _ length: UInt8) -> [UInt8] {
        var address = Array(client.bytes.prefix((Int(length) + 7) / 8))
        if length % 8 != 0, let last = address.popLast() { address.append(last & ~(0xFF >> (length % 8))) }
        return [0, client.family == .ipv4 ? 1 : 2, length, 0] + address
    }

    private static func octets(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 0xFF)] }
}
