import DNSWire
import LinuxIO
import PluginKit
import Plugins

/// Looks up what an alias points at in the server's own blocks, as if the client had asked (CoreDNS: plugin/pkg/upstream),
/// and puts the answer behind the alias. Aliases that leave the cluster are rare, so this may allocate.
struct AliasResolver {
    /// How deep aliases of one block may lead into others. Beyond, the alias stays as it is.
    static let deepest = 4
    /// Room for the inner response where the client asks over UDP: more than it can take.
    private static let datagramCapacity = 4096
    /// The same over TCP: the longest message (RFC 1035, section 4.2.2), as there is nowhere to ask again.
    private static let streamCapacity = 65_535

    let routes: BlockRoutesView
    let chains: UnsafeMutablePointer<ChainView>
    let depth: Int
    /// The router of the event loop's thread, where look-ups may wait; it outlives the resolver. Nil on other threads.
    var router: Unmanaged<Router>?

    init(routes: BlockRoutesView, chains: UnsafeMutablePointer<ChainView>, depth: Int) {
        self.routes = routes
        self.chains = chains
        self.depth = depth
    }

    /// What an exchange calls: the context is an `AliasResolver`.
    static let lookup: Exchange.AliasLookup = { context, exchange in
        // SAFETY: the router and `resolve` set the context to a resolver that outlives the call.
        context.assumingMemoryBound(to: AliasResolver.self).pointee.resolve(Step.exchange(exchange))
    }

    /// False where the look-up waits, or would have to.
    private func resolve(_ outer: UnsafeMutablePointer<Exchange>) -> Bool {
        guard depth < AliasResolver.deepest else { return true }
        if let router, let waiting = WaitingExchange(outer) { return resolve(outer, waiting, router) }
        let capacity =
            outer.pointee.clientTransport == .udp ? AliasResolver.datagramCapacity : AliasResolver.streamCapacity
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        defer { buffer.deallocate() }
        guard let length = writeQuestion(outer, into: buffer) else { return true }
        let inner = UnsafeMutablePointer<Exchange>.allocate(capacity: 1)
        inner.initialize(to: Exchange(random: outer.pointee.random))
        var deeper = AliasResolver(routes: routes, chains: chains, depth: depth + 1)
        defer {
            inner.pointee.deallocate()
            inner.deinitialize(count: 1)
            inner.deallocate()
        }
        return withUnsafeMutablePointer(to: &deeper) { deeper -> Bool in
            guard
                inner.pointee.take(buffer, length: length, capacity: capacity, transport: .tcp) == .answer
            else { return true }
            inner.pointee.prefersUDP = outer.pointee.clientTransport == .udp
            inner.pointee.client = outer.pointee.client
            inner.pointee.local = outer.pointee.local
            inner.pointee.rotation = outer.pointee.rotation
            inner.pointee.startedAt = outer.pointee.startedAt
            inner.pointee.aliasLookup = AliasResolver.lookup
            inner.pointee.aliasContext = UnsafeMutableRawPointer(deeper)
            let place = routes.route(inner)
            guard place >= 0 else {
                takeOver(UnsafeRawBufferPointer(start: nil, count: 0), nil, into: outer)
                return true
            }
            let answered = chains[place].answer(inner)
            // The whole query moves to the event loop, where this can wait.
            if inner.pointee.isWaiting { return false }
            takeOver(UnsafeRawBufferPointer(start: buffer, count: answered), inner, into: outer)
            return true
        }
    }

    /// Looks up on the event loop's thread, where the answer may be long in coming.
    private func resolve(
        _ outer: UnsafeMutablePointer<Exchange>, _ waiting: WaitingExchange, _ router: Unmanaged<Router>
    ) -> Bool {
        let question = withUnsafeTemporaryAllocation(byteCount: Self.longestQuestion, alignment: 8) {
            buffer -> [UInt8]? in
            guard let start = buffer.baseAddress, let length = writeQuestion(outer, into: start) else { return nil }
            return Array(buffer[..<length])
        }
        guard let question else { return true }
        let progress = Progress()
        let resolver = self
        question.withUnsafeBytes { request in
            router._withUnsafeGuaranteedRef {
                $0.lookUp(request, as: outer, depth: depth + 1) { response, inner in
                    resolver.takeOver(response, inner, into: outer)
                    progress.isDone = true
                    if progress.isAwaited { waiting.resume(.answered) }
                }
            }
        }
        progress.isAwaited = !progress.isDone
        return progress.isDone
    }

