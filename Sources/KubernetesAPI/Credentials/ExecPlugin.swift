/// A program that gives credentials: the `exec` of a kubeconfig's user (client.authentication.k8s.io).
struct ExecPlugin: Sendable {
    /// The version of what it is told and what it prints.
    enum Version: String, Sendable, CaseIterable {
        case v1 = "client.authentication.k8s.io/v1"
        case v1beta1 = "client.authentication.k8s.io/v1beta1"
    }

    /// A variable of its environment.
    struct Variable: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// The version.
    let version: Version
    /// The program: a path, or a bare name to be looked for in PATH.
    let command: String
    /// What it is given.
    let arguments: [String]
    /// Variables besides those of this process.
    let environment: [Variable]
    /// What to do when it is not there, in the words of those who made the kubeconfig; empty: nothing.
    let installHint: String
    /// The cluster as KUBERNETES_EXEC_INFO tells it, a JSON object; nil where it is not to be told (`provideClusterInfo`).
    let cluster: String?

    /// The value of KUBERNETES_EXEC_INFO. There is never a terminal.
    var information: String {
        let about = cluster.map { ",\"cluster\":\($0)" } ?? ""
        return
            "{\"apiVersion\":\"\(version.rawValue)\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false\(about)}}"
    }
}
