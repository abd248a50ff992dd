import Foundation
import Glibc

/// An HTTPS server of Python's ssl module that tells its clients what it knows of them.
final class TLSServer {
    let port: UInt16
    private let process = Process()

    private static let script = """
        import socket, ssl, sys, threading
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        if len(sys.argv) > 3:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(sys.argv[3])
        names = []
        context.sni_callback = lambda connection, name, _: names.append(name) and None
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        def serve(raw):
            try:
                with context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False) as connection:
                    try:
                        connection.do_handshake()
                    except ssl.SSLError:
                        # What was not read would make closing a reset, which overtakes the alert.
                        while socket.socket.recv(connection, 4096): pass
                        return
                    while True:
                        head = b""
                        while not head.endswith(b"\\r\\n\\r\\n"):
                            more = connection.recv(4096)
                            if not more: return
                            head += more
                        who = connection.getpeercert() or {}
                        subject = [v for part in who.get("subject", ()) for k, v in part if k == "commonName"]
                        body = f"client={subject} name={names[-1:]}\\n".encode() + head
                        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
            except OSError:
                pass
        threading.Thread(target=lambda: (sys.stdin.read(), __import__("os")._exit(0)), daemon=True).start()
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """

    /// Serves with this certificate and key; with `clients`, clients must show a certificate of these authorities. It
    /// ends with this object, or with the process.
    init(certificate: String, key: String, clients: String? = nil) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.script, certificate, key] + (clients.map { [$0] } ?? [])
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = Pipe()
        try process.run()
        let line = output.fileHandleForReading.availableData
        let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let port = UInt16(text) else { throw CocoaError(.fileReadUnknown) }
        self.port = port
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
    }
}
