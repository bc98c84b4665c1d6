import ArgumentParser
import Foundation
import LessonModel
import NIOCore
import PKI
import Relay
import TLS
import Wire

struct DayBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "day", abstract: "A mixed day, hour by hour, and the relay's memory after each.",
        discussion: """
            Members of many organisations come and go, follow topics in different ways, post lessons of all markings, answer \
            each other, search, read, renew their certificates and have them revoked, more by day than by night. The relay's \
            clock goes faster; what comes in an hour of its clock does not. For that the relay is this program: --relay is \
            not looked at.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Hours of the relay's clock.") var hours = 24
    @Option(help: "Seconds that an hour takes at least.") var hourSeconds = 20
    @Option(help: "Organisations, of two members each.") var organisations = 20
    @Option(help: "Sessions at noon.") var sessions = 200
    @Option(help: "Posts in an hour at noon.") var posts = 300
    @Option(help: "Posts in the log before, with which the database's caches are full.") var postsBefore = 20_000

    func run() async throws {
        for figure in try await figures() { try options.print([figure]) }
    }

    func figures() async throws -> [Figure] {
        try await BenchRelay.with(
            Bundle.main.executablePath, age: Milliseconds(hours + 2) * 3_600_000, limits: limits,
            arguments: ["fast-relay", "--speed", "\(3_600 / hourSeconds)", "--hours-ago", "\(hours + 1)"]
        ) { relay in
            let day = try await MixedDay(relay, organisations: organisations)
            try await day.fill(postsBefore)
            var figures: [Figure] = []
            var resident: [Int] = []
            for hour in 0..<hours {
                let weight = DayBench.weight(ofHour: hour % 24)
                let cpu = relay.cpuTime
                var operations = 0
                let wall = try await ContinuousClock().measure {
                    let end = ContinuousClock.now + .seconds(hourSeconds)
                    operations = try await day.hour(
                        sessions: Int(Double(sessions) * weight), posts: Int(Double(posts) * weight))
                    try await Task.sleep(until: end)
                }
                resident.append(relay.residentKiB)
                figures.append(
                    Figure(
                        "hour \(hour + 1)", operations: operations, wall: wall, cpu: relay.cpuTime - cpu,
                        note: String(
                            format: "%.1f MiB resident, %d sessions, %d posts so far", Double(resident[hour]) / 1_024,
                            day.sessionCount, day.postCount)))
            }
            let places = [0, hours / 2, hours - 1].map { String(format: "%.1f", Double(resident[$0]) / 1_024) }
            figures.append(
                Figure(
                    "the day", operations: day.operationCount, wall: .seconds(hours * hourSeconds), cpu: relay.cpuTime,
                    note: "MiB resident after hour 1, \(hours / 2 + 1), \(hours): " + places.joined(separator: ", ")))
            return figures
        }
    }

    /// The usual ones, but that one organisation may fill the log.
    private var limits: RelayLimits {
        var limits = RelayLimits()
        limits.maxPostsPerHour = 0
        limits.maxRequestsPerSecond = 0
        return limits
    }

    /// 1 at noon, a sixth at night.
    private static func weight(ofHour hour: Int) -> Double {
        max(1.0 / 6, sin(Double(hour - 5) / 15 * .pi))
    }
}
