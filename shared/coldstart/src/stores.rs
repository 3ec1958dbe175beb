//! The table's stores. Stores with paged lists need the vault to seal their cursors.

use crate::Adapters;
use std::sync::Arc;
use vestibule_adapters::{
    dynamo::{
        DynamoAccessRequests, DynamoAccounts, DynamoAgents, DynamoAudit, DynamoCaseLists,
        DynamoChatUsers, DynamoClosings, DynamoConnectors, DynamoConversationWriter,
        DynamoConversations, DynamoCredentials, DynamoEndUsers, DynamoErasures,
        DynamoEventDeliveries, DynamoEvents, DynamoFigures, DynamoGivenUp, DynamoHistory,
        DynamoImporting, DynamoImports, DynamoIntake, DynamoLogins, DynamoMails, DynamoNotices,
        DynamoOffers, DynamoOutbox, DynamoOutgoing, DynamoParking, DynamoPersons, DynamoProjects,
        DynamoRouting, DynamoSearchIndex, DynamoSendPacer, DynamoSetUp, DynamoStandings,
        DynamoSubscriptions, DynamoTeam, DynamoTraces,
    },
    vault::KmsVault,
};

impl Adapters<'_> {
    /// Callers' credentials. Their records are in no list, so the vault is not used.
    #[must_use]
    pub fn credentials(&self, _vault: &Arc<KmsVault>) -> Arc<DynamoCredentials> {
        Arc::new(DynamoCredentials::new(self.table.clone()))
    }

    /// Members, roles, invitations, login methods and clients.
    #[must_use]
    pub fn team(&self, vault: &Arc<KmsVault>) -> Arc<DynamoTeam> {
        Arc::new(DynamoTeam::new(self.table.clone(), Arc::clone(vault)))
    }

    /// The search index, for its worker. Its lists are not shown, so there are no cursors.
    #[must_use]
    pub fn search_index(&self) -> Arc<DynamoSearchIndex> {
        Arc::new(DynamoSearchIndex::new(self.table.clone()))
    }

    /// Logins, sessions, sign-ins on their way and throttles. They are in no list, so the vault is not used.
    #[must_use]
    pub fn logins(&self, _vault: &Arc<KmsVault>) -> Arc<DynamoLogins> {
        Arc::new(DynamoLogins::new(self.table.clone()))
    }

    /// Mails.
    #[must_use]
    pub fn mails(&self) -> Arc<DynamoMails> {
        Arc::new(DynamoMails::new(self.table.clone()))
    }

    /// Orders of notices, and what notices tell to whom.
    #[must_use]
    pub fn notices(&self) -> Arc<DynamoNotices> {
        Arc::new(DynamoNotices::new(self.table.clone()))
    }

    /// The record of the stack's set-up.
    #[must_use]
    pub fn set_up(&self) -> Arc<DynamoSetUp> {
        Arc::new(DynamoSetUp::new(self.table.clone()))
    }

    /// The audit log.
    #[must_use]
    pub fn audit(&self, vault: &Arc<KmsVault>) -> Arc<DynamoAudit> {
        let (table, vault) = (self.table.clone(), Arc::clone(vault));
        Arc::new(DynamoAudit::new(table, vault, self.clock()))
    }

    /// The accounts, their set-up and their API keys.
    #[must_use]
    pub fn accounts(&self, vault: &Arc<KmsVault>) -> Arc<DynamoAccounts> {
        Arc::new(DynamoAccounts::new(self.table.clone(), Arc::clone(vault)))
    }

    /// Projects and environments.
    #[must_use]
    pub fn projects(&self, vault: &Arc<KmsVault>) -> Arc<DynamoProjects> {
        Arc::new(DynamoProjects::new(self.table.clone(), Arc::clone(vault)))
    }

    /// Connectors, for changes.
    #[must_use]
    pub fn connectors(&self, vault: &Arc<KmsVault>) -> Arc<DynamoConnectors> {
        Arc::new(DynamoConnectors::new(self.table.clone(), Arc::clone(vault)))
    }

    /// Chat users.
    #[must_use]
    pub fn chat_users(&self, vault: &Arc<KmsVault>) -> Arc<DynamoChatUsers> {
        Arc::new(DynamoChatUsers::new(self.table.clone(), Arc::clone(vault)))
    }

    /// End users.
    #[must_use]
    pub fn end_users(&self, vault: &Arc<KmsVault>) -> Arc<DynamoEndUsers> {
        Arc::new(DynamoEndUsers::new(self.table.clone(), Arc::clone(vault)))
    }

    /// Imports of users.
    #[must_use]
    pub fn imports(&self, vault: &Arc<KmsVault>) -> Arc<DynamoImports> {
        Arc::new(DynamoImports::new(self.table.clone(), Arc::clone(vault)))
    }

    /// Imports of users, for their worker.
    #[must_use]
    pub fn importing(&self) -> Arc<DynamoImporting> {
        Arc::new(DynamoImporting::new(self.table.clone()))
    }

    /// Access requests, for decisions.
    #[must_use]
    pub fn access_requests(&self, vault: &Arc<KmsVault>) -> Arc<DynamoAccessRequests> {
        Arc::new(DynamoAccessRequests::new(
            self.table.clone(),
            Arc::clone(vault),
        ))
    }

    /// The records behind a webhook's decision, including connectors.
    #[must_use]
    pub fn intake(&self, vault: &Arc<KmsVault>) -> Arc<DynamoIntake> {
        Arc::new(DynamoIntake::new(self.table.clone(), Arc::clone(vault)))
    }

    /// Standings and profiles.
    #[must_use]
    pub fn standings(&self) -> Arc<DynamoStandings> {
        Arc::new(DynamoStandings::new(self.table.clone()))
    }

    /// Closings of pending requests.
    #[must_use]
    pub fn closings(&self) -> Arc<DynamoClosings> {
        Arc::new(DynamoClosings::new(self.table.clone()))
    }

    /// Erasures.
    #[must_use]
    pub fn erasures(&self) -> Arc<DynamoErasures> {
        Arc::new(DynamoErasures::new(self.table.clone()))
    }

    /// Conversations, and the other records of a delivery.
    #[must_use]
    pub fn conversations(&self) -> Arc<DynamoConversations> {
        Arc::new(DynamoConversations::new(self.table.clone()))
    }

    /// Lists of open cases, and of the lines that routing leaves.
    #[must_use]
    pub fn case_lists(&self, vault: &Arc<KmsVault>) -> Arc<DynamoCaseLists> {
        Arc::new(DynamoCaseLists::new(self.table.clone(), Arc::clone(vault)))
    }

    /// Conversations and their messages, for reading.
    #[must_use]
    pub fn history(&self, vault: &Arc<KmsVault>) -> Arc<DynamoHistory> {
        Arc::new(DynamoHistory::new(self.table.clone(), Arc::clone(vault)))
    }

    /// The records about one person.
    #[must_use]
    pub fn persons(&self, vault: &Arc<KmsVault>) -> Arc<DynamoPersons> {
        Arc::new(DynamoPersons::new(self.table.clone(), Arc::clone(vault)))
    }

    /// The traces of messages. They are in no list, so there are no cursors.
    #[must_use]
    pub fn traces(&self) -> Arc<DynamoTraces> {
        Arc::new(DynamoTraces::new(self.table.clone()))
    }

    /// Conversations, for writing into them.
    #[must_use]
    pub fn conversation_writer(&self) -> Arc<DynamoConversationWriter> {
        Arc::new(DynamoConversationWriter::new(self.table.clone()))
    }

    /// Deliveries and texts that were given up.
    #[must_use]
    pub fn given_up(&self, vault: &Arc<KmsVault>) -> Arc<DynamoGivenUp> {
        Arc::new(DynamoGivenUp::new(self.table.clone(), Arc::clone(vault)))
    }

    /// Texts to send.
    #[must_use]
    pub fn outgoing_store(&self) -> Arc<DynamoOutgoing> {
        Arc::new(DynamoOutgoing::new(self.table.clone()))
    }

    /// The health of agents.
    #[must_use]
    pub fn agent_health(&self) -> Arc<DynamoAgents> {
        Arc::new(DynamoAgents::new(self.table.clone()))
    }

    /// Messages that wait for an agent.
    #[must_use]
    pub fn parking(&self) -> Arc<DynamoParking> {
        Arc::new(DynamoParking::new(self.table.clone()))
    }

    /// Figures. Their days are no pages, so the vault is not used.
    #[must_use]
    pub fn figures(&self, _vault: &Arc<KmsVault>) -> Arc<DynamoFigures> {
        Arc::new(DynamoFigures::new(self.table.clone()))
    }

    /// Desks and cases.
    #[must_use]
    pub fn routing(&self) -> Arc<DynamoRouting> {
        Arc::new(DynamoRouting::new(self.table.clone()))
    }

    /// The words of offers, for the router.
    #[must_use]
    pub fn offers(&self) -> Arc<DynamoOffers> {
        Arc::new(DynamoOffers::new(self.table.clone()))
    }

    /// Outgoing events, for the worker that publishes them.
    #[must_use]
    pub fn outgoing_events(&self) -> Arc<DynamoEvents> {
        Arc::new(DynamoEvents::new(self.table.clone()))
    }

    /// Event deliveries and the health of subscriptions, for the worker that calls them.
    #[must_use]
    pub fn event_deliveries(&self) -> Arc<DynamoEventDeliveries> {
        Arc::new(DynamoEventDeliveries::new(self.table.clone()))
    }

    /// Subscriptions, for those who manage them.
    #[must_use]
    pub fn subscriptions(&self, vault: &Arc<KmsVault>) -> Arc<DynamoSubscriptions> {
        Arc::new(DynamoSubscriptions::new(
            self.table.clone(),
            Arc::clone(vault),
        ))
    }

    /// The outbox.
    #[must_use]
    pub fn outbox(&self) -> Arc<DynamoOutbox> {
        Arc::new(DynamoOutbox::new(self.table.clone()))
    }

    /// Each connector's turns to send.
    #[must_use]
    pub fn send_pacer(&self) -> Arc<DynamoSendPacer> {
        Arc::new(DynamoSendPacer::new(self.table.clone()))
    }
}
