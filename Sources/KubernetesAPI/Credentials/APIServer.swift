/// Where the API server is, whom to trust there, and who to be: all that a client of it must know.
package struct APIServer: Sendable {
    /// The certificate files of the option `tls`.
    package struct CertificateFiles: Sendable, Hashable {
        /// The client's certificate; empty: none.
        package let certificate: String
        /// Its key; empty: none.
        package let key: String
        /// Certificates of the authorities that may sign the server's; empty: those of the system.
        package let authorities: String

        /// Three file names, as the option `tls` has them.
        package init(certificate: String, key: String, authorities: String) {
            self.certificate = certificate
            self.key = key
            self.authorities = authorities
        }
    }

    /// A client's certificate with its key, both PEM.
    struct ClientCertificate: Sendable {
        let certificate: SecretBytes
        let key: SecretBytes
    }

    /// Looks up an environment variable; nil where it is not set.
    package typealias Environment = (_ name: String) -> String?

    /// Where it is.
    package let url: ServerURL
    let trust: ServerTrust
    /// The name that the server's certificate must have; nil: that of the URL.
    let serverName: String?
    let clientCertificate: ClientCertificate?
    let authentication: Authentication
    /// Fields of every request besides the usual ones (impersonation): names and values.
    let fields: [HeaderField]
    let proxy: ProxyChoice

    init(
        url: ServerURL, trust: ServerTrust, serverName: String? = nil, clientCertificate: ClientCertificate? = nil,
        authentication: Authentication = .none, fields: [HeaderField] = [], proxy: ProxyChoice
    ) {
        self.url = url
        self.trust = trust
        self.serverName = serverName
        self.clientCertificate = clientCertificate
        self.authentication = authentication
        self.fields = fields
        self.proxy = proxy
    }

    /// The server of the option `endpoint`, with the files of `tls` if there is one.
    ///
    /// Without a scheme it is https when there are files, else http, as client-go has it.
    package static func endpoint(
        _ url: String, tls: CertificateFiles? = nil, environment: Environment
    ) throws(APIServerProblem) -> APIServer {
        let hasFiles = tls.map { !$0.certificate.isEmpty || !$0.authorities.isEmpty } ?? false
        let server: ServerURL
        do throws(APIServerProblem) {
            server = try ServerURL(url, assumesTLS: hasFiles)
        } catch {
            throw APIServerProblem("endpoint \(error.description)")
        }
        var clientCertificate: ClientCertificate?
        if let tls, !tls.certificate.isEmpty || !tls.key.isEmpty {
            guard !tls.certificate.isEmpty, !tls.key.isEmpty else {
                let missing = tls.certificate.isEmpty ? "certificate" : "key"
                throw APIServerProblem("tls has no \(missing), expected a client's certificate and its key, or neither")
            }
            clientCertificate = ClientCertificate(certificate: .file(tls.certificate), key: .file(tls.key))
        }
        let authorities = tls?.authorities ?? ""
        return APIServer(
            url: server, trust: authorities.isEmpty ? .system : .authorities(.file(authorities)),
            clientCertificate: clientCertificate, proxy: .environment(environment, for: server))
    }
}
