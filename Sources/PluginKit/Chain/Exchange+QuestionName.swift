import DNSWire

extension Exchange {
    /// The question's name in presentation form, in lower case, with its final dot: what log lines have. The root where no
    /// question could be read, as in CoreDNS. Allocates.
    package var questionName: DomainName {
        // SAFETY: the name's memory holds `nameLength` bytes.
        let wire = UnsafeBufferPointer(start: name.bytes, count: request.nameLength)
        do throws(NameError) {
            return try DomainName(wire: Array(wire))
        } catch {
            return .root
        }
    }
}
