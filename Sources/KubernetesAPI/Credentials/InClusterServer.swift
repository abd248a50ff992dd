import LinuxIO

extension APIServer {
    /// The service account's folder in a pod.
    package static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The API server of the cluster that this runs in, with the pod's service account.
    ///
    /// - Parameters:
    ///   - environment: has KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT in a pod.
    ///   - folder: where the service account's files are: token and ca.crt.
    package static func inCluster(
        environment: Environment, folder: String = serviceAccountFolder
    ) throws(APIServerProblem) -> APIServer {
        func notInPod(_ problem: String) -> APIServerProblem {
            APIServerProblem(
                "\(problem), so this does not run in a pod with a service account: set endpoint, kubeconfig or snapshot "
                    + "to say where the cluster is")
        }
        func variable(_ name: String) throws(APIServerProblem) -> String {
            guard let value = environment(name), !value.isEmpty else {
                throw notInPod("the environment variable \(name) is not set")
            }
            return value
        }
        let host = try variable("KUBERNETES_SERVICE_HOST")
        let portText = try variable("KUBERNETES_SERVICE_PORT")
        let server: ServerURL
        do throws(APIServerProblem) {
            server = try ServerURL(
                host.contains(":") ? "https://[\(host)]:\(portText)" : "https://\(host):\(portText)", assumesTLS: true)
        } catch {
            throw APIServerProblem("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: \(error.description)")
        }
        let token = SecretBytes.file(folder + "/token")
        let authorities = SecretBytes.file(folder + "/ca.crt")
        // The files are read again when they are used; that they are there at all is better known at once.
        for file in [token, authorities] {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try FileReader.read(file.name, limit: SecretBytes.maximumBytes)
            } catch {
                throw notInPod(error.description)
            }
            guard !bytes.isEmpty else {
                throw APIServerProblem("\(file.name) is empty, expected what the kubelet writes there")
            }
        }
        return APIServer(
            url: server, trust: .authorities(authorities), authentication: .token(token),
            proxy: .environment(environment, for: server))
    }

    /// The namespace of the pod that this runs in; nil where that is not known.
    package static func inClusterNamespace(folder: String = serviceAccountFolder) -> String? {
        guard let bytes = try? FileReader.read(folder + "/namespace", limit: 1 << 10),
            let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        let name = text.filter { !$0.isWhitespace }
        return name.isEmpty ? nil : name
    }
}
