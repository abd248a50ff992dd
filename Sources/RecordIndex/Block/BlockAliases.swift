/// The further names of a service's endpoints, each with the rows that it stands for.
struct BlockAliases {
    /// A name, and the block's rows that answer to it: those whose alias it is, and those whose label it is.
    struct Alias {
        var label: ServiceRecords.Label
        /// Ascending, each once.
        var rows: [UInt32]
    }

    /// In the order of labels, each name once.
    private(set) var all: [Alias] = []

    /// - Parameters:
    ///   - blockRow: by row of the records: the row of the block.
    ///   - labels: the block's labels in their order, and the first row of each.
    ///   - rowCount: number of the block's rows.
    init(
        _ records: ServiceRecords, blockRow: [UInt32], labels: [(label: ServiceRecords.Label, firstRow: Int)],
        rowCount: Int
    ) {
        let sorted = records.aliases.sorted { left, right in
            let order = records.compare(left.label, right.label)
            return order != 0
                ? order < 0 : blockRow[Int(left.row)] < blockRow[Int(right.row)]
        }
        for alias in sorted {
            let row = blockRow[Int(alias.row)]
            if let last = all.last, records.compare(last.label, alias.label) == 0 {
                if last.rows.last != row { all[all.count - 1].rows.append(row) }
            } else {
                all.append(Alias(label: alias.label, rows: [row]))
            }
        }
        // An alias may be what another endpoint has as its label: then the name stands for both.
        var kept: [Alias] = []
        for var alias in all {
            let place = Self.place(of: alias.label, among: labels, records)
            if place >= 0 {
                let end = place + 1 < labels.count ? labels[place + 1].firstRow : rowCount
                let own = (labels[place].firstRow..<end).map { UInt32(clamping: $0) }
                let rows = Set(own).union(alias.rows)
                // Nothing but its own label.
                if rows.count == own.count { continue }
                alias.rows = rows.sorted()
            }
            kept.append(alias)
        }
        all = kept
    }

    private static func place(
        of label: ServiceRecords.Label, among labels: [(label: ServiceRecords.Label, firstRow: Int)],
        _ records: ServiceRecords
    ) -> Int {
        var low = 0
        var high = labels.count
        while low < high {
            let middle = (low + high) / 2
            let order = records.compare(labels[middle].label, label)
            if order == 0 { return middle }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return -1
    }
}
