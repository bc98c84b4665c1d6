import LessonModel
import Storage
import Wire

/// Organisations, what is said of them, and topics.
extension RelayCore {
    func addOrganisation(_ request: WireAddOrganisation, _ principal: Principal) throws -> WireDone {
        try requireRelayAdministrator(principal, "adding organisations")
        let organisation = try request.organisation.value()
        try requireKnownCountry(organisation)
        var detail = ["organisation": organisation.slug.text]
        for (field, value) in organisation.facts { detail[field] = value }
        try store.addOrganisation(organisation, audit: entry("organisation.add", principal, detail))
        try refreshMembership(.organisation(organisation.slug))
        return WireDone()
    }

    func changeOrganisation(_ request: WireChangeOrganisation, _ principal: Principal) throws -> WireDone {
        let before = try organisation(request.organisation)
        guard AccessPolicy.mayAdminister(before.slug, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("changing \(before.slug)", principal))
        }
        if request.hasName || request.hasCountry || request.hasKind {
            try requireRelayAdministrator(principal, "changing more of an organisation than its contact")
        }
        let after = try request.applied(to: before)
        try requireKnownCountry(after)
        var detail = ["organisation": before.slug.text]
        for (old, new) in zip(before.facts, after.facts) where old.value != new.value {
            detail[old.field + ".before"] = old.value
            detail[new.field] = new.value
        }
        guard detail.count > 1 else { return WireDone() }
        try store.changeOrganisation(after, audit: entry("organisation.change", principal, detail))
        try refreshMembership(.organisation(before.slug))
        return WireDone()
    }

    func setClients(_ request: WireSetClients, _ principal: Principal) throws -> WireDone {
        let before = try organisation(request.organisation)
        let slug = before.slug
        guard AccessPolicy.mayAdminister(slug, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("naming the clients of \(slug)", principal))
        }
        let clients = Set(try request.clients.map { try organisation($0).slug })
        guard !clients.contains(slug), clients.count <= Audience.maxEntries else {
            throw RequestRefusal(
                .invalid, "an organisation has at most \(Audience.maxEntries) clients, and not itself",
                field: "clients")
        }
        func text(_ slugs: Set<OrganisationSlug>) -> String { slugs.sorted().map(\.text).joined(separator: " ") }
        try store.setClients(
            of: slug, to: clients,
            audit: entry(
                "organisation.clients", principal,
                [
                    "organisation": slug.text, "clients.before": text(before.clients), "clients": text(clients),
                ]))
        try refreshMembership(.organisation(slug))
        return WireDone()
    }

    func addTopic(_ request: WireAddTopic, _ principal: Principal) throws -> WireDone {
        try requireRelayAdministrator(principal, "adding topics")
        guard let topic = Topic(request.path) else {
            throw RequestRefusal(.invalid, "a topic is written like policing/community, in lower case", field: "path")
        }
        guard request.description_p.utf8.count <= 500, !request.description_p.contains(where: \.isNewline) else {
            throw RequestRefusal(.invalid, "the description is one line of at most 500 bytes", field: "description")
        }
        return try topicMoves.whileAlone {
            if let parent = topic.parent, !membership.hasTopic(parent) {
                throw RequestRefusal(.unknownTopic, "add the topic \(parent) first", field: "path")
            }
            try store.addTopics(
                [TopicDescription(topic: topic, description: request.description_p)],
                audit: entry("topic.add", principal, ["topic": topic.path]))
            try refreshMembership(.topics)
            return WireDone()
        }
    }

    func changeTopic(_ request: WireChangeTopic, _ principal: Principal) throws -> WireDone {
        try requireRelayAdministrator(principal, "changing topics")
        return try topicMoves.whileAlone { try change(request, principal) }
    }

    private func change(_ request: WireChangeTopic, _ principal: Principal) throws -> WireDone {
        let isKnown = Topic(request.path).map { membership.hasTopic($0) || request.hasArchived || request.hasMoveTo }
        guard let topic = Topic(request.path), isKnown == true else {
            throw RequestRefusal(.unknownTopic, "there is no such topic; `lessons topics` lists them", field: "path")
        }
        let description = request.hasDescription_p ? request.description_p : nil
        guard description.map({ $0.utf8.count <= 500 && !$0.contains(where: \.isNewline) }) ?? true else {
            throw RequestRefusal(.invalid, "the description is one line of at most 500 bytes", field: "description")
        }
        var detail = ["topic": topic.path]
        if let description { detail["description"] = description }
        if request.hasArchived { detail["archived"] = "\(request.archived)" }
        if request.hasModerated { detail["moderated"] = "\(request.moderated)" }
        for (name, days) in [("keep_days", request.keepDays), ("review_days", request.reviewDays)] {
            guard days <= TopicRetention.maxDays else {
                throw RequestRefusal(.invalid, "a period is 0 to \(TopicRetention.maxDays) days", field: name)
            }
        }
        if request.hasKeepDays { detail["keep-days"] = "\(request.keepDays)" }
        if request.hasReviewDays { detail["review-days"] = "\(request.reviewDays)" }
        guard detail.count > 1 || request.hasMoveTo else {
            throw RequestRefusal(.invalid, "nothing is to be changed", field: "path")
        }
        if detail.count > 1 {
            try store.changeTopic(
                topic, description: description, isArchived: request.hasArchived ? request.archived : nil,
                isModerated: request.hasModerated ? request.moderated : nil,
                keepDays: request.hasKeepDays ? Int(request.keepDays) : nil,
                reviewDays: request.hasReviewDays ? Int(request.reviewDays) : nil,
                audit: entry("topic.change", principal, detail))
            try refreshMembership(.topics)
        }
        if request.hasMoveTo { try moveTopic(topic, to: request.moveTo, principal) }
        return WireDone()
    }

    private func requireKnownCountry(_ organisation: Organisation) throws(RequestRefusal) {
        guard let country = organisation.country, !ParticipatingState.isKnown(country) else { return }
        throw RequestRefusal(
            .invalid,
            "\(country) is no participating State or Partner for Co-operation; leave it out for an institution",
            field: "country")
    }
}

extension Organisation {
    /// What can be changed, in an order of its own, as the audit log tells it.
    fileprivate var facts: [(field: String, value: String)] {
        [("name", name), ("country", country ?? ""), ("kind", kind.name), ("contact", contact)]
    }
}
