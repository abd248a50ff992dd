import DNSWire
import Foundation
import Glibc
import LinuxIO
import ScriptedAPI
import ServerHarness
import Synchronization

/// A machine for one stock Corefile: the built program with all that its file is about, an API server among it.
final class StockMachine {
    /// Where the program finds what the file names.
    enum Kind: Sendable, CaseIterable {
        /// The file is unchanged and in its usual place; the program binds the usual ports and finds an API server, a service
        /// account, name servers and files where a pod has them. To be made within a `PrivateNetwork`.
        case asInAPod
        /// The file says other ports, addresses and paths: where no networks are to be had.
        case mapped
    }

    private static let corefilePath = "/etc/coredns/Corefile"
    /// The name server in /etc/resolv.conf.
    static let resolver = "192.0.2.53"
    private static let token = "the-token-of-a-pod"

    let kind: Kind
    let program: ChildProcess
    /// The Corefile, as the program finds it.
    private let corefile: String
    private let root: TemporaryFolder
    private let api: ScriptedAPIServer
    private let upstreams: NameServers?
    /// The ports instead of the file's; nil where it is unchanged.
    private let ports: StockPorts?

    /// - Parameter upstreams: the name servers, started outside; nil where the server itself takes their place, which needs
    ///   `mapped`.
    init(_ kind: Kind, _ stock: StockCorefile, upstreams: NameServers?) throws {
        self.kind = kind
        self.upstreams = upstreams
        root = try TemporaryFolder()
        var settings = ScriptedSettings()
        if kind == .asInAPod {
            settings.access.tokens = [Self.token: "system:serviceaccount:kube-system:coredns"]
            settings.access.anonymous = .unauthorized
        }
        let api = try ScriptedAPIServer(.shop(), tls: kind == .asInAPod, settings: settings)
        self.api = api
        var files = stock.files
        files[Self.corefilePath] = try stock.text
        let authority = try String(contentsOfFile: try ScriptedCertificates.shared().authority, encoding: .utf8)
        if let path = stock.authority { files[path] = authority }
        switch kind {
        case .asInAPod:
            ports = nil
            files["/etc/resolv.conf"] = "search example\nnameserver \(Self.resolver)\noptions ndots:5\n"
            files["/etc/hosts"] = "127.0.0.1 localhost\n"
            let account = "/run/secrets/kubernetes.io/serviceaccount"
            files["\(account)/token"] = Self.token
            files["\(account)/namespace"] = "kube-system"
            files["\(account)/ca.crt"] = authority
        case .mapped:
            let ports = try StockPorts()
            self.ports = ports
            for (path, text) in files where path == Self.corefilePath || path.hasSuffix(".server") {
                files[path] = ports.map(text, folder: root.path, api: api.url, upstreams)
            }
        }
        corefile = files[Self.corefilePath] ?? ""
        for (path, text) in files {
            let folder = URL(fileURLWithPath: root.path + path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try root.write(path, text)
        }
        switch kind {
        case .asInAPod:
            program = try ChildProcess(
                "/usr/bin/unshare",
                ["-m", "/bin/sh", "-c", Self.script, "sh", root.path, Self.programPath, "\(api.port)"])
        case .mapped:
            program = try ChildProcess(Self.programPath, ["-conf", root.path + Self.corefilePath])
        }
    }

    deinit {
        program.signal(SIGKILL)
        _ = program.waitForExit()
        api.stop()
    }

    /// Makes a folder the program's root: the real one's folders mounted again, but with an /etc and a /run of its own.
    private static let script = """
        set -e
        mount --make-rprivate /
        cd "$1"
        for place in /*; do
            name=${place#/}
            case $name in etc|run|var|tmp|rootfs) continue;; esac
            if [ -L "$place" ]; then cp -P "$place" .
            elif [ -d "$place" ]; then mkdir "$name"; mount --rbind "$place" "$name"
            fi
        done
        mkdir -p var tmp
        ln -s ../run var/run
        touch apodns
        mount --bind "$2" apodns
        exec chroot . /usr/bin/env -C / KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=$3 \
            /apodns -conf \(corefilePath)
        """

    /// Next to the test bundle: the tests are built with it.
    private static let programPath: String = {
        let bundle =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path + "/apodns"
    }()

    /// Where what the file has at an address and port is.
    func place(_ host: String, _ port: UInt16) throws -> SocketAddress {
        if let ports { return .loopback(port: ports.port(instead: port)) }
        guard let address = SocketAddress.parse(host: host, port: port) else {
            throw ClientError(description: "no address: \(host)")
        }
        return address
    }

    /// Whether the program serves; false where it ended instead.
    func waitForStart() -> Bool {
        holdsInTime { !program.isRunning || program.output.contains("compatible\n") } && program.isRunning
    }

    /// Puts lines into the block for `.` of the Corefile, as somebody would who edits the ConfigMap, and has it read again.
    func addToRootBlock(_ added: String) throws {
        var lines = corefile.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let place = lines.firstIndex(where: { $0.hasPrefix(".:") && $0.hasSuffix("{") }) else {
            throw ClientError(description: "no block for .: \(corefile)")
        }
        lines.insert(added, at: place + 1)
        try root.write(Self.corefilePath, lines.joined(separator: "\n"))
        program.signal(SIGUSR1)
    }

    /// The queries that came to the name server at an address, health checks left out.
    func queries(at address: String) -> [TestUpstream.Query] { upstreams?.all[address]?.queries ?? [] }
}
