extension ResourceRecord: CustomStringConvertible {
    /// The record as a line of a zone file: owner, TTL, class, type and data, one tab between them (dig puts more tabs there).
    package var description: String { "\(owner)\t\(ttl)\t\(recordClass)\t\(type.zoneFileForm)\t\(data)" }
}
