import KubernetesAPI
import Testing

@Suite("Protobuf bodies that no server recorded")
struct ProtobufBodyTests {
    private typealias Writer = ProtobufWriter

    private static func list(
        _ resource: WatchedResource, _ items: [[UInt8]], detail: ObjectDetail = []
    ) throws(BodyFault) -> [BodyEvent] {
        let list = Writer.message {
            $0.message(1) { $0.text(2, "9") }
            for item in items { $0.bytes(2, item) }
        }
        return try BodyBench.read(
            Writer.answer(kind: resource.kind + "List", list), resource, BodyBench.protobuf, isWatch: false,
            detail: detail)
    }

    private static func watch(
        _ resource: WatchedResource, _ frames: [UInt8], detail: ObjectDetail = []
    ) throws(BodyFault) -> [BodyEvent] {
        try BodyBench.read(frames, resource, BodyBench.protobuf, isWatch: true, detail: detail)
    }

    private static func problem(_ resource: WatchedResource, _ item: [UInt8]) throws -> String? {
        let events = try list(resource, [item])
        guard case .unusable(.listed, let key, "7", let problem)? = events.first else { return nil }
        #expect(key == ObjectKey(namespace: resource == .namespaces ? "" : "shop", name: "web"))
        // It never ends the list.
        #expect(events.last == .listEnd(version: "9", continueToken: ""))
        return problem
    }

    private static func service(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        Writer.message {
            $0.bytes(1, Writer.metadata())
            $0.message(2, write)
        }
    }

    private static func slice(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        Writer.message {
            $0.bytes(1, Writer.metadata())
            write(&$0)
        }
    }

    private static func pod(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        Writer.message {
            $0.bytes(1, Writer.metadata())
            $0.message(3, write)
        }
    }

    @Test("a value that DNS cannot use makes the object unusable, and says why")
    func unusable() throws {
        let long = String(repeating: "x", count: 2000)
        let rows: [(WatchedResource, [UInt8], String)] = [
            (
                .services, Self.service { $0.text(3, "10.0.0") },
                "spec.clusterIP is \"10.0.0\", expected an IP address or \"None\""
            ),
            (
                .services, Self.service { $0.text(18, "x") },
                "spec.clusterIPs is \"x\", expected an IP address or \"None\""
            ),
            (
                .services, Self.service { $0.text(4, "Odd") },
                "spec.type is \"Odd\", expected one of ClusterIP, NodePort, LoadBalancer, ExternalName"
            ),
            (
                .services, Self.service { $0.message(1) { $0.number(3, 65536) } },
                "the number of a port is 65536, expected a number from 0 to 65535"
            ),
            (
                .services, Self.service { $0.message(1) { $0.number(3, UInt64(bitPattern: -1)) } },
                "the number of a port is -1, expected a number from 0 to 65535"
            ),
            (
                .services, Self.service { $0.message(1) { $0.text(1, "http") } },
                "the number of a port is missing, expected a number from 0 to 65535"
            ),
            (.services, Self.service { $0.text(10, long) }, "spec.externalName has 2000 bytes, expected at most 1024"),
            (.services, Self.service { $0.bytes(10, [0xc3, 0x28]) }, "spec.externalName is not UTF-8"),
            (.services, Writer.message { $0.bytes(1, Writer.metadata()) }, "spec is missing, expected a mapping"),
            (
                .endpointSlices, Self.slice { $0.text(4, "Odd") },
                "addressType is \"Odd\", expected one of IPv4, IPv6, FQDN"
            ),
            (.endpointSlices, Self.slice { _ in }, "addressType is missing, expected one of IPv4, IPv6, FQDN"),
            (
                .endpointSlices,
                Self.slice {
                    $0.message(2) { $0.text(1, "a.example") }
                    $0.text(4, "IPv4")
                }, "an address of an endpoint is \"a.example\", expected an IP address"
            ),
            (
                .endpointSlices,
                Self.slice {
                    $0.text(4, "FQDN")
                    $0.message(2) { $0.text(1, "") }
                }, "an address of an endpoint is \"\", expected an address"
            ),
            (
                .endpointSlices,
                Self.slice {
                    $0.text(4, "IPv4")
                    $0.message(2) { $0.bytes(3, [0xff]) }
                }, "the hostname of an endpoint is not UTF-8"
            ),
            (
                .endpointSlices,
                Self.slice {
                    $0.text(4, "IPv4")
                    for _ in 0...10_000 { $0.message(2) { $0.text(1, "10.0.0.1") } }
                }, "more than 10000 endpoints"
            ),
            (
                .endpointSlices,
                Self.slice {
                    $0.text(4, "IPv4")
                    for _ in 0...20_000 { $0.message(3) { $0.number(3, 1) } }
                }, "more than 20000 ports"
            ),
            (.pods, Self.pod { $0.text(6, "10.0.0.256") }, "status.podIP is \"10.0.0.256\", expected an IP address"),
            (.pods, Self.pod { $0.message(12) { $0.text(1, "?") } }, "status.podIPs is \"?\", expected an IP address"),
            (
                .pods, Self.pod { $0.text(1, "Odd") },
                "status.phase is \"Odd\", expected one of Pending, Running, Succeeded, Failed, Unknown"
            ),
            (
                .namespaces,
                Writer.message {
                    $0.bytes(
                        1, Writer.metadata("", labels: (0...10_000).map { ("l\($0)", "v") }))
                }, "more than 10000 labels and annotations"
            ),
        ]
        for (resource, item, expected) in rows {
            #expect(try Self.problem(resource, item) == expected)
        }
    }

