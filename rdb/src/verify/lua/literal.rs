//! The values of numerals and strings.

/// Whether `strtod`, with `strtoul` as its fallback for hexadecimal, takes the whole text.
pub(super) fn is_number(text: &[u8]) -> bool {
    if let [b'0', b'x' | b'X', hex @ ..] = text {
        // No point can get here: the rule that collects the text stops at it once a letter was seen.
        let digits = hex
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let exponent = hex.get(digits..).unwrap_or_default();
        return digits > 0
            && match exponent {
                [] => true,
                [b'p' | b'P', power @ ..] => {
                    !power.is_empty() && power.iter().all(u8::is_ascii_digit)
                }
                _ => false,
            };
    }
    let mantissa = text
        .iter()
        .take_while(|&&byte| byte.is_ascii_digit() || byte == b'.')
        .count();
    let (mantissa, exponent) = text.split_at(mantissa);
    let points = mantissa.iter().filter(|&&byte| byte == b'.').count();
    let power = match exponent {
        [] => return points <= 1 && mantissa.len() > points,
        [b'e' | b'E', b'+' | b'-', power @ ..] | [b'e' | b'E', power @ ..] => power,
        _ => return false,
    };
    points <= 1
        && mantissa.len() > points
        && !power.is_empty()
        && power.iter().all(u8::is_ascii_digit)
}

/// The value of a string token that was cut without an error, or of a name used as a key.
pub(super) fn string_value(token: &[u8]) -> Vec<u8> {
    match token {
        [b'"' | b'\'', inner @ .., _] => unescape(inner),
        [b'[', ..] => long_value(token),
        name => name.to_vec(),
    }
}

fn long_value(token: &[u8]) -> Vec<u8> {
    let signs = token
        .iter()
        .skip(1)
        .take_while(|&&byte| byte == b'=')
        .count();
    let inner = token
        .get(signs + 2..token.len().saturating_sub(signs + 2))
        .unwrap_or_default();
    let mut value = Vec::with_capacity(inner.len());
    let mut rest = inner;
    // A newline directly behind the opening is not part of the value; every other one reads as `\n`.
    if let [b'\r' | b'\n', ..] = rest {
        rest = skip_newline(rest);
    }
    while let [byte, tail @ ..] = rest {
        if matches!(byte, b'\r' | b'\n') {
            value.push(b'\n');
            rest = skip_newline(rest);
        } else {
            value.push(*byte);
            rest = tail;
        }
    }
    value
}

fn skip_newline(text: &[u8]) -> &[u8] {
    match text {
        [b'\r', b'\n', rest @ ..] | [b'\n', b'\r', rest @ ..] | [_, rest @ ..] => rest,
        [] => text,
    }
}

fn unescape(inner: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'\\' {
            value.push(*byte);
            continue;
        }
        let [escaped, tail @ ..] = rest else { break };
        rest = match escaped {
            b'\n' | b'\r' => {
                value.push(b'\n');
                skip_newline(rest)
            }
            b'0'..=b'9' => {
                let digits = rest
                    .iter()
                    .take(3)
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                let (number, tail) = rest.split_at(digits);
                let code = number
                    .iter()
                    .fold(0u32, |code, digit| code * 10 + u32::from(digit - b'0'));
                value.push(u8::try_from(code).unwrap_or(u8::MAX));
                tail
            }
            _ => {
                value.push(match escaped {
                    b'a' => 7,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    other => *other,
                });
                tail
            }
        };
    }
    value
}
