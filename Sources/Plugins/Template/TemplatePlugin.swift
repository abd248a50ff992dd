import Corefile
import DNSWire
import PluginKit

/// `template CLASS TYPE [ZONE...] { ... }`: answers with records that Go templates make of the question.
package final class TemplatePlugin: Plugin {
    package static let directive = "template"

    let rules: [TemplateRule]
    private let metrics: TemplateMetrics
    let metadata: BlockMetadata

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        var rules: [TemplateRule] = []
        for directive in directives { rules.append(try TemplateRule(directive, setup)) }
        self.rules = rules
        metadata = BlockMetadata(setup)
        let process = setup.process
        metrics = process.shared { TemplateMetrics(process.metrics) }
    }

    /// What decides whether a rule is for a query: plain memory, so that a query which is for none costs little.
    struct Gate {
        let zones: ZoneMatcherView
        let recordClass: RecordClass
        let type: RecordType
        /// The rule's patterns within the worker's; none matches everything.
        let patterns: Range<Int>
        let fallthroughZones: ZoneMatcherView
    }

    /// The memory of a step.
    struct Worker {
        let plugin: Unmanaged<TemplatePlugin>
        let counters: Unmanaged<TemplateCounters>
        let gates: UnsafeMutableBufferPointer<Gate>
        let patterns: UnsafeMutableBufferPointer<RegularExpressionView>
        /// The question's name as text.
        let text: UnsafeMutablePointer<UInt8>
        let matchMemory: OpaquePointer?
    }

    /// What a worker needs of the rules; valid for as long as the plugin is kept.
    private var gates: (gates: [Gate], patterns: [RegularExpressionView]) {
        var gates: [Gate] = []
        var patterns: [RegularExpressionView] = []
        for rule in rules {
            let first = patterns.count
            patterns += rule.patterns.map(\.view)
            gates.append(
                Gate(
                    zones: rule.zoneMatcher.view, recordClass: rule.recordClass, type: rule.type,
                    patterns: first..<patterns.count,
                    fallthroughZones: rule.fallthroughZones?.view ?? Self.noZones.view))
        }
        return (gates, patterns)
    }

    private static let noZones = ZoneMatcher([])

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let (gates, views) = gates
        // SAFETY: `release` frees all of this; the views point into what the retained plugin keeps.
        let memory = Worker(
            plugin: .passRetained(self),
            counters: .passRetained(metrics.makeCounters(server: worker.server, view: worker.view)),
            gates: .allocate(capacity: gates.count), patterns: .allocate(capacity: views.count),
            text: .allocate(capacity: QuestionName.longestText), matchMemory: RegularExpressionView.makeMemory())
        _ = memory.gates.initialize(from: gates)
        _ = memory.patterns.initialize(from: views)
        memory.text.initialize(repeating: 0, count: QuestionName.longestText)
        let context = UnsafeMutablePointer<Worker>.allocate(capacity: 1)
        context.initialize(to: memory)
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the worker initialised above; the exchange is the calling worker's own.
                TemplatePlugin.answer(context.assumingMemoryBound(to: Worker.self), Step.exchange(exchange)).rawValue
            },
            release: { context in
                // SAFETY: as above; this is the context's last use.
                let worker = context.assumingMemoryBound(to: Worker.self)
                worker.pointee.gates.deallocate()
                worker.pointee.patterns.deallocate()
                worker.pointee.text.deallocate()
                RegularExpressionView.freeMemory(worker.pointee.matchMemory)
                worker.pointee.plugin.takeUnretainedValue().metrics.giveBack(
                    worker.pointee.counters.takeUnretainedValue())
                worker.pointee.counters.release()
                worker.pointee.plugin.release()
                worker.deallocate()
            })
    }

    /// Looks for the first rule that is for the query; nothing is allocated before one is found.
    private static func answer(
        _ worker: UnsafeMutablePointer<Worker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Verdict {
        let request = exchange.pointee.request
        let name = exchange.pointee.name
        var textLength = 0
        var place = 0
        while place < worker.pointee.gates.count {
            let gate = worker.pointee.gates[place]
            defer { place &+= 1 }
            // CoreDNS: ANY takes every class and type, in the rule and in the question.
            guard gate.type == .any || request.type == .any || gate.type == request.type,
                gate.recordClass == .any || request.recordClass == .any || gate.recordClass == request.recordClass
            else { continue }
            let zone = gate.zones.longestMatch(name, length: request.nameLength, labelCount: request.labelCount).index
            guard zone >= 0 else { continue }
            if textLength == 0 { textLength = name.writeText(length: request.nameLength, into: worker.pointee.text) }
            var pattern = gate.patterns.lowerBound
            while pattern < gate.patterns.upperBound,
                !worker.pointee.patterns[pattern].matches(worker.pointee.text, textLength, worker.pointee.matchMemory)
            {
                pattern &+= 1
            }
            if pattern < gate.patterns.upperBound || gate.patterns.isEmpty {
                let match = TemplateMatch(
                    rule: place, zone: zone, pattern: pattern &- gate.patterns.lowerBound, textLength: textLength)
                if let verdict = answer(match, worker, exchange) { return verdict }
            }
            let through = gate.fallthroughZones.longestMatch(
                name, length: request.nameLength, labelCount: request.labelCount)
            if through.index < 0 {
                exchange.pointee.fail(.serverFailure)
                return .answered
            }
        }
        return .next
    }
}
