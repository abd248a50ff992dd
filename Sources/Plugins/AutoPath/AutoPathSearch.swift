import DNSWire
import PluginKit

/// One search that goes on, on the event loop.
///
/// `@unchecked Sendable`: used on the loop's thread only.
final class AutoPathSearch: @unchecked Sendable {
    private let chain: AutoPathChain
    private let ask: @Sendable (OwnQuery) -> Void
    private let exchange: UnsafeMutablePointer<Exchange>
    let response: HeldResponse
    private var candidates: ArraySlice<DomainName>
    private let deadline: UInt64

    init(
        _ chain: AutoPathChain, _ ask: @escaping @Sendable (OwnQuery) -> Void, _ waiting: WaitingExchange,
        candidates: [DomainName], deadline: UInt64
    ) {
        self.chain = chain
        self.ask = ask
        exchange = waiting.exchange
        response = HeldResponse(waiting)
        self.candidates = candidates[...]
        self.deadline = deadline
    }

    /// Asks for the next name; after the last the first response goes on as it is.
    func askNext() {
        guard let name = candidates.popFirst(), chain.now() < min(deadline, exchange.pointee.deadline) else {
            return response.end()
        }
        let answer = OwnAnswer()
        ask(
            OwnQuery(
                request: OwnQuery.request(name, exchange.pointee.request.type, like: exchange), asker: chain.number,
                client: exchange.pointee.client, local: exchange.pointee.local,
                transport: exchange.pointee.clientTransport, subject: answer
            ) { self.take(answer) })
    }

    private func take(_ answer: OwnAnswer) {
        // CoreDNS's README: on any failure the client gets the first response.
        guard let found = answer.message, !answer.hasFailed else { return response.end() }
        if found.code == .nameError { return askNext() }
        response.end { _ in finish(found) }
    }

    /// Makes what was found the client's: with an alias that leads there from the name that it asks for.
    private func finish(_ found: ResponseMessage) {
        guard let name = exchange.pointee.clientName, var response = ResponseMessage(exchange) else { return }
        response.answer = found.answer
        if let record = found.answer.first(where: { !$0.owner.equalsIgnoringCase(name) }) {
            response.answer.insert(
                ResourceRecord(
                    owner: name, recordClass: record.recordClass, ttl: record.ttl, data: .cname(record.owner)),
                at: 0)
        }
        response.authority = found.authority
        response.additional = found.additional
        response.code = found.code
        response.flags = found.flags
        response.isTruncated = found.isTruncated
        exchange.pointee.replaceResponse(with: response)
        chain.counters.view.count(0)
    }
}
