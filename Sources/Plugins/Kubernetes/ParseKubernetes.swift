import ClusterZone
import Corefile
import KubernetesAPI
import PluginKit

extension KubernetesOptions {
    /// The longest TTL in seconds (CoreDNS).
    private static let longestTTL = 3600

    /// Longest zone in bytes: a name of 255 with a service's two labels of 63 and `svc` before it.
    private static let longestZone = 122

    private static let properties = [
        "endpoint", "tls", "kubeconfig", "apiserver_qps", "apiserver_burst", "apiserver_max_inflight", "namespaces",
        "namespace_labels", "labels", "pods", "pod_names", "endpoint_pod_names", "endpoint_aliases", "ttl",
        "noendpoints", "fallthrough", "ignore",
        "multicluster", "zonal", "startup_timeout", "snapshot", "last_state",
    ]

    /// Reads a `kubernetes` directive as CoreDNS 1.14.7 does, and `snapshot`.
    init(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        try readZones(directive, setup)
        var paths: [String] = []
        var namespacesAt: Property?
        for property in try directive.properties() {
            try property.expectNoBlock()
            switch property.name.text {
            case "namespaces":
                try property.expectArguments(1...)
                zone.namespaces.formUnion(property.arguments.map(\.text))
                namespacesAt = property
            case "snapshot":
                try property.expectArguments(1...)
                paths += property.arguments.map { setup.resolve($0.text) }
            case "last_state": lastStatePath = setup.resolve(try property.onlyArgument().text)
            case "multicluster":
                multiclusterZones = try Self.zones(property.arguments)
                for name in multiclusterZones where !zones.contains(name) {
                    throw property.error(
                        "is not authoritative for the multicluster zone \(name) "
                            + "(authoritative zones: \(zones.joined(separator: ", ")))")
                }
            case "upstream", "resyncperiod":
                // Options of older releases: old Corefiles still have them, and they mean nothing any more.
                setup.warn(property.name.location, "plugin/kubernetes: '\(property.name.text)' is obsolete and ignored")
            default:
                let isRead =
                    try readRecordOption(property)
                    ? true : try readAnswerOption(property) ? true : readAPIOption(property, setup)
                guard isRead else { throw directive.unknownProperty(property, known: Self.properties) }
            }
        }
        if let namespacesAt, zone.namespaceLabels != nil {
            throw namespacesAt.error("namespaces and namespace_labels cannot both be set")
        }
        if answers.zonal, !zone.servesEndpoints {
            throw directive.error("zonal requires the endpoint cache; remove noendpoints")
        }
        zone.zonal = answers.zonal
        zone.podNames = answers.podNames
        zone.servesPods = answers.podMode == .verified || answers.podNames
        zone.keepsPodLabels =
            zone.servesPods && !setup.block.directives(named: MetadataPlugin.directive).isEmpty
            && setup.block.directives.contains { directive in
                directive.tokens.contains { KubernetesPlugin.asksForClientLabels($0.text) }
            }
        zone.servesImports = !multiclusterZones.isEmpty
        if !paths.isEmpty { source = .snapshot(paths) }
    }

    private mutating func readZones(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        zones = directive.arguments.isEmpty ? setup.zones : try Self.zones(directive.arguments)
        if let long = zones.first(where: { $0.utf8.count > Self.longestZone }) {
            throw directive.error(
                "zone \(long) has \(long.utf8.count) bytes, expected at most \(Self.longestZone): the names below it have no room"
            )
        }
        guard let primary = zones.first(where: { !Self.isReverse($0) }) else {
            // PTR records point into it, so there has to be one.
            throw directive.error("plugin/kubernetes: non-reverse zone name must be used")
        }
        primaryZone = primary
    }

    private static func zones(_ tokens: [Token]) throws(CorefileError) -> [String] {
        var zones: [String] = []
        for token in tokens {
            for zone in try token.zones() where !zones.contains(zone) { zones.append(zone) }
        }
        return zones
    }

    private static func isReverse(_ zone: String) -> Bool {
        zone == "in-addr.arpa." || zone == "ip6.arpa." || zone.hasSuffix(".in-addr.arpa.")
            || zone.hasSuffix(".ip6.arpa.")
    }

