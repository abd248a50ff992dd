import DNSWire
import Testing

struct ParseResourceRecordTests {
    /// Text, and what it means in full; the origin is "example.org.", the default TTL 3600.
    static let accepted: [(String, String)] = [
        ("www A 192.0.2.1", "www.example.org.\t3600\tIN\tA\t192.0.2.1"),
        ("www 60 A 192.0.2.1", "www.example.org.\t60\tIN\tA\t192.0.2.1"),
        ("www 60 IN A 192.0.2.1", "www.example.org.\t60\tIN\tA\t192.0.2.1"),
        ("www IN 60 A 192.0.2.1", "www.example.org.\t60\tIN\tA\t192.0.2.1"),
        ("www in a 192.0.2.1", "www.example.org.\t3600\tIN\tA\t192.0.2.1"),
        ("www. 1h30m A 192.0.2.1", "www.\t5400\tIN\tA\t192.0.2.1"),
        ("www. 1W2D A 192.0.2.1", "www.\t777600\tIN\tA\t192.0.2.1"),
        ("@ NS ns", "example.org.\t3600\tIN\tNS\tns.example.org."),
        ("@ MX 10 @", "example.org.\t3600\tIN\tMX\t10 example.org."),
        ("x CH TXT word", "x.example.org.\t3600\tCH\tTXT\t\"word\""),
        ("x CLASS32 TYPE731 \\# 6 abcd ef 01 23 45", "x.example.org.\t3600\tCLASS32\tTYPE731\t\\# 6 ABCDEF012345"),
        ("x CLASS1 TYPE1 \\# 4 0A000001", "x.example.org.\t3600\tIN\tA\t10.0.0.1"),
        ("x TYPE1 10.0.0.1", "x.example.org.\t3600\tIN\tA\t10.0.0.1"),
        ("x NONE A 10.0.0.1", "x.example.org.\t3600\tNONE\tA\t10.0.0.1"),
        ("x 0 ANY \\# 0", "x.example.org.\t0\tIN\tANY\t\\# 0"),
        ("x TYPE0 \\# 0", "x.example.org.\t3600\tIN\tTYPE0\t\\# 0"),
        // A name that is also a class, a type or a time.
        ("in 60 in a 192.0.2.1", "in.example.org.\t60\tIN\tA\t192.0.2.1"),
        ("60 60 A 192.0.2.1", "60.example.org.\t60\tIN\tA\t192.0.2.1"),
        // Several lines, comments, quotes.
        (
            "@ SOA ns mail ( ; start\n 2024 ; serial\n 2h 30m\n 1w 1d )\n",
            "example.org.\t3600\tIN\tSOA\tns.example.org. mail.example.org. 2024 7200 1800 604800 86400"
        ),
        ("\n ; nothing\nx TXT a;b", "x.example.org.\t3600\tIN\tTXT\t\"a\""),
        (
            #"x TXT "a;b" "c d""e" f\032g \"h\" é"#,
            "x.example.org.\t3600\tIN\tTXT\t\"a;b\" \"c d\" \"e\" \"f g\" \"\\\"h\\\"\" \"\\195\\169\""
        ),
        ("x TXT (a\r\nb) ; c\r\n", "x.example.org.\t3600\tIN\tTXT\t\"a\" \"b\""),
        (#"a\.b TXT "" "#, "a\\.b.example.org.\t3600\tIN\tTXT\t\"\""),
        ("x CAA 0 issue letsencrypt.org", "x.example.org.\t3600\tIN\tCAA\t0 issue \"letsencrypt.org\""),
        ("x DS 1 8 2 ( ab cd\n ef )", "x.example.org.\t3600\tIN\tDS\t1 8 2 ABCDEF"),
        ("x DNSKEY 257 3 13 AwE AAQ==", "x.example.org.\t3600\tIN\tDNSKEY\t257 3 13 AwEAAQ=="),
        ("x TXT \\# 3 026162", "x.example.org.\t3600\tIN\tTXT\t\"ab\""),
        (##"x TXT "\\#" 3"##, "x.example.org.\t3600\tIN\tTXT\t\"\\\\#\" \"3\""),
    ]

    @Test(arguments: accepted) func parses(text: String, whole: String) throws {
        let record = try ResourceRecord.parse(text, origin: name("example.org."), defaultTTL: 3600)
        #expect(record.description == whole)
        #expect(try ResourceRecord.parse(record.description) == record)
    }

    /// Text, and what the error says.
    static let refused: [(String, String)] = [
        ("", #"1:1: found no text, expected a resource record"#),
        ("; nothing", #"1:1: found no text, expected a resource record"#),
        ("x", #"1:2: found the end of the record, expected a TTL, a class or a type"#),
        (" A 1.2.3.4", #"1:2: found "A", expected an owner at the start of the line, as there is none before it"#),
        ("a..b A 1.2.3.4", #"1:1: found "a..b", expected the owner, a domain name (a label is empty)"#),
        ("x A 1.2.3.4", #"1:3: found "A", expected a TTL, as there is no default"#),
        ("x 1 AA 1.2.3.4", #"1:5: found "AA", expected a TTL, a class or a type"#),
        ("x 1 2 A 1.2.3.4", #"1:5: found "2", expected a TTL, a class or a type"#),
        ("x 1 IN CH A 1.2.3.4", #"1:8: found "CH", expected a TTL, a class or a type"#),
        ("x 4294967296 A 1.2.3.4", #"1:3: found "4294967296", expected a TTL, a class or a type"#),
        ("x 8000w A 1.2.3.4", #"1:3: found "8000w", expected a TTL, a class or a type"#),
        ("x 1h2 A 1.2.3.4", #"1:3: found "1h2", expected a TTL, a class or a type"#),
        ("x 1 \"A\" 1.2.3.4", #"1:5: found "A", expected a TTL, a class or a type"#),
        ("x 1 A", #"1:6: found the end of the record, expected an IPv4 address"#),
        ("x 1 A 1.2.3", #"1:7: found "1.2.3", expected an IPv4 address"#),
        ("x 1 A 1.2.3.4 5", #"1:15: found "5", expected the end of the record"#),
        ("x 1 A 1.2.3.4\ny 1 A 1.2.3.4", #"2:1: found "y", expected the end of the text"#),
        ("x 1 AAAA 1.2.3.4", #"1:10: found "1.2.3.4", expected an IPv6 address"#),
        ("x 1 MX 65536 a.", #"1:8: found "65536", expected the preference, a number from 0 to 65535"#),
        ("x 1 MX 1", #"1:9: found the end of the record, expected the mail exchange, a domain name"#),
        ("x 1 SRV 1 2 \"3\" a.", #"1:13: found "3", expected the port, a number from 0 to 65535"#),
        (
            "x 1 SOA a. b. (\n 1\n 2 3 4\n x )",
            #"4:2: found "x", expected the minimum, a number of seconds or a time such as 1h30m"#
        ),
        ("x 1 SOA a. b. 1h 2 3 4 5", #"1:15: found "1h", expected the serial number, a number from 0 to 4294967295"#),
        (
            #"x 1 TXT a\256"#,
            #"1:9: found "a\\256", expected text, a string of at most 255 octets, with \DDD up to \255"#
        ),
        (
            "x 1 TXT",
            #"1:8: found the end of the record, expected text, a string of at most 255 octets, with \DDD up to \255"#
        ),
        (#"x 1 CAA 0 is-sue """#, #"1:11: found "is-sue", expected the tag, 1 to 255 letters and digits"#),
        ("x 1 DS 1 2 3 abc", #"1:14: found "abc", expected the digest, pairs of hexadecimal digits"#),
        ("x 1 DNSKEY 1 2 3 A===", #"1:18: found "A===", expected the public key in base 64"#),
        (
            "x 1 TYPE731 abc",
            ##"1:13: found "abc", expected \# and the number of octets, as TYPE731 has no other form here"##
        ),
        ("x 1 TYPE731 \\# 2 abc", #"1:18: found "abc", expected 2 octets as pairs of hexadecimal digits"#),
        ("x 1 TYPE731 \\# 2 abcdef", #"1:18: found "abcdef", expected 2 octets as pairs of hexadecimal digits"#),
        ("x 1 TYPE731 \\# 2", #"1:17: found the end of the record, expected 2 octets as pairs of hexadecimal digits"#),
        ("x 1 TYPE731 \\# 65536", #"1:16: found "65536", expected the number of octets, a number from 0 to 65535"#),
        ("x 1 A \\# 3 0a0000", ##"1:7: found "\\#", expected octets that are valid data of type A (badRecordLength)"##),
        (
            "x 1 MX \\# 6 0001 0161c002",
            ##"1:8: found "\\#", expected octets that are valid data of type MX (badPointer)"##
        ),
        ("x 1 A (1.2.3.4", #"1:7: found "(" without an end, expected ")" behind it"#),
        ("x 1 A ((1.2.3.4))", #"1:8: found "(" inside parentheses, expected ")" first"#),
        ("x 1 A 1.2.3.4)", #"1:14: found ")", expected "(" before it"#),
        (
            "x 1 TXT \"abc\ndef\"",
            #"1:9: found a quote without an end, expected a quote at the end of the string, on the same line"#
        ),
        (
            #"x 1 TXT "abc\""#,
            #"1:9: found a quote without an end, expected a quote at the end of the string, on the same line"#
        ),
        (
            #"x 1 TXT ab"cd""#,
            #"1:11: found a quote inside a word, expected a blank before it, or \" for the quote itself"#
        ),
    ]

    @Test(arguments: refused) func refuses(text: String, message: String) {
        let error = #expect(throws: PresentationError.self) { try ResourceRecord.parse(text) }
        #expect(error?.description == message)
    }

    @Test func longWordsAreCutInErrors() {
        let error = #expect(throws: PresentationError.self) {
            try ResourceRecord.parse("x 1 A " + String(repeating: "y", count: 500))
        }
        #expect(error?.found == "\"" + String(repeating: "y", count: 60) + "\"...")
    }

    @Test func stringsHaveAtMost255Octets() throws {
        let longest = String(repeating: "a", count: 255)
        #expect(try RecordData.parse(type: .txt, longest) == .txt([Array(longest.utf8)]))
        #expect(throws: PresentationError.self) { try RecordData.parse(type: .txt, longest + "a") }
        #expect(try RecordData.parse(type: .caa, "0 x \(longest)a").type == .caa)
    }

    /// A zone file, read entry by entry, with owners left out.
    @Test func entriesOfAZoneFile() throws {
        let text = """
            $ORIGIN example.org. ; not a record, but an entry

            @   3600 IN SOA ns mail 1 2 3 4 5
                     NS ns
            \t  60   A 192.0.2.1
              ; a comment
            www      CNAME @
            """
        var lexer = PresentationLexer(Array(text.utf8))
        var lines: [String] = []
        var owner: DomainName?
        while let entry = try lexer.nextEntry() {
            guard entry.tokens[0].octets.first != UInt8(ascii: "$") else { continue }
            let record = try ResourceRecord.parse(
                entry, origin: name("example.org."), previousOwner: owner, defaultTTL: 7, defaultClass: .internet)
            owner = record.owner
            lines.append(record.description)
        }
        #expect(
            lines == [
                "example.org.\t3600\tIN\tSOA\tns.example.org. mail.example.org. 1 2 3 4 5",
                "example.org.\t7\tIN\tNS\tns.example.org.",
                "example.org.\t60\tIN\tA\t192.0.2.1",
                "www.example.org.\t7\tIN\tCNAME\texample.org.",
            ])
    }
}
