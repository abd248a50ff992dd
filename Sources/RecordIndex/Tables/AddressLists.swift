/// Finds the entries of an address table that have the same address. An address may have thousands of values (each service of
/// one pod has its address), so each entry is looked at once only.
struct AddressLists {
    /// The first entry of each address, in their order.
    private(set) var firsts: [Int] = []
    /// How many of them are IPv4 addresses.
    private(set) var shortCount = 0
    /// Values of addresses that have several, and one more for each of these.
    private(set) var listWords = 0
    /// By entry: the next one of its address, -1 for none; empty where no address has several.
    private var nexts: [Int32] = []

    init(_ entries: [AddressTable.Entry]) {
        let capacity = entries.count + entries.count / 3 + 1
        var slots = [Int32](repeating: -1, count: capacity)
        // By first entry of an address: the last one.
        var lasts: [Int32] = []
        firsts.reserveCapacity(entries.count)
        for (number, entry) in entries.enumerated() {
            var place = AddressTable.home(entry.hash, capacity)
            while slots[place] >= 0, entries[Int(slots[place])].key != entry.key {
                place = place + 1 == capacity ? 0 : place + 1
            }
            guard slots[place] >= 0 else {
                slots[place] = Int32(clamping: number)
                firsts.append(number)
                if entry.key.isIPv4 { shortCount += 1 }
                continue
            }
            if nexts.isEmpty {
                nexts = [Int32](repeating: -1, count: entries.count)
                lasts = nexts
            }
            let first = Int(slots[place])
            let last = lasts[first] < 0 ? first : Int(lasts[first])
            listWords += lasts[first] < 0 ? 3 : 1
            nexts[last] = Int32(clamping: number)
            lasts[first] = Int32(clamping: number)
        }
    }

    /// The values of the address whose first entry is `first`, odd ones first.
    func values(from first: Int, of entries: [AddressTable.Entry]) -> [UInt32] {
        guard !nexts.isEmpty, nexts[first] >= 0 else { return [] }
        var odd: [UInt32] = []
        var even: [UInt32] = []
        var number = first
        while number >= 0 {
            if entries[number].value & 1 != 0 {
                odd.append(entries[number].value)
            } else {
                even.append(entries[number].value)
            }
            number = Int(nexts[number])
        }
        return odd + even
    }
}
