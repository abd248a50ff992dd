/// JSON with line ends and two spaces for each level, as the server writes for curl and for `?pretty=1`.
enum JSONIndentation {
    static func indented(_ json: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(json.count * 2)
        var depth = 0
        var inString = false
        var isEscaped = false
        func newLine(_ out: inout [UInt8]) {
            out.append(10)
            out.append(contentsOf: repeatElement(32, count: 2 * depth))
        }
        for (index, byte) in json.enumerated() {
            if inString {
                out.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            let previous = index > 0 ? json[index - 1] : 0
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                out.append(byte)
                depth += 1
                let next = index + 1 < json.count ? json[index + 1] : 0
                if next != UInt8(ascii: "}"), next != UInt8(ascii: "]") { newLine(&out) }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if previous != UInt8(ascii: "{"), previous != UInt8(ascii: "[") { newLine(&out) }
                out.append(byte)
            case UInt8(ascii: ","):
                out.append(byte)
                newLine(&out)
            case UInt8(ascii: ":"):
                out.append(byte)
                out.append(32)
            default:
                if byte == UInt8(ascii: "\"") { inString = true }
                out.append(byte)
            }
        }
        return out
    }
}
