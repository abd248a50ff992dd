import LinuxIO
import Testing

@testable import Plugins

/// What `forward` finds its flights by.
struct ForwardTablesTests {
    @Test func flightsByIdentifier() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        var numbers = UnguessableNumbers()
        var table = FlightTable()
        var model: [UInt16: Int] = [:]
        for step in 0..<20_000 {
            if random.below(3) > 0 || model.isEmpty {
                let identifier = try #require(table.add(step, &numbers), "seed \(seed)")
                #expect(model.updateValue(step, forKey: identifier) == nil, "seed \(seed)")
            } else if let identifier = model.keys.first {
                #expect(table[identifier] == model[identifier], "seed \(seed)")
                table.remove(identifier)
                // An id that is not there (any more) is nobody's.
                table.remove(identifier)
                model[identifier] = nil
                #expect(table[identifier] == nil, "seed \(seed)")
            }
        }
        #expect(table.count == model.count)
        for (identifier, flight) in model { #expect(table[identifier] == flight, "seed \(seed)") }
        #expect(Dictionary(uniqueKeysWithValues: table.removeAll().map { ($0.identifier, $0.flight) }) == model)
        #expect(table.isEmpty)
    }

    @Test func aFullTable() {
        var numbers = UnguessableNumbers()
        var table = FlightTable()
        var count = 0
        while count < 70_000, table.add(0, &numbers) != nil { count += 1 }
        #expect(count == 16_384)
    }

    @Test func flightsByKey() {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        var table = JoinableFlights()
        var model: [UInt64: Int] = [:]
        for step in 0..<50_000 {
            // Keys that crowd together, around the end of the array too.
            let key = UInt64(random.below(3)) << 40 | UInt64(random.below(400)) &* 7 &- 200
            if random.below(2) == 0 {
                if model[key] == nil {
                    table.add(key, step)
                    model[key] = step
                }
            } else {
                // One that has another's key is not the one that is joined.
                table.remove(key, step)
                #expect(table[key] == model[key], "seed \(seed)")
                if let flight = model.removeValue(forKey: key) { table.remove(key, flight) }
            }
            #expect(table[key] == model[key], "seed \(seed)")
        }
        #expect(table.count == model.count, "seed \(seed)")
        for (key, flight) in model { #expect(table[key] == flight, "seed \(seed)") }
        for (key, flight) in model { table.remove(key, flight) }
        #expect(table.count == 0, "seed \(seed)")
    }

    private static func begin(_ pool: inout FlightPool) -> Flight {
        let flight = pool.next()
        flight.begin(
            ticket: pool.take(), stage: 0, needsStream: false, startedAt: 0, deadline: 0, upstreams: [], first: 0,
            mostAttempts: 0)
        return flight
    }

    @Test func flightsByPlace() {
        var pool = FlightPool()
        var flights = (0..<2000).map { _ in Self.begin(&pool) }
        #expect(Set(flights.map(\.place)).count == 2000)
        for flight in flights {
            #expect(pool[flight.place] === flight)
            #expect(pool.find(flight.ticket) === flight)
        }
        let over = flights.removeFirst()
        let ticket = over.ticket
        over.isOver = true
        pool.end(over)
        #expect(pool.find(ticket) == nil)
        // Its memory is nobody else's before the turn's end.
        #expect(Self.begin(&pool) !== over)
        pool.recycle()
        #expect(pool.next() === over)
        #expect(Self.begin(&pool) === over)
        #expect(over.ticket != ticket)
        #expect(pool.find(ticket) == nil)
        for flight in flights {
            flight.isOver = true
            pool.end(flight)
        }
        pool.recycle()
        #expect(pool.count == 2)
        #expect(pool.removeAll().count == 2)
        #expect(pool[0] == nil)
    }

    @Test func memoryOfABusyMomentIsGivenBack() {
        var pool = FlightPool()
        for _ in 0..<3 {
            let flights = (0..<5000).map { _ in Self.begin(&pool) }
            for flight in flights {
                flight.isOver = true
                pool.end(flight)
            }
            pool.recycle()
            #expect((0..<5000).count { pool[$0] != nil } == 512)
        }
    }

    @Test func deadlines() {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        var now = 1_000_000 * Clock.second
        var wheel = DeadlineWheel(now: now)
        var waiting: [UInt64: UInt64] = [:]
        for ticket in 0..<5000 as Range<UInt64> {
            let deadline = now + UInt64(random.below(5000)) * Clock.millisecond
            wheel.add(ticket, at: deadline, now: now)
            waiting[ticket] = deadline
            now += UInt64(random.below(30)) * Clock.millisecond
            for due in wheel.takeDue(now: now) {
                // None comes early, and none later than a step after it was due.
                #expect(waiting.removeValue(forKey: due).map { $0 <= now } == true, "seed \(seed)")
            }
            let late = waiting.values.count { $0 + 3 * DeadlineWheel.step < now }
            #expect(late == 0, "seed \(seed)")
        }
        #expect(wheel.count == waiting.count)
        // One beyond a turn comes up early, to be added again.
        wheel.add(9999, at: now + 60 * Clock.second, now: now)
        #expect(wheel.takeDue(now: now + 6 * Clock.second).contains(9999))
        #expect(wheel.count == 0)
    }
}
