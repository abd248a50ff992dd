import Synchronization

/// A histogram off the query path: a lock for each value.
package final class Histogram: Sendable {
    /// Upper bounds of the buckets, ascending.
    package let bounds: [Double]
    private let state: Mutex<State>

    private struct State {
        var buckets: [UInt64]
        var sum = 0.0
    }

    /// The bounds that Prometheus's client libraries use where nothing else is said, in seconds.
    package static let defaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// - Parameter bounds: upper bounds of the buckets, ascending; a last one for everything above is added.
    package init(bounds: [Double] = Histogram.defaultBounds) {
        self.bounds = bounds
        state = Mutex(State(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Bounds that grow by `factor`, beginning with `start`.
    package static func exponentialBounds(start: Double, factor: Double, count: Int) -> [Double] {
        var bound = start
        return (0..<max(0, count)).map { _ in
            defer { bound *= factor }
            return bound
        }
    }

    /// Counts a value.
    package func observe(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.buckets[place] &+= 1
            state.sum += value
        }
    }

    /// How many values there were.
    package var count: UInt64 { state.withLock { $0.buckets.reduce(0, &+) } }

    /// The samples of the histogram with these labels.
    package func samples(labels: [(String, String)]) -> [MetricsRegistry.Sample] {
        let (buckets, sum) = state.withLock { ($0.buckets, $0.sum) }
        return MetricsRegistry.Sample.histogram(bounds: bounds, buckets: buckets, sum: sum, labels: labels)
    }
}
