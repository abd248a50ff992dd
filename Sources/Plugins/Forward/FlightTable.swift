import LinuxIO

/// Who waits on a channel, by id: an array in which each id has one place, which grows before half of it is taken. Ids are
/// chosen so that no two have the same place, which leaves at least 15 of their 16 bits to chance.
struct FlightTable {
    private static let smallest = 32
    /// Beyond, a channel takes no more: ids get rare.
    private static let largest = 1 << 15
    private static let nobody = -1

    /// Where the flights are in the engine's pool. (A flight leaves the tables before it leaves the pool.)
    private var flights = ContiguousArray<Int>(repeating: nobody, count: smallest)
    private var identifiers = ContiguousArray<UInt16>(repeating: 0, count: smallest)
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    private func place(_ identifier: UInt16) -> Int { Int(identifier) & (flights.count - 1) }

    /// Where the flight is that waits for an answer with this id.
    subscript(identifier: UInt16) -> Int? {
        let place = place(identifier)
        return identifiers[place] == identifier && flights[place] != Self.nobody ? flights[place] : nil
    }

    /// Adds a flight under an id that nobody has; nil where the table is full.
    mutating func add(_ flight: Int, _ numbers: inout UnguessableNumbers) -> UInt16? {
        if 2 * count >= flights.count {
            guard flights.count < Self.largest else { return nil }
            grow()
        }
        // At least every other place is free: so many in vain do not happen.
        for _ in 0..<64 {
            let identifier = numbers.next()
            let place = place(identifier)
            guard flights[place] == Self.nobody else { continue }
            flights[place] = flight
            identifiers[place] = identifier
            count += 1
            return identifier
        }
        return nil
    }

    mutating func remove(_ identifier: UInt16) {
        let place = place(identifier)
        guard identifiers[place] == identifier, flights[place] != Self.nobody else { return }
        flights[place] = Self.nobody
        count -= 1
    }

    /// Everybody, with their ids.
    mutating func removeAll() -> [(identifier: UInt16, flight: Int)] {
        let all = flights.indices.filter { flights[$0] != Self.nobody }.map { (identifiers[$0], flights[$0]) }
        self = FlightTable()
        return all
    }

    /// Ids that differ in the lower bits still do so in one bit more.
    private mutating func grow() {
        let (oldFlights, oldIdentifiers) = (flights, identifiers)
        flights = ContiguousArray(repeating: Self.nobody, count: 2 * oldFlights.count)
        identifiers = ContiguousArray(repeating: 0, count: 2 * oldFlights.count)
        for (flight, identifier) in zip(oldFlights, oldIdentifiers) where flight != Self.nobody {
            let place = place(identifier)
            flights[place] = flight
            identifiers[place] = identifier
        }
    }
}
