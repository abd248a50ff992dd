import KubernetesAPI
import Testing

@Suite("Recorded answers of an API server")
struct RecordedBodyTests {
    @Test("every recorded body decodes, nothing in it is unusable", arguments: RecordedBody.all)
    func decodes(_ body: RecordedBody) throws {
        let events = try body.read()
        #expect(!body.bytes.isEmpty)
        #expect(!events.isEmpty)
        for event in events {
            if case .unusable(_, let key, _, let problem) = event { Issue.record("\(key): \(problem)") }
        }
    }

    @Test("the recordings are all there")
    func count() { #expect(RecordedBody.all.count == 24) }

    @Test(
        "protobuf and JSON say the same", arguments: ["services-default", "endpointslices-default", "pods-default"])
    func twins(_ name: String) throws {
        for detail in [ObjectDetail.everything, [], .labels, .targets, .topologyZones] {
            let protobuf = try RecordedBody("\(name)-pb").read(detail: detail)
            let json = try RecordedBody("\(name)-json").read(detail: detail)
            #expect(protobuf.count > 3)
            #expect(protobuf == json)
        }
    }

    @Test("watches in protobuf and JSON agree on the events that both saw")
    func watches() throws {
        let protobuf = try RecordedBody("watch-endpointslices-default-pb").read()
        let json = try RecordedBody("watch-endpointslices-default-json").read()
        let other = Dictionary(grouping: json.filter { $0.identity != nil }) { $0.identity ?? "" }
        var common = 0
        for event in protobuf {
            guard let identity = event.identity, let twins = other[identity] else { continue }
            common += 1
            #expect(twins.contains(event), "\(identity)")
        }
        #expect(common >= 3)
        #expect(protobuf.contains { if case .bookmark(_, false) = $0 { true } else { false } })
    }

    @Test("slices say when their change happened, and the detail decides what they keep")
    func detail() throws {
        let full = try RecordedBody("endpointslices-default-pb").read()
        let bare = try RecordedBody("endpointslices-default-pb").read(detail: [])
        var triggered = 0
        var targets = 0
        for (full, bare) in zip(full, bare) {
            guard case .object(.listed, .endpointSlice(let all), _, let time) = full,
                case .object(.listed, .endpointSlice(let some), _, time) = bare
            else { continue }
            if time != nil { triggered += 1 }
            targets += all.endpoints.filter { $0.target != nil }.count
            #expect(some.serviceName == all.serviceName)
            #expect(some.labels.isEmpty)
            #expect(some.endpoints.allSatisfy { $0.target == nil && $0.zone == nil })
            #expect(some.endpoints.map(\.addresses) == all.endpoints.map(\.addresses))
        }
        #expect(triggered > 0)
        #expect(targets > 0)
    }

    @Test(
        "a streaming list ends its initial events",
        arguments: [
            "watchlist-endpointslices-default-pb", "watchlist-services-default-json",
        ])
    func initialEvents(_ name: String) throws {
        let ends = try RecordedBody(name).read().filter {
            if case .bookmark(_, endsInitialEvents: true) = $0 { true } else { false }
        }
        #expect(ends.count == 1)
    }

    @Test("pages have a continue token, whole lists have none")
    func pages() throws {
        for (name, hasMore) in [
            ("services-default-page1-pb", true), ("namespaces-page1-json", true), ("services-default-pb", false),
            ("pods-default-json", false),
        ] {
            let last = try #require(try RecordedBody(name).read().last)
            guard case .listEnd(let version, let token) = last else {
                Issue.record("\(name) does not end with its list")
                continue
            }
            #expect(UInt64(version) != nil)
            #expect(token.isEmpty != hasMore)
        }
    }

    @Test(
        "failed requests are Status objects",
        arguments: [
            ("forbidden-json", 403, "Forbidden"), ("forbidden-pb", 403, "Forbidden"),
            ("unauthorized-pb", 401, "Unauthorized"), ("watch-too-old-pb", 410, "Expired"),
            ("watch-too-old-json", 410, "Expired"), ("watch-future-pb", 504, "Timeout"),
        ])
    func status(_ name: String, code: Int, reason: String) throws {
        let events = try RecordedBody(name).read()
        guard events.count == 1, case .status(let status)? = events.first else {
            Issue.record("\(name): \(events)")
            return
        }
        #expect(status.code == code)
        #expect(status.reason == reason)
        #expect(!status.message.isEmpty)
    }

    @Test("a Status in place of a watch is understood", arguments: ["forbidden-json", "forbidden-pb"])
    func statusForWatch(_ name: String) throws {
        let body = RecordedBody(name)
        for cut in 0...body.bytes.count {
            let events = try BodyBench.read(
                body.bytes, .services, body.contentType, isWatch: true, cutAt: [cut])
            #expect(try events == body.read())
        }
    }
}
