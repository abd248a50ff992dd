extension MetricsRegistry.Sample {
    /// The samples of one histogram: cumulative buckets with their bounds as the label `le`, the sum and the count.
    ///
    /// - Parameters:
    ///   - bounds: upper bounds of the buckets, ascending.
    ///   - buckets: how many values fell into each, and, last, how many were above all bounds; not cumulative.
    ///   - sum: of all values.
    ///   - labels: what the histogram is of.
    package static func histogram(
        bounds: [Double], buckets: [UInt64], sum: Double, labels: [(String, String)]
    ) -> [MetricsRegistry.Sample] {
        var samples: [MetricsRegistry.Sample] = []
        var count: UInt64 = 0
        for (place, bucket) in buckets.enumerated() {
            count &+= bucket
            let bound = place < bounds.count ? ShortestDecimal(bounds[place]).general : "+Inf"
            samples.append(.init(suffix: "_bucket", labels: labels + [("le", bound)], value: Double(count)))
        }
        samples.append(.init(suffix: "_sum", labels: labels, value: sum))
        samples.append(.init(suffix: "_count", labels: labels, value: Double(count)))
        return samples
    }
}
