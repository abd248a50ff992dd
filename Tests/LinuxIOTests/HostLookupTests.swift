import Testing

@testable import LinuxIO

/// What the system knows about names, and how long it is waited for.
struct HostLookupTests {
    @Test func localhost() throws {
        let addresses = try HostLookup.addresses(of: "localhost")
        #expect(!addresses.isEmpty && addresses.allSatisfy { $0.isLoopback && $0.port == 0 })
        #expect(Set(addresses).count == addresses.count)
        let lookup = try HostLookup("localhost")
        #expect(try lookup.wait(milliseconds: 10_000, unless: Stopper()) == addresses)
    }

    @Test func whatIsNoName() throws {
        // Longer than any name may be, so that no server is asked.
        let name = String(repeating: "a", count: 300)
        #expect(throws: HostLookupError.self) { try HostLookup.addresses(of: name) }
        let lookup = try HostLookup(name)
        #expect(throws: HostLookupError.self) { try lookup.wait(milliseconds: 10_000, unless: Stopper()) }
        // EAI_NONAME of netdb.h.
        #expect(HostLookupError.resolver(2).description == "Name or service not known")
        #expect(HostLookupError.resolver(3).description == "Temporary failure in name resolution")
    }

    /// What takes too long is left alone, so often and no more often.
    @Test func nobodyWaitsForEver() throws {
        let gate = Stopper()
        let places = HostLookup.Places()
        let block: @Sendable (String) throws(HostLookupError) -> [SocketAddress] = { _ throws(HostLookupError) in
            while gate.wait(milliseconds: 10_000) {}
            return [.loopback(port: 0)]
        }
        var lookups: [HostLookup] = []
        for _ in 0..<HostLookup.mostAtOnce {
            let lookup = try HostLookup("slow.example", places: places, look: block)
            #expect(try lookup.wait(milliseconds: 1, unless: Stopper()) == nil)
            lookups.append(lookup)
        }
        #expect(throws: HostLookupError.tooMany) { try HostLookup("slow.example", places: places, look: block) }
        let stopped = Stopper()
        stopped.stop()
        #expect(try lookups[0].wait(milliseconds: 60_000, unless: stopped) == nil)
        gate.stop()
        for lookup in lookups {
            #expect(try lookup.wait(milliseconds: 10_000, unless: Stopper()) == [.loopback(port: 0)])
        }
        // Their places are free again.
        let lookup = try HostLookup("localhost", places: places)
        #expect(try lookup.wait(milliseconds: 10_000, unless: Stopper()) != nil)
    }
}
