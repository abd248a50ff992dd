import Corefile
import LinuxIO
import Synchronization

/// The HTTP endpoints that plugins ask for (`health`, `ready`, `prometheus`): which paths answer at which address. The
/// server opens one listener for each address.
package final class AdminEndpoints: Sendable {
    /// Answers a request for one path.
    package typealias Responder = @Sendable () -> HTTPResponse

    private struct Endpoint {
        var location: SourceLocation
        var responders: [String: Responder] = [:]
    }

    private let endpoints = Mutex<[SocketAddress: Endpoint]>([:])

    package init() {}

    /// Answers `path` at `address` with `respond`. What was there before at the same place is replaced.
    ///
    /// - Parameter location: where the Corefile asks for it.
    package func add(
        _ address: SocketAddress, path: String, at location: SourceLocation, respond: @escaping Responder
    ) {
        endpoints.withLock { $0[address, default: Endpoint(location: location)].responders[path] = respond }
    }

    /// Where the Corefile first asks for an endpoint at `address`.
    package func location(of address: SocketAddress) -> SourceLocation? {
        endpoints.withLock { $0[address]?.location }
    }

    /// The addresses to listen at.
    package var addresses: [SocketAddress] {
        endpoints.withLock { $0.keys.sorted { "\($0)" < "\($1)" } }
    }

    /// The answer of `path` at `address`: 404 where nobody has it.
    package func respond(_ address: SocketAddress, path: String) -> HTTPResponse {
        let responder = endpoints.withLock { $0[address]?.responders[path] }
        return responder?() ?? HTTPResponse(status: 404, text: "404 page not found\n")
    }

    /// Forgets all endpoints.
    package func removeAll() {
        // Released outside of the lock: responders may be the last to hold much.
        let forgotten = endpoints.withLock { endpoints in
            let all = endpoints
            endpoints = [:]
            return all
        }
        withExtendedLifetime(forgotten) {}
    }
}
