import Glibc
import Synchronization

/// An authority, the server's certificates and a client's one, made once for the process in a temporary folder.
package final class ScriptedCertificates: Sendable {
    /// The certificate of the authority that signed the server's and the client's ones (PEM).
    package let authority: String
    /// A client's certificate and key; its common name is `clientName`.
    package let clientCertificate: String
    package let clientKey: String
    /// The common name in the client's certificate.
    package static let clientName = "scripted-client"

    private let folder: String
    private static let made = Mutex<ScriptedCertificates?>(nil)

    /// The ones of this process; makes them the first time, with the `openssl` command.
    package static func shared() throws(ScriptedAPIError) -> ScriptedCertificates {
        let result = made.withLock { made -> Result<ScriptedCertificates, ScriptedAPIError> in
            if let made { return .success(made) }
            do throws(ScriptedAPIError) {
                let certificates = try ScriptedCertificates()
                made = certificates
                return .success(certificates)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    package func serverCertificate(_ certificate: ScriptedCertificate) -> String {
        "\(folder)/\(certificate.rawValue).pem"
    }
    package func serverKey(_ certificate: ScriptedCertificate) -> String { "\(folder)/\(certificate.rawValue).key" }

    private static let configuration = """
        [req]
        distinguished_name = name
        [name]
        [authority]
        basicConstraints = critical,CA:true
        keyUsage = critical,keyCertSign,cRLSign
        subjectKeyIdentifier = hash
        [valid]
        basicConstraints = critical,CA:false
        keyUsage = critical,digitalSignature
        extendedKeyUsage = serverAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        subjectAltName = DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:::1
        [wrongHost]
        basicConstraints = critical,CA:false
        keyUsage = critical,digitalSignature
        extendedKeyUsage = serverAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        subjectAltName = DNS:elsewhere.example
        [nameServer]
        basicConstraints = critical,CA:false
        keyUsage = critical,digitalSignature
        extendedKeyUsage = serverAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        subjectAltName = DNS:dns.corp.example.com
        [client]
        basicConstraints = critical,CA:false
        keyUsage = critical,digitalSignature
        extendedKeyUsage = clientAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid

        """

    private init() throws(ScriptedAPIError) {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((base + "/scripted-api-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw ScriptedAPIError.call("mkdtemp in \(base)") }
        folder = template.withUnsafeBufferPointer {
            String(decoding: $0.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        authority = folder + "/authority.pem"
        clientCertificate = folder + "/client.pem"
        clientKey = folder + "/client.key"
        temporaryFolder.withLock { $0 = folder }
        atexit { removeTemporaryFolder() }
        try write(Self.configuration, to: "openssl.cnf")
        for name in ["authority", "unknown"] {
            try key(name)
            try run([
                "req", "-x509", "-new", "-config", file("openssl.cnf"), "-extensions", "authority", "-key",
                file(name + ".key"), "-subj", "/CN=scripted " + name, "-days", "30", "-out", file(name + ".pem"),
            ])
        }
        for certificate in ScriptedCertificate.allCases {
            let extensions =
                switch certificate {
                case .wrongHost, .nameServer: certificate.rawValue
                case .valid, .expired, .unknownAuthority: "valid"
                }
            try sign(
                certificate.rawValue, subject: "kube-apiserver", extensions: extensions,
                by: certificate == .unknownAuthority ? "unknown" : "authority",
                // A certificate that ends before it begins is expired at any time.
                days: certificate == .expired ? -1 : 30)
        }
        try sign("client", subject: Self.clientName, extensions: "client", by: "authority", days: 30)
    }

    private func file(_ name: String) -> String { folder + "/" + name }

    private func key(_ name: String) throws(ScriptedAPIError) {
        try run(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file(name + ".key")])
    }

    private func sign(
        _ name: String, subject: String, extensions: String, by authority: String, days: Int
    ) throws(ScriptedAPIError) {
        try key(name)
        try run([
            "req", "-new", "-config", file("openssl.cnf"), "-key", file(name + ".key"), "-subj",
            "/O=system:masters/CN=" + subject, "-out", file(name + ".csr"),
        ])
        try run([
            "x509", "-req", "-in", file(name + ".csr"), "-CA", file(authority + ".pem"), "-CAkey",
            file(authority + ".key"), "-CAcreateserial", "-days", String(days), "-extfile", file("openssl.cnf"),
            "-extensions", extensions, "-out", file(name + ".pem"),
        ])
    }

    private func write(_ text: String, to name: String) throws(ScriptedAPIError) {
        guard let stream = fopen(file(name), "w") else { throw ScriptedAPIError.call("fopen \(name)") }
        defer { fclose(stream) }
        guard fputs(text, stream) >= 0 else { throw ScriptedAPIError.call("fputs \(name)") }
    }

    /// Runs `openssl` with its output thrown away.
    private func run(_ arguments: [String]) throws(ScriptedAPIError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [1, 2] as [Int32] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
        var pointers = (["openssl"] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let result = posix_spawnp(&process, "openssl", &actions, nil, &pointers, environ)
        guard result == 0 else { throw ScriptedAPIError("openssl cannot be started: error \(result)") }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else {
            throw ScriptedAPIError("openssl \(arguments.joined(separator: " ")): status \(status)")
        }
    }
}

private let temporaryFolder = Mutex("")

/// At the end of the process: the keys are of no more use.
private func removeTemporaryFolder() {
    let folder = temporaryFolder.withLock { $0 }
    guard !folder.isEmpty, let stream = opendir(folder) else { return }
    var names: [String] = []
    while let entry = readdir(stream) {
        names.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
    }
    closedir(stream)
    for name in names where name != "." && name != ".." { unlink(folder + "/" + name) }
    rmdir(folder)
}
