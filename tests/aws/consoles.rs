//! The console over a peer: its configuration, and its terminal.

use crate::peer::{ACCESS_KEY, REGION, SECRET_KEY, output_location};
use crate::terminal::{self, Terminal};

/// The peer's credentials, as the binary's environment has them.
pub(crate) const ENVIRONMENT: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
    ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// Writes a configuration with the peer at an address as the profile `peer`. `more` are lines behind
/// those of the profile.
pub(crate) fn configure(home: &terminal::Home, endpoint: &str, more: &str) {
    let config = format!(
        "[profiles.peer]\n\
         region = \"{REGION}\"\n\
         endpoint_url = \"{endpoint}\"\n\
         output_location = \"{}\"\n\
         {more}\n",
        output_location()
    );
    std::fs::write(home.config(), config).unwrap();
}

/// Opens the console with the profile `peer`.
pub(crate) fn console(home: &terminal::Home, size: (u16, u16)) -> Terminal {
    let arguments = ["--profile".as_ref(), "peer".as_ref()];
    Terminal::start_with(home, &arguments, &ENVIRONMENT, size)
}
