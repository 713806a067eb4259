//! Phase 3: staff's work, as each account that does it. All of it is done on items of the run's own, which it deletes.

use super::{Ground, TITLE};
use crate::smoke::step::{Account, Misfit, Refusal, Step, Values};
use desk_core::{
    Role,
    smoke::{Left, Thing},
};
use desk_portal::wire;

/// The tags that are approved and merged. The same in every run: no route removes a tag.
const TAGS: [&str; 2] = ["desk smoke source", "desk smoke target"];

/// The fee assessed, cents. No route takes it back, so it is the least that there is.
const FEE_CENTS: u32 = 1;

const NOTE: &str = "Smoke check of the rollout; not to be charged";

const NOT_FOUND: Refusal = Refusal::Coded {
    status: 404,
    code: "NOT_FOUND",
    reason: None,
};

const INVALID: Refusal = Refusal::Coded {
    status: 400,
    code: "INVALID_ARGUMENT",
    reason: None,
};

/// One account's work on an item of its own.
struct Bench<'a> {
    check: &'a str,
    role: Role,
    item_id: String,
}

impl<'a> Bench<'a> {
    fn new(check: &'a str, role: Role, ground: &Ground) -> Self {
        let subject = check.trim_start_matches("phase3-");
        Self {
            check,
            role,
            item_id: format!("desk-smoke-{}-{role}-{subject}", ground.mark),
        }
    }

    fn account(&self) -> Account {
        Account::Role(self.role)
    }

    /// The step's name, which tells the account.
    fn name(&self, name: &str) -> String {
        format!("{}/{name}", self.role)
    }

