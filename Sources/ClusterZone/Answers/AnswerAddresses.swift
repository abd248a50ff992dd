import DNSWire
import RecordIndex

extension ClusterReader {
    /// Writes the A or AAAA records of a name, and follows aliases within the zones.
    @inline(__always)
    func answerAddresses(
        _ name: ClusterName, _ question: ClusterQuestion, chain: inout AliasChain,
        into writer: inout ResponseWriter
    ) -> ClusterOutcome {
        switch name.kind {
        case .apex: return .noData
        case .invalid: return .nameError
        default: break
        }
        if chain.depth == 0, isReverse(question.name, question.labelCount) { return .nameError }
        let namespace = name.namespace
        let number = index.namespace(namespace + 1, Int(namespace[0]))
        guard number >= 0 else { return .nameError }
        switch name.kind {
        case .serviceNamespace: return .noData
        case .podNamespace: return hasPodNamespaces(name) ? .noData : .nameError
        case .pod: return answerPod(name, namespace: number, question, owner: chain.owner, into: &writer)
        default: break
        }
        guard let selection = select(name) else { return .nameError }
        let before = writer.answerCount
        if selection.block.isExternalName {
            let (target, length) = selection.block.externalName
            follow(target, length, question, chain: &chain, into: &writer)
        } else if selection.usesRows {
            guard selection.existsEmpty || selection.selectsAnything else { return .nameError }
            writeRows(selection, question, chain: &chain, into: &writer)
        } else {
            guard selection.selectsAnything else { return .nameError }
            writeClusterAddresses(selection.block, question, owner: chain.owner, into: &writer)
        }
        return writer.answerCount != before || writer.isTruncated ? .answered : .noData
    }

    /// Writes the service's own addresses of the family asked for (Kubernetes DNS specification, 2.3.1).
    @inline(__always)
    func writeClusterAddresses(
        _ block: ServiceBlock, _ question: ClusterQuestion, owner: UInt16, into writer: inout ResponseWriter
    ) {
        if question.type == .a {
            writePool(block.clusterIPv4, block.clusterIPv4Count, 4, question, owner: owner, into: &writer)
        } else {
            writePool(block.clusterIPv6, block.clusterIPv6Count, 16, question, owner: owner, into: &writer)
        }
    }

    /// Writes `count` addresses of `length` bytes each, beginning at the place that the rotation names.
    @inline(__always)
    private func writePool(
        _ pool: UnsafeRawPointer, _ count: Int, _ length: Int, _ question: ClusterQuestion, owner: UInt16,
        into writer: inout ResponseWriter
    ) {
        guard count > 0 else { return }
        var place = Int(question.rotation % UInt32(truncatingIfNeeded: count))
        var written = 0
        while written < count {
            guard
                writer.answerAddress(
                    owner: owner, type: question.type, ttl: options.ttl, address: pool + place &* length, length: length
                )
            else {
                writer.isTruncated = true
                return
            }
            place = place &+ 1 == count ? 0 : place &+ 1
            written &+= 1
        }
    }

    /// Writes the addresses of the selected endpoints, each once (Kubernetes DNS specification, 2.4.1).
    @inline(__always)
    private func writeRows(
        _ selection: Selection, _ question: ClusterQuestion, chain: inout AliasChain,
        into writer: inout ResponseWriter
    ) {
        let block = selection.block
        if selection.isWhole {
            if question.type == .a {
                writePool(block.poolIPv4, block.poolIPv4Count, 4, question, owner: chain.owner, into: &writer)
            } else {
                writePool(block.poolIPv6, block.poolIPv6Count, 16, question, owner: chain.owner, into: &writer)
            }
            if block.hasTargets, !writer.isTruncated { writeTargets(selection, question, chain: &chain, into: &writer) }
            return
        }
        writeFiltered(selection, question, chain: &chain, into: &writer)
    }

    /// Writes the addresses of some of the endpoints. Walked by address, so that an address that several rows share is
    /// written once.
    private func writeFiltered(
        _ selection: Selection, _ question: ClusterQuestion, chain: inout AliasChain,
        into writer: inout ResponseWriter
    ) {
        if selection.isEmptyZone { return }
        let block = selection.block
        let wanted = question.type == .a ? RowView.ipv4 : RowView.ipv6
        let length = question.type == .a ? 4 : 16
        let count = selection.endRow &- selection.firstRow
        guard count > 0 else { return }
        // Rows of one label are already in the order of their addresses; all rows have an order of their own for that.
        let isLabel = count != block.rowCount
        var start = Int(question.rotation % UInt32(truncatingIfNeeded: count))
        // Begin where an address begins, or its first rows would come again at the end.
        while start > 0, row(selection, start, isLabel).place == row(selection, start &- 1, isLabel).place {
            start &-= 1
        }
        var written = -1
        var step = 0
        while step < count {
            let place = start &+ step < count ? start &+ step : start &+ step &- count
            let row = row(selection, place, isLabel)
            step &+= 1
            guard row.kind == wanted, row.place != written, selection.matches(row) else { continue }
            written = row.place
            guard
                writer.answerAddress(
                    owner: chain.owner, type: question.type, ttl: options.ttl, address: block.address(of: row),
                    length: length)
            else {
                writer.isTruncated = true
                return
            }
        }
        if block.hasTargets { writeTargets(selection, question, chain: &chain, into: &writer) }
    }

    @inline(__always)
    private func row(_ selection: Selection, _ place: Int, _ isLabel: Bool) -> RowView {
        let block = selection.block
        if let alias = selection.alias { return block.rowByAddress(place, of: alias) }
        return block.row(isLabel ? selection.firstRow &+ place : block.rowByAddress(place))
    }

    /// Follows the names that endpoints of slices of address type FQDN stand for: to CoreDNS each is an alias.
    private func writeTargets(
        _ selection: Selection, _ question: ClusterQuestion, chain: inout AliasChain,
        into writer: inout ResponseWriter
    ) {
        if selection.isEmptyZone { return }
        let block = selection.block
        var previous = -1
        let count = selection.endRow &- selection.firstRow
        let isLabel = count != block.rowCount
        var place = 0
        while place < count, !writer.isTruncated {
            let row = row(selection, place, isLabel)
            place &+= 1
            guard row.kind == RowView.name, row.place != previous, selection.matches(row) else { continue }
            previous = row.place
            let (target, length) = block.target(of: row)
            follow(target, length, question, chain: &chain, into: &writer)
        }
    }
}
