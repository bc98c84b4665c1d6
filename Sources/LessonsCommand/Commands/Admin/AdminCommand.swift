import ArgumentParser

struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Invite members, and manage organisations, topics and certificates.",
        subcommands: [
            InviteCommand.self, InvitationsCommand.self, RevokeInvitationCommand.self, AddOrganisationCommand.self,
            ChangeOrganisationCommand.self, AdministeredOrganisationsCommand.self, SuspendOrganisationCommand.self,
            ResumeOrganisationCommand.self, RemoveOrganisationCommand.self, EraseNamesCommand.self,
            AdministeredMembersCommand.self,
            SetRolesCommand.self, SuspendMemberCommand.self, ResumeMemberCommand.self, RemoveMemberCommand.self,
            AddTopicCommand.self, ChangeTopicCommand.self, SetClientsCommand.self, CertificatesCommand.self,
            CertificateCommand.self,
            RevokeCommand.self, ReleaseCommand.self, AuditCommand.self, AdminStatusCommand.self,
        ])
}
