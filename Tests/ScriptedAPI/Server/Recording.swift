import Glibc

/// One recorded request with its answer.
struct Recording: Sendable {
    /// What the recording's Authorization header was, where that matters.
    private enum Credentials: Sendable {
        case any
        case none
        case bad
    }

    private let request: ScriptedRequest
    private let isProtobuf: Bool
    private let credentials: Credentials
    private let answer: ScriptedAnswer

    /// Reads `index.tsv` of a folder and the files it names.
    static func read(_ folder: String) throws(ScriptedAPIError) -> [Recording] {
        var recordings: [Recording] = []
        for line in String(decoding: try file(folder + "/index.tsv"), as: UTF8.self).split(separator: "\n") {
            let columns = line.split(separator: "\t", maxSplits: 1)
            guard columns.count == 2 else { throw ScriptedAPIError("\(folder)/index.tsv: no tab in \"\(line)\"") }
            let words = columns[1].split(separator: " ")
            guard words.count >= 2,
                let request = ScriptedRequest(
                    head: Array("\(words[0]) \(words[1]) HTTP/1.1".utf8), connection: 0, clientName: "")
            else { throw ScriptedAPIError("\(folder)/index.tsv: no request in \"\(line)\"") }
            let base = "\(folder)/\(columns[0])"
            recordings.append(
                Recording(
                    request: request, isProtobuf: columns[1].contains("vnd.kubernetes.protobuf"),
                    credentials: columns[1].contains("without credentials")
                        ? .none : columns[1].contains("bad bearer") ? .bad : .any,
                    answer: try answer(head: try file(base + ".headers"), body: try file(base + ".body"))))
        }
        return recordings
    }

    /// The answer to exactly this request, whatever the order of its parameters; 404 when it was not recorded.
    static func answer(to request: ScriptedRequest, among recordings: [Recording]) -> ScriptedAnswer {
        let isProtobuf = request.header("accept").contains("vnd.kubernetes.protobuf")
        let hasCredentials = !request.header("authorization").isEmpty
        for wanted in hasCredentials ? [Credentials.any, .bad] : [.none, .any] {
            for recording in recordings
            where recording.credentials == wanted && recording.isProtobuf == isProtobuf
                && recording.request.path == request.path && key(recording.request) == key(request)
            {
                return recording.answer
            }
        }
        let body = ScriptedFormat.json.body(
            ScriptedStatus(code: 404, reason: "NotFound", message: "not recorded: \(request.target)"))
        return ScriptedAnswer(status: 404, contentType: "application/json", pieces: [body])
    }

    private static func key(_ request: ScriptedRequest) -> [String] {
        request.query.map { $0.name + "=" + $0.value }.sorted()
    }

    private static func answer(head: [UInt8], body: [UInt8]) throws(ScriptedAPIError) -> ScriptedAnswer {
        var answer = ScriptedAnswer(contentType: "", pieces: body.isEmpty ? [] : [body])
        let lines = String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let first = lines.first, let code = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else {
            throw ScriptedAPIError("a recorded head without a status")
        }
        answer.status = code
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = String(line[line.index(after: colon)...].drop { $0 == " " })
            switch line[..<colon].lowercased() {
            case "content-type": answer.contentType = value
            case "retry-after": answer.headers.append((name: "retry-after", value: value))
            default: break
            }
        }
        return answer
    }

    private static func file(_ path: String) throws(ScriptedAPIError) -> [UInt8] {
        guard let stream = fopen(path, "r") else { throw ScriptedAPIError.call("fopen \(path)") }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}
