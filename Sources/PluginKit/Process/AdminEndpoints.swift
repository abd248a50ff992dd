import LinuxIO
import Synchronization

/// The HTTP endpoints that plugins ask for (`health`, `ready`, `prometheus`): which paths answer at which address. The
/// server opens one listener for each address.
package final class AdminEndpoints: Sendable {
    /// Answers a request for one path.
    package typealias Responder = @Sendable () -> HTTPResponse

    private let paths = Mutex<[SocketAddress: [String: Responder]]>([:])

    package init() {}

    /// Answers `path` at `address` with `respond`. What was there before at the same place is replaced.
    package func add(_ address: SocketAddress, path: String, respond: @escaping Responder) {
        paths.withLock { $0[address, default: [:]][path] = respond }
    }

    /// The addresses to listen at.
    package var addresses: [SocketAddress] {
        paths.withLock { $0.keys.sorted { "\($0)" < "\($1)" } }
    }

    /// The answer of `path` at `address`: 404 where nobody has it.
    package func respond(_ address: SocketAddress, path: String) -> HTTPResponse {
        let responder = paths.withLock { $0[address]?[path] }
        return responder?() ?? HTTPResponse(status: 404, text: "404 page not found\n")
    }
}
