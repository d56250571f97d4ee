//! Bytes: encodings and digests. Digests take and give bytes, as in Trino: `to_hex(md5(to_utf8(t)))`.

use std::fmt::Write as _;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use sha2::Digest;

use super::kernel::Param::{self, Int, Text};
use super::kernel::{Call, Family, Function};

const TEXT: DataType = DataType::Utf8;
const BYTES: DataType = DataType::Binary;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn binary(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Binary, name, signature, purpose)
}

fn from_text(call: &Call<'_>, decode: fn(&str) -> Result<Vec<u8>>) -> Result<ArrayRef> {
    let text = call.texts(0)?;
    call.to_bytes(|row| Ok(Some(decode(text.at(row))?)))
}

fn to_text(call: &Call<'_>, encode: fn(&[u8]) -> String) -> Result<ArrayRef> {
    let bytes = call.bytes(0)?;
    call.to_texts(|row| Ok(Some(encode(bytes.at(row)))))
}

fn digest<D: Digest>(call: &Call<'_>) -> Result<ArrayRef> {
    let bytes = call.bytes(0)?;
    call.to_bytes(|row| Ok(Some(D::digest(bytes.at(row)))))
}

/// A message's authentication code by a key (RFC 2104); `BLOCK` is the digest's block in bytes.
fn hmac<D: Digest, const BLOCK: usize>(call: &Call<'_>) -> Result<ArrayRef> {
    let (messages, keys) = (call.bytes(0)?, call.bytes(1)?);
    call.to_bytes(|row| {
        let key = keys.at(row);
        let mut block = [0_u8; BLOCK];
        if key.len() > BLOCK {
            let short = D::digest(key);
            block
                .iter_mut()
                .zip(short.iter())
                .for_each(|(to, from)| *to = *from);
        } else {
            block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        }
        let inner = D::new()
            .chain_update(block.map(|byte| byte ^ 0x36))
            .chain_update(messages.at(row))
            .finalize();
        let outer = D::new()
            .chain_update(block.map(|byte| byte ^ 0x5c))
            .chain_update(inner);
        Ok(Some(outer.finalize()))
    })
}

