import DNSWire
import RecordIndex

extension ClusterReader {
    /// TTL of the `dns-version` record in seconds (CoreDNS).
    private static var versionTTL: UInt32 { 28800 }
    /// The version of the Kubernetes DNS specification that is answered.
    private static var version: StaticString { "1.1.0" }
    /// SOA timers in seconds, as CoreDNS has them: refresh, retry, expire, and the most that the record's own TTL may be.
    private static var refresh: UInt32 { 7200 }
    private static var retry: UInt32 { 1800 }
    private static var expire: UInt32 { 86400 }
    private static var longestSOATTL: UInt32 { 300 }

    /// Writes the SOA record that a negative answer carries (RFC 2308, section 3), or the one asked for.
    ///
    /// - Returns: whether it fitted.
    @discardableResult
    package func writeSOA(
        _ question: ClusterQuestion, asAnswer: Bool = false, into writer: inout ResponseWriter
    ) -> Bool {
        // Owner, and the zone at the end of both names, are pointers into the question: its letters stay as asked.
        let isRoot = question.zoneLength == 1
        let zoneLength = isRoot ? 1 : 2
        let dataLength = 7 &+ zoneLength &+ 11 &+ zoneLength &+ 20
        guard writer.hasRoom(zoneLength &+ 10 &+ dataLength) else { return false }
        let zone = ResponseWriter.pointer(to: question.zoneOffset)
        putZone(zone, isRoot, into: &writer)
        writer.put16(RecordType.soa.rawValue)
        writer.put16(RecordClass.internet.rawValue)
        writer.put32(min(options.ttl, ClusterReader.longestSOATTL))
        writer.put16(UInt16(truncatingIfNeeded: dataLength))
        // SAFETY: the literals have the lengths named.
        writer.put(ClusterReader.nameServerLabels.utf8Start, 7)
        putZone(zone, isRoot, into: &writer)
        writer.put(ClusterReader.mailboxLabel.utf8Start, 11)
        putZone(zone, isRoot, into: &writer)
        writer.put32(index.serial)
        writer.put32(ClusterReader.refresh)
        writer.put32(ClusterReader.retry)
        writer.put32(ClusterReader.expire)
        // RFC 2308, section 4: the minimum is the TTL of negative answers.
        writer.put32(options.ttl)
        if asAnswer { writer.answerCount &+= 1 } else { writer.authorityCount &+= 1 }
        return true
    }

    static var nameServerLabels: StaticString { "\u{2}ns\u{3}dns" }
    private static var mailboxLabel: StaticString { "\u{A}hostmaster" }
    private static var versionLabel: StaticString { "\u{B}dns-version" }

    @inline(__always)
    private func putZone(_ pointer: UInt16, _ isRoot: Bool, into writer: inout ResponseWriter) {
        if isRoot { writer.put8(0) } else { writer.put16(pointer) }
    }

    /// Whether the name is `ns.dns.ZONE`.
    @inline(__always)
    func isNameServer(_ question: ClusterQuestion) -> Bool {
        question.labelsLeft == 2 && equalBytes(question.name.bytes, ClusterReader.nameServerLabels.utf8Start, 7)
    }

    /// TXT: `dns-version.ZONE` (Kubernetes DNS specification, 2.2), and nothing anywhere else.
    func answerText(
        _ name: ClusterName, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) -> ClusterOutcome {
        if question.labelsLeft == 1, equalBytes(question.name.bytes, ClusterReader.versionLabel.utf8Start, 12) {
            let count = ClusterReader.version.utf8CodeUnitCount
            guard writer.hasRoom(13 &+ count) else {
                writer.isTruncated = true
                return .answered
            }
            writer.putRecordHead(
                owner: ResponseWriter.questionPointer, type: .txt, ttl: ClusterReader.versionTTL, dataLength: count &+ 1
            )
            writer.put8(UInt8(truncatingIfNeeded: count))
            writer.put(ClusterReader.version.utf8Start, count)
            writer.answerCount &+= 1
            return .answered
        }
        // CoreDNS: for TXT a name exists only where it has records of another type (or is a zonal one).
        switch name.kind {
        case .apex, .serviceNamespace, .podNamespace, .invalid: return .nameError
        default: return existence(name, question)
        }
    }
}
