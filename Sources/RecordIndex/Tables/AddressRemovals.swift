/// What is to be taken out of an address table: each value of an address so many times.
struct AddressRemovals {
    private var removals: [AddressTable.Edit] = []

    init(_ edits: [AddressTable.Edit]) {
        for edit in edits.filter({ $0.count < 0 }).sorted(by: Self.precedes) {
            if let last = removals.last, last.key == edit.key, last.value == edit.value {
                removals[removals.count - 1].count += edit.count
            } else {
                removals.append(edit)
            }
        }
    }

    /// Whether a value of an address is to go; it counts as gone then.
    mutating func take(_ key: AddressKey, _ value: UInt32) -> Bool {
        var low = 0
        var high = removals.count
        let wanted = AddressTable.Edit(key: key, value: value, count: 0)
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(removals[middle], wanted) { low = middle + 1 } else { high = middle }
        }
        guard low < removals.count, removals[low].key == key, removals[low].value == value, removals[low].count < 0
        else { return false }
        removals[low].count += 1
        return true
    }

    private static func precedes(_ left: AddressTable.Edit, _ right: AddressTable.Edit) -> Bool {
        left.key != right.key ? left.key < right.key : left.value < right.value
    }
}
