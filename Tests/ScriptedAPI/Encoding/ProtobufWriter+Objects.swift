// Field numbers: generated.proto of k8s.io/api and k8s.io/apimachinery. Which fields are written although they are empty is
// seen in recorded answers of a real server.
extension ProtobufWriter {
    mutating func object(_ object: ScriptedObject) {
        switch object {
        case .service(let service): self.service(service)
        case .endpointSlice(let slice): endpointSlice(slice)
        case .pod(let pod): self.pod(pod)
        case .namespace(let namespace): self.namespace(namespace)
        case .serviceImport: break  // A custom resource has no protobuf.
        }
    }

    /// An object in which only the version is set, as in a BOOKMARK event.
    mutating func bookmark(_ resource: ScriptedResource, version: UInt64, endsInitialEvents: Bool) {
        message(1) { writer in
            for field in 1...5 { writer.string(field, "") }
            writer.string(6, String(version))
            writer.number(7, 0)
            writer.string(8, "")
            if endsInitialEvents { writer.map(12, ["k8s.io/initial-events-end": "true"]) }
        }
        switch resource {
        case .services:
            message(2) { $0.serviceSpec(nil) }
            message(3) { $0.string(1, "") }
        case .endpointSlices:
            string(4, "")
        case .pods:
            message(2) { $0.podSpec(nil) }
            message(3) { $0.podStatus(nil) }
        case .namespaces:
            string(2, "")
            message(3) { $0.string(1, "") }
        case .serviceImports:
            break
        }
    }

    private mutating func metadata(_ metadata: ScriptedMetadata) {
        message(1) { writer in
            writer.string(1, metadata.name)
            writer.string(2, metadata.generateName)
            writer.string(3, metadata.namespace)
            writer.string(4, "")  // selfLink, deprecated and always there
            writer.string(5, metadata.uid)
            writer.string(6, String(metadata.resourceVersion))
            writer.number(7, metadata.generation)
            writer.time(8, metadata.creation)
            if let deletion = metadata.deletion {
                writer.time(9, deletion)
                writer.number(10, 30)
            }
            writer.map(11, metadata.labels)
            writer.map(12, metadata.annotations)
            for owner in metadata.owners {
                writer.message(13) {
                    $0.string(1, owner.kind)
                    $0.string(3, owner.name)
                    $0.string(4, owner.uid)
                    $0.string(5, owner.apiVersion)
                    $0.flag(6, true)
                    $0.flag(7, true)
                }
            }
            writer.strings(14, metadata.finalizers)
            for fields in metadata.managedFields {
                writer.message(17) {
                    $0.string(1, fields.manager)
                    $0.string(2, "Update")
                    $0.string(3, fields.apiVersion)
                    $0.time(4, fields.time)
                    $0.string(6, "FieldsV1")
                    $0.message(7) { $0.string(1, fields.fields) }
                    $0.string(8, fields.subresource)
                }
            }
        }
    }

    private mutating func service(_ service: ScriptedService) {
        metadata(service.metadata)
        message(2) { $0.serviceSpec(service) }
        message(3) { writer in
            writer.message(1) { balancer in
                for address in service.ingressIPs {
                    balancer.message(1) {
                        $0.string(1, address); $0.string(2, "")
                    }
                }
            }
        }
    }

    private mutating func serviceSpec(_ service: ScriptedService?) {
        for port in service?.ports ?? [] {
            message(1) { writer in
                writer.string(1, port.name)
                writer.string(2, port.protocol)
                writer.number(3, port.port)
                writer.message(4) {
                    $0.number(1, 0)
                    $0.number(2, port.targetPort)
                    $0.string(3, "")
                }
                writer.number(5, port.nodePort)
                writer.optionalString(6, port.appProtocol)
            }
        }
        map(2, service?.selector ?? [:])
        string(3, service?.clusterIP ?? "")
        string(4, service?.type ?? "")
        strings(5, service?.externalIPs ?? [])
        string(7, service == nil ? "" : "None")
        string(8, "")
        string(10, service?.externalName ?? "")
        string(11, "")
        number(12, 0)
        flag(13, service?.publishNotReadyAddresses ?? false)
        optionalString(17, service?.ipFamilyPolicy)
        strings(18, service?.clusterIPs ?? [])
        strings(19, service?.ipFamilies ?? [])
        if let service, service.type == "LoadBalancer" { flag(20, true) }
        if let service, service.type != "ExternalName" { string(22, "Cluster") }
        optionalString(23, service?.trafficDistribution)
    }

