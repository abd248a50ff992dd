import Testing

@testable import Corefile

@Suite struct NearestNameTests {
    static let names = [
        "errors", "log", "loop", "health", "ready", "kubernetes", "prometheus", "forward", "cache", "reload", "hosts",
        "bind", "template", "rewrite", "k8s_external", "any", "on", "file", "tls",
    ]

    @Test(
        arguments: [
            ("helth", "health"), ("heatlh", "health"), ("kubernets", "kubernetes"), ("kuberentes", "kubernetes"),
            ("Kubernetes", "kubernetes"), ("promethues", "prometheus"), ("froward", "forward"), ("foward", "forward"),
            ("lgo", "log"), ("logs", "log"), ("lop", "log"), ("lopp", "loop"), ("host", "hosts"), ("error", "errors"),
            ("k8s-external", "k8s_external"), ("realod", "reload"), ("bnd", "bind"), ("tsl", "tls"),
            ("", nil), ("x", nil), ("o", nil), ("proxy", nil), ("frobnicate", nil), ("federation", nil), ("an", "any"),
            (String(repeating: "e", count: 1000), nil),
        ] as [(String, String?)])
    func nearest(text: String, expected: String?) {
        #expect(nearestName(to: text, in: Self.names) == expected)
    }

    @Test func noNames() {
        #expect(nearestName(to: "log", in: []) == nil)
    }
}
