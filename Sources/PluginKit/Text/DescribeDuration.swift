/// A duration in nanoseconds as Go's `time.Duration` prints it: "30s", "1m30s", "1h0m0s", "1.5s", "250ms", "0s".
package func describeDuration(_ nanoseconds: Int64) -> String {
    let magnitude = nanoseconds.magnitude
    let sign = nanoseconds < 0 ? "-" : ""
    switch magnitude {
    case 0: return "0s"
    case ..<1000: return "\(sign)\(magnitude)ns"
    case ..<1_000_000: return sign + decimal(magnitude, unit: 1000) + "\u{B5}s"
    case ..<1_000_000_000: return sign + decimal(magnitude, unit: 1_000_000) + "ms"
    default: break
    }
    let second: UInt64 = 1_000_000_000
    let minutes = magnitude / (60 * second)
    let seconds = decimal(magnitude % (60 * second), unit: second) + "s"
    if minutes == 0 { return sign + seconds }
    if minutes < 60 { return "\(sign)\(minutes)m\(seconds)" }
    return "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
}

/// `value` in `unit`s, a power of ten, with the digits behind the point that it needs.
private func decimal(_ value: UInt64, unit: UInt64) -> String {
    var fraction = value % unit
    guard fraction != 0 else { return String(value / unit) }
    var digits: [UInt8] = []
    var scale = unit / 10
    while fraction != 0 {
        digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / scale))
        fraction %= scale
        scale = max(1, scale / 10)
    }
    return "\(value / unit)." + String(decoding: digits, as: UTF8.self)
}
