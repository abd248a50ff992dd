import LinuxIO

/// What a request to an API server shows, and what it trusts, as of now: files are read again as they change, a plugin
/// runs when it has to.
struct CredentialStore {
    /// What one request needs.
    struct Credentials {
        /// Fields of the request: authorization and impersonation.
        var fields: [HeaderField]
        /// PEM certificates of the authorities; nil: those of the system, or none needed.
        var authorities: [UInt8]?
        /// The client's certificate chain and key, both PEM; nil: none.
        var certificate: (chain: [UInt8], key: [UInt8])?
    }

    /// What is known when a request asks.
    enum State {
        case ready(Credentials)
        /// The plugin runs: ask again.
        case waiting
        case failed(HTTPClientFailure)
    }

    private let server: APIServer
    private var authorities: RotatingBytes?
    private var certificate: RotatingBytes?
    private var key: RotatingBytes?
    private var token: RotatingBytes?
    private var plugin: PluginCredentials?

    /// The credentials of this server, none of them read yet.
    init(_ server: APIServer) {
        self.server = server
        if case .authorities(let source) = server.trust { authorities = RotatingBytes(source) }
        certificate = server.clientCertificate.map { RotatingBytes($0.certificate) }
        key = server.clientCertificate.map { RotatingBytes($0.key) }
        switch server.authentication {
        case .token(let source): token = RotatingBytes(source)
        case .plugin(let exec): plugin = PluginCredentials(exec)
        case .none, .basic: break
        }
    }

    /// What becomes readable when a running plugin writes or ends.
    var descriptors: [Int32] { plugin?.descriptors ?? [] }

    /// When to ask again at the latest while a plugin runs.
    func deadline(now: Int64) -> Int64? { plugin?.deadline(now: now) }

    /// The server refused them: files are read anew and the plugin runs anew at the next request.
    mutating func refuse() {
        token?.forget()
        certificate?.forget()
        key?.forget()
        plugin?.refuse()
    }

    /// The credentials at `now` (monotonic nanoseconds) and `wall` (seconds since 1970).
    mutating func current(now: Int64, wall: Int64) -> State {
        var result = Credentials(fields: server.fields, authorities: nil, certificate: nil)
        do throws(HTTPClientFailure) {
            result.authorities = try Self.bytes(&authorities, "the certificates of the authorities", now)
            if let chain = try Self.bytes(&certificate, "the client's certificate", now),
                let key = try Self.bytes(&key, "the client's key", now)
            {
                result.certificate = (chain, key)
            }
            switch server.authentication {
            case .none:
                break
            case .basic(let user, let password):
                try Self.authorize(
                    &result, "Basic " + Base64.encode(Array("\(user):\(password)".utf8)), "the user name")
            case .token(let source):
                let bytes = try Self.bytes(&token, "the token", now) ?? []
                let text = String(decoding: bytes, as: UTF8.self)
                let trimmed = text.split(whereSeparator: \.isWhitespace)
                guard trimmed.count == 1 else {
                    let found = trimmed.isEmpty ? "empty" : "more than one word"
                    throw HTTPClientFailure(.credentials, "the token of \(source.name) is \(found), expected one word")
                }
                try Self.authorize(&result, "Bearer \(trimmed[0])", "the token of \(source.name)")
            case .plugin:
                switch plugin?.current(now: now, wall: wall) {
                case .ready(let credential):
                    if let token = credential.token {
                        try Self.authorize(&result, "Bearer \(token)", "the credential plugin's token")
                    }
                    if let chain = credential.certificate, let key = credential.key {
                        result.certificate = (Array(chain.utf8), Array(key.utf8))
                    }
                case .failed(let problem):
                    throw HTTPClientFailure(.credentials, problem)
                case .running, nil:
                    return .waiting
                }
            }
        } catch {
            return .failed(error)
        }
        return .ready(result)
    }

    private static func authorize(
        _ credentials: inout Credentials, _ value: String, _ what: String
    ) throws(HTTPClientFailure) {
        guard let field = HeaderField("Authorization", value) else {
            throw HTTPClientFailure(.credentials, "\(what) has control characters, which no request can carry")
        }
        credentials.fields.append(field)
    }

    private static func bytes(
        _ source: inout RotatingBytes?, _ what: String, _ now: Int64
    ) throws(HTTPClientFailure) -> [UInt8]? {
        do throws(SystemError) {
            return try source?.current(now: now)
        } catch {
            throw HTTPClientFailure(.credentials, "\(what) cannot be read: \(error)")
        }
    }
}
