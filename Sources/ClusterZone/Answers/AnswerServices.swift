import DNSWire
import RecordIndex

extension ClusterReader {
    /// Writes SRV records and, as far as they fit, the addresses of their targets (Kubernetes DNS specification, 2.3.2 and
    /// 2.4.2). CoreDNS answers at the bare name of the service too, with all ports.
    func answerServices(
        _ name: ClusterName, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) -> ClusterOutcome {
        if name.kind == .pod { return answerPodService(name, question, into: &writer) }
        let outcome = existence(name, question)
        guard outcome == .noData, name.kind.rawValue >= ClusterName.Kind.service.rawValue, let selection = select(name),
            // CoreDNS: an alias has no SRV records; nor has a topology zone without endpoints.
            !selection.block.isExternalName, !selection.isEmptyZone
        else { return outcome }
        if selection.usesRows {
            writeRowServices(selection, question, into: &writer)
        } else {
            writeClusterServices(selection, question, into: &writer)
        }
        return writer.answerCount > 0 || writer.isTruncated ? .answered : .noData
    }

    // MARK: Cluster addresses

    /// The ports of a service with cluster addresses: the target is the service itself.
    private func writeClusterServices(
        _ selection: Selection, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) {
        let block = selection.block
        let addresses = block.clusterIPv4Count &+ block.clusterIPv6Count
        let weight = ClusterReader.weight(total: selection.matchingPorts(group: block.serviceGroup) &* addresses)
        guard addresses > 0 else { return }
        var targetOffset = 0
        var written: Int32 = -1
        let count = block.portCount(group: block.serviceGroup)
        var index = 0
        while index < count {
            let port = block.port(index, group: block.serviceGroup)
            index &+= 1
            // Ports ascend by number; two of one number would be equal records. CoreDNS: -1 stands for no port at all.
            guard port.number >= 0, port.number != written, selection.matches(port) else { continue }
            written = port.number
            let offset = writer.position &+ 18
            guard writeService(port.number, weight, label: nil, labelLength: 0, block, question, into: &writer) else {
                writer.isTruncated = true
                return
            }
            if targetOffset == 0 { targetOffset = offset }
        }
        guard targetOffset > 0 else { return }
        let owner = ResponseWriter.pointer(to: targetOffset)
        writeTargetAddresses(block.clusterIPv4, block.clusterIPv4Count, 4, owner, into: &writer)
        writeTargetAddresses(block.clusterIPv6, block.clusterIPv6Count, 16, owner, into: &writer)
    }

    private func writeTargetAddresses(
        _ pool: UnsafeRawPointer, _ count: Int, _ length: Int, _ owner: UInt16, into writer: inout ResponseWriter
    ) {
        var index = 0
        while index < count {
            guard writeAdditional(pool + index &* length, length, owner, into: &writer) else { return }
            index &+= 1
        }
    }

    // MARK: Endpoints

    /// The ports of the selected endpoints: the target of each is the endpoint's own name.
    private func writeRowServices(
        _ selection: Selection, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) {
        let block = selection.block
        let total = selection.isWhole ? block.serviceWeightTotal : weightTotal(selection)
        let weight = ClusterReader.weight(total: total)
        var targets = 0
        // The rows are those of one label, or all, or some of those in between.
        var label = selection.firstRow < selection.endRow ? selection.row(selection.firstRow).label : 0
        let end = selection.firstRow < selection.endRow ? selection.row(selection.endRow &- 1).label &+ 1 : 0
        while label < end {
            if selection.alias != nil, !hasRow(ofLabel: label, selection) {
                label &+= 1
                continue
            }
            guard writePorts(ofLabel: label, selection, weight, question, &targets, into: &writer) else {
                // RFC 2181, section 9: TC says that the answer section is not whole.
                writer.isTruncated = true
                return
            }
            label &+= 1
        }
        writeRowAddresses(selection, targets: targets, question, into: &writer)
    }

    /// Writes a record for each selected port of a label; false where one does not fit.
    @inline(__always)
    private func writePorts(
        ofLabel label: Int, _ selection: Selection, _ weight: UInt16, _ question: ClusterQuestion,
        _ targets: inout Int, into writer: inout ResponseWriter
    ) -> Bool {
        let block = selection.block
        let group = block.portGroup(ofLabel: label)
        // Nobody could ask for a target that is no name, and nothing may point at it.
        let text = block.label(label)
        let length = labelLength(text, block)
        guard group >= 0, isName(length, block, question) else { return true }
        // Ports of several slices know their zones; those of one slice are in the zones of the label's rows.
        let isMerged = block.hasMergedPorts(label: label)
        if selection.zone != 0, !isMerged, !hasRow(inZone: selection.zone, ofLabel: label, block) { return true }
        let count = block.portCount(group: group)
        var written: Int32 = -1
        var place = 0
        while place < count {
            let port = block.port(place, group: group)
            place &+= 1
            // Ports ascend by number; two of one number would be equal records. CoreDNS: an endpoint without declared
            // ports has no SRV records.
            guard port.number >= 0, port.number != written, selection.matches(port),
                selection.zone == 0 || !isMerged || port.zone == selection.zone
            else { continue }
            let offset = writer.position &+ 18
            guard writeService(port.number, weight, label: text, labelLength: length, block, question, into: &writer)
            else {
                return false
            }
            // The first record of the label is where the owners of its addresses point.
            if written < 0, targets < ClusterReader.mostTargets {
                targetOffsets[targets] = UInt16(clamping: offset)
                targets &+= 1
            }
            written = port.number
        }
        return true
    }