    /// Options that decide which records there are. Returns false for any other.
    private mutating func readRecordOption(_ property: Property) throws(CorefileError) -> Bool {
        switch property.name.text {
        case "labels": zone.labels = try Self.selector(property)
        case "namespace_labels": zone.namespaceLabels = try Self.selector(property)
        case "endpoint_pod_names":
            try property.expectArguments(0...0)
            zone.endpointPodNames = true
        case "endpoint_aliases":
            try property.expectArguments(0...0)
            zone.endpointAliases = true
        case "noendpoints":
            try property.expectArguments(0...0)
            zone.servesEndpoints = false
        case "ignore":
            let what = try property.onlyArgument()
            guard what.text == "empty_service" else {
                throw what.error("unable to parse ignore value: '\(what.text)', expected empty_service")
            }
            zone.ignoresEmptyServices = true
        default: return false
        }
        return true
    }

    /// Options that decide how questions are answered. Returns false for any other.
    private mutating func readAnswerOption(_ property: Property) throws(CorefileError) -> Bool {
        switch property.name.text {
        case "pods":
            let mode = try property.onlyArgument()
            switch mode.text {
            case "disabled": answers.podMode = .disabled
            case "insecure": answers.podMode = .insecure
            case "verified": answers.podMode = .verified
            default:
                throw mode.error("wrong value for pods: \(mode.text), must be one of: disabled, verified, insecure")
            }
        case "pod_names":
            try property.expectArguments(0...0)
            answers.podNames = true
        case "ttl":
            let seconds = try property.onlyArgument()
            guard let number = Int(seconds.text) else {
                throw seconds.error("ttl is '\(seconds.text)', expected a number of seconds in the range [0, 3600]")
            }
            guard number >= 0, number <= Self.longestTTL else {
                throw seconds.error("ttl must be in range [0, 3600]: \(number)")
            }
            answers.ttl = UInt32(number)
        case "fallthrough":
            fallthroughZones = property.arguments.isEmpty ? ["."] : try Self.zones(property.arguments)
        case "zonal":
            try property.expectArguments(0...0)
            answers.zonal = true
        default: return false
        }
        return true
    }

    /// Options that say how the API server is reached. Returns false for any other.
    private mutating func readAPIOption(_ property: Property, _ setup: BlockSetup) throws(CorefileError) -> Bool {
        switch property.name.text {
        case "endpoint":
            // CoreDNS: several are deprecated, and only the first counts.
            try property.expectArguments(1...)
            endpoint = property.arguments.first?.text
        case "tls":
            try property.expectArguments(3)
            tlsFiles = property.arguments.map { $0.text.isEmpty ? "" : setup.resolve($0.text) }
        case "kubeconfig":
            try property.expectArguments(1...2)
            kubeconfig = property.arguments.first.map { setup.resolve($0.text) }
            kubeconfigContext = property.arguments.count > 1 ? property.arguments.last?.text : nil
        case "startup_timeout": startupTimeout = try property.onlyArgument().duration()
        case "apiserver_qps":
            let rate = try property.onlyArgument()
            guard let number = Double(rate.text), number.isFinite else {
                throw rate.error("invalid apiserver_qps \"\(rate.text)\", expected a number")
            }
            guard number >= 0 else { throw rate.error("apiserver_qps must be >= 0") }
            apiRate = number
        case "apiserver_burst": apiBurst = try Self.count(property)
        case "apiserver_max_inflight": apiMaxInflight = try Self.count(property)
        default: return false
        }
        return true
    }

    private static func count(_ property: Property) throws(CorefileError) -> Int {
        let token = try property.onlyArgument()
        guard let number = Int(token.text) else {
            throw token.error("invalid \(property.name.text) \"\(token.text)\", expected a whole number")
        }
        guard number >= 0 else { throw token.error("\(property.name.text) must be >= 0") }
        return number
    }

    private static func selector(_ property: Property) throws(CorefileError) -> LabelSelector {
        try property.expectArguments(1...)
        let text = property.arguments.map(\.text).joined(separator: " ")
        do {
            return try LabelSelector(parsing: text)
        } catch {
            let at = property.arguments.first ?? property.name
            throw at.error("unable to parse label selector value: '\(text)': \(error)")
        }
    }
}
