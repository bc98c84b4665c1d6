import Testing

/// Real programs over real TCP and TLS. One test after the other, since each starts processes that want the machine.
@Suite(.serialized)
enum EndToEnd {}
