import CLinux

/// The program's own pages, and its libraries'.
package enum ProgramPages {
    /// Lets go of the code and constants that only the start has used: most of a TLS library's, of the dynamic linker's and
    /// of the language's runtime. What is still used comes back from the page cache when it is touched, microseconds each.
    /// Takes milliseconds; once, at the end of the start.
    package static func release() {
        clinux_release_clean_pages()
    }
}
