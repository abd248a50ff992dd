import DNSWire
import KubernetesAPI
import RecordIndex

extension ClusterExplanation {
    /// Why a name below `pod.ZONE` is answered as it is.
    func explainPod(_ question: Question, _ labels: [String], _ namespace: String) -> [String] {
        let byName = options.podNames && !question.isMulticluster
        guard options.podMode != .disabled || byName else {
            return ["`pods disabled`, as without `pods`: no pod has a name below pod.\(question.zone)"]
        }
        guard labels.count >= 3 else {
            return ["the namespace \(namespace) is there, and its own name has no records"]
        }
        if index.gaps.contains(.pods), zoneOptions.servesPods { return ["the pods are not known yet"] }
        // CoreDNS takes the label in front of the namespace and does not look at any before it.
        let label = labels[labels.count - 3]
        let address = Self.address(label)
        let atAddress = objects.pods(in: nil) { pod in
            address != nil && pod.addresses.contains { $0.key == address }
        }
        let here = atAddress.filter { $0.namespace == namespace }
        if let address, options.podMode == .insecure {
            var lines = ["`pods insecure`: the name itself says the address, whether a pod has it or not"]
            if let pod = here.first(where: \.hasAddress) { lines.append("Pod \(namespace)/\(pod.name) has it") }
            return lines + family(address, question)
        }
        if let address, options.podMode == .verified, count(address, namespace) > 0 {
            // One that has finished may have had the address before.
            let names = here.filter { $0.hasAddress && $0.addresses.first?.key == address }.map(\.name)
            return [
                "`pods verified`: \(names.count == 1 ? "Pod" : "Pods") \(listed(names.map { "\(namespace)/\($0)" })) \(names.count == 1 ? "has" : "have") the address"
            ]
                + family(address, question)
        }
        let key = ObjectKey(namespace: namespace, name: label)
        if byName, labels.count == 3, isNamed(key) {
            return explainNamed(key, question)
        }
        return explainMissing(label, address, here, atAddress, key, byName, question)
    }

    private func explainMissing(
        _ label: String, _ address: AddressKey?, _ here: [PodObject], _ atAddress: [PodObject], _ key: ObjectKey,
        _ byName: Bool, _ question: Question
    ) -> [String] {
        var lines: [String] = []
        if address != nil, options.podMode == .verified {
            lines.append("`pods verified`: no pod of the namespace \(key.namespace) has the address")
            for pod in here {
                let state = pod.hasAddress ? "has it, but" : "had it:"
                lines.append(
                    "Pod \(pod.namespace)/\(pod.name) \(state) \(Self.state(pod, zoneOptions, byName: false))")
            }
            for pod in atAddress where pod.namespace != key.namespace && pod.hasAddress {
                lines.append("Pod \(pod.namespace)/\(pod.name) has it, in another namespace")
            }
            return limited(lines)
        }
        if address != nil {
            return ["names of addresses need `pods insecure` or `pods verified`; `pod_names` has pods by their names"]
        }
        let pod = objects.pods[key]
        guard byName else {
            let what =
                "\(label) spells no address, as names of pods do (10-1-2-3.\(key.namespace).pod.\(question.zone))"
            return [what]
                + (pod == nil ? [] : ["Pod \(key.namespace)/\(label) answers to its name only with `pod_names`"])
        }
        if let pod {
            return ["Pod \(pod.namespace)/\(pod.name) has no name: \(Self.state(pod, zoneOptions, byName: true))"]
        }
        let names = objects.pods(in: key.namespace) { _ in true }.map(\.name)
        return ["there is no Pod \(label) in the namespace \(key.namespace)" + didYouMean(label, names)]
    }

    private func explainNamed(_ key: ObjectKey, _ question: Question) -> [String] {
        guard let pod = objects.pods[key] else { return [] }
        let addresses = pod.addresses.map(\.description)
        var lines = [
            "`pod_names`: Pod \(pod.namespace)/\(pod.name) has the address\(addresses.count == 1 ? "" : "es") \(listed(addresses))"
        ]
        switch question.type {
        case .a, .aaaa:
            let family: IPAddress.Family = question.type == .a ? .v4 : .v6
            if !pod.addresses.contains(where: { $0.family == family }) {
                lines.append("none of \(family == .v4 ? "IPv4" : "IPv6"), so there is no \(question.type) record")
            }
        default: lines.append("names of pods have addresses alone")
        }
        return lines
    }

    /// Why a pod that is there has no address or name.
    private static func state(_ pod: PodObject, _ options: ZoneOptions, byName: Bool) -> String {
        if pod.phase == .succeeded || pod.phase == .failed { return "it has finished" }
        if pod.addresses.isEmpty { return "it has no address yet" }
        if !pod.isAlive { return "its phase is not known" }
        // Names stay until the pod has gone.
        if !byName, pod.isTerminating { return "it terminates" }
        if let selector = options.labels, !selector.matches(pod.labels) {
            return "it has not the labels of `labels \(selector)`"
        }
        // CoreDNS: `pods verified` knows the first address alone.
        return byName ? "its name is no label" : "only a pod's first address counts"
    }

    private func family(_ address: AddressKey, _ question: Question) -> [String] {
        switch question.type {
        case .a where !address.isIPv4: ["it is an IPv6 address, so there is no A record"]
        case .aaaa where address.isIPv4: ["it is an IPv4 address, so there is no AAAA record"]
        case .a, .aaaa, .srv: []
        default: [Self.noRecords(question.type)]
        }
    }

    /// The address that a label spells; nil where it spells none.
    private static func address(_ label: String) -> AddressKey? {
        var label = label
        // SAFETY: the bytes are read while the closure runs.
        return label.withUTF8 { bytes in bytes.baseAddress.flatMap { DashedAddress.parse($0, bytes.count) } }
    }

    /// How many pods of a namespace have an address, as the index has it.
    private func count(_ address: AddressKey, _ namespace: String) -> Int {
        var namespace = namespace
        // SAFETY: the bytes are read while the closure runs.
        let number = namespace.withUTF8 { bytes in
            bytes.baseAddress.map { index.namespace(UnsafeRawPointer($0), bytes.count) } ?? -1
        }
        return number < 0 ? 0 : index.podCount(address, namespace: number)
    }

    /// Whether a pod answers to its name, as the index has it.
    private func isNamed(_ pod: ObjectKey) -> Bool {
        let key = ServiceRecords.key(namespace: Array(pod.namespace.utf8), pod: Array(pod.name.utf8))
        // SAFETY: the bytes are read while the closure runs.
        return key.withUnsafeBytes { bytes in bytes.baseAddress.flatMap { index.service($0, bytes.count) } } != nil
    }
}
