/// A user of a kubeconfig: who we are.
struct KubeconfigUser {
    let clientCertificate: APIServer.ClientCertificate?
    let authentication: Authentication
    let impersonation: [HeaderField]

    init(_ node: TextNode, in file: Kubeconfig, cluster: KubeconfigCluster) throws(NodeFault) {
        if let provider = node["auth-provider"] {
            throw NodeFault(
                provider.position,
                "the user's auth-provider is not supported (nor is it by Kubernetes since 1.26), expected exec, token or a "
                    + "client certificate")
        }
        let fields = try KubeconfigFields(
            node, "the user's", in: file,
            known: [
                "client-certificate", "client-certificate-data", "client-key", "client-key-data", "token", "tokenFile",
                "username", "password", "exec", "as", "as-uid", "as-groups", "as-user-extra", "extensions",
            ])
        let certificate = try fields.bytes("client-certificate")
        let key = try fields.bytes("client-key")
        switch (certificate, key) {
        case (let certificate?, let key?):
            clientCertificate = APIServer.ClientCertificate(certificate: certificate, key: key)
        case (nil, nil):
            clientCertificate = nil
        case (_?, nil):
            throw fields.refused("client-key", "is missing, expected the key of the client-certificate")
        case (nil, _?):
            throw fields.refused("client-certificate", "is missing, expected the certificate of the client-key")
        }
        authentication = try Self.authentication(fields, cluster)
        impersonation = try Self.impersonation(fields)
    }

    private static func authentication(
        _ fields: KubeconfigFields, _ cluster: KubeconfigCluster
    ) throws(NodeFault) -> Authentication {
        let exec = fields.node("exec")
        let user = try fields.text("username")
        // A tokenFile goes before a token, as in client-go.
        let tokenFile = try fields.text("tokenFile").map { SecretBytes.file(fields.file.resolved($0)) }
        let inlineToken = try fields.text("token").map {
            SecretBytes.inline(Array($0.utf8), name: "token of \(fields.file.path)")
        }
        let token = tokenFile ?? inlineToken
        if user == nil, fields.node("password") != nil {
            throw fields.refused("username", "is missing, expected one for the password")
        }
        if let exec, user != nil || token != nil {
            throw NodeFault(
                exec.position, "the user's exec stands beside a token or username, expected one way to authenticate")
        }
        if token != nil, user != nil {
            throw fields.refused("username", "stands beside a token, expected one way to authenticate")
        }
        if let exec { return .plugin(try plugin(exec, fields.file, cluster)) }
        if let token { return .token(token) }
        guard let user else { return .none }
        guard !user.contains(":") else {
            // RFC 7617 section 2: the colon is what ends the name.
            throw fields.refused("username", "has a colon, expected a name without")
        }
        return .basic(user: user, password: try fields.text("password") ?? "")
    }

    private static func plugin(
        _ node: TextNode, _ file: Kubeconfig, _ cluster: KubeconfigCluster
    ) throws(NodeFault) -> ExecPlugin {
        let fields = try KubeconfigFields(
            node, "exec's", in: file,
            known: [
                "apiVersion", "command", "args", "env", "installHint", "provideClusterInfo", "interactiveMode",
            ])
        let text = try fields.requiredText("apiVersion")
        guard let version = ExecPlugin.Version(rawValue: text) else {
            let known = ExecPlugin.Version.allCases.map(\.rawValue).joined(separator: " or ")
            throw fields.refused("apiVersion", "is \"\(text)\", expected \(known)")
        }
        switch try fields.text("interactiveMode") {
        case nil, "Never", "IfAvailable":
            break
        case "Always":
            throw fields.refused(
                "interactiveMode", "is Always, but apodns has no terminal to ask at, expected Never or IfAvailable")
        case .some(let mode):
            throw fields.refused("interactiveMode", "is \"\(mode)\", expected Never, IfAvailable or Always")
        }
        var environment: [ExecPlugin.Variable] = []
        for element in try fields.list("env") {
            let pair = try KubeconfigFields(element, "exec's env", in: file, known: ["name", "value"])
            let name = try pair.requiredText("name")
            guard !name.contains("=") else { throw pair.refused("name", "has a =, expected the name of a variable") }
            environment.append(.init(name: name, value: try pair.text("value") ?? ""))
        }
        let command = try fields.requiredText("command")
        return ExecPlugin(
            version: version,
            // client-go: a path is relative to the kubeconfig's folder, a bare name is looked for in PATH.
            command: command.contains("/") ? file.resolved(command) : command,
            arguments: try fields.texts("args"), environment: environment,
            installHint: (try fields.text("installHint") ?? "").split { $0.isNewline }.joined(separator: " "),
            cluster: try fields.flag("provideClusterInfo") ? try cluster.information() : nil)
    }

    /// The fields of user impersonation (Kubernetes: "Authenticating", "User impersonation").
    private static func impersonation(_ fields: KubeconfigFields) throws(NodeFault) -> [HeaderField] {
        var pairs: [(key: String, name: String, value: String)] = []
        if let user = try fields.text("as") { pairs.append(("as", "Impersonate-User", user)) }
        if let uid = try fields.text("as-uid") { pairs.append(("as-uid", "Impersonate-Uid", uid)) }
        for group in try fields.texts("as-groups") { pairs.append(("as-groups", "Impersonate-Group", group)) }
        if fields.node("as-user-extra") != nil {
            throw fields.refused("as-user-extra", "is not supported, expected as, as-uid and as-groups only")
        }
        if let first = pairs.first, first.key != "as" {
            throw fields.refused(first.key, "stands without as, expected the user's name there")
        }
        var result: [HeaderField] = []
        for pair in pairs {
            guard let field = HeaderField(pair.name, pair.value) else {
                throw fields.refused(pair.key, "has control characters, which no request can carry")
            }
            result.append(field)
        }
        return result
    }
}
