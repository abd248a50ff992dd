import ClusterZone
import DNSWire
import LinuxIO
import PluginKit
import RecordIndex

/// `autopath`'s part in one chain of one worker, where a name has to be looked for.
///
/// `@unchecked Sendable`: used by the chain's worker, and on the event loop where that is its thread.
final class AutoPathChain: @unchecked Sendable {
    /// How long is looked for, in nanoseconds: a resolver waits for 5 seconds by default (resolv.conf(5)).
    private static let patience = 5 * Clock.second

    private let plugin: AutoPathPlugin
    private let ask: (@Sendable (OwnQuery) -> Void)?
    let counters: WorkerCounters
    let number = PluginTable.number(of: AutoPathPlugin.directive) ?? Exchange.nobody
    /// Keeps the memory behind the worker's matchers.
    let first: ZoneMatcher
    let kubernetes: KubernetesPlugin?

    init(plugin: AutoPathPlugin, ask: (@Sendable (OwnQuery) -> Void)?, counters: WorkerCounters) {
        self.plugin = plugin
        self.ask = ask
        self.counters = counters
        switch plugin.source {
        case .domains(let domains):
            first = ZoneMatcher(domains.prefix(1).map(\.wire))
            kubernetes = nil
        case .kubernetes:
            first = ZoneMatcher([])
            let found = plugin.neighbours.first(KubernetesPlugin.self)
            kubernetes = found?.options.answers.podMode == .verified ? found : nil
        }
    }

    /// The worker's part.
    var worker: AutoPathWorker {
        AutoPathWorker(
            chain: .passUnretained(self), zones: plugin.zones.matcher.view, first: first.view,
            cluster: kubernetes.map { kubernetes in
                let version = kubernetes.index.version
                let snapshot = kubernetes.index.snapshot
                return AutoPathWorker.Cluster(
                    index: kubernetes.index, zones: kubernetes.zones.view, snapshot: snapshot, version: version,
                    view: snapshot.view)
            }, counters: counters.view)
    }

    /// A finished response on its way up.
    @inline(__always)
    static func look(_ worker: UnsafeMutablePointer<AutoPathWorker>, _ exchange: UnsafeMutablePointer<Exchange>) {
        // What others ask (`dns64` for A records, `cache` for a fresh answer) is completed as a client's query is.
        if exchange.pointee.ownQuery != nil {
            let number = worker.pointee.chain._withUnsafeGuaranteedRef { $0.number }
            if OwnAnswer.take(exchange, asker: number) { return }
        }
        let base = AutoPathWorker.baseLabels(worker, exchange)
        guard base > 0, exchange.pointee.failure == nil else { return }
        let code = Header.field(exchange.pointee.writer.base, Header.flagsOffset) & Header.responseCodeMask
        guard code == ResponseCode.nameError.rawValue else {
            // CoreDNS counts what is there in the first domain too.
            let number = worker.pointee.chain._withUnsafeGuaranteedRef { $0.number }
            if !exchange.pointee.isCounted(by: number) { worker.pointee.counters.count(0) }
            return
        }
        worker.pointee.chain._withUnsafeGuaranteedRef { $0.search(exchange, base: base) }
    }

    /// The name is not there in the first domain: looks for it in the others, and holds the response meanwhile.
    @inline(never)
    private func search(_ exchange: UnsafeMutablePointer<Exchange>, base: Int) {
        guard let ask else { return }
        guard let waiting = WaitingExchange(exchange) else {
            // Not on a worker's thread.
            exchange.pointee.holdsResponse = true
            return
        }
        guard let name = exchange.pointee.clientName else { return }
        exchange.pointee.holdsResponse = true
        let search = AutoPathSearch(
            self, ask, waiting, candidates: candidates(name, base: base),
            deadline: exchange.pointee.startedAt &+ Self.patience)
        search.askNext()
        search.response.settle()
    }

    /// The names to look for, in order: what stands before the first search domain, before each of the others, and alone.
    private func candidates(_ name: DomainName, base: Int) -> [DomainName] {
        let labels = name.labels
        guard labels.count > base else { return [] }
        var domains: [DomainName] = []
        switch plugin.source {
        case .domains(let all): domains = Array(all.dropFirst())
        case .kubernetes(let after):
            // Behind the namespace: svc.ZONE, then ZONE.
            for place in [base + 1, base + 2] where place <= labels.count {
                if let domain = Self.name(labels[place...], .root) { domains.append(domain) }
            }
            domains += after
        }
        return (domains + [.root]).compactMap { Self.name(labels[..<base], $0) }
    }

    private static func name(_ labels: ArraySlice<ArraySlice<UInt8>>, _ domain: DomainName) -> DomainName? {
        var name = domain
        for label in labels.reversed() {
            guard let longer = try? name.prepending(label: label) else { return nil }
            name = longer
        }
        return name
    }

    /// Monotonic nanoseconds.
    func now() -> UInt64 { plugin.clock.monotonic() }
}
