import DNSWire
import Foundation
import LinuxIO
import ScriptedAPI
import ServerHarness
import Synchronization

/// A machine for one stock Corefile: the built program reads the unchanged file in its usual place, binds the usual ports, and
/// finds an API server, a service account, name servers and files where a pod has them.
///
/// Made within a `PrivateNetwork`, whose other side has the name servers. The files are a folder that is the program's root: the real one's folders mounted again,
/// but with an /etc and a /run of its own.
final class StockMachine {
    /// Where the Corefile is.
    static let corefilePath = "/etc/coredns/Corefile"
    /// The name server in /etc/resolv.conf.
    static let resolver = "192.0.2.53"
    private static let token = "the-token-of-a-pod"

    let program: ChildProcess
    private let root: TemporaryFolder
    private let api: ScriptedAPIServer
    private let upstreams: NameServers

    /// - Parameters:
    ///   - files: other files of the machine, by path.
    ///   - upstreams: the name servers, started outside.
    init(corefile: String, files: [String: String], upstreams: NameServers) throws {
        root = try TemporaryFolder()
        var settings = ScriptedSettings()
        settings.access.tokens = [Self.token: "system:serviceaccount:kube-system:coredns"]
        settings.access.anonymous = .unauthorized
        let api = try ScriptedAPIServer(.shop(), tls: true, settings: settings)
        self.api = api
        self.upstreams = upstreams
        let account = "/run/secrets/kubernetes.io/serviceaccount"
        var all = files
        all[Self.corefilePath] = corefile
        all["/etc/resolv.conf"] = "search example\nnameserver \(Self.resolver)\noptions ndots:5\n"
        all["/etc/hosts"] = "127.0.0.1 localhost\n"
        all["\(account)/token"] = Self.token
        all["\(account)/namespace"] = "kube-system"
        all["\(account)/ca.crt"] = try String(
            contentsOfFile: try ScriptedCertificates.shared().authority, encoding: .utf8)
        for (path, text) in all {
            let folder = URL(fileURLWithPath: root.path + path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try root.write(path, text)
        }
        let script = """
            set -e
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
                /apodns -conf \(Self.corefilePath)
            """
        program = try ChildProcess(
            "/usr/bin/unshare", ["-m", "/bin/sh", "-c", script, "sh", root.path, Self.programPath, "\(api.port)"])
    }

    deinit {
        program.signal(SIGKILL)
        _ = program.waitForExit()
        api.stop()
    }

    /// Next to the test bundle: the tests are built with it.
    private static let programPath: String = {
        let bundle =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path + "/apodns"
    }()

    /// Whether the program serves; false where it ended instead.
    func waitForStart() -> Bool {
        holdsInTime { !program.isRunning || program.output.contains("compatible\n") } && program.isRunning
    }

    /// The queries that came to the name server at an address, health checks left out.
    func queries(at address: String) -> [TestUpstream.Query] {
        upstreams.all[address]?.queries ?? []
    }
}
