import DNSWire
import LinuxIO

/// Asks name servers, one after the other, for the addresses of a host: `resolver` of `forward`. Blocks.
struct AskResolvers {
    /// How often the servers are asked: a datagram may be lost once.
    static let rounds = 2

    let servers: [SocketAddress]
    let clock: Clock
    /// Ends all waits where the process stops.
    let stopper: Stopper
    /// How long a server may take for a question, in nanoseconds.
    var patience = ResolverExchange.patience

    /// The addresses of a name with port 0, those of A records first: what the first server says that knows any.
    ///
    /// - Parameters:
    ///   - name: in wire form.
    ///   - deadline: when to give up, by the clock.
    func addresses(of name: [UInt8], deadline: UInt64) throws(HostNameFailure) -> [SocketAddress] {
        var problems = [String?](repeating: nil, count: servers.count)
        var isFinal = [Bool](repeating: false, count: servers.count)
        for _ in 0..<Self.rounds {
            for (place, server) in servers.enumerated() where !isFinal[place] {
                guard clock.monotonic() < deadline else { break }
                do throws(ResolverExchange.Failure) {
                    let (addresses, code) = try ask(server, name, deadline)
                    if !addresses.isEmpty { return addresses }
                    // CoreDNS asks the next server, whatever this one says.
                    problems[place] = code == .noError ? "no addresses" : code.description
                    // That there are none does not change by being asked once more.
                    isFinal[place] = code == .noError || code == .nameError
                } catch {
                    if case .stopped = error { throw .stopped }
                    problems[place] = "\(error)"
                }
            }
        }
        let words = zip(servers, problems).map { server, problem in "\(server): \(problem ?? "not asked any more")" }
        throw .unknown(words.joined(separator: "; "))
    }

    /// A, and then AAAA. Where the second question fails, what the first one has brought will do (CoreDNS).
    private func ask(
        _ server: SocketAddress, _ name: [UInt8], _ deadline: UInt64
    ) throws(ResolverExchange.Failure) -> ([SocketAddress], ResponseCode) {
        let exchange = ResolverExchange(
            server: server, clock: clock, stopper: stopper, deadline: deadline, patience: patience)
        let first = try exchange.ask(Question(name, .a, recursionDesired: true))
        // RFC 8020: where the name does not exist, it does not for any type.
        if first.code == .nameError { return (first.addresses, first.code) }
        do throws(ResolverExchange.Failure) {
            let second = try exchange.ask(Question(name, .aaaa, recursionDesired: true))
            return (first.addresses + second.addresses, first.code == .noError ? second.code : first.code)
        } catch {
            if case .stopped = error { throw error }
            if first.addresses.isEmpty { throw error }
            return (first.addresses, first.code)
        }
    }
}

/// Why a name has no addresses.
enum HostNameFailure: Error, Equatable {
    /// What those said who were asked.
    case unknown(String)
    /// The process is about to end.
    case stopped
}
