/// What the reader does with a field of a protobuf message.
enum ProtobufField {
    /// Moves over it, whatever it is.
    case skip
    /// Reads the fields of this message.
    case enter(ProtobufMessage)
    /// Checks the four bytes with which a `runtime.Unknown` begins, and reads that.
    case envelope
    /// Takes the bytes of this text.
    case text(ProtobufText)
    /// Takes the value of this number.
    case number(ProtobufNumber)
}

/// The messages that are read, from the bytes' beginning down; every other one is skipped. They cannot contain themselves,
/// so that nesting has a limit.
enum ProtobufMessage: UInt8 {
    // k8s.io/apimachinery: runtime, meta/v1
    case watchEvent
    case rawExtension
    case unknown
    case typeMeta
    case list
    case listMeta
    case objectMeta
    case labelEntry
    case annotationEntry
    case status
    case statusDetails
    // core/v1
    case namespace
    case service
    case serviceSpec
    case servicePort
    case serviceStatus
    case loadBalancerStatus
    case loadBalancerIngress
    case pod
    case podSpec
    case podStatus
    case podIP
    // discovery/v1
    case endpointSlice
    case endpoint
    case endpointConditions
    case objectReference
    case endpointPort
}

/// A text that is read.
enum ProtobufText: UInt8 {
    case eventType
    case kind
    case listVersion, continueToken
    case statusMessage, statusReason
    case namespace, name, version
    case entryKey, entryValue
    case serviceType, clusterIP, clusterIPs, externalIP, externalName
    case portName, portProtocol
    case ingressIP, ingressHostname
    case addressType
    case endpointAddress, endpointHostname, endpointZone, targetKind, targetName
    case phase, podIP, podIPs, podHostname, podSubdomain

    /// The most bytes that are taken.
    var limit: Int {
        switch self {
        case .continueToken, .statusMessage: BodyLimits.longestSentence
        default: BodyLimits.longestText
        }
    }

    /// The field as a person would name it.
    var title: String {
        switch self {
        case .eventType: "type"
        case .kind: "kind"
        case .listVersion: "metadata.resourceVersion"
        case .continueToken: "metadata.continue"
        case .statusMessage: "message"
        case .statusReason: "reason"
        case .namespace: "metadata.namespace"
        case .name: "metadata.name"
        case .version: "metadata.resourceVersion"
        case .entryKey, .entryValue: "metadata.labels"
        case .serviceType: "spec.type"
        case .clusterIP: "spec.clusterIP"
        case .clusterIPs: "spec.clusterIPs"
        case .externalIP: "spec.externalIPs"
        case .externalName: "spec.externalName"
        case .portName: "the name of a port"
        case .portProtocol: "the protocol of a port"
        case .ingressIP, .ingressHostname: "status.loadBalancer.ingress"
        case .addressType: "addressType"
        case .endpointAddress: "an address of an endpoint"
        case .endpointHostname: "the hostname of an endpoint"
        case .endpointZone: "the zone of an endpoint"
        case .targetKind, .targetName: "the targetRef of an endpoint"
        case .phase: "status.phase"
        case .podIP: "status.podIP"
        case .podIPs: "status.podIPs"
        case .podHostname: "spec.hostname"
        case .podSubdomain: "spec.subdomain"
        }
    }
}

/// A number or a truth that is read.
enum ProtobufNumber: UInt8 {
    case statusCode, retryAfterSeconds
    case portNumber
    case publishNotReadyAddresses
    case hostNetwork
    case ready, serving, terminating
}
