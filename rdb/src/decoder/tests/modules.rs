//! Module values: tagged items.

use super::*;
use crate::ModuleId;

#[test]
fn every_kind_of_item() {
    let value = bytes![
        [0x81, 0xbd, 0xe7, 0x2d, 0xa2, 0xbb, 0x1e, 0xb4, 0x00], // vectorset, version 0
        [0x01, 0x81],                                           // SINT, 64 bits:
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],       // -129
        [0x01, 0x07],                                           // SINT 7
        [0x02, 0x81],                                           // UINT, 64 bits:
        [0xff; 8],                                              // 2^64-1
        [0x03, 0x00, 0x00, 0x00, 0x3f],                         // FLOAT 0.5
        [0x04, 0, 0, 0, 0, 0, 0, 0x0a, 0x40],                   // DOUBLE 3.25
        [0x05],                                                 // STRING
        b"\x00",                                                // ""
        [0x05],                                                 // STRING
        [0xc0, 0x0c],                                           // INT8 12
        [0x05],                                                 // STRING
        [0xc3, 0x03, 0x02, 0x01, b'h', b'i'],                   // LZF of "hi"
        [0x00],                                                 // end of items
    ];
    let id = ModuleId(0xbde7_2da2_bb1e_b400);
    assert_eq!(id.name(), "vectorset");
    let expected = [
        Part::Module(id),
        Part::ModuleSigned(-129),
        Part::ModuleSigned(7),
        Part::ModuleUnsigned(u64::MAX),
        Part::ModuleFloat(0.5),
        Part::ModuleDouble(3.25),
        Part::ModuleString(Str::Raw(b"")),
        Part::ModuleString(Str::Int(12)),
        Part::ModuleString(Str::Lzf {
            data: b"\x01hi",
            len: 2,
        }),
        Part::ModuleEnd,
    ];
    decodes_value(REDIS, 7, &value, &expected);
    decodes_value(VALKEY, 7, &value, &expected);
}

#[test]
fn a_value_without_items() {
    let value = bytes![
        [0x81, 0x45, 0xe2, 0x52, 0x38, 0xdf, 0x91, 0x2c, 0x03], // ReJSON-RL, version 3
        [0x00],                                                 // end of items
    ];
    let id = ModuleId(0x45e2_5238_df91_2c03);
    assert_eq!(
        (id.name().as_str(), id.encoding_version()),
        ("ReJSON-RL", 3)
    );
    decodes_value(REDIS, 7, &value, &[Part::Module(id), Part::ModuleEnd]);
}

#[test]
fn items_that_do_not_exist() {
    let value = bytes![
        [0x01],       // id
        [0x02, 0x05], // UINT 5
        [0x06],       // nothing has this tag
    ];
    fails_in_value(REDIS, 7, &value, "BadModuleItem(6)", 3, 3);
    let body = bytes![
        [0xf7],       // MODULE_AUX
        [0x01],       // id
        [0x02, 0x01], // when
        [0x40, 0xff], // nothing has tag 255
    ];
    fails(REDIS, &body, "BadModuleItem(255), read-module-aux", 4, 4);
    let body = bytes![
        [0xf3, 0x01],             // KEY_META, 1 class
        [0x11, 0x2c, 0xa8, 0xb5], // class
        [0x09],                   // nothing has this tag
    ];
    fails(REDIS, &body, "BadModuleItem(9), read-type", 6, 6);
}

#[test]
fn module_aux_wants_an_unsigned_when() {
    let body = bytes![
        [0xf7], // MODULE_AUX
        [0x01], // id
        [0x01], // SINT instead of UINT
        [0x01], // when
    ];
    // The server reads both numbers before it looks at the tag.
    fails(REDIS, &body, "BadModuleAux(1), read-module-aux", 4, 0);
}

#[test]
fn data_of_the_first_module_interface_cannot_be_walked() {
    let said =
        "Unsupported(\"module data of 4.0 release candidates (type 6), which has no item tags\")";
    fails(
        REDIS,
        b"\x06\x01k\x05hello",
        &format!("{said}, read-type"),
        0,
        0,
    );
}
