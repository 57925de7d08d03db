//! Every cut and every flipped byte of compressed data.

use std::io::{Read, Write};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

/// Some of it repeats, some does not.
fn data() -> Vec<u8> {
    let mut state = 1u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let mut data: Vec<u8> = noise.take(300).collect();
    for n in 0..60 {
        data.extend(format!("user:{n} likes user:{}; ", n % 7).bytes());
    }
    data
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    compress_to_vec(data, CompressionLevel::Fastest)
}

fn lz4(data: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new()
        .block_checksums(true)
        .content_checksum(true)
        .block_mode(BlockMode::Linked);
    let mut out = FrameEncoder::with_frame_info(info, Vec::new());
    // Two blocks, so that there is a place between them to cut.
    let (front, back) = data.split_at(data.len() / 2);
    out.write_all(front).unwrap();
    out.flush().unwrap();
    out.write_all(back).unwrap();
    out.finish().unwrap()
}

fn skippable() -> Vec<u8> {
    [&[0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"notes"].concat()
}

/// What comes out of compressed data, and how that ends.
fn read(packed: &[u8]) -> (Vec<u8>, Result<Totals, String>) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("rdbkit-input-{}-{number}", process::id()));
    fs::write(&path, packed).unwrap();
    let mut input = Input::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let compression = input.compression().cloned().expect("compressed");
    let mut out = Vec::new();
    let end = match input.read_to_end(&mut out) {
        Ok(_) => Ok(compression.totals().expect("the end was read")),
        Err(error) => {
            assert_eq!(compression.totals(), None);
            // And so it is told again.
            assert_eq!(input.finish().unwrap_err().to_string(), error.to_string());
            Err(error.to_string())
        }
    };
    (out, end)
}

#[test]
fn whole_data_come_out_as_they_were() {
    let data = data();
    for packed in [gzip(&data), zstd(&data), lz4(&data)] {
        let (out, end) = read(&packed);
        assert_eq!(out, data);
        let totals = Totals {
            packed: packed.len() as u64,
            unpacked: data.len() as u64,
            garbage: 0,
        };
        assert_eq!(end, Ok(totals));
    }
}

#[test]
fn parts_follow_each_other() {
    let data = data();
    let (front, back) = data.split_at(700);
    for pack in [gzip, zstd, lz4] {
        let mut packed = [pack(front), pack(b""), pack(back)].concat();
        assert_eq!(read(&packed).0, data);
        if pack(b"").first() == Some(&0x1f) {
            continue;
        }
        packed.extend(skippable());
        assert_eq!(read(&packed).0, data, "a frame to be skipped at the end");
        packed.splice(..0, skippable());
        assert_eq!(read(&packed).0, data, "and at the front");
        packed.pop();
        let (_, end) = read(&packed);
        assert!(end.unwrap_err().contains("end too early"));
    }
}

#[test]
fn no_cut_passes_for_the_whole() {
    let data = data();
    for packed in [gzip(&data), zstd(&data), lz4(&data)] {
        let format = Format::of(&packed).unwrap();
        for cut in Format::MAGIC..packed.len() {
            let (out, end) = read(&packed[..cut]);
            let why = end.expect_err("it is cut");
            let told = format!("the {format} data end too early, at byte {cut} of");
            assert!(why.starts_with(&told), "{cut}: {why}");
            assert!(data.starts_with(&out), "{format} {cut}");
            assert!(
                why.contains(&format!("behind {} bytes", out.len())),
                "{why}"
            );
        }
    }
}

/// All three have checksums here, so nothing else may come out and be called whole.
#[test]
fn no_flipped_byte_goes_unseen() {
    let data = data();
    for packed in [gzip(&data), zstd(&data), lz4(&data)] {
        let format = Format::of(&packed).unwrap();
        for at in Format::MAGIC..packed.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut packed = packed.clone();
                packed[at] ^= flip;
                let (out, end) = read(&packed);
                // Some bits mean nothing, as those of the time in a header of gzip.
                assert!(end.is_err() || out == data, "{format} {at} {flip:#x}");
            }
        }
    }
}

