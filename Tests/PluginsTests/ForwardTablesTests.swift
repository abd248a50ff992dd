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

    /// Turns of a loop in which flights begin, end and are looked for by all that anybody ever knew of them.
    @Test func flightsByTicket() {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        var pool = FlightPool()
        var alive: [UInt64: Flight] = [:]
        /// Those that ended in this turn, and those that ended before it.
        var ended: [UInt64: Flight] = [:]
        var past: [UInt64] = []
        var tickets: Set<UInt64> = []
        for turn in 0..<400 {
            // Now and then many at once, so that memory is given up and made anew.
            for _ in 0..<(turn % 100 == 50 ? 1500 : random.below(60)) {
                if random.below(alive.count > 400 ? 4 : 2) == 0 {
                    let next = pool.next()
                    // Looking at the next one does not take it: a question that joins another leaves it.
                    #expect(next.isOver && pool.next() === next, "seed \(seed)")
                    if random.below(3) == 0 { continue }
                    let flight = Self.begin(&pool)
                    #expect(flight === next, "seed \(seed)")
                    #expect(tickets.insert(flight.ticket).inserted, "seed \(seed)")
                    // Neither is it one that somebody may still look at.
                    #expect(!alive.values.contains { $0 === flight } && !ended.values.contains { $0 === flight })
                    alive[flight.ticket] = flight
                } else if let (ticket, flight) = alive.first {
                    alive[ticket] = nil
                    flight.isOver = true
                    pool.end(flight)
                    ended[ticket] = flight
                }
            }
            #expect(pool.count == alive.count, "seed \(seed)")
            for (ticket, flight) in alive {
                #expect(pool.find(ticket) === flight && pool[flight.place] === flight, "seed \(seed)")
            }
            for (ticket, flight) in ended {
                #expect(pool.find(ticket) == nil, "seed \(seed)")
                // Whoever has its place only finds it, and sees that it is over.
                #expect(pool[Flight.place(ticket)] === flight && flight.isOver, "seed \(seed)")
            }
            #expect(past.allSatisfy { pool.find($0) == nil }, "seed \(seed)")
            if random.below(3) > 0 {
                pool.recycle()
                past = (past + ended.keys).suffix(2000)
                ended = [:]
            }
        }
        #expect(Set(pool.removeAll().map(\.ticket)) == Set(alive.keys), "seed \(seed)")
        #expect(pool.count == 0 && tickets.allSatisfy { pool.find($0) == nil })
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

    /// As the engine uses it: looked at while there is anything, and not at all for a while, with deadlines of all lengths, by a
    /// clock that leaps.
    @Test func deadlinesWithPauses() {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        var now = UInt64(random.below(1 << 30)) * 1000
        var wheel = DeadlineWheel(now: now)
        var waiting: [UInt64: UInt64] = [:]
        var next: UInt64 = 0
        let turn = DeadlineWheel.step * DeadlineWheel.steps
        // Within the step, in the last slot, and beyond the wheel.
        let delays: [UInt64] = [0, 1, DeadlineWheel.step, turn - DeadlineWheel.step, turn, 3 * turn]
        for _ in 0..<4000 {
            for _ in 0..<random.below(4) {
                let delay = delays[Int(random.below(6))]
                var deadline = now + delay
                if random.below(8) == 0 { deadline = now - min(now, delay) }
                if random.below(200) == 0 { deadline = .max }
                // What is past comes with the next step.
                waiting[next] = max(deadline, now)
                wheel.add(next, at: deadline, now: now)
                next += 1
            }
            // A leap over several turns of the wheel now and then.
            now += random.below(20) == 0 ? 5 * turn : delays[Int(random.below(5))]
            if random.below(3) == 0 { continue }
            for ticket in wheel.takeDue(now: now) {
                guard let deadline = waiting[ticket] else {
                    Issue.record("\(ticket) came twice, seed \(seed)")
                    continue
                }
                if deadline <= now {
                    waiting[ticket] = nil
                } else {
                    // One from beyond the wheel comes up early, and is added again.
                    wheel.add(ticket, at: deadline, now: now)
                }
            }
            #expect(wheel.count == waiting.count, "seed \(seed)")
            let late = waiting.values.count { $0 < now - min(now, 2 * DeadlineWheel.step) }
            #expect(late == 0, "seed \(seed)")
        }
    }
}
