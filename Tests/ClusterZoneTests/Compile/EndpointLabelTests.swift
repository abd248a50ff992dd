import KubernetesAPI
import Testing

@testable import ClusterZone

@Suite("Names of endpoints")
struct EndpointLabelTests {
    @Test("an IPv6 address with dashes is its canonical text with dashes")
    func dashed() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("EndpointLabelTests.dashed seed \(seed)")
        var random = SplitMix64(state: seed)
        var bytes: [UInt8] = []
        let rows = [
            ("::", "--0"), ("::1", "--1"), ("2001:db8::", "2001-db8--0"), ("1:0:0:2::", "1-0-0-2--0"),
            ("1:0:2:0:3:0:4:0", "1-0-2-0-3-0-4-0"), ("fd00::a:0:0:1", "fd00--a-0-0-1"),
            ("abcd:ef:1:ffff:f:ff:fff:1000", "abcd-ef-1-ffff-f-ff-fff-1000"),
        ]
        for (text, label) in rows {
            EndpointLabel.setDashed(try #require(IPAddress(text)), &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == label)
        }
        for _ in 0..<3000 {
            // Groups of zeros, of few digits and of many.
            func half() -> UInt64 {
                (0..<4).reduce(0) { half, _ in
                    half << 16 | [0, 0, random.next() & 0xF, random.next() & 0xFFFF][Int(random.next() & 3)]
                }
            }
            let address = IPAddress(high: half(), low: half())
            guard address.family == .v6 else { continue }
            EndpointLabel.setDashed(address, &bytes)
            #expect(bytes == EndpointLabel.dashed(address.description.utf8), "seed \(seed): \(address)")
        }
    }

    @Test("labels: one label in lower case, or none")
    func labels() {
        let long = String(repeating: "a", count: 63)
        for (text, label) in [("Web-0", "web-0"), (long, long), (long + "a", nil), ("a.b", nil), ("", nil)] {
            #expect(EndpointLabel.oneLabel(text.utf8) == label.map { Array($0.utf8) })
        }
    }
}
