@testable import KubernetesAPI
import Testing

@Suite struct EndpointListTests {
    static let rows: [EndpointObject] = [
        EndpointObject(addresses: []),
        EndpointObject(addresses: [HostAddress("10.0.0.1")]),
        EndpointObject(addresses: [HostAddress("10.0.0.1"), HostAddress("10.0.0.2")], hostname: "a"),
        EndpointObject(addresses: [HostAddress("2001:db8::1")], target: TargetReference(kind: "Pod", name: "web-0")),
        // Texts that are not the canonical ones come back as they were.
        EndpointObject(addresses: [HostAddress("2001:DB8:0::1"), HostAddress("::ffff:10.0.0.1")], hostname: ""),
        EndpointObject(addresses: [HostAddress("host.example")], zone: "eu-1a"),
        EndpointObject(
            addresses: [HostAddress("::"), HostAddress("0.0.0.0"), HostAddress("255.255.255.255")], hostname: "b",
            target: TargetReference(kind: "", name: ""), zone: "",
            conditions: EndpointConditions(ready: true, serving: false, terminating: true)),
        EndpointObject(addresses: [], conditions: EndpointConditions(ready: false)),
        EndpointObject(addresses: [], conditions: EndpointConditions(terminating: false)),
    ]

    @Test func whatIsPackedComesBack() {
        for row in Self.rows { #expect(Array(EndpointList([row])) == [row]) }
        #expect(Array(EndpointList(Self.rows)) == Self.rows)
        #expect(EndpointList(Self.rows).count == Self.rows.count)
        #expect(EndpointList([]).isEmpty)
        #expect(EndpointList(Self.rows) == EndpointList(Self.rows))
        #expect(EndpointList(Self.rows) != EndpointList(Self.rows.reversed()))
    }

    @Test func aBuilderIsUsedAgain() {
        var builder = EndpointListBuilder()
        builder.append(Self.rows[2])
        // Begun and never ended.
        builder.begin()
        builder.setHostname("lost".utf8)
        builder.begin()
        #expect(Array(builder.finish()) == [Self.rows[2]])
        #expect(builder.finish().isEmpty)
        builder.append(Self.rows[3])
        #expect(Array(builder.finish()) == [Self.rows[3]])
    }

    @Test func whatIsTooMuchIsLeftOut() {
        let many = EndpointObject(addresses: (0..<300).map { HostAddress("10.0.\($0 / 200).\($0 % 200)") })
        let packed = EndpointList([many, Self.rows[1]])
        #expect(packed.map(\.addresses.count) == [EndpointList.mostAddresses, 1])
        let long = EndpointObject(addresses: [], hostname: String(repeating: "x", count: 70_000))
        #expect(EndpointList([long, Self.rows[1]]).map { $0.hostname?.utf8.count } == [1024, nil])
    }

    /// Bytes that no builder made end the walk and never trap it.
    @Test func cutBytesEndTheWalk() {
        let whole = EndpointList(Self.rows)
        for end in 0...whole.bytes.count {
            var reader = EndpointList.Reader(EndpointList(bytes: Array(whole.bytes[..<end]), count: Self.rows.count))
            var seen = 0
            while let view = reader.next() {
                seen += 1
                var offset = view.addresses.lowerBound
                while offset < view.addresses.upperBound { _ = reader.address(at: &offset) }
            }
            #expect(seen <= Self.rows.count)
            #expect(end < whole.bytes.count || seen == Self.rows.count)
        }
    }
}
