extension JSONWriter {
    /// Everything of an object but `kind` and `apiVersion`, with the closing brace and without the opening one.
    mutating func content(_ object: ScriptedObject) {
        switch object {
        case .service(let service): self.service(service)
        case .endpointSlice(let slice): endpointSlice(slice)
        case .pod(let pod): self.pod(pod)
        case .namespace(let namespace): self.namespace(namespace)
        case .serviceImport(let imported): serviceImport(imported)
        }
        raw("}")
    }

    /// An object in which only the version is set, as in a BOOKMARK event.
    mutating func bookmark(_ resource: ScriptedResource, version: UInt64, endsInitialEvents: Bool) {
        key("metadata")
        object { writer in
            writer.field("resourceVersion", String(version))
            if endsInitialEvents { writer.map("annotations", ["k8s.io/initial-events-end": "true"]) }
        }
        switch resource {
        case .services: raw(#","spec":{},"status":{"loadBalancer":{}}}"#)
        case .endpointSlices: raw(#","addressType":"","endpoints":null,"ports":null}"#)
        case .pods: raw(#","spec":{"containers":null},"status":{}}"#)
        case .namespaces: raw(#","spec":{},"status":{}}"#)
        case .serviceImports: raw("}")
        }
    }

    private mutating func metadata(_ metadata: ScriptedMetadata) {
        key("metadata")
        object { writer in
            writer.nonEmpty("name", metadata.name)
            writer.nonEmpty("generateName", metadata.generateName)
            writer.nonEmpty("namespace", metadata.namespace)
            writer.field("uid", metadata.uid)
            writer.field("resourceVersion", String(metadata.resourceVersion))
            writer.nonZero("generation", metadata.generation)
            writer.field("creationTimestamp", ScriptedTimestamp.text(seconds: metadata.creation))
            if let deletion = metadata.deletion {
                writer.field("deletionTimestamp", ScriptedTimestamp.text(seconds: deletion))
                writer.number("deletionGracePeriodSeconds", 30)
            }
            writer.map("labels", metadata.labels)
            writer.map("annotations", metadata.annotations)
            writer.list("ownerReferences", metadata.owners) {
                $0.field("apiVersion", $1.apiVersion)
                $0.field("kind", $1.kind)
                $0.field("name", $1.name)
                $0.field("uid", $1.uid)
                $0.flag("controller", true)
                $0.flag("blockOwnerDeletion", true)
            }
            writer.strings("finalizers", metadata.finalizers)
            writer.list("managedFields", metadata.managedFields) {
                $0.field("manager", $1.manager)
                $0.field("operation", "Update")
                $0.field("apiVersion", $1.apiVersion)
                $0.field("time", ScriptedTimestamp.text(seconds: $1.time))
                $0.field("fieldsType", "FieldsV1")
                $0.key("fieldsV1")
                $0.literal($1.fields)
                $0.nonEmpty("subresource", $1.subresource)
            }
        }
    }

    private mutating func service(_ service: ScriptedService) {
        metadata(service.metadata)
        key("spec")
        object { writer in
            writer.list("ports", service.ports) {
                $0.nonEmpty("name", $1.name)
                $0.nonEmpty("protocol", $1.protocol)
                $0.nonEmpty("appProtocol", $1.appProtocol)
                $0.number("port", $1.port)
                $0.number("targetPort", $1.targetPort)
                $0.nonZero("nodePort", $1.nodePort)
            }
            writer.map("selector", service.selector)
            writer.nonEmpty("clusterIP", service.clusterIP)
            writer.strings("clusterIPs", service.clusterIPs)
            writer.nonEmpty("type", service.type)
            writer.strings("externalIPs", service.externalIPs)
            writer.field("sessionAffinity", "None")
            writer.nonEmpty("externalName", service.externalName)
            if service.publishNotReadyAddresses { writer.flag("publishNotReadyAddresses", true) }
            writer.strings("ipFamilies", service.ipFamilies)
            writer.nonEmpty("ipFamilyPolicy", service.ipFamilyPolicy)
            if service.type == "LoadBalancer" { writer.flag("allocateLoadBalancerNodePorts", true) }
            if service.type != "ExternalName" { writer.field("internalTrafficPolicy", "Cluster") }
            writer.nonEmpty("trafficDistribution", service.trafficDistribution)
        }
        key("status")
        object { writer in
            writer.key("loadBalancer")
            writer.object { $0.list("ingress", service.ingressIPs) { $0.field("ip", $1) } }
        }
    }

    private mutating func endpointSlice(_ slice: ScriptedEndpointSlice) {
        metadata(slice.metadata)
        field("addressType", slice.addressType)
        key("endpoints")
        if slice.endpoints.isEmpty {
            literal("null")
        } else {
            array(slice.endpoints) { writer, endpoint in writer.object { $0.endpoint(endpoint) } }
        }
        key("ports")
        if slice.ports.isEmpty {
            literal("null")
        } else {
            array(slice.ports) { writer, port in
                writer.object {
                    if let name = port.name { $0.field("name", name) }
                    $0.nonEmpty("protocol", port.protocol)
                    if let number = port.port { $0.number("port", number) }
                    $0.nonEmpty("appProtocol", port.appProtocol)
                }
            }
        }
    }

    private mutating func endpoint(_ endpoint: ScriptedEndpoint) {
        key("addresses")
        array(endpoint.addresses) { $0.string($1) }
        key("conditions")
        object {
            $0.flag("ready", endpoint.ready)
            $0.flag("serving", endpoint.serving)
            $0.flag("terminating", endpoint.terminating)
        }
        nonEmpty("hostname", endpoint.hostname)
        if let pod = endpoint.pod {
            key("targetRef")
            object {
                $0.field("kind", "Pod")
                $0.nonEmpty("namespace", pod.namespace)
                $0.field("name", pod.name)
                $0.field("uid", pod.uid)
            }
        }
        map("deprecatedTopology", endpoint.deprecatedTopology)
        nonEmpty("nodeName", endpoint.nodeName)
        nonEmpty("zone", endpoint.zone)
        if !endpoint.zoneHints.isEmpty {
            key("hints")
            object { $0.list("forZones", endpoint.zoneHints) { $0.field("name", $1) } }
        }
    }

    private mutating func namespace(_ namespace: ScriptedNamespace) {
        metadata(namespace.metadata)
        key("spec")
        object { $0.strings("finalizers", ["kubernetes"]) }
        key("status")
        object { $0.field("phase", namespace.phase) }
    }

    private mutating func serviceImport(_ imported: ScriptedServiceImport) {
        metadata(imported.metadata)
        key("spec")
        object { writer in
            writer.strings("ips", imported.ips)
            writer.list("ports", imported.ports) {
                $0.nonEmpty("appProtocol", $1.appProtocol)
                $0.nonEmpty("name", $1.name)
                $0.number("port", $1.port)
                $0.nonEmpty("protocol", $1.protocol)
            }
            writer.field("sessionAffinity", "None")
            writer.field("type", imported.type)
        }
        key("status")
        object { $0.list("clusters", imported.clusters) { $0.field("cluster", $1) } }
    }

    private mutating func pod(_ pod: ScriptedPod) {
        metadata(pod.metadata)
        let created = ScriptedTimestamp.text(seconds: pod.statusTime)
        key("spec")
        object { writer in
            writer.key("containers")
            writer.literal(
                #"[{"name":"c","image":""# + pod.image
                    + #"","ports":[{"name":"http","containerPort":80,"protocol":"TCP"}],"resources":{},"#
                    + #""terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","#
                    + #""imagePullPolicy":"Always"}]"#)
            writer.literal(#""restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst""#)
            writer.nonEmpty("nodeName", pod.nodeName)
            if pod.hostNetwork { writer.flag("hostNetwork", true) }
            writer.literal(#""securityContext":{}"#)
            writer.nonEmpty("hostname", pod.hostname)
            writer.nonEmpty("subdomain", pod.subdomain)
            writer.literal(
                #""schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","#
                    + #""operator":"Exists","effect":"NoExecute","tolerationSeconds":300},"#
                    + #"{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","#
                    + #""tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"#
                    + #""preemptionPolicy":"PreemptLowerPriority""#)
        }
        key("status")
        object { writer in
            writer.nonEmpty("phase", pod.phase)
            writer.list("conditions", ["Initialized", "PodScheduled", "ContainersReady", "Ready"]) {
                $0.field("type", $1)
                $0.field("status", pod.isReady || $1 == "PodScheduled" ? "True" : "False")
                $0.key("lastProbeTime")
                $0.literal("null")
                $0.field("lastTransitionTime", created)
            }
            writer.nonEmpty("hostIP", pod.hostIP)
            writer.nonEmpty("podIP", pod.podIPs.first)
            writer.list("podIPs", pod.podIPs) { $0.field("ip", $1) }
            writer.field("startTime", created)
            writer.key("containerStatuses")
            writer.literal(
                #"[{"name":"c","state":{"running":{"startedAt":""# + created + #""}},"lastState":{},"ready":"#
                    + (pod.isReady ? "true" : "false") + #","restartCount":0,"image":""# + pod.image
                    + #"","imageID":""}]"#)
            writer.field("qosClass", "BestEffort")
        }
    }
}
