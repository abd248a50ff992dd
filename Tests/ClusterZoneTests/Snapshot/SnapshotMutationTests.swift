import ClusterZone
import KubernetesAPI
import Testing

@Suite("Damaged snapshots")
struct SnapshotMutationTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    private static let json = #"""
        {"apiVersion":"v1","items":[
        {"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"a":"\u00e9\ud83d\ude00"},"name":"shop"}},
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop","managedFields":[{"a":{"b":[1.5e3]}}]},
        "spec":{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1","fd00::1"],"ports":[{"name":"http","port":80}],"selector":null}},
        {"apiVersion":"discovery.k8s.io/v1","addressType":"IPv4","kind":"EndpointSlice","ports":[{"port":80}],
        "metadata":{"name":"web-1","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}},
        "endpoints":[{"addresses":["10.1.0.1"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"web-0"}}]},
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0","namespace":"shop"},"spec":{"containers":[{}]},
        "status":{"phase":"Running","podIP":"10.1.0.1","podIPs":[{"ip":"10.1.0.1"}]}}],"kind":"List"}
        """#

    private static let yaml = """
        apiVersion: v1
        items:
        - apiVersion: v1
          kind: Namespace
          metadata: {name: shop, labels: {a: "\\u00e9", b: 'c'}}
        - apiVersion: v1
          kind: Service
          metadata:
            name: web
            namespace: shop
            annotations: {note: |-, }
          spec:
            clusterIPs: [10.0.0.1, "fd00::1"]
            ports:
            - {name: http, port: 80, protocol: TCP}
        - apiVersion: v1
          kind: Endpoints
          metadata: {name: web, namespace: shop}
          subsets:
          - addresses: [{ip: 10.1.0.1, targetRef: {kind: Pod, name: web-0}}]
            ports: [{port: 80}]
        kind: List
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web-0, namespace: shop}
        status: {phase: Running, podIP: 10.1.0.1}

        """.replacing(" {note: |-, }", with: "\n          note: |-\n            some text\n            of two lines")

    @Test("flipped bits, lost ends and moved pieces never end the process", arguments: [json, yaml])
    func mutations(original: String) throws {
        let bytes = Array(original.utf8)
        let whole = try SnapshotReader.read(bytes: bytes, path: "whole", detail: .everything)
        #expect(whole.services.count == 1 && whole.pods.count == 1 && whole.namespaces.count == 1)

        let seed = UInt64.random(in: .min ... .max)
        print("SnapshotMutationTests seed \(seed)")
        var random = Generator(state: seed)
        var failures = 0
        let rounds = 3000
        for _ in 0..<rounds {
            let mutated = Self.mutated(bytes, &random)
            do throws(SnapshotError) {
                _ = try SnapshotReader.read(bytes: mutated, path: "f", detail: .everything)
            } catch {
                failures += 1
                // YAML also breaks lines at CR, NEL, LS and PS (counted by their last byte); libyaml adds one at the end.
                let lines = mutated.count { [0x0a, 0x0d, 0x85, 0xa8, 0xa9].contains($0) } + 1
                #expect((error.line ?? 1) <= lines + 1 && (error.column ?? 1) >= 1, "seed \(seed): \(error)")
                #expect(!error.problem.isEmpty)
            }
        }
        // Most damage shows; were nothing found, or everything refused, this would test nothing.
        #expect(failures > rounds / 4 && failures < rounds, "seed \(seed)")
    }

    @Test("every lost end of a JSON text is an error", arguments: [json])
    func truncations(original: String) {
        let bytes = Array(original.utf8)
        for length in 0..<bytes.count {
            #expect(throws: SnapshotError.self, "\(length) bytes") {
                try SnapshotReader.read(bytes: Array(bytes.prefix(length)), path: "f", detail: .everything)
            }
        }
    }

    private static func mutated(_ bytes: [UInt8], _ random: inout Generator) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where !result.isEmpty {
            let place = Int.random(in: 0..<result.count, using: &random)
            let end = min(result.count, place + Int.random(in: 1...20, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: result[place] = UInt8.random(in: 0...255, using: &random)
            case 2: result.removeLast(result.count - place)
            case 3: result.removeSubrange(place..<end)
            default:
                result.insert(contentsOf: result[place..<end], at: Int.random(in: 0...result.count, using: &random))
            }
        }
        return result
    }
}
