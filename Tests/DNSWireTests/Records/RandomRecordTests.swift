import DNSWire
import Testing

/// A small generator with a seed that a failure names, so that it can be had again (SplitMix64, by Sebastiano Vigna).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func octets(_ counts: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: counts, using: &self)).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
        Number(truncatingIfNeeded: next())
    }

    /// Up to 5 labels, from a small alphabet half of the time, so that names have suffixes in common.
    mutating func name() throws -> DomainName {
        var name = DomainName.root
        for _ in 0..<Int.random(in: 0...5, using: &self) {
            let label = Bool.random(using: &self) ? [UInt8.random(in: 0x61...0x63, using: &self)] : octets(1...12)
            name = try name.prepending(label: label)
        }
        return name
    }

    mutating func binding() throws -> ServiceBinding {
        var parameters: [ServiceParameter] = [
            .alpn((0...Int.random(in: 0...2, using: &self)).map { _ in octets(1...9) }), .noDefaultALPN,
            .port(number(UInt16.self)),
            .ipv4Hint((0...1).map { _ in IPv4Address(bits: number(UInt32.self)) }), .ech(octets(1...9)),
            .ipv6Hint([IPv6Address(high: number(UInt64.self), low: number(UInt64.self))]),
            .other(.dohPath, octets(0...9)), .other(ServiceParameterKey(rawValue: 667), octets(0...9)),
        ].filter { _ in Bool.random(using: &self) }
        if !parameters.isEmpty, Bool.random(using: &self) {
            parameters.append(.mandatory(parameters.shuffled(using: &self).map(\.key)))
        }
        return try ServiceBinding(
            priority: number(UInt16.self), target: name(), parameters: parameters.shuffled(using: &self))
    }

    mutating func data() throws -> RecordData {
        switch Int.random(in: 0..<20, using: &self) {
        case 0: return .a(IPv4Address(bits: number(UInt32.self)))
        case 1:
            // Groups of zeros often, for the short forms of the text.
            let groups = (0..<8).map { _ in Bool.random(using: &self) ? 0 : UInt64(number(UInt16.self)) }
            return .aaaa(
                IPv6Address(
                    high: groups[..<4].reduce(0) { $0 << 16 | $1 }, low: groups[4...].reduce(0) { $0 << 16 | $1 }))
        case 2: return .ns(try name())
        case 3: return .cname(try name())
        case 4: return .ptr(try name())
        case 5: return .dname(try name())
        case 6:
            return .soa(
                StartOfAuthority(
                    primary: try name(), mailbox: try name(), serial: number(UInt32.self), refresh: number(UInt32.self),
                    retry: number(UInt32.self), expire: number(UInt32.self), minimum: number(UInt32.self)))
        case 7: return .mx(preference: number(UInt16.self), exchange: try name())
        case 8, 9: return .txt((0...Int.random(in: 0...3, using: &self)).map { _ in octets(0...255) })
        case 10: return .hinfo(processor: octets(0...20), system: octets(0...20))
        case 11:
            return .srv(
                priority: number(UInt16.self), weight: number(UInt16.self), port: number(UInt16.self),
                target: try name())
        case 12:
            return .naptr(
                NamingAuthorityPointer(
                    order: number(UInt16.self), preference: number(UInt16.self), flags: octets(0...3),
                    services: octets(0...20), regularExpression: octets(0...40), replacement: try name()))
        case 13:
            return .ds(
                keyTag: number(UInt16.self), algorithm: number(UInt8.self), digestType: number(UInt8.self),
                digest: octets(1...48))
        case 14:
            return .dnskey(
                flags: number(UInt16.self), keyProtocol: number(UInt8.self), algorithm: number(UInt8.self),
                publicKey: octets(1...70))
        case 15: return .svcb(try binding())
        case 16: return .https(try binding())
        case 17:
            let tag = (0...Int.random(in: 0...8, using: &self)).map { _ in UInt8.random(in: 0x61...0x7A, using: &self) }
            return .caa(flags: number(UInt8.self), tag: tag, value: octets(0...300))
        case 18: return .opt((0..<2).map { _ in .init(code: number(UInt16.self), octets: octets(0...12)) })
        default:
            return .unknown(
                type: RecordType(rawValue: UInt16.random(in: 300...400, using: &self)), octets: octets(0...50))
        }
    }

    mutating func record() throws -> ResourceRecord {
        ResourceRecord(
            owner: try name(), recordClass: RecordClass(rawValue: number(UInt16.self)), ttl: number(UInt32.self),
            data: try data())
    }
}

