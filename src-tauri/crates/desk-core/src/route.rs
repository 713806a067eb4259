//! The routes of the portal that the desk knows, with what the gate matrix says of each.

use crate::Phase;

/// What a route needs and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    name: &'static str,
    required: Phase,
    staff: bool,
    writes: bool,
    idempotency_key: bool,
}

/// A route of the portal's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Route {
    /// Who am I; behind no phase.
    Hello,
    /// `library.items.list`
    ItemsList,
    /// `library.items.get`
    ItemsGet,
    /// `library.discovery.get`
    DiscoveryGet,
    /// `library.externalLookup`
    ExternalLookup,
    /// `library.rollout.get`
    RolloutGet,
    /// `library.rollout.set`
    RolloutSet,
    /// `library.staff.dashboard`
    StaffDashboard,
    /// `library.coverReviews.reconcile`
    CoverReviewsReconcile,
    /// `library.metadata.enrichment.run`
    MetadataEnrichmentRun,
    /// `library.externalLookup.providerConfig.get`
    ExternalLookupProviderConfigGet,
    /// `library.externalLookup.providerConfig.set`
    ExternalLookupProviderConfigSet,
    /// `library.items.resolveIsbn`
    ItemsResolveIsbn,
    /// `library.items.create`
    ItemsCreate,
    /// `library.items.update`
    ItemsUpdate,
    /// `library.items.delete`
    ItemsDelete,
    /// `library.items.importIsbns`
    ItemsImportIsbns,
    /// `library.recommendations.list`
    RecommendationsList,
    /// `library.recommendations.create`
    RecommendationsCreate,
    /// `library.recommendations.feedback.submit`
    RecommendationsFeedbackSubmit,
    /// `library.recommendations.moderate`
    RecommendationsModerate,
    /// `library.recommendations.feedback.moderate`
    RecommendationsFeedbackModerate,
    /// `library.ratings.upsert`
    RatingsUpsert,
    /// `library.reviews.create`
    ReviewsCreate,
    /// `library.reviews.update`
    ReviewsUpdate,
    /// `library.tags.submissions.create`
    TagsSubmissionsCreate,
    /// `library.tags.submissions.approve`
    TagsSubmissionsApprove,
    /// `library.tags.merge`
    TagsMerge,
    /// `library.readingStatus.upsert`
    ReadingStatusUpsert,
    /// `library.loans.checkout`
    LoansCheckout,
    /// `library.loans.checkIn`
    LoansCheckIn,
    /// `library.loans.listMine`
    LoansListMine,
    /// `library.loans.markLost`
    LoansMarkLost,
    /// `library.loans.assessReplacementFee`
    LoansAssessReplacementFee,
    /// `library.items.overrideStatus`
    ItemsOverrideStatus,
}

impl Route {
    /// `hello` and the 34 library routes.
    pub const ALL: [Self; 35] = [
        Self::Hello,
        Self::ItemsList,
        Self::ItemsGet,
        Self::DiscoveryGet,
        Self::ExternalLookup,
        Self::RolloutGet,
        Self::RolloutSet,
        Self::StaffDashboard,
        Self::CoverReviewsReconcile,
        Self::MetadataEnrichmentRun,
        Self::ExternalLookupProviderConfigGet,
        Self::ExternalLookupProviderConfigSet,
        Self::ItemsResolveIsbn,
        Self::ItemsCreate,
        Self::ItemsUpdate,
        Self::ItemsDelete,
        Self::ItemsImportIsbns,
        Self::RecommendationsList,
        Self::RecommendationsCreate,
        Self::RecommendationsFeedbackSubmit,
        Self::RecommendationsModerate,
        Self::RecommendationsFeedbackModerate,
        Self::RatingsUpsert,
        Self::ReviewsCreate,
        Self::ReviewsUpdate,
        Self::TagsSubmissionsCreate,
        Self::TagsSubmissionsApprove,
        Self::TagsMerge,
        Self::ReadingStatusUpsert,
        Self::LoansCheckout,
        Self::LoansCheckIn,
        Self::LoansListMine,
        Self::LoansMarkLost,
        Self::LoansAssessReplacementFee,
        Self::ItemsOverrideStatus,
    ];

