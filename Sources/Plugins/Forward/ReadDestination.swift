import Corefile
import Glibc
import LinuxIO
import PluginKit

extension ForwardDestination {
    /// Reads a TO. The addresses of a name are for `ResolveHostNames` to find.
    init(_ token: Token, _ tls: ForwardTLS, _ setup: BlockSetup) throws(CorefileError) {
        guard let target = ForwardTarget(token.text) else {
            throw token.error(
                "plugin/forward: '\(ForwardTarget.scheme(token.text) ?? "")' is not supported as a destination protocol in "
                    + "forward: \(token.text), expected dns://, tls:// or https://, or none of them")
        }
        switch target.scheme {
        case .dns:
            // CoreDNS: what is no address is a file first, and a name where there is no such file.
            if case .address = target.host { break }
            if let file = try Self.file(target, token, setup) {
                self = file
                return
            }
        case .tls: break
        case .https:
            guard !target.text.contains("/") else {
                throw token.error(
                    "plugin/forward: paths are not allowed in HTTPS upstream addresses (the \(UpstreamHTTPS.path) path is "
                        + "used by default): \(token.text), expected one such as https://9.9.9.9")
            }
        }
        try self.init(target, token, tls)
    }

    /// An upstream by its address or name, and how it is asked.
    private init(_ target: ForwardTarget, _ token: Token, _ tls: ForwardTLS) throws(CorefileError) {
        switch target.host {
        case .address(let address): addresses = [address]
        case .name(let name):
            addresses = []
            host = name
        case .neither(let problem): throw Self.error(target, token, problem)
        }
        location = token.location
        if target.scheme != .dns { peer = try tls.peer(target, token) }
        if target.scheme == .https { try askOverHTTPS(token) }
    }

    private static func error(_ target: ForwardTarget, _ token: Token, _ problem: String?) -> CorefileError {
        if let problem { return token.error("plugin/forward: '\(token.text)': \(problem)") }
        guard target.scheme == .dns else {
            return token.error(
                "plugin/forward: '\(token.text)' is not an IP address or the name of a host, expected one such as "
                    + "\(target.scheme)://9.9.9.9%dns.quad9.net:\(target.scheme.port) or \(target.scheme)://dns.quad9.net "
                    + "(name servers of a file are asked without TLS)")
        }
        return token.error(
            "plugin/forward: not an IP address, file, or valid domain: \"\(token.text)\", expected an address such as "
                + "10.0.0.10 or [2001:db8::53]:5353, a file such as /etc/resolv.conf, or the name of a host such as "
                + "dns.example.com:5353")
    }

    /// Reads the file that a TO may be; nil where there is none.
    private static func file(
        _ target: ForwardTarget, _ token: Token, _ setup: BlockSetup
    ) throws(CorefileError) -> ForwardDestination? {
        guard !target.text.isEmpty else { return nil }
        let path = setup.resolve(target.text)
        do throws(SystemError) {
            var file = try ResolverFile.read(path)
            file.location = token.location
            return file
        } catch {
            // A folder that is called like a host is in nobody's way.
            let isAbsent = [ENOENT, ENOTDIR, EISDIR, ENAMETOOLONG, EINVAL].contains(error.code)
            guard isAbsent, !target.text.contains("/") else {
                throw token.error(
                    "plugin/forward: not an IP address, file, or valid domain: \"\(token.text)\": \(error)")
            }
            return nil
        }
    }
}
