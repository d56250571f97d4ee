//! The functions over addresses.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, ListBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err};

use super::super::kernel::Param::{Address, Int, Text};
use super::super::kernel::{Call, Family, Function};
use super::super::types::{self, IPADDRESS};
use super::address::Network;

fn network(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Network, name, signature, purpose)
}

pub(crate) fn functions() -> Vec<Function> {
    vec![
        network(
            "ip_prefix",
            "ip_prefix(address, bits)",
            "The network of an address's first bits, as text",
        )
        .note("Trino's ipprefix type is text here")
        .takes(&[Address, Int], DataType::Utf8, |call| {
            let (addresses, bits) = (Addresses::new(call, 0)?, call.ints(1)?);
            call.to_texts(|row| Ok(Some(prefix(addresses.at(row), bits.at(row))?.to_text())))
        })
        .takes(&[Text, Int], DataType::Utf8, |call| {
            let (text, bits) = (call.texts(0)?, call.ints(1)?);
            call.to_texts(|row| {
                let address = super::address::parse(text.at(row))?;
                Ok(Some(prefix(&address, bits.at(row))?.to_text()))
            })
        }),
        network(
            "ip_subnet_min",
            "ip_subnet_min(network)",
            "A network's first address",
        )
        .takes(&[Text], IPADDRESS, |call| {
            each_address(call, |network| network.first())
        }),
        network(
            "ip_subnet_max",
            "ip_subnet_max(network)",
            "A network's last address",
        )
        .takes(&[Text], IPADDRESS, |call| {
            each_address(call, |network| network.last())
        }),
        network(
            "ip_subnet_range",
            "ip_subnet_range(network)",
            "A network's first and last address",
        )
        .takes(&[Text], types::list(IPADDRESS), |call| {
            let text = call.texts(0)?;
            let mut built = ListBuilder::new(FixedSizeBinaryBuilder::new(16));
            for row in 0..call.rows {
                if !call.is_null(row) {
                    let network = Network::parse(text.at(row))?;
                    built.values().append_value(network.first())?;
                    built.values().append_value(network.last())?;
                }
                built.append(!call.is_null(row));
            }
            Ok(Arc::new(built.finish()))
        }),
        network(
            "is_subnet_of",
            "is_subnet_of(network, address | network)",
            "Whether it lies in a network",
        )
        .takes(&[Text, Address], DataType::Boolean, network_contains)
        .takes(&[Text, Text], DataType::Boolean, |call| {
            let (outer, inner) = (call.texts(0)?, call.texts(1)?);
            call.to_bools(|row| {
                let (outer, inner) = (
                    Network::parse(outer.at(row))?,
                    Network::parse(inner.at(row))?,
                );
                Ok(Some(outer.contains_network(&inner)))
            })
        }),
    ]
}

/// Whether the network of the first argument holds the address of the second.
pub(crate) fn network_contains(call: &Call<'_>) -> Result<ArrayRef> {
    let (text, addresses) = (call.texts(0)?, Addresses::new(call, 1)?);
    let mut last: Option<(&str, Network)> = None;
    call.to_bools(|row| {
        let text = text.at(row);
        let network = match last {
            Some((known, network)) if known == text => network,
            _ => Network::parse(text)?,
        };
        last = Some((text, network));
        Ok(Some(network.contains(addresses.at(row))))
    })
}

fn prefix(address: &[u8], bits: i64) -> Result<Network> {
    u32::try_from(bits)
        .ok()
        .and_then(|bits| Network::new(address, bits))
        .ok_or_else(|| exec_datafusion_err!("{bits} bits do not fit the address"))
}

fn each_address(call: &Call<'_>, address: fn(&Network) -> [u8; 16]) -> Result<ArrayRef> {
    let text = call.texts(0)?;
    let mut built = FixedSizeBinaryBuilder::with_capacity(call.rows, 16);
    for row in 0..call.rows {
        if call.is_null(row) {
            built.append_null();
        } else {
            built.append_value(address(&Network::parse(text.at(row))?))?;
        }
    }
    Ok(Arc::new(built.finish()))
}

/// An `ipaddress` argument.
struct Addresses<'a> {
    values: &'a arrow::array::FixedSizeBinaryArray,
    constant: bool,
}

impl<'a> Addresses<'a> {
    fn new(call: &'a Call<'_>, arg: usize) -> Result<Self> {
        let column = call.column(arg)?;
        match column.as_fixed_size_binary_opt() {
            Some(values) => Ok(Self {
                values,
                constant: call.is_constant(arg),
            }),
            None => Err(exec_datafusion_err!(
                "{} is no ipaddress",
                column.data_type()
            )),
        }
    }

    fn at(&self, row: usize) -> &'a [u8] {
        self.values.value(if self.constant { 0 } else { row })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives, gives_rows};

    fn ip(text: &str) -> String {
        format!("cast_value('{text}', 'ipaddress')")
    }

    fn shown_ip(expression: &str) -> String {
        format!("cast_value({expression}, 'varchar')")
    }

    #[test]
    fn addresses_are_canonical_and_ordered() {
        gives(&shown_ip(&ip("2001:DB8:0::1")), "2001:db8::1");
        gives(&shown_ip(&ip("::ffff:1.2.3.4")), "1.2.3.4");
        gives(&format!("{} < {}", ip("9.0.0.1"), ip("10.0.0.1")), "true");
        gives(
            &format!("{} = {}", ip("::ffff:1.2.3.4"), ip("1.2.3.4")),
            "true",
        );
        fails(&ip("1.2.3"), "Cannot cast value to IPADDRESS: 1.2.3");
        gives_rows(
            "cast_value(try_cast_value(v, 'ipaddress'), 'varchar')",
            "('1.2.3.4'), ('x'), (NULL)",
            &["1.2.3.4", "NULL", "NULL"],
        );
    }

    #[test]
    fn networks() {
        gives(
            &format!("ip_prefix({}, 9)", ip("192.168.255.255")),
            "192.128.0.0/9",
        );
        gives("ip_prefix('2001:db8::ff', 64)", "2001:db8::/64");
        gives(&shown_ip("ip_subnet_min('192.168.1.7/24')"), "192.168.1.0");
        gives(
            &shown_ip("ip_subnet_max('192.168.1.7/24')"),
            "192.168.1.255",
        );
        gives("cardinality(ip_subnet_range('10.0.0.0/8'))", "2");
        gives(
            &format!("is_subnet_of('10.0.0.0/8', {})", ip("10.2.3.4")),
            "true",
        );
        gives("is_subnet_of('10.0.0.0/8', '10.1.0.0/16')", "true");
        gives("is_subnet_of('10.1.0.0/16', '10.0.0.0/8')", "false");
        fails("ip_subnet_min('10.0.0.0')", "not a network");
        fails("ip_prefix('10.0.0.0', 33)", "do not fit");
    }
}