    fn needs(&self, step: Step, names: &[&str]) -> Step {
        let names: Vec<String> = names.iter().map(|name| self.name(name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        step.needs(&names)
    }

    fn follows(&self, step: Step, names: &[&str]) -> Step {
        let names: Vec<String> = names.iter().map(|name| self.name(name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        step.follows(&names)
    }

    fn item_left(&self, item_id: &str) -> impl Fn(&Values) -> Option<Left> + Send + Sync + 'static {
        let left = Left {
            role: self.role,
            thing: Thing::Item {
                item_id: item_id.to_owned(),
            },
        };
        move |_| Some(left.clone())
    }

    fn create_body(&self, isbn: Option<&str>) -> wire::ItemsCreate {
        wire::ItemsCreate {
            item_id: Some(self.item_id.clone()),
            title: Some(TITLE.to_owned()),
            isbn: isbn.map(str::to_owned),
            allow_remote_lookup: isbn.map(|_| false),
            total_copies: Some(1),
            ..wire::ItemsCreate::default()
        }
    }

    fn create(&self, isbn: Option<&str>) -> Step {
        let body = self.create_body(isbn);
        let item_id = self.item_id.clone();
        Step::ask::<wire::ItemsCreate>(
            self.check,
            &self.name("create"),
            self.account(),
            "A title is added",
            move |_| Ok(body.clone()),
            move |reply, _| {
                if reply.item.id == item_id {
                    Ok(reply.item.id)
                } else {
                    Err(Misfit::app(format!("It got the id {}.", reply.item.id)))
                }
            },
        )
        .leaves(self.item_left(&self.item_id))
    }

    fn get(
        &self,
        name: &str,
        action: &str,
        fits: impl Fn(&wire::Item) -> bool + Send + Sync + 'static,
    ) -> Step {
        let item_id = self.item_id.clone();
        Step::ask::<wire::ItemsGet>(
            self.check,
            &self.name(name),
            self.account(),
            action,
            move |_| {
                Ok(wire::ItemsGet {
                    item_id: item_id.clone(),
                })
            },
            move |reply, _| {
                let found = format!(
                    "{} is {}",
                    reply.item.title.clone().unwrap_or_default(),
                    reply.item.status
                );
                if fits(&reply.item) {
                    Ok(found)
                } else {
                    Err(Misfit::app(format!("{found}: the change does not show.")))
                }
            },
        )
    }

    fn override_status(&self, name: &str, action: &str, status: &'static str) -> Step {
        let item_id = self.item_id.clone();
        Step::ask::<wire::ItemsOverrideStatus>(
            self.check,
            &self.name(name),
            self.account(),
            action,
            move |_| {
                Ok(wire::ItemsOverrideStatus {
                    item_id: item_id.clone(),
                    status: status.to_owned(),
                    note: Some(NOTE.to_owned()),
                })
            },
            move |reply, _| {
                if reply.item.status == status {
                    Ok(reply.item.status)
                } else {
                    Err(Misfit::app(format!("Its status is {}.", reply.item.status)))
                }
            },
        )
    }

    /// The item is deleted, however far the steps before came.
    fn delete(&self, after: &[&str]) -> Step {
        let item_id = self.item_id.clone();
        let step = Step::ask::<wire::ItemsDelete>(
            self.check,
            &self.name("delete"),
            self.account(),
            "The title is deleted",
            move |_| {
                Ok(wire::ItemsDelete {
                    item_id: item_id.clone(),
                    note: Some(NOTE.to_owned()),
                })
            },
            |reply, _| {
                if reply.item.deleted {
                    Ok(reply.item.id)
                } else {
                    Err(Misfit::app("It is not deleted."))
                }
            },
        )
        .removes(&[&self.name("create")]);
        self.follows(self.needs(step, &["create"]), after)
    }
}

/// An item is created, edited and deleted, and each shows.
pub(super) fn items(check: &str, role: Role, ground: &Ground) -> Vec<Step> {
    let bench = Bench::new(check, role, ground);
    let edited = format!("{TITLE} (edited)");
    let (item_id, title) = (bench.item_id.clone(), edited.clone());
    let update = Step::ask::<wire::ItemsUpdate>(
        check,
        &bench.name("edit"),
        bench.account(),
        "Its title is changed",
        move |_| {
            Ok(wire::ItemsUpdate {
                item_id: item_id.clone(),
                title: Some(title.clone()),
                status: None,
            })
        },
        |reply, _| Ok(reply.item.title.unwrap_or_default()),
    );
    let gone_id = bench.item_id.clone();
    let gone = Step::refused::<wire::ItemsGet>(
        check,
        &bench.name("gone"),
        bench.account(),
        "It is not found any more",
        move |_| {
            Ok(wire::ItemsGet {
                item_id: gone_id.clone(),
            })
        },
        NOT_FOUND,
    );
    vec![
        bench.create(None),
        bench.needs(update, &["create"]),
        bench.needs(
            bench.get("edited", "The change shows", move |item| {
                item.title.as_deref() == Some(&edited)
            }),
            &["edit"],
        ),
        bench.delete(&["edit", "edited"]),
        bench.needs(gone, &["delete"]),
    ]
}

/// A number that no book bears: the group 99999 is not given out.
fn unused_isbn(ground: &Ground, role: Role) -> [String; 2] {
    let mark = u32::from_str_radix(ground.mark.get(..8).unwrap_or_default(), 16).unwrap_or_default();
    // Accounts work side by side, so that each has its own half of the numbers.
    let number = mark % 5_000 + if role == Role::AdminSmoke { 5_000 } else { 0 };
    let nine = format!("99999{number:04}");
    [with_check_13(&format!("978{nine}")), with_check_10(&nine)]
}

fn digits(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.chars().filter_map(|c| c.to_digit(10))
}

/// The twelve digits with the thirteenth: weights 1 and 3 in turn, to a multiple of ten.
fn with_check_13(twelve: &str) -> String {
    let sum: u32 = digits(twelve)
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    format!("{twelve}{}", (10 - sum % 10) % 10)
}

/// The nine digits with the tenth: weights 10 to 2, to a multiple of eleven; ten is written X.
fn with_check_10(nine: &str) -> String {
    let sum: u32 = digits(nine)
        .zip((2..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    match (11 - sum % 11) % 11 {
        10 => format!("{nine}X"),
        check => format!("{nine}{check}"),
    }
}

/// An ISBN is resolved, a duplicate is refused in both its forms, a wrong one is refused, and a status is overridden by hand.
pub(super) fn isbn(check: &str, role: Role, ground: &Ground) -> Vec<Step> {
    let bench = Bench::new(check, role, ground);
    let [isbn13, isbn10] = unused_isbn(ground, role);
    let resolve = |name: &str, action: &str, isbn: String| {
        let wanted = isbn.clone();
        let ask = move |_: &Values| {
            Ok(wire::ItemsResolveIsbn {
                isbn: isbn.clone(),
                allow_remote_lookup: false,
            })
        };
        (bench.name(name), action.to_owned(), ask, wanted)
    };
    let (name, action, ask, wanted) = resolve("resolve", "An ISBN is looked up", isbn13.clone());
    let resolved =
        Step::ask::<wire::ItemsResolveIsbn>(check, &name, bench.account(), action, ask, move |reply, _| {
            if reply.isbn == wanted {
                Ok(format!("{} from {}", reply.isbn, reply.source))
            } else {
                Err(Misfit::app(format!("It answers for {}.", reply.isbn)))
            }
        });
    let mut wrong = isbn13.clone();
    let check_digit = wrong
        .pop()
        .and_then(|digit| digit.to_digit(10))
        .unwrap_or_default();
    wrong.push_str(&((check_digit + 1) % 10).to_string());
    let (name, action, ask, _) = resolve(
        "resolve-wrong",
        "An ISBN with a wrong check digit is refused",
        wrong,
    );
    let invalid = Step::refused::<wire::ItemsResolveIsbn>(
        check,
        &name,
        bench.account(),
        action,
        ask,
        Refusal::Coded {
            status: 400,
            code: "INVALID_ARGUMENT",
            reason: Some("INVALID_ISBN"),
        },
    );
    let duplicate = |name: &str, isbn: &str| {
        let item_id = format!("{}-{name}", bench.item_id);
        let body = wire::ItemsCreate {
            item_id: Some(item_id.clone()),
            ..bench.create_body(Some(isbn))
        };
        let step = Step::refused::<wire::ItemsCreate>(
            check,
            &bench.name(name),
            bench.account(),
            "The same ISBN again is refused",
            move |_| Ok(body.clone()),
            Refusal::conflict("ISBN_ALREADY_EXISTS"),
        )
        .leaves(bench.item_left(&item_id));
        bench.needs(step, &["create"])
    };
    vec![
        resolved,
        bench.follows(invalid, &["resolve"]),
        bench.create(Some(&isbn13)),
        duplicate("duplicate-13", &isbn13),
        bench.follows(duplicate("duplicate-10", &isbn10), &["duplicate-13"]),
        bench.needs(
            bench.override_status("override", "Its status is overridden by hand", "unavailable"),
            &["create"],
        ),
        bench.needs(
            bench.get("overridden", "The override shows", |item| {
                item.status == "unavailable"
            }),
            &["override"],
        ),
        bench.delete(&["duplicate-13", "duplicate-10", "override", "overridden"]),
    ]
}

/// A recommendation is approved and rejected; two tags are approved and merged.
pub(super) fn moderation(check: &str, role: Role, ground: &Ground) -> Vec<Step> {
    let bench = Bench::new(check, role, ground);
    let mut steps = recommendation(&bench, ground);
    steps.extend(tags(&bench));
    steps
}

fn recommendation(bench: &Bench<'_>, ground: &Ground) -> Vec<Step> {
    let earlier = ground.earlier.recommendations.get(&bench.role).cloned();
    let value = format!("recommendation of {}", bench.role);
    let left = Left {
        role: bench.role,
        thing: Thing::Recommendation {
            id: earlier.clone(),
            title: TITLE.to_owned(),
        },
    };
    let mut steps = Vec::new();
    if earlier.is_none() {
        let (left, value) = (left.clone(), value.clone());
        steps.push(
            Step::ask::<wire::RecommendationsCreate>(
                bench.check,
                &bench.name("recommend"),
                bench.account(),
                "A book is recommended",
                |_| {
                    Ok(wire::RecommendationsCreate {
                        title: Some(TITLE.to_owned()),
                        rationale: format!("{TITLE}."),
                        ..wire::RecommendationsCreate::default()
                    })
                },
                move |reply, values| {
                    values.set(value.clone(), &reply.recommendation.id);
                    Ok(reply.recommendation.id)
                },
            )
            .leaves(move |_| Some(left.clone()))
            .kept_as("recommendation"),
        );
    }
    let moderate = |name: &str, words: &'static str, action: &'static str, status: &'static str| {
        let (earlier, value) = (earlier.clone(), value.clone());
        Step::ask::<wire::RecommendationsModerate>(
            bench.check,
            &bench.name(name),
            bench.account(),
            words,
            move |values| {
                Ok(wire::RecommendationsModerate {
                    recommendation_id: match &earlier {
                        Some(id) => id.clone(),
                        None => values.get(&value)?,
                    },
                    action: action.to_owned(),
                    note: Some(NOTE.to_owned()),
                })
            },
            move |reply, _| {
                let found = reply.recommendation.moderation_status;
                if found == status {
                    Ok(found)
                } else {
                    Err(Misfit::app(format!("It is {found}.")))
                }
            },
        )
    };
    let approve = moderate("approve", "The recommendation is approved", "approve", "approved");
    // Where an earlier run's is used, approving it is what shows it to members again.
    let (approve, leaver) = if earlier.is_some() {
        (
            approve
                .leaves(move |_| Some(left.clone()))
                .kept_as("recommendation"),
            "approve",
        )
    } else {
        (bench.needs(approve, &["recommend"]), "recommend")
    };
    let reject =
        moderate("reject", "The recommendation is rejected", "reject", "rejected").keeps(&bench.name(leaver));
    let reject = if earlier.is_some() {
        reject
    } else {
        bench.needs(reject, &["recommend"])
    };
    steps.push(approve);
    steps.push(bench.follows(reject, &["approve"]));
    steps
}

fn tags(bench: &Bench<'_>) -> Vec<Step> {
    let mut steps = vec![bench.create(None)];
    // The second tag's requests go to the routes of the first one's.
    let before: [(&[&str], &[&str]); 2] = [(&[], &[]), (&["suggest-source"], &["approve-source"])];
    for ((name, tag), before) in ["source", "target"].into_iter().zip(TAGS).zip(before) {
        let submission = format!("{name} suggestion of {}", bench.role);
        let canonical = format!("{name} tag of {}", bench.role);
        let item_id = bench.item_id.clone();
        let left = Left {
            role: bench.role,
            thing: Thing::TagSuggestion {
                item_id: item_id.clone(),
                tag: tag.to_owned(),
            },
        };
        let tag_left = Left {
            role: bench.role,
            thing: Thing::Tag { name: tag.to_owned() },
        };
        let suggested = submission.clone();
        let suggest = Step::ask::<wire::TagsSubmissionsCreate>(
            bench.check,
            &bench.name(&format!("suggest-{name}")),
            bench.account(),
            "A tag is suggested",
            move |_| {
                Ok(wire::TagsSubmissionsCreate {
                    item_id: item_id.clone(),
                    tag: tag.to_owned(),
                })
            },
            move |reply, values| {
                values.set(suggested.clone(), &reply.submission.id);
                Ok(reply.submission.status)
            },
        )
        .leaves(move |_| Some(left.clone()))
        .kept_as("submission");
        let approve = Step::ask::<wire::TagsSubmissionsApprove>(
            bench.check,
            &bench.name(&format!("approve-{name}")),
            bench.account(),
            "The tag is approved",
            move |values| {
                Ok(wire::TagsSubmissionsApprove {
                    submission_id: values.get(&submission)?,
                    canonical_tag_name: None,
                })
            },
            move |reply, values| {
                values.set(canonical.clone(), &reply.tag.id);
                if reply.submission.status == "approved" {
                    Ok(format!("{} is {}", reply.tag.name, reply.tag.id))
                } else {
                    Err(Misfit::app(format!("It is {}.", reply.submission.status)))
                }
            },
        )
        .leaves(move |_| Some(tag_left.clone()))
        .kept_as("tag");
        steps.push(bench.follows(bench.needs(suggest, &["create"]), before.0));
        steps.push(bench.follows(bench.needs(approve, &[&format!("suggest-{name}")]), before.1));
    }
    let [source, target] = ["source", "target"].map(|name| format!("{name} tag of {}", bench.role));
    let merge = Step::ask::<wire::TagsMerge>(
        bench.check,
        &bench.name("merge"),
        bench.account(),
        "The tags are merged",
        move |values| {
            Ok(wire::TagsMerge {
                source_tag_id: values.get(&source)?,
                target_tag_id: values.get(&target)?,
                note: Some(NOTE.to_owned()),
            })
        },
        |reply, _| Ok(format!("{} into {}", reply.source_tag_id, reply.target_tag_id)),
    );
    steps.push(bench.needs(merge, &["approve-source", "approve-target"]));
    steps.push(bench.delete(&[
        "suggest-source",
        "suggest-target",
        "approve-source",
        "approve-target",
        "merge",
    ]));
    steps
}

/// A loan is lost, cannot be returned, costs a fee that must be confirmed, and the title comes back by an override.
pub(super) fn lost_fee(check: &str, role: Role, ground: &Ground) -> Vec<Step> {
    let bench = Bench::new(check, role, ground);
    let loan = format!("loan of {role}");
    let key = |name: &str| format!("desk-smoke-{}-{role}-{name}", ground.mark);
    let (borrow_key, lost_key, fee_key) = (key("borrow"), key("lost"), key("fee"));
    let (item_id, noted_key, found) = (bench.item_id.clone(), borrow_key.clone(), loan.clone());
    let left = Left {
        role,
        thing: Thing::Loan {
            item_id: item_id.clone(),
            key: noted_key,
        },
    };
    let borrow = Step::ask::<wire::LoansCheckout>(
        check,
        &bench.name("borrow"),
        bench.account(),
        "The title is borrowed",
        move |_| {
            Ok(wire::LoansCheckout {
                item_id: item_id.clone(),
                idempotency_key: Some(borrow_key.clone()),
            })
        },
        move |reply, values| {
            values.set(found.clone(), &reply.loan.id);
            Ok(reply.loan.id)
        },
    )
    .leaves(move |_| Some(left.clone()))
    .kept_as("loan");
    let of = loan.clone();
    let lose = Step::ask::<wire::LoansMarkLost>(
        check,
        &bench.name("lost"),
        bench.account(),
        "The loan is marked as lost",
        move |values| {
            Ok(wire::LoansMarkLost {
                loan_id: values.get(&of)?,
                note: Some(NOTE.to_owned()),
                idempotency_key: Some(lost_key.clone()),
            })
        },
        |reply, _| {
            if (reply.loan.status.as_str(), reply.item.status.as_str()) == ("lost", "lost") {
                Ok("loan and title are lost".to_owned())
            } else {
                Err(Misfit::app(format!(
                    "The loan is {}, the title {}.",
                    reply.loan.status, reply.item.status
                )))
            }
        },
    )
    .keeps(&bench.name("borrow"));
    let of = loan.clone();
    let return_lost = Step::refused::<wire::LoansCheckIn>(
        check,
        &bench.name("return-lost"),
        bench.account(),
        "Returning the lost loan is refused",
        move |values| {
            Ok(wire::LoansCheckIn {
                loan_id: values.get(&of)?,
                idempotency_key: None,
            })
        },
        Refusal::conflict("INVALID_LOAN_TRANSITION"),
    );
    let fee = |confirm: bool, key: Option<String>| {
        let of = loan.clone();
        move |values: &Values| {
            Ok(wire::LoansAssessReplacementFee {
                loan_id: values.get(&of)?,
                confirm,
                amount_cents: Some(FEE_CENTS),
                note: Some(NOTE.to_owned()),
                idempotency_key: key.clone(),
            })
        }
    };
    let unconfirmed = Step::refused::<wire::LoansAssessReplacementFee>(
        check,
        &bench.name("fee-unconfirmed"),
        bench.account(),
        "A fee that is not confirmed is refused",
        fee(false, None),
        INVALID,
    );
    let fee_left = Left {
        role,
        thing: Thing::Fee {
            item_id: bench.item_id.clone(),
        },
    };
    let assess = Step::ask::<wire::LoansAssessReplacementFee>(
        check,
        &bench.name("fee"),
        bench.account(),
        "The replacement fee is assessed",
        fee(true, Some(fee_key)),
        |reply, _| {
            if reply.fee.status == "pending_charge" && reply.fee.amount_cents == i64::from(FEE_CENTS) {
                Ok(format!("fee {} of {} cent", reply.fee.id, reply.fee.amount_cents))
            } else {
                Err(Misfit::app(format!(
                    "The fee is {}, {} cents.",
                    reply.fee.status, reply.fee.amount_cents
                )))
            }
        },
    )
    .leaves(move |_| Some(fee_left.clone()))
    .kept_as("fee");
    vec![
        bench.create(None),
        bench.needs(borrow, &["create"]),
        bench.needs(lose, &["borrow"]),
        bench.needs(return_lost, &["lost"]),
        bench.needs(unconfirmed, &["lost"]),
        bench.follows(bench.needs(assess, &["lost"]), &["fee-unconfirmed"]),
        bench.follows(
            bench.needs(
                bench.override_status("override", "The title is put back by an override", "available"),
                &["lost"],
            ),
            &["return-lost", "fee"],
        ),
        bench.delete(&[
            "borrow",
            "lost",
            "return-lost",
            "fee-unconfirmed",
            "fee",
            "override",
        ]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_known_books() {
        assert_eq!(with_check_13("978013235088"), "9780132350884");
        assert_eq!(with_check_13("978097300630"), "9780973006308");
        assert_eq!(with_check_10("013235088"), "0132350882");
        assert_eq!(with_check_10("097300630"), "0973006307");
        assert_eq!(with_check_10("080442957"), "080442957X");
    }
}
