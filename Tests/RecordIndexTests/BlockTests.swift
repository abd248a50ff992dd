import RecordIndex
import Testing

@Suite("Service blocks")
struct BlockTests {
    private func withBlock(_ records: ServiceRecords, _ body: (ServiceBlock) throws -> Void) rethrows {
        let memory = ServiceBlockMemory(compiling: records)
        try withExtendedLifetime(memory) { try body(memory.block) }
    }

    private func bytes(_ start: UnsafeRawPointer, _ count: Int) -> [UInt8] {
        (0..<count).map { start.load(fromByteOffset: $0, as: UInt8.self) }
    }

    @Test("a service with cluster addresses")
    func clusterAddresses() {
        let compiled = records("ns", "web") {
            $0.clusterAddresses = [
                AddressKey(ipv4: 0x0A60_0002), AddressKey(high: 1, low: 2), AddressKey(ipv4: 0x0A60_0001),
                AddressKey(ipv4: 0x0A60_0002),
            ]
            $0.ports = [port("http", 80), port("dns", 53, "udp"), port("", -1, "")]
            $0.answersReverse = false
        }
        withBlock(compiled) { block in
            #expect(!block.isHeadless && !block.isExternalName && block.answersForward && !block.answersReverse)
            #expect(bytes(block.key, block.suffixLength) == wire("web") + wire("ns") + wire("svc"))
            #expect(block.keyLength == 7 && block.text == "web.ns" && block.hasClusterAddress)
            // In the object's order, each once.
            #expect(bytes(block.clusterIPv4, block.clusterIPv4Count * 4) == [10, 96, 0, 2, 10, 96, 0, 1])
            #expect(
                bytes(block.clusterIPv6, block.clusterIPv6Count * 16) == [
                    0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2,
                ])
            #expect(
                block.poolIPv4Count == 0 && block.poolIPv6Count == 0 && block.rowCount == 0 && block.labelCount == 0)
            #expect(block.groupCount == 1 && block.portCount(group: block.serviceGroup) == 3)
            #expect((0..<3).map { block.port($0, group: 0).number } == [-1, 53, 80])
            let rows: [(Int, String, String, Bool, Bool)] = [
                (2, "http", "tcp", true, true), (2, "htt", "udp", false, false), (2, "httpt", "tc", false, false),
                (2, "", "", true, true),
                (1, "dns", "udp", true, true), (1, "dns", "tcp", true, false), (0, "", "", true, true),
                (0, "x", "tcp", false, false),
            ]
            for (index, name, transport, isNamed, hasTransport) in rows {
                let port = block.port(index, group: 0)
                #expect(Array(name.utf8).withPointer { port.isNamed($0, $1) } == isNamed)
                #expect(Array(transport.utf8).withPointer { port.hasTransport($0, $1) } == hasTransport)
            }
        }
    }

    @Test("a headless service: rows by label and address, one for equal endpoints, the ports of a label together")
    func rows() {
        let one = AddressKey(ipv4: 1)
        let two = AddressKey(ipv4: 2)
        let six = AddressKey(high: 5, low: 6)
        let compiled = records("ns", "db", .headless) {
            $0.portGroups = [[port("b", 2), port("c", 3)], [port("a", 1)], [port("unused", 9)]]
            $0.add([
                endpoint(two, "bb", group: 1), endpoint(six, "a", group: 0, isHostname: true),
                endpoint(one, "a", group: 1),
                endpoint(one, "a", group: 0, zone: "z2"), endpoint(one, "a", group: 0, zone: "z1"),
                endpoint(one, "a", group: 0, zone: "z1"),
                endpoint(one, "a", group: 0, zone: "z1", isHostname: true), endpoint(two, "c", group: 1),
                endpoint(two, "x", group: 7),
                endpoint(two, "x", group: -1),
                ServiceRecords.Endpoint(
                    location: .name([1, 0x74, 0]), label: Array("c".utf8), isHostname: false, portGroup: 1),
            ])
        }
        withBlock(compiled) { block in
            #expect(block.isHeadless && block.hasTargets && !block.hasClusterAddress)
            #expect(
                block.rowTexts == [
                    "a 1 1 z0 x1", "a 1 2,3 z1 x3 host", "a 1 2,3 z2 x1", "a 5:6 2,3 z0 x1 host", "c 2 1 z0 x1",
                    "c name 0 1 z0 x1", "bb 2 1 z0 x1",
                ])
            #expect(block.serviceWeightTotal == 1 + 6 + 2 + 2 + 1 + 1)
            let counts = (0..<block.attributesCount).map { number in
                let shared = block.attributes(number)
                return shared.addressCount * shared.multiplicity * block.portCount(group: shared.portGroup)
            }
            // The row that stands for a name is not counted.
            #expect(counts.reduce(0, +) == block.serviceWeightTotal)
            #expect(
                bytes(block.poolIPv4, 8) == [0, 0, 0, 1, 0, 0, 0, 2] && block.poolIPv4Count == 2
                    && block.poolIPv6Count == 1)
            #expect(block.groupCount == 4, "the service's own, the two that endpoints have, and those of label a")
            #expect((0..<3).map { block.hasMergedPorts(label: $0) } == [true, false, false])
            #expect((0..<3).map { block.portGroup(ofLabel: $0) } == [3, 1, 1])
            let merged = (0..<block.portCount(group: 3)).map { block.port($0, group: 3) }
            #expect(
                merged.map { [Int($0.number), $0.zone] } == [
                    [1, 0], [2, 0], [2, 1], [2, 2], [3, 0], [3, 1], [3, 2],
                ])
            let (target, length) = block.target(of: block.row(5))
            #expect(bytes(target, length) == [1, 0x74, 0])
            // By address: those of one address are neighbours.
            let order = (0..<block.rowCount).map { block.row(block.rowByAddress($0)).place }
            #expect(
                order == order.sorted()
                    && Set((0..<block.rowCount).map { block.rowByAddress($0) }).count == block.rowCount)
            #expect(block.firstPlace(of: one) == 0 && block.firstPlace(of: two) == 3 && block.firstPlace(of: six) == 5)
            #expect(
                block.firstPlace(of: AddressKey(ipv4: 3)) == -1
                    && block.firstPlace(of: AddressKey(high: 5, low: 7)) == -1)
            #expect((0..<3).map { block.labelText($0) } == ["a", "c", "bb"])
            #expect(
                (0..<3).map { [block.firstRow(ofLabel: $0), block.endRow(ofLabel: $0)] } == [[0, 4], [4, 6], [6, 7]])
            for (zone, number) in [("z1", 1), ("z2", 2), ("z3", 0), ("z", 0), ("z11", 0)] {
                #expect(Array(zone.utf8).withPointer { block.findZone($0, $1) } == number)
            }
        }
    }

    @Test("labels are found, and only they", arguments: [0, 1, 2, 3, 100])
    func labels(count: Int) {
        // Short ones, ones about as long as a key holds, and longer ones that begin alike: all of them, or some.
        let starts =
            count == 100
            ? ["a-name-of-one-set-of-pods-", "a-name-of-one-set-", "fifteen-bytes"]
            : ["a-name-of-one-set-of-pods-", "a-name-of-one-set-"]
        let names =
            (0..<count).map { "db-\($0)" }
            + (count > 0 ? ["x", "a-name-of-one" + String(repeating: "y", count: 50)] : [])
            + (0..<count * 3).map { "\(starts[$0 % starts.count])\($0)" }
        let compiled = records("ns", "db", .headless) {
            $0.portGroups = [[port("a", 1)]]
            $0.add(names.enumerated().map { endpoint(AddressKey(ipv4: UInt32($0)), $1) }.shuffled())
        }
        withBlock(compiled) { block in
            #expect(block.labelCount == names.count)
            for (place, name) in names.enumerated() {
                let found = wire(name).withPointer { start, _ in block.findLabel(start) }
                guard found >= 0 else {
                    Issue.record("\(name) is not found")
                    continue
                }
                #expect(block.labelText(found) == name)
                let rows = (block.firstRow(ofLabel: found)..<block.endRow(ofLabel: found)).map {
                    block.key(of: block.row($0))
                }
                #expect(rows == [AddressKey(ipv4: UInt32(place))])
            }
            for name in ["", "db-", "db-\(count)", "a", "zzzzz", "db-0 "] {
                #expect(wire(name).withPointer { start, _ in block.findLabel(start) } == -1)
            }
        }
    }

    @Test("an alias")
    func alias() {
        let target: [UInt8] = [7] + Array("Example".utf8) + [3, 0x63, 0x6F, 0x6D, 0]
        withBlock(
            records("ns", "out", .externalName) {
                $0.externalName = target; $0.answersForward = false
            }
        ) { block in
            #expect(block.isExternalName && !block.isHeadless && !block.answersForward && block.answersReverse)
            #expect(bytes(block.externalName.0, block.externalName.1) == target)
        }
    }

    @Test("a block of more rows than two bytes count: labels, rows and their order", arguments: [1, 2])
    func wide(rowsOfLabel: Int) {
        let count = Int(UInt16.max) + 1
        let compiled = records("ns", "wide", .headless) {
            $0.portGroups = [[port("a", 1)], [port("b", 2)]]
            for number in 0..<count / rowsOfLabel {
                for row in 0..<rowsOfLabel {
                    let address = AddressKey(ipv4: UInt32(row << 24 | number))
                    $0.add([endpoint(address, "p-\(number)", group: row, zone: "z\(number % 3)")])
                }
            }
        }
        withBlock(compiled) { block in
            #expect(block.rowCount == count && block.labelCount == count / rowsOfLabel)
            #expect(block.poolIPv4Count == count && block.serviceWeightTotal == count)
            for number in stride(from: 0, to: count / rowsOfLabel, by: 997) {
                let found = wire("p-\(number)").withPointer { start, _ in block.findLabel(start) }
                #expect(found >= 0 && block.labelText(found) == "p-\(number)")
                let rows = (block.firstRow(ofLabel: found)..<block.endRow(ofLabel: found)).map { block.row($0) }
                #expect(rows.map { block.key(of: $0).ipv4 } == (0..<rowsOfLabel).map { UInt32($0 << 24 | number) })
                #expect(rows.allSatisfy { $0.label == found && $0.zone == number % 3 + 1 && $0.multiplicity == 1 })
                #expect(block.hasMergedPorts(label: found) == (rowsOfLabel == 2))
                let group = block.portGroup(ofLabel: found)
                #expect(block.portCount(group: group) == rowsOfLabel && block.port(0, group: group).number == 1)
                for row in rows {
                    let place = block.firstPlace(of: block.key(of: row))
                    #expect(place >= 0 && block.row(block.rowByAddress(place)).place == row.place)
                }
            }
            #expect(wire("p-\(count)").withPointer { start, _ in block.findLabel(start) } == -1)
        }
    }

    @Test("many combinations of attributes keep theirs")
    func attributes() {
        let compiled = records("ns", "many", .headless) {
            $0.portGroups = (0..<7).map { [port("p", Int32($0))] }
            for number in 0..<200 {
                $0.add([
                    endpoint(
                        AddressKey(ipv4: UInt32(number)), "e\(number)", group: number % 7, zone: "z\(number % 11)",
                        isHostname: number % 2 == 0)
                ])
            }
        }
        withBlock(compiled) { block in
            for index in 0..<block.rowCount {
                let row = block.row(index)
                let number = Int(block.key(of: row).ipv4)
                #expect(block.labelText(row.label) == "e\(number)" && row.isHostname == (number % 2 == 0))
                #expect(block.port(0, group: row.portGroup).number == Int32(number % 7))
                #expect(Array("z\(number % 11)".utf8).withPointer { block.findZone($0, $1) } == row.zone)
            }
        }
    }

    @Test("the name of a port that several groups have takes its bytes once, however it is cut")
    func portTexts() {
        let compiled = records("ns", "ports") {
            $0.ports = [port("http", 80), port("httpt", 81, "cp"), port("http", 82, "udp")]
            $0.portGroups = [[port("http", 8080)]]
            $0.add([endpoint(AddressKey(ipv4: 1), "a")])
        }
        withBlock(compiled) { block in
            let rows: [(Int, Int, String, String)] = [
                (0, 0, "http", "tcp"), (0, 1, "httpt", "cp"), (0, 2, "http", "udp"), (1, 0, "http", "tcp"),
            ]
            for (group, index, name, transport) in rows {
                let port = block.port(index, group: group)
                #expect(Array(name.utf8).withPointer { port.isNamed($0, $1) })
                #expect(Array(transport.utf8).withPointer { port.hasTransport($0, $1) })
            }
        }
    }
}
