import ArgumentParser

struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Invite members, and manage organisations, topics and certificates.",
        subcommands: [
            InviteCommand.self, InvitationsCommand.self, RevokeInvitationCommand.self, AddOrganisationCommand.self,
            AdministeredOrganisationsCommand.self, SuspendOrganisationCommand.self, ResumeOrganisationCommand.self,
            AdministeredMembersCommand.self, SetRolesCommand.self, SuspendMemberCommand.self, ResumeMemberCommand.self,
            AddTopicCommand.self, SetClientsCommand.self, CertificatesCommand.self, RevokeCommand.self,
            AuditCommand.self, AdminStatusCommand.self,
        ])
}
