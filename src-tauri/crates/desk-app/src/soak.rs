//! A soak: requests made on purpose, so that the gates have enough numbers to say something.
//!
//! Reads as all three smoke accounts; in practice, for phase 2, borrowing and returning as the member. One account never calls
//! one route twice at once, nor oftener than the portal allows.

use crate::{
    desk::Desk,
    error::Problem,
    link::Link,
    metrics::view::SoakView,
    problem::read_problem,
    smoke::{
        ledger::Pen,
        lock::{Act, Lock},
        send::Cancel,
    },
};
use desk_core::{
    Phase, Role, Route,
    record::Record,
    smoke::{Left, Settled, Thing},
};
use desk_portal::{Answered, Caller, Exchange, Outcome, Session, wire};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
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
    /// How long the portal's limit holds up the worker that waits longest, milliseconds after the start.
    held_until_ms: AtomicU64,
    cancel: Cancel,
    progress: watch::Sender<Option<SoakView>>,
}

impl Shared {
    /// Whether another request is wanted; it counts as begun then.
    fn begin(&self) -> bool {
        !self.cancel.is_asked() && self.begun.fetch_add(1, Ordering::SeqCst) < self.wanted
    }

    /// Waits as long as the portal's limit asks for, or until it is to stop; whether to go on.
    async fn wait(&self, wait: Duration) -> bool {
        if !wait.is_zero() {
            let until = milliseconds(self.started.elapsed() + wait);
            self.held_until_ms.fetch_max(until, Ordering::SeqCst);
            self.progress.send_replace(Some(self.view()));
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = async { self.cancel.clone().asked().await } => false,
        }
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
        let elapsed = milliseconds(self.started.elapsed());
        let held = self.held_until_ms.load(Ordering::SeqCst).saturating_sub(elapsed);
        SoakView {
            done,
            wanted: self.wanted,
            failed: self.failed.load(Ordering::SeqCst),
            left_ms: held.max(elapsed.saturating_mul(left) / u64::from(done.max(1))),
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
    /// Waits until the portal's limit allows another request to the route; whether it is still wanted then.
    async fn turn(&self, route: Route, shared: &Shared) -> bool {
        shared.wait(self.link.reserve(self.role.word(), route)).await
    }

    async fn ask<R: wire::Request>(&self, request: &R) -> Result<Answered<R::Reply>, Box<Exchange>> {
        let caller = Caller::As(&self.session);
        self.link.portal.ask(request, caller, PURPOSE).await
    }
}

impl Desk {
    /// Makes requests until the phase's gates have enough, or as many as are asked for, or until it is to stop: a loan that
    /// was begun is returned then. What a soak leaves that was cut off is removed like that of a checklist.
    ///
    /// # Errors
    /// `invalid_input` where there is nothing to earn; `busy` while the checklist is run; `signed_out` and the like when the member account cannot be used; why
    /// the portal could not be read.
    pub async fn soak(
        &self,
        phase: Phase,
        requests: Option<u32>,
        progress: watch::Sender<Option<SoakView>>,
        cancel: Cancel,
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
            held_until_ms: AtomicU64::new(0),
            cancel,
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
                let item = an_item(&member, &shared).await?;
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
                let _only_one = Lock::take(self.data_dir(), Act::Smoke, &link.environment)?;
                self.lend(&member, &shared).await?;
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

    /// Borrows and returns one copy over and over. That it may be left out is written down before.
    async fn lend(&self, member: &Account, shared: &Shared) -> Result<(), Problem> {
        let item_id = an_item(member, shared).await?;
        let mine = wire::LoansListMine { limit: Some(200) };
        let mine = member
            .ask(&mine)
            .await
            .map_err(|exchange| read_problem(&exchange))?;
        let of_item = mine.data.loans.into_iter().filter(|loan| loan.item_id == item_id);
        let thing = Thing::SoakLoans {
            item_id: item_id.clone(),
            besides: of_item.map(|loan| loan.id).collect(),
        };
        let environment = &member.link.environment;
        let pen = Pen {
            desk: self.clone(),
            environment: environment.clone(),
            run_id: None,
            actor: self.acting(environment).await,
        };
        let soak_id = uuid::Uuid::now_v7().to_string();
        let left_id = format!("{soak_id}/{PURPOSE}");
        let left = Record::SmokeLeft {
            smoke_id: soak_id,
            left_id: left_id.clone(),
            left: Left {
                role: member.role,
                thing,
            },
        };
        pen.write(vec![left]).await?;
        if borrow_and_return(member, &item_id, shared).await {
            let settled = Settled::Removed;
            pen.write(vec![Record::SmokeSettled { left_id, settled }]).await?;
        }
        Ok(())
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
async fn an_item(account: &Account, shared: &Shared) -> Result<String, Problem> {
    let shelf = wire::ItemsList {
        availability: Some("available".to_owned()),
        ..wire::ItemsList::default()
    };
    account.turn(Route::ItemsList, shared).await;
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
        while shared.begin() && account.turn(R::ROUTE, &shared).await {
            shared.count(account.ask(&request).await.is_ok());
        }
    });
}

/// Borrows and returns one copy over and over. Whether every copy is surely back.
async fn borrow_and_return(member: &Account, item: &str, shared: &Shared) -> bool {
    let mut all_back = true;
    while shared.begin() && member.turn(Route::LoansCheckout, shared).await {
        let checkout = wire::LoansCheckout {
            item_id: item.to_owned(),
            idempotency_key: Some(uuid::Uuid::now_v7().to_string()),
        };
        let loan = match member.ask(&checkout).await {
            Ok(loan) => loan.data.loan,
            Err(exchange) => {
                // A refusal lends nothing; anything else may have.
                all_back &= matches!(
                    exchange.outcome,
                    Outcome::Refused { .. } | Outcome::RateLimited { .. }
                );
                shared.count(false);
                continue;
            }
        };
        shared.count(true);
        // The return is a request of its own, wanted or not, and is made also when the soak is to stop.
        shared.begun.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(member.link.reserve(member.role.word(), Route::LoansCheckIn)).await;
        let check_in = wire::LoansCheckIn {
            loan_id: loan.id,
            idempotency_key: None,
        };
        let returned = member.ask(&check_in).await.is_ok();
        all_back &= returned;
        shared.count(returned);
    }
    all_back
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
