/// Numbers that were measured, of which the median and others are shown.
struct Samples {
    private var values: [Double] = []

    var count: Int { values.count }

    mutating func add(_ value: Double) { values.append(value) }

    /// The value that half of all are below; 0 without any.
    var median: Double { percentile(50) }

    /// The value that so many percent are not above (nearest rank); 0 without any.
    func percentile(_ percent: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }
}
