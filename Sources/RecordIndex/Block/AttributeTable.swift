/// The attributes that rows of a block share, each combination once, in the order in which rows first have them.
struct AttributeTable {
    /// Group, zone, multiplicity and flags, 16 bits each, the first lowest.
    private(set) var attributes: [UInt64] = []
    /// By number: how many of the rows that have them stand for addresses.
    private(set) var addressCounts: [UInt32] = []
    private var numbers: [UInt64: UInt32] = [:]
    private var last: (attributes: UInt64, number: UInt32)?

    /// Up to so many, looking at each is cheaper than a dictionary.
    private static let mostSearched = 12

    /// The number of a row's attributes.
    mutating func number(of row: BlockRow) -> UInt32 {
        let low = UInt64(row.group) | UInt64(row.zone) << 16
        let wanted = low | UInt64(row.multiplicity) << 32 | UInt64(row.flags) << 48
        let number = last.flatMap { $0.attributes == wanted ? $0.number : nil } ?? find(wanted) ?? add(wanted)
        last = (wanted, number)
        if !row.isName { addressCounts[Int(number)] += 1 }
        return number
    }

    private func find(_ wanted: UInt64) -> UInt32? {
        attributes.count <= Self.mostSearched
            ? attributes.firstIndex(of: wanted).map { UInt32(truncatingIfNeeded: $0) } : numbers[wanted]
    }

    private mutating func add(_ wanted: UInt64) -> UInt32 {
        let number = UInt32(truncatingIfNeeded: attributes.count)
        attributes.append(wanted)
        addressCounts.append(0)
        if attributes.count > Self.mostSearched {
            if numbers.isEmpty {
                for (place, known) in attributes.enumerated() { numbers[known] = UInt32(truncatingIfNeeded: place) }
            }
            numbers[wanted] = number
        }
        return number
    }
}
