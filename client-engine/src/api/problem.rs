//! What can go wrong, as codes with their facts; the page has the words.

use super::boundary;

boundary! {
    /// A typed error that a person can act on.
    #[serde(tag = "code", rename_all = "snake_case", rename_all_fields = "camelCase")]
    #[derive(Eq)]
    pub enum Problem {
        // User names
        /// Under 3 characters.
        UsernameTooShort,
        /// Over 32 characters.
        UsernameTooLong,
        /// Characters that may not stand in a user name, or not there.
        UsernameCharacters,
        /// Could be taken for the relay or its operator.
        UsernameReserved,
        /// Somebody has it.
        UsernameTaken,
        /// The relay takes no registrations.
        RegistrationClosed,
        /// The relay wants an invitation, or doesn't know the given one.
        InvitationRequired,

        // Passwords and recovery
        /// User name or password wrong; deliberately not said which.
        CredentialsWrong,
        /// Empty or beyond 1,024 bytes.
        PasswordUnusable,
        /// Not twelve words.
        RecoveryKeyWordCount { found: u32 },
        /// This word (1-based position) is not in the list.
        RecoveryKeyUnknownWord { position: u32 },
        /// All words exist, but together they are no recovery key: one is wrong or two are swapped.
        RecoveryKeyChecksum,
        /// A well-formed recovery key, but not of this account.
        RecoveryKeyWrong,

        // People and messages
        /// No such account.
        PersonUnknown,
        /// The own account can't be written to.
        PersonIsYou,
        /// No such conversation or message here.
        Unknown,
        /// Nothing but white space.
        MessageEmpty,
        /// Over 64 KiB.
        MessageTooLong { #[cfg_attr(feature = "ts", ts(type = "number"))] bytes: u64 },
        /// The person is blocked.
        PersonBlocked,
        /// The key of a verified person changed: sending stops until it is resolved.
        VerificationBroken,
        /// The person's request has not been accepted yet.
        RequestPending,
        /// The recipient has too much waiting.
        MailboxFull,
        /// The relay showed keys that don't follow from what was known: nothing was sent to them.
        KeysRefused,

        // Verification codes
        /// Not a Sotto verification code, or mangled on the way.
        CodeMalformed,
        /// A code of two other people.
        CodeOtherPeople,

        // The relay, the network, the browser
        /// Not reachable; what can wait is queued.
        Offline,
        /// Too many tries.
        RateLimited { #[cfg_attr(feature = "ts", ts(type = "number"))] retry_at: u64 },
        /// The relay can't store now.
        RelayStorage,
        /// The relay answered what no Sotto relay answers.
        RelayMisbehaved,
        /// This browser is not signed in (any more).
        SignedOut,
        /// The device was removed from the account, from another device.
        DeviceRemoved,
        /// The account has as many devices as it may.
        TooManyDevices,
        /// The browser refuses storage (private mode, policy).
        StorageRefused,
        /// The browser's storage is full.
        StorageFull,
        /// What is stored in this browser can't be read: it is started afresh as a new device.
        StorageCorrupt,
        /// A bug.
        Internal,
    }
}
