//! A soak: requests made on purpose, so that the gates have enough numbers to say something.
//!
//! Reads as all three smoke accounts; in practice, for phase 2, borrowing and returning as the member. One account never calls
//! one route twice at once, nor oftener than the portal allows.

use crate::{desk::Desk, error::Problem, link::Link, metrics::view::SoakView, problem::read_problem};
use desk_core::{Phase, Role, Route};
use desk_portal::{Answered, Caller, Exchange, Session, wire};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};
use tokio::{sync::watch, task::JoinSet};

/// More than this proves nothing that the portal's members do not prove better.
const MOST: u32 = 5_000;
const PURPOSE: &str = "soak";

/// What a soak's workers share.
struct Shared {
    wanted: u32,
    begun: AtomicU32,
    done: AtomicU32,
    failed: AtomicU32,
    started: Instant,
    progress: watch::Sender<Option<SoakView>>,
}

impl Shared {
    /// Whether another request is wanted; it counts as begun then.
    fn begin(&self) -> bool {
        self.begun.fetch_add(1, Ordering::SeqCst) < self.wanted
    }

    fn count(&self, ok: bool) {
        if !ok {
            self.failed.fetch_add(1, Ordering::SeqCst);
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        self.progress.send_replace(Some(self.view()));
    }

    fn view(&self) -> SoakView {
        let done = self.done.load(Ordering::SeqCst);
        let left = u64::from(self.wanted.saturating_sub(done));
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        SoakView {
            done,
            wanted: self.wanted,
            failed: self.failed.load(Ordering::SeqCst),
            left_ms: elapsed.saturating_mul(left) / u64::from(done.max(1)),
        }
    }
}

/// An account that makes requests.
#[derive(Clone)]
struct Account {
    link: Arc<Link>,
    role: Role,
    session: Session,
}

impl Account {
    /// Waits until the portal's limit allows another request to the route.
    async fn turn(&self, route: Route) {
        tokio::time::sleep(self.link.reserve(self.role.word(), route)).await;
    }

    async fn ask<R: wire::Request>(&self, request: &R) -> Result<Answered<R::Reply>, Box<Exchange>> {
        let caller = Caller::As(&self.session);
        self.link.portal.ask(request, caller, PURPOSE).await
    }
}

impl Desk {
    /// Makes requests until the phase's gates have enough, or as many as are asked for. Dropping the future stops it; a loan
    /// that was begun is still returned.
    ///
    /// # Errors
    /// `invalid_input` where there is nothing to earn; `signed_out` and the like when the member account cannot be used; why
    /// the portal could not be read.
    pub async fn soak(
        &self,
        phase: Phase,
        requests: Option<u32>,
        progress: watch::Sender<Option<SoakView>>,
    ) -> Result<SoakView, Problem> {
        let link = self.link(&self.environment()).await?;
        self.refresh_phase().await?;
        let wanted = match requests {
            Some(requests) => requests,
            None => self.more_needed(phase).await?,
        };
        if wanted == 0 || wanted > MOST {
            return Err(Problem::invalid(
                "requests",
                format!("A soak makes 1 to {MOST} requests; {wanted} would be made."),
                "Say how many, or look at the gates: perhaps enough was measured already.",
            ));
        }
        let shared = Arc::new(Shared {
            wanted,
            begun: AtomicU32::new(0),
            done: AtomicU32::new(0),
            failed: AtomicU32::new(0),
            started: Instant::now(),
            progress,
        });
        let account = async |role| {
            let session = self.session(&link, role).await?;
            Ok::<_, Problem>(Account {
                link: Arc::clone(&link),
                role,
                session,
            })
        };
        let member = account(Role::MemberSmoke).await?;
        let mut workers = JoinSet::new();
        match phase {
            Phase::ReadOnly => {
                let item = an_item(&member).await?;
                let mut accounts = vec![member];
                for role in [Role::StaffSmoke, Role::AdminSmoke] {
                    // The member's requests are enough; the others only make it quicker.
                    accounts.extend(account(role).await);
                }
                for account in &accounts {
                    read(&mut workers, account, &shared, wire::ItemsList::default());
                    read(&mut workers, account, &shared, wire::DiscoveryGet::default());
                    read(
                        &mut workers,
                        account,
                        &shared,
                        wire::RecommendationsList::default(),
                    );
                    let item_id = item.clone();
                    read(&mut workers, account, &shared, wire::ItemsGet { item_id });
                }
            }
            Phase::MemberWrites if link.environment.is_practice() => {
                let item = an_item(&member).await?;
                let shared = Arc::clone(&shared);
                workers.spawn(async move { borrow_and_return(&member, &item, &shared).await });
            }
            Phase::MemberWrites | Phase::AdminFull => {
                return Err(Problem::invalid(
                    "phase",
                    "What this phase must show cannot be earned with requests of the desk's own here.",
                    "The smoke checklist, and what members do, give its numbers.",
                ));
            }
        }
        while let Some(worker) = workers.join_next().await {
            worker.map_err(|panicked| crate::problem::internal_problem(&panicked))?;
        }
        self.show_metrics().await?;
        Ok(shared.view())
    }

