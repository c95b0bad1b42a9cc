//! What the service does beside its requests, and what holds on every process at once.

use crate::import::GUILD;
use crate::operator::owners_token;
use crate::support::{Running, Site, get, on_each_store, send};
use crate::tokens::{listed, made};

on_each_store! {
    what_is_no_longer_kept_is_removed_soon_after_the_start,
    the_last_use_is_written_before_the_service_ends,
}

fn what_is_no_longer_kept_is_removed_soon_after_the_start(site: &Site) {
    let hush = site.hush();
    for name in ["old", "expired", "young", "live"] {
        let name = format!("--name={name}");
        made(
            &hush,
            &["--server=10", "--user=1", &name, "--expires-in=1y"],
        );
    }
    for token in &listed(&hush, &[])[..3] {
        hush.run(&["token", "revoke", token["id"].as_str().unwrap()])
            .success();
    }
    site.import(&GUILD.replacen("\"id\": \"10\"", "\"id\": \"20\"", 1));
    made(
        &hush,
        &["--server=20", "--user=1", "--name=of a removed server"],
    );
    // As if that had been long ago: a token's retention is 90 days, that of a log 400, that of a removed server 30.
    site.execute(site.either(
        "DROP TRIGGER audit_rows_never_change;
         UPDATE tokens SET revoked_at = revoked_at - 91 * 86400000000 WHERE name = 'old';
         UPDATE tokens SET revoked_at = NULL, expires_at = created_at - 91 * 86400000000 WHERE name = 'expired';
         UPDATE tokens SET revoked_at = revoked_at - 89 * 86400000000 WHERE name = 'young';
         UPDATE audit_rows SET at = at - 401 * 86400000000 WHERE server_id = 10 AND number < 3;
         DELETE FROM servers WHERE id = 20;
         INSERT INTO departed_servers SELECT 20, created_at - 31 * 86400000000 FROM tokens WHERE name = 'live'",
        "DROP TRIGGER audit_rows_never_change ON audit_rows;
         UPDATE tokens SET revoked_at = revoked_at - interval '91 days' WHERE name = 'old';
         UPDATE tokens SET revoked_at = NULL, expires_at = created_at - interval '91 days' WHERE name = 'expired';
         UPDATE tokens SET revoked_at = revoked_at - interval '89 days' WHERE name = 'young';
         UPDATE audit_rows SET at = at - interval '401 days' WHERE server_id = 10 AND number < 3;
         DELETE FROM servers WHERE id = 20;
         INSERT INTO departed_servers SELECT 20, now() - interval '31 days'",
    ));
    let service = Running::start(&hush, &["serve"]);
    let left = site.either(
        "SELECT CAST(count(*) AS TEXT) FROM departed_servers",
        "SELECT count(*)::text FROM departed_servers",
    );
    // It goes on beside the requests in its own time, servers last; asking is how anybody notices.
    while site.find(left) != ["0"] {
        assert_eq!(get(service.api, "/readyz", "").status, 200);
    }
    service.signal("TERM");
    assert!(service.ended().0.success());
    let names: Vec<_> = listed(&hush, &[])
        .iter()
        .map(|token| token["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["young", "live"]);
    let said = hush.run(&["audit", "verify"]).success();
    assert!(
        said.starts_with("server 10: rows 3 to 7 verified"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

fn the_last_use_is_written_before_the_service_ends(site: &Site) {
    let hush = site.hush();
    let token = owners_token(&hush);
    assert!(listed(&hush, &[])[0]["last_used_at"].is_null());
    let service = Running::start(&hush, &["serve"]);
    for path in ["/v1/me", "/v1/users/1", "/v1/users/2", "/v1/users/77"] {
        get(service.api, path, &token);
    }
    let spent = site.either(
        "SELECT CAST(coalesce(sum(requests), 0) AS TEXT) FROM token_usage WHERE server_id = 10",
        "SELECT coalesce(sum(requests), 0)::text FROM token_usage WHERE server_id = 10",
    );
    service.signal("TERM");
    assert!(service.ended().0.success());
    let used = listed(&hush, &[]).remove(0);
    let minute = used["last_used_at"].as_str().unwrap();
    let made = used["created_at"].as_str().unwrap();
    // Within the minute in which it was made, or the next one.
    assert!(
        minute.ends_with(":00Z") && minute[..16] >= made[..16],
        "{minute} {made}"
    );
    assert_eq!(site.find(spent), ["3"]);
}

#[test]
fn whatever_is_taken_away_on_one_process_is_gone_on_the_other() {
    let site = Site::postgres();
    let hush = site.hush();
    let scopes = "--scope=users:read,tokens:read,tokens:write,settings:write,audit:read";
    let create = |user: &str, name: &str| {
        let create = ["token", "create", "--server=10", user, name, scopes];
        hush.run(&create).success().trim_end().to_owned()
    };
    let owner = create("--user=1", "--name=owner");
    let admin = create("--user=3", "--name=admin");
    let [one, other] = [0, 1].map(|_| Running::start(&hush, &["serve"]));
    let both = |token: &str| [&one, &other].map(|it| get(it.api, "/v1/users/1", token).status);
    assert_eq!((both(&owner), both(&admin)), ([200; 2], [200; 2]));
    // Demoted, and an admin again.
    site.import(&GUILD.replace(r#""permissions": "8""#, r#""permissions": "0""#));
    assert_eq!(both(&admin), [403; 2]);
    site.import(GUILD);
    assert_eq!(both(&admin), [200; 2]);
    // Switched off, and on again.
    for (enabled, status) in [("false", 404), ("true", 200)] {
        let body = format!(r#"{{"api_enabled":{enabled}}}"#);
        let path = "/v1/servers/10/settings";
        let changed = send(one.api, "PATCH", path, &owner, &[], &body);
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(both(&admin), [status; 2]);
    }
    // Revoked by its owner on one process, it ends on the other with the next request.
    let id = listed(&hush, &["--user=3"]).remove(0)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/tokens/{id}");
    assert_eq!(
        send(other.api, "DELETE", &path, &admin, &[], "").status,
        204
    );
    assert_eq!(both(&admin), [401; 2]);
    // A leak ends it everywhere as well.
    let body = format!(r#"{{"token":"{owner}"}}"#);
    let reported = send(one.api, "POST", "/v1/tokens/report-leaked", "", &[], &body);
    assert_eq!(reported.status, 202, "{reported:?}");
    assert_eq!(both(&owner), [401; 2]);
}
