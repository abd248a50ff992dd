import DNSWire
import LinuxIO
import PluginKit

/// `dns64`'s part in one chain of one worker.
///
/// `@unchecked Sendable`: used by the chain's worker, and on the event loop where that is its thread.
final class DNS64Chain: @unchecked Sendable {
    /// The longest a made address is kept where no SOA record says it (RFC 6147, section 5.1.7).
    private static let longestTTL: UInt32 = 600

    private let plugin: DNS64Plugin
    private let ask: (@Sendable (OwnQuery) -> Void)?
    let counters: WorkerCounters
    private let number = PluginTable.number(of: DNS64Plugin.directive) ?? Exchange.nobody

    init(plugin: DNS64Plugin, ask: (@Sendable (OwnQuery) -> Void)?, counters: WorkerCounters) {
        self.plugin = plugin
        self.ask = ask
        self.counters = counters
    }

    /// Looks at a finished response, and holds it while A records are asked for where it has no AAAA records.
    @inline(never)
    func look(_ exchange: UnsafeMutablePointer<Exchange>) {
        if OwnAnswer.take(exchange, asker: number) { return }
        guard exchange.pointee.ownQuery == nil, let ask, isEligible(exchange) else { return }
        guard let waiting = WaitingExchange(exchange) else {
            // Not on a worker's thread.
            exchange.pointee.holdsResponse = true
            return
        }
        guard let name = exchange.pointee.clientName else { return }
        exchange.pointee.holdsResponse = true
        let answer = OwnAnswer()
        let progress = HeldResponse(waiting)
        ask(
            OwnQuery(
                request: OwnQuery.request(name, .a, like: exchange), asker: number, client: exchange.pointee.client,
                local: exchange.pointee.local, transport: exchange.pointee.clientTransport, subject: answer
            ) { [self] in
                progress.end { translate($0, answer) }
            })
        progress.settle()
    }

    /// Whether the response is one to be translated.
    private func isEligible(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        guard plugin.allowsIPv4 || exchange.pointee.client.family == .ipv6, exchange.pointee.failure == nil
        else { return false }
        let request = exchange.pointee.request
        // RFC 6147, section 3: a client that validates for itself cannot use made records.
        if request.dnssecOK, request.flags & Header.checkingDisabled != 0 { return false }
        let message = UnsafeRawBufferPointer(
            start: exchange.pointee.writer.base, count: exchange.pointee.responseLength)
        guard let base = message.baseAddress, message.count >= request.questionEnd else { return false }
        let code = ResponseCode(rawValue: Header.field(base, Header.flagsOffset) & Header.responseCodeMask)
        // Section 5.1.2: a name that is not there has no A records either. All other codes are as an empty answer.
        if code == .nameError { return false }
        if plugin.translatesAll { return true }
        var walk = RecordWalk(
            message: message, offset: request.questionEnd,
            remaining: Int(Header.field(base, Header.answerCountOffset)))
        while let record = walk.next() {
            if record.type == .aaaa { return false }
        }
        return true
    }

    /// Puts what the A records make in the place of the response.
    private func translate(_ exchange: UnsafeMutablePointer<Exchange>, _ answer: OwnAnswer) {
        guard let source = answer.message, !answer.hasFailed, var response = ResponseMessage(exchange) else { return }
        // Section 5.1.7: no longer than the absence of AAAA records may be remembered.
        let soa = response.authority.last { $0.type == .soa }
        let longest = soa?.ttl ?? Self.longestTTL
        response.answer = source.answer.map { record in
            // Section 5.3.3: all other records are as they are.
            guard case .a(let address) = record.data else { return record }
            return ResourceRecord(
                owner: record.owner, recordClass: record.recordClass, ttl: min(record.ttl, longest),
                data: .aaaa(plugin.prefix.address(address)))
        }
        // Section 5.3.2.
        response.authority = source.authority
        response.additional = source.additional
        response.code = source.code
        response.isTruncated = source.isTruncated
        // Nobody has signed what is made here.
        response.flags = source.flags & ~Header.authenticData
        exchange.pointee.replaceResponse(with: response)
        counters.view.count(0)
    }
}
