import Corefile
import DNSWire
import LinuxIO
import PluginKit
import Synchronization

/// `loop`: asks the plugins below it, `forward` among them, for random names, and ends the process where these questions come
/// back to the server.
package final class LoopPlugin: Plugin {
    package static let directive = "loop"

    /// How long probes are sent that get no answer, in nanoseconds (CoreDNS: 30 seconds).
    private static let patience = 30 * Clock.second
    /// The least time between two probes without an answer (CoreDNS: 1 second); up to a half more is left to chance, so that
    /// servers that started together do not ask together.
    private static let pause = Clock.second
    /// How long a probe may take to come back once it was answered (CoreDNS: 2 seconds).
    private static let afterglow = 2 * Clock.second

    private struct State {
        var probes = LoopProbes()
        /// Where questions are asked, and when that is given up.
        var asking: Asking?
        var deadline: UInt64 = 0
        /// The probe sent last.
        var number = 0
        /// The client that the first probe came back from.
        var returnedFrom: SocketAddress?
    }

    private struct Asking: Sendable {
        let ask: @Sendable (OwnQuery) -> Void
        let loop: EventLoop
        let server: String
    }

    private let zone: DomainName
    private let process: ProcessContext
    private let state = Mutex(State())
    /// Whether nothing is looked for: not yet, or no longer.
    private let isOff = Atomic<Bool>(true)
    private let number = PluginTable.number(of: directive) ?? Exchange.nobody

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        try directive.expectArguments(0...0)
        try directive.expectNoBlock()
        do throws(NameError) {
            // CoreDNS: the first zone of the block only.
            zone = try DomainName(parsing: setup.zones.first ?? ".")
            var random = SystemRandomNumberGenerator()
            _ = try LoopProbes.name(in: zone, &random)
        } catch {
            throw directive.error("plugin/loop: no probe fits below zone '\(setup.zones.first ?? ".")': \(error)")
        }
        process = setup.process
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        if let ask = worker.ask, let loop = worker.loop {
            // Of several listeners the first counts, as in CoreDNS.
            state.withLock { state in
                if state.asking == nil {
                    state.asking = Asking(ask: ask, loop: loop, server: String(worker.server.trimmingPrefix("dns://")))
                }
            }
        }
        return Step(
            context: Unmanaged.passRetained(self).toOpaque(),
            down: { context, exchange in
                let exchange = Step.exchange(exchange)
                guard exchange.pointee.request.type == .hinfo else { return Verdict.next.rawValue }
                // SAFETY: the context is the reference taken above, which `release` gives back.
                return Unmanaged<LoopPlugin>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.see(exchange).rawValue }
            },
            up: { context, exchange in
                let exchange = Step.exchange(exchange)
                guard exchange.pointee.ownQuery != nil else { return }
                // SAFETY: as above.
                let number = Unmanaged<LoopPlugin>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.number }
                _ = OwnAnswer.take(exchange, asker: number)
            },
            release: { Unmanaged<LoopPlugin>.fromOpaque($0).release() })
    }

    package func started() {
        let asking = state.withLock { state in
            state.deadline = process.clock.monotonic() &+ Self.patience
            return state.asking
        }
        guard let asking else { return }
        isOff.store(false, ordering: .relaxed)
        asking.loop.execute { [weak self] in self?.probe(asking) }
    }

    package func stop() { isOff.store(true, ordering: .relaxed) }

    // MARK: Probing, on the event loop's thread

    private func probe(_ asking: Asking) {
        guard !isOff.load(ordering: .relaxed) else { return }
        var random = SystemRandomNumberGenerator()
        guard let name = try? LoopProbes.name(in: zone, &random) else { return end() }
        let probe = state.withLock { state -> Int? in
            guard process.clock.monotonic() < state.deadline, state.probes.add(name) else { return nil }
            state.number += 1
            return state.number
        }
        guard let probe else { return end() }
        let answer = OwnAnswer()
        let nobody = SocketAddress(high: 0, low: 0, port: 0)
        asking.ask(
            OwnQuery(request: LoopProbes.request(name), asker: number, client: nobody, local: nobody, subject: answer) {
                [weak self] in
                // An upstream that has answered has had the question, and whoever sends it back has by now.
                let isDone = answer.message != nil && !answer.hasFailed
                self?.goOn(asking, probe, isDone: isDone)
            })
    }

    private func goOn(_ asking: Asking, _ probe: Int, isDone: Bool) {
        guard !isOff.load(ordering: .relaxed) else { return }
        if isDone {
            _ = asking.loop.schedule(after: Self.afterglow) { [weak self] in
                // A later probe has the same time to come back.
                if let self, state.withLock({ $0.number }) == probe { end() }
            }
        } else {
            let pause = Self.pause &+ UInt64.random(in: 0...Self.pause / 2)
            _ = asking.loop.schedule(after: pause) { [weak self] in self?.probe(asking) }
        }
    }

    /// Ends the search. CoreDNS: so that nobody can stop the server with such a query later.
    private func end() {
        guard !isOff.exchange(true, ordering: .relaxed) else { return }
        let from = state.withLock { $0.probes.returned > 0 ? $0.returnedFrom : nil }
        guard let from else { return }
        process.log.warning(
            "plugin/loop: a probe for zone \"\(zone)\" came back once, from \(from), and a second one did not: "
                + "not taken for a loop")
    }

    // MARK: Probes that come back

    @inline(never)
    private func see(_ exchange: UnsafeMutablePointer<Exchange>) -> Verdict {
        guard !isOff.load(ordering: .relaxed) else { return .next }
        // SAFETY: the name's memory holds `nameLength` bytes.
        let name = Array(
            UnsafeBufferPointer(start: exchange.pointee.name.bytes, count: exchange.pointee.request.nameLength))
        let client = exchange.pointee.client
        let (sighting, asking) = state.withLock { state -> (LoopProbes.Sighting, Asking?) in
            let sighting = state.probes.see(name)
            if sighting == .first { state.returnedFrom = client }
            return (sighting, state.asking)
        }
        switch sighting {
        case .none: return .next
        case .first:
            // Once may be anything; a second one at once says what it is.
            if let asking { asking.loop.execute { [weak self] in self?.probe(asking) } }
        case .again: break
        case .proof:
            // Only one of several queries that arrive together says it.
            if !isOff.exchange(true, ordering: .relaxed) { fail(exchange, asking?.server ?? "") }
        }
        // It goes round no further: `forward` would wait for its own answer.
        exchange.pointee.fail(.serverFailure)
        return .answered
    }

    /// Says what was found and what to do, and ends the process.
    private func fail(_ exchange: UnsafeMutablePointer<Exchange>, _ server: String) {
        let log = process.log
        log.fatal(
            "plugin/loop: Loop (\(exchange.pointee.client) -> \(server)) detected for zone \"\(zone)\", see "
                + "https://coredns.io/plugins/loop#troubleshooting. Query: \"HINFO \(exchange.pointee.questionName)\"")
        log.fatal(
            "plugin/loop: two different questions that 'forward' sent came back to this server: one of its upstreams is "
                + "this server, or asks it in turn")
        log.fatal(
            "plugin/loop: where 'forward' reads /etc/resolv.conf, that file must not name a local address such as "
                + "127.0.0.53: let kubelet's resolvConf be the file with the real ones, such as "
                + "/run/systemd/resolve/resolv.conf")
        log.fatal(
            "plugin/loop: or write the addresses of the upstreams into the Corefile, as in 'forward . 192.0.2.53', and "
                + "see that these do not forward to this server")
        process.end(1)
    }
}
