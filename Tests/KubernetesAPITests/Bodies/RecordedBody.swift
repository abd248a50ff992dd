import Foundation
import KubernetesAPI
import Testing

/// An answer of a real API server.
struct RecordedBody: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let contentType: String

    var testDescription: String { name }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    init(_ name: String) {
        self.name = name
        let body = Self.folder.appendingPathComponent(name + ".body")
        let head = Self.folder.appendingPathComponent(name + ".headers")
        bytes = (try? Array(Data(contentsOf: body))) ?? []
        let lines = ((try? String(contentsOf: head, encoding: .utf8)) ?? "").split(whereSeparator: \.isNewline)
        let line = lines.first { $0.lowercased().hasPrefix("content-type:") } ?? ""
        contentType = line.dropFirst("content-type:".count).trimmingCharacters(in: .whitespaces)
    }

    static let all: [RecordedBody] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".body") }.sorted().map { RecordedBody(String($0.dropLast(5))) }
    }()

    var resource: WatchedResource {
        if name.contains("endpointslices") { return .endpointSlices }
        if name.contains("pods") { return .pods }
        if name.contains("namespaces") { return .namespaces }
        return .services
    }

    /// watch-future is the list of a version to come, not a watch.
    var isWatch: Bool { name.hasPrefix("watch") && name != "watch-future-pb" }

    func read(detail: ObjectDetail = .everything, cutAt cuts: [Int] = []) throws(BodyFault) -> [BodyEvent] {
        try BodyBench.read(bytes, resource, contentType, isWatch: isWatch, detail: detail, cutAt: cuts)
    }
}

/// Reads bodies in one go.
enum BodyBench {
    static let protobuf = "application/vnd.kubernetes.protobuf"
    static let json = "application/json"

    /// What a reader finds in `bytes`, cut at these offsets.
    static func read(
        _ bytes: [UInt8], _ resource: WatchedResource, _ contentType: String, isWatch: Bool,
        detail: ObjectDetail = .everything, cutAt cuts: [Int] = []
    ) throws(BodyFault) -> [BodyEvent] {
        var reader = try BodyReader(resource: resource, contentType: contentType, isWatch: isWatch, detail: detail)
        var events: [BodyEvent] = []
        var start = 0
        for end in cuts + [bytes.count] {
            try feed(Array(bytes[start..<end]), to: &reader, &events)
            start = end
        }
        try reader.end { events.append($0) }
        return events
    }

    /// Hands over memory of just the piece's size, so that reading behind it is noticed by tools that look for that.
    static func feed(_ piece: [UInt8], to reader: inout BodyReader, _ events: inout [BodyEvent]) throws(BodyFault) {
        try piece.withUnsafeBufferPointer { bytes throws(BodyFault) in
            try reader.read(UnsafeRawBufferPointer(bytes)) { events.append($0) }
        }
    }
}

extension BodyEvent {
    var object: WatchedObject? {
        if case .object(_, let object, _, _) = self { object } else { nil }
    }

    /// Namespace, name and version of an object's event.
    var identity: String? {
        guard case .object(let change, let object, let version, _) = self else { return nil }
        return "\(change) \(object.key.namespace)/\(object.key.name) \(version)"
    }
}
