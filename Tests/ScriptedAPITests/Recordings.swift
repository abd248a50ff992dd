import Foundation

@testable import ScriptedAPI

/// Answers of a real server, recorded for the tests of KubernetesAPI.
enum Recordings {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("KubernetesAPITests/Fixtures").path

    static func body(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).body")))
    }

    static func json(_ name: String) throws -> [String: Any] {
        (try JSONSerialization.jsonObject(with: Data(try body(name)))) as? [String: Any] ?? [:]
    }

    /// The items of a recorded JSON list, as objects of the scripted cluster.
    static func objects(_ name: String, _ resource: ScriptedResource) throws -> [ScriptedObject] {
        let items = try json(name)["items"] as? [[String: Any]] ?? []
        return items.map { item in
            var object = Self.object(item, resource)
            object.metadata = metadata(item["metadata"] as? [String: Any] ?? [:])
            return object
        }
    }

    private static func object(_ item: [String: Any], _ resource: ScriptedResource) -> ScriptedObject {
        let spec = item["spec"] as? [String: Any] ?? [:]
        let status = item["status"] as? [String: Any] ?? [:]
        switch resource {
        case .services:
            var service = ScriptedService(namespace: "", name: "")
            service.ports = list(spec, "ports").map { port in
                ScriptedService.Port(
                    text(port, "name"), number(port, "port") ?? 0, protocol: text(port, "protocol"),
                    targetPort: number(port, "targetPort"))
            }
            service.selector = spec["selector"] as? [String: String] ?? [:]
            service.clusterIP = text(spec, "clusterIP")
            service.clusterIPs = spec["clusterIPs"] as? [String] ?? []
            service.type = text(spec, "type")
            service.externalName = text(spec, "externalName")
            service.ipFamilies = spec["ipFamilies"] as? [String] ?? []
            service.ipFamilyPolicy = spec["ipFamilyPolicy"] as? String
            return .service(service)
        case .endpointSlices:
            var slice = ScriptedEndpointSlice(namespace: "", name: "", service: "", endpoints: [])
            slice.addressType = text(item, "addressType")
            slice.ports = list(item, "ports").map {
                .init($0["name"] as? String, number($0, "port"), protocol: $0["protocol"] as? String)
            }
            slice.endpoints = list(item, "endpoints").map(endpoint)
            return .endpointSlice(slice)
        case .pods:
            var pod = ScriptedPod(namespace: "", name: "", podIPs: [])
            pod.nodeName = text(spec, "nodeName")
            pod.hostname = text(spec, "hostname")
            pod.subdomain = text(spec, "subdomain")
            pod.image = "pause"
            pod.phase = text(status, "phase")
            pod.hostIP = text(status, "hostIP")
            pod.statusTime = seconds(text(status, "startTime"))
            pod.podIPs = list(status, "podIPs").map { text($0, "ip") }
            return .pod(pod)
        case .namespaces:
            return .namespace(ScriptedNamespace("", phase: text(status, "phase")))
        case .serviceImports:
            return .serviceImport(ScriptedServiceImport(namespace: "", name: ""))
        }
    }

    private static func endpoint(_ item: [String: Any]) -> ScriptedEndpoint {
        let conditions = item["conditions"] as? [String: Bool] ?? [:]
        var endpoint = ScriptedEndpoint(
            item["addresses"] as? [String] ?? [], ready: conditions["ready"], serving: conditions["serving"],
            terminating: conditions["terminating"], hostname: item["hostname"] as? String,
            nodeName: item["nodeName"] as? String, zone: item["zone"] as? String)
        if let target = item["targetRef"] as? [String: Any] {
            var pod = ScriptedEndpoint.Pod(namespace: text(target, "namespace"), name: text(target, "name"))
            pod.uid = text(target, "uid")
            endpoint.pod = pod
        }
        return endpoint
    }

    private static func metadata(_ item: [String: Any]) -> ScriptedMetadata {
        var metadata = ScriptedMetadata(namespace: text(item, "namespace"), name: text(item, "name"))
        metadata.generateName = text(item, "generateName")
        metadata.uid = text(item, "uid")
        metadata.resourceVersion = UInt64(text(item, "resourceVersion")) ?? 0
        metadata.generation = number(item, "generation") ?? 0
        metadata.creation = seconds(text(item, "creationTimestamp"))
        metadata.labels = item["labels"] as? [String: String] ?? [:]
        metadata.annotations = item["annotations"] as? [String: String] ?? [:]
        metadata.owners = list(item, "ownerReferences").map {
            ScriptedOwner(
                apiVersion: text($0, "apiVersion"), kind: text($0, "kind"), name: text($0, "name"), uid: text($0, "uid")
            )
        }
        metadata.managedFields = list(item, "managedFields").map { entry in
            return ScriptedManagedFields(
                manager: text(entry, "manager"), apiVersion: text(entry, "apiVersion"),
                time: seconds(text(entry, "time")), fields: compact(entry["fieldsV1"]),
                subresource: text(entry, "subresource"))
        }
        return metadata
    }

    /// Objects of objects, their keys in the order of their bytes.
    private static func compact(_ value: Any?) -> String {
        let object = value as? [String: Any] ?? [:]
        var writer = JSONWriter()
        writer.object { writer in
            for key in object.keys.sorted() {
                writer.key(key)
                writer.literal(compact(object[key]))
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func text(_ item: [String: Any], _ name: String) -> String { item[name] as? String ?? "" }
    private static func number(_ item: [String: Any], _ name: String) -> Int64? {
        (item[name] as? NSNumber)?.int64Value
    }
    private static func list(_ item: [String: Any], _ name: String) -> [[String: Any]] {
        item[name] as? [[String: Any]] ?? []
    }
    private static func seconds(_ text: String) -> Int64 {
        Int64(ISO8601DateFormatter().date(from: text)?.timeIntervalSince1970 ?? 0)
    }
}
