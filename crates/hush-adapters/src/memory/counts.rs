use async_trait::async_trait;
use hush_ports::{BackendError, Counts, Drift};

use super::Memory;
use super::servers::Server;

#[async_trait]
impl Counts for Memory {
    async fn recount(&self, repair: bool) -> Result<Vec<Drift>, BackendError> {
        let mut drifts: Vec<Drift> = Vec::new();
        for mut server in self.servers.iter_mut() {
            drifts.extend(server.recount(repair));
        }
        drifts.sort_by_key(|drift| drift.server);
        Ok(drifts)
    }
}

impl Server {
    fn recount(&mut self, repair: bool) -> Vec<Drift> {
        let members = self.members.values();
        let bots = members.clone().filter(|listed| listed.user.bot).count();
        let online = members.filter(|listed| listed.presence.is_online()).count();
        let tally = &mut self.tally;
        let mut drifts = Vec::new();
        for (count, kept, recounted) in [
            ("members", &mut tally.listed, self.members.len()),
            ("bots", &mut tally.bots, bots),
            ("online", &mut tally.online, online),
        ] {
            let recounted = recounted as u64;
            if *kept != recounted {
                drifts.push(Drift {
                    server: self.id,
                    count,
                    kept: *kept,
                    recounted,
                });
            }
            if repair {
                *kept = recounted;
            }
        }
        drifts
    }
}

#[cfg(test)]
mod tests {
    use hush_domain::events::{Extent, Snapshot};
    use hush_domain::ids::ServerId;
    use hush_domain::time::Timestamp;

    use super::*;

    /// A server without members whose kept counts say otherwise.
    fn drifted(number: u64) -> Server {
        let snapshot = Snapshot {
            server: ServerId::try_from(number).unwrap(),
            name: "drifted".parse().unwrap(),
            owner: 1_u64.try_into().unwrap(),
            roles: vec![],
            channels: vec![],
            extent: Extent::Complete,
            presences_known: true,
        };
        let mut server = Server::new(&snapshot, Timestamp::from_unix_micros(0).unwrap());
        (server.tally.listed, server.tally.bots, server.tally.online) = (3, 2, 1);
        server
    }

    #[tokio::test]
    async fn a_recount_names_each_drift_and_repairs_when_asked() {
        let memory = Memory::new();
        for number in [2, 10, 1] {
            let server = drifted(number);
            memory.servers.insert(server.id, server);
        }
        let drift = |number: u64, count, kept| Drift {
            server: number.try_into().unwrap(),
            count,
            kept,
            recounted: 0,
        };
        let expected: Vec<_> = [1, 2, 10]
            .into_iter()
            .flat_map(|number| {
                [("members", 3), ("bots", 2), ("online", 1)]
                    .map(|(count, kept)| drift(number, count, kept))
            })
            .collect();
        assert_eq!(memory.recount(false).await.unwrap(), expected);
        assert_eq!(memory.recount(true).await.unwrap(), expected);
        assert_eq!(memory.recount(false).await.unwrap(), []);
    }
}