struct RandomRecordTests {
    static let rounds = 2_000

    private func generator(_ test: String) -> SeededGenerator {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("\(test): seed \(seed)")
        return SeededGenerator(state: seed)
    }

    /// Whether two records say the same: names may have taken the case of an equal name before them in the message.
    private func agree(_ left: ResourceRecord, _ right: ResourceRecord) -> Bool {
        left == right
            || left.description.utf8.elementsEqual(
                right.description.utf8,
                by: {
                    DomainName.folded($0) == DomainName.folded($1)
                })
    }

    @Test func wireAndBack() throws {
        var generator = generator("wireAndBack")
        for _ in 0..<Self.rounds / 8 {
            let records = try (0..<8).map { _ in try generator.record() }
            let message = try encoded(records).get()
            var offset = 0
            for record in records {
                let (read, end) = readRecord(message, at: offset)
                #expect(agree(try read.get(), record))
                offset = end
            }
            #expect(offset == message.count)
            // Alone, nothing is compressed into another's case.
            let (alone, _) = readRecord(try encoded([records[0]]).get())
            #expect(agree(try alone.get(), records[0]))
        }
    }

    @Test func textAndBack() throws {
        var generator = generator("textAndBack")
        for _ in 0..<Self.rounds {
            let record = try generator.record()
            #expect(try ResourceRecord.parse(record.description) == record)
            #expect(try RecordData.parse(type: record.type, record.data.description) == record.data)
        }
    }

    /// Garbage, and good messages with an octet or two changed or cut off: never a trap, and what is read can be written again
    /// and is then the same.
    @Test func garbageNeverTraps() throws {
        var generator = generator("garbageNeverTraps")
        var readable = 0
        for round in 0..<Self.rounds * 5 {
            var message = round.isMultiple(of: 5) ? generator.octets(0...80) : try encoded([generator.record()]).get()
            for _ in 0..<Int.random(in: 0...2, using: &generator) where !message.isEmpty {
                message[Int.random(in: message.indices, using: &generator)] = generator.number(UInt8.self)
            }
            if Int.random(in: 0..<4, using: &generator) == 0 {
                message = message.dropLast(generator.octets(0...20).count)
            }
            let offset = round.isMultiple(of: 7) ? Int.random(in: -1...90, using: &generator) : 0
            guard case (.success(let record), let end) = readRecord(message, at: offset) else { continue }
            readable += 1
            #expect(end > offset && end <= message.count)
            #expect(agree(try readRecord(encoded([record]).get()).0.get(), record))
            #expect(try ResourceRecord.parse(record.description) == record)
        }
        #expect(readable > Self.rounds, "most of the messages are still records")
    }

    @Test func garbageTextNeverTraps() throws {
        var generator = generator("garbageTextNeverTraps")
        let alphabet = Array(#"\"();=@.,# 019azAZ_é$"# + "\n\t").map(String.init)
        for round in 0..<Self.rounds * 2 {
            var text = round.isMultiple(of: 4) ? "" : try generator.record().description
            for _ in 0..<Int.random(in: 1...(text.isEmpty ? 40 : 3), using: &generator) {
                let letter = alphabet[Int.random(in: alphabet.indices, using: &generator)]
                let index = text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &generator))
                text.insert(contentsOf: letter, at: index)
            }
            do throws(PresentationError) {
                let record = try ResourceRecord.parse(text)
                #expect((try? ResourceRecord.parse(record.description)) == record, "\(text)")
            } catch {
                #expect(error.line >= 1 && error.column >= 1)
                #expect(!error.found.isEmpty && !error.expected.isEmpty)
            }
        }
    }
}
