/// Something about a stream that a person wants to know, said once for each change.
package struct WatchNotice: Sendable, Hashable, CustomStringConvertible {
    /// What it is about.
    package enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        case forbidden
        case missing
        case unauthorized
        case failing
        case recovered
        case silent
        case relistPutOff
        case streamingListRefused
        case unusable
    }

    /// How much it matters.
    package enum Level: Sendable, Hashable {
        case debug
        case info
        case warning
    }

    /// The stream.
    package let stream: WatchStream
    /// What it is about.
    package let kind: Kind
    /// A sentence with what is wrong, and what to do where a person can do something.
    package let message: String

    /// A notice. Control characters in `message`, which may quote a server or a plugin, become spaces: it is one line.
    package init(_ kind: Kind, _ stream: WatchStream, _ message: String) {
        self.kind = kind
        self.stream = stream
        var line = String.UnicodeScalarView()
        for scalar in message.unicodeScalars {
            line.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        self.message = String(line)
    }

    /// Warnings are for what a person should mend (watch.md, rule 12).
    package var level: Level {
        switch kind {
        case .forbidden, .missing, .unauthorized, .failing, .unusable: .warning
        case .recovered, .silent: .info
        case .relistPutOff, .streamingListRefused: .debug
        }
    }

    /// The sentence with the stream before it.
    package var description: String { "\(stream): \(message)" }
}

extension WatchNotice {
    /// The one line that says which rule is missing, ready to paste under `rules:`.
    static func forbidden(_ stream: WatchStream, isWatch: Bool, said: String) -> WatchNotice {
        let role =
            stream.namespace.map { "the Role in namespace \"\($0)\"" } ?? "the ClusterRole"
        let rule =
            "- {apiGroups: [\"\(stream.resource.group)\"], resources: [\"\(stream.resource.plural)\"], "
            + "verbs: [\"list\", \"watch\"]}"
        return WatchNotice(
            .forbidden, stream,
            "not allowed to \(isWatch ? "watch" : "list") \(stream.resource.plural) "
                + (stream.namespace.map { "in namespace \"\($0)\"" } ?? "in the whole cluster")
                + "; add to the rules of \(role) of this service account: \(rule)" + quoting(said))
    }

    static func missing(_ stream: WatchStream) -> WatchNotice {
        let api = stream.resource.group.isEmpty ? "" : stream.resource.group + "/"
        let remedy =
            switch stream.resource {
            case .serviceImports: "; install the ServiceImport CRD of the Multi-Cluster Services API"
            case .endpointSlices: "; Kubernetes 1.21 or newer is needed"
            case .namespaces, .services, .pods: "; is this the address of a Kubernetes API server?"
            }
        return WatchNotice(
            .missing, stream,
            "the API server has no \(stream.resource.plural) in \(api)\(stream.resource.version) (404)\(remedy)")
    }

    static func unauthorized(_ stream: WatchStream, said: String) -> WatchNotice {
        WatchNotice(
            .unauthorized, stream,
            "the API server does not accept the credentials (401), fresh ones neither; check the token, the certificate or "
                + "the kubeconfig" + quoting(said))
    }

    /// What the server said, cut to what a log line can bear.
    private static func quoting(_ said: String) -> String {
        said.isEmpty ? "" : " (the API server said: \(String(said.prefix(saidCharacters))))"
    }

    /// Characters of a server's message that a notice repeats; those of an API server are shorter.
    private static let saidCharacters = 300
}
