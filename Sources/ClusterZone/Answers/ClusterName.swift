import DNSWire
import RecordIndex

/// What the labels of a name below a cluster zone ask for: the closed grammar of the Kubernetes DNS specification (version
/// 1.1.0), as CoreDNS reads it.
struct ClusterName {
    enum Kind: UInt8 {
        /// The zone itself, or `svc.ZONE` or `pod.ZONE` alone: they exist and have no addresses.
        case apex
        /// `NAMESPACE.svc.ZONE`
        case serviceNamespace
        /// `NAMESPACE.pod.ZONE`
        case podNamespace
        /// `[anything.]ADDRESS.NAMESPACE.pod.ZONE`, and `POD.NAMESPACE.pod.ZONE`
        case pod
        /// `SERVICE.NAMESPACE.svc.ZONE`
        case service
        /// `ENDPOINT.SERVICE.NAMESPACE.svc.ZONE`
        case endpoint
        /// `_PORT._TRANSPORT.SERVICE.NAMESPACE.svc.ZONE`
        case port
        /// `ENDPOINT.CLUSTER.SERVICE.NAMESPACE.svc.ZONE`, in multicluster zones
        case clusterEndpoint
        /// `TOPOLOGY-ZONE.pin._zone.SERVICE.NAMESPACE.svc.ZONE`
        case pinned
        /// `TOPOLOGY-ZONE.prefer._zone.SERVICE.NAMESPACE.svc.ZONE`
        case preferred
        /// Nothing of the above: no such name.
        case invalid
    }

    let kind: Kind
    let bytes: UnsafeMutablePointer<UInt8>
    let labels: UnsafeMutablePointer<UInt8>
    /// Labels to the left of the zone.
    let left: Int
    /// Whether the zone is a multicluster one: there only imported services answer.
    let isMulticluster: Bool

    /// - Parameters:
    ///   - name: the lower-cased name.
    ///   - left: how many of its labels stand left of the zone.
    ///   - zonal: whether the `zonal` option is set.
    ///   - isMulticluster: whether the zone is a multicluster one.
    @inline(__always)
    init(_ name: QuestionName, left: Int, zonal: Bool, isMulticluster: Bool) {
        bytes = name.bytes
        labels = name.labels
        self.left = left
        self.isMulticluster = isMulticluster
        kind = ClusterName.kind(name, left: left, zonal: zonal, isMulticluster: isMulticluster)
    }

    @inline(__always)
    private static func kind(_ name: QuestionName, left: Int, zonal: Bool, isMulticluster: Bool) -> Kind {
        if left == 0 { return .apex }
        let last = name.bytes + name.offset(ofLabel: left &- 1)
        // One 32-bit comparison each: the label's length, 3, and its letters.
        let word = UnsafeRawPointer(last).loadUnaligned(as: UInt32.self).littleEndian
        // SAFETY: a name's root label and the spare byte of the buffer make four bytes readable behind every label.
        let isService = word == 0x6376_7303  // \3svc
        let isPod = word == 0x646F_7003  // \3pod
        guard isService || isPod else { return .invalid }
        switch left {
        case 1: return .apex
        case 2: return isService ? .serviceNamespace : .podNamespace
        case 3: return isService ? .service : .pod
        case 4: return isService ? .endpoint : .pod
        case 5:
            guard isService else { return .pod }
            return isMulticluster && !hasUnderscore(name, 0) && !hasUnderscore(name, 1) ? .clusterEndpoint : .port
        default:
            // CoreDNS: three labels or more in front of the service are a zonal name, or too long to answer. Zonal names are
            // not defined in multicluster zones.
            guard zonal, isService, !isMulticluster, ClusterName.label(name, left &- 4, is: "_zone") else {
                return .invalid
            }
            if ClusterName.label(name, left &- 5, is: "pin") { return .pinned }
            if ClusterName.label(name, left &- 5, is: "prefer") { return .preferred }
            return .invalid
        }
    }

    private static func label(_ name: QuestionName, _ index: Int, is text: StaticString) -> Bool {
        let start = name.bytes + name.offset(ofLabel: index)
        return Int(start[0]) == text.utf8CodeUnitCount && equalBytes(start + 1, text.utf8Start, text.utf8CodeUnitCount)
    }

    private static func hasUnderscore(_ name: QuestionName, _ index: Int) -> Bool {
        let start = name.bytes + name.offset(ofLabel: index)
        return start[0] > 0 && start[1] == UInt8(ascii: "_")
    }

    /// Label `index`, with its length byte in front.
    @inline(__always)
    func label(_ index: Int) -> UnsafePointer<UInt8> { UnsafePointer(bytes + Int(labels[index])) }

    /// The namespace's label.
    @inline(__always)
    var namespace: UnsafePointer<UInt8> { label(left &- 2) }

    /// The service's key: the two labels SERVICE.NAMESPACE; of an imported service, the label `svc` too.
    @inline(__always)
    var serviceKey: (UnsafeRawPointer, Int) {
        let start = Int(labels[left &- 3])
        return (UnsafeRawPointer(bytes + start), Int(labels[isMulticluster ? left : left &- 1]) &- start)
    }

    /// The key of a pod: the labels POD.NAMESPACE.pod.
    @inline(__always)
    var podKey: (UnsafeRawPointer, Int) {
        let start = Int(labels[left &- 3])
        return (UnsafeRawPointer(bytes + start), Int(labels[left]) &- start)
    }

    /// A label without the underscore that it may begin with (CoreDNS takes port and transport with or without).
    @inline(__always)
    func stripped(_ index: Int) -> (UnsafeRawPointer, Int) {
        let start = label(index)
        let count = Int(start[0])
        if count > 0, start[1] == UInt8(ascii: "_") { return (UnsafeRawPointer(start + 2), count &- 1) }
        return (UnsafeRawPointer(start + 1), count)
    }
}
