/// How the API server is reached: straight or through a proxy.
enum ProxyChoice: Sendable, Hashable {
    /// Straight.
    case direct
    /// Through the proxy at this URL, which may have a password in it.
    case proxy(String)

    /// What the environment says about reaching `server`, as Go's net/http (and so client-go) reads it: HTTPS_PROXY or
    /// HTTP_PROXY by the server's scheme, NO_PROXY, each also in lower case; never for this host itself.
    static func environment(_ variable: (String) -> String?, for server: ServerURL) -> ProxyChoice {
        let isLoopback =
            server.host == "localhost" || server.host == "::1"
            || server.host.hasPrefix("127.") && IPAddress(server.host) != nil
        guard !isLoopback else { return .direct }
        let name = server.isTLS ? "HTTPS_PROXY" : "HTTP_PROXY"
        func value(_ name: String) -> String? {
            for name in [name, name.lowercased()] {
                if let value = variable(name), !value.isEmpty { return value }
            }
            return nil
        }
        guard let proxy = value(name) else { return .direct }
        // Not left to libcurl: with tls-server-name it would look for that name instead of the host.
        guard !ProxyExceptions.has(server, in: value("NO_PROXY") ?? "") else { return .direct }
        return .proxy(normalized(proxy))
    }

    /// The proxy URL of a kubeconfig. Throws what is wrong with it.
    static func configured(_ url: String) throws(APIServerProblem) -> ProxyChoice {
        let scheme = url.split(separator: ":", maxSplits: 1).first.map { $0.lowercased() } ?? ""
        guard ["http", "https", "socks5", "socks5h"].contains(scheme), url.contains("://"),
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else {
            throw APIServerProblem("a URL that begins with http://, https:// or socks5://")
        }
        return .proxy(normalized(url))
    }

    /// `text`, which libcurl said of a request on this way, without the user and password of the proxy: libcurl repeats the
    /// whole URL of one that it cannot use.
    func withoutSecrets(_ text: String) -> String {
        guard case .proxy(let url) = self, url.contains("@"), text.contains(url) else { return text }
        return text.split(separator: url, omittingEmptySubsequences: false)
            .joined(separator: ServerURL.withoutUser(url))
    }

    /// Go lets a SOCKS proxy look the name up; libcurl calls that socks5h.
    private static func normalized(_ url: String) -> String {
        url.hasPrefix("socks5://") ? "socks5h://" + url.dropFirst("socks5://".count) : url
    }
}