    /// Whether one of the selected rows of an alias has the label.
    private func hasRow(ofLabel label: Int, _ selection: Selection) -> Bool {
        var low = selection.firstRow
        var high = selection.endRow
        while low < high {
            let middle = (low &+ high) / 2
            let found = selection.row(middle).label
            if found == label { return true }
            if found < label { low = middle &+ 1 } else { high = middle }
        }
        return false
    }

    /// Whether an endpoint of the label is in the topology zone.
    private func hasRow(inZone zone: Int, ofLabel label: Int, _ block: ServiceBlock) -> Bool {
        var index = block.firstRow(ofLabel: label)
        let end = block.endRow(ofLabel: label)
        while index < end {
            let row = block.row(index)
            if row.kind != RowView.name, row.zone == zone { return true }
            index &+= 1
        }
        return false
    }

    /// Whether the target at `offset` begins with a label of the block.
    @inline(__always)
    private func isSameTarget(
        _ offset: UInt16, _ label: UnsafeRawPointer, _ block: ServiceBlock, _ question: ClusterQuestion,
        _ writer: borrowing ResponseWriter
    ) -> Bool {
        if block.isImported { return isSameImportedTarget(offset, ImportedLabel(label), block, question, writer) }
        return ServiceBlock.compareLabels(writer.base + Int(offset), label) == 0
    }

    @inline(never)
    private func isSameImportedTarget(
        _ offset: UInt16, _ label: ImportedLabel, _ block: ServiceBlock, _ question: ClusterQuestion,
        _ writer: borrowing ResponseWriter
    ) -> Bool {
        // An endpoint's label can be the same with a cluster and without. The length of the data, in front of the target and
        // the three numbers before it (RFC 2782), tells which.
        let target = writer.base + Int(offset)
        let length = Int(UInt16(bigEndian: target.loadUnaligned(fromByteOffset: -8, as: UInt16.self))) &- 6
        return length == label.nameLength &+ block.suffixLength &+ question.zoneLength && label.isName(target)
    }

    /// CoreDNS divides 100 by the number of endpoints and ports together, each counted as often as the slices list it.
    private func weightTotal(_ selection: Selection) -> Int {
        let block = selection.block
        var total = 0
        if selection.firstRow == 0, selection.endRow == block.rowCount {
            // Rows that are alike are counted already.
            var index = 0
            while index < block.attributesCount {
                let attributes = block.attributes(index)
                index &+= 1
                guard selection.zone == 0 || attributes.zone == selection.zone else { continue }
                total &+=
                    attributes.addressCount &* attributes.multiplicity
                    &* selection.matchingPorts(group: attributes.portGroup)
            }
            return total
        }
        var index = selection.firstRow
        while index < selection.endRow {
            let row = selection.row(index)
            if row.kind != RowView.name, selection.zone == 0 || row.zone == selection.zone {
                total &+= row.multiplicity &* selection.matchingPorts(group: row.portGroup)
            }
            index &+= 1
        }
        return total
    }

    /// Writes the addresses of the selected endpoints that have a record, as far as they fit: what is missing in the
    /// additional section is not truncation (RFC 2181, section 9).
    private func writeRowAddresses(
        _ selection: Selection, targets: Int, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) {
        let block = selection.block
        var target = 0
        var label = -1
        var hasTarget = false
        var previous = -1
        // Rows of one slice have one group of ports, and stand together more often than not.
        var group = -1
        var hasRecord = false
        var index = selection.firstRow
        while index < selection.endRow, target <= targets {
            let row = selection.row(index)
            index &+= 1
            if row.label != label {
                label = row.label
                previous = -1
                if hasTarget { target &+= 1 }
                // Targets were written in the order of the labels, but not for labels without a port.
                hasTarget =
                    target < targets && isSameTarget(targetOffsets[target], block.label(label), block, question, writer)
            }
            guard hasTarget, row.kind != RowView.name, row.place != previous,
                selection.zone == 0 || row.zone == selection.zone
            else { continue }
            // A row without a numbered port that is asked for (a slice without ports) has no record that its address could
            // belong to.
            if row.portGroup != group || group < 0 {
                group = row.portGroup
                hasRecord = selection.hasNumberedPort(group: group)
            }
            guard hasRecord else { continue }
            previous = row.place
            let offset = Int(targetOffsets[target])
            guard offset <= ResponseWriter.farthestPointer else { return }
            let length = row.kind == RowView.ipv4 ? 4 : 16
            let owner = ResponseWriter.pointer(to: offset)
            guard writeAdditional(block.address(of: row), length, owner, into: &writer) else { return }
        }
    }

