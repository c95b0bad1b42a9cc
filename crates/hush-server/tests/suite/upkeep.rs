//! What the service does beside its requests, and what holds on every process at once.

use std::fmt::Write;

use hush_domain::audit::chain::{End, Keyring, Place};
use hush_domain::audit::{Act, Actor, Details, settings_updated};
use hush_domain::settings::ServerSettings;
use hush_domain::time::Timestamp;

use crate::import::GUILD;
use crate::operator::owners_token;
use crate::support::{Running, Site, get, on_each_store, send};
use crate::tokens::{listed, made};

on_each_store! {
    what_is_no_longer_kept_is_removed_soon_after_the_start,
    nothing_is_removed_of_a_log_that_is_not_as_it_was_written,
    the_last_use_is_written_before_the_service_ends,
}

fn what_is_no_longer_kept_is_removed_soon_after_the_start(site: &Site) {
    let hush = site.hush();
    site.execute(&old_log(site));
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
    // As if that had been long ago: a token's retention is 90 days, that of a removed server 30.
    site.execute(site.either(
        "UPDATE tokens SET revoked_at = revoked_at - 91 * 86400000000 WHERE name = 'old';
         UPDATE tokens SET revoked_at = NULL, expires_at = created_at - 91 * 86400000000 WHERE name = 'expired';
         UPDATE tokens SET revoked_at = revoked_at - 89 * 86400000000 WHERE name = 'young';
         DELETE FROM servers WHERE id = 20;
         INSERT INTO departed_servers SELECT 20, created_at - 31 * 86400000000 FROM tokens WHERE name = 'live'",
        "UPDATE tokens SET revoked_at = revoked_at - interval '91 days' WHERE name = 'old';
         UPDATE tokens SET revoked_at = NULL, expires_at = created_at - interval '91 days' WHERE name = 'expired';
         UPDATE tokens SET revoked_at = revoked_at - interval '89 days' WHERE name = 'young';
         DELETE FROM servers WHERE id = 20;
         INSERT INTO departed_servers SELECT 20, now() - interval '31 days'",
    ));
    tidied(site);
    let names: Vec<_> = listed(&hush, &[])
        .iter()
        .map(|token| token["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["young", "live"]);
    let said = hush.run(&["audit", "verify"]).success();
    assert!(
        said.starts_with("server 10: rows 3 to 9 verified"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// Lets the service serve until it has removed the one server that has departed.
fn tidied(site: &Site) {
    let service = Running::start(&site.hush(), &["serve"]);
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
}

/// The log of server 10 with two rows of more than 400 days ago, as they were written then.
fn old_log(site: &Site) -> String {
    let (keys, server) = (Keyring::default(), 10_u64.try_into().unwrap());
    let micros = 1_700_000_000_000_000;
    let act = Act {
        at: Timestamp::from_unix_micros(micros).unwrap(),
        actor: Actor::Operator,
        request_id: None,
        reason: None,
    };
    let blob = |hex: &dyn std::fmt::Display| {
        if site.either("sqlite", "postgres") == "sqlite" {
            format!("x'{hex}'")
        } else {
            format!("'\\x{hex}'")
        }
    };
    let at = if site.either("sqlite", "postgres") == "sqlite" {
        micros.to_string()
    } else {
        format!("timestamptz 'epoch' + interval '{micros} microseconds'")
    };
    let mut last = Place::START;
    let mut log = String::new();
    for enabled in [false, true] {
        let settings = |api_enabled| ServerSettings {
            api_enabled,
            ..ServerSettings::default()
        };
        let entry = settings_updated(server, &settings(!enabled), &settings(enabled));
        let row = keys.append(last, &act, entry);
        last = row.place();
        let details = |of: &Option<Details>| of.as_ref().unwrap().as_str().to_owned();
        let _ = write!(
            log,
            "INSERT INTO audit_rows (server_id, number, at, actor, action, before, after, link)
             VALUES (10, {}, {at}, 'operator', 'settings.updated', '{}', '{}', {});",
            row.number,
            details(&row.before),
            details(&row.after),
            blob(&row.link)
        );
    }
    let start = Place::START;
    let head = keys.seal(End::Head, server, last);
    let checkpoint = keys.seal(End::Checkpoint, server, start);
    let (link, first) = (blob(&last.link), blob(&start.link));
    let (head, checkpoint) = (blob(&head), blob(&checkpoint));
    log + &format!(
        "INSERT INTO audit_heads
             (server_id, number, link, seal, checkpoint_number, checkpoint_link, checkpoint_seal)
         VALUES (10, 2, {link}, {head}, 0, {first}, {checkpoint})"
    )
}

/// A row that is made to look old is not removed: the checkpoint would then say that it was right.
fn nothing_is_removed_of_a_log_that_is_not_as_it_was_written(site: &Site) {
    let hush = site.hush();
    made(&hush, &["--server=10", "--user=1", "--name=a"]);
    made(&hush, &["--server=10", "--user=1", "--name=b"]);
    site.execute(site.either(
        "DROP TRIGGER audit_rows_never_change;
         UPDATE audit_rows SET at = at - 401 * 86400000000 WHERE number = 1;
         INSERT INTO departed_servers VALUES (20, 0)",
        "DROP TRIGGER audit_rows_never_change ON audit_rows;
         UPDATE audit_rows SET at = at - interval '401 days' WHERE number = 1;
         INSERT INTO departed_servers VALUES (20, now() - interval '31 days')",
    ));
    tidied(site);
    let said = hush.run(&["audit", "verify"]);
    assert_eq!(said.code, 1);
    assert!(said.stdout.contains("row 1 was changed"), "{}", said.stdout);
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
