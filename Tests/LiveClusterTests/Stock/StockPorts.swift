import LinuxIO

/// Free ports instead of those that a stock Corefile has, and the file with these: what a machine cannot be asked for without
/// networks of its own.
struct StockPorts {
    private let dns: UInt16
    private let health: UInt16
    private let ready: UInt16
    private let metrics: UInt16

    init() throws {
        // All at once, so that they differ.
        let open = try (0..<4).map { _ in try Self.openFreePort() }
        let ports = open.map { $0.0.boundAddress.port }
        (dns, health, ready, metrics) = (ports[0], ports[1], ports[2], ports[3])
    }

    /// A port that was free a moment ago, and that the kernel gives nobody who leaves the choice to it (ip(7),
    /// `ip_local_port_range`): another test would have it by the time that the program wants it.
    private static func openFreePort() throws -> (StreamListener, DatagramSocket) {
        var attempts = 0
        while true {
            let place = SocketAddress.loopback(port: .random(in: 10_000..<32_768))
            do {
                return (try StreamListener.listen(place), try DatagramSocket.bind(place))
            } catch {
                attempts += 1
                guard attempts < 100 else { throw error }
            }
        }
    }

    func port(instead port: UInt16) -> UInt16 {
        switch port {
        case 8080: health
        case 8181: ready
        case 9153, 9253: metrics
        default: dns
        }
    }

    /// The file with ports, addresses and paths of the test's; nothing else is changed.
    ///
    /// - Parameter upstreams: nil where the server itself takes the place of all of them.
    func map(_ text: String, folder: String, api: String, _ upstreams: NameServers?) -> String {
        var lines: [String] = []
        var depth = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            let words = line.split(separator: " ").map(String.init)
            let outer = depth
            if words.last == "{" { depth += 1 }
            if words.last == "}" { depth -= 1 }
            let opens = words.last == "{" ? " {" : ""
            switch (outer, words.first) {
            case (0, .some) where words.last == "{":
                lines.append(words.map { Self.key($0, dns) }.joined(separator: " "))
                lines.append("bind 127.0.0.1")
            case (1, "bind"): continue
            case (1, "health"): lines.append("health 127.0.0.1:\(health)\(opens)")
            case (1, "ready"): lines.append("ready 127.0.0.1:\(ready)\(opens)")
            case (1, "prometheus"): lines.append("prometheus 127.0.0.1:\(metrics)\(opens)")
            case (1, "kubernetes"): lines += [line, "endpoint \(api)"]
            case (1, "forward"):
                let places = words.dropFirst(2).map { word in
                    word == "{" ? word : upstreams.map { $0.place(word) ?? word } ?? "127.0.0.1:\(dns)"
                }
                lines.append((words.prefix(2) + places).joined(separator: " "))
            default:
                lines.append(
                    words.map { ["/etc/", "/rootfs/"].contains(where: $0.hasPrefix) ? folder + $0 : $0 }
                        .joined(separator: " "))
            }
        }
        return lines.joined(separator: "\n")
    }

    /// A key with another port.
    private static func key(_ word: String, _ port: UInt16) -> String {
        word.split(separator: ":").count == 2 ? "\(word.split(separator: ":")[0]):\(port)" : word
    }
}
