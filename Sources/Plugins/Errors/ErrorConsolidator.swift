import PluginKit

/// Counts errors that are alike, and says once per period how many there were. It has no clock and no thread: it is told the
/// time and says when it wants to be asked next.
struct ErrorConsolidator {
    /// The level of the lines about a pattern.
    enum Level: String, CaseIterable {
        case warning
        case error
        case info
        case debug
    }

    /// One `consolidate` of the Corefile.
    struct Pattern {
        /// Nanoseconds from the first error to the line about all of them.
        let period: UInt64
        let expression: RegularExpression
        let level: Level
        /// Whether the first error is logged when it comes.
        let showsFirst: Bool
    }

    /// What is to be done with an error.
    enum Decision: Equatable {
        /// Counted only.
        case counted
        /// To be logged at this level.
        case logged(Level)
    }

    /// A line about the errors of a period.
    struct Summary: Equatable {
        let level: Level
        let text: String
    }

    private struct Count {
        var errors: UInt64 = 0
        /// When the period ends; nil while there is none.
        var deadline: UInt64?
    }

    let patterns: [Pattern]
    private var counts: [Count]
    private var isStopped = false

    init(_ patterns: [Pattern]) {
        self.patterns = patterns
        counts = patterns.map { _ in Count() }
    }

    /// Takes an error that comes at `now` (nanoseconds).
    mutating func take(_ message: String, now: UInt64) -> Decision {
        guard let place = patterns.firstIndex(where: { $0.expression.matches(message) }) else { return .logged(.error) }
        let pattern = patterns[place]
        // CoreDNS: once the server stops, what comes is logged at once, at the pattern's level.
        if isStopped { return .logged(pattern.level) }
        counts[place].errors += 1
        guard counts[place].errors == 1 else { return .counted }
        counts[place].deadline = now &+ pattern.period
        return pattern.showsFirst ? .logged(pattern.level) : .counted
    }

    /// The lines about the periods that have ended by `now`.
    mutating func summaries(now: UInt64) -> [Summary] {
        end { $0 <= now }
    }

    /// The lines about all periods; from now on nothing is consolidated.
    mutating func stop() -> [Summary] {
        isStopped = true
        return end { _ in true }
    }

    /// When the next period ends; nil where none has begun.
    var nextDeadline: UInt64? { counts.compactMap(\.deadline).min() }

    private mutating func end(_ isOver: (UInt64) -> Bool) -> [Summary] {
        var lines: [Summary] = []
        for (place, pattern) in patterns.enumerated() {
            guard let deadline = counts[place].deadline, isOver(deadline) else { continue }
            let errors = counts[place].errors
            counts[place] = Count()
            // A single error that was shown when it came needs no second line.
            if pattern.showsFirst, errors == 1 { continue }
            let period = describeDuration(Int64(clamping: pattern.period))
            lines.append(
                Summary(
                    level: pattern.level,
                    text: "\(errors) errors like '\(pattern.expression.pattern)' occurred in last \(period)"))
        }
        return lines
    }
}
