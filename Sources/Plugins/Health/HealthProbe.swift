import LinuxIO
import PluginKit

/// Asks the process's own health endpoint over the loopback interface, as a kubelet would, and notes how long that takes.
struct HealthProbe: Sendable {
    /// How long connecting, writing and reading may take, each: CoreDNS's limit for the whole.
    static let timeoutMilliseconds: Int32 = 3000
    /// How often it is asked.
    static let interval = Clock.second
    /// From here on an answer is slow enough to be told.
    static let slow = Clock.second
    /// Bytes of the answer that are read: it has some two hundred.
    private static let answerLimit = 4096

    /// Where the endpoint listens.
    let address: SocketAddress
    let process: ProcessContext
    let metrics: HealthMetrics
    /// Sends the request; nil when it was answered, else what went wrong.
    var request: @Sendable (SocketAddress) -> String? = HealthProbe.get

    /// The address to ask: a wildcard is asked on the loopback interface.
    var target: SocketAddress { address.isWildcard ? .loopback(port: address.port) : address }

    private var location: String {
        "http://\(address.isWildcard ? "localhost:\(address.port)" : "\(address)")/health"
    }

    /// One check.
    func check() {
        let start = process.clock.monotonic()
        let failure = request(target)
        let took = process.clock.monotonic() &- start
        metrics.observe(seconds: Double(took) / Double(Clock.second), hasFailed: failure != nil)
        if let failure {
            process.log.warning("plugin/health: Local health request to \"\(location)\" failed: \(failure)")
        } else if took > Self.slow {
            process.log.warning(
                "plugin/health: Local health request to \"\(location)\" took more than 1s: "
                    + describeDuration(Int64(clamping: took)))
        }
    }

    /// A GET of /health that blocks until it is answered.
    static func get(_ address: SocketAddress) -> String? {
        do throws(SystemError) {
            let socket = try StreamSocket.connect(to: address, timeoutMilliseconds: timeoutMilliseconds)
            defer { socket.close() }
            let text = "GET /health HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n"
            // SAFETY: the kernel reads the text while the closure runs.
            let sent = Array(text.utf8).withUnsafeBytes { socket.write($0) }
            guard sent.result == text.utf8.count else { return "the request could not be sent" }
            return read(socket)
        } catch {
            return "\(error)"
        }
    }

    private static func read(_ socket: StreamSocket) -> String? {
        var answer = [UInt8](repeating: 0, count: answerLimit)
        var count = 0
        while count < answer.count {
            // SAFETY: `count` is at most the length of the answer's buffer, so the rest is a range of it.
            let result = answer.withUnsafeMutableBytes { bytes in
                socket.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            }
            if result.result < 0 { return SystemError(call: "read", code: result.errno).description }
            if result.result == 0 { break }
            count += result.result
        }
        return answer.starts(with: "HTTP/1.".utf8) ? nil : "no answer before the connection was closed"
    }
}
