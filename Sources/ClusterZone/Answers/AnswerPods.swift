import DNSWire
import RecordIndex

extension ClusterReader {
    /// The address that a pod's name spells, and how many pods stand behind it: 0 where the name does not exist.
    @inline(__always)
    func findPod(_ name: ClusterName, namespace: Int) -> (address: AddressKey, count: Int) {
        let none = (AddressKey(high: 0, low: 0), 0)
        if options.podMode == .disabled { return none }
        // CoreDNS takes the label in front of the namespace and does not look at any before it.
        let label = name.label(name.left &- 3)
        guard let address = DashedAddress.parse(label + 1, Int(label[0])) else { return none }
        // pods insecure: the name itself is the answer, whether there is such a pod or not.
        if options.podMode == .insecure { return (address, 1) }
        return (address, index.podCount(address, namespace: namespace))
    }

    /// Whether names of pods answer below the zone of `name`: in multicluster zones only imported services do.
    @inline(__always)
    func answersPodNames(_ name: ClusterName) -> Bool { options.podNames && !name.isMulticluster }

    /// Whether a namespace has a name below `pod`: without that, names of its pods would stand below one that does not exist
    /// (RFC 8020).
    @inline(__always)
    func hasPodNamespaces(_ name: ClusterName) -> Bool { options.podMode != .disabled || answersPodNames(name) }

    /// The pod that a name is the name of (`pod_names`); nil where there is none. What spells an address that `pods` answers is
    /// no pod's name, so that `pod_names` takes no answer away.
    @inline(never)
    func findNamedPod(_ name: ClusterName) -> ServiceBlock? {
        guard name.left == 3, answersPodNames(name) else { return nil }
        let (key, length): (UnsafeRawPointer, Int) = name.podKey
        return index.service(key, length)
    }

    /// Writes the address of a pod (Kubernetes DNS specification, 2.6; CoreDNS's `pods`), or, by its name, all that it has.
    func answerPod(
        _ name: ClusterName, namespace: Int, _ question: ClusterQuestion, owner: UInt16,
        into writer: inout ResponseWriter
    ) -> ClusterOutcome {
        let (address, count) = findPod(name, namespace: namespace)
        guard count > 0 else {
            guard let pod = findNamedPod(name) else { return .nameError }
            let before = writer.answerCount
            writeClusterAddresses(pod, question, owner: owner, into: &writer)
            return writer.answerCount != before || writer.isTruncated ? .answered : .noData
        }
        guard address.isIPv4 == (question.type == .a) else { return .noData }
        let fits = address.withBytes { bytes, length in
            writer.answerAddress(owner: owner, type: question.type, ttl: options.ttl, address: bytes, length: length)
        }
        if !fits { writer.isTruncated = true }
        return .answered
    }
}

extension AddressKey {
    /// Calls `body` with the 4 or 16 bytes of the address in network order.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeRawPointer, Int) -> Result) -> Result {
        var words = (high.bigEndian, low.bigEndian)
        return withUnsafePointer(to: &words) { pointer in
            // SAFETY: the two words are 16 bytes in network order; the last four are an IPv4 address.
            let bytes = UnsafeRawPointer(pointer)
            return isIPv4 ? body(bytes + 12, 4) : body(bytes, 16)
        }
    }
}
