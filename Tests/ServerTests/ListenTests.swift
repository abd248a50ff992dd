import Corefile
import Glibc
import LinuxIO
import PluginKit
import DNSWire
import ServerHarness
import Testing

@testable import Server

/// Opening and closing of sockets, and Corefiles that cannot be listened for.
@Suite struct ListenTests {
    /// A bound socket that shares its address with nobody.
    private final class Occupant {
        let descriptor: Int32
        private(set) var port: UInt16 = 0

        init(_ kind: Int32, port: UInt16 = 0) throws {
            descriptor = socket(AF_INET, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
            let result = ClientSocket.withSocketAddress(.loopback(port: port)) { bind(descriptor, $0, $1) }
            guard result == 0 else { throw Refused(text: "bind", message: String(cString: strerror(errno))) }
            if kind == ClientSocket.stream { try #require(listen(descriptor, 1) == 0) }
            var form = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let named = withUnsafeMutablePointer(to: &form) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
            }
            try #require(named == 0)
            self.port = UInt16(bigEndian: form.sin_port)
        }

        deinit { close(descriptor) }
    }

    private static func failure(_ text: String) -> String {
        do {
            _ = try RunningServer(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func aStoppedServerFreesItsPorts() throws {
        var areFree = false
        // Another test's client may take a port as soon as it is free: not five times in a row.
        for _ in 0..<5 where !areFree {
            let server = try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n", workerCount: 3)
            let port = server.port
            #expect(throws: (any Error).self) { try Occupant(ClientSocket.stream, port: port) }
            #expect(throws: (any Error).self) { try Occupant(ClientSocket.datagram, port: port) }
            server.server.stop()
            #expect(server.server.addresses.isEmpty)
            areFree =
                (try? Occupant(ClientSocket.stream, port: port)) != nil
                && (try? Occupant(ClientSocket.datagram, port: port)) != nil
            // To stop twice is to stop.
            server.server.stop()
        }
        #expect(areFree)
    }

    @Test func stopsInTheMiddleOfItsWork() throws {
        for _ in 0..<10 {
            let server = try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n", workerCount: 2)
            let (datagrams, streams) = (try server.datagramClient(), try server.streamClient())
            let query = DNSQuestion("www.example.org.").bytes
            for _ in 0..<100 { try datagrams.send(query) }
            try streams.send((0..<100).flatMap { _ in StreamClient.frame(query) } + [0])
            server.server.stop()
            // What is not answered is not answered in part: the stream ends behind a whole frame.
            while let bytes = try? streams.receive() { #expect(try DNSResponse(bytes).code == .noError) }
        }
    }

    @Test(arguments: [ClientSocket.stream, ClientSocket.datagram])
    func aTakenPortIsNamed(kind: Int32) throws {
        let other = kind == ClientSocket.stream ? ClientSocket.datagram : ClientSocket.stream
        // The port of the other kind may be taken by another test's client meanwhile: not five times in a row.
        var isClosedAgain = false
        for _ in 0..<5 where !isClosedAgain {
            let occupant = try Occupant(kind)
            let text = ".:\(occupant.port) {\n    bind 127.0.0.1\n    whoami\n}\n"
            #expect(
                Self.failure(text)
                    == "Corefile:1:1: bind 127.0.0.1:\(occupant.port): Address already in use (EADDRINUSE)")
            // What had been opened before is closed again.
            isClosedAgain = (try? Occupant(other, port: occupant.port)) != nil
        }
        #expect(isClosedAgain)
    }

    @Test func aTakenPortOfAnEndpointIsNamed() throws {
        let occupant = try Occupant(ClientSocket.stream)
        let text = ". {\n    bind 127.0.0.1\n    health 127.0.0.1:\(occupant.port)\n    whoami\n}\n"
        #expect(Self.failure(text).hasPrefix("Corefile:3:5: bind 127.0.0.1:\(occupant.port): Address already in use"))
    }

    @Test func anAddressThatIsNotOursIsNamed() {
        #expect(
            Self.failure(". {\n    bind 192.0.2.1\n    whoami\n}\n")
                == "Corefile:1:1: bind 192.0.2.1:0: Cannot assign requested address (EADDRNOTAVAIL)")
    }

    struct Refused: Error {
        let text: String
        let message: String
    }

    /// Corefiles that are refused before any socket is opened, and what is said.
    static let refused = [
        Refused(
            text: "example.org:5300 {\n    whoami\n}\nexample.org:5300 {\n    whoami\n}\n",
            message: "Corefile:4:1: cannot serve dns://example.org.:5300 - it is already defined"),
        Refused(
            text: "example.org:5300 EXAMPLE.org.:5300 {\n    whoami\n}\n",
            message: "Corefile:1:18: cannot serve dns://example.org.:5300 - it is already defined"),
        Refused(
            text: ".:5300 {\n    bind 127.0.0.1\n}\n.:5300 {\n    bind 127.0.0.2 127.0.0.1\n}\n",
            message: "Corefile:4:1: cannot serve dns://.:5300 on 127.0.0.1 - it is already defined"),
        Refused(
            text: ".:5300 {\n    whoami\n}\n.:5300 {\n    bind 127.0.0.1\n}\n",
            message:
                "Corefile:4:1: cannot serve dns://.:5300 - zone overlap listener capacity with dns://.:5300: give both "
                + "blocks a bind of their own"),
        Refused(
            text: "quic://example.org {\n    whoami\n}\n",
            message:
                "Corefile:1:1: 'quic://example.org': quic servers are known in CoreDNS, not in apodns yet; expected dns or tls"
        ),
        Refused(
            text: "example.org:5300\nhttps://. {\n    whoami\n}\n",
            message: ""),
    ]

    @Test(arguments: refused)
    func isRefused(row: Refused) {
        let message = Self.failure(row.text)
        if row.message.isEmpty { #expect(!message.isEmpty, "\(row.text)") } else { #expect(message == row.message) }
    }

    /// Corefiles that load although zones or ports occur twice.
    static let accepted = [
        ".:5300 {\n    bind 127.0.0.1\n}\n.:5300 {\n    bind 127.0.0.2\n}\n",
        "example.org:5300 example.net:5300 {\n    whoami\n}\n.:5300 {\n    whoami\n}\n",
        "example.org:5300 {\n    whoami\n}\nexample.org:5301 {\n    whoami\n}\n",
        "example.org:5300 {\n    whoami\n}\nexample.net:5300 {\n    bind 127.0.0.1\n}\n",
    ]

    @Test(arguments: accepted)
    func isAccepted(text: String) throws {
        #expect(throws: Never.self) { try RunningServer.configure(text) }
    }

    @Test func theSameZoneTwiceIsServedWhereBindKeepsTheTwoApart() throws {
        let folder = try TemporaryFolder()
        func block(_ address: String, _ web: String) throws -> String {
            let path = try folder.write("\(web).yaml", ClusterFiles.web(web))
            return ". {\n    bind \(address)\n    kubernetes cluster.local {\n        snapshot \(path)\n    }\n}\n"
        }
        let server = try RunningServer(try block("127.0.0.1", "10.0.0.1") + block("127.0.0.2", "10.0.0.2"))
        let answers = try server.server.addresses.map {
            try DatagramClient($0).ask(DNSQuestion("web.shop.svc.cluster.local.")).answer.map { "\($0.data)" }
        }
        #expect(answers == [["10.0.0.1"], ["10.0.0.2"]])
    }

    @Test func serversAreNamedAsInCoreDNS() throws {
        let text = ".:5300 {\n    bind 127.0.0.1 ::1\n}\n.:5301 {\n    whoami\n}\n"
        let servers = try RunningServer.configure(text).listeners.map(\.server)
        #expect(servers == ["dns://127.0.0.1:5300", "dns://[::1]:5300", "dns://:5301"])
    }
}
