import DNSWire
import LinuxIO
import ServerHarness
import Testing

/// Whatever comes over a socket, the server goes on: FORMERR where the header could be read, silence where not.
@Suite struct BadInputTests {
    private static let corefile = """
        . {
            bind 127.0.0.1
            whoami
        }
        """

    /// A message and what is said to it: nil for nothing at all.
    struct Case: Sendable {
        let what: String
        let bytes: [UInt8]
        let code: ResponseCode?
    }

    private static let query = DNSQuestion("www.example.org.").bytes
    /// Length of header and question of `query`.
    private static let questionEnd = query.count - ResponseWriter.optLength

    private static func header(_ flags: UInt16, questions: UInt16 = 1, _ rest: [UInt16] = [0, 0, 0]) -> [UInt8] {
        ([0xABCD, flags, questions] + rest).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    private static func query(_ name: [UInt8], type: UInt8 = 1) -> [UInt8] { header(0x0100) + name + [0, type, 0, 1] }

    private static func changed(_ change: (inout DNSQuestion) -> Void) -> [UInt8] {
        var question = DNSQuestion("www.example.org.")
        change(&question)
        return question.bytes
    }

    /// A name of so many octets in wire form, root label included.
    private static func name(octets: Int) -> [UInt8] {
        var wire: [UInt8] = []
        while wire.count + 1 < octets {
            let length = min(63, octets - wire.count - 2)
            wire += [UInt8(length)] + [UInt8](repeating: 0x61, count: length)
        }
        return wire + [0]
    }

    static let cases: [Case] = {
        var cases = (0..<Header.length).map { Case(what: "\($0) bytes", bytes: Array(query.prefix($0)), code: nil) }
        cases += (Header.length..<query.count).map { length in
            Case(what: "\(length) of \(query.count) bytes", bytes: Array(query.prefix(length)), code: .formatError)
        }
        cases += [
            Case(what: "a response", bytes: changed { $0.flags = Header.response }, code: nil),
            Case(what: "twelve bytes with the response bit", bytes: header(0x8000), code: nil),
            Case(what: "a pointer to itself", bytes: query([0xC0, 12]), code: .formatError),
            Case(what: "a pointer to the label before it", bytes: query([1, 0x61, 0xC0, 12]), code: .formatError),
            Case(what: "a pointer forward", bytes: query([0xC0, 14, 0]), code: .formatError),
            Case(what: "a pointer into the header", bytes: query([0xC0, 0]), code: .formatError),
            Case(what: "a pointer behind the end", bytes: query([0xFF, 0xFF]), code: .formatError),
            Case(what: "a reserved label type", bytes: query([0x41, 0x61, 0]), code: .formatError),
            Case(what: "a name of 255 octets", bytes: query(name(octets: 255)), code: .noError),
            Case(what: "a name of 256 octets", bytes: query(name(octets: 256)), code: .formatError),
            Case(what: "a name of 300 octets", bytes: query(name(octets: 300)), code: .formatError),
            Case(
                what: "a label of 63 octets", bytes: query([63] + [UInt8](repeating: 0x61, count: 63) + [0]),
                code: .noError),
            Case(
                what: "a label of 64 octets", bytes: query([64] + [UInt8](repeating: 0x61, count: 64) + [0]),
                code: .formatError),
            Case(what: "no question", bytes: header(0x0100, questions: 0), code: .formatError),
            Case(
                what: "two questions",
                bytes: header(0x0100, questions: 2) + [1, 0x61, 0, 0, 1, 0, 1] + [1, 0x62, 0, 0, 1, 0, 1],
                code: .formatError),
            Case(what: "65,535 questions", bytes: header(0x0100, questions: 0xFFFF), code: .formatError),
            Case(
                what: "65,535 records", bytes: header(0x0100, [0, 0, 0xFFFF]) + query.dropFirst(12), code: .formatError),
            Case(
                what: "two OPT records", bytes: header(0x0100, [0, 0, 2]) + query.dropFirst(12) + query.suffix(11),
                code: .formatError),
            Case(
                what: "an option that is cut",
                bytes: header(0x0100, [0, 0, 1]) + query[12..<questionEnd] + [
                    0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 3, 0, 10, 0,
                ],
                code: .formatError),
            Case(what: "NOTIFY", bytes: changed { $0.flags = 4 << 11 }, code: .notImplemented),
            Case(what: "UPDATE", bytes: changed { $0.flags = 5 << 11 }, code: .notImplemented),
            Case(what: "opcode 15", bytes: changed { $0.flags = 15 << 11 }, code: .notImplemented),
            Case(what: "opcode 15 without anything", bytes: header(15 << 11, questions: 0), code: .notImplemented),
            Case(what: "EDNS version 1", bytes: changed { $0.ednsVersion = 1 }, code: .badVersion),
            Case(what: "EDNS version 255", bytes: changed { $0.ednsVersion = 255 }, code: .badVersion),
            Case(what: "class CH", bytes: changed { $0.recordClass = .chaos }, code: .refused),
            Case(what: "class ANY", bytes: changed { $0.recordClass = .any }, code: .refused),
        ]
        return cases
    }()

    /// What has to be true of any response to `bytes`.
    private static func check(_ row: Case, _ response: DNSResponse) {
        #expect(row.code == response.code, "\(row.what)")
        #expect(response.flags & Header.response != 0, "\(row.what)")
        #expect(response.identifier == UInt16(row.bytes[0]) << 8 | UInt16(row.bytes[1]), "\(row.what)")
        // The opcode comes back as it went (RFC 1035, section 4.1.1).
        #expect(response.flags & Header.opcodeMask == UInt16(row.bytes[2]) << 8 & Header.opcodeMask, "\(row.what)")
        if row.code != .noError {
            #expect(response.answer.isEmpty && response.authority.isEmpty && response.additional.isEmpty, "\(row.what)")
        }
    }

    @Test func overUDP() throws {
        let server = try RunningServer(Self.corefile)
        let client = try server.datagramClient()
        for row in Self.cases {
            try client.send(row.bytes)
            // The answer to what follows shows that nothing was said: one socket's datagrams stay in order.
            var next = DNSQuestion("after.example.org.")
            next.identifier = 0x7777
            try client.send(next.bytes)
            var responses: [DNSResponse] = []
            repeat {
                responses.append(try DNSResponse(try #require(try client.receive(), "\(row.what)")))
            } while responses
                .last?.identifier != 0x7777
            #expect(responses.count == (row.code == nil ? 1 : 2), "\(row.what)")
            if row.code != nil { Self.check(row, responses[0]) }
        }
    }

    @Test func overTCP() throws {
        let server = try RunningServer(Self.corefile)
        for row in Self.cases {
            let client = try server.streamClient()
            try client.send(StreamClient.frame(row.bytes))
            if row.code == nil {
                // CoreDNS closes a stream of which it could not read a header; going on is as good, silence is what counts.
                var next = DNSQuestion("after.example.org.")
                next.identifier = 0x7777
                try? client.send(StreamClient.frame(next.bytes))
                if let bytes = try? client.receive() {
                    #expect(try DNSResponse(bytes).identifier == 0x7777, "\(row.what)")
                }
            } else {
                Self.check(row, try DNSResponse(try #require(try client.receive(), "\(row.what)")))
            }
        }
        #expect(try server.streamClient().ask(DNSQuestion("www.example.org.")).code == .noError)
    }

    @Test func transfersAreRefused() throws {
        let folder = try TemporaryFolder()
        let server = try RunningServer(try ClusterFiles.corefile(folder))
        for type in [RecordType.axfr, .ixfr] {
            for name in ["cluster.local.", "web.shop.svc.cluster.local."] {
                #expect(try server.datagramClient().ask(DNSQuestion(name, type)).code == .refused)
                #expect(try server.streamClient().ask(DNSQuestion(name, type)).code == .refused)
            }
        }
    }

    @Test func aDatagramBeyondTheBufferIsAFormatError() throws {
        let server = try RunningServer(Self.corefile)
        let client = try server.datagramClient()
        let padded = Self.query + [UInt8](repeating: 0, count: 4097 - Self.query.count)
        try client.send(padded)
        #expect(try DNSResponse(try #require(try client.receive())).code == .formatError)
        // What fits is read; bytes behind the last record are of no interest.
        try client.send(Array(padded.prefix(4096)))
        #expect(try DNSResponse(try #require(try client.receive())).code == .noError)
        // Over TCP the limit is that of the frame's length.
        let stream = try server.streamClient()
        for length in [4097, 65_535] {
            try stream.send(StreamClient.frame(padded + [UInt8](repeating: 0, count: length - padded.count)))
            #expect(try DNSResponse(try #require(try stream.receive())).code == .noError)
        }
    }

    @Test func garbage() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = FastRandom(seed: seed)
        let server = try RunningServer(Self.corefile)
        let client = try server.datagramClient()
        var stream = try server.streamClient()
        for round in 0..<3000 {
            var bytes: [UInt8]
            if round % 2 == 0 {
                bytes = (0..<random.below(600)).map { _ in UInt8(random.below(256)) }
            } else {
                // Nearly a query: some octets of a good one are changed.
                bytes = Self.query
                for _ in 0...random.below(6) {
                    bytes[Int(random.below(UInt32(bytes.count)))] = UInt8(random.below(256))
                }
            }
            try client.send(bytes)
            var next = DNSQuestion("after.example.org.")
            next.identifier = 0x7777
            try client.send(next.bytes)
            while true {
                let answer = try DNSResponse(
                    try #require(try client.receive(), "seed \(seed), round \(round): \(bytes)"))
                if answer.name?.description == "after.example.org." { break }
            }
            if (try? stream.send(StreamClient.frame(bytes))) == nil { stream = try server.streamClient() }
        }
        #expect(try server.datagramClient().ask(DNSQuestion("www.example.org.")).code == .noError, "seed \(seed)")
        #expect(try server.streamClient().ask(DNSQuestion("www.example.org.")).code == .noError, "seed \(seed)")
    }

    @Test func namesOfAllSortsBelowTheClustersZones() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = FastRandom(seed: seed)
        let folder = try TemporaryFolder()
        let paths = [
            try folder.write("web.yaml", ClusterFiles.web("10.0.0.1")),
            try folder.write("many.yaml", ClusterFiles.headless("many", endpoints: 30)),
            try folder.write(
                "links.yaml", ClusterFiles.links(["a": "b.links.svc.cluster.local", "b": "web.shop.svc.cluster.local"])),
        ]
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                    snapshot \(paths.joined(separator: " "))
                    pods verified
                    endpoint_pod_names
                    zonal
                }
            }
            """)
        let labels = [
            "web", "many", "a", "b", "shop", "links", "svc", "pod", "h0", "h29", "_http", "_tcp", "_udp", "_zone",
            "prefer", "pin",
            "10-1-0-3", "10-1-0", "--", "-", "2001--1", "0-0-0-0-0-0-0-0", "10", "1", "0", "255", "256", "f", "dns",
            "ns",
            "dns-version", "*", "any", "\\000", "\\255\\254", "x\\.y", String(repeating: "z", count: 63),
        ]
        let zones = ["cluster.local.", "svc.cluster.local.", "pod.cluster.local.", "in-addr.arpa.", "ip6.arpa."]
        let types: [RecordType] = [.a, .aaaa, .srv, .ptr, .txt, .ns, .soa, .cname, .mx, .https, .any, .ds, .opt]
        let datagrams = try server.datagramClient()
        let streams = try server.streamClient()
        var found = 0
        for _ in 0..<3000 {
            let words = (0..<random.below(7)).map { _ in labels[Int(random.below(UInt32(labels.count)))] }
            let name = (words + [zones[Int(random.below(UInt32(zones.count)))]]).joined(separator: ".")
            guard (try? DomainName(parsing: name)) != nil else { continue }
            let type = types[Int(random.below(UInt32(types.count)))]
            let question = DNSQuestion(name, type, udpSize: random.below(2) == 0 ? nil : UInt16(random.below(2000)))
            let (overUDP, overTCP) = (try datagrams.ask(question), try streams.ask(question))
            #expect(overUDP.code == overTCP.code, "seed \(seed): \(name) \(type)")
            #expect([ResponseCode.noError, .nameError].contains(overTCP.code), "seed \(seed): \(name) \(type)")
            #expect(overTCP.name?.description == overUDP.name?.description, "seed \(seed): \(name) \(type)")
            // Either there is an answer, or the SOA says that there is none.
            #expect(
                overTCP.answer.isEmpty == overTCP.authority.contains { $0.type == .soa },
                "seed \(seed): \(name) \(type)")
            if !overTCP.answer.isEmpty { found += 1 }
        }
        #expect(found > 0, "seed \(seed)")
    }
}
