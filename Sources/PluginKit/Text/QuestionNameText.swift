import DNSWire

extension QuestionName {
    /// Most bytes that `writeText` writes: every octet of a name as `\DDD`.
    package static var longestText: Int { 4 &* QuestionName.longest }

    /// Writes the name in presentation form, in lower case and with its final dot, as `DomainName.description` has it, and
    /// allocates nothing.
    ///
    /// - Parameters:
    ///   - length: of the name in bytes.
    ///   - text: memory for `longestText` bytes.
    /// - Returns: how many bytes have been written: ASCII only.
    package func writeText(length: Int, into text: UnsafeMutablePointer<UInt8>) -> Int {
        if length <= 1 {
            text[0] = UInt8(ascii: ".")
            return 1
        }
        var offset = 0
        var end = 0
        // SAFETY: reads stay below `length`, which is at most 255; each octet read takes four bytes of text at most.
        while offset < length {
            var left = Int(bytes[offset])
            offset &+= 1
            if left == 0 { break }
            while left > 0, offset < length {
                end = QuestionName.write(bytes[offset], into: text, at: end)
                offset &+= 1
                left &-= 1
            }
            text[end] = UInt8(ascii: ".")
            end &+= 1
        }
        return end
    }

    @inline(__always)
    private static func write(_ octet: UInt8, into text: UnsafeMutablePointer<UInt8>, at start: Int) -> Int {
        var end = start
        switch octet {
        case UInt8(ascii: "."), UInt8(ascii: " "), UInt8(ascii: "'"), UInt8(ascii: "@"), UInt8(ascii: ";"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\""), UInt8(ascii: "\\"):
            text[end] = UInt8(ascii: "\\")
            end &+= 1
            text[end] = octet
        case 0x21...0x7E:
            text[end] = octet
        default:
            text[end] = UInt8(ascii: "\\")
            text[end &+ 1] = UInt8(ascii: "0") &+ octet / 100
            text[end &+ 2] = UInt8(ascii: "0") &+ octet / 10 % 10
            text[end &+ 3] = UInt8(ascii: "0") &+ octet % 10
            end &+= 3
        }
        return end &+ 1
    }
}
