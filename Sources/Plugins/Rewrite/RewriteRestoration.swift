import DNSWire
import PluginKit

/// A response on its way up that rules are carried out on, one after the other: what a new alias leads to may have to be waited for.
final class RewriteRestoration {
    /// In the order in which they are carried out.
    private let rules: [ResponseRule]
    /// The type that new aliases are looked up with.
    private let type: RecordType
    private let exchange: UnsafeMutablePointer<Exchange>
    private var response: ResponseMessage
    private let saved: ReplacedRequest
    /// Nil on a worker's thread.
    private let held: HeldResponse?
    private var place = 0

    init(
        _ memo: RewriteMemo, _ exchange: UnsafeMutablePointer<Exchange>, _ response: ResponseMessage,
        _ saved: ReplacedRequest
    ) {
        rules = memo.rules.reversed()
        type = memo.type
        self.exchange = exchange
        self.response = response
        self.saved = saved
        held = WaitingExchange(exchange).map { HeldResponse($0) }
    }

    /// Carries out the rules, and writes the response. Holds that where there is something to wait for.
    func run() {
        exchange.pointee.holdsResponse = !goOn()
        held?.settle()
    }

    /// Carries out the rules that are left. False where there is something to wait for, after which it goes on by itself.
    @discardableResult
    private func goOn() -> Bool {
        while place < rules.count {
            let rule = rules[place]
            place += 1
            if case .alias(let names, let target) = rule {
                guard follow(names, target) else { return false }
            } else {
                RewriteMemo.apply(rule, &response)
            }
        }
        response.write(exchange, request: saved.message)
        held?.end()
        return true
    }

    /// Gives the first alias whose target matches a new one, and puts what the server says of that behind it. False where that has
    /// to be waited for.
    private func follow(_ names: NameMatch, _ replacement: String) -> Bool {
        var aliases: [ResourceRecord] = []
        var target: DomainName?
        for record in response.answer {
            guard case .cname(let name) = record.data else { continue }
            var record = record
            if let text = names.replacing("\(name)", with: replacement), let new = try? DomainName(parsing: text) {
                target = new
                record.data = .cname(new)
            }
            aliases.append(record)
            if target != nil { break }
        }
        guard target != nil else { return true }
        response.answer = aliases
        // The look-up reads the alias from the message and writes what it finds behind it.
        ResponseMessage.copyQuestion(of: saved.message, exchange)
        var records = RecordWriter(exchange)
        for record in aliases {
            guard records.write(record, exchange) else { return true }
            exchange.pointee.writer.answerCount &+= 1
        }
        let start = exchange.pointee.writer.position
        let count = exchange.pointee.writer.answerCount
        let questionType = exchange.pointee.request.type
        exchange.pointee.aliasTarget = records.dataStart
        exchange.pointee.request.type = type
        let isOver = Exchange.lookUpAlias(exchange) { [self] in
            takeFound(from: start, count, questionType)
            goOn()
        }
        if isOver { takeFound(from: start, count, questionType) }
        return isOver
    }

    /// Takes over what the look-up has written behind the alias.
    private func takeFound(from start: Int, _ count: UInt16, _ questionType: RecordType) {
        exchange.pointee.request.type = questionType
        exchange.pointee.aliasTarget = 0
        let writer = exchange.pointee.writer
        let message = UnsafeRawBufferPointer(start: writer.base, count: writer.position)
        var offset = start
        for _ in count..<max(count, writer.answerCount) {
            guard let record = try? ResourceRecord.read(from: message, at: &offset) else { break }
            response.answer.append(record)
        }
        response.isTruncated = writer.isTruncated
    }
}
