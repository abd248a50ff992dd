import DNSWire
import RecordIndex

extension ClusterReader {
    /// NS at the zone's name: the names of the services whose endpoints have this server's addresses, else `ns.dns.ZONE`
    /// (CoreDNS: nsAddrs). Their addresses follow in the additional section.
    func answerNameServers(_ question: ClusterQuestion, into writer: inout ResponseWriter) -> ClusterOutcome {
        var targets = 0
        guard hasServerEndpoint else {
            writeLocalNameServer(question, into: &writer)
            return writer.answerCount > 0 || writer.isTruncated ? .answered : .noData
        }
        for place in 0..<localAddressCount {
            var matches = index.reverse(localAddresses[place])
            while let block = nextServer(&matches, before: place) {
                for label in 0..<(block.isHeadless ? block.labelCount : block.hasClusterAddress ? 1 : 0) {
                    if block.isHeadless, !isName(block.label(label), block, question) { continue }
                    let target = writer.position &+ 12
                    writeNameServer(block.isHeadless ? block.label(label) : nil, block, question, into: &writer)
                    if writer.isTruncated { return .answered }
                    if targets < ClusterReader.mostTargets {
                        targetOffsets[targets] = UInt16(clamping: target)
                        targets &+= 1
                    }
                }
            }
        }
        writeServerTargets(targets, question, into: &writer)
        return writer.answerCount > 0 ? .answered : .noData
    }

    /// Writes the addresses of the name servers just written, in the same order.
    private func writeServerTargets(
        _ targets: Int, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) {
        var target = 0
        for place in 0..<localAddressCount {
            var matches = index.reverse(localAddresses[place])
            while let block = nextServer(&matches, before: place) {
                if block.isHeadless {
                    for label in 0..<block.labelCount where target < targets {
                        guard isName(block.label(label), block, question) else { continue }
                        guard let owner = serverOwner(target) else { return }
                        target &+= 1
                        for row in block.firstRow(ofLabel: label)..<block.endRow(ofLabel: label) {
                            let row = block.row(row)
                            guard row.kind != RowView.name else { continue }
                            let length = row.kind == RowView.ipv4 ? 4 : 16
                            guard writeAdditional(block.address(of: row), length, owner, into: &writer) else { return }
                        }
                    }
                } else if block.hasClusterAddress, target < targets {
                    guard let owner = serverOwner(target) else { return }
                    target &+= 1
                    for place in 0..<block.clusterIPv4Count {
                        guard writeAdditional(block.clusterIPv4 + place &* 4, 4, owner, into: &writer) else { return }
                    }
                    for place in 0..<block.clusterIPv6Count {
                        guard writeAdditional(block.clusterIPv6 + place &* 16, 16, owner, into: &writer) else { return }
                    }
                }
            }
        }
    }

    /// The pointer to name server number `target`; nil where it stands too far back for one.
    private func serverOwner(_ target: Int) -> UInt16? {
        let offset = Int(targetOffsets[target])
        return offset <= ResponseWriter.farthestPointer ? ResponseWriter.pointer(to: offset) : nil
    }

    /// Whether any endpoint has one of the local addresses.
    private var hasServerEndpoint: Bool {
        for place in 0..<localAddressCount {
            var matches = index.reverse(localAddresses[place])
            while true {
                let value = matches.next()
                if value < 0 { break }
                if !ReverseMatch(value).isClusterAddress { return true }
            }
        }
        return false
    }

    /// The next service with an endpoint at local address `place` that no earlier local address led to.
    private func nextServer(_ matches: inout AddressMatches, before place: Int) -> ServiceBlock? {
        while true {
            let value = matches.next()
            if value < 0 { return nil }
            let match = ReverseMatch(value)
            if !match.isClusterAddress, !isListed(match.place, before: place) { return index.block(match.place) }
        }
    }

