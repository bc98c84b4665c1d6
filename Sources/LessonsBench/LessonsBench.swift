import ArgumentParser

@main
struct LessonsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lessons-bench",
        abstract: "Loads a relay of its own over real TLS on loopback and reports what it costs.",
        discussion: """
            Starts `lessons-relay` from the folder of this program on free ports with a fresh data directory, lets \
            members join, runs the load, and reads the relay's CPU time and memory from the kernel. Wall rates include \
            the load generator, which shares the machine; CPU time per operation is the steadier figure.
            """,
        version: "0.1.0",
        subcommands: [
            PublishBench.self, FanOutBench.self, LatencyBench.self, HostileBench.self, CatchUpBench.self,
            ConnectBench.self,
            IdleBench.self, SessionsBench.self, DayBench.self, MembershipBench.self, RevocationBench.self,
            SearchBench.self, StartBench.self, PeersBench.self,
            AllBench.self, FastRelay.self,
        ],
        defaultSubcommand: AllBench.self)
}
