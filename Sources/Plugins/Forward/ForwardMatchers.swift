import DNSWire
import PluginKit

/// The names that the directives of a block take, in memory that chains look at without counting references.
///
/// `@unchecked Sendable`: written by `init` only.
final class ForwardMatchers: @unchecked Sendable {
    private let matchers: [(from: ZoneMatcher, except: ZoneMatcher)]
    private let stages: UnsafeMutablePointer<ForwardStage>

    init(_ options: [ForwardOptions]) {
        matchers = options.map { (ZoneMatcher([$0.from]), ZoneMatcher($0.except)) }
        // SAFETY: one element for each directive, all initialised here and freed in `deinit`.
        stages = .allocate(capacity: options.count)
        for (place, matcher) in matchers.enumerated() {
            (stages + place).initialize(
                to: ForwardStage(
                    from: matcher.from.view, except: matcher.except.view, fromLength: options[place].from.count))
        }
    }

    deinit {
        stages.deinitialize(count: matchers.count)
        stages.deallocate()
    }

    /// What chains look names up in: valid for as long as this is kept.
    var view: ForwardStages { ForwardStages(stages: stages, count: matchers.count) }
}

/// The names that one directive takes.
struct ForwardStage {
    let from: ZoneMatcherView
    let except: ZoneMatcherView
    /// Bytes of FROM.
    let fromLength: Int
}

/// The stages of a block, as chains see them.
struct ForwardStages {
    let stages: UnsafeMutablePointer<ForwardStage>
    let count: Int

    /// The first stage from `start` on that takes the exchange's name; -1 where none does.
    @inline(__always)
    func first(from start: Int, _ exchange: UnsafeMutablePointer<Exchange>) -> Int {
        let name = exchange.pointee.name
        let length = exchange.pointee.request.nameLength
        let labels = exchange.pointee.request.labelCount
        var place = start
        while place < count {
            // SAFETY: there are `count` stages.
            let stage = stages + place
            if stage.pointee.from.longestMatch(name, length: length, labelCount: labels).index >= 0,
                // CoreDNS: FROM itself is never an exception.
                length == stage.pointee.fromLength
                    || stage.pointee.except.longestMatch(name, length: length, labelCount: labels).index < 0
            {
                return place
            }
            place &+= 1
        }
        return -1
    }
}