    /// Whether a look-up has come to its end, and whether anybody waits for that.
    private final class Progress {
        var isDone = false
        var isAwaited = false
    }

    /// A header, the longest name, type and class, and an OPT record.
    private static let longestQuestion = Header.length + QuestionName.longest + 4 + ResponseWriter.optLength

    /// A query for the alias's target, with the client's type, flags and EDNS: so that what is asked upstream over UDP has room,
    /// and signatures come for who wants them.
    private func writeQuestion(
        _ outer: UnsafeMutablePointer<Exchange>, into buffer: UnsafeMutableRawPointer
    ) -> Int? {
        let writer = outer.pointee.writer
        let message = UnsafeRawBufferPointer(start: writer.base, count: writer.position)
        var offset = outer.pointee.aliasTarget
        guard let target = try? DomainName.read(from: message, at: &offset) else { return nil }
        let bytes = OwnQuery.request(target, outer.pointee.request.type, like: outer)
        // SAFETY: a header, a name of at most 255 bytes, four more and an OPT record fit into the buffer.
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(buffer), byteCount: $0.count)
        }
        return bytes.count
    }

    /// Takes over what the look-up has come to: `response` of the exchange `inner`, which is nil where no block has taken the
    /// question. No bytes: there is no response.
    private func takeOver(
        _ response: UnsafeRawBufferPointer, _ inner: UnsafeMutablePointer<Exchange>?,
        into outer: UnsafeMutablePointer<Exchange>
    ) {
        guard let inner else { return outer.pointee.aliasCode = .refused }
        if inner.pointee.answeredBy == Self.kubernetes || inner.pointee.aliasLedToCluster {
            outer.pointee.aliasLedToCluster = true
        }
        guard !response.isEmpty else { return }
        outer.pointee.aliasCode = inner.pointee.code
        copyAnswers(response, into: outer)
    }

    /// The number of the plugin whose answers are always fresh.
    private static let kubernetes = PluginTable.number(of: KubernetesPlugin.directive) ?? Exchange.nobody

    /// Writes the answer section of `response` behind what `outer` has; what does not fit sets TC.
    private func copyAnswers(_ response: UnsafeRawBufferPointer, into outer: UnsafeMutablePointer<Exchange>) {
        guard let base = response.baseAddress, response.count >= Header.length else { return }
        let count = Int(Header.field(base, Header.answerCountOffset))
        if Header.field(base, Header.flagsOffset) & Header.truncated != 0 { outer.pointee.writer.isTruncated = true }
        var offset = Header.length
        guard (try? DomainName.read(from: response, at: &offset)) != nil else { return }
        offset += 4
        let writer = outer.pointee.writer
        var message = MessageBuffer(
            UnsafeMutableRawBufferPointer(start: writer.base, count: writer.limit), position: writer.position)
        var compressor = NameCompressor()
        compressor.register(nameAt: outer.pointee.aliasTarget, in: message)
        for _ in 0..<count {
            guard let record = try? ResourceRecord.read(from: response, at: &offset) else { return }
            // Aliases that lead back to where they came from end there: no record stands in an answer twice.
            if record.type == .cname, has(record, outer) { return }
            do throws(WireError) {
                try RecordEncoder.encode(record, into: &message, compressor: &compressor)
            } catch {
                outer.pointee.writer.isTruncated = true
                return
            }
            outer.pointee.writer.position = message.position
            outer.pointee.writer.answerCount &+= 1
            outer.pointee.aliasAnswerCount &+= 1
        }
    }

    /// Whether the alias is among the answers already.
    private func has(_ alias: ResourceRecord, _ outer: UnsafeMutablePointer<Exchange>) -> Bool {
        let writer = outer.pointee.writer
        let message = UnsafeRawBufferPointer(start: writer.base, count: writer.position)
        var offset = outer.pointee.request.questionEnd
        for _ in 0..<writer.answerCount {
            guard let record = try? ResourceRecord.read(from: message, at: &offset) else { return false }
            // RFC 4343: the case of a name says nothing.
            if record.type == .cname, record.data == alias.data, record.owner.lowercased() == alias.owner.lowercased() {
                return true
            }
        }
        return false
    }
}
