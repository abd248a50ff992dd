import Testing

@testable import RecordIndex

@Suite("Hash and tables")
struct TableTests {
    @Test("the same seed gives the same hash, another seed another; length and every byte count")
    func hash() {
        let first = SeededHash(seed: (1, 2))
        for length in 0..<40 {
            let bytes = (0..<length).map { UInt8($0 * 7 & 0xFF) }
            let code = bytes.withPointer { first.hash($0, $1) }
            #expect(code == bytes.withPointer { SeededHash(seed: (1, 2)).hash($0, $1) })
            #expect(code != bytes.withPointer { SeededHash(seed: (3, 2)).hash($0, $1) })
            #expect(code != bytes.withPointer { SeededHash(seed: (1, 4)).hash($0, $1) })
            #expect(code != (bytes + [0]).withPointer { first.hash($0, $1) }, "\(length) and a zero")
            for place in bytes.indices {
                var other = bytes
                other[place] ^= 0x20
                #expect(code != other.withPointer { first.hash($0, $1) })
            }
        }
        let address = AddressKey(high: 1, low: 2)
        #expect(first.hash(address) == SeededHash(seed: (1, 2)).hash(address))
        #expect(first.hash(address) != SeededHash(seed: (5, 2)).hash(address))
        #expect(first.hash(address) != first.hash(AddressKey(high: 2, low: 1)))
        // A seed drawn from the system is another one each time.
        #expect(SeededHash().hash(address) != SeededHash().hash(address))
    }

    @Test("names against a Dictionary", arguments: [0, 1, 3, 4, 7, 100, 3000])
    func names(count: Int) {
        let seed = UInt64.random(in: .min ... .max)
        print("TableTests.names seed \(seed)")
        var random = SplitMix64(state: seed)
        let hash = SeededHash(seed: (random.next(), random.next()))
        var model: [[UInt8]: UInt32] = [:]
        while model.count < count {
            let key = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                UInt8.random(in: 97...(count > 500 ? 122 : 99), using: &random)
            }
            model[key] = UInt32.random(in: 0..<UInt32.max, using: &random)
        }
        // With the true hash, with one for all, and with one for all fingerprints.
        let hashes: [([UInt8]) -> UInt64] = [
            { $0.withPointer { hash.hash($0, $1) } }, { _ in 7 },
            { $0.withPointer { hash.hash($0, $1) } & 0xFFFF_FFFF },
        ]
        for code in hashes.prefix(count > 500 ? 1 : 3) {
            let table = NameTable(model.map { (key: $0.key, hash: code($0.key), value: $0.value) })
            withExtendedLifetime(table) {
                func find(_ key: [UInt8]) -> Int {
                    key.withPointer { NameTable.find(table.base, $0, $1, hash: code(key)) }
                }
                for (key, value) in model { #expect(find(key) == Int(value), "seed \(seed)") }
                for key in model.keys.prefix(500) {
                    for other in [key + [97], Array(key.dropLast()), key.map { $0 ^ 1 }] {
                        #expect(find(other) == model[other].map { Int($0) } ?? -1, "seed \(seed)")
                    }
                }
            }
        }
    }

    @Test("addresses against a Dictionary, several values for one", arguments: [0, 1, 3, 4, 100, 3000])
    func addresses(count: Int) {
        let seed = UInt64.random(in: .min ... .max)
        print("TableTests.addresses seed \(seed)")
        var random = SplitMix64(state: seed)
        let hash = SeededHash(seed: (random.next(), random.next()))
        var model: [AddressKey: [UInt32]] = [:]
        for _ in 0..<count {
            let low = UInt64.random(in: 0...UInt64(count), using: &random)
            let key = Bool.random(using: &random) ? AddressKey(ipv4: UInt32(low)) : AddressKey(high: low & 3, low: low)
            model[key, default: []].append(UInt32.random(in: 0..<AddressTable.listFlag, using: &random))
        }
        for isTrue in [true, false].prefix(count > 500 ? 1 : 2) {
            func code(_ key: AddressKey) -> UInt64 { isTrue ? hash.hash(key) : 3 }
            let table = AddressTable(
                model.flatMap { key, values in values.map { (key: key, hash: code(key), value: $0) } })
            withExtendedLifetime(table) {
                func all(_ key: AddressKey) -> [UInt32] {
                    var matches = AddressMatches(table.base, key, hash: code(key))
                    var found: [UInt32] = []
                    while true {
                        let value = matches.next()
                        if value < 0 { return found }
                        found.append(UInt32(value))
                    }
                }
                for (key, values) in model {
                    // Odd ones first: those of services whose own address it is.
                    let expected = values.filter { $0 & 1 != 0 } + values.filter { $0 & 1 == 0 }
                    #expect(all(key) == expected, "seed \(seed)")
                }
                for low in 0...UInt64(count + 1) {
                    let key = AddressKey(high: 9, low: low)
                    #expect(all(key).isEmpty)
                }
            }
        }
    }

    @Test("probes begin all over the table")
    func homes() {
        let hash = SeededHash()
        let capacity = 1000
        let homes = (0..<UInt32(capacity)).map { number in
            AddressTable.home(hash.hash(AddressKey(ipv4: 0x0A00_0000 + number)), capacity)
        }
        #expect(homes.allSatisfy { (0..<capacity).contains($0) })
        // Of a thousand balls in a thousand boxes, 632 boxes have some.
        #expect(Set(homes).count > 500)
    }

    @Test("IPv4 is its mapped address; addresses ascend by number")
    func keys() {
        let address = AddressKey(ipv4: 0x0A00_0001)
        #expect(address == AddressKey(high: 0, low: 0xFFFF_0A00_0001) && address.isIPv4 && address.ipv4 == 0x0A00_0001)
        #expect(!AddressKey(high: 1, low: 0xFFFF_0A00_0001).isIPv4 && !AddressKey(high: 0, low: 0x0A00_0001).isIPv4)
        #expect(
            address < AddressKey(ipv4: 0xFF00_0000) && address < AddressKey(high: 1, low: 0) && !(address < address))
    }
}
