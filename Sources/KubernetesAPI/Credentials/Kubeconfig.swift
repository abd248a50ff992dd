import LinuxIO

/// A kubeconfig file, as kubectl and client-go read it: clusters, users, and contexts that name one of each.
///
/// What belongs to the chosen context is checked; the rest of the file is not looked at.
package struct Kubeconfig: Sendable {
    /// The largest file that is read, in bytes: a few thousand clusters with their certificates inline.
    static let maximumBytes = 16 << 20

    /// The file's name, for messages.
    let path: String
    /// The folder that names in it are relative to, with a slash at its end; "" for the working folder.
    let folder: String
    private let root: TextNode

    /// Reads the file at `path`.
    package init(path: String) throws(APIServerProblem) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileReader.read(path, limit: Self.maximumBytes)
        } catch {
            throw APIServerProblem("kubeconfig: \(error)")
        }
        try self.init(bytes: bytes, path: path)
    }

    /// Reads a kubeconfig's text, YAML or JSON (which is YAML too); `path` is for messages and for what is relative to it.
    init(bytes: [UInt8], path: String) throws(APIServerProblem) {
        self.path = path
        folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        do throws(NodeFault) {
            // SAFETY: the source reads the buffer only while this closure runs, and what it returns is a copy.
            root = try bytes.withUnsafeBufferPointer { text throws(NodeFault) in
                var source = try YAMLSource(text)
                guard try source.nextDocument() else { throw NodeFault(nil, "empty, expected a kubeconfig") }
                return try source.node(.everything)
            }
            let kind = try ObjectFields(root).text("kind") ?? "Config"
            guard kind == "Config" || kind.isEmpty else {
                throw NodeFault(root["kind"]?.position, "kind is \"\(kind)\", expected Config")
            }
        } catch {
            throw APIServerProblem(path: path, error)
        }
    }

    /// The API server of the context named `context`, or of the file's current-context.
    package func server(context: String? = nil, environment: APIServer.Environment) throws(APIServerProblem)
        -> APIServer
    {
        do throws(NodeFault) {
            let name = try contextName(context)
            let chosen = try entry("contexts", "context", name, from: context == nil ? root["current-context"] : nil)
            guard let clusterNode = chosen["cluster"], let clusterName = clusterNode.text, !clusterName.isEmpty else {
                throw try ObjectFields(chosen).refused("cluster", expected: "the name of a cluster")
            }
            let cluster = try KubeconfigCluster(
                try entry("clusters", "cluster", clusterName, from: clusterNode), in: self, environment: environment)
            // A context without a user is somebody whom the server does not know.
            var user: KubeconfigUser?
            if let userNode = chosen["user"], let userName = userNode.text, !userName.isEmpty {
                user = try KubeconfigUser(
                    try entry("users", "user", userName, from: userNode), in: self, cluster: cluster)
            }
            return APIServer(
                url: cluster.url, trust: cluster.trust, serverName: cluster.serverName,
                clientCertificate: user?.clientCertificate, authentication: user?.authentication ?? .none,
                fields: user?.impersonation ?? [], proxy: cluster.proxy)
        } catch {
            throw APIServerProblem(path: path, error)
        }
    }

    /// A file's name as the kubeconfig means it: relative to its own folder.
    func resolved(_ name: String) -> String {
        name.hasPrefix("/") ? name : folder + name
    }

    private func contextName(_ given: String?) throws(NodeFault) -> String {
        if let given { return given }
        let name = try ObjectFields(root).text("current-context") ?? ""
        guard name.isEmpty else { return name }
        throw NodeFault(
            root["current-context"]?.position,
            "there is no current-context, expected one, or a context behind the file's name; there are: "
                + Self.list(names(of: "contexts")))
    }

    /// The value of the key `key` of the entry named `name` in the list `list`. `user` is what names it.
    private func entry(
        _ list: String, _ key: String, _ name: String, from user: TextNode?
    ) throws(NodeFault) -> TextNode {
        guard let listNode = root[list] else {
            throw NodeFault(nil, "\(list) is missing, expected a list with \"\(name)\" in it")
        }
        guard case .sequence(let entries) = listNode.value else {
            throw NodeFault(listNode.position, "\(list) is \(listNode.shown), expected a list")
        }
        // Of entries with one name client-go takes the last.
        guard let found = entries.last(where: { $0["name"]?.text == name }) else {
            throw NodeFault(
                user?.position,
                "there is no \(key) \"\(name)\" in \(list); there are: \(Self.list(names(of: list)))")
        }
        guard let value = found[key], case .mapping = value.value else {
            throw NodeFault(
                found[key]?.position ?? found.position,
                "the \(key) \"\(name)\" is \(found[key]?.shown ?? "missing"), expected a mapping")
        }
        return value
    }

    private func names(of list: String) -> [String] {
        guard case .sequence(let entries) = root[list]?.value else { return [] }
        return entries.compactMap { $0["name"]?.text }
    }

    /// Up to ten names, for a message.
    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        let shown = names.prefix(10).joined(separator: ", ")
        return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
    }
}
