/// Requests that wait for their turn, each with a number by which it can be taken out.
struct HTTPSQueue {
    private var waiting: [(ticket: UInt64, request: HTTPSRequest)?] = []
    /// The number of the one at place 0.
    private var base = 0
    /// Places at the front that nobody has any more.
    private var start = 0
    /// How many wait.
    private(set) var count = 0

    /// Adds one at the end.
    ///
    /// - Returns: its number.
    mutating func append(_ ticket: UInt64, _ request: HTTPSRequest) -> Int {
        waiting.append((ticket, request))
        count += 1
        return base + waiting.count - 1
    }

    /// Takes out the one with a number.
    mutating func remove(_ number: Int) {
        let place = number - base
        guard waiting.indices.contains(place), waiting[place] != nil else { return }
        waiting[place] = nil
        count -= 1
        trim()
    }

    /// Takes out the one that has waited longest.
    mutating func takeFirst() -> (ticket: UInt64, request: HTTPSRequest)? {
        trim()
        guard start < waiting.count, let first = waiting[start] else { return nil }
        waiting[start] = nil
        count -= 1
        trim()
        return first
    }

    /// Passes over empty places, and gives those at the front up once they are as many as the others.
    private mutating func trim() {
        while start < waiting.count, waiting[start] == nil { start += 1 }
        guard start > 64, 2 * start >= waiting.count else { return }
        waiting.removeFirst(start)
        base += start
        start = 0
    }
}