    @Test("an object without a name or namespace is unusable")
    func nameless() throws {
        let item = Writer.message { $0.message(1) { $0.text(6, "7") } }
        #expect(
            try Self.list(.pods, [item]).first
                == .unusable(
                    .listed, ObjectKey(namespace: "", name: ""), version: "7",
                    problem: "metadata.name is missing, expected text"))
    }

    @Test("what is deleted is deleted, whatever it was")
    func deletedThoughUnusable() throws {
        let item = Self.service { $0.text(3, "x") }
        let events = try Self.watch(.services, Writer.frame("DELETED", kind: "Service", item))
        #expect(
            events == [
                .object(
                    .deleted, .service(ServiceObject(namespace: "shop", name: "web")), version: "7", triggerTime: nil)
            ])
    }

    @Test("fields come in any order, and again")
    func order() throws {
        let item = Writer.message {
            $0.text(4, "IPv6")
            $0.number(99, 1)
            $0.message(2) {
                $0.message(4) { $0.text(3, "web-0") }
                $0.text(3, "a")
                $0.message(2) { $0.number(3, 1) }
                $0.text(7, "zone-a")
                $0.message(2) { $0.number(1, 0) }
                $0.text(1, "2001:db8::1")
                $0.text(1, "2001:db8::2")
            }
            $0.message(1) {
                // Value before key.
                $0.message(11) {
                    $0.text(2, "web")
                    $0.text(1, EndpointSliceObject.serviceNameLabel)
                }
                $0.message(12) {
                    $0.text(2, "1970-01-01T00:00:01.5Z")
                    $0.text(1, "endpoints.kubernetes.io/last-change-trigger-time")
                }
                $0.message(11) {
                    $0.text(1, EndpointSliceObject.importNameLabel)
                    $0.text(2, "imported")
                }
                $0.message(11) {
                    $0.text(1, EndpointSliceObject.sourceClusterLabel)
                    $0.text(2, "cluster-a")
                }
                $0.text(6, "7")
                $0.text(3, "shop")
                $0.text(1, "web-x")
            }
        }
        let expected = EndpointSliceObject(
            namespace: "shop", name: "web-x", serviceName: "web", importName: "imported", sourceCluster: "cluster-a",
            addressType: .ipv6,
            endpoints: [
                EndpointObject(
                    addresses: [HostAddress("2001:db8::1"), HostAddress("2001:db8::2")], hostname: "a",
                    target: TargetReference(kind: "", name: "web-0"), zone: "zone-a",
                    conditions: EndpointConditions(ready: false, terminating: true))
            ])
        let event = BodyEvent.object(.listed, .endpointSlice(expected), version: "7", triggerTime: 1_500_000_000)
        #expect(try Self.list(.endpointSlices, [item], detail: [.targets, .topologyZones]).first == event)
        // The event's type behind its object.
        let frame = Writer.frame(
            Writer.message {
                $0.message(2) { $0.bytes(1, Writer.answer(kind: "EndpointSlice", item)) }
                $0.text(1, "MODIFIED")
            })
        #expect(
            try Self.watch(.endpointSlices, frame, detail: [.targets, .topologyZones])
                == [.object(.modified, .endpointSlice(expected), version: "7", triggerTime: 1_500_000_000)])
    }

    @Test("fields of every kind that nobody knows are skipped; large ones cost nothing")
    func unknownFields() throws {
        let large = [UInt8](repeating: 0x78, count: 1 << 20)
        let item = Writer.message {
            $0.bytes(200, large)
            $0.bytes(1, Writer.metadata(annotations: [("big", String(repeating: "x", count: 1 << 20))]))
            $0.number(201, .max)
            $0.varint(202 << 3 | 1)
            $0.bytes += [1, 2, 3, 4, 5, 6, 7, 8]
            $0.varint(203 << 3 | 5)
            $0.bytes += [1, 2, 3, 4]
            $0.message(2) { $0.bytes(300, large) }
        }
        let expected = BodyEvent.object(
            .added, .service(ServiceObject(namespace: "shop", name: "web")), version: "7", triggerTime: nil)
        #expect(try Self.watch(.services, Writer.frame("ADDED", kind: "Service", item)) == [expected])
    }

    @Test("frames without anything in them are nothing; a long pause lies between two bytes anywhere")
    func emptyFrames() throws {
        let bookmark = Writer.message {
            $0.bytes(
                1, Writer.metadata("", "", version: "77", annotations: [("k8s.io/initial-events-end", "true")]))
        }
        let frames =
            [0, 0, 0, 0] + Writer.frame("BOOKMARK", kind: "Pod", bookmark) + [0, 0, 0, 0]
        #expect(try Self.watch(.pods, frames) == [.bookmark(version: "77", endsInitialEvents: true)])
        #expect(try Self.watch(.pods, []) == [])
    }

    @Test("a Status says when to come back")
    func retryAfter() throws {
        let status = Writer.message {
            $0.text(2, "Failure")
            $0.text(3, "slow down")
            $0.text(4, "TooManyRequests")
            $0.message(5) { $0.number(5, 3) }
            $0.number(6, 429)
        }
        let expected = BodyEvent.status(
            APIStatus(code: 429, reason: "TooManyRequests", message: "slow down", retryAfterSeconds: 3))
        #expect(try Self.watch(.pods, Writer.frame("ERROR", kind: "Status", status)) == [expected])
        let answer = Writer.answer(kind: "Status", status)
        #expect(try BodyBench.read(answer, .pods, BodyBench.protobuf, isWatch: false) == [expected])
    }

    @Test("what is not protobuf of the right kind is a fault that says what was found")
    func faults() throws {
        let pod = Writer.message { $0.bytes(1, Writer.metadata()) }
        let eleven: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
        func raw(_ bytes: [UInt8]) -> [UInt8] { Writer.answer(kind: "PodList", bytes) }
        let mark = Array("k8s\0".utf8)
        let lists: [([UInt8], String)] = [
            ([], "byte 0 of the answer: the answer ends inside its object"),
            (mark, "byte 4 of the answer: the answer ends inside its object"),
            (Array("<htm".utf8), "byte 4 of the answer: an object that does not begin with \"k8s\\0\""),
            (Writer.answer(kind: "ServiceList", []), "an object of the kind \"ServiceList\", expected PodList"),
            (Writer.answer(kind: "Pod", pod), "an object of the kind \"Pod\", expected PodList"),
            (
                mark + Writer.message { $0.bytes(2, []) },
                "an object without a kind, expected the kind before the object"
            ),
            (raw([0x0b]), "field 1 of the message list has the wire type 3, expected another one"),
            (raw([0x0c]), "field 1 of the message list has the wire type 4, expected another one"),
            (raw([0x0f]), "field 1 of the message list has the wire type 7, expected another one"),
            (raw([0x08, 1]), "field 1 of the message list has the wire type 0, expected another one"),
            (raw([0x0d, 1, 2, 3, 4]), "field 1 of the message list has the wire type 5, expected another one"),
            (raw([0x00, 1]), "a field of the number 0, expected one from 1 on"),
            (raw([0x1a, 5, 1]), "a length of 5 that ends behind the message list that it is in"),
            (raw([0x1d, 1, 2]), "a number that ends behind the message list that it is in"),
            (raw([0x18, 0x80]), "a number that ends behind the message list that it is in"),
            (raw([0x80]), "a field that ends behind the message list that it is in"),
            (raw(eleven), "a number of more than 64 bits"),
            (raw([0x18] + eleven), "a number of more than 64 bits"),
            (
                raw(Writer.message { $0.message(1) { $0.bytes(3, [UInt8](repeating: 0x78, count: 65537)) } }),
                "metadata.continue has 65537 bytes, expected at most 65536"
            ),
        ]
        for (bytes, expected) in lists {
            let fault = #expect(throws: BodyFault.self) {
                try BodyBench.read(bytes, .pods, BodyBench.protobuf, isWatch: false)
            }
            #expect(fault?.description.hasSuffix(expected) == true, "\(String(describing: fault)), \(expected)")
        }
        let watches: [([UInt8], String)] = [
            ([0x02, 0, 0, 1], "an event of 33554433 bytes, expected at most 33554432"),
            (Array("HTTP/1.1".utf8), "an event of 1213486160 bytes, expected at most 33554432"),
            ([0, 0, 0], "the answer ends inside an event"),
            ([0, 0, 0, 1], "the answer ends inside an event"),
            (
                Writer.frame("PAUSED", kind: "Pod", pod),
                "an event of type \"PAUSED\", expected one of ADDED, MODIFIED, DELETED, BOOKMARK, ERROR"
            ),
            (
                Writer.frame("ERROR", kind: "Pod", pod),
                "an event of type ERROR with an object of the kind Pod, expected Status"
            ),
            (Writer.frame("ADDED", kind: "Service", pod), "an object of the kind \"Service\", expected Pod"),
            (Writer.frame("ADDED", kind: "PodList", []), "an object of the kind \"PodList\", expected Pod"),
            (Writer.frame(Writer.message { $0.text(1, "ADDED") }), "an event of a watch without a type and an object"),
            (
                Writer.frame(Writer.message { $0.message(2) { $0.bytes(1, Writer.answer(kind: "Pod", pod)) } }),
                "an event of a watch without a type and an object"
            ),
            (
                Writer.frame(Writer.message { $0.message(2) { $0.bytes(1, [1]) } }),
                "an object of 1 bytes, expected the mark \"k8s\\0\""
            ),
        ]
        for (bytes, expected) in watches {
            let fault = #expect(throws: BodyFault.self) { try Self.watch(.pods, bytes) }
            #expect(fault?.description.hasSuffix(expected) == true, "\(String(describing: fault)), \(expected)")
        }
    }

    @Test("custom resources are not read from protobuf")
    func customResource() {
        #expect(throws: BodyFault.self) {
            try BodyBench.read(
                Writer.answer(kind: "ServiceImportList", []), .serviceImports, BodyBench.protobuf, isWatch: false)
        }
    }

    @Test(
        "content types",
        arguments: [
            ("application/vnd.kubernetes.protobuf;stream=watch", true), ("application/JSON; charset=utf-8", true),
            ("application/vnd.kubernetes.protobuf", true), ("text/html", false), ("", false),
            ("application/vnd.kubernetes.protobufx", false),
        ])
    func contentType(_ type: String, isReadable: Bool) {
        let reader = try? BodyReader(resource: .pods, contentType: type, isWatch: false, detail: [])
        #expect((reader != nil) == isReadable)
    }
}
