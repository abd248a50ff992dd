extension ScriptedManagedFields {
    /// What `kubectl apply` leaves on a Service.
    static func ofService(ports: [ScriptedService.Port], time: Int64) -> Self {
        var fields = #"{"f:spec":{"f:clusterIP":{},"f:internalTrafficPolicy":{},"f:ports":{".":{}"#
        for port in ports {
            fields += #","k:{\"port\":"# + String(port.port) + #",\"protocol\":\""# + port.protocol
            fields += #"\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}"#
        }
        fields += #"},"f:selector":{},"f:sessionAffinity":{},"f:type":{}}}"#
        return Self(manager: "kubectl-client-side-apply", apiVersion: "v1", time: time, fields: fields)
    }

    /// What the EndpointSlice controller leaves on a slice.
    static func ofEndpointSlice(ownerUID: String, labels: [String: String], time: Int64) -> Self {
        var fields = #"{"f:addressType":{},"f:endpoints":{},"f:metadata":{"f:annotations":{".":{},"#
        fields += #""f:endpoints.kubernetes.io/last-change-trigger-time":{}},"f:generateName":{},"f:labels":{".":{}"#
        for name in labels.keys.sorted() { fields += #","f:"# + name + #"":{}"# }
        fields += #"},"f:ownerReferences":{".":{},"k:{\"uid\":\""# + ownerUID + #"\"}":{}}},"f:ports":{}}"#
        return Self(
            manager: "kube-controller-manager", apiVersion: "discovery.k8s.io/v1", time: time, fields: fields)
    }

    /// What the ReplicaSet controller and the kubelet leave on a Pod.
    static func ofPod(ownerUID: String?, podIPs: [String], time: Int64) -> [Self] {
        var metadata = #"{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app":{},"f:pod-template-hash":{}}"#
        if let ownerUID {
            metadata += #","f:ownerReferences":{".":{},"k:{\"uid\":\""# + ownerUID + #"\"}":{}}"#
        }
        var status = Self.podStatusFields
        for address in podIPs { status += #","k:{\"ip\":\""# + address + #"\"}":{".":{},"f:ip":{}}"# }
        status += #"},"f:startTime":{}}}"#
        return [
            Self(
                manager: "kube-controller-manager", apiVersion: "v1", time: time, fields: metadata + podSpecFields),
            Self(manager: "kubelet", apiVersion: "v1", time: time &+ 1, fields: status, subresource: "status"),
        ]
    }

    /// What `kubectl create namespace` leaves.
    static func ofNamespace(time: Int64) -> Self {
        let fields = #"{"f:metadata":{"f:labels":{".":{},"f:kubernetes.io/metadata.name":{}}}}"#
        return Self(manager: "kubectl-create", apiVersion: "v1", time: time, fields: fields)
    }

    private static let podSpecFields =
        #"},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"#
        + #""f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"#
        + #""f:name":{},"f:protocol":{}}},"f:resources":{},"f:terminationMessagePath":{},"#
        + #""f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"#
        + #""f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}"#

    private static let podStatusFields = podConditions(["ContainersReady", "Initialized", "Ready"])

    private static func podConditions(_ types: [String]) -> String {
        var out = #"{"f:status":{"f:conditions":{"#
        for (index, type) in types.enumerated() {
            out += (index == 0 ? "" : ",") + #""k:{\"type\":\""# + type
            out += #"\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}"#
        }
        return out + #"},"f:containerStatuses":{},"f:hostIP":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{}"#
    }
}
