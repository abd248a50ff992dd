import DNSWire
import RecordIndex

/// How far a chain of aliases has been followed.
struct AliasChain {
    /// Compression pointer to the owner of the records that are written next.
    var owner: UInt16
    var depth = 0
    var budget = ClusterReader.aliasBudget
    /// Offset of a target that lies outside of the zones; 0 where there is none.
    var externalTarget = 0
    /// The zone (an index into the plugin's list) that the last alias led to; -1 where none has been followed.
    var zone = -1

    init(owner: UInt16) { self.owner = owner }
}

extension ClusterReader {
    /// Writes a CNAME to the name in wire form at `target` and the addresses behind it.
    ///
    /// CoreDNS's rule: an alias to a name within the zones appears only where something is behind it, which also makes
    /// loops vanish; an alias to a name elsewhere, which another zone of the plugin is too, always appears.
    func follow(
        _ target: UnsafeRawPointer, _ length: Int, _ question: ClusterQuestion, chain: inout AliasChain,
        into writer: inout ResponseWriter
    ) {
        guard chain.depth <= ClusterReader.longestChain, chain.budget > 0 else { return }
        chain.budget &-= 1
        let scratch = aliasNames[chain.depth]
        guard let copied = scratch.copy(target, length), !isVisited(scratch, copied.length, question, chain) else {
            return
        }
        let mark = writer.mark
        let targetOffset = writer.position &+ 12
        guard writeAlias(target, length, owner: chain.owner, into: &writer),
            targetOffset <= ResponseWriter.farthestPointer
        else { return }
        let zone = zones.longestMatch(scratch, length: copied.length, labelCount: copied.labelCount)
        guard zone.index >= 0 else {
            if chain.externalTarget == 0 { chain.externalTarget = targetOffset }
            return
        }
        let outer = (owner: chain.owner, zone: chain.zone)
        let here =
            chain.zone >= 0
            ? chain.zone
            : zones.longestMatch(question.name, length: question.nameLength, labelCount: question.labelCount).index
        let behind = writer.mark
        chain.owner = ResponseWriter.pointer(to: targetOffset)
        chain.zone = zone.index
        chain.depth &+= 1
        let name = ClusterName(
            scratch, left: zone.labelsLeft, zonal: options.zonal, isMulticluster: isMulticluster(zone: zone.index))
        let outcome =
            isReverse(scratch, copied.labelCount)
            ? ClusterOutcome.nameError : answerAddresses(name, question, chain: &chain, into: &writer)
        chain.depth &-= 1
        chain.owner = outer.owner
        chain.zone = outer.zone
        if outcome != .answered { writer.roll(back: zone.index == here ? mark : behind) }
    }

    /// Whether the chain has been at this name before. CoreDNS leaves out an alias to itself and one that the chain already
    /// has, so the two ends of a loop have no records.
    private func isVisited(
        _ name: QuestionName, _ length: Int, _ question: ClusterQuestion, _ chain: borrowing AliasChain
    ) -> Bool {
        // A name in wire form ends itself, so equal bytes up to its end are an equal name.
        if equalBytes(name.bytes, question.name.bytes, length) { return true }
        var depth = 0
        while depth < chain.depth {
            if equalBytes(name.bytes, aliasNames[depth].bytes, length) { return true }
            depth &+= 1
        }
        return false
    }

    /// Writes one CNAME record to the answer section; false, with TC, where it does not fit.
    private func writeAlias(
        _ target: UnsafeRawPointer, _ length: Int, owner: UInt16, into writer: inout ResponseWriter
    ) -> Bool {
        guard writer.hasRoom(12 &+ length) else {
            writer.isTruncated = true
            return false
        }
        writer.putRecordHead(owner: owner, type: .cname, ttl: options.ttl, dataLength: length)
        writer.put(target, length)
        writer.answerCount &+= 1
        return true
    }

    /// Answers a question for CNAME itself.
    func answerAlias(
        _ name: ClusterName, _ question: ClusterQuestion, into writer: inout ResponseWriter
    ) -> ClusterOutcome {
        if name.kind == .invalid, isNameServer(question) { return .noData }
        let outcome = existence(name, question)
        guard outcome == .noData, name.kind.rawValue >= ClusterName.Kind.service.rawValue, let selection = select(name)
        else {
            return outcome
        }
        let block = selection.block
        if block.isExternalName {
            let (target, length) = block.externalName
            _ = writeAlias(target, length, owner: ResponseWriter.questionPointer, into: &writer)
            return .answered
        }
        // CoreDNS looks at one endpoint only, and which one that is of several is chance; here it is an alias where there is
        // just one endpoint, which stands for a name.
        guard selection.usesRows, !selection.isEmptyZone, selection.firstRow < selection.endRow else { return .noData }
        let row = selection.row(selection.firstRow)
        guard row.kind == RowView.name, selection.endRow == selection.firstRow &+ 1, selection.matches(row) else {
            return .noData
        }
        let (target, length) = block.target(of: row)
        _ = writeAlias(target, length, owner: ResponseWriter.questionPointer, into: &writer)
        return .answered
    }
}
