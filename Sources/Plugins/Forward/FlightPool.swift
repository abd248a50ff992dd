/// The flights of an engine, each at a place of its own, by which others know it: a number costs no reference count. A flight
/// that is over keeps its place and its memory until the end of the loop's turn, because somebody may still look at it; then
/// the next question has them.
struct FlightPool {
    /// Flights that are kept while they are of no use: as many as a busy moment has at a time.
    private static let mostSpare = 512

    /// By place; nil where the memory was given up.
    private var flights: ContiguousArray<Flight?> = []
    /// Places of no flight, the last one the next to be taken.
    private var free: ContiguousArray<Int> = []
    /// Places of flights that are over since the turn began.
    private var ended: ContiguousArray<Int> = []
    /// Free places that have a flight.
    private var spare = 0
    private var generation: UInt64 = 0
    /// Flights that have begun and are not over.
    private(set) var count = 0

    /// The flight at a place.
    subscript(place: Int) -> Flight? { place < flights.count ? flights[place] : nil }

    /// The flight with a ticket; nil where it is over.
    func find(_ ticket: UInt64) -> Flight? {
        guard let flight = self[Flight.place(ticket)], flight.ticket == ticket, !flight.isOver else { return nil }
        return flight
    }

    /// The flight that begins next. Until `take` it is nobody's.
    mutating func next() -> Flight {
        guard let place = free.last else {
            let flight = Flight()
            free.append(flights.count)
            flights.append(flight)
            spare += 1
            return flight
        }
        if let flight = flights[place] { return flight }
        let flight = Flight()
        flights[place] = flight
        spare += 1
        return flight
    }

    /// Takes what `next` has said.
    ///
    /// - Returns: its ticket: its place, and which of the flights that had the place it is.
    mutating func take() -> UInt64 {
        generation &+= 1
        count += 1
        spare -= 1
        return generation << Flight.placeBits | UInt64(free.popLast() ?? 0)
    }

    /// Says that a flight is over.
    mutating func end(_ flight: Flight) {
        count -= 1
        ended.append(flight.place)
    }

    /// Makes the places of flights that are over those of the next ones. At the end of a turn.
    mutating func recycle() {
        for place in ended {
            if spare < Self.mostSpare { spare += 1 } else { flights[place] = nil }
            free.append(place)
        }
        ended.removeAll(keepingCapacity: ended.count <= Self.mostSpare)
    }

    /// Everybody who is on the way; there is nobody afterwards.
    mutating func removeAll() -> [Flight] {
        let all = flights.compactMap { $0 }.filter { !$0.isOver }
        self = FlightPool()
        return all
    }
}
