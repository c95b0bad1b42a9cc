//! What a page with a filter costs.

use hush_ports::{PageRequest, UserFilter, Users};

use super::examples::{server, user};
use super::plans::Crowded;

/// A filter that nobody fits looks at the server's members, those who are named are looked up, and of a role that is not
/// there nobody is.
#[tokio::test]
async fn filters_read_the_members_of_whom_they_ask_and_no_others() {
    let of_role = |id: u64| UserFilter {
        role: Some(id.try_into().unwrap()),
        ..UserFilter::default()
    };
    let named = UserFilter {
        bot: Some(false),
        ids: Some((1000..1100).map(user).collect()),
        ..of_role(10)
    };
    let bots = UserFilter {
        bot: Some(true),
        ..of_role(10)
    };
    let asked = [(named, 100), (bots, 0), (of_role(12), 0)];
    let expected = [("members", 100 + 20_000), ("roles", (1 + 2 * 100) + 1)];
    let crowded = Crowded::create().await;
    crowded
        .read(&expected, async |process, _| {
            for (filter, found) in asked.clone() {
                let page = PageRequest {
                    filter,
                    after: None,
                    limit: 1000,
                };
                let members = Users::page(process, server(5), page).await;
                assert_eq!(members.unwrap().len(), found);
            }
        })
        .await;
}
