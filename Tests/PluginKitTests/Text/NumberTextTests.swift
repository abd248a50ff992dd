import Testing

@testable import PluginKit

/// Numbers as Go writes them.
@Suite struct NumberTextTests {
    static let durations: [(Int64, String)] = [
        (0, "0s"), (1, "1ns"), (999, "999ns"), (1000, "1\u{B5}s"), (1500, "1.5\u{B5}s"), (1_000_000, "1ms"),
        (250_000_000, "250ms"), (1_000_001, "1.000001ms"), (1_000_000_000, "1s"), (1_500_000_000, "1.5s"),
        (30_000_000_000, "30s"), (60_000_000_000, "1m0s"), (90_000_000_000, "1m30s"), (3_600_000_000_000, "1h0m0s"),
        (5_025_500_000_000, "1h23m45.5s"), (-90_000_000_000, "-1m30s"), (-1, "-1ns"),
        (.max, "2562047h47m16.854775807s"), (.min, "-2562047h47m16.854775808s"),
    ]

    @Test func durationsInGosForm() {
        for (nanoseconds, text) in Self.durations { #expect(describeDuration(nanoseconds) == text) }
    }

    static let numbers: [(Double, fixed: String, general: String)] = [
        (0, "0", "0"), (1, "1", "1"), (-1, "-1", "-1"), (0.5, "0.5", "0.5"), (123.25, "123.25", "123.25"),
        (0.1, "0.1", "0.1"), (0.0001, "0.0001", "0.0001"), (0.00001, "0.00001", "1e-05"),
        (0.00025, "0.00025", "0.00025"),
        (100_000, "100000", "100000"), (1_000_000, "1000000", "1e+06"), (1_234_567, "1234567", "1.234567e+06"),
        (1e21, "1000000000000000000000", "1e+21"), (1.5e-7, "0.00000015", "1.5e-07"), (.infinity, "+Inf", "+Inf"),
        (-.infinity, "-Inf", "-Inf"), (.nan, "NaN", "NaN"),
    ]

    @Test func numbersInGosForm() {
        for (value, fixed, general) in Self.numbers {
            #expect(ShortestDecimal(value).fixed == fixed)
            #expect(ShortestDecimal(value).general == general)
        }
    }
}
