import Testing

@testable import KubernetesAPI

@Suite("paths of lists and watches")
struct WatchRequestPathTests {
    private func list(_ limit: Int = 500, token: String = "", version: String? = "0", notOlderThan: Bool = false)
        -> WatchRequest
    {
        WatchRequest(
            kind: .list(limit: limit, continueToken: token), resourceVersion: version, notOlderThan: notOlderThan,
            idleTimeout: 1)
    }

    private func watch(_ version: String?, initialEvents: Bool = false) -> WatchRequest {
        WatchRequest(
            kind: .watch(timeoutSeconds: 321, initialEvents: initialEvents), resourceVersion: version,
            notOlderThan: initialEvents, idleTimeout: 1)
    }

    @Test("rules 1, 2 and 9: groups, namespaces, selectors, tokens")
    func paths() {
        let rows: [(WatchStream, WatchRequest, String)] = [
            (WatchStream(.services), list(), "/api/v1/services?limit=500&resourceVersion=0"),
            (WatchStream(.services, namespace: "shop"), list(0, version: nil), "/api/v1/namespaces/shop/services"),
            (
                WatchStream(.services), list(token: "a+b/c=", version: nil),
                "/api/v1/services?limit=500&continue=a%2Bb%2Fc%3D"
            ),
            (
                WatchStream(.endpointSlices), list(0, version: "35620", notOlderThan: true),
                "/apis/discovery.k8s.io/v1/endpointslices?resourceVersion=35620&resourceVersionMatch=NotOlderThan"
            ),
            (
                WatchStream(.endpointSlices, namespace: "a", labelSelector: "x in (1,2),!y"), watch("9"),
                "/apis/discovery.k8s.io/v1/namespaces/a/endpointslices?watch=true&allowWatchBookmarks=true"
                    + "&timeoutSeconds=321&resourceVersion=9&labelSelector=x%20in%20%281%2C2%29%2C%21y"
            ),
            (
                WatchStream(.serviceImports), watch(nil, initialEvents: true),
                "/apis/multicluster.x-k8s.io/v1alpha1/serviceimports?watch=true&allowWatchBookmarks=true"
                    + "&timeoutSeconds=321&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
            ),
            (
                WatchStream(.pods), list(),
                "/api/v1/pods?limit=500&resourceVersion=0&fieldSelector=status.phase%21%3DSucceeded%2C"
                    + "status.phase%21%3DFailed%2Cstatus.phase%21%3DUnknown"
            ),
            (WatchStream(.namespaces), list(0), "/api/v1/namespaces?resourceVersion=0"),
            (
                WatchStream(.namespaces, namespace: "a b/?&"), list(0),
                "/api/v1/namespaces?resourceVersion=0&fieldSelector=metadata.name%3Da%20b%2F%3F%26"
            ),
            (
                WatchStream(.pods, namespace: "ü", fieldSelector: ""), list(0, version: nil),
                "/api/v1/namespaces/%C3%BC/pods"
            ),
        ]
        for (stream, request, expected) in rows { #expect(request.path(of: stream) == expected) }
    }

    @Test("protobuf or JSON, but JSON for custom resources")
    func accept() {
        for resource in WatchedResource.allCases {
            #expect(
                WatchRequest.accept(resource)
                    == (resource == .serviceImports
                        ? "application/json" : "application/vnd.kubernetes.protobuf,application/json"))
        }
    }
}
