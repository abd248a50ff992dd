import Testing

@testable import Plugins

/// What `rewrite` says of a Corefile.
@Suite struct RewriteSetupTests {
    private let bench = PluginBench()

    @Test func saysWhereTheCorefileIsWrong() {
        let rows: [(String, String)] = [
            ("rewrite", "2:1: plugin/rewrite: no rule type specified for rewrite"),
            ("rewrite stop", "2:9: plugin/rewrite: stop rule must begin with a rule type"),
            ("rewrite continue {\n}", "2:9: plugin/rewrite: continue rule must begin with a rule type"),
            ("rewrite name", "2:9: plugin/rewrite: too few arguments for a name rule"),
            (
                "rewrite nmae a b",
                "2:9: plugin/rewrite: invalid rule type \"nmae\", expected one of name, type, class, edns0, ttl, rcode, cname"
            ),
            (
                "rewrite stop {\n  answer name bar foo\n  name regex foo bar\n}",
                "3:3: plugin/rewrite: response rewrites must begin with a name rule"
            ),
            (
                "rewrite stop {\n  name regex foo bar\n  answer name bar foo\n  name baz\n}",
                "5:3: plugin/rewrite: name answer rule for name rule: 2 arguments required"
            ),
            (
                "rewrite stop name regex [bad[ bar answer name bar foo",
                "2:30: plugin/rewrite: invalid regex matching pattern: [bad[, missing terminating ] for character class "
                    + "at offset 5"
            ),
            (
                "rewrite name regex (.*)\\.a {1}.{2}.b",
                "2:28: plugin/rewrite: the rewrite regex pattern ({1}.{2}.b) uses more subexpressions than its "
                    + "corresponding matching regex pattern ((.*)\\.a)"
            ),
            (
                "rewrite name a.b c.d answer auto",
                "2:14: plugin/rewrite: name rule supports only exact, prefix, suffix, substring, and regex name matching, "
                    + "received: a.b"
            ),
            (
                "rewrite name exact a b c",
                "2:24: plugin/rewrite: exceeded the number of arguments for a non-answer rule argument for name rule, 'c' "
                    + "found, expected answer or nothing"
            ),
            (
                "rewrite name exact a b answer",
                "2:24: plugin/rewrite: type missing for answer rule for name rule, expected auto, name or value"
            ),
            (
                "rewrite name exact a b answer all",
                "2:31: plugin/rewrite: invalid type \"all\" for answer rule for name rule, expected auto, name or value"
            ),
            (
                "rewrite name suffix a b answer auto answer name c d",
                "2:44: plugin/rewrite: auto name answer rule cannot be combined with explicit name answer rules"
            ),
            ("rewrite type A", "2:9: plugin/rewrite: type rules must have exactly two arguments, found 1"),
            ("rewrite type A NOPE", "2:16: plugin/rewrite: invalid type \"NOPE\", expected one such as A, AAAA or ANY"),
            ("rewrite class XX IN", "2:15: plugin/rewrite: invalid class \"XX\", expected IN, CH, HS, ANY or another"),
            ("rewrite ttl a.b", "2:9: plugin/rewrite: too few (1) arguments for a ttl rule"),
            (
                "rewrite ttl a.b 300-30",
                "2:17: plugin/rewrite: invalid TTL '300-30' for a ttl rule, expected seconds, or a range such as 30-300, "
                    + "30- or -300"
            ),
            (
                "rewrite ttl exact a.b -",
                "2:23: plugin/rewrite: invalid TTL '-' for a ttl rule, expected seconds, or a range such as 30-300, 30- or "
                    + "-300"
            ),
            (
                "rewrite ttl near a.b 30",
                "2:13: plugin/rewrite: ttl rule supports only exact, prefix, suffix, substring, and regex name matching, "
                    + "received: near"
            ),
            (
                "rewrite ttl exact a.b 30 40",
                "2:26: plugin/rewrite: too many arguments for a ttl rule, '40' found, expected none"
            ),
            (
                "rewrite rcode a.b 24 0",
                "2:19: plugin/rewrite: invalid matching RCODE '24' for a rcode rule, expected one such as NXDOMAIN, or a "
                    + "number from 0 to 23"
            ),
            ("rewrite rcode exact a.b 3 0 x", "2:29: plugin/rewrite: too many arguments for a rcode rule, 'x' found"),
            ("rewrite cname a", "2:9: plugin/rewrite: too few (1) arguments for a cname rule"),
            ("rewrite cname near a b", "2:15: plugin/rewrite: unknown cname rewrite type: near"),
            ("rewrite edns0 local", "2:9: plugin/rewrite: too few arguments for an EDNS0 rule"),
            ("rewrite edns0 local put 1 a", "2:21: plugin/rewrite: invalid action: \"put\""),
            (
                "rewrite edns0 thing set",
                "2:15: plugin/rewrite: invalid rule type \"thing\", expected local, nsid or subnet"
            ),
            ("rewrite edns0 local set 0xfffff a", "2:25: plugin/rewrite: '0xfffff' is not the code of an option"),
            ("rewrite edns0 local set 0xffee 0xabc", "2:32: plugin/rewrite: '0xabc' is not hexadecimal"),
            (
                "rewrite edns0 local append 0xffee {dummy}",
                "2:35: plugin/rewrite: unsupported variable name \"{dummy}\""
            ),
            (
                "rewrite edns0 local unset 1 a",
                "2:15: plugin/rewrite: EDNS0 local rules of this action require 1 argument, found 2"
            ),
            (
                "rewrite edns0 nsid set x",
                "2:15: plugin/rewrite: EDNS0 NSID rules of this action require 0 arguments, found 1"
            ),
            ("rewrite edns0 subnet set 33 56", "2:26: plugin/rewrite: invalid IPv4 bit mask length 33"),
            ("rewrite edns0 subnet set 24 129", "2:29: plugin/rewrite: invalid IPv6 bit mask length 129"),
            ("rewrite name a b {\n}", "2:1: 'rewrite' has a block, expected none"),
        ]
        for (text, message) in rows {
            let failure = bench.failure(RewritePlugin.self, text)
            #expect(failure.hasPrefix("Corefile:" + message), "\(text): \(failure)")
        }
    }

    @Test(arguments: [
        "rewrite name a.com b.com", "rewrite stop {\n  name regex foo bar\n  answer name bar foo\n}",
        "rewrite stop name regex foo bar answer name bar foo", "rewrite NAME Exact a b answer value (.*) {1}",
        "rewrite name suffix .arpa .arpa answer auto answer value (.*)\\.service\\.consul\\. {1}.coredns.rocks.",
        "rewrite ttl example.com. -30", "rewrite ttl regex .* 30-",
        "rewrite cname regex (.*).cdn.example.net. {1}.other.cdn.com.",
        "rewrite edns0 subnet unset", "rewrite edns0 nsid replace revert",
        "rewrite edns0 local set 0xffee {a/b} revert",
        "rewrite rcode regex (.*)\\.coredns\\.rocks 2 0",
    ])
    func takes(_ text: String) {
        #expect(bench.failure(RewritePlugin.self, text) == "")
    }
}
