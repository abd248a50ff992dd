import LinuxIO

/// A cluster of a kubeconfig: where it is and whom to trust there.
struct KubeconfigCluster {
    let url: ServerURL
    let trust: ServerTrust
    let serverName: String?
    let proxy: ProxyChoice
    private let fields: KubeconfigFields
    private let proxyURL: String?

    /// The extension whose value a credential plugin is given as the cluster's configuration.
    private static let pluginExtension = "client.authentication.k8s.io/exec"

    init(_ node: TextNode, in file: Kubeconfig, environment: APIServer.Environment) throws(NodeFault) {
        fields = try KubeconfigFields(
            node, "the cluster's", in: file,
            known: [
                "server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority",
                "certificate-authority-data", "proxy-url", "disable-compression", "extensions",
            ])
        let isInsecure = try fields.flag("insecure-skip-tls-verify")
        let authorities = try fields.bytes("certificate-authority")
        // client-go refuses both together as well: it is not clear what is meant.
        guard !isInsecure || authorities == nil else {
            throw fields.refused(
                "insecure-skip-tls-verify", "is true although there is a certificate-authority, expected one of them")
        }
        let server = try fields.requiredText("server")
        do throws(APIServerProblem) {
            url = try ServerURL(server, assumesTLS: isInsecure || authorities != nil)
        } catch {
            throw fields.refused("server", error.description)
        }
        trust = isInsecure ? .anyone : authorities.map { .authorities($0) } ?? .system
        serverName = try fields.text("tls-server-name")
        if let serverName, (try? ServerURL("https://\(serverName)", assumesTLS: true))?.host != serverName {
            throw fields.refused("tls-server-name", "is \"\(serverName)\", expected the name of a host")
        }
        proxyURL = try fields.text("proxy-url")
        do throws(APIServerProblem) {
            proxy =
                try proxyURL.map { url throws(APIServerProblem) in try ProxyChoice.configured(url) }
                ?? .environment(environment, for: url)
        } catch {
            // The URL may have a password in it.
            throw fields.refused("proxy-url", "cannot be used, expected \(error)")
        }
    }

    /// The cluster as a credential plugin is told of it (KUBERNETES_EXEC_INFO): a JSON object.
    func information() throws(NodeFault) -> String {
        var pairs = ["\"server\":" + JSONText.quoted(url.description)]
        if let serverName { pairs.append("\"tls-server-name\":" + JSONText.quoted(serverName)) }
        switch trust {
        case .system:
            break
        case .anyone:
            pairs.append("\"insecure-skip-tls-verify\":true")
        case .authorities(let source):
            do throws(SystemError) {
                var rotating = RotatingBytes(source)
                let bytes = try rotating.current(now: 0)
                pairs.append("\"certificate-authority-data\":" + JSONText.quoted(Base64.encode(bytes)))
            } catch {
                throw fields.refused("certificate-authority", "cannot be read: \(error)")
            }
        }
        if let proxyURL { pairs.append("\"proxy-url\":" + JSONText.quoted(proxyURL)) }
        for element in try fields.list("extensions") where element["name"]?.text == Self.pluginExtension {
            if let value = element["extension"] { pairs.append("\"config\":" + JSONText.of(value)) }
        }
        return "{\(pairs.joined(separator: ","))}"
    }
}
