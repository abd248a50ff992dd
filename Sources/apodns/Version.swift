import Glibc

/// What this program calls itself.
enum Version {
    static let number = "0.1.0"
    /// The release of CoreDNS whose behaviour is followed.
    static let coreDNS = "1.14.7"

    /// The two lines of `-version` and the banner, in the form of CoreDNS's.
    static var text: String {
        "apodns-\(number)\n\(platform), swift, CoreDNS-\(coreDNS) compatible"
    }

    private static var platform: String {
        #if arch(x86_64)
            "linux/amd64"
        #elseif arch(arm64)
            "linux/arm64"
        #else
            "linux"
        #endif
    }
}
