import DNSWire
import LinuxIO
import PluginKit

/// What an expression can ask of a query.
enum ExpressionFunction: String, CaseIterable {
    case bufsize
    case recordClass = "class"
    case clientAddress = "client_ip"
    case dnssecOK = "do"
    case identifier = "id"
    case name
    case opcode
    case port
    case transport = "proto"
    case serverAddress = "server_ip"
    case serverPort = "server_port"
    case size
    case type
    case isWithin = "incidr"
    case metadata
    /// Of `template`: what a group of its regular expression has matched.
    case group

    /// The types of the arguments.
    var parameters: [ExpressionType] {
        switch self {
        case .isWithin: [.string, .string]
        case .metadata: [.string]
        case .group: [.unknown]
        default: []
        }
    }

    var result: ExpressionType {
        switch self {
        case .bufsize, .identifier, .opcode, .size: .integer
        case .dnssecOK, .isWithin: .boolean
        default: .string
        }
    }

    /// - Parameter arguments: as many and of such types as `parameters` says.
    func call(
        _ arguments: [ExpressionValue], _ context: ExpressionContext
    ) throws(ExpressionFailure) -> ExpressionValue {
        let exchange = context.exchange
        let request = exchange.pointee.request
        switch self {
        case .bufsize:
            // CoreDNS: the longest message over TCP.
            return .integer(exchange.pointee.clientTransport == .tcp ? 65_535 : request.udpSize)
        case .recordClass: return .string("\(request.recordClass)")
        // Without brackets for IPv6, whatever the README says, as `incidr` could not read them.
        case .clientAddress: return .string(exchange.pointee.client.host)
        case .dnssecOK: return .boolean(request.dnssecOK)
        case .identifier:
            return .integer(Int(Header.field(exchange.pointee.writer.base, Header.identifierOffset)))
        case .name: return .string("\(exchange.pointee.questionName)")
        case .opcode: return .integer(Int(request.opcode.rawValue))
        case .port: return .string("\(exchange.pointee.client.port)")
        case .transport: return .string(exchange.pointee.clientTransport.name)
        case .serverAddress: return .string(exchange.pointee.local.host)
        case .serverPort: return .string("\(exchange.pointee.local.port)")
        case .size: return .integer(exchange.pointee.requestLength)
        case .type: return .string("\(request.type)")
        case .metadata:
            guard case .string(let label)? = arguments.first else { return .string("") }
            return .string(context.metadata?.value(label, exchange) ?? "")
        case .group:
            switch arguments.first {
            case .string(let name): return .string(context.groups[name] ?? "")
            case .integer(let number): return .string(context.groups[String(number)] ?? "")
            default: return .string("")
            }
        case .isWithin: return try Self.isWithin(arguments)
        }
    }

    private static func isWithin(_ arguments: [ExpressionValue]) throws(ExpressionFailure) -> ExpressionValue {
        guard arguments.count == 2, case .string(let host) = arguments[0], case .string(let block) = arguments[1],
            let address = SocketAddress.parse(host: host, port: 0), let prefix = AddressPrefix(block)
        else { throw ExpressionFailure(place: 1, reason: "not an address or not a CIDR block") }
        return .boolean(prefix.contains(address))
    }
}
