/// What the bytes of a message mean: the field numbers of Kubernetes's generated.proto files, those that DNS needs.
extension ProtobufAssembly {
    /// What to do with the field `number` of `message`.
    @inline(__always)
    mutating func field(_ message: ProtobufMessage, _ number: UInt32) throws(BodyFault) -> ProtobufField {
        switch message {
        // apimachinery/pkg/apis/meta/v1 and apimachinery/pkg/runtime
        case .watchEvent:
            switch number {
            case 1: return .text(.eventType)
            case 2: return .enter(.rawExtension)
            default: return .skip
            }
        case .rawExtension: return number == 1 ? .envelope : .skip
        case .unknown:
            switch number {
            case 1: return .enter(.typeMeta)
            case 2: return .enter(try root())
            default: return .skip
            }
        case .typeMeta: return number == 2 ? .text(.kind) : .skip
        case .list:
            switch number {
            case 1: return .enter(.listMeta)
            case 2: return .enter(item)
            default: return .skip
            }
        case .listMeta:
            switch number {
            case 2: return .text(.listVersion)
            case 3: return .text(.continueToken)
            default: return .skip
            }
        case .objectMeta:
            switch number {
            case 1: return .text(.name)
            case 3: return .text(.namespace)
            case 6: return .text(.version)
            case 9:
                metadata.isTerminating = true
                return .skip
            case 11: return wantsLabels ? .enter(.labelEntry) : .skip
            case 12: return wantsAnnotations ? .enter(.annotationEntry) : .skip
            default: return .skip
            }
        case .labelEntry, .annotationEntry:
            switch number {
            case 1: return .text(.entryKey)
            case 2: return metadata.entry.wantsValue ? .text(.entryValue) : .skip
            default: return .skip
            }
        case .status:
            switch number {
            case 3: return .text(.statusMessage)
            case 4: return .text(.statusReason)
            case 5: return .enter(.statusDetails)
            case 6: return .number(.statusCode)
            default: return .skip
            }
        case .statusDetails: return number == 5 ? .number(.retryAfterSeconds) : .skip
        // discovery/v1
        case .endpointSlice:
            switch number {
            case 1: return .enter(.objectMeta)
            case 2: return .enter(.endpoint)
            case 3: return .enter(.endpointPort)
            case 4: return .text(.addressType)
            default: return .skip
            }
        case .endpoint:
            switch number {
            case 1: return .text(.endpointAddress)
            case 2: return .enter(.endpointConditions)
            case 3: return .text(.endpointHostname)
            case 4: return detail.contains(.targets) ? .enter(.objectReference) : .skip
            case 7: return detail.contains(.topologyZones) ? .text(.endpointZone) : .skip
            default: return .skip
            }
        case .endpointConditions:
            switch number {
            case 1: return .number(.ready)
            case 2: return .number(.serving)
            case 3: return .number(.terminating)
            default: return .skip
            }
        case .objectReference:
            switch number {
            case 1: return .text(.targetKind)
            case 3: return .text(.targetName)
            default: return .skip
            }
        case .endpointPort, .servicePort:
            switch number {
            case 1: return .text(.portName)
            case 2: return .text(.portProtocol)
            case 3: return .number(.portNumber)
            default: return .skip
            }
        // core/v1
        case .namespace: return number == 1 ? .enter(.objectMeta) : .skip
        case .service:
            switch number {
            case 1: return .enter(.objectMeta)
            case 2: return .enter(.serviceSpec)
            case 3: return .enter(.serviceStatus)
            default: return .skip
            }
        case .serviceSpec:
            switch number {
            case 1: return .enter(.servicePort)
            case 2:
                // A map: that there is an entry is all that counts.
                service.hasSelector = true
                return .skip
            case 3: return .text(.clusterIP)
            case 4: return .text(.serviceType)
            case 5: return .text(.externalIP)
            case 10: return .text(.externalName)
            case 13: return .number(.publishNotReadyAddresses)
            case 18: return .text(.clusterIPs)
            default: return .skip
            }
        case .serviceStatus: return number == 1 ? .enter(.loadBalancerStatus) : .skip
        case .loadBalancerStatus: return number == 1 ? .enter(.loadBalancerIngress) : .skip
        case .loadBalancerIngress:
            switch number {
            case 1: return .text(.ingressIP)
            case 2: return .text(.ingressHostname)
            default: return .skip
            }
        case .pod:
            switch number {
            case 1: return .enter(.objectMeta)
            case 2: return .enter(.podSpec)
            case 3: return .enter(.podStatus)
            default: return .skip
            }
        case .podSpec:
            switch number {
            case 11: return .number(.hostNetwork)
            case 16: return .text(.podHostname)
            case 17: return .text(.podSubdomain)
            default: return .skip
            }
        case .podStatus:
            switch number {
            case 1: return .text(.phase)
            case 6: return .text(.podIP)
            case 12: return .enter(.podIP)
            default: return .skip
            }
        case .podIP: return number == 1 ? .text(.podIPs) : .skip
        }
    }
}
