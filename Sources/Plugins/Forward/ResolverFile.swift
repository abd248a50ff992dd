import LinuxIO

/// The name servers of a file in the form of resolv.conf(5).
enum ResolverFile {
    /// Bytes of a file.
    static let sizeLimit = 1 << 20
    /// The port of name servers.
    static let port: UInt16 = 53

    /// The addresses of the lines `nameserver ADDRESS`, in order.
    static func nameServers(_ text: String) -> [SocketAddress] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count > 1, words[0] == "nameserver" else { return nil }
            return SocketAddress.parse(host: String(words[1]), port: port)
        }
    }

    /// Reads a file.
    static func read(_ path: String) throws(SystemError) -> ForwardDestination {
        let stamp = try FileStamp.current(path)
        let bytes = try FileReader.read(path, limit: sizeLimit)
        return ForwardDestination(
            path: path, stamp: stamp, addresses: nameServers(String(decoding: bytes, as: UTF8.self)))
    }
}
