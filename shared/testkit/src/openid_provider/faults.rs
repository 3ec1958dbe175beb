//! The ways in which a provider is hostile: those of the OpenID Foundation's basic plan for relying parties, and more.

/// A way of being hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderFault {
    /// ID tokens name another issuer.
    BadIssuer,
    /// ID tokens have no subject.
    NoSubject,
    /// ID tokens are for another client.
    BadAudience,
    /// ID tokens are for another client too, and do not say which one asked.
    TwoAudiences,
    /// ID tokens were issued to another client (`azp`).
    OtherParty,
    /// ID tokens have no time of issue.
    NoIssuedAt,
    /// ID tokens name no key, and there is one of their kind. A relying party accepts them.
    NoKeyId,
    /// ID tokens name no key, and there are two.
    NoKeyIdTwoKeys,
    /// ID tokens name a key that is not there.
    UnknownKeyId,
    /// ID tokens are not signed.
    AlgorithmNone,
    /// The signature belongs to other claims.
    BadSignature,
    /// ID tokens are signed by HMAC with the public key as secret.
    HmacWithPublicKey,
    /// The header demands an extension.
    CriticalExtension,
    /// A claim stands in the token twice.
    RepeatedClaim,
    /// ID tokens carry another nonce.
    BadNonce,
    /// ID tokens carry no nonce.
    NoNonce,
    /// ID tokens have expired.
    Expired,
    /// The user info is about somebody else.
    OtherUserInfoSubject,
    /// The discovery document names another issuer.
    OtherDocument,
    /// The discovery document names keys inside our network.
    KeysInside,
    /// There is no ID token.
    NoIdToken,
    /// The answer of the authorization endpoint names another issuer.
    WrongIssuerInAnswer,
}

impl ProviderFault {
    /// All faults.
    pub const ALL: [Self; 22] = [
        Self::BadIssuer,
        Self::NoSubject,
        Self::BadAudience,
        Self::TwoAudiences,
        Self::OtherParty,
        Self::NoIssuedAt,
        Self::NoKeyId,
        Self::NoKeyIdTwoKeys,
        Self::UnknownKeyId,
        Self::AlgorithmNone,
        Self::BadSignature,
        Self::HmacWithPublicKey,
        Self::CriticalExtension,
        Self::RepeatedClaim,
        Self::BadNonce,
        Self::NoNonce,
        Self::Expired,
        Self::OtherUserInfoSubject,
        Self::OtherDocument,
        Self::KeysInside,
        Self::NoIdToken,
        Self::WrongIssuerInAnswer,
    ];
}