fn keyed(
    name: &'static str,
    signature: &'static str,
    purpose: &'static str,
    eval: fn(&Call<'_>) -> Result<ArrayRef>,
) -> Function {
    binary(name, signature, purpose).takes(&[Param::Bytes, Param::Bytes], BYTES, eval)
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        keyed(
            "hmac_md5",
            "hmac_md5(bytes, key)",
            "The HMAC with MD5",
            hmac::<md5::Md5, 64>,
        ),
        keyed(
            "hmac_sha1",
            "hmac_sha1(bytes, key)",
            "The HMAC with SHA-1",
            hmac::<sha1::Sha1, 64>,
        ),
        keyed(
            "hmac_sha256",
            "hmac_sha256(bytes, key)",
            "The HMAC with SHA-256",
            hmac::<sha2::Sha256, 64>,
        ),
        keyed(
            "hmac_sha512",
            "hmac_sha512(bytes, key)",
            "The HMAC with SHA-512",
            hmac::<sha2::Sha512, 128>,
        ),
        binary("to_utf8", "to_utf8(text)", "The bytes of a text").takes(&[Text], BYTES, |call| {
            from_text(call, |text| Ok(text.as_bytes().to_vec()))
        }),
        binary(
            "from_utf8",
            "from_utf8(bytes [, replacement])",
            "The text of bytes; what is no UTF-8 is replaced",
        )
        .takes(&[Param::Bytes], TEXT, |call| {
            to_text(call, |bytes| String::from_utf8_lossy(bytes).into_owned())
        })
        .takes(&[Param::Bytes, Text], TEXT, |call| {
            let (bytes, replacement) = (call.bytes(0)?, call.texts(1)?);
            call.to_texts(|row| {
                let mut text = String::new();
                for chunk in bytes.at(row).utf8_chunks() {
                    text.push_str(chunk.valid());
                    if !chunk.invalid().is_empty() {
                        text.push_str(replacement.at(row));
                    }
                }
                Ok(Some(text))
            })
        }),
        binary(
            "to_hex",
            "to_hex(bytes)",
            "Bytes as hexadecimal digits in upper case",
        )
        .takes(&[Param::Bytes], TEXT, |call| to_text(call, to_hex)),
        binary(
            "from_hex",
            "from_hex(text)",
            "The bytes of hexadecimal digits",
        )
        .takes(&[Text], BYTES, |call| from_text(call, from_hex)),
        binary("to_base64", "to_base64(bytes)", "Bytes in Base64, padded").takes(
            &[Param::Bytes],
            TEXT,
            |call| to_text(call, |bytes| to_base64(bytes, STANDARD)),
        ),
        binary(
            "from_base64",
            "from_base64(text)",
            "The bytes of Base64, padded or not",
        )
        .takes(&[Text], BYTES, |call| {
            from_text(call, |text| from_base64(text, STANDARD))
        }),
        binary(
            "to_base64url",
            "to_base64url(bytes)",
            "Bytes in the Base64 of URLs, padded",
        )
        .takes(&[Param::Bytes], TEXT, |call| {
            to_text(call, |bytes| to_base64(bytes, URL_SAFE))
        }),
        binary(
            "from_base64url",
            "from_base64url(text)",
            "The bytes of the Base64 of URLs",
        )
        .takes(&[Text], BYTES, |call| {
            from_text(call, |text| from_base64(text, URL_SAFE))
        }),
        binary("md5", "md5(bytes)", "The MD5 digest").takes(
            &[Param::Bytes],
            BYTES,
            digest::<md5::Md5>,
        ),
        binary("sha1", "sha1(bytes)", "The SHA-1 digest").takes(
            &[Param::Bytes],
            BYTES,
            digest::<sha1::Sha1>,
        ),
        binary("sha256", "sha256(bytes)", "The SHA-256 digest").takes(
            &[Param::Bytes],
            BYTES,
            digest::<sha2::Sha256>,
        ),
        binary("sha512", "sha512(bytes)", "The SHA-512 digest").takes(
            &[Param::Bytes],
            BYTES,
            digest::<sha2::Sha512>,
        ),
        binary("crc32", "crc32(bytes)", "The CRC-32 checksum").takes(
            &[Param::Bytes],
            DataType::Int64,
            |call| {
                let bytes = call.bytes(0)?;
                call.to_ints(|row| Ok(Some(i64::from(crc32(bytes.at(row))))))
            },
        ),
        binary(
            "to_big_endian_64",
            "to_big_endian_64(n)",
            "A bigint's eight bytes, highest first",
        )
        .takes(&[Int], BYTES, |call| {
            let number = call.ints(0)?;
            call.to_bytes(|row| Ok(Some(number.at(row).to_be_bytes())))
        }),
        binary(
            "from_big_endian_64",
            "from_big_endian_64(bytes)",
            "The bigint of eight bytes",
        )
        .takes(&[Param::Bytes], DataType::Int64, |call| {
            let bytes = call.bytes(0)?;
            call.to_ints(|row| match bytes.at(row).try_into() {
                Ok(bytes) => Ok(Some(i64::from_be_bytes(bytes))),
                Err(_) => exec_err!("from_big_endian_64 needs exactly eight bytes"),
            })
        }),
    ]
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

fn from_hex(text: &str) -> Result<Vec<u8>> {
    let nibbles: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    match nibbles {
        Some(nibbles) if nibbles.len() % 2 == 0 => Ok(nibbles
            .chunks_exact(2)
            .filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
            .collect()),
        _ => exec_err!("from_hex: '{text}' is not an even number of hexadecimal digits"),
    }
}

fn to_base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| chunk.get(at).map_or(0, |byte| usize::from(*byte));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place <= chunk.len() {
                text.push(char::from(alphabet[group >> (18 - 6 * place) & 63]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

fn from_base64(text: &str, alphabet: &[u8; 64]) -> Result<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut group, mut bits) = (0u32, 0u32);
    for digit in digits.bytes() {
        let Some(value) = alphabet.iter().position(|known| *known == digit) else {
            return exec_err!("'{text}' is not Base64");
        };
        group = group << 6 | u32::try_from(value).unwrap_or_default();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(group >> bits & 0xff).unwrap_or_default());
        }
    }
    if digits.len() % 4 == 1 {
        return exec_err!("'{text}' is not Base64: it is cut off");
    }
    Ok(bytes)
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{fails, gives};
    use super::*;

    #[test]
    fn keyed_digests() {
        // RFC 4231, the second case; a key longer than the block, the sixth.
        gives(
            "to_hex(hmac_sha256(to_utf8('what do ya want for nothing?'), to_utf8('Jefe')))",
            "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
        );
        gives(
            "to_hex(hmac_sha256(to_utf8('Test Using Larger Than Block-Size Key - Hash Key First'), from_hex(array_join(repeat('aa', 131), ''))))",
            "60E431591EE0B67F0D8A26AACBF5B77F8E0BC6213728C5140546040F0EE37F54",
        );
        gives(
            "to_hex(hmac_md5(to_utf8('what do ya want for nothing?'), to_utf8('Jefe')))",
            "750C783E6AB0B503EAA86E310A5DB738",
        );
    }

    #[test]
    fn encodings() {
        gives("to_hex(to_utf8('az'))", "617A");
        gives("from_utf8(from_hex('c3a4'))", "ä");
        gives("from_utf8(from_hex('61ff62'), '?')", "a?b");
        gives("to_base64(to_utf8('lakehound'))", "bGFrZWhvdW5k");
        gives("to_base64(to_utf8('a'))", "YQ==");
        gives("from_utf8(from_base64('YQ'))", "a");
        gives("to_base64url(from_hex('fbff'))", "-_8=");
        fails("from_base64('a')", "cut off");
        fails("from_base64('****')", "not Base64");
        fails("from_hex('abc')", "even number");
        gives("from_big_endian_64(to_big_endian_64(-2))", "-2");
    }

    #[test]
    fn digests_of_nothing() {
        gives(
            "to_hex(md5(to_utf8('')))",
            "D41D8CD98F00B204E9800998ECF8427E",
        );
        gives(
            "to_hex(sha1(to_utf8('')))",
            "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
        );
        gives(
            "to_hex(sha256(to_utf8('')))",
            "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        );
        gives("length(sha512(to_utf8('')))", "64");
        gives("crc32(to_utf8('123456789'))", "3421780262");
        gives("md5(NULL)", "NULL");
    }

    proptest! {
        #[test]
        fn base64_and_hex_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            for alphabet in [STANDARD, URL_SAFE] {
                prop_assert_eq!(&from_base64(&to_base64(&bytes, alphabet), alphabet).unwrap(), &bytes);
            }
            prop_assert_eq!(from_hex(&to_hex(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn any_text_is_decoded_without_panic(text in ".*") {
            let _ = from_base64(&text, STANDARD);
            prop_assert!(from_hex(&text).map_or(true, |bytes| bytes.len() * 2 == text.len()));
        }
    }
}
