// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled with these; the language mode is Swift 6 by the tools version.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The two modules that touch C pointers say so at each place.
let unsafeSettings = settings + [.strictMemorySafety()]

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioConcurrency = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
    name: "lessons-relay",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "lessons-relay", targets: ["LessonsRelayCommand"]),
        .executable(name: "lessons", targets: ["LessonsCommand"]),
        .executable(name: "lessons-bench", targets: ["LessonsBench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libssl",
            providers: [.apt(["libssl-dev"])]),
        .target(name: "PKI", dependencies: ["COpenSSL"], swiftSettings: unsafeSettings),
        .target(
            name: "TLS", dependencies: ["COpenSSL", "PKI", nio], swiftSettings: unsafeSettings),
        .target(name: "LessonModel", dependencies: [yams], swiftSettings: settings),
        .target(
            name: "Wire", dependencies: ["LessonModel", nio, protobuf],
            exclude: ["lessons.proto"], swiftSettings: settings),
        .target(
            name: "Storage", dependencies: ["LessonModel", "PKI", grdb, grdbSQLite], swiftSettings: settings),
        .target(
            name: "Relay",
            dependencies: [
                "LessonModel", "PKI", "Storage", "TLS", "Wire",
                nio, nioPosix, nioConcurrency, logging, lifecycle,
            ],
            swiftSettings: settings),
        .target(
            name: "RelayHTTP",
            dependencies: ["PKI", "Relay", "TLS", hummingbird, logging, nio, lifecycle],
            swiftSettings: settings),
        .target(
            name: "RelayClient",
            dependencies: ["LessonModel", "PKI", "Storage", "TLS", "Wire", nio, nioPosix, logging],
            swiftSettings: settings),
        .target(name: "TerminalUI", dependencies: ["LessonModel"], swiftSettings: settings),
        .executableTarget(
            name: "LessonsRelayCommand",
            dependencies: ["Relay", "RelayHTTP", "LessonModel", arguments, logging, lifecycle, unixSignals],
            swiftSettings: settings),
        .executableTarget(
            name: "LessonsCommand",
            dependencies: [
                "RelayClient", "LessonModel", "PKI", "Storage", "TerminalUI", "Wire", nio, nioPosix, arguments, logging,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "LessonsBench",
            dependencies: [
                "LessonModel", "PKI", "Relay", "Storage", "TLS", "Wire",
                nio, nioPosix, arguments, histogram, logging,
            ],
            swiftSettings: settings),

        .target(
            name: "TestSupport", dependencies: ["LessonModel", "PKI"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .target(
            name: "RelayTestSupport",
            dependencies: [
                "Relay", "RelayClient", "LessonModel", "PKI", "Wire", "TestSupport", logging, nio, nioPosix,
            ],
            path: "Tests/RelayTestSupport", swiftSettings: settings),
        .target(
            name: "FuzzTargets", dependencies: ["LessonModel", "PKI", "TerminalUI", "Wire", nio],
            path: "Tests/FuzzTargets", exclude: ["Corpus"], swiftSettings: settings),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "PKITests", dependencies: ["PKI", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "TLSTests", dependencies: ["COpenSSL", "TLS", "PKI", "TestSupport", nio, nioPosix, nioEmbedded],
            swiftSettings: settings),
        .testTarget(
            name: "LessonModelTests", dependencies: ["LessonModel", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", "LessonModel", "TestSupport", nio, nioEmbedded],
            swiftSettings: settings),
        .target(
            name: "FaultyStorage", dependencies: [grdbSQLite, nioConcurrency], path: "Tests/FaultyStorage",
            swiftSettings: settings),
        .target(name: "FaultyFiles", path: "Tests/FaultyFiles"),
        .testTarget(
            name: "StorageTests",
            dependencies: ["FaultyFiles", "FaultyStorage", "Storage", "LessonModel", "PKI", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "RelayTests",
            dependencies: [
                "FaultyStorage", "Relay", "RelayClient", "LessonModel", "PKI", "Storage", "TLS", "Wire", "TestSupport",
                "RelayTestSupport", nio, nioPosix, nioConcurrency, nioEmbedded,
                logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RelayHTTPTests",
            dependencies: [
                "RelayHTTP", "Relay", "RelayClient", "LessonModel", "PKI", "TLS", "Wire", "TestSupport",
                "RelayTestSupport", hummingbird, lifecycle, logging, nio, nioPosix, nioEmbedded,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RelayClientTests",
            dependencies: [
                "RelayClient", "LessonModel", "PKI", "Storage", "TLS", "Wire", "TestSupport", logging, nio, nioPosix,
                nioEmbedded,
            ],
            swiftSettings: settings),
        .target(
            name: "TerminalTestSupport", dependencies: ["TerminalUI"], path: "Tests/TerminalTestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "TerminalUITests", dependencies: ["TerminalUI", "LessonModel", "TerminalTestSupport", "TestSupport"],
            exclude: ["Client/Goldens"], swiftSettings: settings),
        .testTarget(
            name: "LessonsCommandTests",
            dependencies: [
                "LessonsCommand", "RelayClient", "LessonModel", "PKI", "Storage", "TerminalUI", "Wire", "TestSupport",
                arguments,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "LessonsCommand", "LessonsRelayCommand", "LessonModel", "PKI", "Relay", "RelayClient", "Storage",
                "TerminalTestSupport", "TerminalUI", "TestSupport",
            ],
            exclude: ["Python", "Goldens"],
            swiftSettings: settings),
    ]
)

// libFuzzer brings the main of this one, so nothing but Scripts/fuzz.sh builds it.
if Context.environment["LESSONS_FUZZING"] == "1" {
    package.targets.append(
        .executableTarget(
            name: "FuzzDriver", dependencies: ["FuzzTargets"], path: "Tests/FuzzDriver",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}
