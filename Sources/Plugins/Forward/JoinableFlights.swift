/// The flights that others may join, by the key of their question: an array in which each key has its place, or one close
/// behind, and which grows before half of it is taken. Keys are made with a seed (`Question.key`), so that nobody can choose
/// questions that crowd together.
struct JoinableFlights {
    private static let smallest = 256
    private static let nobody = -1

    private var keys = ContiguousArray<UInt64>(repeating: 0, count: smallest)
    /// Where the flights are in the pool.
    private var flights = ContiguousArray<Int>(repeating: nobody, count: smallest)
    private(set) var count = 0

    private func home(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key) & (keys.count - 1) }

    private func after(_ place: Int) -> Int { (place + 1) & (keys.count - 1) }

    /// Where the flight with a key is in the pool.
    subscript(key: UInt64) -> Int? {
        var place = home(key)
        while flights[place] != Self.nobody {
            if keys[place] == key { return flights[place] }
            place = after(place)
        }
        return nil
    }

    /// Adds a flight under a key that has none.
    mutating func add(_ key: UInt64, _ flight: Int) {
        if 2 * count >= keys.count { grow() }
        var place = home(key)
        while flights[place] != Self.nobody { place = after(place) }
        keys[place] = key
        flights[place] = flight
        count += 1
    }

    /// Takes out a flight, if it is the one with its key.
    mutating func remove(_ key: UInt64, _ flight: Int) {
        var hole = home(key)
        while flights[hole] != Self.nobody, keys[hole] != key { hole = after(hole) }
        guard flights[hole] == flight else { return }
        count -= 1
        // What stands behind moves up, where it does not stand before its own place then (Knuth, volume 3, algorithm 6.4R).
        var place = after(hole)
        while flights[place] != Self.nobody {
            let mask = keys.count - 1
            if (place &- home(keys[place])) & mask >= (place &- hole) & mask {
                keys[hole] = keys[place]
                flights[hole] = flights[place]
                hole = place
            }
            place = after(place)
        }
        flights[hole] = Self.nobody
    }

    private mutating func grow() {
        let (oldKeys, oldFlights) = (keys, flights)
        keys = ContiguousArray(repeating: 0, count: 2 * oldKeys.count)
        flights = ContiguousArray(repeating: Self.nobody, count: 2 * oldKeys.count)
        count = 0
        for (key, flight) in zip(oldKeys, oldFlights) where flight != Self.nobody { add(key, flight) }
    }
}
