import DNSWire

// Labels are in the order of `compareLabels`: those of one length are neighbours and take as many bytes each. So a label
// needs no offset; there is one run for each length instead: how many labels, and how many bytes each takes.
// SAFETY of every load below: the builder wrote the block.

extension ServiceBlock {
    @inlinable public var labelCount: Int { field(Field.labelCount) }

    /// Number of runs of labels.
    @inlinable var runCount: Int { Int(base.load(fromByteOffset: Field.runCount, as: UInt8.self)) }

    /// Label `index` with its length byte in front. Labels are in the order of `compareLabels`.
    @inlinable public func label(_ index: Int) -> UnsafeRawPointer {
        let runs = field(Field.runOffset)
        var left = index
        var text = runs &+ size(ofNumbers: runCount &* 2)
        var run = 0
        while true {
            let (count, stride) = (number(runs, run), number(runs, run &+ 1))
            if left < count { return base + (text &+ left &* stride) }
            left &-= count
            text &+= count &* stride
            run &+= 2
        }
    }

    /// Index of the label that equals the one at `wanted` (length byte in front, lower case), -1 where there is none.
    @inlinable public func findLabel(_ wanted: UnsafeRawPointer) -> Int {
        let wantedStride = Int(wanted.load(as: UInt8.self)) &+ 1
        let runs = field(Field.runOffset)
        let end = runCount &* 2
        var first = 0
        var text = runs &+ size(ofNumbers: end)
        var run = 0
        while run < end {
            let (count, stride) = (number(runs, run), number(runs, run &+ 1))
            if stride == wantedStride {
                let found = findLabel(wanted, base + text, count: count, stride: stride)
                return found < 0 ? -1 : first &+ found
            }
            first &+= count
            text &+= count &* stride
            run &+= 2
        }
        return -1
    }

    /// Index of `wanted` among the `count` labels of its length at `labels`, -1 where it is none of them.
    @inlinable func findLabel(
        _ wanted: UnsafeRawPointer, _ labels: UnsafeRawPointer, count: Int, stride: Int
    ) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) / 2
            let order = ServiceBlock.compareLabels(labels + middle &* stride, wanted)
            if order == 0 { return middle }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return -1
    }

    /// Shorter labels first, then by bytes: an order that needs one comparison most of the time.
    @inlinable public static func compareLabels(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> Int {
        let leftLength = Int(left.load(as: UInt8.self))
        let rightLength = Int(right.load(as: UInt8.self))
        if leftLength != rightLength { return leftLength &- rightLength }
        var index = 1
        while index <= leftLength {
            let difference =
                Int(left.load(fromByteOffset: index, as: UInt8.self))
                &- Int(right.load(fromByteOffset: index, as: UInt8.self))
            if difference != 0 { return difference }
            index &+= 1
        }
        return 0
    }

    // MARK: Rows of a label

    // Where each label has one row, as nearly everywhere, row and label have the same number, and the row knows the ports.
    // Otherwise there are two numbers for each label, behind the rows' order: its first row, and its port group (0 for none,
    // else one more than the group's number, doubled, and one more where the ports come from several slices). Then follows
    // the label of each row.

    /// Whether each label has just one row.
    @inlinable var hasOneRowEach: Bool { !has(Flag.severalRows) }

    /// Where the numbers of the labels begin.
    @inlinable var labelRowOffset: Int { orderOffset &+ size(ofNumbers: rowCount) }

    /// Where the labels of the rows begin.
    @inlinable var rowLabelOffset: Int { labelRowOffset &+ size(ofNumbers: labelCount &* 2) }

    /// First row of label `index`; the rows of a label are neighbours.
    @inlinable public func firstRow(ofLabel index: Int) -> Int {
        hasOneRowEach ? index : number(labelRowOffset, index &* 2)
    }

    /// The group that has all ports of label `index`, whichever slices they come from; -1 where the label has none.
    @inlinable public func portGroup(ofLabel index: Int) -> Int {
        if hasOneRowEach {
            let row = row(index)
            // CoreDNS: an endpoint that stands for a name has no SRV records.
            return row.kind == RowView.name ? -1 : row.portGroup
        }
        return number(labelRowOffset, index &* 2 &+ 1) / 2 &- 1
    }

    /// Whether the ports of label `index` come from several slices' groups: then each knows its topology zone.
    @inlinable public func hasMergedPorts(label index: Int) -> Bool {
        !hasOneRowEach && number(labelRowOffset, index &* 2 &+ 1) & 1 != 0
    }

    /// The row behind the last one of label `index`.
    @inlinable public func endRow(ofLabel index: Int) -> Int {
        index &+ 1 < labelCount ? firstRow(ofLabel: index &+ 1) : rowCount
    }
}