    /// CoreDNS: without such a service the name is ns.dns.ZONE, at the local addresses.
    private func writeLocalNameServer(_ question: ClusterQuestion, into writer: inout ResponseWriter) {
        let length = 7 &+ question.zoneLength
        guard localAddressCount > 0, answersLocalAddresses, length <= QuestionName.longest else { return }
        guard writer.hasRoom(12 &+ length) else {
            writer.isTruncated = true
            return
        }
        writer.putRecordHead(owner: ResponseWriter.questionPointer, type: .ns, ttl: options.ttl, dataLength: length)
        let target = writer.position
        writer.put(ClusterReader.nameServerLabels.utf8Start, 7)
        writer.put(writer.base + question.zoneOffset, question.zoneLength)
        writer.answerCount &+= 1
        for place in 0..<localAddressCount {
            _ = localAddresses[place].withBytes { bytes, length in
                writeAdditional(bytes, length, ResponseWriter.pointer(to: target), into: &writer)
            }
        }
    }

    /// Whether an earlier local address already led to the block at `place`.
    private func isListed(_ place: Int, before end: Int) -> Bool {
        for earlier in 0..<end {
            var matches = index.reverse(localAddresses[earlier])
            while true {
                let value = matches.next()
                if value < 0 { break }
                let match = ReverseMatch(value)
                if !match.isClusterAddress, match.place == place { return true }
            }
        }
        return false
    }

    private func writeNameServer(
        _ label: UnsafeRawPointer?, _ block: ServiceBlock, _ question: ClusterQuestion,
        into writer: inout ResponseWriter
    ) {
        let labelLength = label.map { Int($0.load(as: UInt8.self)) &+ 1 } ?? 0
        let length = labelLength &+ block.suffixLength &+ question.zoneLength
        guard writer.hasRoom(12 &+ length) else {
            writer.isTruncated = true
            return
        }
        writer.putRecordHead(owner: ResponseWriter.questionPointer, type: .ns, ttl: options.ttl, dataLength: length)
        if let label { writer.put(label, labelLength) }
        writer.put(block.key, block.suffixLength)
        writer.put(writer.base + question.zoneOffset, question.zoneLength)
        writer.answerCount &+= 1
    }

    /// A and AAAA of `ns.dns.ZONE`: the addresses of those services, else the local ones.
    func answerLocal(_ question: ClusterQuestion, into writer: inout ResponseWriter) -> ClusterOutcome {
        for place in 0..<localAddressCount {
            var matches = index.reverse(localAddresses[place])
            while let block = nextServer(&matches, before: place) {
                writeServerAddresses(block, question, into: &writer)
            }
        }
        if answersLocalAddresses, !hasServerEndpoint {
            for place in 0..<localAddressCount where localAddresses[place].isIPv4 == (question.type == .a) {
                localAddresses[place].withBytes { bytes, length in
                    if !writer.answerAddress(
                        owner: ResponseWriter.questionPointer, type: question.type, ttl: options.ttl, address: bytes,
                        length: length)
                    {
                        writer.isTruncated = true
                    }
                }
            }
        }
        return writer.answerCount > 0 || writer.isTruncated ? .answered : .noData
    }

    private func writeServerAddresses(
        _ block: ServiceBlock, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) {
        let isIPv4 = question.type == .a
        let pool: (UnsafeRawPointer, Int)
        if block.isHeadless {
            pool = isIPv4 ? (block.poolIPv4, block.poolIPv4Count) : (block.poolIPv6, block.poolIPv6Count)
        } else {
            pool = isIPv4 ? (block.clusterIPv4, block.clusterIPv4Count) : (block.clusterIPv6, block.clusterIPv6Count)
        }
        let length = isIPv4 ? 4 : 16
        for place in 0..<pool.1 {
            guard
                writer.answerAddress(
                    owner: ResponseWriter.questionPointer, type: question.type, ttl: options.ttl,
                    address: pool.0 + place &* length, length: length)
            else {
                writer.isTruncated = true
                return
            }
        }
    }
}
