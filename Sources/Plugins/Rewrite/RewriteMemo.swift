import DNSWire
import PluginKit

/// What the way up has to know of a query that rules were carried out for.
final class RewriteMemo {
    /// In the order in which the rules were carried out; the response is changed in the reverse order.
    let rules: [ResponseRule]
    /// The rewritten question's type: what a new alias is looked up with.
    let type: RecordType
    /// Options of the request that the response is to carry.
    let options: [RecordData.Option]

    init(_ work: RewriteWork) {
        rules = work.responseRules
        type = work.question.type
        options = (work.options ?? []).filter { work.echoed.contains($0.code) }
    }

    /// Makes the response that stands in the exchange one to the client's own question. Holds it where that takes waiting.
    func restore(_ exchange: UnsafeMutablePointer<Exchange>) {
        var response = ResponseMessage(exchange)
        guard let saved = exchange.pointee.restoreRequest() else { return }
        guard response != nil else {
            // A response that cannot be read cannot be made one to the client's question.
            exchange.pointee.fail(.serverFailure)
            ResponseMessage.copyQuestion(of: saved.message, exchange)
            _ = exchange.pointee.finish()
            return
        }
        addOptions(&response)
        guard let response else { return }
        RewriteRestoration(self, exchange, response, saved).run()
    }

    /// CoreDNS: an OPT record without options of its own is the request's.
    private func addOptions(_ response: inout ResponseMessage?) {
        guard !options.isEmpty, let opt = response?.opt, case .opt(let own) = opt.data else { return }
        if own.isEmpty { response?.opt?.data = .opt(options) }
    }

    /// Carries out a rule other than one for aliases.
    static func apply(_ rule: ResponseRule, _ response: inout ResponseMessage) {
        switch rule {
        case .names(let rewrite): response.changeRecords { $0.owner = Self.rewritten($0.owner, rewrite) }
        case .values(let rewrite): response.changeRecords { Self.rewriteValue(&$0, rewrite) }
        case .ttl(let least, let most):
            response.changeRecords { $0.ttl = min(max($0.ttl, least), most) }
        case .code(let from, let to): if response.code == from { response.code = to }
        case .alias: break
        case .removeOption(let code):
            response.changeOptions { $0.removeAll { $0.code == code } }
        case .replaceOption(let code, let octets):
            response.changeOptions { options in
                if let place = options.firstIndex(where: { $0.code == code }) { options[place].octets = octets }
            }
        }
    }

    /// The name as a rule makes it; as it is where that would be none.
    private static func rewritten(_ name: DomainName, _ rewrite: TextRewrite) -> DomainName {
        let text = "\(name)"
        let changed = rewrite.rewrite(text)
        return changed == text ? name : (try? DomainName(parsing: changed)) ?? name
    }

    /// CoreDNS: of SOA it is the primary, of the other types the only name.
    private static func rewriteValue(_ record: inout ResourceRecord, _ rewrite: TextRewrite) {
        switch record.data {
        case .cname(let name): record.data = .cname(rewritten(name, rewrite))
        case .dname(let name): record.data = .dname(rewritten(name, rewrite))
        case .ns(let name): record.data = .ns(rewritten(name, rewrite))
        case .ptr(let name): record.data = .ptr(rewritten(name, rewrite))
        case .mx(let preference, let exchange):
            record.data = .mx(preference: preference, exchange: rewritten(exchange, rewrite))
        case .srv(let priority, let weight, let port, let target):
            record.data = .srv(priority: priority, weight: weight, port: port, target: rewritten(target, rewrite))
        case .soa(var authority):
            authority.primary = rewritten(authority.primary, rewrite)
            record.data = .soa(authority)
        case .naptr(var pointer):
            pointer.replacement = rewritten(pointer.replacement, rewrite)
            record.data = .naptr(pointer)
        default: break
        }
    }
}
