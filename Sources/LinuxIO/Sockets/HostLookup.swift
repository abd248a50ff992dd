import CLinux
import Synchronization

/// Asks the system for the addresses of a host: /etc/hosts, then the name servers of /etc/resolv.conf, or whatever
/// /etc/nsswitch.conf says.
///
/// The system's look-up takes as long as resolv.conf lets it (20 seconds are usual, more with search domains), and nothing breaks
/// it off. So it has a thread of its own, which whoever has waited long enough leaves alone.
package final class HostLookup: Sendable {
    /// Look-ups under way at once, those included that nobody waits for any more: each is a thread.
    package static let mostAtOnce = 16

    /// How many look-ups are under way.
    package final class Places: Sendable {
        private let taken = Atomic(0)

        /// Those of the process.
        package static let ofProcess = Places()

        package init() {}

        /// Takes a place; false where there is none.
        fileprivate func take() -> Bool {
            if taken.wrappingAdd(1, ordering: .relaxed).newValue <= HostLookup.mostAtOnce { return true }
            giveBack()
            return false
        }

        fileprivate func giveBack() { taken.wrappingSubtract(1, ordering: .relaxed) }
    }

    private let outcome = Mutex<Result<[SocketAddress], HostLookupError>?>(nil)
    private let done = Stopper()

    /// Begins to look a name up.
    ///
    /// - Parameters:
    ///   - places: of which it takes one until it ends.
    ///   - look: what looks it up; a test has something else here.
    package init(
        _ name: String, places: Places = .ofProcess,
        look: @escaping @Sendable (String) throws(HostLookupError) -> [SocketAddress] = HostLookup.addresses
    ) throws(HostLookupError) {
        guard places.take() else { throw .tooMany }
        do throws(SystemError) {
            try Thread.spawn(name: "look-up") { [self] in
                do throws(HostLookupError) {
                    let addresses = try look(name)
                    outcome.withLock { $0 = .success(addresses) }
                } catch {
                    outcome.withLock { $0 = .failure(error) }
                }
                places.giveBack()
                done.stop()
            }.detach()
        } catch {
            places.giveBack()
            throw .system(error)
        }
    }

    /// Waits for the end of the look-up. Returns the addresses with port 0, the system's first choice first; nil where the time
    /// is over, or `stopper` has been stopped.
    package func wait(milliseconds: Int32, unless stopper: Stopper) throws(HostLookupError) -> [SocketAddress]? {
        guard stopper.wait(for: done, milliseconds: milliseconds) == .ready else { return nil }
        return try outcome.withLock { $0 }?.get()
    }

    /// Looks a name up and returns when the system is done. At least one address, with port 0.
    package static func addresses(of name: String) throws(HostLookupError) -> [SocketAddress] {
        var found: [SocketAddress] = []
        // SAFETY: the callback runs during the call only, so `found` outlives every use of the pointer to it; the address is
        // valid during the callback. The list is freed there.
        let result = withUnsafeMutablePointer(to: &found) { pointer in
            clinux_host_addresses(name, pointer) { context, address in
                guard let context, let address, let decoded = SocketAddress(address.pointee) else { return }
                context.assumingMemoryBound(to: [SocketAddress].self).pointee.append(decoded)
            }
        }
        if result > 0 { throw .resolver(result) }
        if result < 0 { throw .system(SystemError(call: "getaddrinfo", code: 0 &- result, subject: name)) }
        guard !found.isEmpty else { throw .noAddress }
        return found
    }
}

/// Why the system has no addresses for a host.
package enum HostLookupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An error of getaddrinfo(3), its number made positive.
    case resolver(Int32)
    case system(SystemError)
    /// The name is there, and has none.
    case noAddress
    /// Other look-ups have not ended yet.
    case tooMany

    package var description: String {
        switch self {
        case .resolver(let code):
            // SAFETY: the function returns a constant string of glibc, or NULL.
            clinux_host_error_description(code).map { String(cString: $0) } ?? "error \(code)"
        case .system(let error): "\(error)"
        case .noAddress: "no addresses"
        case .tooMany: "\(HostLookup.mostAtOnce) look-ups are under way already"
        }
    }
}
