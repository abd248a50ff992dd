import Foundation
import Glibc
import LinuxIO

/// nghttpx (nghttp2) at a port of 127.0.0.1, which speaks HTTP/2 over TLS in front of a server that speaks plain HTTP/1.1. Stopped
/// when it goes.
package final class HTTP2Front {
    package let address: SocketAddress
    private var process: ChildProcess
    private let folder: TemporaryFolder
    private let arguments: [String]

    private static let program = "/usr/sbin/nghttpx"

    /// - Parameters:
    ///   - streams: that a connection may have at a time.
    package init(before backend: SocketAddress, certificate: String, key: String, streams: Int = 100) throws {
        folder = try TemporaryFolder()
        // A port of the system's choice cannot be asked of it: one that was free a moment ago, and another try.
        for _ in 0..<5 {
            let port = try StreamListener.listen(.loopback(port: 0)).boundAddress.port
            let arguments = [
                "--conf=/dev/null", "--frontend=127.0.0.1,\(port)", "--backend=127.0.0.1,\(backend.port)",
                "--workers=1", "--single-process", "--no-ocsp", "--accesslog-file=\(folder.file("access.log"))",
                "--accesslog-format=$alpn $remote_port $request", "--frontend-http2-max-concurrent-streams=\(streams)",
                "--backend-connections-per-host=64", key, certificate,
            ]
            if let process = try Self.start(arguments, port) {
                self.process = process
                self.arguments = arguments
                address = .loopback(port: port)
                return
            }
        }
        throw ClientError(description: "nghttpx does not start")
    }

    deinit { process.signal(SIGKILL) }

    private static func start(_ arguments: [String], _ port: UInt16) throws -> ChildProcess? {
        let process = try ChildProcess(program, arguments)
        let isListening = holdsInTime {
            !process.isRunning || (try? ClientSocket(ClientSocket.stream, to: .loopback(port: port))) != nil
        }
        return isListening && process.isRunning ? process : nil
    }

    /// Ends it and all connections.
    package func stop() {
        process.signal(SIGKILL)
        _ = process.waitForExit()
    }

    /// Starts it again where it was.
    package func startAgain() throws {
        guard let process = try Self.start(arguments, address.port) else {
            throw ClientError(description: "nghttpx does not start again")
        }
        self.process = process
    }

    /// A line for each request that has ended: the protocol, the client's port, the request line.
    package var lines: [Substring] {
        ((try? String(contentsOfFile: folder.file("access.log"), encoding: .utf8)) ?? "").split(separator: "\n")
    }

    /// Connections that requests came on.
    package var connectionCount: Int { Set(lines.compactMap { $0.split(separator: " ").dropFirst().first }).count }
}
