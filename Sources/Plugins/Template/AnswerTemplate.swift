import DNSWire
import LinuxIO
import PluginKit

/// The rule that a query is for.
struct TemplateMatch {
    /// Place of the rule.
    let rule: Int
    /// Place of the zone within the rule's.
    let zone: Int
    /// Place of the pattern within the rule's.
    let pattern: Int
    /// Length of the name's text in bytes.
    let textLength: Int
}

extension TemplatePlugin {
    /// Answers a query that a rule is for; nil where one of the rule's conditions says that it is not.
    @inline(never)
    static func answer(
        _ match: TemplateMatch, _ worker: UnsafeMutablePointer<Worker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Verdict? {
        let plugin = worker.pointee.plugin.takeUnretainedValue()
        let rules = plugin.rules
        guard match.rule < rules.count else { return .next }
        let rule = rules[match.rule]
        let number = PluginTable.number(of: directive) ?? Exchange.nobody
        let counters =
            exchange.pointee.isCounted(by: number) ? nil : worker.pointee.counters.takeUnretainedValue()
        var data = data(rule, match, worker, exchange)
        if rule.hasExpressions {
            do throws(ExpressionFailure) {
                guard try workOut(rule, plugin.metadata, &data, exchange) else { return nil }
            } catch {
                // CoreDNS: what cannot be worked out is no reason to go on.
                exchange.pointee.fail(.serverFailure)
                return .answered
            }
        }
        let metadata = plugin.metadata
        data.metadata = { metadata.value($0, exchange) }
        let matches = TemplateCounters.Key(zone: data.zone, recordClass: data.recordClass, type: data.type)
        // CoreDNS: whatever else the rule has.
        guard rule.code != .serverFailure else {
            counters?.count(matches)
            exchange.pointee.fail(.serverFailure)
            return .answered
        }
        guard let answer = records(rule.answer, "answer", data, counters),
            let additional = records(rule.additional, "additional", data, counters),
            let authority = records(rule.authority, "authority", data, counters)
        else {
            counters?.count(matches)
            exchange.pointee.fail(.serverFailure)
            exchange.pointee.failure = Exchange.Failure(
                plugin: number, message: "the template gave no record: see coredns_template_*_failures_total")
            return .answered
        }
        exchange.pointee.code = rule.code
        exchange.pointee.flags = Header.authoritative
        if let options = rule.options { exchange.pointee.attach(options: options.bytes) }
        let isWritten = TemplateWriting(answer, authority: authority, additional: additional, exchange).run()
        // A query that moves to the event loop is counted there.
        if isWritten || exchange.pointee.resumption != nil { counters?.count(matches) }
        return isWritten ? .answered : .later
    }

    /// Works out the variables, and whether all conditions are true.
    private static func workOut(
        _ rule: TemplateRule, _ metadata: BlockMetadata, _ data: inout TemplateData,
        _ exchange: UnsafeMutablePointer<Exchange>
    ) throws(ExpressionFailure) -> Bool {
        var context = ExpressionContext(exchange, metadata: metadata)
        context.groups = data.groups
        for variable in rule.variables {
            context.variables[variable.name] = try variable.expression.value(context)
        }
        for condition in rule.conditions {
            guard try condition.value(context) == .boolean(true) else { return false }
        }
        data.variables = context.variables.mapValues(GoValue.init)
        return true
    }

    private static func data(
        _ rule: TemplateRule, _ match: TemplateMatch, _ worker: UnsafeMutablePointer<Worker>,
        _ exchange: UnsafeMutablePointer<Exchange>
    ) -> TemplateData {
        let request = exchange.pointee.request
        // SAFETY: the text has been written up to this length.
        let name = String(
            decoding: UnsafeBufferPointer(start: worker.pointee.text, count: match.textLength), as: UTF8.self)
        let pattern = match.pattern < rule.patterns.count ? rule.patterns[match.pattern] : nil
        // Without a pattern it is `.*`, which the name as a whole matches.
        let matches = pattern.map { $0.groups(in: name) ?? [] } ?? [name]
        var groups: [String: String] = [:]
        for (number, group) in matches.enumerated() { groups[String(number)] = group }
        for (name, number) in pattern?.groupNames ?? [] where number < matches.count { groups[name] = matches[number] }
        let base = UnsafeRawPointer(exchange.pointee.writer.base)
        var offset = Header.length
        // SAFETY: the question has been read, and nothing is written over it.
        let message = UnsafeRawBufferPointer(start: base, count: request.questionEnd)
        let written = (try? DomainName.read(from: message, at: &offset)) ?? .root
        return TemplateData(
            zone: match.zone < rule.zones.count ? rule.zones[match.zone] : "", name: name,
            recordClass: rule.className(request), type: rule.typeName(request), pattern: pattern?.pattern ?? ".*",
            matches: matches, groups: groups, remote: exchange.pointee.client.host, questionName: "\(written)",
            request: request, identifier: Header.field(base, Header.identifierOffset))
    }

    /// CoreDNS's library: what a record without a TTL has, in seconds.
    private static let defaultTTL: UInt32 = 3600

    /// The records that the templates of a section make; nil where one makes none.
    private static func records(
        _ templates: [GoTemplate], _ section: String, _ data: TemplateData, _ counters: TemplateCounters?
    ) -> [ResourceRecord]? {
        var records: [ResourceRecord] = []
        for template in templates {
            var key = TemplateCounters.Key(
                family: .templateFailures, zone: data.zone, recordClass: data.recordClass, type: data.type,
                section: section, template: template.source)
            guard let text = try? template.run(data) else {
                counters?.count(key)
                return nil
            }
            guard let record = try? ResourceRecord.parse(text, defaultTTL: defaultTTL) else {
                key.family = .recordFailures
                counters?.count(key)
                return nil
            }
            records.append(record)
        }
        return records
    }
}
