import DNSWire
import RecordIndex

extension ClusterReader {
    /// Writes PTR records for an address of a service or an endpoint (Kubernetes DNS specification, 2.3.3 and 2.4.3).
    func answerPointer(
        _ name: ClusterName, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) -> ClusterOutcome {
        guard isReverse(question.name, question.labelCount),
            let address = ReverseName.address(question.name, labelCount: question.labelCount)
        else { return existence(name, question) }

        // CoreDNS: a cluster address is one service's, and comes before any endpoint. The index has them first.
        var matches = index.reverse(address)
        var endpoints = matches
        while true {
            let value = matches.next()
            if value < 0 || !ReverseMatch(value).isClusterAddress { break }
            endpoints = matches
            let block = index.block(ReverseMatch(value).place)
            guard block.answersReverse else { continue }
            _ = writePointer(block, label: nil, question, into: &writer)
            return writer.answerCount > 0 || writer.isTruncated ? .answered : .nameError
        }
        // One record for each service that the endpoint belongs to. The pod's own hostname first: clients that take one
        // answer then take the name that the pod knows itself by.
        if writePointers(address, endpoints, hostnames: true, question, into: &writer), !writer.isTruncated {
            _ = writePointers(address, endpoints, hostnames: false, question, into: &writer)
        }
        return writer.answerCount > 0 || writer.isTruncated ? .answered : .nameError
    }

    /// Writes the records of those endpoints at `address` that answer to hostnames of headless services, or of all others.
    ///
    /// - Returns: whether there are any of the other kind.
    private func writePointers(
        _ address: AddressKey, _ endpoints: AddressMatches, hostnames: Bool, _ question: ClusterQuestion,
        into writer: inout ResponseWriter
    ) -> Bool {
        var matches = endpoints
        var hasOthers = false
        while true {
            let value = matches.next()
            if value < 0 { return hasOthers }
            let block = index.block(ReverseMatch(value).place)
            guard block.answersReverse else { continue }
            var place = block.firstPlace(of: address)
            guard place >= 0 else { continue }
            let target = block.row(block.rowByAddress(place)).place
            var label = -1
            while place < block.rowCount {
                let row = block.row(block.rowByAddress(place))
                guard row.place == target else { break }
                place &+= 1
                guard row.label != label else { continue }
                guard (row.isHostname && block.isHeadless) == hostnames else {
                    hasOthers = true
                    continue
                }
                label = row.label
                guard writePointer(block, label: block.label(label), question, into: &writer) else { return hasOthers }
            }
        }
    }

    /// Writes one PTR record; false, with TC, where it does not fit.
    private func writePointer(
        _ block: ServiceBlock, label: UnsafeRawPointer?, _ question: ClusterQuestion,
        into writer: inout ResponseWriter
    ) -> Bool {
        let labelLength = label.map { Int($0.load(as: UInt8.self)) &+ 1 } ?? 0
        let length = labelLength &+ block.suffixLength &+ primaryZoneLength
        guard length <= QuestionName.longest else { return true }
        guard writer.hasRoom(12 &+ length) else {
            writer.isTruncated = true
            return false
        }
        writer.putRecordHead(
            owner: ResponseWriter.questionPointer, type: .ptr, ttl: options.ttl, dataLength: length)
        if let label { writer.put(label, labelLength) }
        writer.put(block.key, block.suffixLength)
        writer.put(primaryZone, primaryZoneLength)
        writer.answerCount &+= 1
        return true
    }
}
