extension CurlTransfer.Settings {
    /// The settings of a request to `server`, showing what `shown` says.
    init(
        to server: APIServer, request: HTTPClientRequest, shown: CredentialStore.Credentials, wantsNewConnection: Bool,
        longestConnectionLife: Int?
    ) {
        let url = server.url
        var lines = ["Accept: \(request.accept)"]
        var authority = url.authority
        if let name = server.serverName, url.isTLS {
            // The name in the certificate is that of the URL for libcurl, so the URL gets the name, and connecting and the
            // Host field what was in it.
            authority = "\(name):\(url.port)"
            lines.append("Host: \(url.authority)")
            connectTo = "\(authority):\(url.authority)"
        }
        lines += shown.fields.map(\.line)
        self.url = "\(url.isTLS ? "https" : "http")://\(authority)\(url.prefix)\(request.path)"
        self.lines = lines
        trust = server.trust
        authorities = shown.authorities
        certificate = shown.certificate
        proxy = server.proxy
        self.wantsNewConnection = wantsNewConnection
        self.longestConnectionLife = longestConnectionLife
    }
}
