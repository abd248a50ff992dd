import DNSWire
import LinuxIO
import PluginKit
import Plugins
import ServerHarness
import Synchronization
import Testing

/// `forward` between real sockets: what becomes of questions and answers.
@Suite struct ForwardTests {
    static func corefile(_ upstreams: TestUpstream..., options: String = "", before: String = "") -> String {
        let to = upstreams.map { "\($0.address)" }.joined(separator: " ")
        return ". {\n bind 127.0.0.1\n errors\n \(before)\n forward . \(to) {\n \(options)\n }\n}\n"
    }

    static func answering(_ address: String = "192.0.2.80") throws -> TestUpstream {
        try TestUpstream { .answer($0.response(["\($0.name) 300 IN A \(address)"])) }
    }

    @Test func oneQuestion() throws {
        let upstream = try Self.answering()
        let server = try RunningServer(Self.corefile(upstream))
        let response = try server.datagramClient().ask(DNSQuestion("WWW.example."))
        #expect(response.code == .noError)
        #expect(response.answerLines == ["WWW.example. 300 A 192.0.2.80"])
        #expect(response.name?.description == "WWW.example.")
        #expect(response.flagNames == ["AA", "QR", "RD"])
        let stream = try server.streamClient().ask(DNSQuestion("www.example."))
        #expect(stream.answerLines == ["www.example. 300 A 192.0.2.80"])
        #expect(upstream.queries.map(\.isStream) == [false, true])
    }

    @Test func whatTheUpstreamIsAsked() throws {
        let upstream = try Self.answering()
        let server = try RunningServer(Self.corefile(upstream))
        let client = try server.datagramClient()
        // The OPT record is the client's, with its size as far as it is used; without one there is none.
        for (size, dnssecOK, flags) in [
            (nil, false, Header.recursionDesired), (1232, true, 0), (4096, false, Header.checkingDisabled),
            (1232, false, Header.recursionDesired | Header.authenticData),
        ] as [(UInt16?, Bool, UInt16)] {
            var question = DNSQuestion("WwW.example.", udpSize: size)
            question.dnssecOK = dnssecOK
            question.flags = flags
            let response = try client.ask(question)
            #expect((response.ednsVersion == nil) == (size == nil))
            let asked = try #require(upstream.queries.last)
            #expect(Array(asked.bytes[2...]) == Array(question.bytes[2...]))
        }
        #expect(Set(upstream.queries.map(\.identifier)).count > 1)
    }

    @Test func identifiersAndPortsAreFresh() throws {
        let upstream = try Self.answering()
        let server = try RunningServer(Self.corefile(upstream))
        let client = try server.datagramClient()
        for number in 0..<200 { _ = try client.ask(DNSQuestion("n\(number).example.")) }
        let queries = upstream.queries
        #expect(queries.count == 200)
        #expect(Set(queries.map(\.identifier)).count > 190)
        let ports = Set(queries.map(\.client.port))
        #expect(ports.count > 20 && ports.count <= 64, "\(ports.count) ports")
    }

