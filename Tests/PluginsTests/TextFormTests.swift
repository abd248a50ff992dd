import PluginKit
import Testing

struct TextFormTests {
    /// Go: strconv.FormatFloat(value, 'g', -1, 64) and with 'f'.
    @Test(arguments: [
        (0.0, "0", "0"), (1, "1", "1"), (-1.5, "-1.5", "-1.5"), (0.037990251, "0.037990251", "0.037990251"),
        (0.0001, "0.0001", "0.0001"), (0.00001, "1e-05", "0.00001"), (2.5e-7, "2.5e-07", "0.00000025"),
        (100_000, "100000", "100000"), (999_999.5, "999999.5", "999999.5"), (1e6, "1e+06", "1000000"),
        (123_456_789, "1.23456789e+08", "123456789"), (1.7e9 + 0.25, "1.70000000025e+09", "1700000000.25"),
        (1e21, "1e+21", "1000000000000000000000"), (1e100, "1e+100", "1" + String(repeating: "0", count: 100)),
        (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"), (.infinity, "+Inf", "+Inf"),
        (-.infinity, "-Inf", "-Inf"), (.nan, "NaN", "NaN"), (8.192, "8.192", "8.192"),
        (18_446_744_073_709_551_616, "1.8446744073709552e+19", "18446744073709552000"),
    ])
    func numbers(_ value: Double, _ general: String, _ fixed: String) {
        #expect(ShortestDecimal(value).general == general)
        #expect(ShortestDecimal(value).fixed == fixed)
    }

    /// Go: time.Duration.String().
    @Test(
        arguments: [
            (0, "0s"), (1, "1ns"), (1100, "1.1\u{B5}s"), (2_200_000, "2.2ms"), (250_000_000, "250ms"),
            (30_000_000_000, "30s"), (1_500_000_000, "1.5s"), (60_000_000_000, "1m0s"), (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"), (3_661_001_000_000, "1h1m1.001s"), (-5_000_000_000, "-5s"),
            (.max, "2562047h47m16.854775807s"), (.min, "-2562047h47m16.854775808s"),
        ] as [(Int64, String)])
    func durations(_ nanoseconds: Int64, _ expected: String) {
        #expect(describeDuration(nanoseconds) == expected)
    }
}
