/// Unsigned decimal numbers of presentation text.
enum DecimalNumber {
    /// The number that the digits stand for, or nothing if there are none, another character is among them, or it does not fit.
    static func parse<Number: FixedWidthInteger>(_ text: some Collection<UInt8>, as type: Number.Type) -> Number? {
        guard !text.isEmpty else { return nil }
        var number: Number = 0
        for octet in text {
            guard let digit = OctetEscaping.digit(octet) else { return nil }
            let (shifted, multiplyOverflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, addOverflow) = shifted.addingReportingOverflow(Number(digit))
            guard !multiplyOverflow, !addOverflow else { return nil }
            number = sum
        }
        return number
    }
}
