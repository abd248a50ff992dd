import DNSWire
import Foundation
import LinuxIO
import ServerHarness
import Testing

/// What upstreams that are dead, slow or lie leave behind in the running program: nothing. A process of its own is measured, so
/// that no other test has a part in the numbers.
@Suite(.serialized) struct ForwardLeftoverTests {
    /// An upstream that something is wrong with.
    enum Fault: String, CaseIterable {
        case dead, silent, slow, wrongIdentifier, wrongQuestion, garbage, truncated, closing
    }

    private static func reaction(_ fault: Fault, _ query: TestUpstream.Query) -> TestUpstream.Reaction {
        let right = query.response(["\(query.name) 300 IN A 192.0.2.80"])
        switch fault {
        case .dead, .silent: return .silence
        case .slow: return .answer(right, after: 150)
        case .wrongIdentifier:
            var wrong = right
            wrong[0] ^= 0x55
            return .answer(wrong, wrong, wrong)
        case .wrongQuestion:
            var wrong = right
            wrong[13] ^= 1
            return .answer(wrong, wrong)
        case .garbage:
            return .answer(
                [], [7], Array(right.prefix(11)), right.map { $0 ^ 0xA5 }, Array(repeating: 0xFF, count: 512))
        case .truncated: return .answer(query.response(flags: Header.truncated))
        case .closing: return query.isStream ? .close : .silence
        }
    }

    /// What a process holds and has used, by proc(5).
    private struct Usage {
        let descriptors: Int
        /// Processor time, user's and system's, in hundredths of a second.
        let ticks: Int
        /// Resident memory in KiB.
        let memory: Int

        init(_ child: ChildProcess) throws {
            let folder = "/proc/\(child.identifier)"
            descriptors = try FileManager.default.contentsOfDirectory(atPath: folder + "/fd").count
            func text(_ name: String) -> String {
                String(decoding: FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data(), as: UTF8.self)
            }
            let fields = text("stat").split(separator: ")").last?.split(separator: " ").compactMap { Int($0) } ?? []
            // The state, which is no number, is left out: user's and system's time are the 11th and the 12th behind it.
            ticks = fields.count > 12 ? fields[10] + fields[11] : 0
            let line = text("status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            memory = line.flatMap { $0.split(separator: " ").compactMap { Int($0) }.first } ?? 0
        }
    }

    /// Sends many questions over UDP and some over TCP, and waits until all of them are answered or given up.
    private static func load(_ server: SocketAddress, _ label: String) throws {
        let datagrams = try DatagramClient(server)
        let streams = try StreamClient(server)
        var answers = 0
        for number in 0..<200 {
            var question = DNSQuestion("\(label)-\(number).example.")
            question.identifier = UInt16(number)
            try datagrams.send(question.bytes)
            if number % 10 == 0 { try streams.send(StreamClient.frame(question.bytes)) }
            if number % 100 == 99 {
                while answers <= number { if try datagrams.receive() == nil { break } else { answers += 1 } }
            }
        }
        for _ in 0..<20 { #expect(try streams.receive() != nil, "\(label)") }
        #expect(answers == 200, "\(label): every question has an answer, if only SERVFAIL")
    }

    @Test(arguments: Fault.allCases) func nothingStays(_ fault: Fault) throws {
        let upstream = try TestUpstream { Self.reaction(fault, $0) }
        if fault == .dead { upstream.stop() }
        let program = try Program(
            ["-p", "0"],
            corefile: """
                . {
                    bind 127.0.0.1
                    forward . \(upstream.address) {
                        read_timeout 100ms
                        expire 200ms
                        max_fails 1
                        health_check 50ms
                    }
                }
                """)
        let server = try program.started()
        let before = try Usage(program.child)
        // What grows to its size once, such as the memory kept for queries, is there after these.
        for round in 0..<2 { try Self.load(server, "warm\(round)") }
        #expect(
            try holdsInTime { try Usage(program.child).descriptors <= before.descriptors + Self.checking }, "\(fault)")
        let warm = try Usage(program.child)
        for round in 0..<4 { try Self.load(server, "round\(round)") }
        #expect(
            try holdsInTime { try Usage(program.child).descriptors <= before.descriptors + Self.checking }, "\(fault)")
        let after = try Usage(program.child)
        #expect(after.memory <= warm.memory + 2048, "\(fault): \(warm.memory) KiB, then \(after.memory) KiB")
        // Its own processor time, so that it does not matter what else runs: a tenth of it would be a loop that turns.
        usleep(1_000_000)
        let ticks = try Usage(program.child).ticks - after.ticks
        #expect(ticks <= 10, "\(fault): \(ticks) hundredths of a second within one without queries")
        #expect(program.child.isRunning)
    }

    /// A health check of an upstream that stays down has a socket, and no more than that.
    private static let checking = 2
}
