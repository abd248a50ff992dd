import LinuxIO

/// How long an endpoint may take, in milliseconds: a debug build on a busy machine needs seconds to write its metrics.
private let patience: Int32 = 30_000

/// Asks an HTTP endpoint for a path.
///
/// - Returns: the status and the body.
package func fetchHTTP(_ address: SocketAddress, _ path: String) throws -> (status: Int, body: String) {
    let socket = try ClientSocket(ClientSocket.stream, to: address)
    try socket.send(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
    var bytes: [UInt8] = []
    while let more = try socket.receive(milliseconds: patience), !more.isEmpty { bytes += more }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
        let head = text.firstRange(of: "\r\n\r\n")
    else { throw ClientError(description: "not an HTTP response: \(text)") }
    return (status, String(text[head.upperBound...]))
}
