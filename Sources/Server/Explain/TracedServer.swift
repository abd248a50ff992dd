import DNSWire
import LinuxIO
import PluginKit

/// What came of a question: through which block and plugins it went, and the response, if it is theirs to give.
package struct TracedAnswer {
    /// The block that takes the question; nil where none does, which is REFUSED.
    package let block: ConfiguredBlock?
    /// The zone by which it does.
    package let zone: String
    /// What each plugin did, in order; behind those of the question itself, those of aliases that were looked up.
    package let passings: [Passing]
    /// The response; nil where another server would have to be asked, or none is sent.
    package let response: ResponseMessage?
}

/// The blocks of one address, asked by the one who explains: by the same zones, views, chains and steps as a server's, without a
/// socket, an event loop or anything that waits.
package final class TracedServer {
    /// The plugins that are left out: what they do depends on what was asked before or on who asks, or shows in no answer. The
    /// first three may change answers all the same.
    private static let leftOut: Set<String> = [
        "cache", "autopath", "dns64", "loop", "log", "errors", "prometheus", "loadbalance", "cancel",
    ]
    /// Those of them that a person may want to hear of.
    package static let mayChangeAnswers: Set<String> = ["cache", "autopath", "dns64"]
    /// Room for any message (RFC 1035, section 4.2.2), so that nothing is left out of an answer.
    private static let capacity = 65_535

    package let plan: ListenerPlan
    private let trace = QuestionTrace()
    private let chains: [Chain]
    private let views: UnsafeMutablePointer<ChainView>
    private let routes: BlockRoutes
    private let aliases: UnsafeMutablePointer<AliasResolver>
    private let buffer: UnsafeMutableRawPointer
    private let exchange: UnsafeMutablePointer<Exchange>

    /// - Parameter plan: of a configuration whose clusters have been started.
    package init(_ plan: ListenerPlan) {
        self.plan = plan
        let trace = trace
        chains = plan.zones.map { zone in
            let worker = WorkerContext(
                server: plan.server, zone: zone.name, transport: .tcp, view: zone.block.view?.name ?? "")
            let steps: [(UInt8, Step)] = zone.block.plugins.compactMap { placed in
                guard !Self.leftOut.contains(placed.name) else { return nil }
                return placed.plugin.makeStep(worker).map { (placed.place, trace.step($0, of: placed)) }
            }
            return Chain(steps, udpSize: zone.block.udpSize)
        }
        routes = BlockRoutes(plan.zones)
        // SAFETY: the four allocations belong to this server alone, which frees them in `deinit`; `views` has an element for each
        // chain, and the chains behind them are kept in `chains`.
        views = .allocate(capacity: max(1, chains.count))
        for (place, chain) in chains.enumerated() { (views + place).initialize(to: chain.view) }
        aliases = .allocate(capacity: 1)
        aliases.initialize(to: AliasResolver(routes: routes.view, chains: views, depth: 0))
        buffer = .allocate(byteCount: Self.capacity, alignment: 8)
        exchange = .allocate(capacity: 1)
        exchange.initialize(to: Exchange(random: FastRandom(seed: 1)))
        exchange.pointee.aliasContext = UnsafeMutableRawPointer(aliases)
        exchange.pointee.aliasLookup = { context, exchange in
            // An alias whose target only another server knows stays alone.
            _ = AliasResolver.lookup(context, exchange)
            return true
        }
    }

    deinit {
        exchange.pointee.deallocate()
        exchange.deinitialize(count: 1)
        exchange.deallocate()
        buffer.deallocate()
        aliases.deinitialize(count: 1)
        aliases.deallocate()
        views.deinitialize(count: chains.count)
        views.deallocate()
    }

    /// Leads a question of class IN through the block that takes it, as a client on this machine would ask it over TCP.
    package func ask(_ name: DomainName, _ type: RecordType) -> TracedAnswer {
        trace.clear()
        let request = Self.request(name, type)
        request.withUnsafeBytes { bytes in
            // SAFETY: a header and a question are shorter than any message.
            if let start = bytes.baseAddress { buffer.copyMemory(from: start, byteCount: bytes.count) }
        }
        let verdict = exchange.pointee.take(
            buffer, length: request.count, capacity: Self.capacity, transport: .tcp)
        exchange.pointee.client = .loopback(port: 0)
        exchange.pointee.local = plan.address.isWildcard ? .loopback(port: plan.address.port) : plan.address
        let place = verdict == .answer ? routes.view.route(exchange) : -1
        guard place >= 0 else {
            return TracedAnswer(block: nil, zone: "", passings: [], response: nil)
        }
        let zone = plan.zones[place]
        // CoreDNS: a zone without plugins that see queries is served by nobody.
        guard !zone.block.chainedPlugins.isEmpty else {
            return TracedAnswer(block: zone.block, zone: zone.name, passings: [], response: nil)
        }
        let now: UInt64 = 0
        for chain in chains { chain.view.beginBatch(now) }
        let length = views[place].answer(exchange)
        for chain in chains { chain.view.endBatch(now) }
        let response = length > 0 ? ResponseMessage(exchange) : nil
        return TracedAnswer(block: zone.block, zone: zone.name, passings: trace.passings, response: response)
    }

    private static func request(_ name: DomainName, _ type: RecordType) -> [UInt8] {
        func octets(_ words: [UInt16]) -> [UInt8] { words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } }
        return octets([0, Header.recursionDesired, 1, 0, 0, 0]) + name.wire
            + octets([type.rawValue, RecordClass.internet.rawValue])
    }
}
