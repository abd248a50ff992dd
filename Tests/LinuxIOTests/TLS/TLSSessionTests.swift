import COpenSSL
import Foundation
import ScriptedAPI
import Testing

@testable import LinuxIO

/// Frames over TLS: a server on the harness's loop, and clients that are ours.
@Suite struct TLSSessionTests {
    /// A server that answers with the frame reversed, and "L" with 65535 bytes.
    static func server(
        _ harness: StreamHarness, _ certificate: ScriptedCertificate = .valid,
        clients: TLSClientAuthentication = .noCertificate, limits: LengthPrefixedLimits = LengthPrefixedLimits()
    ) throws -> (LengthPrefixedServer, SocketAddress) {
        let made = try ScriptedCertificates.shared()
        let context = try TLSContext(
            serverCertificate: made.serverCertificate(certificate), key: made.serverKey(certificate),
            authorities: made.authority, clients: clients)
        let server = LengthPrefixedServer(loop: harness.loop, limits: limits) { frame, length, _, _ in
            let bytes = UnsafeMutableRawBufferPointer(start: frame, count: LengthPrefixedServer.maximumFrame)
            if bytes[0] == UInt8(ascii: "L") {
                for index in 2..<bytes.count { bytes[index] = UInt8(index & 0x7f) }
                return bytes.count
            }
            var request = UnsafeMutableRawBufferPointer(rebasing: bytes[..<length])
            request.reverse()
            return length
        }
        let listener = try StreamListener.listen(.loopback(port: 0))
        server.tls = context
        try server.serve(listener)
        harness.keep(server)
        return (server, listener.boundAddress)
    }

    static func client(_ identity: (String, String)? = nil) throws -> TLSContext {
        try TLSContext(client: identity, authorities: try ScriptedCertificates.shared().authority)
    }

