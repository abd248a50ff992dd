import DNSWire
import PluginKit
import Plugins

/// What the steps of chains do with a question: each is asked through one that writes down what it said. For explaining only: it
/// allocates.
///
/// One thread uses it.
final class QuestionTrace {
    private(set) var passings: [Passing] = []

    func clear() { passings = [] }

    /// A step that does what `step` does.
    func step(_ step: Step, of placed: ConfiguredBlock.Placed) -> Step {
        let traced = Unmanaged.passRetained(Traced(step, placed, self))
        return Step(
            context: traced.toOpaque(),
            down: { context, exchange in
                // SAFETY: the context is the reference taken above, which `release` gives back.
                Unmanaged<Traced>.fromOpaque(context).takeUnretainedValue().goDown(exchange)
            },
            up: step.up == nil
                ? nil
                : { context, exchange in
                    // SAFETY: as above.
                    let step = Unmanaged<Traced>.fromOpaque(context).takeUnretainedValue().step
                    step.up?(step.context, exchange)
                },
            beginBatch: { context, now in
                // SAFETY: as above.
                let step = Unmanaged<Traced>.fromOpaque(context).takeUnretainedValue().step
                step.beginBatch?(step.context, now)
            },
            endBatch: { context, now in
                // SAFETY: as above.
                let step = Unmanaged<Traced>.fromOpaque(context).takeUnretainedValue().step
                step.endBatch?(step.context, now)
            },
            mayWait: step.mayWait,
            release: { context in
                // SAFETY: as above; this is the context's last use.
                let traced = Unmanaged<Traced>.fromOpaque(context).takeRetainedValue()
                traced.step.release(traced.step.context)
            })
    }

    private final class Traced {
        let step: Step
        let placed: ConfiguredBlock.Placed
        let trace: QuestionTrace

        init(_ step: Step, _ placed: ConfiguredBlock.Placed, _ trace: QuestionTrace) {
            self.step = step
            self.placed = placed
            self.trace = trace
        }

        func goDown(_ pointer: UnsafeMutableRawPointer) -> UInt8 {
            let exchange = Step.exchange(pointer)
            let (name, type) = (exchange.pointee.questionName, exchange.pointee.request.type)
            let verdict = step.down.map { Verdict(rawValue: $0(step.context, pointer)) ?? .drop } ?? .next
            let isAnswered = verdict == .answered
            trace.passings.append(
                Passing(
                    plugin: placed.name, location: placed.location, instance: placed.plugin, name: name, type: type,
                    nameBehind: isAnswered ? name : exchange.pointee.questionName,
                    typeBehind: isAnswered ? type : exchange.pointee.request.type, verdict: verdict,
                    upstreams: (placed.plugin as? ForwardPlugin)?.upstreamNames(for: exchange) ?? [],
                    answer: isAnswered ? Self.records(exchange) : [], code: exchange.pointee.code))
            return verdict.rawValue
        }

        /// The answer section as it stands.
        private static func records(_ exchange: UnsafeMutablePointer<Exchange>) -> [ResourceRecord] {
            let writer = exchange.pointee.writer
            let message = UnsafeRawBufferPointer(start: writer.base, count: writer.position)
            var offset = exchange.pointee.request.questionEnd
            var records: [ResourceRecord] = []
            for _ in 0..<writer.answerCount {
                guard let record = try? ResourceRecord.read(from: message, at: &offset) else { break }
                records.append(record)
            }
            return records
        }
    }
}
