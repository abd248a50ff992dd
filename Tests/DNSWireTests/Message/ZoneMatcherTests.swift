import DNSWire
import Testing

@Suite("Finding the zone of a name")
struct ZoneMatcherTests {
    private static let zones = [
        "cluster.local.", "deep.Cluster.LOCAL.", "local.", "in-addr.arpa.", "10.in-addr.arpa.", "xn--a.",
    ]

    /// Index of the zone and the labels left of it.
    private func match(_ text: String, in zones: [String]) throws -> [Int] {
        let matcher = ZoneMatcher(try zones.map { try DomainName(parsing: $0).wire })
        let wire = try DomainName(parsing: text).wire
        let scratch = QuestionName()
        defer { scratch.deallocate() }
        let copied = try #require(
            wire.withUnsafeBytes { bytes in bytes.baseAddress.flatMap { scratch.copy($0, bytes.count) } })
        #expect(copied.length == wire.count)
        return withExtendedLifetime(matcher) {
            let found = matcher.view.longestMatch(scratch, length: copied.length, labelCount: copied.labelCount)
            return [found.index, found.labelsLeft]
        }
    }

    @Test("the longest zone wins, at label boundaries, in any case")
    func longest() throws {
        let rows: [(String, [Int])] = [
            ("cluster.local.", [0, 0]), ("a.b.cluster.local.", [0, 2]), ("A.CLUSTER.Local.", [0, 1]),
            ("xcluster.local.", [2, 1]), ("deep.cluster.local.", [1, 0]), ("a.deep.cluster.local.", [1, 1]),
            ("xdeep.cluster.local.", [0, 1]), ("deep.deep.cluster.local.", [1, 1]), ("local.", [2, 0]),
            ("xlocal.", [-1, 0]),
            ("local.x.", [-1, 0]), (".", [-1, 0]), ("1.10.in-addr.arpa.", [4, 1]), ("1.110.in-addr.arpa.", [3, 2]),
            ("arpa.", [-1, 0]), ("cluster.local.com.", [-1, 0]), ("xn--a.", [5, 0]),
            // A label that holds what looks like the zone's octets is no zone.
            ("x\\007cluster\\005local.", [-1, 0]), ("x\\007cluster.local.", [2, 1]),
        ]
        for (name, expected) in rows {
            #expect(try match(name, in: Self.zones) == expected, "\(name)")
            #expect(
                try match(name, in: Self.zones + ["."])[0] == (expected[0] < 0 ? 6 : expected[0]),
                "\(name) with the root")
            #expect(try match(name, in: []) == [-1, 0])
        }
        #expect(try match("a.b.", in: ["."]) == [0, 2])
        #expect(try match(".", in: ["."]) == [0, 0])
        #expect(try match("a.", in: ["a.", "A."])[0] == 0, "of equal zones the first")
    }

    @Test("against DomainName.isSubdomain, for random names")
    func random() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("ZoneMatcherTests seed \(seed)")
        var random = SeededGenerator(state: seed)
        func name() throws -> String {
            let labels = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                ["a", "b", "ab", "A", "Ba"].randomElement(using: &random) ?? ""
            }
            return labels.joined(separator: ".") + "."
        }
        for _ in 0..<2000 {
            let zones = try (0..<Int.random(in: 0...5, using: &random)).map { _ in try name() }
            let text = try name()
            let asked = try DomainName(parsing: text)
            let around = try zones.map { try DomainName(parsing: $0) }.filter { asked.isSubdomain(of: $0) }
            let best = around.map { $0.labelCount }.max()
            let found = try match(text, in: zones)
            if let best {
                #expect(found[1] == asked.labelCount - best, "seed \(seed): \(text) in \(zones)")
                let zone = try DomainName(parsing: try #require(found[0] >= 0 ? zones[found[0]] : nil))
                #expect(asked.isSubdomain(of: zone))
            } else {
                #expect(found == [-1, 0], "seed \(seed): \(text) in \(zones)")
            }
        }
    }

    @Test("copying a name takes complete names without pointers only")
    func copy() {
        let rows: [([UInt8], Int?)] = [
            ([0], 1), ([1, 0x41, 0], 3), ([1, 0x41], nil), ([], nil), ([1], nil),
            ([64] + [UInt8](repeating: 1, count: 64) + [0], nil),
            ([0xC0, 0], nil), (Query.name(63, 63, 63, 61), 255), (Query.name(63, 63, 63, 62), nil),
            ([1, 0x41, 0, 9, 9], 3),
            ([UInt8](repeating: 1, count: 254) + [0], 255), ([UInt8](repeating: 1, count: 256) + [0], nil),
        ]
        let scratch = QuestionName()
        defer { scratch.deallocate() }
        for (source, length) in rows {
            let padded = source + [0xEE]
            let found = padded.withUnsafeBytes { bytes in bytes.baseAddress.flatMap { scratch.copy($0, source.count) } }
            #expect(found?.length == length, "\(hex(source))")
        }
    }
}