    @Test func framesAndWhatWasAgreedOn() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try TLSClient(harness, try Self.client(), to: address)
        #expect(client.exchanges())
        #expect(client.session.protocolName == "dot")
        #expect(client.session.version == "TLSv1.3")
        #expect(client.session.hasPeerCertificate && !client.session.isResumed)
        // In records of one byte each.
        let frames = ["one", "two", "three"].flatMap { LengthPrefixedServerTests.framed(Array($0.utf8)) }
        for byte in frames {
            client.send([byte])
            harness.loop.turn()
        }
        let expected = ["one", "two", "three"].flatMap { LengthPrefixedServerTests.framed($0.utf8.reversed()) }
        #expect(client.receive(expected.count) == expected)
        #expect(server.statistics.frames == 4)
    }

    /// The versions that are spoken: SSL_CTRL_SET_MAX_PROTO_VERSION is 124.
    @Test(arguments: [(TLS1_1_VERSION, nil), (TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
    func versions(highest: Int32, agreed: String?) throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let context = try Self.client()
        // A client that would speak anything.
        SSL_CTX_ctrl(context.context, 123, Int(TLS1_VERSION), nil)
        SSL_CTX_ctrl(context.context, 124, Int(highest), nil)
        SSL_CTX_set_cipher_list(context.context, "ALL:@SECLEVEL=0")
        let client = try TLSClient(harness, context, to: address)
        #expect(client.exchanges() == (agreed != nil))
        if let agreed {
            #expect(client.session.version == agreed)
        } else {
            #expect(harness.turn { server.connectionCount == 0 })
            #expect(server.statistics.failedHandshakes == 1)
        }
    }

    struct Verdict: Sendable, CustomTestStringConvertible {
        let certificate: ScriptedCertificate
        let peer: String
        /// nil where it is taken.
        let reason: String?

        var testDescription: String { "\(certificate) as \(peer)" }
    }

    static let verdicts = [
        Verdict(certificate: .valid, peer: "127.0.0.1", reason: nil),
        Verdict(certificate: .valid, peer: "::1", reason: nil),
        Verdict(certificate: .valid, peer: "localhost", reason: nil),
        Verdict(certificate: .valid, peer: "LocalHost.", reason: nil),
        Verdict(certificate: .valid, peer: "kubernetes.default.svc", reason: nil),
        Verdict(
            certificate: .valid, peer: "10.0.0.1",
            reason: "tls: the certificate of 10.0.0.1 is not valid: IP address mismatch"),
        Verdict(
            certificate: .valid, peer: "default.svc",
            reason: "tls: the certificate of default.svc is not valid: hostname mismatch"),
        // The common name does not count.
        Verdict(
            certificate: .valid, peer: "kube-apiserver",
            reason: "tls: the certificate of kube-apiserver is not valid: hostname mismatch"),
        Verdict(
            certificate: .wrongHost, peer: "127.0.0.1",
            reason: "tls: the certificate of 127.0.0.1 is not valid: IP address mismatch"),
        Verdict(
            certificate: .expired, peer: "localhost",
            reason: "tls: the certificate of localhost is not valid: certificate has expired"),
        Verdict(
            certificate: .unknownAuthority, peer: "localhost",
            reason: "tls: the certificate of localhost is not valid: unable to get local issuer certificate"),
    ]

    @Test(arguments: verdicts)
    func whomAClientTakes(row: Verdict) throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness, row.certificate)
        let client = try TLSClient(harness, try Self.client(), to: address, peer: row.peer)
        if let reason = row.reason {
            #expect(client.handshake() == .failed(reason))
            #expect(client.handshake() == .ended)
            #expect(harness.turn { server.connectionCount == 0 })
        } else {
            #expect(client.exchanges())
        }
    }

    /// Which clients are served: without a certificate, with one of the authority, with a stranger's.
    static let authentication: [(TLSClientAuthentication, none: Bool, known: Bool, stranger: Bool)] = [
        (.noCertificate, true, true, true), (.request, true, true, true), (.require, false, true, true),
        (.verifyIfGiven, true, true, false), (.requireAndVerify, false, true, false),
    ]

    @Test(arguments: authentication)
    func whomAServerTakes(row: (TLSClientAuthentication, none: Bool, known: Bool, stranger: Bool)) throws {
        let made = try ScriptedCertificates.shared()
        let identities: [((String, String)?, Bool)] = [
            (nil, row.none), ((made.clientCertificate, made.clientKey), row.known),
            ((made.serverCertificate(.unknownAuthority), made.serverKey(.unknownAuthority)), row.stranger),
        ]
        for (identity, isTaken) in identities {
            let harness = try StreamHarness()
            let (_, address) = try Self.server(harness, clients: row.0)
            let context = try Self.client(identity)
            let resumption = TLSResumption()
            let client = try TLSClient(harness, context, to: address, resumption: resumption)
            #expect(client.exchanges() == isTaken, "\(row.0) \(identity?.0 ?? "none")")
            guard isTaken else { continue }
            // A session that is resumed is taken for what it was.
            #expect(resumption.count > 0)
            let again = try TLSClient(harness, context, to: address, resumption: resumption)
            #expect(again.exchanges() && again.session.isResumed, "\(row.0) \(identity?.0 ?? "none")")
        }
    }

    /// Tickets of TLS 1.3 are used once, those of TLS 1.2 again and again.
    @Test(arguments: [(TLS1_2_VERSION, [1, 1, 1, 1]), (TLS1_3_VERSION, [2, 2, 2, 2])])
    func resumption(version: Int32, tickets: [Int]) throws {
        let harness = try StreamHarness()
        let (_, address) = try Self.server(harness)
        let context = try Self.client()
        SSL_CTX_ctrl(context.context, 124, Int(version), nil)
        let resumption = TLSResumption()
        for number in 0..<4 {
            let client = try TLSClient(harness, context, to: address, resumption: resumption)
            #expect(client.exchanges())
            #expect(client.session.isResumed == (number > 0))
            #expect(resumption.count >= 1 && resumption.count <= TLSResumption.mostKept)
            if number == 0 { #expect(resumption.count == tickets[0]) }
        }
        resumption.forget()
        #expect(resumption.count == 0)
        let fresh = try TLSClient(harness, context, to: address, resumption: resumption)
        #expect(fresh.exchanges() && !fresh.session.isResumed)
    }

    /// Tickets of another server say nothing: the handshake is a whole one.
    @Test func ticketsOfAnother() throws {
        let harness = try StreamHarness()
        let (_, first) = try Self.server(harness)
        let (_, second) = try Self.server(harness)
        let context = try Self.client()
        let resumption = TLSResumption()
        #expect(try TLSClient(harness, context, to: first, resumption: resumption).exchanges())
        let client = try TLSClient(harness, context, to: second, resumption: resumption)
        #expect(client.exchanges() && !client.session.isResumed)
    }

    @Test func manyFramesForAClientThatDoesNotRead() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try TLSClient(harness, try Self.client(), to: address)
        #expect(client.exchanges())
        let count = 200
        client.send(
            [UInt8](repeating: 0, count: 0) + (0..<count).flatMap { _ in LengthPrefixedServerTests.framed([0x4C]) })
        // Answers of 13 MB do not fit any buffer on the way.
        #expect(harness.turn { server.blockedCount == 1 })
        let size = 2 + LengthPrefixedServer.maximumFrame
        let answers = client.receive(count * size)
        #expect(answers.count == count * size)
        #expect(
            stride(from: 0, to: answers.count, by: size).allSatisfy { answers[$0] == 0xFF && answers[$0 + 1] == 0xFF })
        #expect(answers.count > 100 && answers[99] == 97 && server.blockedCount == 0)
        #expect(client.exchanges("after it all"))
    }

    /// Thousands of questions of which many come in one record, and whose answers are many records.
    @Test func manyPipelinedFrames() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try TLSClient(harness, try Self.client(), to: address)
        #expect(client.handshake() == .done(0) || client.session.isEstablished)
        let texts = (0..<5000).map { Array("question number \($0)".utf8) }
        let expected = texts.flatMap { LengthPrefixedServerTests.framed($0.reversed()) }
        client.send(texts.flatMap(LengthPrefixedServerTests.framed))
        #expect(client.receive(expected.count) == expected)
        #expect(server.statistics.frames == 5000)
    }

    /// A connection that does not get to its first frame is closed in time, wherever it stops.
    @Test(arguments: [0, 1, 5, 50, 200])
    func slowHandshakes(bytes: Int) throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(
            harness, limits: LengthPrefixedLimits(idleTimeout: 60 * Clock.second, firstTimeout: 3 * Clock.second))
        let client = try harness.connect(to: address)
        // The beginning of a record with a handshake.
        harness.send(
            Array(([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3] + [UInt8](repeating: 7, count: 200)).prefix(bytes)), client)
        #expect(harness.turn { server.connectionCount == 1 })
        harness.clock.advance(nanoseconds: 2 * Clock.second)
        harness.loop.turn()
        #expect(server.connectionCount == 1)
        harness.clock.advance(nanoseconds: Clock.second)
        #expect(harness.turn { server.connectionCount == 0 })
        #expect(harness.receive(client).ended)
        #expect(server.statistics.idleTimeouts == 1)
    }

    @Test func aHandshakeWithoutAQuestionIsNoExcuse() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(
            harness, limits: LengthPrefixedLimits(idleTimeout: 60 * Clock.second, firstTimeout: 3 * Clock.second))
        let client = try TLSClient(harness, try Self.client(), to: address)
        #expect(client.handshake() == .done(1) || client.session.isEstablished)
        harness.clock.advance(nanoseconds: 3 * Clock.second)
        #expect(harness.turn { server.connectionCount == 0 })
        #expect(client.receive(1).isEmpty)
    }

    /// What is no TLS ends the connection, and costs nothing that stays.
    @Test func garbage() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        for number in 0..<50 {
            let client = try harness.connect(to: address)
            // Nothing that begins as a record does (its second byte is 3) or as SSL 2's (its third is 1), as those wait for more.
            var bytes = (0..<100).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            bytes[0] |= 0x80
            bytes[1] |= 0x04
            bytes[2] = 0xFF
            harness.send(bytes, client)
            #expect(
                harness.turn { server.connectionCount == 0 && server.statistics.accepted == number + 1 }, "seed \(seed)"
            )
            harness.close(client)
        }
        #expect(server.statistics.failedHandshakes == 50, "seed \(seed)")
        let left = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        // Other tests run at the same time, and have theirs.
        #expect(left < descriptors + 40)
    }

    /// Bytes that are changed on the way end the connection.
    @Test func plainDNSOverTheSocket() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        harness.send(LengthPrefixedServerTests.framed(Array("a question without encryption".utf8)), client)
        #expect(harness.turn { server.connectionCount == 0 && server.statistics.accepted == 1 })
        #expect(server.statistics.frames == 0 && server.statistics.failedHandshakes == 1)
    }

    /// More new clients than one turn has handshakes for: all are served.
    @Test func aCrowdOfHandshakes() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let context = try Self.client()
        let clients = try (0..<40).map { _ in try TLSClient(harness, context, to: address) }
        var waiting = clients
        let deadline = Clock.system.monotonic() + 10 * Clock.second
        while !waiting.isEmpty, Clock.system.monotonic() < deadline {
            waiting.removeAll {
                _ = $0.session.handshake() != .ended; return $0.session.isEstablished
            }
            harness.loop.turn()
        }
        #expect(waiting.isEmpty)
        for client in clients { #expect(client.exchanges()) }
        #expect(server.connectionCount == 40)
    }

    @Test func theEndIsSaid() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try TLSClient(harness, try Self.client(), to: address)
        #expect(client.exchanges())
        client.session.end()
        #expect(harness.turn { server.connectionCount == 0 })
        let other = try TLSClient(harness, try Self.client(), to: address)
        #expect(other.exchanges())
        server.close()
        var byte: UInt8 = 0
        #expect(other.finish { withUnsafeMutableBytes(of: &byte) { other.session.read(into: $0) } } == .ended)
    }

    /// What is no record behind one that is: there is no session any more by which the answer could be sent.
    @Test func garbageBehindAFrame() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try TLSClient(harness, try Self.client(), to: address)
        #expect(client.exchanges())
        let writes = server.statistics.writes
        let frame = LengthPrefixedServerTests.framed(Array("question".utf8))
        #expect(frame.withUnsafeBytes { client.session.write($0) } == .done(frame.count))
        let garbage = [UInt8](repeating: 0xFF, count: 64)
        #expect(garbage.withUnsafeBytes { client.socket.send($0) }.result == garbage.count)
        // Time stands still: no time-out is what ends it.
        #expect(harness.turn { server.connectionCount == 0 })
        #expect(server.statistics.frames == 2 && server.statistics.writes <= writes + 1)
    }

    @Test func keyLog() throws {
        let harness = try StreamHarness()
        let made = try ScriptedCertificates.shared()
        let path = NSTemporaryDirectory() + "apodns-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let context = try TLSContext(
            serverCertificate: made.serverCertificate(.valid), key: made.serverKey(.valid), keyLog: TLSKeyLog(path))
        let server = LengthPrefixedServer(loop: harness.loop) { _, length, _, _ in length }
        let listener = try StreamListener.listen(.loopback(port: 0))
        server.tls = context
        try server.serve(listener)
        harness.keep(server)
        let client = try TLSClient(harness, try Self.client(), to: listener.boundAddress)
        #expect(client.handshake() != nil && client.session.isEstablished)
        client.send([0, 1, 1])
        #expect(client.receive(3) == [0, 1, 1])
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("CLIENT_TRAFFIC_SECRET_0 ") && text.hasSuffix("\n"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(throws: TLSFileError.self) { try TLSKeyLog("/nowhere/at/all") }
    }
}
