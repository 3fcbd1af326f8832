//! Who waits, and who goes next.

use std::collections::{HashMap, VecDeque};

use keelway_kernel::TenantId;

use super::job::Job;

/// Most commands of one transaction, and most of them with a savepoint: more than 64 of those
/// would make every reader look them up on disk.
const MOST: usize = 256;
const MOST_UNDOABLE: usize = 32;
/// Most commands of a tenant that wait: whoever sends more is told so at once.
const MOST_WAITING: usize = 1_024;
/// Most tenants of one transaction: each is a lock in the server's common table.
const MOST_TENANTS: usize = 64;

/// Commands by their tenant, of whom each is in one transaction at most.
pub(super) struct Line {
    /// Whoever waits or is under way.
    tenants: HashMap<TenantId, Tenant>,
    /// Those who wait and are not under way, in the order they came.
    ready: VecDeque<TenantId>,
    /// Transactions under way, and the most there may be.
    pub(super) transactions: usize,
    most: usize,
    pub(super) is_closed: bool,
}

#[derive(Default)]
struct Tenant {
    waiting: VecDeque<Box<dyn Job>>,
    is_under_way: bool,
}

/// Whether there is something to do that nobody is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Begin,
    Wait,
}

impl Line {
    pub(super) fn new(most: usize) -> Self {
        Self {
            tenants: HashMap::new(),
            ready: VecDeque::new(),
            transactions: 0,
            most,
            is_closed: false,
        }
    }

    /// Whether so many of the tenant's commands wait that another one has no place.
    pub(super) fn is_full(&self, id: TenantId) -> bool {
        self.tenants.get(&id).is_some_and(|tenant| tenant.waiting.len() >= MOST_WAITING)
    }

    /// Takes a place behind the tenant's others.
    pub(super) fn enter(&mut self, job: Box<dyn Job>) -> Next {
        let id = job.tenant();
        let tenant = self.tenants.entry(id).or_default();
        if tenant.waiting.is_empty() && !tenant.is_under_way {
            self.ready.push_back(id);
        }
        tenant.waiting.push_back(job);
        self.another()
    }

    /// Counts one transaction more, if there is something for it.
    pub(super) fn another(&mut self) -> Next {
        if self.ready.is_empty() || self.transactions == self.most {
            return Next::Wait;
        }
        self.transactions += 1;
        Next::Begin
    }

    /// What shares the next transaction: each tenant's commands side by side and in order. If
    /// nothing waits, there is one transaction less.
    pub(super) fn take(&mut self) -> Vec<Box<dyn Job>> {
        let (mut batch, mut undoable) = (Vec::new(), 0);
        for _ in 0..MOST_TENANTS {
            let Some(id) = self.ready.pop_front() else { break };
            let tenant = self.tenants.entry(id).or_default();
            let before = batch.len();
            while let Some(job) = tenant.waiting.front_mut() {
                let more = usize::from(job.in_run().is_none());
                if batch.len() == MOST || undoable + more > MOST_UNDOABLE {
                    break;
                }
                undoable += more;
                batch.extend(tenant.waiting.pop_front());
            }
            tenant.is_under_way = batch.len() > before;
            if !tenant.is_under_way {
                self.ready.push_front(id);
                break;
            }
        }
        if batch.is_empty() {
            self.transactions -= 1;
        }
        batch
    }

    /// A tenant's transaction has ended; what came meanwhile goes behind those who waited.
    pub(super) fn ended(&mut self, id: TenantId) {
        let Some(tenant) = self.tenants.get_mut(&id) else { return };
        tenant.is_under_way = false;
        if tenant.waiting.is_empty() {
            self.tenants.remove(&id);
        } else {
            self.ready.push_back(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use keelway_kernel::StoreError;
    use sqlx::types::Uuid;
    use tracing::Span;

    use super::{Job, Line, MOST_UNDOABLE, MOST_WAITING, Next, TenantId};
    use crate::share::Ran;
    use crate::tx::{Connections, Tx};

    struct Named(TenantId);

    #[async_trait]
    impl Job for Named {
        fn tenant(&self) -> TenantId {
            self.0
        }
        fn span(&self) -> Span {
            Span::none()
        }
        async fn run(&mut self, _: &mut Tx) -> Ran {
            Ran::Undone
        }
        async fn run_alone(&mut self, _: &Connections) {}
        fn fail(&mut self, _: StoreError) {}
        fn met_another(&self) -> bool {
            false
        }
        fn is_late(&self, _: &Connections) -> bool {
            false
        }
        fn answer(self: Box<Self>) {}
    }

    fn tenant(number: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(number))
    }

    fn enter(line: &mut Line, number: u128) -> Next {
        line.enter(Box::new(Named(tenant(number))))
    }

    fn taken(line: &mut Line) -> Vec<TenantId> {
        line.take().iter().map(|job| job.tenant()).collect()
    }

    #[test]
    fn a_tenant_is_in_one_transaction_at_most_and_nobody_else_waits_for_it() {
        let mut line = Line::new(3);
        assert_eq!(enter(&mut line, 1), Next::Begin);
        assert_eq!(taken(&mut line), [tenant(1)]);
        assert_eq!(enter(&mut line, 1), Next::Wait, "its own is under way");
        assert_eq!(enter(&mut line, 2), Next::Begin);
        assert_eq!(taken(&mut line), [tenant(2)]);
        line.ended(tenant(2));
        assert_eq!(taken(&mut line), []);
        line.ended(tenant(1));
        assert_eq!(taken(&mut line), [tenant(1)]);
        line.ended(tenant(1));
        assert_eq!((taken(&mut line), line.transactions), (vec![], 0));
        assert!(line.tenants.is_empty(), "nothing is kept of who is gone");
    }

    #[test]
    fn a_flood_of_one_tenant_is_bounded_and_nobody_elses() {
        let mut line = Line::new(1);
        for _ in 0..MOST_WAITING {
            assert!(!line.is_full(tenant(1)));
            enter(&mut line, 1);
        }
        assert!(line.is_full(tenant(1)) && !line.is_full(tenant(2)));
    }

    #[test]
    fn what_waits_goes_together_and_side_by_side() {
        let mut line = Line::new(1);
        assert_eq!(enter(&mut line, 1), Next::Begin);
        assert_eq!(taken(&mut line), [tenant(1)]);
        for number in [2, 3, 1, 2] {
            assert_eq!(enter(&mut line, number), Next::Wait, "there is one transaction only");
        }
        line.ended(tenant(1));
        assert_eq!(taken(&mut line), [2, 2, 3, 1].map(tenant));
    }

    #[test]
    fn what_does_not_fit_goes_next_behind_those_who_waited() {
        let mut line = Line::new(1);
        for number in [1; MOST_UNDOABLE + 1].into_iter().chain([2]) {
            enter(&mut line, number);
        }
        assert_eq!(taken(&mut line), vec![tenant(1); MOST_UNDOABLE]);
        line.ended(tenant(1));
        assert_eq!(taken(&mut line), [2, 1].map(tenant));
    }
}
