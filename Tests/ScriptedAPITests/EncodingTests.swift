import Testing

@testable import ScriptedAPI

/// The encoders against the bytes of a real server.
struct EncodingTests {
    private func body(
        _ objects: [ScriptedObject], _ resource: ScriptedResource, _ format: ScriptedFormat, version: UInt64
    ) -> [UInt8] {
        let stored = objects.map { StoredObject($0, version: $0.metadata.resourceVersion) }
        let items = format.items(stored, resource)
        let (head, tail) = format.listFrame(
            resource, version: version, continueToken: "", remaining: nil, itemBytes: items.count)
        return head + items + tail
    }

    @Test(arguments: [
        ("services-default", ScriptedResource.services), ("endpointslices-default", .endpointSlices),
        ("pods-default", .pods),
    ])
    func recordedListsAreWrittenAgainTheSame(name: String, resource: ScriptedResource) throws {
        let objects = try Recordings.objects(name + "-json", resource)
        #expect(objects.count > 3)
        let recorded = try Recordings.json(name + "-json")["metadata"] as? [String: String]
        let version = try #require(UInt64(recorded?["resourceVersion"] ?? ""))
        let json = JSONIndentation.indented(body(objects, resource, .json, version: version))
        let expected = try Recordings.body(name + "-json")
        let lines = String(decoding: json, as: UTF8.self).split(separator: "\n")
        for (mine, real) in zip(lines, String(decoding: expected, as: UTF8.self).split(separator: "\n"))
        where mine != real {
            Issue.record("\(name): wrote \(mine), the server \(real)")
            break
        }
        #expect(lines.count == expected.split(separator: 10).count)
        let protobuf = body(objects, resource, .protobuf, version: version)
        let real = try Recordings.body(name + "-pb")
        let difference = zip(protobuf, real).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        #expect(difference == nil, "\(name): differs from byte \(difference ?? 0)")
        #expect(protobuf.count == real.count)
    }

    private static let metadata = ["1", "1.8", "1.9", "1.11", "1.12", "1.13", "1.17", "1.17.4", "1.17.7"]
    private static let messages: [ScriptedResource: [String]] = [
        .services: ["2", "2.1", "2.1.4", "2.2", "3", "3.1"],
        .endpointSlices: ["2", "2.2", "2.4", "3"],
        .pods: [
            "2", "2.2", "2.2.6", "2.22", "3", "3.2", "3.2.4", "3.7", "3.8", "3.8.2", "3.8.2.2", "3.8.2.2.1", "3.12",
        ],
    ]

    /// Also for objects that are made up here, in a cluster of all kinds of weight.
    @Test(arguments: [
        ("services", ScriptedResource.services), ("endpointslices", .endpointSlices), ("pods", .pods),
    ])
    func generatedObjectsHaveTheFieldsOfRealOnes(name: String, resource: ScriptedResource) throws {
        let messages = Set(["1", "2"] + (Self.metadata + (Self.messages[resource] ?? [])).map { "2." + $0 })
        var real: Set<String> = []
        for place in ["default", "zoo"] {
            let body = try Recordings.body("\(name)-\(place)-pb")
            real.formUnion(try ProtobufWalker.paths(try ProtobufWalker.message(body), messages: messages))
        }
        let cluster = ScriptedCluster.generate(services: 9, endpoints: 90, pods: 50, seed: 7)
        let mine = try ProtobufWalker.paths(
            try ProtobufWalker.message(body(cluster.objects(resource), resource, .protobuf, version: cluster.version)),
            messages: messages)
        // What only some recorded objects have: annotations, host names, external addresses, more than one family.
        let optional: Set<String> = [
            "2.1.11", "2.1.11.1", "2.1.11.2", "2.1.12", "2.1.12.1", "2.1.12.2", "2.2.3", "2.2.5", "2.2.20",
            "2.3.2.5", "2.1.2.1",
        ]
        #expect(mine.subtracting(real) == [])
        #expect(real.subtracting(mine).subtracting(optional) == [])
    }

    @Test func eventsAndBookmarksHaveTheFormOfRealOnes() throws {
        let real = try ProtobufWalker.events(Recordings.body("watchlist-endpointslices-default-pb"))
        let end = try #require(real.first { $0.type == "BOOKMARK" })
        let mine = ScriptedFormat.protobuf.bookmark(.endpointSlices, version: 35_620, endsInitialEvents: true)
        #expect(try Array(#require(ProtobufWalker.events(mine).first).object) == Array(end.object))
        let pods = try ProtobufWalker.events(Recordings.body("watch-pods-default-pb"))
        let bookmark = try #require(pods.last)
        #expect(bookmark.type == "BOOKMARK")
        let again = ScriptedFormat.protobuf.bookmark(.pods, version: 35_677, endsInitialEvents: false)
        let all = try Recordings.body("watch-pods-default-pb")
        #expect(Array(all.suffix(again.count)) == again)
        let line = ScriptedFormat.json.bookmark(.services, version: 35_620, endsInitialEvents: true)
        let lines = try Recordings.body("watchlist-services-default-json").split(separator: 10)
        #expect(lines.contains(line.dropLast()))
    }

    @Test func timesAreWrittenAsTheServerDoes() {
        for (nanoseconds, text) in [
            (0, "1970-01-01T00:00:00Z"), (1_795_215_418_000_000_000, "2026-11-20T22:56:58Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00Z"), (1_120_000_000, "1970-01-01T00:00:01.12Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
        ] as [(Int64, String)] {
            #expect(ScriptedTimestamp.text(nanoseconds: nanoseconds) == text)
        }
    }

    @Test func base64ReadsWhatItWrites() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            #expect(Base64.encode(Array(bytes.utf8)) == text)
            #expect(Base64.decode(text) == Array(bytes.utf8))
        }
        #expect(Base64.decode("a b") == nil)
    }

    @Test func theSameSeedMakesTheSameCluster() {
        let first = ScriptedCluster.generate(services: 30, endpoints: 300, pods: 20, largeService: 250, seed: 3)
        let second = ScriptedCluster.generate(services: 30, endpoints: 300, pods: 20, largeService: 250, seed: 3)
        for resource in ScriptedResource.allCases { #expect(first.objects(resource) == second.objects(resource)) }
        #expect(first.count(.services) == 31)
        #expect(first.count(.pods) == 20)
        #expect(first.count(.endpointSlices) == 33)
        var addresses: Set<String> = []
        for case .endpointSlice(let slice) in first.objects(.endpointSlices) {
            #expect(slice.endpoints.count <= ScriptedCluster.endpointsPerSlice)
            addresses.formUnion(slice.endpoints.flatMap(\.addresses))
        }
        #expect(addresses.count == 550)
        let other = ScriptedCluster.generate(services: 30, endpoints: 300, pods: 20, largeService: 250, seed: 4)
        #expect(other.objects(.pods) != first.objects(.pods))
    }
}
