/// How a server block is asked: the scheme before `://` in its keys.
package enum TransportScheme: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// DNS over UDP and TCP (RFC 1035).
    case dns
    /// DNS over TLS (RFC 7858).
    case tls
    /// DNS over QUIC (RFC 9250).
    case quic
    /// DNS messages over gRPC, as CoreDNS defines it.
    case grpc
    /// DNS over HTTPS (RFC 8484).
    case https
    /// DNS over HTTPS on HTTP/3.
    case https3

    /// The port of a key that names none; `dnsPort` is what the command line set for plain DNS (53 by itself).
    package func defaultPort(dnsPort: UInt16) -> UInt16 {
        switch self {
        case .dns: dnsPort
        case .tls, .quic: 853
        case .grpc, .https, .https3: 443
        }
    }

    /// The scheme as it is written.
    package var description: String { rawValue }

    /// Splits `scheme://rest`; without a scheme it is DNS.
    static func split(_ text: String) throws(ZoneError) -> (scheme: TransportScheme, rest: String) {
        let bytes = Array(text.utf8)
        let separator = Array("://".utf8)
        guard let at = bytes.indices.first(where: { bytes[$0...].starts(with: separator) }) else { return (.dns, text) }
        let name = String(decoding: bytes[..<at], as: UTF8.self)
        guard let scheme = TransportScheme(rawValue: name) else {
            let known = allCases.map(\.rawValue)
            throw ZoneError(
                message: "unknown scheme '\(name.inMessage)' in '\(text.inMessage)', expected one of "
                    + known.joined(separator: ", ") + didYouMean(name, in: known))
        }
        return (scheme, String(decoding: bytes[(at + separator.count)...], as: UTF8.self))
    }
}
