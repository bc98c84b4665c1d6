/// Of this software.
enum Version {
    static let text = "0.1.0"
    /// What the relay is told in Hello.
    static let agent = "lessons/\(text)"
}
