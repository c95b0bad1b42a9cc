//! The binary follows a Discord of our own: whatever happens there and in between, the API says what is so.

mod following;
mod leading;
mod outages;
mod scene;
mod secrets;
mod setup;

use scene::Scene;