#[test]
fn checksums_behind_the_data_are_compared() {
    let data = data();
    for (packed, back, told) in [
        (gzip(&data), 8, "checksum"),
        (gzip(&data), 4, "checksum"),
        (zstd(&data), 4, "checksum mismatch"),
        (lz4(&data), 4, "checksum of its content"),
    ] {
        let mut packed = packed;
        let at = packed.len() - back;
        packed[at] ^= 1;
        let (out, end) = read(&packed);
        assert_eq!(out, data);
        let why = end.unwrap_err();
        assert!(why.contains(told) && why.contains("damaged"), "{why}");
    }
}

#[test]
fn what_follows_gzip_is_garbage_or_padding() {
    let data = data();
    for (behind, garbage) in [
        (&b"\0\0\0\0"[..], 0),
        (b"\0\0x", 3),
        (b"some text", 9),
        (b"\x1f", 1),
    ] {
        let (out, end) = read(&[&gzip(&data)[..], behind].concat());
        let totals = end.unwrap();
        assert_eq!((out, totals.garbage), (data.clone(), garbage));
        assert_eq!(
            totals.packed,
            gzip(&data).len() as u64 + u64::from(garbage == 0) * behind.len() as u64
        );
    }
    let (_, end) = read(&[&gzip(&data)[..], b"\x1f\x8b\x08"].concat());
    let why = end.unwrap_err();
    assert!(
        why.contains("end too early") && why.contains("member 2"),
        "{why}"
    );
}

#[test]
fn what_follows_frames_is_damage() {
    let data = data();
    for packed in [zstd(&data), lz4(&data)] {
        let at = packed.len();
        let (out, end) = read(&[&packed[..], b"some text"].concat());
        assert_eq!(out, data);
        let why = end.unwrap_err();
        assert!(why.contains("damaged") && why.contains("frame 2"), "{why}");
        assert!(why.contains(&format!("at byte {at} ")), "{why}");
    }
}

/// No checksum, no length, and a window of 256 MiB: the size is told before a byte of
/// it is set aside.
#[test]
fn windows_are_bounded() {
    let frame = |window| [&b"\x28\xb5\x2f\xfd\0"[..], &[window], b"\x09\0\0x"].concat();
    let (_, end) = read(&frame((28 - 10) << 3));
    let why = end.unwrap_err();
    assert!(why.contains("window of 268435456 bytes"), "{why}");
    assert!(why.contains("zstd -dc --long"), "{why}");
    assert_eq!(read(&frame((27 - 10) << 3)).0, b"x");
}

/// A block of no byte is none that ends a frame.
#[test]
fn empty_blocks_of_lz4_are_passed() {
    // Header, then an empty block that is not compressed, one of 4 zeros, and the end.
    let info = FrameInfo::new();
    let mut out = FrameEncoder::with_frame_info(info, Vec::new());
    out.write_all(b"a").unwrap();
    let header = out.finish().unwrap()[..7].to_vec();
    let blocks = b"\0\0\0\x80\x04\0\0\x80\0\0\0\0";
    let whole = [&header[..], blocks, b"\0\0\0\0"].concat();
    let (out, end) = read(&whole);
    assert_eq!((out, end.is_ok()), (vec![0; 4], true));
    // The zeros are data, and no end mark.
    let (_, end) = read(&[&header[..], blocks].concat());
    assert!(end.unwrap_err().contains("end too early"));
}

#[test]
fn what_is_not_unpacked_here_is_named() {
    for (head, told) in [
        (&b"\xfd7zXZ\0\0"[..], "xz -dc FILE"),
        (b"BZh91AY", "bzip2 -dc FILE"),
        (b"\x02\x21\x4c\x18", "legacy"),
        (b"\x1f\x8b\x08", "twice"),
        (b"PK\x03\x04", "unzip"),
        (&[&[0; 257][..], b"ustar"].concat(), "tar -xf"),
    ] {
        let said = packed_otherwise(head, "check").unwrap();
        assert!(said.contains(told), "{said}");
    }
    assert_eq!(packed_otherwise(b"REDIS0012", "check"), None);
}
