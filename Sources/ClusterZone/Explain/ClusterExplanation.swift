import DNSWire
import KubernetesAPI
import RecordIndex

/// Says which object, option or missing thing made a cluster's answer what it is. What the answer is, the reader of the index
/// has said by its own rules; here is only looked for where it comes from.
package struct ClusterExplanation {
    /// A question below one of the zones, as the plugin saw it.
    package struct Question {
        let name: DomainName
        let zone: DomainName
        let type: RecordType
        let isMulticluster: Bool

        /// - Parameter zone: the longest of the plugin's zones that the name lies in.
        package init(name: DomainName, zone: DomainName, type: RecordType, isMulticluster: Bool) {
            self.name = name.lowercased()
            self.zone = zone.lowercased()
            self.type = type
            self.isMulticluster = isMulticluster
        }

        /// The labels to the left of the zone.
        var labels: [String] {
            name.labels.dropLast(zone.labelCount).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Most endpoints, ports or names that are told one by one.
    static let mostListed = 20
    /// Longest chain of aliases that is told, as that which is followed (`ClusterReader.longestChain`).
    static let longestChain = ClusterReader.longestChain

    let objects: KnownObjects
    let zoneOptions: ZoneOptions
    let options: ClusterOptions
    /// The plugin's zones, and those of them that are multicluster ones.
    let zones: [DomainName]
    let multiclusterZones: Set<Int>
    let index: IndexView
    /// The one of some names that a mistyped one most likely meant; nil where none is near.
    let nearest: (String, [String]) -> String?

    /// - Parameter index: of a snapshot that is kept for as long as this is used, and that the objects were compiled to.
    package init(
        objects: KnownObjects, zoneOptions: ZoneOptions, options: ClusterOptions, zones: [DomainName],
        multiclusterZones: Set<Int>, index: IndexView, nearest: @escaping (String, [String]) -> String?
    ) {
        self.objects = objects
        self.zoneOptions = zoneOptions
        self.options = options
        self.zones = zones
        self.multiclusterZones = multiclusterZones
        self.index = index
        self.nearest = nearest
    }

    /// Why the question has its answer, a line each.
    ///
    /// - Parameter answer: the records that the plugin wrote, for what they name.
    package func lines(_ question: Question, answer: [ResourceRecord]) -> [String] {
        let all = lines(question, answer: answer, behind: [])
        // An endpoint that is a name is an alias where it stands alone: the records show themselves what there is.
        return answer.isEmpty ? all : all.filter { $0 != Self.noRecords(question.type) }
    }

    /// - Parameter behind: the names of the aliases that have led to the question, in order.
    func lines(_ question: Question, answer: [ResourceRecord], behind: [DomainName]) -> [String] {
        if question.type == .axfr || question.type == .ixfr { return ["zone transfers are refused"] }
        let scratch = QuestionName()
        defer { scratch.deallocate() }
        // SAFETY: the name's bytes are read while the closure runs.
        let copied = question.name.wire.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { scratch.copy($0, bytes.count) }
        }
        guard let copied else { return [] }
        if question.type == .soa, !question.labels.isEmpty {
            return ["SOA is at the zone's own name: any other is answered without records, whether it is there or not"]
        }
        if let lines = explainReverse(question, scratch, labelCount: copied.labelCount, answer) { return lines }
        let labels = question.labels
        let kind = ClusterName(
            scratch, left: labels.count, zonal: options.zonal, isMulticluster: question.isMulticluster
        ).kind
        if question.type == .txt, [.apex, .serviceNamespace, .podNamespace].contains(kind) {
            return ["for TXT there is no such name, whatever there is of other types (as in CoreDNS)"]
        }
        switch kind {
        case .apex: return explainApex(question, labels)
        case .invalid: return explainInvalid(question, labels)
        default: break
        }
        let namespace = labels[labels.count - 2]
        if let missing = explainMissingNamespace(namespace, labels, question) { return missing }
        switch kind {
        case .serviceNamespace:
            return [
                "the namespace \(namespace) is there, and its own name has no records: "
                    + "names of services are SERVICE.\(question.name)"
            ]
        case .podNamespace, .pod: return explainPod(question, labels, namespace)
        default: return explainService(kind, question, labels, namespace, behind)
        }
    }

    // MARK: Names that are nobody's

    private func explainApex(_ question: Question, _ labels: [String]) -> [String] {
        if labels.isEmpty {
            return ["the zone's own name is always there; it has SOA and NS records, and no addresses"]
        }
        return [
            "\(question.name) is always there, above all names of \(labels[0] == "svc" ? "services" : "pods"), without records"
        ]
    }

    private func explainInvalid(_ question: Question, _ labels: [String]) -> [String] {
        if labels == ["ns", "dns"] {
            return ["the zone's name server: this server's own addresses, or those of its services"]
        }
        if labels == ["dns-version"] {
            return [
                question.type == .txt
                    ? "the version of the Kubernetes DNS specification"
                    : "the name has a TXT record alone: the version of the Kubernetes DNS specification"
            ]
        }
        guard let last = labels.last, last == "svc" || last == "pod" else {
            var lines = [
                "below \(question.zone) there are only names of services, which end in svc.\(question.zone), and of pods, in "
                    + "pod.\(question.zone)"
            ]
            if let name = completed(labels, question.zone) { lines.append("did you mean \(name)?") }
            return lines
        }
        return [
            "no name has so many labels: expected [ENDPOINT.]SERVICE.NAMESPACE.svc.\(question.zone) or "
                + "_PORT._PROTOCOL.SERVICE.NAMESPACE.svc.\(question.zone)"
                + (options.zonal || question.isMulticluster ? "" : " (zonal names need `zonal`)")
        ]
    }

    /// The name of the service that labels such as `web.shop` name without `svc`.
    private func completed(_ labels: [String], _ zone: DomainName) -> String? {
        guard labels.count >= 2 else { return nil }
        let key = ObjectKey(namespace: labels[labels.count - 1], name: labels[labels.count - 2])
        return objects.services[key] == nil ? nil : "\(labels.joined(separator: ".")).svc.\(zone)"
    }

    // MARK: Namespaces

    /// Why nothing in a namespace answers; nil where it does.
    private func explainMissingNamespace(_ namespace: String, _ labels: [String], _ question: Question) -> [String]? {
        var bytes = namespace
        // SAFETY: the bytes are read while the closure runs.
        let number = bytes.withUTF8 { bytes in
            bytes.baseAddress.map { index.namespace(UnsafeRawPointer($0), bytes.count) } ?? -1
        }
        guard number < 0 else { return nil }
        if index.gaps.contains(.namespaces) { return ["the namespaces are not known yet"] }
        if !zoneOptions.namespaces.isEmpty, !zoneOptions.namespaces.contains(namespace) {
            return ["the namespace \(namespace) is not one of \(servedNamespaces)"]
        }
        if let object = objects.namespaces[namespace], let selector = zoneOptions.namespaceLabels,
            !selector.matches(object.labels)
        {
            return ["Namespace \(namespace) has not the labels of `namespace_labels \(selector)`"]
        }
        var lines = ["there is no namespace \(namespace)" + didYouMean(namespace, objects.namespaceNames)]
        if labels.count >= 3, labels.last == "svc" {
            let service = labels[labels.count - 3]
            if objects.services[ObjectKey(namespace: service, name: namespace)] != nil {
                lines.append(
                    "the service's name comes first: Service \(service)/\(namespace) is \(namespace).\(service).svc.\(question.zone)"
                )
            } else {
                lines += elsewhere(service)
            }
        }
        return lines
    }

    private var servedNamespaces: String { "`namespaces \(zoneOptions.namespaces.sorted().joined(separator: " "))`" }

    /// The option that leaves an object out; nil where none does.
    func optionAgainst(_ namespace: String, _ labels: [String: String]) -> String? {
        if !zoneOptions.namespaces.isEmpty, !zoneOptions.namespaces.contains(namespace) { return servedNamespaces }
        if let selector = zoneOptions.namespaceLabels, let object = objects.namespaces[namespace],
            !selector.matches(object.labels)
        {
            return "`namespace_labels \(selector)`"
        }
        if let selector = zoneOptions.labels, !selector.matches(labels) { return "`labels \(selector)`" }
        return nil
    }

    // MARK: Words

    /// ` (did you mean X?)`, ` (there are A, B, C)` for a few, or nothing.
    func didYouMean(_ name: String, _ names: [String]) -> String {
        if let near = nearest(name, names) { return " (did you mean \(near)?)" }
        return ""
    }

    /// Where else a service of this name is.
    func elsewhere(_ service: String) -> [String] {
        let namespaces = objects.namespaces(withService: service)
        guard !namespaces.isEmpty else { return [] }
        return ["a Service \(service) is in the namespace\(namespaces.count == 1 ? "" : "s") \(listed(namespaces))"]
    }

    /// `a, b and 3 more`.
    func listed(_ names: [String]) -> String {
        let rest = names.count - Self.mostListed
        return names.prefix(Self.mostListed).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// The lines of many alike, with a last one for those that are too many.
    func limited(_ lines: [String]) -> [String] {
        let rest = lines.count - Self.mostListed
        return Array(lines.prefix(Self.mostListed)) + (rest > 0 ? ["and \(rest) more"] : [])
    }
}
