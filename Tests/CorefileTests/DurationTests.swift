import Testing

@testable import Corefile

/// Go's duration syntax.
@Suite struct DurationTests {
    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("+0", 0), ("5s", 5_000_000_000), ("30s", 30_000_000_000),
            ("1478s", 1_478_000_000_000),
            ("-5s", -5_000_000_000), ("+5s", 5_000_000_000), ("0s", 0), ("5.0s", 5_000_000_000),
            ("5.6s", 5_600_000_000),
            ("5.s", 5_000_000_000), (".5s", 500_000_000), ("1.0s", 1_000_000_000), ("1.004s", 1_004_000_000),
            ("100.00100s", 100_001_000_000), ("10ns", 10), ("11us", 11_000), ("12\u{B5}s", 12_000),
            ("12\u{3BC}s", 12_000),
            ("13ms", 13_000_000), ("14s", 14_000_000_000), ("15m", 900_000_000_000), ("16h", 57_600_000_000_000),
            ("3h30m", 12_600_000_000_000), ("10.5s4m", 250_500_000_000), ("-2m3.4s", -123_400_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006), ("39h9m14.425s", 140_954_425_000_000),
            ("52763797000ns", 52_763_797_000), ("0.3333333333333333333h", 1_200_000_000_000),
            ("9007199254740993ns", 9_007_199_254_740_993), ("9223372036854775807ns", .max),
            ("9223372036854775.807us", .max), ("9223372036s854ms775us807ns", .max), ("-9223372036854775808ns", .min),
            ("-9223372036854775.808us", .min), ("-2562047h47m16.854775808s", .min),
            ("0.100000000000000000000h", 360_000_000_000),
            ("0.830103483285477580700h", 2_988_372_539_827),
        ] as [(String, Int64)])
    func nanoseconds(text: String, expected: Int64) throws {
        #expect(try parseDuration(text) == expected)
    }

    @Test(
        arguments: [
            ("", .invalid), ("3", .missingUnit), ("-", .invalid), ("s", .invalid), (".", .invalid), ("-.", .invalid),
            (".s", .invalid), ("+.s", .invalid), ("5s3", .missingUnit), ("1d", .unknownUnit("d")),
            ("\u{85}\u{85}", .invalid), ("hello \u{FFFF} world", .invalid), ("30 s", .unknownUnit(" s")),
            ("5S", .unknownUnit("S")),
            ("9223372036854775810ns", .overflow), ("9223372036854775808ns", .overflow),
            ("-9223372036854775809ns", .overflow),
            ("9223372036854776us", .overflow), ("3000000h", .overflow), ("9223372036854775.808us", .overflow),
            ("9223372036854ms775us808ns", .overflow), ("-9223372036854775808ns9223372036854775808ns", .overflow),
            ("99999999999999999999s", .overflow),
        ] as [(String, DurationError)])
    func errors(text: String, expected: DurationError) {
        #expect(throws: expected) { try parseDuration(text) }
    }
}