    /// Questions that come together are still asked from different ports.
    @Test func portsDifferWithinATurn() throws {
        let upstream = try Self.answering()
        let server = try RunningServer(Self.corefile(upstream, options: "prefer_udp"))
        let client = try server.streamClient()
        let count = 64
        var frames: [UInt8] = []
        for number in 0..<UInt16(count) {
            var question = DNSQuestion("n\(number).example.")
            question.identifier = number
            frames += StreamClient.frame(question.bytes)
        }
        try client.send(frames)
        for _ in 0..<count { _ = try #require(try client.receive()) }
        let queries = upstream.queries
        #expect(queries.count == count && !queries.contains(where: \.isStream))
        // 64 draws of 32 leave out more than 20 with a probability below 1 in 10^9.
        let ports = Set(queries.map(\.client.port))
        #expect(ports.count >= 12, "\(ports.count) ports")
    }

    @Test func identicalQuestionsAreAskedOnce() throws {
        let upstream = try TestUpstream { .answer($0.response(["\($0.name) 300 IN A 192.0.2.80"]), after: 300) }
        let server = try RunningServer(Self.corefile(upstream))
        let clients = try (0..<20).map { _ in try server.datagramClient() }
        var question = DNSQuestion("same.example.")
        for (number, client) in clients.enumerated() {
            question.identifier = UInt16(number + 1)
            try client.send(question.bytes)
        }
        for (number, client) in clients.enumerated() {
            let response = try DNSResponse(try #require(try client.receive()))
            #expect(response.identifier == UInt16(number + 1))
            #expect(response.answerLines == ["same.example. 300 A 192.0.2.80"])
        }
        #expect(upstream.queries.count == 1)
    }

    @Test func wrongAnswersArePassedOver() throws {
        let upstream = try TestUpstream { query in
            let right = query.response(["\(query.name) 300 IN A 192.0.2.80"])
            var wrongID = query.response(["\(query.name) 300 IN A 192.0.2.66"])
            wrongID[0] ^= 0x55
            var wrongName = query.response(["\(query.name) 300 IN A 192.0.2.66"])
            wrongName[13] ^= 1
            var wrongType = query.response(["\(query.name) 300 IN A 192.0.2.66"])
            wrongType[query.questionEnd - 3] = 28
            var notAResponse = query.response(["\(query.name) 300 IN A 192.0.2.66"])
            notAResponse[2] &= 0x7F
            let cut = Array(right.dropLast(20))
            return .answer(wrongID, wrongName, wrongType, notAResponse, cut, [1, 2, 3], [], query.bytes, right)
        }
        let server = try RunningServer(Self.corefile(upstream))
        let client = try server.datagramClient()
        for number in 0..<20 {
            let response = try client.ask(DNSQuestion("n\(number).example."))
            #expect(response.answerLines == ["n\(number).example. 300 A 192.0.2.80"])
        }
        #expect(upstream.queries.count == 20)
    }

    @Test func answersInAnyOrder() throws {
        // The first questions are answered last.
        let upstream = try TestUpstream { query in
            let number = UInt64(query.name.dropFirst().prefix { $0.isNumber }) ?? 0
            return .answer(query.response(["\(query.name) 300 IN A 192.0.2.\(number)"]), after: 400 - 10 * number)
        }
        let server = try RunningServer(Self.corefile(upstream, options: "max_concurrent 1000"))
        let stream = try server.streamClient()
        let datagram = try server.datagramClient()
        for number in 0..<30 {
            var question = DNSQuestion("s\(number).example.")
            question.identifier = UInt16(number)
            try stream.send(StreamClient.frame(question.bytes))
            question.name = "d\(number).example."
            try datagram.send(question.bytes)
        }
        for transport in [stream.receive, datagram.receive] as [(Int32) throws -> [UInt8]?] {
            var order: [UInt16] = []
            for _ in 0..<30 {
                let response = try DNSResponse(try #require(try transport(5000)))
                order.append(response.identifier)
                #expect(response.answer.first.map { "\($0.data)" } == "192.0.2.\(response.identifier)")
            }
            #expect(Set(order).count == 30)
            #expect(order.first != 0)
        }
    }

    @Test func truncatedAnswers() throws {
        let many = (0..<60).map { "many.example. 300 IN A 198.51.100.\($0)" }
        let upstream = try TestUpstream { query in
            query.isStream
                ? .answer(query.response(many)) : .answer(query.response(flags: Header.truncated))
        }
        // As they came over UDP; whole over TCP.
        let plain = try RunningServer(Self.corefile(upstream))
        #expect(try plain.datagramClient().ask(DNSQuestion("many.example.")).isTruncated)
        let whole = try plain.streamClient().ask(DNSQuestion("many.example."))
        #expect(whole.answer.count == 60 && !whole.isTruncated)
        // prefer_udp asks over TCP only after that, whoever asks.
        let preferring = try RunningServer(Self.corefile(upstream, options: "prefer_udp"))
        let before = upstream.queries.count
        let over = try preferring.streamClient().ask(DNSQuestion("many.example."))
        #expect(over.answer.count == 60 && !over.isTruncated)
        #expect(upstream.queries[before...].map(\.isStream) == [false, true])
        let large = try preferring.datagramClient().ask(DNSQuestion("many.example.", udpSize: 4096))
        #expect(large.answer.count == 60 && !large.isTruncated)
        let small = try preferring.datagramClient().ask(DNSQuestion("many.example.", udpSize: nil))
        #expect(small.isTruncated && small.bytes.count <= 512 && !small.answer.isEmpty)
        // force_tcp never asks over UDP.
        let forcing = try RunningServer(Self.corefile(upstream, options: "force_tcp\n prefer_udp"))
        let earlier = upstream.queries.count
        #expect(try forcing.datagramClient().ask(DNSQuestion("many.example.", udpSize: 4096)).answer.count == 60)
        #expect(upstream.queries[earlier...].map(\.isStream) == [true])
    }

    /// The OPT record of an answer stands where it likes, and has what it likes.
    @Test func optionsOfTheAnswer() throws {
        let opt: [UInt8] = [0, 0, 41, 16, 0, 1, 0, 0x80, 0, 0, 6, 0, 15, 0, 2, 0, 22]
        let upstream = try TestUpstream { query in
            // NS and its address behind the OPT record point at names before it and behind it.
            var message = query.response(
                ["a.example. 300 IN CNAME b.a.example."], additional: ["b.a.example. 300 IN A 192.0.2.1"],
                code: ResponseCode(rawValue: 0))
            let hadOptions = query.questionEnd < query.bytes.count
            if hadOptions { message.removeLast(11) }
            if query.name.hasPrefix("late") || !hadOptions {
                message += opt
            } else {
                // Behind the answer: owner (2), type, class, TTL and length (10), and "b" before a pointer (4).
                message.insert(
                    contentsOf: opt, at: query.questionEnd + Self.ownerLength(message, query.questionEnd) + 10 + 4)
            }
            message[11] = 2
            return .answer(message)
        }
        let server = try RunningServer(Self.corefile(upstream))
        let client = try server.datagramClient()
        for name in ["late.example.", "a.example."] {
            let response = try client.ask(DNSQuestion(name))
            #expect(response.ednsVersion == 0)
            #expect(response.code.rawValue == 16, "the upper bits of the code are the upstream's")
            #expect(response.additional.count == 1, "\(name)")
            #expect(response.bytes.suffix(6) == [0, 15, 0, 2, 0, 22] || name == "a.example.")
        }
        let plain = try client.ask(DNSQuestion("late.example.", udpSize: nil))
        #expect(plain.ednsVersion == nil && plain.code == .noError && plain.additional.count == 1)
    }

    private static func ownerLength(_ message: [UInt8], _ start: Int) -> Int {
        var place = start
        while message[place] != 0, message[place] < 0xC0 { place += Int(message[place]) + 1 }
        return place - start + (message[place] == 0 ? 1 : 2)
    }

    @Test func exceptionsAndStages() throws {
        let first = try Self.answering("192.0.2.1")
        let second = try Self.answering("192.0.2.2")
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                errors
                forward example \(first.address) {
                    except prod.example example
                }
                forward other.test \(second.address)
            }
            """)
        let client = try server.datagramClient()
        func answer(_ name: String) throws -> String {
            let response = try client.ask(DNSQuestion(name))
            return response.answer.first.map { "\($0.data)" } ?? "\(response.code)"
        }
        #expect(try answer("www.other.test.") == "192.0.2.2")
        #expect(try answer("example.") == "192.0.2.1")
        #expect(try answer("db.prod.example.") == "SERVFAIL")
        #expect(try answer("elsewhere.") == "SERVFAIL")
        #expect(server.lines.all.contains { $0.contains("2 elsewhere. A: plugin/forward: no next plugin found") })
    }

    @Test func nextStage() throws {
        let first = try TestUpstream { query in
            query.name.hasPrefix("none")
                ? .answer(query.response()) : .answer(query.response(code: .nameError))
        }
        let second = try Self.answering("192.0.2.2")
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                forward . \(first.address) {
                    next NXDOMAIN
                    next_on_nodata
                }
                forward . \(second.address)
            }
            """)
        let client = try server.datagramClient()
        for name in ["absent.example.", "none.example."] {
            #expect(try client.ask(DNSQuestion(name)).answerLines == ["\(name) 300 A 192.0.2.2"])
            #expect(try server.streamClient().ask(DNSQuestion(name)).answerLines == ["\(name) 300 A 192.0.2.2"])
        }
        // The last stage has no next one.
        let alone = try RunningServer(Self.corefile(first, options: "next NXDOMAIN"))
        #expect(try alone.datagramClient().ask(DNSQuestion("absent.example.")).code == .nameError)
    }

    @Test func failover() throws {
        let refusing = try TestUpstream { .answer($0.response(code: .refused, flags: 0)) }
        let failing = try TestUpstream { .answer($0.response(code: .serverFailure, flags: 0)) }
        let answering = try Self.answering()
        let options = "policy sequential\n failover SERVFAIL refused"
        let server = try RunningServer(Self.corefile(refusing, failing, answering, options: options))
        #expect(try server.datagramClient().ask(DNSQuestion("www.example.")).code == .noError)
        // The last one's answer counts.
        let hopeless = try RunningServer(Self.corefile(refusing, failing, options: options))
        #expect(try hopeless.datagramClient().ask(DNSQuestion("www.example.")).code == .serverFailure)
    }

    @Test func policies() throws {
        let upstreams = try (1...3).map { try Self.answering("192.0.2.\($0)") }
        func order(_ policy: String) throws -> [String] {
            let server = try RunningServer(
                Self.corefile(upstreams[0], upstreams[1], upstreams[2], options: "policy \(policy)"))
            let client = try server.datagramClient()
            return try (0..<60).map { number in
                let response = try client.ask(DNSQuestion("n\(number).example."))
                return response.answer.first.map { "\($0.data)".suffix(1) }.map(String.init) ?? "?"
            }
        }
        #expect(try order("sequential") == Array(repeating: "1", count: 60))
        let robin = try order("round_robin")
        for place in 0..<57 { #expect(Set(robin[place..<place + 3]).count == 3) }
        let random = try order("random")
        for number in ["1", "2", "3"] { #expect(random.count { $0 == number } > 5, "\(random)") }
    }

    @Test func maxConcurrent() throws {
        let upstream = try TestUpstream { .answer($0.response(["\($0.name) 300 IN A 192.0.2.80"]), after: 500) }
        let server = try RunningServer(
            Self.corefile(upstream, options: "max_concurrent 2", before: "prometheus 127.0.0.1:0"))
        let stream = try server.streamClient()
        for number in 0..<5 {
            var question = DNSQuestion("n\(number).example.")
            question.identifier = UInt16(number)
            try stream.send(StreamClient.frame(question.bytes))
        }
        var codes: [ResponseCode] = []
        for _ in 0..<5 { codes.append(try DNSResponse(try #require(try stream.receive())).code) }
        #expect(codes.map(\.rawValue).sorted() == [0, 0, 5, 5, 5])
        #expect(server.lines.all.contains { $0.contains("concurrent queries exceeded maximum 2") })
        #expect(try server.datagramClient().ask(DNSQuestion("later.example.")).code == .noError)
    }
}
