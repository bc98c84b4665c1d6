import Foundation

/// Every file below `directory`, as it is on the disk, bytes that are no UTF-8 replaced.
func files(in directory: String) throws -> [(path: String, text: String)] {
    var found: [(String, String)] = []
    let walk = FileManager.default.enumerator(atPath: directory)
    while let path = walk?.nextObject() as? String {
        guard let data = FileManager.default.contents(atPath: directory + "/" + path) else { continue }
        found.append((path, String(decoding: data, as: UTF8.self)))
    }
    return found
}