    // MARK: Pods

    /// CoreDNS answers SRV at a pod's name with port 0 and the name itself as the target.
    private func answerPodService(
        _ name: ClusterName, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) -> ClusterOutcome {
        let namespace = name.namespace
        let number = index.namespace(namespace + 1, Int(namespace[0]))
        guard number >= 0, !isReverse(question.name, question.labelCount) else { return .nameError }
        let (address, count) = findPod(name, namespace: number)
        // By their names pods have addresses alone: a port 0 says nothing.
        guard count > 0 else { return findNamedPod(name) == nil ? .nameError : .noData }
        // The target is the pod's name without anything in front of it, in lower case up to the zone.
        let start = question.name.offset(ofLabel: name.left &- 3)
        let ownLength = question.name.offset(ofLabel: name.left) &- start
        let targetLength = ownLength &+ question.zoneLength
        guard writer.hasRoom(18 &+ targetLength) else {
            writer.isTruncated = true
            return .answered
        }
        writer.putRecordHead(
            owner: ResponseWriter.questionPointer, type: .srv, ttl: options.ttl, dataLength: 6 &+ targetLength)
        writer.put16(0)
        writer.put16(ClusterReader.weight(total: count))
        writer.put16(0)
        let offset = writer.position
        writer.put(question.name.bytes + start, ownLength)
        writer.put(writer.base + question.zoneOffset, question.zoneLength)
        writer.answerCount &+= 1
        _ = address.withBytes { bytes, length in
            writeAdditional(bytes, length, ResponseWriter.pointer(to: offset), into: &writer)
        }
        return .answered
    }

    // MARK: Records

    /// Whether an endpoint's label (length byte in front) makes a name in the zone asked for: endpoints of slices of type
    /// FQDN may have none, and a long zone leaves too little room for long labels (RFC 1035, section 2.3.4).
    @inline(__always)
    func isName(_ label: UnsafeRawPointer, _ block: ServiceBlock, _ question: ClusterQuestion) -> Bool {
        isName(labelLength(label, block), block, question)
    }

    @inline(__always)
    private func isName(_ labelLength: Int, _ block: ServiceBlock, _ question: ClusterQuestion) -> Bool {
        labelLength > 0 && labelLength &+ block.suffixLength &+ question.zoneLength <= QuestionName.longest
    }

    /// Bytes that an endpoint's label takes in a name, 0 where the endpoint has none. Of an imported service it is two
    /// labels in DNS.
    @inline(__always)
    private func labelLength(_ label: UnsafeRawPointer, _ block: ServiceBlock) -> Int {
        if block.isImported { return ImportedLabel(label).nameLength }
        let length = Int(label.load(as: UInt8.self))
        return length == 0 ? 0 : length &+ 1
    }

    /// Writes one SRV record, whose target is a name; false where it does not fit. The target is never compressed (RFC 2782; RFC 3597, section 4).
    @inline(__always)
    private func writeService(
        _ port: Int32, _ weight: UInt16, label: UnsafeRawPointer?, labelLength: Int, _ block: ServiceBlock,
        _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) -> Bool {
        let targetLength = labelLength &+ block.suffixLength &+ question.zoneLength
        guard writer.hasRoom(18 &+ targetLength) else { return false }
        writer.putRecordHead(
            owner: ResponseWriter.questionPointer, type: .srv, ttl: options.ttl, dataLength: 6 &+ targetLength)
        writer.put16(0)
        writer.put16(weight)
        writer.put16(UInt16(truncatingIfNeeded: port))
        if let label {
            if block.isImported { ImportedLabel(label).write(into: &writer) } else { writer.put(label, labelLength) }
        }
        writer.put(block.key, block.suffixLength)
        // The zone in the letters of the question, as CoreDNS has it.
        writer.put(writer.base + question.zoneOffset, question.zoneLength)
        writer.answerCount &+= 1
        return true
    }

    /// Writes an address to the additional section; false where it does not fit.
    @inline(__always)
    func writeAdditional(
        _ address: UnsafeRawPointer, _ length: Int, _ owner: UInt16, into writer: inout ResponseWriter
    ) -> Bool {
        guard writer.hasRoom(12 &+ length) else { return false }
        writer.putRecordHead(owner: owner, type: length == 4 ? .a : .aaaa, ttl: options.ttl, dataLength: length)
        writer.put(address, length)
        writer.additionalCount &+= 1
        return true
    }

    /// The weight that CoreDNS gives each of `total` records: 100 shared out, at least 1. In floating point and in this
    /// order, since rounding shows in the result.
    @inline(__always)
    static func weight(total: Int) -> UInt16 {
        guard total > 0 else { return 100 }
        let share = 100.0 / Double(total &* 100) * 100
        return UInt16(max(1, min(100, share.rounded(.down))))
    }
}
