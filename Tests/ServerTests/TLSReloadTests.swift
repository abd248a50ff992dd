import DNSWire
import Foundation
import LinuxIO
import PluginKit
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// `tls://` server blocks, when another configuration takes their place.
@Suite(.serialized) struct TLSReloadTests {
    private static let question = DNSQuestion("www.example.org.")

    /// A block with `tls` or without; `scheme` is `tls://` or nothing.
    private static func block(
        _ scheme: String, port: UInt16 = 0, certificate: ScriptedCertificate? = .valid, plugins: String = "whoami"
    ) throws -> String {
        let made = try ScriptedCertificates.shared()
        let files = certificate.map { "tls \(made.serverCertificate($0)) \(made.serverKey($0))" } ?? ""
        return "\(scheme).:\(port) {\n bind 127.0.0.1\n \(files)\n \(plugins)\n}\n"
    }

    private static func freePort() throws -> UInt16 {
        try RunningServer(". {\n bind 127.0.0.1\n whoami\n}\n").port
    }

    /// Whether a new connection is answered whose certificate has to be right.
    private static func isAnswered(_ address: SocketAddress, _ context: TLSContext) -> Bool {
        (try? SecureClient(address, context).ask(question).code) == .noError
    }

    /// New connections get the new certificate; those that are open go on, with the new answers.
    @Test func anotherCertificate() throws {
        let server = try RunningServer(Self.block("tls://"))
        let (context, address) = (try TLSTests.client(), server.loopback)
        let open = try SecureClient(address, context)
        #expect(try open.ask(Self.question).additional.count == 2)
        // A ticket of the context before is no good for another.
        let resumption = TLSResumption()
        let first = try SecureClient(address, context, resumption: resumption)
        #expect(try first.ask(Self.question).code == .noError)
        #expect(resumption.count > 0)
        try server.reload(
            Self.block("tls://", certificate: .unknownAuthority, plugins: "hosts {\n 192.0.2.1 www.example.org\n }"))
        #expect(server.loopback == address)
        #expect(try open.ask(Self.question).answer.count == 1)
        let failure = try SecureClient(address, context).handshake()
        #expect(failure?.contains("certificate of 127.0.0.1 is not valid") == true, "\(failure ?? "none")")
        #expect(try SecureClient(address, context, resumption: resumption).handshake() != nil)
        // Files that are no good leave everything as it is.
        let text = try Self.block("tls://").replacingOccurrences(of: ".key", with: ".nokey")
        #expect(throws: (any Error).self) { try server.reload(text) }
        #expect(try SecureClient(address, context).handshake() != nil)
        try server.reload(Self.block("tls://"))
        #expect(Self.isAnswered(address, context))
        #expect(try open.ask(Self.question).additional.count == 2)
    }

    /// An address changes from plain DNS to TLS and back, which is another listener at the same port.
    @Test func anAddressChangesItsTransport() throws {
        let port = try Self.freePort()
        let (context, address) = (try TLSTests.client(), SocketAddress.loopback(port: port))
        let server = try RunningServer(Self.block("", port: port, certificate: nil))
        for _ in 0..<3 {
            #expect(try DatagramClient(address).ask(Self.question).code == .noError)
            let plain = try StreamClient(address)
            #expect(try plain.ask(Self.question).code == .noError)
            try server.reload(Self.block("tls://", port: port))
            #expect(try plain.isClosedByServer())
            for _ in 0..<20 { #expect(Self.isAnswered(address, context)) }
            // Nobody listens over UDP.
            _ = try DatagramSocket.bind(address)
            let secure = try SecureClient(address, context)
            #expect(try secure.ask(Self.question).code == .noError)
            try server.reload(Self.block("", port: port, certificate: nil))
            #expect(try secure.receive() == nil)
            for _ in 0..<20 { #expect(try StreamClient(address).ask(Self.question).code == .noError) }
        }
        // Where the change comes to nothing, the address is as it was.
        let broken = try Self.block("tls://", port: port) + "b. {\n bind 192.0.2.1\n whoami\n}\n"
        #expect(throws: StartError.self) { try server.reload(broken) }
        for _ in 0..<20 { #expect(try StreamClient(address).ask(Self.question).code == .noError) }
        #expect(try DatagramClient(address).ask(Self.question).code == .noError)
    }

    /// Listeners with TLS come and go, and one without its certificate speaks as it is, as in CoreDNS.
    @Test func listenersComeAndGo() throws {
        let (first, second) = (try Self.freePort(), try Self.freePort())
        let context = try TLSTests.client()
        let plain = try Self.block("", port: first, certificate: nil)
        let server = try RunningServer(plain)
        for _ in 0..<3 {
            try server.reload(plain + Self.block("tls://", port: second))
            #expect(Self.isAnswered(.loopback(port: second), context))
            try server.reload(plain + Self.block("tls://", port: second, certificate: nil))
            #expect(try StreamClient(.loopback(port: second)).ask(Self.question).code == .noError)
            try server.reload(plain)
            #expect(throws: (any Error).self) { try StreamClient(.loopback(port: second)).ask(Self.question) }
            #expect(try StreamClient(.loopback(port: first)).ask(Self.question).code == .noError)
        }
    }
}