    /// How many more requests the gates of a phase need, as far as the newest snapshot tells.
    pub(crate) async fn more_needed(&self, phase: Phase) -> Result<u32, Problem> {
        let standing = self.standing(Some(phase)).await?;
        let more = standing
            .judgements
            .iter()
            .filter_map(|judged| judged.more_needed)
            .max()
            .unwrap_or(0);
        Ok(u32::try_from(more).unwrap_or(u32::MAX))
    }
}

/// An item to read and to borrow: on the shelf, more than one copy preferred.
async fn an_item(account: &Account) -> Result<String, Problem> {
    let shelf = wire::ItemsList {
        availability: Some("available".to_owned()),
        ..wire::ItemsList::default()
    };
    account.turn(Route::ItemsList).await;
    let answer = account.ask(&shelf).await;
    let items = answer.map_err(|exchange| read_problem(&exchange))?.data.items;
    items
        .into_iter()
        .filter(|item| item.available_copies > 0 && item.media_type == "book")
        .max_by_key(|item| item.available_copies)
        .map(|item| item.id)
        .ok_or_else(|| {
            Problem::invalid(
                "item",
                "No book is on the shelf.",
                "Return one, or add one, then try again.",
            )
        })
}

/// Starts a worker that makes one read over and over.
fn read<R>(workers: &mut JoinSet<()>, account: &Account, shared: &Arc<Shared>, request: R)
where
    R: wire::Request + Send + Sync + 'static,
    R::Reply: Send,
{
    let (account, shared) = (account.clone(), Arc::clone(shared));
    workers.spawn(async move {
        while shared.begin() {
            account.turn(R::ROUTE).await;
            shared.count(account.ask(&request).await.is_ok());
        }
    });
}

/// Borrows and returns one copy over and over.
async fn borrow_and_return(member: &Account, item: &str, shared: &Arc<Shared>) {
    while shared.begin() {
        member.turn(Route::LoansCheckout).await;
        let (member, item) = (member.clone(), item.to_owned());
        // In a task of its own, so that a loan is returned even when the soak is stopped in between.
        let turn = tokio::spawn(async move {
            let checkout = wire::LoansCheckout {
                item_id: item,
                idempotency_key: Some(uuid::Uuid::now_v7().to_string()),
            };
            let Ok(loan) = member.ask(&checkout).await else {
                return (false, None);
            };
            let check_in = wire::LoansCheckIn {
                loan_id: loan.data.loan.id,
                idempotency_key: None,
            };
            member.turn(Route::LoansCheckIn).await;
            (true, Some(member.ask(&check_in).await.is_ok()))
        });
        let (borrowed, returned) = turn.await.unwrap_or((false, None));
        shared.count(borrowed);
        if let Some(returned) = returned {
            // The return is a request of its own, wanted or not.
            shared.begin();
            shared.count(returned);
        }
    }
}