    const fn facts(self) -> Facts {
        const fn route(
            name: &'static str,
            required: Phase,
            staff: bool,
            writes: bool,
            idempotency_key: bool,
        ) -> Facts {
            Facts {
                name,
                required,
                staff,
                writes,
                idempotency_key,
            }
        }
        use Phase::{AdminFull, MemberWrites, ReadOnly};
        match self {
            //                                                              needs         staff  writes key
            Self::Hello => route("hello", ReadOnly, false, false, false),
            Self::ItemsList => route("library.items.list", ReadOnly, false, false, false),
            Self::ItemsGet => route("library.items.get", ReadOnly, false, false, false),
            Self::DiscoveryGet => route("library.discovery.get", ReadOnly, false, false, false),
            Self::ExternalLookup => route("library.externalLookup", ReadOnly, false, false, false),
            Self::RolloutGet => route("library.rollout.get", ReadOnly, false, false, false),
            Self::RolloutSet => route("library.rollout.set", ReadOnly, true, true, false),
            Self::StaffDashboard => route("library.staff.dashboard", AdminFull, true, false, false),
            Self::CoverReviewsReconcile => {
                route("library.coverReviews.reconcile", AdminFull, true, true, false)
            }
            Self::MetadataEnrichmentRun => {
                route("library.metadata.enrichment.run", AdminFull, true, true, false)
            }
            Self::ExternalLookupProviderConfigGet => route(
                "library.externalLookup.providerConfig.get",
                AdminFull,
                true,
                false,
                false,
            ),
            Self::ExternalLookupProviderConfigSet => route(
                "library.externalLookup.providerConfig.set",
                AdminFull,
                true,
                true,
                false,
            ),
            Self::ItemsResolveIsbn => route("library.items.resolveIsbn", AdminFull, true, false, false),
            Self::ItemsCreate => route("library.items.create", AdminFull, true, true, false),
            Self::ItemsUpdate => route("library.items.update", AdminFull, true, true, false),
            Self::ItemsDelete => route("library.items.delete", AdminFull, true, true, false),
            Self::ItemsImportIsbns => route("library.items.importIsbns", AdminFull, true, true, false),
            Self::RecommendationsList => route("library.recommendations.list", ReadOnly, false, false, false),
            Self::RecommendationsCreate => {
                route("library.recommendations.create", MemberWrites, false, true, false)
            }
            Self::RecommendationsFeedbackSubmit => route(
                "library.recommendations.feedback.submit",
                MemberWrites,
                false,
                true,
                false,
            ),
            Self::RecommendationsModerate => {
                route("library.recommendations.moderate", AdminFull, true, true, false)
            }
            Self::RecommendationsFeedbackModerate => route(
                "library.recommendations.feedback.moderate",
                AdminFull,
                true,
                true,
                false,
            ),
            Self::RatingsUpsert => route("library.ratings.upsert", MemberWrites, false, true, false),
            Self::ReviewsCreate => route("library.reviews.create", MemberWrites, false, true, false),
            Self::ReviewsUpdate => route("library.reviews.update", MemberWrites, false, true, false),
            Self::TagsSubmissionsCreate => route(
                "library.tags.submissions.create",
                MemberWrites,
                false,
                true,
                false,
            ),
            Self::TagsSubmissionsApprove => {
                route("library.tags.submissions.approve", AdminFull, true, true, false)
            }
            Self::TagsMerge => route("library.tags.merge", AdminFull, true, true, false),
            Self::ReadingStatusUpsert => {
                route("library.readingStatus.upsert", MemberWrites, false, true, false)
            }
            Self::LoansCheckout => route("library.loans.checkout", MemberWrites, false, true, true),
            Self::LoansCheckIn => route("library.loans.checkIn", MemberWrites, false, true, true),
            Self::LoansListMine => route("library.loans.listMine", MemberWrites, false, false, false),
            Self::LoansMarkLost => route("library.loans.markLost", AdminFull, true, true, true),
            Self::LoansAssessReplacementFee => {
                route("library.loans.assessReplacementFee", AdminFull, true, true, true)
            }
            Self::ItemsOverrideStatus => route("library.items.overrideStatus", AdminFull, true, true, false),
        }
    }

    /// The name on the wire: `library.rollout.get`.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The route with this wire name; case is not folded, as on the portal.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.name() == name)
    }

    /// The earliest phase in which the route answers. Source: `gate-matrix.json`.
    pub const fn required_phase(self) -> Phase {
        self.facts().required
    }

    /// Whether the route needs the staff claim.
    pub const fn needs_staff(self) -> bool {
        self.facts().staff
    }

    /// Whether a call may change something. Such a call is never sent twice blindly.
    pub const fn writes(self) -> bool {
        self.facts().writes
    }

    /// Whether the route honours an idempotency key.
    pub const fn takes_idempotency_key(self) -> bool {
        self.facts().idempotency_key
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recorded gate matrix is the source: every cell follows from the table above.
    #[test]
    fn the_table_agrees_with_every_cell_of_the_recorded_gate_matrix() {
        let matrix: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/recordings/gate-matrix.json")).unwrap();
        let matrix = matrix.as_object().unwrap();
        assert_eq!(matrix.len(), Route::ALL.len() - 1, "hello stands behind no gate");
        let mut cells = 0;
        for (name, phases) in matrix {
            let route = Route::from_name(name).unwrap_or_else(|| panic!("unknown route {name}"));
            for (phase, identities) in phases.as_object().unwrap() {
                let phase = Phase::from_wire(phase).unwrap();
                for (identity, cell) in identities.as_object().unwrap() {
                    let staff = matches!(identity.as_str(), "staff-smoke" | "admin-smoke");
                    let expected = if route.needs_staff() && !staff {
                        "403 FORBIDDEN"
                    } else if phase < route.required_phase() {
                        "403 LIBRARY_ROLLOUT_BLOCKED"
                    } else {
                        "passes the gate"
                    };
                    let cell = cell.as_str().unwrap();
                    let seen = if cell.starts_with("403") {
                        cell
                    } else {
                        "passes the gate"
                    };
                    assert_eq!(seen, expected, "{name} in {} as {identity}", phase.wire());
                    cells += 1;
                }
            }
        }
        assert_eq!(cells, 408);
    }
}