    private mutating func endpointSlice(_ slice: ScriptedEndpointSlice) {
        metadata(slice.metadata)
        for endpoint in slice.endpoints {
            message(2) { $0.endpoint(endpoint) }
        }
        for port in slice.ports {
            message(3) {
                $0.optionalString(1, port.name)
                $0.optionalString(2, port.protocol)
                $0.optionalNumber(3, port.port)
                $0.optionalString(4, port.appProtocol)
            }
        }
        string(4, slice.addressType)
    }

    private mutating func endpoint(_ endpoint: ScriptedEndpoint) {
        strings(1, endpoint.addresses)
        message(2) {
            $0.optionalFlag(1, endpoint.ready)
            $0.optionalFlag(2, endpoint.serving)
            $0.optionalFlag(3, endpoint.terminating)
        }
        optionalString(3, endpoint.hostname)
        if let pod = endpoint.pod {
            message(4) { writer in
                writer.string(1, "Pod")
                writer.string(2, pod.namespace)
                writer.string(3, pod.name)
                writer.string(4, pod.uid)
                for field in 5...7 { writer.string(field, "") }
            }
        }
        map(5, endpoint.deprecatedTopology)
        optionalString(6, endpoint.nodeName)
        optionalString(7, endpoint.zone)
        if !endpoint.zoneHints.isEmpty {
            message(8) { writer in
                for zone in endpoint.zoneHints { writer.message(1) { $0.string(1, zone) } }
            }
        }
    }

    private mutating func namespace(_ namespace: ScriptedNamespace) {
        metadata(namespace.metadata)
        message(2) { $0.string(1, "kubernetes") }
        message(3) { $0.string(1, namespace.phase) }
    }

    private mutating func pod(_ pod: ScriptedPod) {
        metadata(pod.metadata)
        message(2) { $0.podSpec(pod) }
        message(3) { $0.podStatus(pod) }
    }

    private mutating func podSpec(_ pod: ScriptedPod?) {
        if let pod {
            message(2) { writer in
                writer.string(1, "c")
                writer.string(2, pod.image)
                writer.string(5, "")
                writer.message(6) {
                    $0.string(1, "http")
                    $0.number(2, 0)
                    $0.number(3, 80)
                    $0.string(4, "TCP")
                    $0.string(5, "")
                }
                writer.string(8, "")
                writer.string(13, "/dev/termination-log")
                writer.string(14, "Always")
                for field in 16...18 { writer.flag(field, false) }
                writer.string(20, "File")
            }
        }
        string(3, pod == nil ? "" : "Always")
        if pod != nil { number(4, 30) }
        string(6, pod == nil ? "" : "ClusterFirst")
        string(8, "")
        string(9, "")
        string(10, pod?.nodeName ?? "")
        flag(11, pod?.hostNetwork ?? false)
        flag(12, false)
        flag(13, false)
        if pod != nil { string(14, "") }
        string(16, pod?.hostname ?? "")
        string(17, pod?.subdomain ?? "")
        string(19, pod == nil ? "" : "default-scheduler")
        if pod != nil {
            for taint in ["not-ready", "unreachable"] {
                message(22) {
                    $0.string(1, "node.kubernetes.io/" + taint)
                    $0.string(2, "Exists")
                    $0.string(3, "")
                    $0.string(4, "NoExecute")
                    $0.number(5, 300)
                }
            }
        }
        string(24, "")
        if pod != nil {
            number(25, 0)
            flag(30, true)
            string(31, "PreemptLowerPriority")
        }
    }

    private mutating func podStatus(_ pod: ScriptedPod?) {
        string(1, pod?.phase ?? "")
        if let pod {
            for type in ["Initialized", "PodScheduled", "ContainersReady", "Ready"] {
                message(2) {
                    $0.string(1, type)
                    $0.string(2, pod.isReady || type == "PodScheduled" ? "True" : "False")
                    $0.string(3, "")
                    $0.time(4, pod.statusTime)
                    $0.string(5, "")
                    $0.string(6, "")
                    $0.number(7, 0)
                }
            }
        }
        string(3, "")
        string(4, "")
        string(5, pod?.hostIP ?? "")
        string(6, pod?.podIPs.first ?? "")
        if let pod {
            time(7, pod.statusTime)
            message(8) { writer in
                writer.string(1, "c")
                writer.message(2) { $0.message(2) { $0.time(1, pod.statusTime) } }
                writer.string(3, "")
                writer.flag(4, pod.isReady)
                writer.number(5, 0)
                writer.string(6, pod.image)
                writer.string(7, "")
                writer.string(8, "")
            }
        }
        string(9, pod == nil ? "" : "BestEffort")
        string(11, "")
        for address in pod?.podIPs ?? [] { message(12) { $0.string(1, address) } }
        string(14, "")
        number(17, 0)
    }
}
