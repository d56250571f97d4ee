//! One address as sixteen bytes, IPv4 mapped into IPv6.

use std::net::{IpAddr, Ipv6Addr};

use datafusion::common::{Result, exec_datafusion_err, exec_err};

/// Reads an address.
pub(crate) fn parse(text: &str) -> Result<[u8; 16]> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(to_bytes(address)),
        Err(_) => exec_err!("Cannot cast value to IPADDRESS: {text}"),
    }
}

pub(crate) fn to_bytes(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// The address of 4 or 16 bytes.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<[u8; 16]> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(to_bytes(IpAddr::from(four)));
    }
    bytes.try_into().ok()
}

/// The address's canonical text.
pub(crate) fn to_text(bytes: &[u8]) -> String {
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ipv6Addr::from(bytes).to_canonical().to_string(),
        Err(_) => String::new(),
    }
}

/// A network: its first address and how many of 128 bits it fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    first: u128,
    bits: u32,
}

impl Network {
    /// Reads `10.0.0.0/8` or `fe80::/10`; the bits behind the prefix are cleared.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = || exec_datafusion_err!("'{text}' is not a network such as 10.0.0.0/8");
        let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits: u32 = bits.parse().map_err(|_| wrong())?;
        Self::new(&to_bytes(address), bits).ok_or_else(wrong)
    }

    /// The network of an address's first bits, counted in its own family.
    pub(crate) fn new(address: &[u8], bits: u32) -> Option<Self> {
        let bytes = <[u8; 16]>::try_from(address).ok()?;
        let four = Ipv6Addr::from(bytes).to_ipv4_mapped().is_some();
        let (most, before) = if four { (32, 96) } else { (128, 0) };
        if bits > most {
            return None;
        }
        let bits = bits + before;
        Some(Self {
            first: u128::from_be_bytes(bytes) & Self::mask(bits),
            bits,
        })
    }

    fn mask(bits: u32) -> u128 {
        u128::MAX.checked_shl(128 - bits).unwrap_or(0)
    }

    /// Whether the address lies in it.
    pub(crate) fn contains(&self, address: &[u8]) -> bool {
        <[u8; 16]>::try_from(address)
            .is_ok_and(|bytes| u128::from_be_bytes(bytes) & Self::mask(self.bits) == self.first)
    }

    /// Whether the whole of another network lies in it.
    pub(crate) fn contains_network(&self, other: &Self) -> bool {
        other.bits >= self.bits && other.first & Self::mask(self.bits) == self.first
    }

    /// The first address.
    pub(crate) fn first(&self) -> [u8; 16] {
        self.first.to_be_bytes()
    }

    /// The last address.
    pub(crate) fn last(&self) -> [u8; 16] {
        (self.first | !Self::mask(self.bits)).to_be_bytes()
    }

    /// `10.0.0.0/8`
    pub(crate) fn to_text(self) -> String {
        let four = Ipv6Addr::from(self.first).to_ipv4_mapped().is_some();
        let bits = if four {
            self.bits.saturating_sub(96)
        } else {
            self.bits
        };
        format!("{}/{bits}", to_text(&self.first()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn addresses_round_trip(address in any::<IpAddr>()) {
            let bytes = to_bytes(address);
            prop_assert_eq!(parse(&to_text(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn a_network_holds_its_ends(address in any::<IpAddr>(), bits in 0u32..=32) {
            let network = Network::new(&to_bytes(address), bits).unwrap();
            prop_assert!(network.contains(&network.first()));
            prop_assert!(network.contains(&network.last()));
            prop_assert!(network.contains(&to_bytes(address)));
            prop_assert_eq!(Network::parse(&network.to_text()).unwrap(), network);
        }

        #[test]
        fn any_text_is_read_without_panic(text in "[0-9a-f.:/]{0,24}") {
            if let Ok(network) = Network::parse(&text) {
                prop_assert!(network.contains_network(&network));
            }
        }
    }
}
