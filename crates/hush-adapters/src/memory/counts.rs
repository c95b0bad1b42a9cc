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
