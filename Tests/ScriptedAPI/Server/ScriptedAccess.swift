/// Who may do what.
package struct ScriptedAccess: Sendable {
    /// What a request without credentials gets.
    package enum Anonymous: Sendable {
        /// What the grants say for everybody.
        case allowed
        /// 403, as from a server that lets anonymous people ask.
        case forbidden
        /// 401.
        case unauthorized
    }

    /// One RBAC rule: list and watch (and get) of a kind of object.
    package struct Grant: Sendable, Hashable {
        package var resource: ScriptedResource
        /// Nil: in the whole cluster.
        package var namespace: String?
        /// `resourceNames`; empty: all. It allows a list or watch whose field selector says `metadata.name=`.
        package var names: [String]
        package var verbs: [String]

        package init(
            _ resource: ScriptedResource, namespace: String? = nil, names: [String] = [],
            verbs: [String] = ["get", "list", "watch"]
        ) {
            self.resource = resource
            self.namespace = namespace
            self.names = names
            self.verbs = verbs
        }
    }

    /// The users of bearer tokens. While there are none (and no passwords), every credential is good.
    package var tokens: [String: String] = [:]
    /// The users of `name:password`.
    package var passwords: [String: String] = [:]
    package var anonymous = Anonymous.allowed
    /// Nil: everything is allowed.
    package var grants: [Grant]?

    /// Everything is allowed to everybody.
    package init() {}

    /// The name of who asks; nil for a bad credential.
    func user(_ request: ScriptedRequest) -> String? {
        let credential = request.header("authorization")
        if !credential.isEmpty, !(tokens.isEmpty && passwords.isEmpty) {
            let words = credential.split(separator: " ", maxSplits: 1)
            guard words.count == 2 else { return nil }
            switch words[0].lowercased() {
            case "bearer": return tokens[String(words[1])]
            case "basic":
                guard let text = Base64.decode(String(words[1])) else { return nil }
                return passwords[String(decoding: text, as: UTF8.self)]
            default: return nil
            }
        }
        if !request.clientName.isEmpty { return request.clientName }
        if !credential.isEmpty { return "scripted-user" }
        return anonymous == .unauthorized ? nil : Self.anonymousUser
    }

    static let anonymousUser = "system:anonymous"

    /// The 403 for a request that is not allowed; nil for one that is.
    func refusal(_ route: ScriptedRequest.Route, verb: String, user: String, name: String?) -> ScriptedStatus? {
        let isAnonymousRefused = user == Self.anonymousUser && anonymous == .forbidden
        if !isAnonymousRefused {
            guard let grants else { return nil }
            for grant in grants
            where grant.resource == route.resource && grant.verbs.contains(verb)
                && (grant.namespace == nil || grant.namespace == route.namespace)
            {
                if grant.names.isEmpty { return nil }
                if let name, grant.names.contains(name) { return nil }
            }
        }
        let place = route.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
        let subject = route.name.map { "\(route.resource.qualifiedName) \"\($0)\"" } ?? route.resource.qualifiedName
        var status = ScriptedStatus(
            code: 403, reason: "Forbidden",
            message: "\(subject) is forbidden: User \"\(user)\" cannot \(verb) resource \"\(route.resource.rawValue)\" "
                + "in API group \"\(route.resource.group)\" \(place)")
        status.kind = route.resource.rawValue
        status.group = route.resource.group
        status.name = route.name ?? ""
        return status
    }
}
