import Testing

@testable import apodns

/// The command line's words, in the form of Go's flag package.
@Suite struct ArgumentsTests {
    struct Good: Sendable {
        let words: [String]
        let change: @Sendable (inout Arguments) -> Void
    }

    static let good = [
        Good(words: []) { _ in },
        Good(words: ["-conf", "a"]) { $0.configuration = "a" },
        Good(words: ["--conf", "a"]) { $0.configuration = "a" },
        Good(words: ["-conf=a=b"]) { $0.configuration = "a=b" },
        Good(words: ["-conf="]) { $0.configuration = "" },
        Good(words: ["-conf", "-quiet"]) { $0.configuration = "-quiet" },
        Good(words: ["-conf", "a", "-conf", "b"]) { $0.configuration = "b" },
        Good(words: ["-p", "5300"]) { $0.port = 5300 },
        Good(words: ["-dns.port=5300"]) { $0.port = 5300 },
        Good(words: ["-p", "0"]) { $0.port = 0 },
        Good(words: ["-p", "1", "-dns.port", "2"]) { $0.port = 2 },
        Good(words: ["-pidfile", "x"]) { $0.pidFile = "x" },
        Good(words: ["-quiet"]) { $0.isQuiet = true },
        Good(words: ["-quiet=false"]) { _ in },
        Good(words: ["-quiet=T", "-version=1", "-plugins=TRUE"]) {
            $0.isQuiet = true
            $0.showsVersion = true
            $0.listsPlugins = true
        },
        Good(words: ["-h"]) { $0.showsHelp = true },
        Good(words: ["-quiet", "--"]) { $0.isQuiet = true },
    ]

    @Test func reads() throws {
        for row in Self.good {
            var expected = try Arguments()
            row.change(&expected)
            #expect(try Arguments(row.words) == expected, "\(row.words)")
        }
        #expect(try Arguments().port == 53)
        #expect(try Arguments().configuration == nil)
    }

    static let bad: [([String], Arguments.Failure)] = [
        (["-conf"], .usage("flag needs an argument: -conf")),
        (["-p", "dns"], .usage("invalid value \"dns\" for flag -p: expected a port from 0 to 65535")),
        (
            ["-dns.port", "65536"],
            .usage("invalid value \"65536\" for flag -dns.port: expected a port from 0 to 65535")
        ),
        (["-p=-1"], .usage("invalid value \"-1\" for flag -p: expected a port from 0 to 65535")),
        (["-p="], .usage("invalid value \"\" for flag -p: expected a port from 0 to 65535")),
        (["-quiet=perhaps"], .usage("invalid boolean value \"perhaps\" for -quiet")),
        (["-x"], .usage("flag provided but not defined: -x")),
        (["-Quiet"], .usage("flag provided but not defined: -Quiet")),
        (["---p", "1"], .usage("bad flag syntax: ---p")),
        (["-=1"], .usage("bad flag syntax: -=1")),
        (["a"], .extraArguments(["a"])),
        (["-quiet", "a", "-p"], .extraArguments(["a", "-p"])),
        (["--", "-quiet"], .extraArguments(["-quiet"])),
        (["-"], .extraArguments(["-"])),
        ([""], .extraArguments([""])),
    ]

    @Test func refuses() {
        for (words, failure) in Self.bad {
            #expect(throws: failure, "\(words)") { try Arguments(words) }
        }
    }
}
