/// The addresses of a service's endpoints, ascending and each once, and where each endpoint's is among them.
struct AddressPools {
    private(set) var ipv4: [UInt32] = []
    private(set) var ipv6: [AddressKey] = []
    private(set) var targets: [[UInt8]] = []
    /// By endpoint: kind and index of its address.
    private(set) var places: [UInt32]

    init(_ records: ServiceRecords) {
        places = [UInt32](repeating: 0, count: records.rows.count)
        // An address and the number of its endpoint in one number: sorting integers is what makes large services cheap.
        var short: [UInt64] = []
        var long: [(address: AddressKey, number: Int)] = []
        short.reserveCapacity(records.rows.count)
        for (number, row) in records.rows.enumerated() where !row.isName {
            if row.address.isIPv4 {
                short.append(UInt64(row.address.ipv4) << 32 | UInt64(truncatingIfNeeded: number))
            } else {
                long.append((row.address, number))
            }
        }
        sortNumbers(&short)
        ipv4.reserveCapacity(short.count)
        for pair in short {
            let address = UInt32(truncatingIfNeeded: pair >> 32)
            if ipv4.last != address { ipv4.append(address) }
            places[Int(truncatingIfNeeded: pair & 0xFFFF_FFFF)] = Self.place(RowView.ipv4, ipv4.count - 1)
        }
        long.sort { $0.address < $1.address }
        for (address, number) in long {
            if ipv6.last != address { ipv6.append(address) }
            places[number] = Self.place(RowView.ipv6, ipv6.count - 1)
        }
        guard !records.targets.isEmpty else { return }
        let order = records.targets.indices.sorted {
            records.targets[$0].lexicographicallyPrecedes(records.targets[$1])
        }
        var ranks = [Int](repeating: 0, count: order.count)
        for place in order {
            if targets.last != records.targets[place] { targets.append(records.targets[place]) }
            ranks[place] = targets.count - 1
        }
        for (number, row) in records.rows.enumerated() where row.isName {
            places[number] = Self.place(RowView.name, ranks[Int(truncatingIfNeeded: row.address.low)])
        }
    }

    /// Number of addresses and names together.
    var count: Int { ipv4.count + ipv6.count + targets.count }

    /// The rank of a place among all of the service's.
    func rank(_ place: UInt32) -> Int {
        let index = Int(place & 0x3FFF_FFFF)
        switch Int(place >> 30) {
        case RowView.ipv4: return index
        case RowView.ipv6: return ipv4.count + index
        default: return ipv4.count + ipv6.count + index
        }
    }

    private static func place(_ kind: Int, _ index: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: kind << 30 | index & 0x3FFF_FFFF)
    }
}

/// Sorts by the upper half of each number, which keeps the order of equal ones.
func sortNumbers(_ numbers: inout [UInt64]) {
    // Below this, the counters cost more than comparisons do.
    guard numbers.count >= 256 else {
        numbers.sort()
        return
    }
    var other = [UInt64](repeating: 0, count: numbers.count)
    for shift in stride(from: UInt64(32), to: 64, by: 8) {
        var counts = [Int](repeating: 0, count: 257)
        for number in numbers { counts[Int(truncatingIfNeeded: number &>> shift & 0xFF) + 1] += 1 }
        // Octets that all addresses share need no pass.
        if counts.contains(numbers.count) { continue }
        for digit in 1..<257 { counts[digit] += counts[digit - 1] }
        for number in numbers {
            let digit = Int(truncatingIfNeeded: number &>> shift & 0xFF)
            other[counts[digit]] = number
            counts[digit] += 1
        }
        swap(&numbers, &other)
    }
}
