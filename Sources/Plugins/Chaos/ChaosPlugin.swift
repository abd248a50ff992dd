import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `chaos [VERSION] [AUTHORS...]`: answers TXT questions of class CH for `version.bind`, `version.server`, `authors.bind`,
/// `hostname.bind` and `id.server`.
package final class ChaosPlugin: Plugin {
    package static let directive = "chaos"

    /// The class CH (RFC 1035, section 3.2.4).
    private static var chaosClass: UInt16 { 3 }
    private static var textType: UInt16 { 16 }
    /// Longest character-string (RFC 1035, section 3.3).
    private static let longestText = 255
    private static let defaultAuthors = ["The apodns authors"]
    /// Names of a question, in wire form and lower case, and what they ask.
    private enum Subject {
        case version
        case authors
        case host
    }

    private let version: [UInt8]
    private let authors: [[UInt8]]
    private let host: [UInt8]
    private let subjects: [[UInt8]: Subject]

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.first(directives, setup)
        try directive.expectNoBlock()
        let texts = directive.arguments.map(\.text)
        let build = QueryMetrics.of(setup.process).buildVersion
        version = Self.trim(texts.first ?? "apodns" + (build.isEmpty ? "" : "-" + build))
        // CoreDNS: each author once, in order.
        let named = texts.count > 1 ? Set(texts.dropFirst()).sorted() : Self.defaultAuthors
        authors = named.map(Self.trim)
        host = Self.trim(HostName.current() ?? "localhost")
        var subjects: [[UInt8]: Subject] = [:]
        for (name, subject) in [
            ("version.bind.", Subject.version), ("version.server.", .version), ("authors.bind.", .authors),
            ("hostname.bind.", .host), ("id.server.", .host),
        ] {
            if let wire = try? DomainName(parsing: name).wire { subjects[wire] = subject }
        }
        self.subjects = subjects
        setup.answersChaosClass = true
    }

    private static func trim(_ text: String) -> [UInt8] { Array(text.utf8.prefix(longestText)) }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        Step(
            context: Unmanaged.passRetained(self).toOpaque(),
            down: { context, exchange in
                let exchange = Step.exchange(exchange)
                guard exchange.pointee.request.recordClass.rawValue == ChaosPlugin.chaosClass,
                    exchange.pointee.request.type.rawValue == ChaosPlugin.textType
                else { return Verdict.next.rawValue }
                // SAFETY: the context is the reference taken above, which `release` gives back.
                return Unmanaged<ChaosPlugin>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    $0.answer(exchange).rawValue
                }
            },
            release: { Unmanaged<ChaosPlugin>.fromOpaque($0).release() })
    }

    @inline(never)
    private func answer(_ exchange: UnsafeMutablePointer<Exchange>) -> Verdict {
        // SAFETY: the name's memory holds `nameLength` bytes.
        let name = Array(
            UnsafeBufferPointer(start: exchange.pointee.name.bytes, count: exchange.pointee.request.nameLength))
        var texts: [[UInt8]]
        switch subjects[name] {
        case .version: texts = [version]
        case .host: texts = [host]
        case .authors:
            // CoreDNS: nobody is always first.
            var random = exchange.pointee.random
            texts = authors.shuffled(using: &random)
            exchange.pointee.random = random
        case nil: return .next
        }
        exchange.pointee.code = .noError
        exchange.pointee.flags = 0
        for text in texts {
            guard exchange.pointee.writer.hasRoom(13 + text.count) else {
                exchange.pointee.writer.isTruncated = true
                return .answered
            }
            exchange.pointee.writer.put16(ResponseWriter.questionPointer)
            exchange.pointee.writer.put16(Self.textType)
            exchange.pointee.writer.put16(Self.chaosClass)
            exchange.pointee.writer.put32(0)
            exchange.pointee.writer.put16(UInt16(truncatingIfNeeded: text.count + 1))
            exchange.pointee.writer.put8(UInt8(truncatingIfNeeded: text.count))
            for octet in text { exchange.pointee.writer.put8(octet) }
            exchange.pointee.writer.answerCount &+= 1
        }
        return .answered
    }
}
